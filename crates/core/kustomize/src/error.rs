//! Why a build failed: what, in which file, line, field and object, and through which kustomizations it was reached.

use std::fmt;

use skein_yaml::{Node, YamlError};
use thiserror::Error;

/// What went wrong, without the place.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// A file or directory is not in the tree.
    #[error("{0}")]
    Missing(String),
    /// A text is no YAML, or YAML that cannot be an object.
    #[error("{0}")]
    Yaml(#[from] YamlError),
    /// A field has a value that is not understood.
    #[error("{0}")]
    Invalid(String),
    /// Two things claim the same identity, or a choice is ambiguous.
    #[error("{0}")]
    Conflict(String),
    /// Something asks for an object that is not there.
    #[error("{0}")]
    NoMatch(String),
    /// Something that is not allowed here.
    #[error("{0}")]
    Refused(String),
    /// A limit is exceeded.
    #[error("{0}")]
    Limit(String),
}

/// Where a problem is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// File in the tree.
    pub file: Option<String>,
    /// Line in the file, from 1.
    pub line: Option<u64>,
    /// Field of the kustomization, for example `patches[2].target`.
    pub field: Option<String>,
    /// Object that was being worked on, as `Kind/name`.
    pub object: Option<String>,
    /// Directories of the kustomizations that led here, the outermost first.
    pub chain: Vec<String>,
    /// kustomize's words for the error, with [`ROOT_MARK`] for the directory of the tree; `None` when they are those of the problem.
    pub(crate) upstream: Option<String>,
    /// Line in the text that stands in the field, from 1, until the line of the file is known.
    pub(crate) line_of_text: Option<u64>,
    /// Whether the chain is known from the root on.
    pub(crate) has_whole_chain: bool,
    /// The build needs the places and comments of all nodes: it begins anew with them, and nobody sees this error.
    pub(crate) wants_details: bool,
}

/// Stands for the directory in which the tree lies, which the engine does not know.
const ROOT_MARK: &str = "{root}";

/// Why a build failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// What went wrong.
    pub problem: Problem,
    /// Where.
    pub place: Box<Place>,
}

impl BuildError {
    /// A problem whose place is not known yet.
    pub fn new(problem: Problem) -> Self {
        let line = match &problem {
            Problem::Yaml(error) => Some(error.line()).filter(|line| *line > 0),
            _ => None,
        };
        Self {
            problem,
            place: Box::new(Place {
                line,
                ..Place::default()
            }),
        }
    }

    /// A field with a value that is not understood.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Problem::Invalid(message.into()))
    }

    /// As [`Self::upstream_message`], when kustomize's own words are known.
    pub fn known_upstream_message(&self, root: &str) -> Option<String> {
        self.place
            .upstream
            .is_some()
            .then(|| self.upstream_message(root))
    }

    /// What kustomize says where it fails like this, as far as known: for those who show or match its messages (Flux's conditions).
    /// `root` is the directory in which the tree lies.
    pub fn upstream_message(&self, root: &str) -> String {
        match &self.place.upstream {
            Some(words) => words.replace(ROOT_MARK, root),
            None => self.problem.to_string(),
        }
    }

    /// Asks for a build with details.
    pub(crate) fn wanting_details(mut self) -> Self {
        self.place.wants_details = true;
        self
    }

    /// Wraps kustomize's words so far into those of an outer step.
    pub(crate) fn upstream(mut self, wrap: impl FnOnce(&str) -> String) -> Self {
        let inner = self
            .place
            .upstream
            .take()
            .unwrap_or_else(|| self.problem.to_string());
        self.place.upstream = Some(wrap(&inner));
        self
    }

    /// Names the file, unless one is named.
    pub(crate) fn in_file(mut self, file: &str) -> Self {
        self.place.file.get_or_insert_with(|| file.to_owned());
        self
    }

    /// Names the field, unless one or the file is named.
    pub(crate) fn at_field(mut self, field: impl Into<String>) -> Self {
        if self.place.file.is_none() {
            self.place.field.get_or_insert_with(|| field.into());
        }
        self
    }

    /// Names the field above the one that is named, if one is.
    pub(crate) fn below_field(mut self, above: &str) -> Self {
        if self.place.file.is_none() {
            let field = self.place.field.take();
            self.place.field = Some(match field {
                Some(field) if field != above => format!("{above}.{field}"),
                _ => above.to_owned(),
            });
        }
        self
    }

    /// Names the object, unless one is named.
    pub(crate) fn on_object(mut self, object: impl Into<String>) -> Self {
        self.place.object.get_or_insert_with(|| object.into());
        self
    }

    /// Names the line of a node, unless one is named or the node has none of its own.
    pub(crate) fn on_line_of(self, node: &Node) -> Self {
        self.on_line(node.line)
    }

    /// Names a line, unless one is named.
    pub(crate) fn on_line(mut self, line: u32) -> Self {
        if line > 0 && line != Node::REREAD_LINE {
            self.place.line.get_or_insert(u64::from(line));
        }
        self
    }

    /// Makes a line of a file the line of a text that stands in a field; `skipped` lines of that field come before the text.
    pub(crate) fn in_text_of_field(mut self, skipped: u64) -> Self {
        if self.place.file.is_none() {
            self.place.field = None;
            self.place.line_of_text = self.place.line.take().map(|line| line + skipped);
        }
        self
    }

    /// An error about a node that no file has names no line.
    pub(crate) fn without_bare_line(mut self) -> Self {
        if let Problem::Yaml(yaml) = &self.problem
            && [0, u64::from(Node::REREAD_LINE)].contains(&yaml.line())
            && let Some(problem) = yaml.problem_of_value()
        {
            self.problem = Problem::Invalid(problem);
            self.place.line = None;
        }
        self
    }

    /// Names all kustomizations from the root on, unless some are named.
    pub(crate) fn on_whole_way(mut self, chain: &[String]) -> Self {
        if self.place.chain.is_empty() {
            self.place.chain = chain.to_vec();
            self.place.has_whole_chain = !chain.is_empty();
        }
        self
    }

    /// Adds the directory of an outer kustomization.
    pub(crate) fn through(mut self, directory: &str) -> Self {
        if self.place.has_whole_chain {
            return self;
        }
        let shown = if directory.is_empty() { "." } else { directory };
        self.place.chain.insert(0, shown.to_owned());
        self
    }
}

impl From<Problem> for BuildError {
    fn from(problem: Problem) -> Self {
        Self::new(problem)
    }
}

impl From<YamlError> for BuildError {
    fn from(error: YamlError) -> Self {
        Self::new(Problem::Yaml(error))
    }
}

/// `file: field: problem (object Kind/name; built through a -> b)`
impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        if let Some(file) = &place.file {
            match place.line {
                // A problem of the file itself has its line in its words.
                Some(line)
                    if place.field.is_some() || !matches!(self.problem, Problem::Yaml(_)) =>
                {
                    write!(f, "{file}:{line}: ")?
                }
                _ => write!(f, "{file}: ")?,
            }
        }
        if let Some(field) = &place.field {
            write!(f, "{field}: ")?;
        }
        write!(f, "{}", self.problem)?;
        let mut notes = Vec::new();
        if let Some(object) = &place.object {
            notes.push(format!("object {object}"));
        }
        if place.chain.len() > 1 {
            notes.push(format!("built through {}", place.chain.join(" -> ")));
        }
        if notes.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", notes.join("; "))
        }
    }
}

/// The text says all: those who print causes would repeat the problem.
impl std::error::Error for BuildError {}

/// Result of a step of a build.
pub(crate) type Outcome<T> = Result<T, BuildError>;
