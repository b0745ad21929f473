//! Words that never belong in the tree. They are written in two halves here, so that this file passes its own rule.

use super::{Finding, Source, rust};

/// Folders of the machine that somebody developed on.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/bash", "_jobs"),
];

/// Hosts of package registries: which one is used is a setting of the machine.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("proxy.go", "lang.org"),
    concat!("sum.go", "lang.org"),
    concat!("registry.npm", "js.org"),
    concat!("static.crates", ".io"),
    concat!("index.crates", ".io"),
    concat!("files.python", "hosted.org"),
    concat!("deb.deb", "ian.org"),
];

const PLACEHOLDERS: &[&str] = &["todo!", "unimplemented!", "dbg!", "#[ignore"];

const SWITCHED_OFF: &[&str] = &[
    concat!("it.", "skip("),
    concat!("test.", "skip("),
    concat!("test.", "fixme"),
    concat!("describe.", "skip("),
    concat!("t.", "Skip("),
];

/// Machine paths and registry hosts. Cargo.lock names its index by design.
pub fn places(sources: &[Source]) -> Vec<Finding> {
    let checked = sources.iter().filter(|source| source.path != "Cargo.lock");
    checked
        .flat_map(|source| {
            let paths = MACHINE_PATHS
                .iter()
                .flat_map(|word| starts(&source.text, word));
            let hosts = REGISTRY_HOSTS
                .iter()
                .flat_map(|word| source.text.match_indices(word));
            found(source, &source.text, paths.chain(hosts))
        })
        .collect()
}

/// Placeholders in Rust code and switched-off tests in any code.
pub fn placeholders(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .flat_map(|source| match &source.code {
            Some(code) => {
                let words = PLACEHOLDERS.iter().flat_map(|word| starts(code, word));
                found(source, code, words)
            }
            None if is_script(&source.path) => {
                let words = SWITCHED_OFF
                    .iter()
                    .flat_map(|word| starts(&source.text, word));
                found(source, &source.text, words)
            }
            None => Vec::new(),
        })
        .collect()
}

fn is_script(path: &str) -> bool {
    [".ts", ".tsx", ".js", ".mjs", ".go"]
        .iter()
        .any(|suffix| path.ends_with(suffix))
}

/// Places where the word starts, not in the middle of a longer word or path.
fn starts<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    text.match_indices(word).filter(|(at, _)| {
        let before = at.checked_sub(1).map(|before| text.as_bytes()[before]);
        before.is_none_or(|byte| !rust::is_word(byte) && byte != b'.')
    })
}

fn found<'a>(
    source: &Source,
    text: &str,
    places: impl Iterator<Item = (usize, &'a str)>,
) -> Vec<Finding> {
    places
        .map(|(at, word)| {
            let place = format!("{}:{}", source.path, rust::line_of(text, at));
            Finding::new(place, format!("{word} does not belong in the tree"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_inside_longer_paths_pass() {
        let text = format!("a{0}b\n{0}c\n", MACHINE_PATHS[0]);
        let findings = places(&[Source::new("a.md", text)]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place, "a.md:2");
    }

    #[test]
    fn placeholders_in_comments_pass() {
        let text = "//! Doc.\n// todo!()\nfn a() { todo!() }\n";
        assert_eq!(
            placeholders(&[Source::new("a.rs", text.into())])[0].place,
            "a.rs:3"
        );
    }
}
