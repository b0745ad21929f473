//! `build`: what a Kustomization makes of local files, and what a HelmRelease renders to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use serde_json::Value;
use skein_api::FluxKind;
use skein_api::kustomization::KUSTOMIZE_GROUP;
use skein_artifact::{IgnoreRules, PatternList};
use skein_object::{GroupVersionKind, Object};
use skein_render::{Request, Variables, clean_variable, render};

use crate::arguments::{ClusterArguments, Session};
use crate::artifact::{self, BuildArtifact};
use crate::files;
use crate::helm_release::{self, BuildHelmRelease};
use crate::objects;
use crate::output::Output;

/// Deepest nesting of Kustomizations with `--recursive`.
const MAX_NESTING_LEVELS: usize = 32;

/// `build`.
#[derive(Args, Clone, Debug)]
pub struct BuildArguments {
    #[command(subcommand)]
    what: BuildWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum BuildWhat {
    /// Print the objects that a Kustomization makes of local files
    #[command(visible_alias = "ks")]
    Kustomization(Box<BuildKustomization>),
    /// Print the objects that a HelmRelease renders to
    #[command(name = "helmrelease", visible_alias = "hr")]
    HelmRelease(Box<BuildHelmRelease>),
    /// Pack a folder as an artifact
    Artifact(Box<BuildArtifact>),
}

/// Where the files and the Kustomization are.
#[derive(Args, Clone, Debug)]
struct BuildKustomization {
    /// Name of the Kustomization
    name: Option<String>,
    #[command(flatten)]
    options: BuildFlags,
    /// Do without a cluster; variables of ConfigMaps and Secrets are left as they are
    #[arg(long)]
    dry_run: bool,
}

/// Flags that `build` and `diff` share.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct BuildFlags {
    /// Directory of the manifests
    #[arg(long, default_value = "", hide_default_value = true, value_parser = any_path)]
    pub path: PathBuf,
    /// File with the Kustomization
    #[arg(long)]
    pub kustomization_file: Option<PathBuf>,
    /// Files to leave out, as lines of a .gitignore
    #[arg(long, value_delimiter = ',')]
    pub ignore_paths: Vec<String>,
    /// Fail when a variable has neither value nor default
    #[arg(long)]
    pub strict_substitute: bool,
    /// Build the Kustomizations among the objects too
    #[arg(short, long)]
    pub recursive: bool,
    /// Where the files of other sources are: Kind/namespace/name=path
    #[arg(long, value_delimiter = ',', value_parser = local_source)]
    pub local_sources: Vec<(String, PathBuf)>,
    /// Accepted for compatibility; builds are always made in memory
    #[arg(long)]
    pub in_memory_build: bool,
}

/// A path that may be empty, which is told later.
#[expect(
    clippy::unnecessary_wraps,
    reason = "what a parser of values looks like"
)]
fn any_path(text: &str) -> Result<PathBuf, std::convert::Infallible> {
    Ok(PathBuf::from(text))
}

pub(crate) fn local_source(text: &str) -> Result<(String, PathBuf), String> {
    let (source, path) = text
        .split_once('=')
        .ok_or("expected Kind/namespace/name=path")?;
    Ok((source.to_owned(), PathBuf::from(path)))
}

/// What to build, without a cluster.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Directory of the manifests.
    pub path: PathBuf,
    /// Patterns of files to leave out.
    pub ignore_paths: Vec<String>,
    /// Whether a variable without value and default is an error.
    pub strict_substitute: bool,
    /// Variables of ConfigMaps and Secrets.
    pub variables: BTreeMap<String, String>,
}

