//! Directory listings, in the form of Go's file server.

use std::path::Path;

/// Most names in one listing.
const MAX_LISTED_NAMES: usize = 10_000;

/// The page of a directory: names sorted, directories with a slash.
pub(super) async fn list_directory(path: &Path) -> Option<String> {
    let mut entries = tokio::fs::read_dir(path).await.ok()?;
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await.ok()? {
        if names.len() >= MAX_LISTED_NAMES {
            break;
        }
        let mut name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().await.ok()?.is_dir() {
            name.push('/');
        }
        names.push(name);
    }
    names.sort();
    let links: String = names
        .iter()
        .map(|name| {
            format!(
                "<a href=\"{}\">{}</a>\n",
                escape_path(name),
                escape_html(name)
            )
        })
        .collect();
    let head = "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n";
    Some(format!("{head}<pre>\n{links}</pre>\n"))
}

/// A relative reference; a colon in its first part must not look like a scheme.
fn escape_path(name: &str) -> String {
    let mut escaped = String::new();
    if name
        .split('/')
        .next()
        .is_some_and(|part| part.contains(':'))
    {
        escaped.push_str("./");
    }
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/$&+:=@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn escape_html(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
