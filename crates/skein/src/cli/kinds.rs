//! The kinds as words of the command line: `kustomization`, `source git`, `image policy`.

use clap::{Args, Subcommand};
use skein_api::FluxKind;

/// One kind with the arguments of a verb.
#[derive(Subcommand, Clone, Debug)]
pub enum KindCommand<A: Args> {
    #[command(flatten)]
    Plain(PlainKind<A>),
    /// Sources: git, oci, helm, chart, bucket, external
    #[command(alias = "sources")]
    Source {
        #[command(subcommand)]
        kind: SourceKind<A>,
    },
    /// Images: repository, policy, update
    #[command(alias = "images")]
    Image {
        #[command(subcommand)]
        kind: ImageKind<A>,
    },
    /// Artifacts: generator
    #[command(alias = "artifacts")]
    Artifact {
        #[command(subcommand)]
        kind: ArtifactKind<A>,
    },
}

/// The kinds that are one word.
#[derive(Subcommand, Clone, Debug)]
pub enum PlainKind<A: Args> {
    /// Kustomization objects
    #[command(visible_alias = "ks", alias = "kustomizations")]
    Kustomization(A),
    /// HelmRelease objects
    #[command(visible_alias = "hr", alias = "helmreleases")]
    Helmrelease(A),
    /// Alert objects
    #[command(alias = "alerts")]
    Alert(A),
    /// Provider objects
    #[command(alias = "alert-providers")]
    AlertProvider(A),
    /// Receiver objects
    #[command(alias = "receivers")]
    Receiver(A),
}

/// The kinds of sources.
#[derive(Subcommand, Clone, Debug)]
pub enum SourceKind<A: Args> {
    /// GitRepository objects
    Git(A),
    /// OCIRepository objects
    Oci(A),
    /// HelmRepository objects
    Helm(A),
    /// HelmChart objects
    Chart(A),
    /// Bucket objects
    Bucket(A),
    /// ExternalArtifact objects
    External(A),
}

/// The kinds of images.
#[derive(Subcommand, Clone, Debug)]
pub enum ImageKind<A: Args> {
    /// ImageRepository objects
    Repository(A),
    /// ImagePolicy objects
    Policy(A),
    /// ImageUpdateAutomation objects
    Update(A),
}

/// The kinds of artifacts.
#[derive(Subcommand, Clone, Debug)]
pub enum ArtifactKind<A: Args> {
    /// ArtifactGenerator objects
    #[command(alias = "generators")]
    Generator(A),
}

impl<A: Args> KindCommand<A> {
    /// The kind and the arguments.
    pub(crate) fn split(self) -> (FluxKind, A) {
        match self {
            Self::Plain(plain) => plain.split(),
            Self::Source { kind } => kind.split(),
            Self::Image { kind } => kind.split(),
            Self::Artifact { kind } => kind.split(),
        }
    }
}

impl<A: Args> PlainKind<A> {
    pub(crate) fn split(self) -> (FluxKind, A) {
        match self {
            Self::Kustomization(arguments) => (FluxKind::Kustomization, arguments),
            Self::Helmrelease(arguments) => (FluxKind::HelmRelease, arguments),
            Self::Alert(arguments) => (FluxKind::Alert, arguments),
            Self::AlertProvider(arguments) => (FluxKind::Provider, arguments),
            Self::Receiver(arguments) => (FluxKind::Receiver, arguments),
        }
    }
}

impl<A: Args> SourceKind<A> {
    pub(crate) fn split(self) -> (FluxKind, A) {
        match self {
            Self::Git(arguments) => (FluxKind::GitRepository, arguments),
            Self::Oci(arguments) => (FluxKind::OciRepository, arguments),
            Self::Helm(arguments) => (FluxKind::HelmRepository, arguments),
            Self::Chart(arguments) => (FluxKind::HelmChart, arguments),
            Self::Bucket(arguments) => (FluxKind::Bucket, arguments),
            Self::External(arguments) => (FluxKind::ExternalArtifact, arguments),
        }
    }
}

impl<A: Args> ImageKind<A> {
    pub(crate) fn split(self) -> (FluxKind, A) {
        match self {
            Self::Repository(arguments) => (FluxKind::ImageRepository, arguments),
            Self::Policy(arguments) => (FluxKind::ImagePolicy, arguments),
            Self::Update(arguments) => (FluxKind::ImageUpdateAutomation, arguments),
        }
    }
}

impl<A: Args> ArtifactKind<A> {
    pub(crate) fn split(self) -> (FluxKind, A) {
        let Self::Generator(arguments) = self;
        (FluxKind::ArtifactGenerator, arguments)
    }
}

/// What people call a kind in messages.
pub(crate) fn human_name(kind: FluxKind) -> &'static str {
    match kind {
        FluxKind::GitRepository => "source git",
        FluxKind::OciRepository => "source oci",
        FluxKind::HelmRepository => "source helm",
        FluxKind::HelmChart => "source chart",
        FluxKind::Bucket => "source bucket",
        FluxKind::ExternalArtifact => "source external-artifact",
        FluxKind::ArtifactGenerator => "artifact generator",
        FluxKind::Kustomization => "kustomization",
        FluxKind::HelmRelease => "helmrelease",
        FluxKind::Provider => "alert provider",
        FluxKind::Alert => "alert",
        FluxKind::Receiver => "receiver",
        FluxKind::ImageRepository => "image repository",
        FluxKind::ImagePolicy => "image policy",
        FluxKind::ImageUpdateAutomation => "image update automation",
    }
}
