//! Builds the artifact of a checkout: files that are not ignored, included artifacts, one archive.
//! Blocks.

use skein_api::source::git_repository::GitRepositoryInclude;
use skein_api::{Artifact, ConditionType, SourceReason, Time};
use skein_artifact::download::MAX_ARTIFACT_BYTES;
use skein_artifact::ignore_rules::IGNORE_FILE;
use skein_artifact::{
    ArtifactLocation, IgnoreRules, PatternList, Storage, Tree, TreeError, unpack,
};
use skein_git::Checkout;
use skein_git::checkout::EntryKind;

use super::failure::Step;
use crate::produced::Failure;

/// What goes into the artifact beside the checkout.
pub(super) struct Recipe {
    /// Where it is stored.
    pub location: ArtifactLocation,
    /// `spec.ignore`.
    pub ignore: Option<String>,
    /// What is included, with the artifacts.
    pub includes: Vec<(GitRepositoryInclude, Artifact)>,
    /// Time of the write.
    pub now: Time,
}

/// Builds and stores.
pub(super) fn build(
    storage: &Storage,
    checkout: &Checkout,
    recipe: &Recipe,
) -> Result<Artifact, Failure> {
    let rules = rules(checkout, recipe)?;
    let mut tree = read_files(checkout, &rules)?;
    for (include, artifact) in &recipe.includes {
        copy_include(storage, &mut tree, include, artifact)?;
    }
    // Included files are ignored by the same rules, and may bring .sourceignore files of their own.
    let rules = if recipe.includes.is_empty() {
        rules
    } else {
        IgnoreRules::for_tree(&tree, recipe.ignore.as_deref())
    };
    storage
        .store_tree(
            &recipe.location,
            &checkout.revision,
            &tree,
            &rules,
            recipe.now,
        )
        .map_err(|error| {
            let message = format!("unable to archive artifact to storage: {error}");
            store_failure(SourceReason::ArchiveOperationFailed, message)
        })
}

fn store_failure(reason: SourceReason, message: String) -> Failure {
    Step::Store.failed(ConditionType::StorageOperationFailed, reason, message)
}

/// The ignore rules, from the small files that hold them; nothing else is read yet.
fn rules(checkout: &Checkout, recipe: &Recipe) -> Result<IgnoreRules, Failure> {
    let mut own = PatternList::default();
    let mut files: Vec<_> = checkout
        .entries()
        .iter()
        .filter(|entry| matches!(entry.kind, EntryKind::File | EntryKind::Executable))
        .filter_map(|entry| {
            let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            (name == IGNORE_FILE).then_some((folder, entry))
        })
        .collect();
    files.sort_by_key(|(folder, _)| {
        folder
            .split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    for (folder, entry) in files {
        let content = checkout.read(entry).map_err(|error| {
            let message = format!("failed to load source ignore patterns from repository: {error}");
            Step::Store.failed(
                ConditionType::BuildFailed,
                SourceReason::SourceIgnoreError,
                message,
            )
        })?;
        own.add_text(&String::from_utf8_lossy(&content), folder);
    }
    if let Some(ignore) = &recipe.ignore {
        own.add_text(ignore, "");
    }
    Ok(IgnoreRules::new(own))
}

/// Reads the files that are not ignored. All directories are kept: the archive leaves out those
/// that are ignored themselves.
fn read_files(checkout: &Checkout, rules: &IgnoreRules) -> Result<Tree, Failure> {
    let mut tree = Tree::new();
    let too_much = |error: TreeError| {
        let message = format!("unable to archive artifact to storage: {error}");
        store_failure(SourceReason::ArchiveOperationFailed, message)
    };
    for entry in checkout.entries() {
        match entry.kind {
            EntryKind::Submodule => tree.insert_directory(&entry.path).map_err(too_much)?,
            EntryKind::Link => add_parent(&mut tree, &entry.path).map_err(too_much)?,
            EntryKind::File | EntryKind::Executable => {
                if rules.excludes(&entry.path, false) {
                    add_parent(&mut tree, &entry.path).map_err(too_much)?;
                    continue;
                }
                let data = checkout.read(entry).map_err(|error| {
                    let message = format!("failed to checkout and determine revision: {error}");
                    Step::Fetch.fetch_failed(SourceReason::GitOperationFailed, message)
                })?;
                let executable = entry.kind == EntryKind::Executable;
                tree.insert_file(&entry.path, data, executable)
                    .map_err(too_much)?;
            }
        }
    }
    // A clone has these files, and the rules of what is left out mean folders called .git.
    for (path, content) in &checkout.git_files {
        if !rules.excludes(path, false) {
            tree.insert_file(path, content.clone(), false)
                .map_err(too_much)?;
        }
    }
    Ok(tree)
}

fn add_parent(tree: &mut Tree, path: &str) -> Result<(), TreeError> {
    match path.rsplit_once('/') {
        Some((parent, _)) => tree.insert_directory(parent),
        None => Ok(()),
    }
}

/// What Flux calls the folder of an included artifact.
const UNPACKED: &str = "unpack";

/// Copies (part of) an included artifact into the tree.
fn copy_include(
    storage: &Storage,
    tree: &mut Tree,
    include: &GitRepositoryInclude,
    artifact: &Artifact,
) -> Result<(), Failure> {
    let (from, to) = (include.from_path(), include.to_path());
    let failed =
        |reason, message| Step::Copy.failed(ConditionType::StorageOperationFailed, reason, message);
    let copy = |reason: String| {
        let name = &include.repository.name;
        let written = &include.from_path;
        let message = format!("failed to copy '{name}' include from {written} to {to}: {reason}");
        failed(SourceReason::CopyFailure, message)
    };
    let bytes = storage
        .read(&artifact.path, MAX_ARTIFACT_BYTES)
        .map_err(|error| copy(error.to_string()))?;
    let included = unpack(&bytes, true).map_err(|error| copy(error.to_string()))?;
    if included.is_directory(&confined(from)) && tree.is_filled_directory(&confined(to)) {
        // Flux renames the folder to its place, which works where there is nothing yet.
        let (old, new) = (format!("{UNPACKED}/{}", confined(from)), confined(to));
        let old = old.trim_end_matches('/');
        return Err(copy(format!(
            "link error: cannot rename {old} to {new}: rename {old} {new}: file exists"
        )));
    }
    let found = tree
        .copy_from(&included, &confined(from), &confined(to))
        .map_err(|error| copy(error.to_string()))?;
    if found {
        return Ok(());
    }
    let missing = confined(from);
    Err(copy(format!(
        "cannot stat {missing}: stat {missing}: no such file or directory"
    )))
}

/// The path below its root: `.`, empty and leading parts go, `..` stops at the root.
fn confined(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
