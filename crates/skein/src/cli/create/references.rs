//! What stands in flags: references to objects, words of a fixed set, qualified names.

use anyhow::bail;

/// Longest label value and longest name part of a label key, in characters.
const MAX_LABEL_CHARS: usize = 63;

/// Longest prefix of a label key, in characters.
const MAX_PREFIX_CHARS: usize = 253;

/// A reference to an object: kind and namespace may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub kind: String,
    pub name: String,
    pub namespace: String,
}

/// `[KIND/]NAME`.
pub(crate) fn kind_and_name(text: &str) -> (String, String) {
    match text.split('/').collect::<Vec<_>>()[..] {
        [kind, name] => (kind.to_owned(), name.to_owned()),
        _ => (String::new(), text.to_owned()),
    }
}

/// `[KIND/]NAME[.NAMESPACE]`.
pub(crate) fn reference(text: &str) -> Reference {
    let (kind, name) = kind_and_name(text);
    let (name, namespace) = match name.rsplit_once('.') {
        Some((name, namespace)) => (name.to_owned(), namespace.to_owned()),
        None => (name, String::new()),
    };
    Reference {
        kind,
        name,
        namespace,
    }
}

/// `[NAMESPACE/]NAME` of what must be ready first.
pub(crate) fn dependencies(texts: &[String]) -> serde_json::Value {
    let one = |text: &String| match text.split_once('/') {
        Some((namespace, name)) => serde_json::json!({"namespace": namespace, "name": name}),
        None => serde_json::json!({"name": text}),
    };
    texts.iter().map(one).collect()
}

/// The error of a flag whose value is refused, as flag libraries of Go word it.
pub(crate) fn refused(flag: &str, value: &str, why: &str) -> anyhow::Error {
    anyhow::anyhow!("invalid argument {value:?} for \"{flag}\" flag: {why}")
}

/// The word of the set that equals the text, whatever the case.
pub(crate) fn same_word<'a>(set: &[&'a str], text: &str) -> Option<&'a str> {
    set.iter()
        .copied()
        .find(|word| word.eq_ignore_ascii_case(text))
}

/// The words that a flag takes, and how others are refused.
pub(crate) struct Words<'a> {
    /// The flag with its dashes.
    pub flag: &'a str,
    pub words: &'a [&'a str],
    /// What comes before the refused word and what follows it.
    pub refusal: (&'a str, &'a str),
    /// What is said about an empty text.
    pub missing: &'a str,
}

/// Refuses a text that is none of the words; nothing given is fine.
pub(crate) fn one_of(value: Option<&str>, known: &Words<'_>) -> anyhow::Result<()> {
    let Some(value) = value else { return Ok(()) };
    if value.trim().is_empty() {
        return Err(refused(known.flag, value, known.missing));
    }
    if !known.words.contains(&value) {
        let (before, after) = known.refusal;
        let words = known.words.join(", ");
        let why = format!("{before} '{value}'{after}, must be one of: {words}");
        return Err(refused(known.flag, value, &why));
    }
    Ok(())
}

/// Who gives credentials for an OCI registry.
pub(crate) const OCI_PROVIDERS: Words<'static> = Words {
    flag: "--provider",
    words: &["generic", "aws", "azure", "gcp"],
    refusal: ("source OCI provider", " is not supported"),
    missing: "no source OCI provider given, please specify the OCI provider name",
};

/// Where an applier takes its files from: the kinds that it may name.
pub(crate) fn kustomization_source(text: &str) -> anyhow::Result<Reference> {
    const KINDS: [&str; 3] = ["OCIRepository", "GitRepository", "Bucket"];
    const FLAG: &str = "--source";
    let mut found = reference(text);
    if text.trim().is_empty() {
        return Err(refused(
            FLAG,
            text,
            "no Kustomization source given, please specify source that contains the Kubernetes manifests in the format '[<kind>/]<name>.<namespace>', where kind must be one of: (OCIRepository, GitRepository, Bucket), if kind is not specified it defaults to GitRepository",
        ));
    }
    if found.name.is_empty() {
        let why = format!("no name given for source of kind '{}'", found.kind);
        return Err(refused(FLAG, text, &why));
    }
    if found.kind.is_empty() {
        if KINDS.contains(&found.name.as_str()) {
            let why = format!("no kind specified for source '{}'", found.name);
            return Err(refused(FLAG, text, &why));
        }
        found.kind = "GitRepository".to_owned();
    }
    known_kind(FLAG, text, found, &KINDS)
}

/// Where a chart comes from.
pub(crate) fn chart_source(text: &str) -> anyhow::Result<Reference> {
    const KINDS: [&str; 3] = ["HelmRepository", "GitRepository", "Bucket"];
    const FLAG: &str = "--source";
    let found = reference(text);
    if found.kind.is_empty() || found.name.is_empty() {
        let why = format!("invalid helm chart source '{text}', must be in format <kind>/<name>");
        return Err(refused(FLAG, text, &why));
    }
    known_kind(FLAG, text, found, &KINDS)
}

fn known_kind(
    flag: &str,
    text: &str,
    mut found: Reference,
    kinds: &[&str],
) -> anyhow::Result<Reference> {
    let Some(kind) = same_word(kinds, &found.kind) else {
        let why = format!(
            "source kind '{}' is not supported, must be one of: {}",
            found.kind,
            kinds.join(", ")
        );
        return Err(refused(flag, text, &why));
    };
    kind.clone_into(&mut found.kind);
    Ok(found)
}

/// A path below the present folder as `./a/b`; what leads out of it stays inside.
pub(crate) fn safe_relative_path(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.trim().split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("./{}", parts.join("/"))
}

/// What is wrong with the key of a label, in Kubernetes' words.
pub(crate) fn qualified_name_problems(key: &str) -> Vec<String> {
    const NAME_RULE: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    const PREFIX_RULE: &str = "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let mut problems = Vec::new();
    let parts: Vec<&str> = key.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                problems.push("prefix part must be non-empty".to_owned());
            } else if prefix.len() > MAX_PREFIX_CHARS || !is_subdomain(prefix) {
                problems.push(PREFIX_RULE.to_owned());
            }
            name
        }
        _ => {
            return vec![
                "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')".to_owned(),
            ];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    } else if name.len() > MAX_LABEL_CHARS {
        problems.push(format!(
            "name part must be no more than {MAX_LABEL_CHARS} characters"
        ));
    }
    if !is_label_text(name) {
        problems.push(NAME_RULE.to_owned());
    }
    problems
}

/// What is wrong with the value of a label, in Kubernetes' words.
pub(crate) fn label_value_problems(value: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if value.len() > MAX_LABEL_CHARS {
        problems.push(format!("must be no more than {MAX_LABEL_CHARS} characters"));
    }
    if !value.is_empty() && !is_label_text(value) {
        problems.push("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')".to_owned());
    }
    problems
}

fn is_label_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    ends(bytes.first())
        && ends(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn is_subdomain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.split('.').all(|part| {
        let bytes = part.as_bytes();
        bytes.first().copied().is_some_and(is_plain)
            && bytes.last().copied().is_some_and(is_plain)
            && bytes.iter().all(|byte| is_plain(*byte) || *byte == b'-')
    })
}

/// Refuses a name that is no qualified name.
pub(crate) fn check_qualified(what: &str, name: &str) -> anyhow::Result<()> {
    let problems = qualified_name_problems(name);
    if !problems.is_empty() {
        bail!("invalid {what} '{name}': [{}]", problems.join(" "));
    }
    Ok(())
}
