//! `helm search repo`: charts in the indexes of the repositories that have names.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use skein_helm::Warning;
use skein_registry::ChartVersion;
use skein_semver::{Constraint, Version};

use super::print::{self, Format};
use super::repositories;
use super::settings::Settings;
use crate::output::Output;

/// Matches that are further from the beginning count no more.
const MAX_SCORE: usize = 25;
/// Stands between the parts of the text that is searched.
const SEPARATOR: char = '\u{b}';

/// `helm search`.
#[derive(Args, Clone, Debug)]
pub struct SearchArguments {
    #[command(subcommand)]
    command: SearchCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum SearchCommand {
    /// Search the repositories that have names
    Repo(RepoArguments),
    /// Refused: no hub is asked
    #[command(hide = true)]
    Hub {
        /// What to search for, and flags of helm
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
}

#[derive(Args, Clone, Debug)]
struct RepoArguments {
    /// What to search for; everything when left out
    words: Vec<String>,
    /// The words are a regular expression
    #[arg(short, long)]
    regexp: bool,
    /// Every version on a line of its own
    #[arg(short = 'l', long)]
    versions: bool,
    /// Versions that are no releases too
    #[arg(long)]
    devel: bool,
    /// Range of versions
    #[arg(long, default_value = "", hide_default_value = true)]
    version: String,
    /// Widest column, in characters
    #[arg(long, default_value_t = 50)]
    max_col_width: usize,
    /// Fail when nothing is found
    #[arg(long)]
    fail_on_no_result: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
}

/// A chart that was found.
#[derive(Serialize)]
struct Found {
    name: String,
    version: String,
    app_version: String,
    description: String,
}

/// Runs `helm search`.
pub(super) fn run(
    arguments: &SearchArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let arguments = match &arguments.command {
        SearchCommand::Repo(arguments) => arguments,
        SearchCommand::Hub { words } => bail!(
            "search hub {}: hubs are not asked: search https://artifacthub.io, or add the repository with 'helm repo add' and use 'helm search repo'",
            words.join(" ")
        ),
    };
    let charts = charts(settings, output)?;
    let found = in_range(matches(charts, arguments)?, arguments)?;
    if found.is_empty() && arguments.fail_on_no_result {
        bail!("no results found");
    }
    let text = print::list(&found, arguments.output, || {
        if found.is_empty() {
            return "No results found\n".to_owned();
        }
        let headings = ["NAME", "CHART VERSION", "APP VERSION", "DESCRIPTION"];
        let mut rows = vec![headings.map(str::to_owned).to_vec()];
        rows.extend(found.iter().map(|found| {
            vec![
                found.name.clone(),
                found.version.clone(),
                found.app_version.clone(),
                found.description.clone(),
            ]
        }));
        print::table(&rows, arguments.max_col_width)
    })?;
    Ok(output.print(&text)?)
}

/// All versions of all charts, by name and version.
fn charts(
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<BTreeMap<(String, String), (String, ChartVersion)>> {
    let repositories = repositories::load(settings).unwrap_or_default();
    if repositories.is_empty() {
        bail!("no repositories configured");
    }
    let mut charts = BTreeMap::new();
    for repository in &repositories {
        let index = match repository.cached_index(settings, output) {
            Ok(index) => index,
            Err(error) => {
                let line = Warning::warn("repo is corrupt or missing");
                let line = line.with("repo", &repository.name);
                output.note_line(&line.with("error", format!("{error:#}")).to_string())?;
                continue;
            }
        };
        for (name, versions) in index.entries.into_iter().flatten() {
            let name = format!("{}/{name}", repository.name);
            for version in versions.into_iter().flatten() {
                let text = text_of(&repository.name, &version);
                let key = (name.clone(), version.metadata.version.clone());
                charts.insert(key, (text, version));
            }
        }
    }
    Ok(charts)
}

/// What is searched of a version.
fn text_of(repository: &str, version: &ChartVersion) -> String {
    let metadata = &version.metadata;
    let parts = [
        metadata.name.clone(),
        format!("{repository}/{}", metadata.name),
        metadata.description.clone(),
        metadata.keywords.join(" "),
    ];
    parts.join(&SEPARATOR.to_string())
}

/// The versions that fit the words, the best first.
fn matches(
    charts: BTreeMap<(String, String), (String, ChartVersion)>,
    arguments: &RepoArguments,
) -> anyhow::Result<Vec<(String, ChartVersion)>> {
    let words = arguments.words.join(" ");
    let lower = words.to_lowercase();
    let pattern = if arguments.regexp && !words.is_empty() {
        Some(skein_gowords::regex(&words).map_err(|error| anyhow!(error))?)
    } else {
        None
    };
    let score = |text: &str| -> Option<usize> {
        if arguments.words.is_empty() {
            return Some(0);
        }
        let lowered;
        let (text, at) = match &pattern {
            Some(pattern) => (text, pattern.find(text)?.start()),
            None => {
                lowered = text.to_lowercase();
                let at = lowered.find(&lower)?;
                (lowered.as_str(), at)
            }
        };
        let part = text[..at].matches(SEPARATOR).count();
        (part < MAX_SCORE).then_some(part)
    };
    let mut scored: Vec<(usize, String, ChartVersion)> = charts
        .into_iter()
        .filter_map(|((name, _), (text, version))| Some((score(&text)?, name, version)))
        .collect();
    scored.sort_by(|left, right| {
        let number = |found: &ChartVersion| Version::parse(&found.metadata.version).ok();
        let by_name = (left.0, &left.1).cmp(&(right.0, &right.1));
        by_name.then_with(|| match (number(&left.2), number(&right.2)) {
            (Some(left), Some(right)) => right.precedence(&left),
            (left, right) => Reverse(left.is_some()).cmp(&Reverse(right.is_some())),
        })
    });
    Ok(scored
        .into_iter()
        .map(|(_, name, version)| (name, version))
        .collect())
}

/// Those in the range that was asked for; of each chart one, unless all are wanted.
fn in_range(
    found: Vec<(String, ChartVersion)>,
    arguments: &RepoArguments,
) -> anyhow::Result<Vec<Found>> {
    let range = match (arguments.version.as_str(), arguments.devel) {
        ("", true) => ">0.0.0-0",
        ("", false) => ">0.0.0",
        (range, _) => range,
    };
    let range = Constraint::parse(range)
        .map_err(|error| anyhow!("an invalid version/constraint format: {error}"))?;
    let mut seen = HashSet::new();
    let mut kept = vec![];
    for (name, version) in found {
        let metadata = version.metadata;
        let fits = Version::parse(&metadata.version).is_ok_and(|number| range.check(&number));
        if fits && (seen.insert(name.clone()) || arguments.versions) {
            kept.push(Found {
                name,
                version: metadata.version,
                app_version: metadata.app_version,
                description: metadata.description,
            });
        }
    }
    Ok(kept)
}
