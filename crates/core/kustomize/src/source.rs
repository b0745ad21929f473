//! Where objects and vars came from, for errors that come up when everything is collected.

use crate::error::BuildError;

/// A file, and the way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// File in the tree.
    pub(crate) file: String,
    /// Line in the file, from 1; 0 when the whole file is meant, or the object's own line counts.
    pub(crate) line: u64,
    /// Directories of the kustomizations that led there, the outermost first.
    pub(crate) chain: Vec<String>,
}

impl Source {
    /// Names the file and the way to it, unless a file is named.
    pub(crate) fn blame(&self, mut error: BuildError) -> BuildError {
        let place = &mut error.place;
        if place.file.is_none() {
            place.file = Some(self.file.clone());
            if self.line > 0 {
                place.line = Some(self.line);
            }
            if place.chain.is_empty() {
                place.chain.clone_from(&self.chain);
            }
        }
        error
    }
}
