//! Bucket: the objects of an object store, as an archive.

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

/// A Bucket object.
pub type Bucket = Resource<BucketSpec>;

/// Which objects of which bucket to fetch, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.provider == 'aws' || self.provider == 'generic' || !has(self.sts)",
        "message": "STS configuration is only supported for the 'aws' and 'generic' Bucket providers",
    },
    {
        "rule": "self.provider != 'aws' || !has(self.sts) || self.sts.provider == 'aws'",
        "message": "'aws' is the only supported STS provider for the 'aws' Bucket provider",
    },
    {
        "rule": "self.provider != 'generic' || !has(self.sts) || self.sts.provider == 'ldap'",
        "message": "'ldap' is the only supported STS provider for the 'generic' Bucket provider",
    },
    {
        "rule": "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.secretRef)",
        "message": "spec.sts.secretRef is not required for the 'aws' STS provider",
    },
    {
        "rule": "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.certSecretRef)",
        "message": "spec.sts.certSecretRef is not required for the 'aws' STS provider",
    },
    {
        "rule": "self.provider != 'generic' || !has(self.serviceAccountName)",
        "message": "ServiceAccountName is not supported for the 'generic' Bucket provider",
    },
    {
        "rule": "!has(self.secretRef) || !has(self.serviceAccountName)",
        "message": "cannot set both .spec.secretRef and .spec.serviceAccountName",
    },
]))]
pub struct BucketSpec {
    /// Whose interface the store speaks.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "generic"))]
    pub provider: BucketProvider,
    /// Name of the bucket or container.
    pub bucket_name: String,
    /// Host and port of the store, without scheme; for Azure the full address.
    pub endpoint: String,
    /// Where temporary credentials come from.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub sts: Option<BucketStsSpec>,
    /// Whether the store is reached by plain HTTP.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub insecure: bool,
    /// Region of the bucket.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub region: String,
    /// Only objects whose key starts so are fetched.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub prefix: String,
    /// Secret with static credentials.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// ServiceAccount whose identity is used with the provider.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub service_account_name: String,
    /// Secret with TLS certificates for the store.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Secret with address and credentials of a proxy.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// How often to look for changes.
    #[schemars(schema_with = "shape::duration")]
    pub interval: GoDuration,
    /// Time that listing and fetching all objects may take.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::short_duration", extend("default" = "60s"))]
    pub timeout: Option<GoDuration>,
    /// Files to leave out, as lines of a `.gitignore`; replaces the built-in exclusions.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore: Option<String>,
    /// Stops fetching; the last artifact stays.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// Whose interface an object store speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BucketProvider {
    /// S3, as many stores do.
    #[default]
    Generic,
    /// S3 of Amazon Web Services.
    Aws,
    /// Google Cloud Storage.
    Gcp,
    /// Azure Blob Storage.
    Azure,
}

/// A service that gives temporary credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BucketStsSpec {
    /// What the service is.
    pub provider: StsProvider,
    /// Address of the service.
    #[schemars(regex(pattern = r"^(http|https)://.*$"))]
    pub endpoint: String,
    /// Secret with user name and password for the service.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Secret with TLS certificates for the service.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub cert_secret_ref: Option<LocalObjectReference>,
}

/// Services that give temporary credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StsProvider {
    /// The service of AWS.
    Aws,
    /// The service of MinIO for LDAP identities.
    Ldap,
}

/// What was fetched last, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BucketStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// Address that always leads to the newest artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub url: String,
    /// The last artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub artifact: Option<Artifact>,
    /// `spec.ignore` of the artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_ignore: Option<String>,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

crate::resource::status_conditions!(BucketStatus);

impl KindSpec for BucketSpec {
    type Status = BucketStatus;
    const DEFINITION: Definition = Definition {
        group: SOURCE_GROUP,
        kind: "Bucket",
        plural: "buckets",
        short_names: &[],
        category: Category::Source,
        versions: &Version::only("v1"),
        columns: &[
            Column::text("Endpoint", ".spec.endpoint"),
            Column::AGE,
            Column::READY,
            Column::STATUS,
        ],
        status: StatusShape::Unobserved,
        description: "The objects of a bucket, fetched and kept as an archive.",
    };
}
