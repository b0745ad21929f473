//! What Helm requires of Chart.yaml, and how it cleans the strings in it.

use std::collections::HashSet;

use skein_semver::Version;

use super::decode::Draft;
use super::metadata::{Dependency, Maintainer, Metadata};

/// Cleans and checks metadata; errors read as Helm's.
pub(crate) fn validate(draft: &mut Draft) -> Result<(), String> {
    check(draft).map_err(|problem| format!("validation: {problem}"))
}

fn check(draft: &mut Draft) -> Result<(), String> {
    let metadata = &mut draft.metadata;
    sanitize_all(metadata);
    check_identity(metadata)?;
    if draft.null_maintainer.is_some() {
        return Err("maintainers must not contain empty or null nodes".to_owned());
    }
    metadata
        .maintainers
        .iter_mut()
        .for_each(sanitize_maintainer);
    check_dependencies(&mut metadata.dependencies, draft.null_dependency)
}

fn check_identity(metadata: &Metadata) -> Result<(), String> {
    let name = &metadata.name;
    if metadata.api_version.is_empty() {
        return Err("chart.metadata.apiVersion is required".to_owned());
    }
    if name.is_empty() {
        return Err("chart.metadata.name is required".to_owned());
    }
    if name == "." || name == ".." {
        return Err(format!("chart.metadata.name {name:?} is not allowed"));
    }
    if name.contains('/') {
        return Err(format!("chart.metadata.name {name:?} is invalid"));
    }
    let version = &metadata.version;
    if version.is_empty() {
        return Err("chart.metadata.version is required".to_owned());
    }
    if Version::parse(version).is_err() {
        return Err(format!("chart.metadata.version {version:?} is invalid"));
    }
    if !["", "application", "library"].contains(&metadata.kind.as_str()) {
        return Err("chart.metadata.type must be application or library".to_owned());
    }
    Ok(())
}

fn check_dependencies(all: &mut [Dependency], has_null: bool) -> Result<(), String> {
    let mut names = HashSet::new();
    for dependency in all {
        for text in [
            &mut dependency.name,
            &mut dependency.version,
            &mut dependency.repository,
            &mut dependency.condition,
        ] {
            sanitize(text);
        }
        dependency.tags.iter_mut().for_each(sanitize);
        let alias = &dependency.alias;
        if !alias
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        {
            let name = &dependency.name;
            return Err(format!(
                "dependency {name:?} has disallowed characters in the alias"
            ));
        }
        let key = if alias.is_empty() {
            &dependency.name
        } else {
            alias
        };
        if !names.insert(key.clone()) {
            return Err(format!(
                "more than one dependency with name or alias {key:?}"
            ));
        }
    }
    if has_null {
        return Err("dependencies must not contain empty or null nodes".to_owned());
    }
    Ok(())
}

fn sanitize_all(metadata: &mut Metadata) {
    for text in [
        &mut metadata.name,
        &mut metadata.description,
        &mut metadata.home,
        &mut metadata.icon,
        &mut metadata.condition,
        &mut metadata.tags,
        &mut metadata.app_version,
        &mut metadata.kube_version,
    ] {
        sanitize(text);
    }
    metadata.sources.iter_mut().for_each(sanitize);
    metadata.keywords.iter_mut().for_each(sanitize);
}

fn sanitize_maintainer(maintainer: &mut Maintainer) {
    sanitize(&mut maintainer.name);
    sanitize(&mut maintainer.email);
    sanitize(&mut maintainer.url);
}

/// Blanks of every kind become spaces, what cannot be printed goes away.
fn sanitize(text: &mut String) {
    let is_clean = |c: char| c == ' ' || c.is_ascii_graphic();
    if text.chars().all(is_clean) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|c| match c {
            c if c.is_whitespace() => Some(' '),
            c if is_printable(c) => Some(c),
            _ => None,
        })
        .collect();
}

/// Go's `unicode.IsPrint` for what is no blank: no control, format, surrogate, private or unassigned character.
fn is_printable(c: char) -> bool {
    // Rust escapes in debug output just what is not printable, save for grapheme extenders, quotes and backslashes.
    let escaped = c.escape_debug();
    escaped.len() == 1 || matches!(c, '\'' | '"' | '\\') || is_mark(c)
}

/// Whether Rust escapes this character only because it extends the one before it.
fn is_mark(c: char) -> bool {
    let mut text = String::from("a");
    text.push(c);
    let debug = format!("{text:?}");
    !debug.contains("\\u")
}
