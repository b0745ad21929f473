//! `helm show`: what is in a chart, as it is written.

use anyhow::Context;
use clap::{Args, ValueEnum};
use skein_helm::Chart;

use super::chart_path;
use super::connection::RemoteArguments;
use super::settings::Settings;
use crate::output::Output;

/// Names under which a readme is looked for, in any case.
const README_NAMES: [&str; 3] = ["readme.md", "readme.txt", "readme"];

/// What to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    All,
    Chart,
    Values,
    Readme,
    Crds,
}

/// `helm show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArguments {
    /// What to show
    part: Part,
    /// The chart: a folder, an archive, repository/name, an address, or oci://...
    chart: String,
    #[command(flatten)]
    remote: RemoteArguments,
    /// Take versions that are no releases too
    #[arg(long)]
    devel: bool,
}

/// Runs `helm show`.
pub(super) async fn run(
    arguments: &ShowArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (name, remote) = (&arguments.chart, &arguments.remote);
    let version = remote.version_or_devel(arguments.devel);
    let located = chart_path::locate(name, &version, remote, settings, output).await?;
    let chart = located.load()?;
    output.print(&text(&chart, arguments.part)?)?;
    Ok(())
}

fn text(chart: &Chart, part: Part) -> anyhow::Result<String> {
    let mut out = String::new();
    let is = |wanted: Part| part == wanted || part == Part::All;
    let begin = |out: &mut String| {
        if part == Part::All {
            out.push_str("---\n");
        }
    };
    if is(Part::Chart) {
        let metadata =
            serde_json::to_value(&chart.metadata).context("cannot write the metadata")?;
        out.push_str(&skein_yaml::to_string(&metadata));
        out.push('\n');
    }
    if is(Part::Values) && chart.values.is_some() {
        begin(&mut out);
        for file in chart.raw.iter().filter(|file| file.name == "values.yaml") {
            push_lines(&mut out, &file.data);
        }
    }
    if is(Part::Readme) {
        let is_readme = |name: &str| {
            README_NAMES
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
        };
        if let Some(readme) = chart.files.iter().find(|file| is_readme(&file.name)) {
            begin(&mut out);
            push_lines(&mut out, &readme.data);
        }
    }
    if is(Part::Crds) {
        for crd in chart.custom_resources() {
            if !crd.data.starts_with(b"---") {
                out.push_str("---\n");
            }
            push_lines(&mut out, &crd.data);
        }
    }
    Ok(out)
}

fn push_lines(out: &mut String, data: &[u8]) {
    out.push_str(&String::from_utf8_lossy(data));
    out.push('\n');
}
