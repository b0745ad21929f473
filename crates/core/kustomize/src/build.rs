//! The entry: one root of a tree becomes a list of objects.

use serde_json::Value;

use crate::error::{BuildError, Problem};
use crate::options::Options;
use crate::tree::FileTree;

/// Names that a kustomization file may have; a directory has exactly one.
pub const RECOGNIZED_FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What a build made.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// The objects in order, as JSON values. Each has a kind; `apiVersion` is not checked.
    pub values: Vec<Value>,
    /// Warnings, for example of deprecated fields.
    pub warnings: Vec<String>,
}

impl Build {
    /// The text that `kustomize build` prints.
    pub fn to_yaml(&self) -> String {
        let documents: Vec<String> = self.values.iter().map(skein_yaml::to_string).collect();
        documents.join("---\n")
    }
}

/// Builds the kustomization in a directory of the tree (empty or `.` for its root).
pub fn build(_tree: &FileTree, root: &str, _options: &Options<'_>) -> Result<Build, BuildError> {
    Err(BuildError::new(Problem::Refused(format!(
        "cannot build '{root}' yet"
    ))))
}
