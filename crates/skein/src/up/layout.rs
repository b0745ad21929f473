//! What a repository holds for `skein up`: which clusters, their paths and the sync objects that bootstrap wrote.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use skein_object::{GroupVersionKind, Object};

/// Largest gotk-sync.yaml that is read, in bytes.
const SYNC_FILE_MAX_BYTES: u64 = 1024 * 1024;
/// Clusters in one repository; each gets an API server of its own.
pub const CLUSTERS_MAX: usize = 64;
/// Folder of clusters.
const CLUSTERS: &str = "clusters";
/// Longest name of a cluster, in bytes.
const CLUSTER_NAME_MAX: usize = 253;
/// The cluster of a folder whose name has no letter or digit.
const NAMELESS_CLUSTER: &str = "cluster";
/// Name and namespace of the sync objects, as bootstrap names them.
pub const FLUX_SYSTEM: &str = "flux-system";

/// One cluster of the repository.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterPlan {
    /// Name of the cluster.
    pub name: String,
    /// Folder that the cluster reconciles, relative to the repository's root; empty for the root.
    pub path: String,
    /// Objects of `flux-system/gotk-sync.yaml`; empty when the folder has none.
    pub sync: Vec<Object>,
}

/// What the repository holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The clusters, in name order.
    pub clusters: Vec<ClusterPlan>,
    /// What the user should know about folders of clusters.
    pub notes: Vec<String>,
}

impl Layout {
    /// Looks for `clusters/<name>` folders; without any, the one folder `path` is one cluster.
    pub fn read(root: &Path, path: &str) -> Result<Self> {
        let mut layout = Self::default();
        if path.is_empty() {
            for (name, folder) in folders(&root.join(CLUSTERS))? {
                layout.add(root, &name, &folder)?;
            }
        }
        let Self { clusters, notes } = &mut layout;
        if clusters.len() > CLUSTERS_MAX {
            bail!(
                "{} has {} clusters; `skein up` runs at most {CLUSTERS_MAX}",
                root.join(CLUSTERS).display(),
                clusters.len()
            );
        }
        if clusters.is_empty() && !notes.is_empty() {
            bail!("no folder can be run as a cluster: {}", notes.join("; "));
        }
        if clusters.is_empty() {
            let path = inside(root, path)?;
            let folder = root.join(&path);
            clusters.push(ClusterPlan {
                name: cluster_name(&folder).unwrap_or_else(|| NAMELESS_CLUSTER.into()),
                sync: read_sync(&folder)?,
                path,
            });
        }
        Ok(layout)
    }

    /// Adds a folder below `clusters`, or a note when it cannot be run.
    fn add(&mut self, root: &Path, folder_name: &str, folder: &Path) -> Result<()> {
        let path = format!("{CLUSTERS}/{folder_name}");
        if let Err(error) = inside(root, &path) {
            self.notes.push(format!("{path} is left out: {error}"));
            return Ok(());
        }
        let name = match is_cluster_name(folder_name) {
            true => Some(folder_name.to_owned()),
            false => cluster_name(folder).filter(|name| is_cluster_name(name)),
        };
        let Some(name) = name else {
            self.notes.push(format!(
                "{path} is left out: no name of a cluster can be made of it; rename the folder"
            ));
            return Ok(());
        };
        if self.clusters.iter().any(|cluster| cluster.name == name) {
            self.notes.push(format!(
                "{path} is left out: there is another cluster {name}; rename the folder"
            ));
            return Ok(());
        }
        if name != folder_name {
            self.notes.push(format!("{path} is the cluster {name}"));
        }
        self.clusters.push(ClusterPlan {
            sync: read_sync(folder)?,
            path,
            name,
        });
        Ok(())
    }

    /// A hub and its spokes: a folder `hub` with manifests is the hub, else the first cluster is. Its sync objects may be missing:
    /// templates of repositories leave them to bootstrap.
    pub fn with_hub(mut self, root: &Path) -> Result<Self> {
        let folder = root.join("hub");
        let is_known = self.clusters.iter().any(|cluster| cluster.path == "hub");
        if holds_manifests(&folder)? && !is_known {
            let hub = ClusterPlan {
                name: "hub".into(),
                path: "hub".into(),
                sync: read_sync(&folder)?,
            };
            self.clusters.insert(0, hub);
        }
        Ok(self)
    }

    /// Addresses of all Git sources that the sync objects name.
    pub fn sync_urls(&self) -> BTreeSet<String> {
        self.clusters
            .iter()
            .flat_map(|cluster| &cluster.sync)
            .filter(|object| object.kind() == "GitRepository")
            .filter_map(|object| object.str_at(&["spec", "url"]))
            .map(str::to_owned)
            .collect()
    }

