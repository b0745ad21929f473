//! Where objects, patches and vars came from, for errors that come up when everything is collected.

use std::collections::BTreeMap;
use std::sync::Arc;

use skein_yaml::YamlError;

use crate::error::{BuildError, Problem};
use crate::kustomization::line_of;

/// A file, and the way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// File in the tree; empty for the kustomization that is being worked on.
    pub(crate) file: String,
    /// Field of the file, when the file is a kustomization; empty for none.
    pub(crate) field: String,
    /// The text of that kustomization, in which the field has its line.
    pub(crate) text: Option<Arc<[u8]>>,
    /// Directories of the kustomizations that led there, the outermost first.
    pub(crate) chain: Vec<String>,
    /// Fields of keys that the kustomization gave an object and that YAML would not read as texts.
    pub(crate) odd_keys: BTreeMap<String, String>,
}

impl Source {
    /// Names the file, the line, the field and the way to them, unless a file is named.
    pub(crate) fn blame(&self, mut error: BuildError) -> BuildError {
        let place = &mut error.place;
        if place.file.is_some() {
            return error;
        }
        if self.file.is_empty() {
            return error.at_field(self.field.as_str());
        }
        place.file = Some(self.file.clone());
        if !self.field.is_empty() {
            place.field = Some(self.field.clone());
            place.line = self.text.as_ref().and_then(|t| line_of(&self.field, t));
        }
        error.on_whole_way(&self.chain)
    }

    /// As [`Self::blame`], for something below the field.
    pub(crate) fn blame_below(&self, mut error: BuildError) -> BuildError {
        let below = error.place.field.take();
        let field = match below {
            Some(below) if self.field.is_empty() => below,
            Some(below) => format!("{}.{below}", self.field),
            None => self.field.clone(),
        };
        let place = Self {
            field,
            ..self.clone()
        };
        place.blame(error)
    }

    /// As [`Self::blame`]; an error about a key that YAML would not read as a text names what gave the object that key.
    pub(crate) fn blame_key(&self, error: BuildError) -> BuildError {
        let field = match &error.problem {
            Problem::Yaml(YamlError::KeyNotText { key, .. }) => self.odd_keys.get(key),
            _ => None,
        };
        match field {
            None => self.blame(error.without_bare_line()),
            Some(field) => {
                let of_key = Self {
                    field: field.clone(),
                    ..self.clone()
                };
                of_key.blame(error.without_bare_line())
            }
        }
    }
}
