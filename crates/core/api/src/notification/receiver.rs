//! Receiver: a webhook that makes objects reconcile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::{NOTIFICATION_GROUP, NotificationKind};
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::LocalObjectReference;
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};

use std::collections::BTreeMap;

/// A Receiver object.
pub type Receiver = Resource<ReceiverSpec>;

/// Which calls are taken, and what they make reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.type != 'generic-oidc' || (has(self.oidcProviders) && size(self.oidcProviders) > 0)",
        "message": "generic-oidc receivers must define at least one oidcProvider",
    },
    {
        "rule": "self.type == 'generic-oidc' || !has(self.oidcProviders) || size(self.oidcProviders) == 0",
        "message": "oidcProviders can only be set when type is generic-oidc",
    },
    {
        "rule": "self.type != 'generic-oidc' || !has(self.secretRef)",
        "message": "secretRef cannot be set when type is generic-oidc",
    },
    {
        "rule": "self.type == 'generic-oidc' || has(self.secretRef)",
        "message": "secretRef is required when type is not generic-oidc",
    },
]))]
pub struct ReceiverSpec {
    /// Who calls, which says how a call is checked.
    #[serde(rename = "type")]
    pub receiver_type: ReceiverType,
    /// How often the object is checked.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration", extend("default" = "10m"))]
    pub interval: Option<GoDuration>,
    /// Events to act on, in any case; all of them when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub events: Vec<String>,
    /// Objects to reconcile.
    pub resources: Vec<ReceiverResource>,
    /// CEL expression over `req` and `res` that says whether an object is meant.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub resource_filter: String,
    /// Secret whose key `token` checks the calls.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Issuers of tokens that are trusted.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("x-kubernetes-list-type"="map", "x-kubernetes-list-map-keys"=["issuerURL"]))]
    pub oidc_providers: Vec<OidcProvider>,
    /// Refuses calls.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// Who can call a Receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReceiverType {
    /// Anybody; not checked.
    Generic,
    /// Anybody who signs with the token.
    #[serde(rename = "generic-hmac")]
    GenericHmac,
    /// Anybody with a token of a trusted issuer.
    #[serde(rename = "generic-oidc")]
    GenericOidc,
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Bitbucket Server.
    Bitbucket,
    /// Harbor.
    Harbor,
    /// Docker Hub.
    Dockerhub,
    /// Quay.
    Quay,
    /// Google registries, by Pub/Sub.
    Gcr,
    /// Sonatype Nexus.
    Nexus,
    /// Azure Container Registry.
    Acr,
    /// CDEvents.
    Cdevents,
}

/// Objects to reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverResource {
    /// API version of the kind.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub api_version: String,
    /// Kind of the objects.
    pub kind: NotificationKind,
    /// Name of the object, or `*` for those with the labels.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the objects; empty for the own one.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 253))]
    pub namespace: String,
    /// Labels that the objects must have; needed with the name `*`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub match_labels: BTreeMap<String, String>,
    /// CEL expression over `req` and `res`, in place of `resourceFilter`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub filter: String,
}

/// An issuer of tokens that is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcProvider {
    /// Address of the issuer; unique.
    #[serde(rename = "issuerURL")]
    #[schemars(regex(pattern = r"^https?://"))]
    pub issuer_url: String,
    /// Audience that the token must have; `notification-controller` when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub audience: String,
    /// Values made of the claims, for the validations.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub variables: Vec<OidcVariable>,
    /// Conditions on the claims; all must hold.
    #[schemars(length(min = 1))]
    pub validations: Vec<OidcValidation>,
}

/// A value made of the claims of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcVariable {
    /// Name of the value.
    pub name: String,
    /// CEL expression over `claims` and the values before.
    pub expression: String,
}

/// A condition on the claims of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcValidation {
    /// CEL expression over `claims` and `vars`.
    pub expression: String,
    /// What is said when it does not hold.
    pub message: String,
}

/// Where calls go, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// Path of the webhook.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub webhook_path: String,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

crate::resource::status_conditions!(ReceiverStatus);

impl KindSpec for ReceiverSpec {
    type Status = ReceiverStatus;
    const DEFINITION: Definition = Definition {
        group: NOTIFICATION_GROUP,
        kind: "Receiver",
        plural: "receivers",
        short_names: &[],
        category: Category::Notification,
        versions: &Version::only("v1"),
        columns: &[Column::AGE, Column::READY, Column::STATUS],
        status: StatusShape::Unobserved,
        description: "A webhook that makes objects reconcile.",
    };
}
