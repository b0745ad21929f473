//! Charts for `kustomize build --enable-helm`: what `helm template` prints, without a helm.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use skein_helm::print::PrintOptions;
use skein_helm::{Chart, KubeVersion, RenderOptions, Values, chart, preflight, render, values};
use skein_kustomize::{ChartPlace, ChartPull, ChartTemplate, Charts, FileTree};

use super::disk;
use super::template::template_name;
use super::world::World;

/// Name of a release when none is given: what `helm template` falls back to, `--generate-name` or not.
const DEFAULT_RELEASE: &str = "release-name";
/// Namespace of a release when none is given.
const DEFAULT_NAMESPACE: &str = "default";

/// Our Helm for kustomizations on the disk, whose paths count from its root.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskCharts {
    /// `--helm-api-versions`, for charts that name none.
    pub api_versions: Vec<String>,
    /// `--helm-kube-version`, for charts that name none.
    pub kube_version: String,
}

impl Charts for DiskCharts {
    fn pull(&self, chart: &ChartPull) -> Result<FileTree, String> {
        let place = chart.directory.as_deref().unwrap_or(&chart.name);
        Err(format!(
            "there is no chart at '/{place}': fetch it first, with `skein helm pull {} --repo {}`",
            chart.name, chart.repository
        ))
    }

    fn template(&self, chart: &ChartTemplate) -> Result<Vec<u8>, String> {
        self.render(chart)
            .map(String::into_bytes)
            .map_err(|error| format!("{error:#}"))
    }
}

impl DiskCharts {
    fn render(&self, wanted: &ChartTemplate) -> anyhow::Result<String> {
        let chart = load(&wanted.chart)?;
        let name = release_name(wanted)?;
        preflight::check_chart(&chart)?;
        preflight::check_release_name(&name)?;
        let mut all = Values::new();
        for text in &wanted.values {
            let read = values::read_documents(text);
            values::merge_over(&mut all, read.map_err(|e| anyhow!("values: {e}"))?);
        }
        let namespace = match wanted.namespace.as_str() {
            "" => DEFAULT_NAMESPACE,
            namespace => namespace,
        };
        let options = RenderOptions {
            release_name: name,
            namespace: namespace.to_owned(),
            revision: 1,
            kube_version: self.kube_version(wanted)?,
            extra_api_versions: if wanted.api_versions.is_empty() {
                self.api_versions.clone()
            } else {
                wanted.api_versions.clone()
            },
            ..RenderOptions::default()
        };
        let rendered = render(&chart, &all, &options, &mut World)?;
        Ok(rendered.print(&PrintOptions {
            include_crds: wanted.include_crds,
            no_hooks: wanted.skip_hooks,
            skip_tests: wanted.skip_tests,
            show_only: Vec::new(),
        })?)
    }

    fn kube_version(&self, wanted: &ChartTemplate) -> anyhow::Result<Option<KubeVersion>> {
        let text = match wanted.kube_version.as_str() {
            "" => self.kube_version.as_str(),
            own => own,
        };
        if text.is_empty() {
            return Ok(None);
        }
        let parsed = KubeVersion::parse(text);
        Ok(Some(parsed.with_context(|| {
            format!("invalid kube version '{text}'")
        })?))
    }
}

fn load(place: &ChartPlace) -> anyhow::Result<Chart> {
    match place {
        ChartPlace::Directory(path) => disk::load(&PathBuf::from("/").join(path)),
        ChartPlace::Files(files, directory) => {
            let below = |path: &str| {
                let path = path.strip_prefix(directory.as_str()).unwrap_or(path);
                path.trim_start_matches('/').to_owned()
            };
            let files = files.files_below(directory).into_iter();
            let files = files.map(|(path, data)| chart::File {
                name: below(path),
                data: data.into(),
                modified: None,
            });
            let name = Path::new(directory).display();
            skein_helm::load(files.collect()).with_context(|| format!("the chart {name}"))
        }
    }
}

fn release_name(wanted: &ChartTemplate) -> anyhow::Result<String> {
    match (wanted.release_name.as_str(), wanted.name_template.as_str()) {
        ("", "") => Ok(DEFAULT_RELEASE.to_owned()),
        ("", template) => template_name(template),
        (name, "") => Ok(name.to_owned()),
        _ => bail!("cannot set --name-template and also specify a name"),
    }
}