/// Builds a Kustomization object from local files and returns the objects as people see them: with owner labels, and what is
/// encrypted masked.
pub fn build_kustomization(
    kustomization: &Object,
    options: &BuildOptions,
) -> anyhow::Result<Vec<Object>> {
    let text_list = |field: &str| -> Vec<String> {
        let list = kustomization.at(&["spec", field]).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let local = files::read(&options.path, &text_list("components"))?;
    let mut spec = kustomization.at(&["spec"]).cloned().unwrap_or_default();
    if !spec.is_object() {
        bail!("{} has no spec", kustomization.key());
    }
    spec["path"] = local.directory.clone().into();
    let rules = ignore_rules(&local, &options.ignore_paths);
    let ignored = rules
        .as_ref()
        .map(|rules| move |path: &str| rules.excludes(path, false));
    let request = Request {
        tree: local.tree.clone(),
        spec: &spec,
        variables: Variables::from_iter(options.variables.clone()),
        strict: options.strict_substitute,
        decryptor: None,
        remote: None,
        ignored: ignored
            .as_ref()
            .map(|ignored| ignored as &dyn Fn(&str) -> bool),
    };
    let rendered = render(request)?;
    Ok(rendered.for_display(kustomization))
}

/// The `.sourceignore` files below the directory and the patterns of the command line; `None` when there are no patterns.
fn ignore_rules(local: &files::LocalFiles, patterns: &[String]) -> Option<IgnoreRules> {
    let mut list = PatternList::default();
    for (path, content) in local.tree.files_below(&local.directory) {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == ".sourceignore" {
            list.add_text(&String::from_utf8_lossy(content), directory);
        }
    }
    list.add_text(&patterns.join("\n"), &local.directory);
    (!list.is_empty()).then(|| IgnoreRules::new(list))
}

/// Runs `build`.
pub(crate) async fn run(arguments: BuildArguments, output: &mut Output) -> anyhow::Result<()> {
    match &arguments.what {
        BuildWhat::Kustomization(build) => kustomization(build, &arguments.cluster, output).await,
        BuildWhat::HelmRelease(build) => {
            helm_release::build(build, &arguments.cluster, output).await
        }
        BuildWhat::Artifact(build) => artifact::build(build, output),
    }
}

async fn kustomization(
    build: &BuildKustomization,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    let Some(name) = &build.name else {
        bail!("kustomization name is required")
    };
    check_paths(&build.options)?;
    if build.dry_run && build.options.kustomization_file.is_none() {
        bail!("dry-run mode requires a kustomization file");
    }
    let session = if build.dry_run {
        None
    } else {
        Some(cluster.connect().await?)
    };
    let namespace = session
        .as_ref()
        .map_or_else(|| cluster.plain_namespace(), |s| s.namespace.clone());
    let kustomization = resolve(session.as_ref(), name, &namespace, &build.options, false).await?;
    let builder = Builder {
        session: session.as_ref(),
        flags: &build.options,
    };
    let objects = builder
        .build(&kustomization, &build.options.path, 0)
        .await?;
    output.print(&documents(&objects))?;
    Ok(())
}

/// Objects as one YAML text.
pub(crate) fn documents(objects: &[Object]) -> String {
    let mut out = String::new();
    for object in objects {
        out.push_str(&skein_yaml::to_string(&object.to_value()));
        out.push_str("---\n");
    }
    out
}

/// Refuses paths that lead nowhere.
pub(crate) fn check_paths(flags: &BuildFlags) -> anyhow::Result<()> {
    if flags.path.as_os_str().is_empty() {
        bail!("invalid resource path \"\"");
    }
    if !flags.path.is_dir() {
        let path = std::path::absolute(&flags.path)?;
        bail!("invalid resource path {:?}", path.display().to_string());
    }
    if let Some(file) = flags
        .kustomization_file
        .as_ref()
        .filter(|file| !file.is_file())
    {
        bail!(
            "invalid kustomization file {:?}",
            file.display().to_string()
        );
    }
    Ok(())
}

/// The Kustomization: of the file, with the status of the one in the cluster; else the one in the cluster.
pub(crate) async fn resolve(
    session: Option<&Session>,
    name: &str,
    namespace: &str,
    flags: &BuildFlags,
    may_be_absent: bool,
) -> anyhow::Result<Object> {
    let live = match session {
        Some(session) => {
            let resource = objects::resource_of(session, FluxKind::Kustomization).await?;
            session.cluster.get(&resource, namespace, name).await?
        }
        None => None,
    };
    if session.is_some() && live.is_none() && !may_be_absent {
        bail!(
            "failed to get kustomization object: kustomizations.{KUSTOMIZE_GROUP} \"{name}\" not found"
        );
    }
    let Some(file) = &flags.kustomization_file else {
        return live
            .context("there is no kustomization object; name a file with --kustomization-file");
    };
    let mut local =
        from_file(file, name, namespace).context("failed to get kustomization object")?;
    if let Some(status) = live.as_ref().and_then(|live| live.at(&["status"])) {
        local.set(&["status"], status.clone());
    }
    Ok(local)
}

/// The Kustomization of that name in a file with several documents.
fn from_file(file: &Path, name: &str, namespace: &str) -> anyhow::Result<Object> {
    let shown = file.display();
    let content = std::fs::read(file)
        .with_context(|| format!("failed to read kustomization file {shown}"))?;
    let documents = skein_yaml::documents(&content)
        .with_context(|| format!("failed to unmarshall kustomization file {shown}"))?;
    for document in documents {
        let Ok(object) = Object::from_value(document.value) else {
            continue;
        };
        let gvk = object.gvk();
        let is_meant = gvk.group == KUSTOMIZE_GROUP
            && gvk.kind == "Kustomization"
            && object.name() == name
            && (object.namespace() == namespace || object.namespace().is_empty());
        if is_meant {
            return Ok(object);
        }
    }
    bail!(
        "failed find kustomization with name '{name}' and namespace '{namespace}' in file '{shown}'"
    )
}

/// Builds Kustomizations, nested ones too.
pub(crate) struct Builder<'a> {
    /// Where variables come from; `None` leaves them out.
    pub session: Option<&'a Session>,
    /// How to build.
    pub flags: &'a BuildFlags,
}

