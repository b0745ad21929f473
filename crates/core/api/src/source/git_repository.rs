//! GitRepository: a commit of a Git repository, as an archive.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::SOURCE_GROUP;
use crate::artifact::Artifact;
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::LocalObjectReference;
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};

/// A GitRepository object.
pub type GitRepository = Resource<GitRepositorySpec>;

/// Which commit of which repository to fetch, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!has(self.serviceAccountName) || (has(self.provider) && (self.provider == 'azure' || self.provider == 'aws'))",
    "message": "serviceAccountName can only be set when provider is 'azure' or 'aws'",
}]))]
pub struct GitRepositorySpec {
    /// Address of the repository: `http`, `https` or `ssh`.
    #[schemars(regex(pattern = r"^(http|https|ssh)://.*$"))]
    pub url: String,
    /// How often to look for changes.
    #[schemars(schema_with = "shape::duration")]
    pub interval: GoDuration,
    /// Time that one fetch may take.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::short_duration", extend("default" = "60s"))]
    pub timeout: Option<GoDuration>,
    /// What to check out; the branch `master` when left out.
    #[serde(default, rename = "ref", skip_serializing_if = "is_unset")]
    pub reference: Option<GitRepositoryRef>,
    /// Secret with credentials: user name and password, bearer token, SSH key with known hosts, or certificates.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// How to authenticate; `generic` when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub provider: Option<GitProvider>,
    /// ServiceAccount whose identity is used with the provider.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub service_account_name: String,
    /// Secret with address and credentials of a proxy.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// What must be signed, and by whom.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub verify: Option<GitRepositoryVerification>,
    /// Files to leave out, as lines of a `.gitignore`; replaces the built-in exclusions.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore: Option<String>,
    /// Artifacts of other GitRepository objects to copy into this one.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub include: Vec<GitRepositoryInclude>,
    /// Whether submodules are fetched too, with the same credentials.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub recurse_submodules: bool,
    /// Directories to check out; all of them when empty. Each must exist.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub sparse_checkout: Vec<String>,
    /// Stops fetching; the last artifact stays.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// What to check out; the first that is set counts, in the order commit, name, semver, tag, branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryRef {
    /// Head of this branch.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub branch: String,
    /// This tag.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub tag: String,
    /// The highest tag in this range of semantic versions.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub semver: String,
    /// This full reference, for example `refs/pull/1/head`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub name: String,
    /// This commit; with a branch only that branch is fetched.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub commit: String,
}

/// How to authenticate with a Git server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum GitProvider {
    /// With what the Secret holds.
    Generic,
    /// AWS CodeCommit.
    Aws,
    /// Azure DevOps.
    Azure,
    /// As a GitHub App.
    Github,
}

/// Verification of signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryVerification {
    /// What must be signed.
    #[serde(default)]
    #[schemars(extend("default" = "HEAD"))]
    pub mode: GitVerificationMode,
    /// Secret with the public keys of trusted signers.
    pub secret_ref: LocalObjectReference,
}

/// What must be signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GitVerificationMode {
    /// Old spelling of `HEAD`.
    #[serde(rename = "head")]
    LegacyHead,
    /// The commit that is checked out.
    #[default]
    #[serde(rename = "HEAD")]
    Head,
    /// The tag object.
    Tag,
    /// The tag object and the commit.
    #[serde(rename = "TagAndHEAD")]
    TagAndHead,
}

/// The artifact of another GitRepository, and where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryInclude {
    /// The GitRepository in the same namespace.
    pub repository: LocalObjectReference,
    /// Directory to copy from; the root when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub from_path: String,
    /// Directory to copy to; the name of the repository when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub to_path: String,
}

impl GitRepositoryInclude {
    /// Directory to copy from, with its default.
    pub fn from_path(&self) -> &str {
        if self.from_path.is_empty() {
            "."
        } else {
            &self.from_path
        }
    }

    /// Directory to copy to, with its default.
    pub fn to_path(&self) -> &str {
        if self.to_path.is_empty() {
            &self.repository.name
        } else {
            &self.to_path
        }
    }
}

/// What was fetched last, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// The last artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub artifact: Option<Artifact>,
    /// The artifacts that were copied in, in the order of `spec.include`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub included_artifacts: Vec<Artifact>,
    /// `spec.ignore` of the artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_ignore: Option<String>,
    /// `spec.recurseSubmodules` of the artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_recurse_submodules: bool,
    /// `spec.include` of the artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_include: Vec<GitRepositoryInclude>,
    /// `spec.sparseCheckout` of the artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_sparse_checkout: Vec<String>,
    /// `spec.verify.mode` of the last successful verification.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::text")]
    pub source_verification_mode: Option<GitVerificationMode>,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

crate::resource::status_conditions!(GitRepositoryStatus);

impl KindSpec for GitRepositorySpec {
    type Status = GitRepositoryStatus;
    const DEFINITION: Definition = Definition {
        group: SOURCE_GROUP,
        kind: "GitRepository",
        plural: "gitrepositories",
        short_names: &["gitrepo"],
        category: Category::Source,
        versions: &Version::only("v1"),
        columns: &[
            Column::text("URL", ".spec.url"),
            Column::AGE,
            Column::READY,
            Column::STATUS,
        ],
        status: StatusShape::Unobserved,
        description: "A commit of a Git repository, fetched and kept as an archive.",
    };
}
