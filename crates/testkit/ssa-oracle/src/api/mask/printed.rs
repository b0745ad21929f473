//! What differs in texts by nature: ids, ports that servers give, files and moments of kubectl, widths of columns.

/// A text without all of these.
pub(super) fn mask(text: &str) -> String {
    let mut out = mask_ids(text);
    if out.contains("/LIVE-") {
        out = mask_files(&out);
    }
    if out.contains("CLUSTER-IP") {
        out = mask_columns(&mask_ports(&out));
    }
    if out.starts_with("failed to create typed") {
        out = sort_problems(&out);
    }
    let lines: Vec<&str> = out.split('\n').map(without_log_lead).collect();
    lines.join("\n")
}

/// What does not fit a schema is told in an order of chance.
fn sort_problems(text: &str) -> String {
    let (lead, problems) = text.split_once('\n').unwrap_or((text, ""));
    let mut problems: Vec<&str> = problems.split('\n').collect();
    problems.sort_unstable();
    format!("{lead}\n{}", problems.join("\n"))
}

/// How long an id is, in characters.
const ID_LENGTH: usize = 36;

/// Whether a text begins with an id such as `053f1371-5ec2-47f6-bd86-bff15bb20eb1`.
fn begins_with_id(text: &str) -> bool {
    text.get(..ID_LENGTH).is_some_and(|id| {
        id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
        })
    })
}

fn mask_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if begins_with_id(rest) {
            out.push_str("<uid>");
            rest = &rest[ID_LENGTH..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Files that `kubectl diff` compares: numbers of chance, and when they were made.
fn mask_files(text: &str) -> String {
    let mut out = text.to_owned();
    for lead in ["/LIVE-", "/MERGED-"] {
        let mut parts = out.split(lead);
        let mut masked = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            masked.push_str(lead);
            masked.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
        out = masked;
    }
    let line = |line: &str| match line.starts_with("--- ") || line.starts_with("+++ ") {
        true => line.split('\t').next().unwrap_or_default().to_owned(),
        false => line.to_owned(),
    };
    out.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Ports of nodes, as in `80:30774/TCP`.
fn mask_ports(text: &str) -> String {
    let mut parts = text.split(':');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        out.push(':');
        match digits == 5 && part[digits..].starts_with('/') {
            true => out.push_str(&format!("<port>{}", &part[digits..])),
            false => out.push_str(part),
        }
    }
    out
}

/// Columns are as wide as what stands in them.
fn mask_columns(text: &str) -> String {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join("  ");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Without level, moment and thread of a logged line: `W1122 11:16:27.647929   30267 prune.go:71] `.
fn without_log_lead(line: &str) -> &str {
    let bytes = line.as_bytes();
    let is_logged = matches!(bytes.first(), Some(b'W' | b'E' | b'I'))
        && bytes
            .get(1..5)
            .is_some_and(|day| day.iter().all(u8::is_ascii_digit))
        && bytes.get(5) == Some(&b' ');
    match line.split_once("] ") {
        Some((_, said)) if is_logged => said,
        _ => line,
    }
}
