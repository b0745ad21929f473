//! The table of components; versions come from their `go.mod`, the only place that names them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cache::{cache_folder, repository_root};

/// One binary that tests may start.
#[derive(Debug)]
pub struct Component {
    /// Name of the binary.
    pub name: &'static str,
    /// Folder below `e2e/upstream` with the `go.mod`.
    pub folder: &'static str,
    /// Go module whose required version is the version of the component.
    pub module: &'static str,
    /// Package of the `main` function, below the module.
    pub main: &'static str,
    /// Whether the Kubernetes version has to be stamped in.
    pub stamped: bool,
    /// What the published module lacks; with it the module is built as the main module, in a copy.
    pub completed: Option<Completion>,
}

/// How a module is built that cannot be built as a dependency.
#[derive(Debug)]
pub struct Completion {
    /// A file that the release embeds and the module does not hold, below the module.
    pub file: &'static str,
    /// What stands in it instead.
    pub text: &'static str,
    /// The variable of the linker that holds the version.
    pub version_variable: &'static str,
}

/// In the order in which they are built: what most tests need comes first.
pub const COMPONENTS: &[Component] = &[
    plain("etcd", "etcd", "go.etcd.io/etcd/server/v3", ""),
    kubernetes("kube-apiserver", "/cmd/kube-apiserver"),
    kubernetes("kubectl", "/cmd/kubectl"),
    kubernetes("kube-controller-manager", "/cmd/kube-controller-manager"),
    kubernetes("kube-scheduler", "/cmd/kube-scheduler"),
    plain("kwok", "kwok", "sigs.k8s.io/kwok", "/cmd/kwok"),
    plain(
        "kustomize",
        "kustomize",
        "sigs.k8s.io/kustomize/kustomize/v5",
        "",
    ),
    plain("sops", "sops", "github.com/getsops/sops/v3", "/cmd/sops"),
    plain("helm", "helm", "helm.sh/helm/v4", "/cmd/helm"),
    plain("helm3", "helm3", "helm.sh/helm/v3", "/cmd/helm"),
    plain(
        "registry",
        "registry",
        "github.com/distribution/distribution/v3",
        "/cmd/registry",
    ),
    plain(
        "kustomize-controller",
        "kustomize-controller",
        "github.com/fluxcd/kustomize-controller",
        "",
    ),
    plain(
        "helm-controller",
        "helm-controller",
        "github.com/fluxcd/helm-controller",
        "",
    ),
    // Its release embeds manifests that are generated from the releases of the controllers.
    Component {
        name: "flux",
        folder: "flux",
        module: "github.com/fluxcd/flux2/v2",
        main: "/cmd/flux",
        stamped: false,
        completed: Some(Completion {
            file: "cmd/flux/manifests/none.yaml",
            text: "# The module has no manifests.\n",
            version_variable: "main.VERSION",
        }),
    },
];

/// What a real control plane is made of, kubectl left out.
pub const CONTROL_PLANE: &[&str] = &[
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
];

const fn plain(
    name: &'static str,
    folder: &'static str,
    module: &'static str,
    main: &'static str,
) -> Component {
    Component {
        name,
        folder,
        module,
        main,
        stamped: false,
        completed: None,
    }
}

const fn kubernetes(name: &'static str, main: &'static str) -> Component {
    Component {
        name,
        folder: "kubernetes",
        module: "k8s.io/kubernetes",
        main,
        stamped: true,
        completed: None,
    }
}

impl Component {
    /// Folder of the Go module.
    pub fn source(&self) -> PathBuf {
        repository_root().join("e2e/upstream").join(self.folder)
    }

    /// The version that `go.mod` requires, without the leading `v`.
    pub fn version(&self) -> Result<String> {
        let file = self.source().join("go.mod");
        let text =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        required_version(&text, self.module)
            .with_context(|| format!("{} requires no {}", file.display(), self.module))
    }

    /// Where the binary lies, built or not.
    pub fn path(&self) -> Result<PathBuf> {
        let folder = format!("{}-{}", self.name, self.version()?);
        Ok(cache_folder()?
            .join("upstream")
            .join(folder)
            .join(self.name))
    }

    /// Linker flags; without the stamp clients see a version that they refuse.
    pub(crate) fn linker_flags(&self, version: &str) -> String {
        if let Some(completion) = &self.completed {
            return format!("-s -w -X {}={version}", completion.version_variable);
        }
        if !self.stamped {
            return "-s -w".into();
        }
        let mut numbers = version.split('.');
        let (major, minor) = (
            numbers.next().unwrap_or_default(),
            numbers.next().unwrap_or_default(),
        );
        let package = "k8s.io/component-base/version";
        format!(
            "-s -w -X {package}.gitVersion=v{version} -X {package}.gitMajor={major} \
             -X {package}.gitMinor={minor} -X {package}.gitTreeState=clean"
        )
    }
}

/// The component of this name.
pub fn find(name: &str) -> Result<&'static Component> {
    COMPONENTS
        .iter()
        .find(|component| component.name == name)
        .with_context(|| {
            let names: Vec<_> = COMPONENTS.iter().map(|component| component.name).collect();
            format!("no component {name:?}; there are {}", names.join(", "))
        })
}

/// The built binary of this name, or an error that says how to build it.
pub fn binary(name: &str) -> Result<PathBuf> {
    let path = find(name)?.path()?;
    if !is_built(&path) {
        bail!(
            "{name} is not built ({} is missing); run `cargo xtask upstream {name}`",
            path.display()
        );
    }
    Ok(path)
}

pub(crate) fn is_built(path: &Path) -> bool {
    path.is_file()
}

/// Version of `module` in the text of a `go.mod`, from a `require` line or block (replacements have `=>`).
fn required_version(text: &str, module: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("require ").unwrap_or(line);
        if line.contains("=>") {
            return None;
        }
        let version = line
            .strip_prefix(module)?
            .strip_prefix(' ')?
            .split_whitespace()
            .next()?;
        version.strip_prefix('v').map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_require_lines_and_blocks() {
        let text = "module x\n\nrequire a.b/c v1.2.3\nrequire (\n\td.e/f/v3 v3.0.1 // indirect\n)\nreplace d.e/f => d.e/f v0.1.0\n";
        assert_eq!(required_version(text, "a.b/c").as_deref(), Some("1.2.3"));
        assert_eq!(required_version(text, "d.e/f/v3").as_deref(), Some("3.0.1"));
        assert_eq!(required_version(text, "d.e/f"), None);
    }

    #[test]
    fn every_component_has_a_module_with_a_version() {
        for component in COMPONENTS {
            let version = component.version();
            assert!(version.is_ok(), "{}: {version:?}", component.name);
        }
    }

    #[test]
    fn stamp_names_the_minor_version() {
        let flags = find("kubectl").unwrap().linker_flags("1.36.3");
        assert!(flags.contains("gitMinor=36"), "{flags}");
    }
}
