//! Function lengths: a limit with named exceptions, and a report of how they spread.

use super::exceptions::{LONG_FUNCTIONS, allowance};
use super::{Finding, Source, rust};

/// Longer functions fail, unless they are named exceptions.
const FUNCTION_LINES: usize = 100;

/// Longer functions are counted in the report; the aim is none.
const FUNCTION_LINES_AIM: usize = 70;

struct Function {
    key: String,
    line: usize,
    lines: usize,
}

/// No function over the limit, no exception without need.
pub fn check(sources: &[Source]) -> Vec<Finding> {
    let functions = functions(sources);
    let long = functions.iter().filter_map(|function| {
        let allowed = allowance(LONG_FUNCTIONS, &function.key, FUNCTION_LINES);
        (function.lines > allowed).then(|| {
            let what = format!(
                "line {}: {} lines, {allowed} are allowed",
                function.line, function.lines
            );
            Finding::new(&function.key, what)
        })
    });
    let needless = LONG_FUNCTIONS.iter().filter_map(|(key, allowed)| {
        let longest = functions
            .iter()
            .filter(|function| function.key == *key)
            .map(|function| function.lines)
            .max();
        let lines = longest.unwrap_or_default();
        (lines < *allowed).then(|| {
            let what = format!("has {lines} lines: lower or remove its exception of {allowed}");
            Finding::new(*key, what)
        })
    });
    long.chain(needless).collect()
}

/// One line on the spread of lengths, tests left out.
pub fn report(sources: &[Source]) -> String {
    let mut lengths: Vec<usize> = functions(sources).iter().map(|f| f.lines).collect();
    lengths.sort_unstable();
    let percentile = |share: usize| {
        let index = lengths.len().saturating_sub(1) * share / 100;
        lengths.get(index).copied().unwrap_or_default()
    };
    let over = lengths
        .iter()
        .filter(|lines| **lines > FUNCTION_LINES_AIM)
        .count();
    format!(
        "functions: {}, lines median {}, 95 % {}, longest {}, over {FUNCTION_LINES_AIM}: {over}",
        lengths.len(),
        percentile(50),
        percentile(95),
        percentile(100),
    )
}

/// Functions of shipped Rust code.
fn functions(sources: &[Source]) -> Vec<Function> {
    sources
        .iter()
        .filter(|source| !source.is_test())
        .filter_map(|source| Some((source, rust::without_tests(source.code.as_deref()?))))
        .flat_map(|(source, code)| functions_of(&source.path, &code))
        .collect()
}

fn functions_of(path: &str, code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        if start > 0 && rust::is_word(code.as_bytes()[start - 1]) {
            continue;
        }
        let name: String = code[start + 3..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if name.is_empty() {
            continue;
        }
        let line = rust::line_of(code, start);
        let lines = rust::line_of(code, rust::end_of_item(code, start) - 1) - line + 1;
        found.push(Function {
            key: format!("{path}::{name}"),
            line,
            lines,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_functions_are_named() {
        let body = "    x();\n".repeat(FUNCTION_LINES);
        let text = format!("//! Doc.\nfn short() {{}}\nfn long() {{\n{body}}}\n");
        let findings = check(&[Source::new("a.rs", text)]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place, "a.rs::long");
    }

    #[test]
    fn function_pointers_are_no_functions() {
        assert!(functions_of("a.rs", "type A = fn (u8) -> u8;").is_empty());
    }
}
