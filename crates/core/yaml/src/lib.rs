//! YAML read and written as Go's libraries do.
//!
//! Two Go readers matter to Kubernetes users, and both are here on one composer:
//! - `sigs.k8s.io/yaml` (YAML 1.1 words such as `yes` and `on` are booleans, duplicate keys win by the last): [`from_slice`],
//!   [`from_slice_strict`], [`documents`]; what Kubernetes clients, Helm and the readers of configuration files use;
//! - go-yaml v3 as kyaml uses it (YAML 1.2 words, node trees with tags and styles): [`compose`], [`Node`], [`node_to_json`]; what kustomize
//!   builds on.
//!
//! One document of a simple style, as most manifests are, is read line by line; libyaml's grammar reads everything else, and gives the same tree.
//!
//! One writer gives what `sigs.k8s.io/yaml` marshals: [`to_string`], which is what `kustomize build`, `flux build` and Helm's `toYaml` print.
//! The other, [`node_to_string`], writes node trees in the style that they were read.

mod base64_lines;
mod comments;
mod compose;
mod detail;
mod emit;
mod encoding;
mod error;
mod escapes;
mod flow;
mod go_syntax;
mod json;
mod node;
mod number;
mod pretty;
mod resolve;
mod scalar;
mod simple;
mod sort;
mod tags;
mod timestamp;
mod write;

pub use compact_str::CompactString;

pub use base64_lines::encode_base64_lines;
pub use comments::NodeComments;
pub use compose::{
    Dialect, MAX_DEPTH_LEVELS, MAX_INPUT_BYTES, MAX_NODES, compose, compose_all, compose_part,
    compose_with_aliases,
};
pub use detail::{Detail, compose_detailed, node_fields_to_json};
pub use emit::{
    fold_next_lines, go_quotes, has_control_characters, to_string, to_string_sorted_by_bytes,
};
pub use error::YamlError;
pub use json::{
    Document, MAX_DOCUMENTS, documents, duplicate_keys, from_slice, from_slice_strict,
    node_to_json, reencoded_and_seen, reencoded_to_json,
};
pub use node::{Kind, Node, OtherTag, Style, Tag};
pub use number::{float_to_text, float32_to_text, json_number};
pub use pretty::PrettyValue;
pub use resolve::{Scalar, is_yaml_1_1_non_string, resolve};
pub use sort::{compare_keys, sort_entries};
pub use write::node_to_string;
