//! `__complete`: what may follow on a command line; the scripts of `completion` ask for it at each key press.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Arg, Command, Parser};
use skein_api::FluxKind;
use skein_cluster::ListOptions;
use skein_object::GroupVersionKind;

use crate::arguments::{ClusterArguments, hoist_global_flags, is_shared_flag, takes_next_word};
use crate::objects::{self, Query};
use crate::output::Output;

/// Longest wait for the API server: a key press is not worth more.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// The last line: shells offer no file names besides.
const NO_FILES: &str = ":4\n";

/// The last line: shells go on with file names.
const FILES: &str = ":0\n";

/// Names of the sub-commands that lead to a kind.
const KINDS: [(&str, FluxKind); 18] = [
    ("kustomization", FluxKind::Kustomization),
    ("helmrelease", FluxKind::HelmRelease),
    ("alert", FluxKind::Alert),
    ("alert-provider", FluxKind::Provider),
    ("receiver", FluxKind::Receiver),
    ("source git", FluxKind::GitRepository),
    ("source oci", FluxKind::OciRepository),
    ("source helm", FluxKind::HelmRepository),
    ("source chart", FluxKind::HelmChart),
    ("source bucket", FluxKind::Bucket),
    ("source external", FluxKind::ExternalArtifact),
    ("sources git", FluxKind::GitRepository),
    ("sources oci", FluxKind::OciRepository),
    ("sources helm", FluxKind::HelmRepository),
    ("sources chart", FluxKind::HelmChart),
    ("sources bucket", FluxKind::Bucket),
    ("sources external", FluxKind::ExternalArtifact),
    ("artifact generator", FluxKind::ArtifactGenerator),
];

/// Verbs whose argument is the name of an object.
const NAMING_VERBS: [&str; 10] = [
    "get",
    "reconcile",
    "suspend",
    "resume",
    "export",
    "delete",
    "build",
    "diff",
    "tree",
    "debug",
];

#[derive(Parser)]
struct Connection {
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// Where a command line has come to.
struct Place<'a> {
    /// The commands from the whole to the last one named.
    path: Vec<&'a Command>,
    /// The flag whose value comes next.
    flag: Option<String>,
    /// Shared flags with their values.
    shared: Vec<OsString>,
}

/// Prints what may stand in the place of the last word.
pub async fn complete(
    whole: &Command,
    words: &[String],
    output: &mut Output,
) -> anyhow::Result<()> {
    let (last, before) = match words.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", words),
    };
    let place = place(whole, before);
    let (candidates, ending) = candidates(&place, last).await;
    for (word, about) in candidates {
        if word.starts_with(last) {
            output.print(&format!("{word}\t{about}\n"))?;
        }
    }
    output.print(ending)?;
    Ok(())
}

fn place<'a>(whole: &'a Command, words: &[String]) -> Place<'a> {
    let mut place = Place {
        path: vec![whole],
        flag: None,
        shared: Vec::new(),
    };
    for word in words {
        if let Some(flag) = place.flag.take() {
            if is_shared_flag(&flag) {
                place.shared.push(word.into());
            }
            continue;
        }
        if word.starts_with('-') {
            let name = word.split('=').next().unwrap_or_default();
            if is_shared_flag(name) {
                place.shared.push(word.into());
            }
            let takes_value = takes_next_word(name) || takes_value(&place.path, name);
            place.flag = (takes_value && !word.contains('=')).then(|| name.to_owned());
            continue;
        }
        let next = place.path.last().and_then(|command| {
            command.get_subcommands().find(|sub| {
                sub.get_name() == word || sub.get_all_aliases().any(|alias| alias == word)
            })
        });
        place.path.extend(next);
    }
    place
}

fn takes_value(path: &[&Command], flag: &str) -> bool {
    path.iter()
        .rev()
        .flat_map(|command| command.get_arguments())
        .find(|argument| is_named(argument, flag))
        .is_some_and(|argument| argument.get_action().takes_values())
}

