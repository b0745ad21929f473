//! `helm template` in process: flags in, standard output or the error's text out.

use std::path::Path;

use skein_helm::print::PrintOptions;
use skein_helm::{Chart, KubeVersion, RenderOptions, Values, folder, preflight, values};
use skein_template::FixedEnvironment;

use crate::disk::Disk;

/// What one run was asked to do.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub release: String,
    pub flags: Vec<String>,
    pub values: Vec<String>,
}

/// Loads a chart from a folder or an archive.
pub fn load(path: &Path) -> Result<Chart, String> {
    if path.is_dir() {
        let files = folder::read(&Disk(path.to_owned())).map_err(|e| e.to_string())?;
        skein_helm::load(files).map_err(|e| e.to_string())
    } else {
        let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
        skein_helm::load_archive(&bytes).map_err(|e| e.to_string())
    }
}

pub struct Flags {
    render: RenderOptions,
    print: PrintOptions,
    values: Values,
}

/// Reads the flags.
pub fn flags(request: &Request) -> Result<Flags, String> {
    let mut render = RenderOptions {
        release_name: request.release.clone(),
        namespace: "default".to_owned(),
        revision: 1,
        ..RenderOptions::default()
    };
    let mut print = PrintOptions::default();
    let mut set = Values::new();
    for (at, text) in request.values.iter().enumerate() {
        let read = values::read_documents(text.as_bytes())
            .map_err(|problem| format!("failed to parse values-{at}.yaml: {problem}"))?;
        values::merge_over(&mut set, read);
    }
    let mut words = request.flags.iter();
    while let Some(flag) = words.next() {
        let mut value = || words.next().cloned().unwrap_or_default();
        match flag.as_str() {
            "--namespace" | "-n" => render.namespace = value(),
            "--include-crds" => print.include_crds = true,
            "--skip-tests" => print.skip_tests = true,
            "--no-hooks" => print.no_hooks = true,
            "--is-upgrade" => render.is_upgrade = true,
            "--skip-schema-validation" => render.skip_schema_validation = true,
            "--render-subchart-notes" => render.sub_notes = true,
            "--show-only" | "-s" => print.show_only.push(value()),
            "--api-versions" | "-a" => {
                let versions = value();
                let versions = versions.split(',').map(str::to_owned);
                render.extra_api_versions.extend(versions);
            }
            "--kube-version" => {
                let text = value();
                let parsed = KubeVersion::parse(&text);
                render.kube_version =
                    Some(parsed.map_err(|e| format!("invalid kube version '{text}': {e}"))?);
            }
            "--set" => values::set(&value(), &mut set)
                .map_err(|e| format!("failed parsing --set data: {e}"))?,
            "--set-string" => values::set_string(&value(), &mut set)
                .map_err(|e| format!("failed parsing --set-string data: {e}"))?,
            "--set-literal" => values::set_literal(&value(), &mut set)
                .map_err(|e| format!("failed parsing --set-literal data: {e}"))?,
            "--set-json" => {
                let text = value();
                values::set_json_or_object(&text, &mut set).map_err(|e| e.to_string())?;
            }
            other => return Err(format!("the test runner does not know {other}")),
        }
    }
    Ok(Flags {
        render,
        print,
        values: set,
    })
}

/// Renders a chart as `helm template` does.
pub fn template(path: &Path, request: &Request) -> Result<String, String> {
    let flags = flags(request)?;
    let chart = load(path)?;
    render(&chart, &flags)
}

/// Renders a loaded chart.
pub fn render(chart: &Chart, flags: &Flags) -> Result<String, String> {
    preflight::check_chart(chart).map_err(|e| e.to_string())?;
    preflight::check_release_name(&flags.render.release_name)
        .map_err(|e| preflight::PreflightError::Name(e).to_string())?;
    let mut environment = FixedEnvironment::default();
    let rendered = skein_helm::render(chart, &flags.values, &flags.render, &mut environment)
        .map_err(|error| match error.has_output() {
            true => format!("{error}\n\nUse --debug flag to render out invalid YAML"),
            false => error.to_string(),
        })?;
    rendered.print(&flags.print).map_err(|e| e.to_string())
}
