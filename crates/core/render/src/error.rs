//! Why a Kustomization cannot be rendered. The texts are those that Flux puts into conditions and events.

use skein_kustomize::{BuildError, TreeError};
use skein_yaml::YamlError;
use thiserror::Error;

use crate::envsubst::EnvsubstError;

/// Why a Kustomization cannot be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    /// `spec.path` leads nowhere.
    #[error("kustomization path not found: stat {path}: no such file or directory")]
    PathNotFound {
        /// The path in the artifact.
        path: String,
    },
    /// `spec.path` is a file.
    #[error(
        "{path} is a file, spec.path must be a directory with a kustomization.yaml or with manifests"
    )]
    PathIsFile {
        /// The path in the artifact.
        path: String,
    },
    /// A file below a directory without kustomization.yaml is no Kubernetes manifest.
    #[error("failed to decode Kubernetes YAML from {path}: {reason}")]
    Manifest {
        /// The file.
        path: String,
        /// What is wrong with it, with the line.
        reason: String,
    },
    /// The kustomization.yaml of the root does not parse.
    #[error("{path}: {source}")]
    Kustomization {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: YamlError,
    },
    /// The kustomization.yaml of the root is no map.
    #[error("{path}: a kustomization must be a map")]
    NotAMap {
        /// The file.
        path: String,
    },
    /// A component of the spec is remote or absolute.
    #[error("component path '{0}' must be local and relative")]
    RemoteComponent(String),
    /// The tree refuses the generated file.
    #[error("cannot write the generated kustomization.yaml: {0}")]
    Tree(#[from] TreeError),
    /// A file that a generator or a patch names does not decrypt.
    #[error("error decrypting sources: {path}: {reason}")]
    Source {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The engine refuses the kustomization.
    #[error("kustomize build failed: {0}")]
    Build(#[from] BuildError),
    /// A result is no Kubernetes object.
    #[error("failed to decode Kubernetes apiVersion, kind and name from: {0}")]
    NotAnObject(String),
    /// An object does not decrypt.
    #[error("decryption failed for '{id}': {reason}")]
    Decryption {
        /// Kind, version, group and name.
        id: String,
        /// Why.
        reason: String,
    },
    /// Variables of an object cannot be substituted.
    #[error("post build failed for '{id}': {source}")]
    PostBuild {
        /// Kind, version, group and name.
        id: String,
        /// Why.
        source: SubstituteError,
    },
}

/// Stands for the temporary folder that Flux builds in.
const ARTIFACT_ROOT: &str = "/tmp/artifact";

impl RenderError {
    /// The text in Flux's own words, as people know it from its conditions; where Flux has none, ours.
    pub fn flux_message(&self) -> String {
        match self {
            Self::Build(error) => match error.known_upstream_message(ARTIFACT_ROOT) {
                Some(words) => format!("kustomize build failed: {words}"),
                None => self.to_string(),
            },
            Self::PathNotFound { path } => Self::PathNotFound {
                path: format!("{ARTIFACT_ROOT}/{path}"),
            }
            .to_string(),
            Self::Kustomization {
                source: YamlError::Syntax { go_text, .. },
                ..
            } => format!("error converting YAML to JSON: yaml: {go_text}"),
            Self::PathIsFile { path } => {
                let file = format!("{ARTIFACT_ROOT}/{path}/kustomization.yaml: not a directory");
                format!("open {file} remove {file}")
            }
            Self::Manifest { path, reason } => {
                format!("failed to decode Kubernetes YAML from {ARTIFACT_ROOT}/{path}: {reason}")
            }
            other => other.to_string(),
        }
    }
}

/// Why variables cannot be substituted in an object.
#[derive(Debug, Error)]
pub enum SubstituteError {
    /// A variable has a name that cannot be used.
    #[error(
        "envsubst error: '{0}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'"
    )]
    Name(String),
    /// An expression fails.
    #[error("envsubst error: variable substitution failed: {0}")]
    Expression(#[from] EnvsubstError),
    /// The result is no YAML any more. The text is not shown: it may hold values of Secrets.
    #[error("envsubst error: YAMLToJSON: {}", .0.go_text())]
    Yaml(YamlError),
    /// The result is no text any more: a substring cut a character in two.
    #[error(
        "envsubst error: YAMLToJSON: yaml: the result is no UTF-8 text, a substring cuts a character in two"
    )]
    Utf8,
}
