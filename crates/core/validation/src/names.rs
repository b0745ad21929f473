//! Forms of names: DNS labels and sub-domains, label keys and values, ports, variables, keys. Each function answers what is
//! wrong with a text, in the words of the API; nothing when it is well-formed.

use std::sync::LazyLock;

use regex::Regex;
use skein_object::names::is_subdomain;
pub use skein_object::names::{label_value_problems, qualified_name_problems, subdomain_problems};

/// Longest DNS-1123 sub-domain, in bytes.
const MAX_SUBDOMAIN_BYTES: usize = 253;
/// Longest DNS label and label value, in bytes.
pub(crate) const MAX_LABEL_BYTES: usize = 63;
/// Longest name of a port, in bytes.
const MAX_PORT_NAME_BYTES: usize = 15;

/// A form as a pattern, with the words for a text that does not fit and examples of some that do.
struct Form {
    pattern: &'static str,
    text: &'static str,
    examples: &'static [&'static str],
    regex: LazyLock<Regex>,
}

macro_rules! form {
    ($name:ident, $pattern:expr, $text:expr, $examples:expr) => {
        static $name: Form = Form {
            pattern: $pattern,
            text: $text,
            examples: $examples,
            regex: LazyLock::new(|| {
                Regex::new(concat!("^(?:", $pattern, ")$")).expect("the pattern is a constant")
            }),
        };
    };
}

form!(
    LABEL,
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    &["my-name", "123-abc"]
);
form!(
    OLD_LABEL,
    "[a-z]([-a-z0-9]*[a-z0-9])?",
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    &["my-name", "abc-123"]
);
form!(
    WILDCARD,
    "\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    &["*.example.com"]
);
form!(
    UNDERSCORED,
    "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*",
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
    &["example.com"]
);
form!(
    CONFIG_KEY,
    "[-._a-zA-Z0-9]+",
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    &["key.name", "KEY_NAME", "key-name"]
);
form!(
    PERCENT,
    "[0-9]+%",
    "a valid percent string must be a numeric string followed by an ending '%'",
    &["1%", "93%"]
);
form!(
    HEADER,
    "[-A-Za-z0-9]+",
    "a valid HTTP header must consist of alphanumeric characters or '-'",
    &["X-Header-Name"]
);

impl Form {
    fn problem(&self, text: &str) -> Option<String> {
        if self.regex.is_match(text) {
            return None;
        }
        let quoted: Vec<String> = self.examples.iter().map(|e| format!("'{e}'")).collect();
        // The API's own words put two spaces there.
        let examples = quoted.join(",  or ");
        Some(format!(
            "{} (e.g. {examples}, regex used for validation is '{}')",
            self.text, self.pattern
        ))
    }
}

/// Names are counted in bytes, but the API says characters.
fn too_long_name(text: &str, limit: usize) -> Option<String> {
    (text.len() > limit).then(|| format!("must be no more than {limit} characters"))
}

/// Problems of a host name that starts with `*.`.
pub(crate) fn wildcard_problems(name: &str) -> Vec<String> {
    let long = too_long_name(name, MAX_SUBDOMAIN_BYTES);
    long.into_iter().chain(WILDCARD.problem(name)).collect()
}

/// Problems of a sub-domain whose labels may have underscores.
pub(crate) fn underscored_problems(name: &str) -> Vec<String> {
    let long = too_long_name(name, MAX_SUBDOMAIN_BYTES);
    long.into_iter().chain(UNDERSCORED.problem(name)).collect()
}

/// Problems of a DNS-1123 label.
pub fn label_problems(name: &str) -> Vec<String> {
    let long = too_long_name(name, MAX_LABEL_BYTES);
    // A sub-domain that is no label has dots.
    let form = LABEL.problem(name).map(|problem| {
        if is_subdomain(name) {
            "must not contain dots".to_owned()
        } else {
            problem
        }
    });
    long.into_iter().chain(form).collect()
}

/// Problems of a DNS-1035 label.
pub fn old_label_problems(name: &str) -> Vec<String> {
    let long = too_long_name(name, MAX_LABEL_BYTES);
    long.into_iter().chain(OLD_LABEL.problem(name)).collect()
}

/// Problems of a name that only has to fit into a path.
pub fn path_segment_problems(name: &str) -> Vec<String> {
    if name == "." || name == ".." {
        return vec![format!("may not be '{name}'")];
    }
    let contained = ["/", "%"].into_iter().filter(|part| name.contains(part));
    contained
        .map(|part| format!("may not contain '{part}'"))
        .collect()
}

/// Problems of a key of a ConfigMap or Secret.
pub(crate) fn config_key_problems(key: &str) -> Vec<String> {
    let long = too_long_name(key, MAX_SUBDOMAIN_BYTES);
    let mut problems: Vec<String> = long.into_iter().chain(CONFIG_KEY.problem(key)).collect();
    if key == "." {
        problems.push("must not be '.'".to_owned());
    } else if key == ".." {
        problems.push("must not be '..'".to_owned());
    } else if key.starts_with("..") {
        problems.push("must not start with '..'".to_owned());
    }
    problems
}

/// Problems of the name of an environment variable.
pub(crate) fn variable_problems(name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec!["environment variable name must be non-empty".to_owned()];
    }
    let fits = |c: char| (' '..='~').contains(&c) && c != '=';
    if name.chars().all(fits) {
        return Vec::new();
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned()]
}

/// Problems of the name of an HTTP header.
pub(crate) fn header_problems(name: &str) -> Vec<String> {
    HEADER.problem(name).into_iter().collect()
}

/// Problems of a percentage.
pub(crate) fn percent_problems(text: &str) -> Vec<String> {
    PERCENT.problem(text).into_iter().collect()
}

/// Problems of a port's name.
pub(crate) fn port_name_problems(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name.len() > MAX_PORT_NAME_BYTES {
        problems.push(format!(
            "must be no more than {MAX_PORT_NAME_BYTES} characters"
        ));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        problems.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        );
    }
    if !name.chars().any(|c| c.is_ascii_lowercase()) {
        problems.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        problems.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        problems.push("must not begin or end with a hyphen".to_owned());
    }
    problems
}

/// Problems of a port's number.
pub(crate) fn port_problems(number: i64) -> Vec<String> {
    range_problems(number, 1, 65_535)
}

/// A number that must lie between two others, both included.
pub(crate) fn range_problems(number: i64, low: i64, high: i64) -> Vec<String> {
    if (low..=high).contains(&number) {
        return Vec::new();
    }
    vec![format!("must be between {low} and {high}, inclusive")]
}

#[cfg(test)]
mod tests;
