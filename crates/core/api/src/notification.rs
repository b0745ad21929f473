//! The kinds of `notification.toolkit.fluxcd.io`: who is told, and who tells us.

pub mod alert;
pub mod provider;
pub mod receiver;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::definition::Version;
use crate::shape::is_unset;

/// The API group of the notification kinds.
pub const NOTIFICATION_GROUP: &str = "notification.toolkit.fluxcd.io";

/// Alert and Provider are served at both versions (Flux 2.10), and stored at the older one, so that Flux 2.9 can take them back.
pub(crate) const ALERT_VERSIONS: [Version; 2] = [
    Version {
        name: "v1",
        storage: false,
        without: &[],
    },
    Version {
        name: "v1beta3",
        storage: true,
        without: &[],
    },
];

/// Objects whose events are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossNamespaceObjectReference {
    /// API version of the kind; without effect.
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
    /// Labels that the objects must have.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub match_labels: BTreeMap<String, String>,
}

/// Kinds that can be told about and made to reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NotificationKind {
    /// A Bucket.
    Bucket,
    /// A GitRepository.
    GitRepository,
    /// A Kustomization.
    Kustomization,
    /// A HelmRelease.
    HelmRelease,
    /// A HelmChart.
    HelmChart,
    /// A HelmRepository.
    HelmRepository,
    /// An ImageRepository.
    ImageRepository,
    /// An ImagePolicy.
    ImagePolicy,
    /// An ImageUpdateAutomation.
    ImageUpdateAutomation,
    /// An OCIRepository.
    #[serde(rename = "OCIRepository")]
    OciRepository,
    /// An ArtifactGenerator.
    ArtifactGenerator,
    /// An ExternalArtifact.
    ExternalArtifact,
}
