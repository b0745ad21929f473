//! Which files stay out of an archive: `.sourceignore` files, `spec.ignore` and the defaults.
//!
//! The patterns are gitignore's as go-git reads them, oddities included: the last pattern that
//! matches decides, a pattern without `/` matches any part of the path, and an excluded directory
//! is still walked, so that files below it can be included again.

use crate::name_match::name_matches;
use crate::tree::{Entry, Tree};

/// Name of the files with ignore patterns.
pub const IGNORE_FILE: &str = ".sourceignore";
/// Most patterns of one source; each is tried for each file.
pub const MAX_PATTERNS: usize = 10_000;

/// Never archived, unless a later pattern includes them.
const VERSION_CONTROL: [&str; 4] = [".git/", ".gitignore", ".gitmodules", ".gitattributes"];
/// Excluded when the source has no patterns of its own.
const DEFAULTS: [&str; 20] = [
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];

/// One pattern with the directory that it is relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    domain: Vec<String>,
    parts: Vec<String>,
    includes: bool,
    directory_only: bool,
}

/// Patterns in order; the last that matches decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatternList {
    patterns: Vec<Pattern>,
}

impl PatternList {
    /// Adds the patterns of a text, one a line, relative to a directory (empty for the root).
    /// Blank lines and lines that begin with `#` are skipped; patterns above the limit too.
    pub fn add_text(&mut self, text: &str, directory: &str) {
        let domain: Vec<String> = directory
            .split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        let lines = text
            .split('\n')
            .map(|line| line.strip_suffix('\r').unwrap_or(line));
        for line in lines.filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            if self.patterns.len() < MAX_PATTERNS {
                self.patterns.push(Pattern::parse(line, domain.clone()));
            }
        }
    }

    /// Whether no pattern was added.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

/// The rules of one source.
#[derive(Clone, Debug)]
pub struct IgnoreRules {
    list: PatternList,
}

impl IgnoreRules {
    /// The rules from a source's own patterns; the defaults when it has none.
    pub fn new(own: PatternList) -> Self {
        let mut list = PatternList::default();
        list.add_text(&VERSION_CONTROL.join("\n"), "");
        if own.is_empty() {
            list.add_text(&DEFAULTS.join("\n"), "");
        }
        list.patterns.extend(own.patterns);
        Self { list }
    }

    /// These patterns alone, without any default.
    pub fn exactly(list: PatternList) -> Self {
        Self { list }
    }

    /// The rules of a tree: its `.sourceignore` files, parents first, then `spec.ignore`.
    pub fn for_tree(tree: &Tree, spec_ignore: Option<&str>) -> Self {
        let mut own = PatternList::default();
        for (path, entry) in tree.walk_directories_first() {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            let Entry::File { data, .. } = entry else {
                continue;
            };
            if name == IGNORE_FILE && !directory.split('/').any(|part| part == ".git") {
                own.add_text(&String::from_utf8_lossy(data), directory);
            }
        }
        if let Some(text) = spec_ignore {
            own.add_text(text, "");
        }
        Self::new(own)
    }

    /// Whether the path stays out.
    pub fn excludes(&self, path: &str, is_directory: bool) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        self.list
            .patterns
            .iter()
            .rev()
            .find(|pattern| pattern.matches(&parts, is_directory))
            .is_some_and(|pattern| !pattern.includes)
    }
}

impl Tree {
    /// `.sourceignore` of a directory comes before those of its sub-directories.
    fn walk_directories_first(&self) -> Vec<(&str, &Entry)> {
        let mut entries = self.walk();
        let directory = |path: &str| -> Vec<String> {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            parent
                .split('/')
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        entries.retain(|(path, _)| path.rsplit('/').next() == Some(IGNORE_FILE));
        entries.sort_by_cached_key(|(path, _)| directory(path));
        entries
    }
}

impl Pattern {
    fn parse(line: &str, domain: Vec<String>) -> Self {
        let (includes, mut text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        if !text.ends_with("\\ ") {
            text = text.trim_end_matches(' ');
        }
        let directory_only = text.ends_with('/');
        let text = text.strip_suffix('/').unwrap_or(text);
        let parts = text.split('/').map(str::to_owned).collect();
        Self {
            domain,
            parts,
            includes,
            directory_only,
        }
    }

    fn matches(&self, path: &[&str], is_directory: bool) -> bool {
        let depth = self.domain.len();
        if path.len() <= depth || !self.domain.iter().zip(path).all(|(d, p)| d == p) {
            return false;
        }
        let path = &path[depth..];
        match self.parts.as_slice() {
            [name] => self.matches_name(name, path, is_directory),
            parts => self.matches_path(parts, path, is_directory),
        }
    }

    /// A pattern of one part matches any part of the path.
    fn matches_name(&self, pattern: &str, path: &[&str], is_directory: bool) -> bool {
        for (index, name) in path.iter().enumerate() {
            match name_matches(pattern, name) {
                Err(_) => return false,
                Ok(false) => {}
                Ok(true) => {
                    let last = index + 1 == path.len();
                    return !(self.directory_only && last && !is_directory);
                }
            }
        }
        false
    }

    /// A pattern of several parts is bound to its directory. `**` skips parts up to the *first*
    /// that matches what follows; there is no way back from it.
    fn matches_path(&self, parts: &[String], path: &[&str], is_directory: bool) -> bool {
        let (mut path, mut matched, mut skipping) = (path, false, false);
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            match part.as_str() {
                "" => skipping = false,
                "**" if last => break,
                "**" => skipping = true,
                part if part.contains("**") || path.is_empty() => return false,
                part if skipping => {
                    skipping = false;
                    while let Some((name, rest)) = path.split_first() {
                        path = rest;
                        match name_matches(part, name) {
                            Err(_) => return false,
                            Ok(true) => {
                                matched = true;
                                break;
                            }
                            Ok(false) if path.is_empty() => matched = false,
                            Ok(false) => {}
                        }
                    }
                }
                part => {
                    if name_matches(part, path[0]) != Ok(true) {
                        return false;
                    }
                    path = &path[1..];
                    matched = true;
                }
            }
        }
        matched && !(self.directory_only && !is_directory && path.is_empty())
    }
}
