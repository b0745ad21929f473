//! The closed set of the fifteen Flux kinds.

use skein_object::{GroupKind, Object};

use crate::definition::Definition;
use crate::{
    Alert, ArtifactGenerator, Bucket, ExternalArtifact, GitRepository, HelmChart, HelmRelease,
    HelmRepository, ImagePolicy, ImageRepository, ImageUpdateAutomation, Kustomization,
    OciRepository, Provider, Receiver,
};

/// A Flux kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FluxKind {
    /// GitRepository.
    GitRepository,
    /// OCIRepository.
    OciRepository,
    /// HelmRepository.
    HelmRepository,
    /// HelmChart.
    HelmChart,
    /// Bucket.
    Bucket,
    /// ExternalArtifact.
    ExternalArtifact,
    /// ArtifactGenerator.
    ArtifactGenerator,
    /// Kustomization.
    Kustomization,
    /// HelmRelease.
    HelmRelease,
    /// Provider.
    Provider,
    /// Alert.
    Alert,
    /// Receiver.
    Receiver,
    /// ImageRepository.
    ImageRepository,
    /// ImagePolicy.
    ImagePolicy,
    /// ImageUpdateAutomation.
    ImageUpdateAutomation,
}

impl FluxKind {
    /// All kinds, sources first.
    pub const ALL: [Self; 15] = [
        Self::GitRepository,
        Self::OciRepository,
        Self::HelmRepository,
        Self::HelmChart,
        Self::Bucket,
        Self::ExternalArtifact,
        Self::ArtifactGenerator,
        Self::Kustomization,
        Self::HelmRelease,
        Self::Provider,
        Self::Alert,
        Self::Receiver,
        Self::ImageRepository,
        Self::ImagePolicy,
        Self::ImageUpdateAutomation,
    ];

    /// How the kind is registered.
    pub fn definition(self) -> Definition {
        match self {
            Self::GitRepository => GitRepository::DEFINITION,
            Self::OciRepository => OciRepository::DEFINITION,
            Self::HelmRepository => HelmRepository::DEFINITION,
            Self::HelmChart => HelmChart::DEFINITION,
            Self::Bucket => Bucket::DEFINITION,
            Self::ExternalArtifact => ExternalArtifact::DEFINITION,
            Self::ArtifactGenerator => ArtifactGenerator::DEFINITION,
            Self::Kustomization => Kustomization::DEFINITION,
            Self::HelmRelease => HelmRelease::DEFINITION,
            Self::Provider => Provider::DEFINITION,
            Self::Alert => Alert::DEFINITION,
            Self::Receiver => Receiver::DEFINITION,
            Self::ImageRepository => ImageRepository::DEFINITION,
            Self::ImagePolicy => ImagePolicy::DEFINITION,
            Self::ImageUpdateAutomation => ImageUpdateAutomation::DEFINITION,
        }
    }

    /// The CustomResourceDefinition of the kind.
    pub fn crd(self) -> Object {
        match self {
            Self::GitRepository => GitRepository::crd(),
            Self::OciRepository => OciRepository::crd(),
            Self::HelmRepository => HelmRepository::crd(),
            Self::HelmChart => HelmChart::crd(),
            Self::Bucket => Bucket::crd(),
            Self::ExternalArtifact => ExternalArtifact::crd(),
            Self::ArtifactGenerator => ArtifactGenerator::crd(),
            Self::Kustomization => Kustomization::crd(),
            Self::HelmRelease => HelmRelease::crd(),
            Self::Provider => Provider::crd(),
            Self::Alert => Alert::crd(),
            Self::Receiver => Receiver::crd(),
            Self::ImageRepository => ImageRepository::crd(),
            Self::ImagePolicy => ImagePolicy::crd(),
            Self::ImageUpdateAutomation => ImageUpdateAutomation::crd(),
        }
    }

    /// The kind of that group and name.
    pub fn of(group_kind: &GroupKind) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| {
            let definition = kind.definition();
            definition.group == group_kind.group && definition.kind == group_kind.kind
        })
    }

    /// The kind that a word of a command line names: kind, plural or short name, in any case.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.definition().is_named(word))
    }
}