    /// Branches that the sync objects follow.
    pub fn sync_branches(&self) -> BTreeSet<String> {
        self.clusters
            .iter()
            .flat_map(|cluster| &cluster.sync)
            .filter(|object| object.kind() == "GitRepository")
            .filter_map(|object| object.str_at(&["spec", "ref", "branch"]))
            .map(str::to_owned)
            .collect()
    }
}

impl ClusterPlan {
    /// The objects that start the cluster: those of gotk-sync.yaml, or a source and a Kustomization made for the folder.
    pub fn sync_objects(&self, url: &str, branch: &str) -> Vec<Object> {
        if !self.sync.is_empty() {
            return self.sync.clone();
        }
        let source = GroupVersionKind::new("source.toolkit.fluxcd.io", "v1", "GitRepository");
        let mut repository = Object::new(&source, FLUX_SYSTEM, FLUX_SYSTEM);
        repository.set(
            &["spec"],
            json!({"interval": "1m", "url": url, "ref": {"branch": branch}}),
        );
        let applier = GroupVersionKind::new("kustomize.toolkit.fluxcd.io", "v1", "Kustomization");
        let mut kustomization = Object::new(&applier, FLUX_SYSTEM, FLUX_SYSTEM);
        kustomization.set(
            &["spec"],
            json!({
                "interval": "10m", "prune": true, "path": format!("./{}", self.path),
                "sourceRef": {"kind": "GitRepository", "name": FLUX_SYSTEM},
            }),
        );
        vec![repository, kustomization]
    }
}

/// A folder of the repository as a path from its root, with symbolic links followed: artifacts hold none.
fn inside(root: &Path, path: &str) -> Result<String> {
    if Path::new(path).is_absolute() {
        bail!("{path} is absolute; name a folder by its path from the root of the repository");
    }
    let folder = root.join(path);
    let (Ok(root), Ok(real)) = (root.canonicalize(), folder.canonicalize()) else {
        bail!("{} is not a folder of the repository", folder.display());
    };
    if !real.is_dir() {
        bail!("{} is not a folder of the repository", folder.display());
    }
    let Ok(relative) = real.strip_prefix(&root) else {
        bail!(
            "{path} leads out of the repository, to {}; name a folder below {}",
            real.display(),
            root.display()
        );
    };
    match relative.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => bail!("{} is no UTF-8 text; rename the folder", relative.display()),
    }
}

/// Whether the hub and the kubeconfig files take a name as it is.
fn is_cluster_name(name: &str) -> bool {
    (1..=CLUSTER_NAME_MAX).contains(&name.len())
        && !name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control())
}

