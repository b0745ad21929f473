//! Mistakes in regular expressions.

/// Columns before the expression in an error of the regex crate.
const INDENT: usize = 4;

/// What Go's parser says of a pattern that the regex crate refuses, where both see the same mistake; else the crate's own words, on one line.
pub fn regexp_error(pattern: &str, error: &regex::Error) -> String {
    let words = error.to_string();
    let last = words.lines().last().unwrap_or_default();
    let problem = last.strip_prefix("error: ").unwrap_or(last);
    // Below the indented expression a line points at what is wrong.
    let marks = words.lines().nth(2).unwrap_or_default();
    let start = marks
        .find('^')
        .and_then(|column| column.checked_sub(INDENT));
    let end = marks
        .rfind('^')
        .map(|column| (column + 1).saturating_sub(INDENT));
    let from = |start: Option<usize>| start.and_then(|start| pattern.get(start..));
    let marked = start
        .zip(end)
        .and_then(|(start, end)| pattern.get(start..end));
    let (problem, quoted) = match problem {
        "unclosed group" => ("missing closing )", None),
        "unopened group" => ("unexpected )", None),
        "unclosed character class" => ("missing closing ]", from(start)),
        "repetition operator missing expression" => {
            ("missing argument to repetition operator", marked)
        }
        other if other.starts_with("look-around") => ("invalid or unsupported Perl syntax", marked),
        other => (other, None),
    };
    let quoted = quoted.unwrap_or(pattern);
    format!("error parsing regexp: {problem}: `{quoted}`")
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
            ("a(?=b)", "invalid or unsupported Perl syntax: `(?=`"),
        ] {
            let error = regex::Regex::new(pattern).unwrap_err();
            let wanted = format!("error parsing regexp: {wanted}");
            assert_eq!(regexp_error(pattern, &error), wanted);
        }
    }
}
