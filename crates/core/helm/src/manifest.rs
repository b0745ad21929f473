//! Rendered files cut into manifests and hooks, in the order in which Helm installs them.

use std::collections::BTreeMap;

use crate::decode::{Decoder, GoType};
use crate::warning::Warning;
use skein_template::raw_text;

/// Kinds in the order in which they are installed; others follow by name.
const INSTALL_ORDER: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];
/// Kinds in the order in which they are uninstalled; others follow by name.
const UNINSTALL_ORDER: &[&str] = &[
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
];

/// A rank of a kind: known kinds by their place, then the others by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KindRank(usize, String);

fn rank(order: &[&str], kind: &str) -> KindRank {
    match order.iter().position(|known| *known == kind) {
        Some(place) => KindRank(place, String::new()),
        None => KindRank(order.len(), kind.to_owned()),
    }
}

/// Where a kind stands when objects are installed; sort stably by it.
pub fn install_rank(kind: &str) -> KindRank {
    rank(INSTALL_ORDER, kind)
}

/// Where a kind stands when objects are uninstalled; sort stably by it.
pub fn uninstall_rank(kind: &str) -> KindRank {
    rank(UNINSTALL_ORDER, kind)
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookEvent {
    /// Before the first install.
    PreInstall,
    /// After the first install.
    PostInstall,
    /// Before an uninstall.
    PreDelete,
    /// After an uninstall.
    PostDelete,
    /// Before an upgrade.
    PreUpgrade,
    /// After an upgrade.
    PostUpgrade,
    /// Before a rollback.
    PreRollback,
    /// After a rollback.
    PostRollback,
    /// When the release is tested.
    Test,
}

impl HookEvent {
    const ALL: [Self; 9] = [
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDelete,
        Self::PostDelete,
        Self::PreUpgrade,
        Self::PostUpgrade,
        Self::PreRollback,
        Self::PostRollback,
        Self::Test,
    ];

    /// The word in annotations and release records.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }

    /// The event of a word in an annotation; Helm 2's `test-success` is a test.
    pub fn from_text(text: &str) -> Option<Self> {
        if text == "test-success" {
            return Some(Self::Test);
        }
        Self::ALL.into_iter().find(|event| event.as_text() == text)
    }
}

/// A manifest with the annotation `helm.sh/hook`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// `metadata.name`.
    pub name: String,
    /// `kind`.
    pub kind: String,
    /// Path of the template, from the root chart's name.
    pub path: String,
    /// The document, with its trailing blanks.
    pub manifest: String,
    /// When it runs, in the order written.
    pub events: Vec<HookEvent>,
    /// Order among hooks of the same event; 0 when absent or no number.
    pub weight: i64,
    /// Lower-case words of `helm.sh/hook-delete-policy` as they are (unknown words are kept, as in Helm).
    pub delete_policies: Vec<String>,
    /// Lower-case words of `helm.sh/hook-output-log-policy`.
    pub output_log_policies: Vec<String>,
}

/// A manifest that is no hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Path of the template, from the root chart's name.
    pub path: String,
    /// The document, with its trailing blanks.
    pub content: String,
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
}

/// What rendered files come to.
#[derive(Clone, Debug, Default)]
pub struct Sorted {
    /// In install order by kind.
    pub hooks: Vec<Hook>,
    /// In install order by kind.
    pub manifests: Vec<Manifest>,
}

/// The part of an object that Helm reads.
#[derive(Default)]
struct Head {
    api_version: String,
    kind: String,
    name: String,
    annotations: BTreeMap<String, String>,
}

/// Cuts files into documents at lines that begin with `---`. What follows `---` on its line belongs to the next document.
pub fn split_documents(text: &str) -> Vec<&str> {
    let text = text.trim_start();
    let mut documents = Vec::new();
    let mut rest = text;
    let mut is_first = true;
    loop {
        let found = if is_first && rest.starts_with("---") {
            Some(0)
        } else {
            rest.find("\n---").map(|at| at + 1)
        };
        let document = &rest[..found.unwrap_or(rest.len())];
        if !document.trim().is_empty() {
            documents.push(document.trim_start());
        }
        let Some(at) = found else {
            return documents;
        };
        is_first = false;
        rest = rest[at + 3..].trim_start_matches([' ', '\t']);
    }
}

