//! Charts for `kustomize build --enable-helm`: what `helm template` prints, without a helm.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, anyhow, bail};
use skein_helm::archive::unpack;
use skein_helm::print::PrintOptions;
use skein_helm::{Chart, KubeVersion, RenderOptions, Values, chart, preflight, render, values};
use skein_kustomize::{ChartPlace, ChartPull, ChartTemplate, Charts, FileTree};

use super::connection::RemoteArguments;
use super::settings::SettingsArguments;
use super::template::template_name;
use super::world::World;
use super::{disk, fetch, pull};
use crate::late_runtime;
use crate::output::Output;

/// Name of a release when none is given: what `helm template` falls back to, `--generate-name` or not.
const DEFAULT_RELEASE: &str = "release-name";
/// Namespace of a release when none is given.
const DEFAULT_NAMESPACE: &str = "default";

/// Our Helm for kustomizations on the disk, whose paths count from its root. Its methods block.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskCharts {
    /// `--helm-api-versions`, for charts that name none.
    pub api_versions: Vec<String>,
    /// `--helm-kube-version`, for charts that name none.
    pub kube_version: String,
}

impl Charts for DiskCharts {
    fn pull(&self, chart: &ChartPull) -> Result<FileTree, String> {
        self.fetch(chart).map_err(|error| format!("{error:#}"))
    }

    fn template(&self, chart: &ChartTemplate) -> Result<Vec<u8>, String> {
        self.render(chart)
            .map(String::into_bytes)
            .map_err(|error| format!("{error:#}"))
    }
}

impl DiskCharts {
    /// Pulls as `helm pull --untar` does: the files are left where kustomize leaves them.
    fn fetch(&self, wanted: &ChartPull) -> anyhow::Result<FileTree> {
        let repository = wanted.repository.trim_end_matches('/');
        let is_registry = repository.starts_with(fetch::OCI_SCHEME);
        let reference = if is_registry {
            format!("{repository}/{}", wanted.name)
        } else {
            wanted.name.clone()
        };
        let remote = RemoteArguments {
            version: wanted.version.clone(),
            repo: (!is_registry).then(|| wanted.repository.clone()),
            ..RemoteArguments::default()
        };
        let version = remote.version_or_devel(wanted.devel);
        let settings = SettingsArguments::default().settings();
        let mut output = Output::new(io::sink(), io::sink());
        let pulled = fetch::fetch(&reference, &version, &remote, &settings, &mut output);
        let package = late_runtime::handle()?.block_on(pulled)?;
        let folder = wanted.directory.as_deref().map(|d| Path::new("/").join(d));
        if let Some(folder) = folder.as_deref().and_then(Path::parent) {
            fs::create_dir_all(folder).with_context(|| format!("mkdir {}", folder.display()))?;
            pull::expand(folder, &package.bytes)?;
        }
        let mut files = FileTree::new();
        for file in unpack(&package.bytes)? {
            files.insert(&file.name, file.data)?;
        }
        Ok(files)
    }

    fn render(&self, wanted: &ChartTemplate) -> anyhow::Result<String> {
        let chart = load(&wanted.chart)?;
        let name = release_name(wanted)?;
        preflight::check_chart(&chart)?;
        preflight::check_release_name(&name).map_err(preflight::PreflightError::Name)?;
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