fn is_named(argument: &Arg, flag: &str) -> bool {
    match flag.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => argument
            .get_short()
            .is_some_and(|short| flag == format!("-{short}")),
    }
}

async fn candidates(place: &Place<'_>, last: &str) -> (Vec<(String, String)>, &'static str) {
    if let Some(flag) = &place.flag {
        return match flag.as_str() {
            "-n" | "--namespace" => (namespaces(place).await.unwrap_or_default(), NO_FILES),
            _ => (vec![], FILES),
        };
    }
    let Some(command) = place.path.last() else {
        return (vec![], NO_FILES);
    };
    if last.starts_with('-') {
        return (flags(&place.path), NO_FILES);
    }
    if command.has_subcommands() {
        let visible = command.get_subcommands().filter(|sub| !sub.is_hide_set());
        let about = |sub: &Command| sub.get_about().map(ToString::to_string).unwrap_or_default();
        return (
            visible
                .map(|sub| (sub.get_name().to_owned(), about(sub)))
                .collect(),
            NO_FILES,
        );
    }
    (names(place).await.unwrap_or_default(), NO_FILES)
}

fn flags(path: &[&Command]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (distance, command) in path.iter().rev().enumerate() {
        let own = command.get_arguments().filter(|argument| {
            !argument.is_hide_set() && (distance == 0 || argument.is_global_set())
        });
        for argument in own {
            let about = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            if let Some(long) = argument.get_long() {
                found.push((format!("--{long}"), about));
            }
        }
    }
    found.sort();
    found.dedup_by(|a, b| a.0 == b.0);
    found
}

async fn session(place: &Place<'_>) -> Option<crate::Session> {
    let words = std::iter::once(OsString::from("skein")).chain(place.shared.iter().cloned());
    let parsed = Connection::try_parse_from(hoist_global_flags(words)).ok()?;
    tokio::time::timeout(LONGEST_WAIT, parsed.cluster.connect())
        .await
        .ok()?
        .ok()
}

/// Names of the objects of the kind that the command line has come to.
async fn names(place: &Place<'_>) -> Option<Vec<(String, String)>> {
    let words: Vec<&str> = place
        .path
        .iter()
        .skip(1)
        .map(|command| command.get_name())
        .collect();
    let (verb, rest) = words.split_first()?;
    if !NAMING_VERBS.contains(verb) {
        return None;
    }
    let rest = rest.join(" ");
    let kind = KINDS
        .iter()
        .find(|(words, _)| *words == rest)
        .map(|(_, kind)| *kind);
    let kind = kind.or_else(|| image_kind(&rest))?;
    let session = session(place).await?;
    let query = Query {
        namespace: session.namespace.clone(),
        ..Query::default()
    };
    let found = tokio::time::timeout(LONGEST_WAIT, objects::list(&session, kind, &query)).await;
    let found = found.ok()?.ok()?;
    Some(
        found
            .iter()
            .map(|object| (object.name().to_owned(), String::new()))
            .collect(),
    )
}

fn image_kind(words: &str) -> Option<FluxKind> {
    let (_, word) = words
        .split_once(' ')
        .filter(|(group, _)| group.starts_with("image"))?;
    match word {
        "repository" => Some(FluxKind::ImageRepository),
        "policy" => Some(FluxKind::ImagePolicy),
        "update" => Some(FluxKind::ImageUpdateAutomation),
        _ => None,
    }
}

async fn namespaces(place: &Place<'_>) -> Option<Vec<(String, String)>> {
    let session = session(place).await?;
    let gvk = GroupVersionKind::new("", "v1", "Namespace");
    let list = async {
        let resource = session.cluster.resource(&gvk).await?;
        session
            .cluster
            .list(&resource, &ListOptions::default())
            .await
    };
    let found = tokio::time::timeout(LONGEST_WAIT, list).await.ok()?.ok()?;
    let names = found
        .items
        .iter()
        .map(|object| (object.name().to_owned(), String::new()));
    Some(names.collect())
}
