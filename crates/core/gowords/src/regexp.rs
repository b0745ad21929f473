//! Go's regular expressions: its syntax, and its words for mistakes.

mod syntax;

use regex::{Regex, RegexBuilder};

pub use syntax::translate as regex_syntax;

/// Most bytes of a compiled expression.
const MAX_COMPILED_BYTES: usize = 5 << 20;

/// An expression in Go's syntax. The error is what Go's `regexp.Compile` says, in one line.
pub fn regex(source: &str) -> Result<Regex, String> {
    let failed = |problem: String| format!("error parsing regexp: {problem}");
    let translated = regex_syntax(source).map_err(failed)?;
    let too_large = |_| failed(format!("expression too large: `{source}`"));
    RegexBuilder::new(&translated)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(too_large)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_have_the_words_of_go() {
        for (pattern, wanted) in [
            ("^(?:[)$", "missing closing ]: `[)$`"),
            ("^(?:()$", "missing closing ): `^(?:()$`"),
            ("a)", "unexpected ): `a)`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a{2}{2}", "invalid nested repetition operator: `{2}{2}`"),
            ("a{1,1001}", "invalid repeat count: `{1,1001}`"),
            ("(a{100}b){11}", "invalid repeat count: `{11}`"),
            ("a(?=b)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?x) a", "invalid or unsupported Perl syntax: `(?x`"),
            ("\\u0061", "invalid escape sequence: `\\u`"),
            (
                "\\p{Alphabetic}",
                "invalid character class range: `\\p{Alphabetic}`",
            ),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        ] {
            let wanted = format!("error parsing regexp: {wanted}");
            assert_eq!(regex(pattern).unwrap_err(), wanted);
        }
    }

    #[test]
    fn expressions_mean_what_they_mean_in_go() {
        for (pattern, fits, fits_not) in [
            ("^[a-z&&[^b]]+$", "b]]", "a"),
            ("^a{,3}$", "a{,3}", "aaa"),
            ("^[[a]b$", "[b", "bb"),
            ("^\\Qa.b\\E$", "a.b", "acb"),
            ("^\\141b$", "ab", "b"),
            ("^\\w+$", "a_1", "é"),
            ("^\\d$", "1", "٣"),
            (
                "^(a{100}b){10}$",
                &format!("{}b", "a".repeat(100)).repeat(10),
                "b",
            ),
        ] {
            let compiled = regex(pattern).unwrap();
            assert!(compiled.is_match(fits), "{pattern} {fits}");
            assert!(!compiled.is_match(fits_not), "{pattern} {fits_not}");
        }
    }
}
