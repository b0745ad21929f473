//! ImageUpdateAutomation: writes the wanted image tags to a Git repository.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::IMAGE_GROUP;
use super::policy::ImageRef;
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::LocalObjectReference;
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};
use crate::source::git_repository::GitRepositoryRef;
use crate::time::Time;

/// An ImageUpdateAutomation object.
pub type ImageUpdateAutomation = Resource<ImageUpdateAutomationSpec>;

/// Which repository to update, from which policies, and how to commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpdateAutomationSpec {
    /// The repository to update.
    pub source_ref: AutomationSourceReference,
    /// How to check out, commit and push.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub git: Option<GitSpec>,
    /// How often to run.
    #[schemars(schema_with = "shape::duration")]
    pub interval: GoDuration,
    /// Which policies of the namespace count; all of them when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub policy_selector: Option<PolicySelector>,
    /// How long to wait after a policy changed, so that more changes fit into one commit (Flux 2.10).
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub policy_change_delay: Option<GoDuration>,
    /// Which files are updated, and how.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = {"strategy":"Setters"}))]
    pub update: UpdateStrategy,
    /// Stops updating.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// The repository to update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutomationSourceReference {
    /// API version of the source.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub api_version: String,
    /// Kind of the source.
    #[schemars(extend("default" = "GitRepository"))]
    pub kind: AutomationSourceKind,
    /// Name of the source.
    pub name: String,
    /// Namespace of the source; empty for the own one.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub namespace: String,
}

/// Kinds that can be updated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AutomationSourceKind {
    /// A GitRepository.
    #[default]
    GitRepository,
}

/// How to check out, commit and push.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitSpec {
    /// What to check out; what the source says when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub checkout: Option<GitCheckoutSpec>,
    /// How to commit.
    pub commit: CommitSpec,
    /// Where to push to; the branch of the checkout when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub push: Option<PushSpec>,
}

/// What to check out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitCheckoutSpec {
    /// The branch, tag or commit.
    #[serde(rename = "ref")]
    pub reference: GitRepositoryRef,
}

/// How to commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitSpec {
    /// Who commits.
    pub author: CommitUser,
    /// Key to sign commits with.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub signing_key: Option<SigningKey>,
    /// Template of the message.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub message_template: String,
    /// Values for the template.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub message_template_values: BTreeMap<String, String>,
}

/// Who commits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitUser {
    /// Name.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub name: String,
    /// Mail address.
    pub email: String,
}

/// Key to sign commits with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SigningKey {
    /// Kind of the key; `gpg` when left out.
    #[serde(default, rename = "type", skip_serializing_if = "is_unset")]
    pub key_type: Option<SigningKeyType>,
    /// Secret with the key and, when needed, its passphrase.
    pub secret_ref: LocalObjectReference,
}

/// Kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SigningKeyType {
    /// An OpenPGP key.
    Gpg,
    /// An SSH key.
    Ssh,
}

/// Where to push to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushSpec {
    /// Branch to push to; made when it does not exist.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub branch: String,
    /// Further reference specification to push.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub refspec: String,
    /// Push options for the server.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub options: BTreeMap<String, String>,
}

/// Which policies count, by their labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct PolicySelector {
    /// Labels that the policy must have.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub match_labels: BTreeMap<String, String>,
    /// Conditions on the labels of the policy.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("x-kubernetes-list-type"="atomic"))]
    pub match_expressions: Vec<LabelRequirement>,
}

/// A condition on a label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelRequirement {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// Values for `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("x-kubernetes-list-type"="atomic"))]
    pub values: Vec<String>,
}

/// Which files are updated, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateStrategy {
    /// How files are updated.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "Setters"))]
    pub strategy: UpdateStrategyName,
    /// Directory of the files; the root when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub path: String,
}

/// How files are updated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UpdateStrategyName {
    /// By markers in comments.
    #[default]
    Setters,
}

/// What was pushed last, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpdateAutomationStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// When the last run was.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_automation_run_time: Option<Time>,
    /// The commit that was pushed last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_push_commit: String,
    /// When it was pushed.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_push_time: Option<Time>,
    /// The policies of the last run, with their images.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_policies: BTreeMap<String, ImageRef>,
    /// Revision that the last run checked out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_source_revision: String,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

crate::resource::status_conditions!(ImageUpdateAutomationStatus);

impl KindSpec for ImageUpdateAutomationSpec {
    type Status = ImageUpdateAutomationStatus;
    const DEFINITION: Definition = Definition {
        group: IMAGE_GROUP,
        kind: "ImageUpdateAutomation",
        plural: "imageupdateautomations",
        short_names: &["iua", "imgupd", "imgauto"],
        category: Category::Image,
        versions: &Version::only("v1"),
        columns: &[
            Column::READY,
            Column::STATUS,
            Column::wide("Last run", ".status.lastAutomationRunTime"),
            Column::AGE,
        ],
        status: StatusShape::Unobserved,
        description: "Writes the wanted image tags to a Git repository.",
    };
}