/// Sorts rendered files into hooks and manifests. Hooks with unknown events are left out with a warning. The problem names the file and reads as Helm's.
pub fn sort<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    warnings: &mut Vec<Warning>,
) -> Result<Sorted, String> {
    let mut sorted = Sorted::default();
    for (path, content) in files {
        let base = path.rsplit('/').next().unwrap_or(path);
        if base.starts_with('_') || content.trim().is_empty() {
            continue;
        }
        for document in split_documents(content) {
            let head = read_head(document)
                .map_err(|problem| format!("YAML parse error on {path}: {problem}"))?;
            file(path, document, head, (&mut sorted, warnings));
        }
    }
    sorted
        .hooks
        .sort_by_cached_key(|hook| install_rank(&hook.kind));
    sorted
        .manifests
        .sort_by_cached_key(|manifest| install_rank(&manifest.kind));
    Ok(sorted)
}

/// Puts a document where it belongs.
fn file(
    path: &str,
    document: &str,
    head: Head,
    (sorted, warnings): (&mut Sorted, &mut Vec<Warning>),
) {
    let Some(words) = head.annotations.get("helm.sh/hook") else {
        sorted.manifests.push(Manifest {
            path: path.to_owned(),
            content: document.to_owned(),
            api_version: head.api_version,
            kind: head.kind,
        });
        return;
    };
    let events: Option<Vec<HookEvent>> = words
        .split(',')
        .map(|word| HookEvent::from_text(&word.trim().to_lowercase()))
        .collect();
    let Some(events) = events else {
        let warning = Warning::info("skipping unknown hooks").with("hookTypes", words);
        warnings.push(warning);
        return;
    };
    let list = |name: &str| -> Vec<String> {
        let words = head.annotations.get(name).into_iter();
        words
            .flat_map(|words| words.split(','))
            .map(|word| word.trim().to_lowercase())
            .collect()
    };
    let weight = head.annotations.get("helm.sh/hook-weight");
    sorted.hooks.push(Hook {
        path: path.to_owned(),
        manifest: document.to_owned(),
        events,
        weight: weight.and_then(|text| text.parse().ok()).unwrap_or(0),
        delete_policies: list("helm.sh/hook-delete-policy"),
        output_log_policies: list("helm.sh/hook-output-log-policy"),
        name: head.name,
        kind: head.kind,
    });
}

const HEAD: &[&str] = &["apiVersion", "kind", "metadata"];
const METADATA: &[&str] = &["name", "annotations"];
/// How Go prints the type of `metadata`, which has no name.
const METADATA_TYPE: &str = "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";

fn read_head(document: &str) -> Result<Head, String> {
    let mut head = Head::default();
    let (mut decoder, value) = Decoder::new(&raw_text::to_bytes(document))?;
    let wanted = GoType("util.SimpleHead");
    decoder.object(
        &value,
        "SimpleHead",
        wanted,
        HEAD,
        |decoder, name, value| match name {
            "apiVersion" => decoder.text(value, "SimpleHead", &mut head.api_version),
            "kind" => decoder.text(value, "SimpleHead", &mut head.kind),
            _ => {
                let owner = if value.is_object() { "" } else { "SimpleHead" };
                let wanted = GoType(METADATA_TYPE);
                decoder.object(value, owner, wanted, METADATA, |decoder, name, value| {
                    if name == "name" {
                        decoder.text(value, "", &mut head.name);
                    } else {
                        decoder.text_map(value, "", |key, text| {
                            head.annotations.insert(key, text);
                        });
                    }
                });
            }
        },
    );
    decoder.finish()?;
    Ok(head)
}