impl Builder<'_> {
    /// The objects of a Kustomization, and with `--recursive` of the Kustomizations among them.
    pub(crate) async fn build(
        &self,
        kustomization: &Object,
        path: &Path,
        depth: usize,
    ) -> anyhow::Result<Vec<Object>> {
        let mut objects = self.single(kustomization, path).await?;
        if !self.flags.recursive || depth >= MAX_NESTING_LEVELS {
            return Ok(objects);
        }
        let mut nested = Vec::new();
        for child in objects
            .iter()
            .filter(|child| is_other_kustomization(child, kustomization))
        {
            let path = self.local_path(child)?;
            nested.extend(Box::pin(self.build(child, &path, depth + 1)).await?);
        }
        objects.extend(nested);
        Ok(objects)
    }

    /// The objects of one Kustomization.
    pub(crate) async fn single(
        &self,
        kustomization: &Object,
        path: &Path,
    ) -> anyhow::Result<Vec<Object>> {
        let options = BuildOptions {
            path: path.to_path_buf(),
            ignore_paths: self.flags.ignore_paths.clone(),
            strict_substitute: self.flags.strict_substitute,
            variables: match self.session {
                Some(session) => variables_of(session, kustomization).await?,
                None => BTreeMap::new(),
            },
        };
        build_kustomization(kustomization, &options)
    }

    /// Where the files of a nested Kustomization are.
    pub(crate) fn local_path(&self, kustomization: &Object) -> anyhow::Result<PathBuf> {
        let field = |name: &str| {
            kustomization
                .str_at(&["spec", "sourceRef", name])
                .filter(|text| !text.is_empty())
        };
        let source = format!(
            "{}/{}/{}",
            field("kind").unwrap_or_default(),
            field("namespace").unwrap_or(kustomization.namespace()),
            field("name").unwrap_or_default()
        );
        let found = self
            .flags
            .local_sources
            .iter()
            .find(|(known, _)| *known == source);
        let Some((_, root)) = found else {
            bail!(
                "cannot get local path for {source} of kustomization {}",
                kustomization.name()
            );
        };
        let path = kustomization.str_at(&["spec", "path"]).unwrap_or_default();
        Ok(root.join(path.trim_start_matches('/')))
    }
}

/// Whether an object is a Kustomization other than the one that made it.
pub(crate) fn is_other_kustomization(object: &Object, maker: &Object) -> bool {
    let gvk = object.gvk();
    gvk.group == KUSTOMIZE_GROUP && gvk.kind == "Kustomization" && object.key() != maker.key()
}

/// The variables that `substituteFrom` names, later ones over earlier ones.
pub(crate) async fn variables_of(
    session: &Session,
    kustomization: &Object,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    let list = kustomization
        .at(&["spec", "postBuild", "substituteFrom"])
        .and_then(Value::as_array);
    for reference in list.into_iter().flatten() {
        let text = |field: &str| {
            reference
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (kind, name) = (text("kind"), text("name"));
        let is_optional = reference.get("optional").and_then(Value::as_bool) == Some(true);
        let resource = session
            .cluster
            .resource(&GroupVersionKind::new("", "v1", kind))
            .await?;
        let namespace = kustomization.namespace();
        let Some(object) = session.cluster.get(&resource, namespace, name).await? else {
            if is_optional {
                continue;
            }
            bail!("substitute from '{kind}/{name}' error: {kind} {name} not found");
        };
        for (key, value) in object
            .at(&["data"])
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let Some(text) = value.as_str() else { continue };
            let plain = if kind == "Secret" {
                let bytes = STANDARD.decode(text).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            } else {
                text.to_owned()
            };
            variables.insert(key.clone(), clean_variable(&plain));
        }
    }
    Ok(variables)
}

#[cfg(test)]
mod tests;
