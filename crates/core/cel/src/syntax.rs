//! Issues of an expression in the form of cel-go: place, cause, the line and a caret.

use cel::ParseErrors;

/// The issues as one text.
pub(crate) fn issues_text(source: &str, errors: &ParseErrors) -> String {
    let issue = |error: &cel::ParseError| {
        let (line, column) = error.pos;
        issue_text(source, line, column, &error.msg)
    };
    errors
        .errors
        .iter()
        .map(issue)
        .collect::<Vec<_>>()
        .join("\n")
}

/// One issue; line and column count from one.
pub(crate) fn issue_text(source: &str, line: isize, column: isize, message: &str) -> String {
    let mut text = format!("ERROR: <input>:{line}:{column}: {message}");
    let shown = usize::try_from(line - 1)
        .ok()
        .and_then(|line| source.lines().nth(line));
    if let Some(shown) = shown {
        let dots = ".".repeat(usize::try_from(column - 1).unwrap_or_default());
        text.push_str(&format!("\n | {shown}\n | {dots}^"));
    }
    text
}
