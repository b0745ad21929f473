//! Forms of label keys, label values and DNS sub-domains. Each function answers what is wrong with a text, in the words of the
//! API; nothing when it is well-formed.

/// Longest DNS-1123 sub-domain, in bytes.
const MAX_SUBDOMAIN_BYTES: usize = 253;
/// Longest name part of a label key and longest label value, in bytes.
const MAX_LABEL_BYTES: usize = 63;

const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

/// Whether a text is made of dot-separated DNS labels, whatever its length.
pub fn is_subdomain(name: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.split('.').all(|label| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(plain)
            && bytes.last().is_some_and(plain)
            && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
    })
}

/// Letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
fn is_qualified(name: &str) -> bool {
    let bytes = name.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(inner)
}

/// Problems of a DNS-1123 sub-domain.
pub fn subdomain_problems(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name.len() > MAX_SUBDOMAIN_BYTES {
        // The API counts bytes and says characters.
        problems.push(format!(
            "must be no more than {MAX_SUBDOMAIN_BYTES} characters"
        ));
    }
    if !is_subdomain(name) {
        problems.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
        ));
    }
    problems
}

/// Problems of a label or annotation key.
pub fn qualified_name_problems(key: &str) -> Vec<String> {
    // The API's own words put two spaces before each "or".
    let examples = format!(
        "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QUALIFIED}')"
    );
    let mut problems = Vec::new();
    let parts: Vec<&str> = key.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                problems.push("prefix part must be non-empty".to_owned());
            } else {
                let texts = subdomain_problems(prefix);
                problems.extend(texts.into_iter().map(|text| format!("prefix part {text}")));
            }
            *name
        }
        _ => {
            let text = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
            return vec![format!(
                "{text} {examples} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    } else if name.len() > MAX_LABEL_BYTES {
        problems.push(format!(
            "name part must be no more than {MAX_LABEL_BYTES} bytes"
        ));
    }
    if !is_qualified(name) {
        problems.push(format!(
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character {examples}"
        ));
    }
    problems
}

/// Problems of a label's value.
pub fn label_value_problems(value: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if value.len() > MAX_LABEL_BYTES {
        problems.push(format!("must be no more than {MAX_LABEL_BYTES} bytes"));
    }
    if !value.is_empty() && !is_qualified(value) {
        problems.push(format!(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{VALUE}')"
        ));
    }
    problems
}
