//! Artifacts in OCI registries: `build`, `push`, `pull`, `tag`, `list` and `diff artifact`.

mod commands;
mod pack;
mod remote;

pub(crate) use commands::{
    BuildArtifact, DiffArtifact, ListArguments, PullArguments, PushArguments, TagArguments, build,
    diff, list, pull, push, tag,
};