/// The name of a cluster that fits a folder, if its name has any letter or digit.
fn cluster_name(path: &Path) -> Option<String> {
    let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = absolute.file_name()?.to_string_lossy().to_lowercase();
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

/// Sub-folders in name order, hidden ones left out; none when the folder does not exist.
fn folders(parent: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    if !parent.is_dir() {
        return Ok(found);
    }
    let entries = fs::read_dir(parent).with_context(|| format!("reading {}", parent.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("reading {}", parent.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a folder itself, or its `flux-system`, holds YAML files.
fn holds_manifests(folder: &Path) -> Result<bool> {
    for folder in [folder.to_owned(), folder.join(FLUX_SYSTEM)] {
        if !folder.is_dir() {
            continue;
        }
        let reading = || format!("reading {}", folder.display());
        for entry in fs::read_dir(&folder).with_context(reading)? {
            let path = entry.with_context(reading)?.path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            if matches!(ending, Some("yaml" | "yml")) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn read_sync(cluster: &Path) -> Result<Vec<Object>> {
    let file = cluster.join(FLUX_SYSTEM).join("gotk-sync.yaml");
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let reading = || format!("reading {}", file.display());
    if fs::metadata(&file).with_context(reading)?.len() > SYNC_FILE_MAX_BYTES {
        bail!(
            "{} is larger than {SYNC_FILE_MAX_BYTES} bytes",
            file.display()
        );
    }
    let text = fs::read(&file).with_context(reading)?;
    let documents = skein_yaml::documents(&text).with_context(reading)?;
    documents
        .into_iter()
        .filter(|document| !document.value.is_null())
        .map(|document| Object::from_value(document.value).with_context(reading))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let file = root.join(path);
        fs::create_dir_all(file.parent().expect("has a parent")).unwrap();
        fs::write(file, text).unwrap();
    }

    const SYNC: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n\
        metadata: {name: flux-system, namespace: flux-system}\n\
        spec: {url: 'ssh://git@example.com/fleet', interval: 1m, ref: {branch: trunk}}\n---\n";

    #[test]
    fn clusters_by_folder() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "clusters/b/flux-system/gotk-sync.yaml", SYNC);
        write(root.path(), "clusters/a/x.yaml", "");
        let layout = Layout::read(root.path(), "").unwrap();
        let names: Vec<_> = layout.clusters.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(
            layout.sync_urls().into_iter().collect::<Vec<_>>(),
            ["ssh://git@example.com/fleet"]
        );
        assert_eq!(
            layout.sync_branches().into_iter().collect::<Vec<_>>(),
            ["trunk"]
        );
        let made = layout.clusters[0].sync_objects("http://127.0.0.1:1/x.git", "main");
        assert_eq!(made[1].str_at(&["spec", "path"]), Some("./clusters/a"));
        assert_eq!(layout.clusters[1].sync_objects("unused", "main").len(), 1);
    }

    #[test]
    fn one_cluster_without_clusters_folder() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "deploy/Prod_1/x.yaml", "");
        let layout = Layout::read(root.path(), "deploy/Prod_1").unwrap();
        assert_eq!(layout.clusters[0].name, "prod-1");
        assert_eq!(layout.clusters[0].path, "deploy/Prod_1");
        assert!(Layout::read(root.path(), "missing").is_err());
    }

    #[test]
    fn a_path_stays_in_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("fleet");
        write(&root, "deploy/production/x.yaml", "");
        std::os::unix::fs::symlink(folder.path(), root.join("out")).unwrap();
        std::os::unix::fs::symlink("deploy/production", root.join("current")).unwrap();
        for (path, why) in [
            ("..", "leads out of the repository"),
            ("../..", "leads out of the repository"),
            ("deploy/../../fleet/../..", "leads out of the repository"),
            ("out", "leads out of the repository"),
            ("out/fleet/missing", "is not a folder"),
            (root.join("deploy").to_str().unwrap(), "is absolute"),
            ("deploy/production/x.yaml", "is not a folder"),
        ] {
            let error = Layout::read(&root, path).unwrap_err().to_string();
            assert!(error.contains(why), "{path}: {error}");
        }
        for path in ["current", "deploy/../current/", "./deploy/production"] {
            let cluster = Layout::read(&root, path).unwrap().clusters.remove(0);
            assert_eq!(cluster.path, "deploy/production", "{path}");
            assert_eq!(cluster.name, "production");
        }
        let whole = Layout::read(&root, ".").unwrap().clusters.remove(0);
        assert_eq!((whole.name.as_str(), whole.path.as_str()), ("fleet", ""));
    }

    #[test]
    fn an_odd_folder_stops_no_other_cluster() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("fleet");
        for name in ["a", "b c", "b-c", " ", "Prod_1"] {
            write(&root, &format!("clusters/{name}/x.yaml"), "");
        }
        std::os::unix::fs::symlink(folder.path(), root.join("clusters/out")).unwrap();
        let layout = Layout::read(&root, "").unwrap();
        let clusters: Vec<_> = layout.clusters.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(clusters, ["Prod_1", "a", "b-c"]);
        let told = |start: &str| layout.notes.iter().any(|note| note.starts_with(start));
        for start in [
            "clusters/  is left out: no name",
            "clusters/b c is the cluster b-c",
            "clusters/b-c is left out: there is another",
            "clusters/out is left out: clusters/out leads out",
        ] {
            assert!(told(start), "{start}: {:?}", layout.notes);
        }
        fs::remove_dir_all(root.join("clusters")).unwrap();
        write(&root, "clusters/ /x.yaml", "");
        assert!(Layout::read(&root, "").is_err(), "nothing is left to run");
    }

    #[test]
    fn a_hub_folder_is_the_hub() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "hub/flux-system/gotk-sync.yaml", SYNC);
        write(root.path(), "clusters/a/x.yaml", "");
        let layout = Layout::read(root.path(), "")
            .unwrap()
            .with_hub(root.path())
            .unwrap();
        assert_eq!(layout.clusters[0].name, "hub");
        assert_eq!(layout.clusters[1].name, "a");
        // A template whose sync objects bootstrap would write.
        write(root.path(), "hub/flux-system/gotk-sync.yaml", "# later\n");
        let layout = Layout::read(root.path(), "").unwrap();
        let layout = layout.with_hub(root.path()).unwrap();
        assert_eq!(layout.clusters[0].path, "hub");
        assert_eq!(
            layout.clusters[0]
                .sync_objects("http://x/x.git", "main")
                .len(),
            2
        );
    }
}
