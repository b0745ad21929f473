//! Rules about whole files: how they open, how modules are laid out, how long they are.

use std::collections::BTreeMap;

use super::exceptions::{LONG_FILES, allowance};
use super::{Finding, Source};

/// More lines than this are two meanings in one file.
const FILE_LINES: usize = 900;

const CODE: &[&str] = &[".rs", ".ts", ".tsx", ".go", ".css"];

/// The first line of a Rust file says what the file is for.
pub fn module_docs(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| source.path.ends_with(".rs"))
        .filter(|source| !opens_with_doc(&source.text))
        .map(|source| {
            Finding::new(
                &source.path,
                "the first line is no module doc (//! one sentence)",
            )
        })
        .collect()
}

fn opens_with_doc(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first
        .strip_prefix("//!")
        .is_some_and(|sentence| !sentence.trim().is_empty())
}

/// `foo.rs` beside `foo/`, never `foo/mod.rs`.
pub fn module_style(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| source.path.ends_with("/mod.rs"))
        .map(|source| Finding::new(&source.path, "name it after its folder, beside the folder"))
        .collect()
}

/// No file over the limit, no exception without need.
pub fn lengths(sources: &[Source]) -> Vec<Finding> {
    let lines: BTreeMap<&str, usize> = sources
        .iter()
        .filter(|source| CODE.iter().any(|suffix| source.path.ends_with(suffix)))
        .map(|source| (source.path.as_str(), source.text.lines().count()))
        .collect();
    let long = lines.iter().filter_map(|(path, lines)| {
        let allowed = allowance(LONG_FILES, path, FILE_LINES);
        (*lines > allowed)
            .then(|| Finding::new(*path, format!("{lines} lines, {allowed} are allowed")))
    });
    let needless = LONG_FILES.iter().filter_map(|(path, allowed)| {
        let lines = lines.get(path).copied().unwrap_or_default();
        (lines < *allowed).then(|| {
            Finding::new(
                *path,
                format!("has {lines} lines: lower or remove its exception of {allowed}"),
            )
        })
    });
    long.chain(needless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_name_the_file() {
        let sources = [
            Source::new("a/mod.rs", "use x;\n".into()),
            Source::new("a/b.rs", format!("//! Doc.\n{}", "x\n".repeat(FILE_LINES))),
        ];
        assert_eq!(module_docs(&sources)[0].place, "a/mod.rs");
        assert_eq!(module_style(&sources).len(), 1);
        assert_eq!(lengths(&sources)[0].place, "a/b.rs");
    }
}
