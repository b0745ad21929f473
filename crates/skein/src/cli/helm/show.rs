//! `helm show`: what is in a chart, as it is written.

mod jsonpath;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use skein_helm::Chart;
use skein_template::{Integers, Options, Templates, Value, helm};

use super::chart_path;
use super::connection::RemoteArguments;
use super::settings::Settings;
use super::world::World;
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
    /// With `values`: print what this JSONPath template finds in them
    #[arg(long, default_value = "", hide_default_value = true)]
    jsonpath: String,
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
    if !arguments.jsonpath.is_empty() && arguments.part != Part::Values {
        bail!("unknown flag: --jsonpath");
    }
    let (name, remote) = (&arguments.chart, &arguments.remote);
    let version = remote.version_or_devel(arguments.devel);
    let located = chart_path::locate(name, &version, remote, settings, output).await?;
    let chart = located.load_as_v2()?;
    for warning in &chart.warnings {
        output.note_line(&warning.to_string())?;
    }
    let text = if arguments.jsonpath.is_empty() {
        text(&chart, arguments.part)?
    } else {
        found_in_values(&chart, &arguments.jsonpath)?
    };
    output.print(&text)?;
    Ok(())
}

/// What a template finds in the values. As in Helm nothing is printed, and nothing said, when a part of it finds nothing.
fn found_in_values(chart: &Chart, template: &str) -> anyhow::Result<String> {
    let Some(values) = &chart.values else {
        return Ok(String::new());
    };
    let nodes =
        jsonpath::parse(template).with_context(|| format!("error parsing jsonpath {template}"))?;
    let values = serde_json::Value::Object(values.clone());
    let Ok(found) = jsonpath::find(&nodes, &values) else {
        return Ok(String::new());
    };
    let printer = Printer::new()?;
    let mut out = String::new();
    for results in found {
        let texts: anyhow::Result<Vec<String>> =
            results.iter().map(|value| printer.text(value)).collect();
        out.push_str(&texts?.join(" "));
    }
    Ok(out)
}

/// Prints values as Go does: what has parts as JSON, everything else by itself.
struct Printer(Templates);

impl Printer {
    const ALONE: &str = "alone";
    const JSON: &str = "json";

    fn new() -> anyhow::Result<Self> {
        let functions = std::sync::Arc::new(helm::functions());
        let mut templates = Templates::new(functions, Options::default());
        templates.parse(Self::ALONE, "{{ print . }}")?;
        templates.parse(Self::JSON, "{{ toJson . }}")?;
        Ok(Self(templates))
    }

    fn text(&self, value: &serde_json::Value) -> anyhow::Result<String> {
        if value.is_null() {
            return Ok("null".to_owned());
        }
        let has_parts = value.is_array() || value.is_object();
        let template = if has_parts { Self::JSON } else { Self::ALONE };
        let value = Value::from_json(value, Integers::Float64);
        Ok(self.0.execute(template, &value, &mut World)?)
    }
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
