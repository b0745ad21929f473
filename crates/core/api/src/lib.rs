//! The Flux kinds: Rust types, closed condition and reason sets, and the CRDs made from them.
//!
//! The Rust types are the one source of truth: serde says how they are read and written, the schema of the CRD is derived from
//! the same types (field docs become descriptions), and [`definition::Definition`] says the rest of a kind.

pub mod artifact;
pub mod conditions;
pub mod crd;
pub mod definition;
pub mod helm_release;
pub mod image;
pub mod inventory;
pub mod kinds;
pub mod kustomization;
pub mod names;
pub mod notification;
pub mod overlay;
pub mod reasons;
pub mod reference;
pub mod resource;
pub mod shape;
pub mod source;
mod structural;
pub mod time;

pub use artifact::Artifact;
pub use conditions::{Condition, ConditionStatus, ConditionWriter, SummaryRules};
pub use crd::crds;
pub use definition::Definition;
pub use helm_release::status::HelmReleaseStatus;
pub use helm_release::{HelmRelease, HelmReleaseSpec};
pub use image::automation::ImageUpdateAutomation;
pub use image::policy::ImagePolicy;
pub use image::repository::ImageRepository;
pub use kinds::FluxKind;
pub use kustomization::{Kustomization, KustomizationSpec, KustomizationStatus};
pub use notification::alert::Alert;
pub use notification::provider::Provider;
pub use notification::receiver::Receiver;
pub use reasons::{ConditionType, KustomizationReason, SourceReason};
pub use resource::{DecodeError, KindSpec, Metadata, Resource, StatusConditions};
pub use source::artifact_generator::ArtifactGenerator;
pub use source::bucket::Bucket;
pub use source::external_artifact::ExternalArtifact;
pub use source::git_repository::{GitRepository, GitRepositorySpec, GitRepositoryStatus};
pub use source::helm_chart::HelmChart;
pub use source::helm_repository::HelmRepository;
pub use source::oci_repository::OciRepository;
pub use time::Time;
