//! The closed sets of condition types and of reasons, per kind. Strings exist only here.

use std::fmt;

/// Declares an enum whose variants are written as text, with the text spelt out where it differs from the name.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text that the API shows.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The value of a text; `None` when it is not one of ours.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }
    };
}

words! {
    /// Types of conditions that Flux objects have.
    ConditionType {
        /// Summary: what the object stands for is there, in its present version.
        Ready = "Ready",
        /// Work is going on.
        Reconciling = "Reconciling",
        /// Work cannot go on until spec or source change.
        Stalled = "Stalled",
        /// The applied objects are healthy.
        Healthy = "Healthy",
        /// The artifact of the source is in the storage.
        ArtifactInStorage = "ArtifactInStorage",
        /// The artifact of the source is older than what was found; bad when true.
        ArtifactOutdated = "ArtifactOutdated",
        /// The origin could not be read; bad when true.
        FetchFailed = "FetchFailed",
        /// The artifact could not be made; bad when true.
        BuildFailed = "BuildFailed",
        /// The storage could not be used; bad when true.
        StorageOperationFailed = "StorageOperationFailed",
        /// An included artifact is missing; bad when true.
        IncludeUnavailable = "IncludeUnavailable",
        /// The signature of the source is good.
        SourceVerified = "SourceVerified",
        /// The last install, upgrade or rollback succeeded.
        Released = "Released",
        /// The tests of the release succeeded.
        TestSuccess = "TestSuccess",
        /// A failed release was undone.
        Remediated = "Remediated",
        /// Others changed objects of the release; bad when true.
        Drifted = "Drifted",
    }
}

words! {
    /// Reasons of the conditions of a Kustomization.
    KustomizationReason {
        /// Everything was applied.
        ReconciliationSucceeded = "ReconciliationSucceeded",
        /// Something could not be applied.
        ReconciliationFailed = "ReconciliationFailed",
        /// The artifact of the source is missing or cannot be fetched.
        ArtifactFailed = "ArtifactFailed",
        /// The manifests cannot be built.
        BuildFailed = "BuildFailed",
        /// Objects that left the build cannot be deleted.
        PruneFailed = "PruneFailed",
        /// Objects are not healthy in time.
        HealthCheckFailed = "HealthCheckFailed",
        /// The wait for health was ended by something newer.
        HealthCheckCanceled = "HealthCheckCanceled",
        /// A dependency is not ready.
        DependencyNotReady = "DependencyNotReady",
        /// A reference to another namespace is not allowed.
        AccessDenied = "AccessDenied",
        /// A CEL expression does not compile, or gives no boolean.
        InvalidCELExpression = "InvalidCELExpression",
        /// The spec needs a feature that is switched off.
        FeatureGateDisabled = "FeatureGateDisabled",
        /// Work is going on.
        Progressing = "Progressing",
        /// Work failed and is tried again.
        ProgressingWithRetry = "ProgressingWithRetry",
        /// The health checks passed.
        Succeeded = "Succeeded",
    }
}

words! {
    /// Reasons of the conditions and events of sources.
    SourceReason {
        /// The source was fetched.
        Succeeded = "Succeeded",
        /// Work is going on.
        Progressing = "Progressing",
        /// Work failed and is tried again.
        ProgressingWithRetry = "ProgressingWithRetry",
        /// A new artifact was stored (events).
        NewArtifact = "NewArtifact",
        /// An included object or its artifact does not exist.
        NotFound = "NotFound",
        /// The spec needs a feature that is switched off.
        FeatureGateDisabled = "FeatureGateDisabled",
        /// The address cannot be used.
        URLInvalid = "URLInvalid",
        /// The credentials are missing or wrong.
        AuthenticationFailed = "AuthenticationFailed",
        /// The signature is missing, wrong or not trusted.
        VerificationError = "VerificationError",
        /// The verification mode is unknown.
        InvalidVerificationMode = "InvalidVerificationMode",
        /// The Git object is not what is verified.
        InvalidGitObject = "InvalidGitObject",
        /// The signature of the tag is not good.
        InvalidTagSignature = "InvalidTagSignature",
        /// The signature of the commit is not good.
        InvalidCommitSignature = "InvalidCommitSignature",
        /// A directory could not be made.
        DirectoryCreationFailed = "DirectoryCreationFailed",
        /// A path could not be looked at.
        StatOperationFailed = "StatOperationFailed",
        /// Something could not be read.
        ReadOperationFailed = "ReadOperationFailed",
        /// The storage is locked.
        AcquireLockFailed = "AcquireLockFailed",
        /// A path does not exist or is not of the right type.
        InvalidPath = "InvalidPath",
        /// A path leaves its root.
        IllegalPath = "IllegalPath",
        /// Files could not be copied.
        CopyFailure = "CopyFailure",
        /// The archive could not be made.
        ArchiveOperationFailed = "ArchiveOperationFailed",
        /// The link to the newest artifact could not be set.
        SymlinkUpdateFailed = "SymlinkUpdateFailed",
        /// The artifact is the newest.
        ArtifactUpToDate = "ArtifactUpToDate",
        /// The cache could not be used.
        CacheOperationFailed = "CacheOperationFailed",
        /// The object could not be patched.
        PatchOperationFailed = "PatchOperationFailed",
        /// The settings for temporary credentials are wrong.
        InvalidSTSConfiguration = "InvalidSTSConfiguration",
        /// The settings of the provider are wrong.
        InvalidProviderConfiguration = "InvalidProviderConfiguration",
        /// Git found nothing new.
        GitOperationSucceeded = "GitOperationSucceeded",
        /// Git failed.
        GitOperationFailed = "GitOperationFailed",
        /// The repository has no commit.
        EmptyGitRepository = "EmptyGitRepository",
        /// The ignore rules cannot be read.
        SourceIgnoreError = "SourceIgnoreError",
        /// The OCI artifact could not be pulled.
        OCIArtifactPullFailed = "OCIArtifactPullFailed",
        /// The layer could not be taken.
        OCIArtifactLayerOperationFailed = "OCIArtifactLayerOperationFailed",
        /// The index of charts cannot be read.
        IndexationFailed = "IndexationFailed",
        /// The bucket has nothing new.
        BucketOperationSucceeded = "BucketOperationSucceeded",
        /// The bucket could not be read.
        BucketOperationFailed = "BucketOperationFailed",
        /// The chart was fetched.
        ChartPullSucceeded = "ChartPullSucceeded",
        /// The chart was packaged.
        ChartPackageSucceeded = "ChartPackageSucceeded",
        /// There is a newer revision.
        NewRevision = "NewRevision",
        /// An included artifact changed.
        IncludeChange = "IncludeChange",
        /// There is a newer chart.
        NewChart = "NewChart",
        /// The source is missing.
        SourceUnavailable = "SourceUnavailable",
        /// The source is of a kind that is not supported.
        UnsupportedSourceKind = "UnsupportedSourceKind",
        /// The source has no artifact.
        NoSourceArtifact = "NoSourceArtifact",
        /// The dependencies were found.
        ResolvedDependencies = "ResolvedDependencies",
        /// The name or version of the chart is wrong.
        InvalidChartReference = "InvalidChartReference",
        /// The chart could not be fetched.
        ChartPullError = "ChartPullError",
        /// The metadata of the chart could not be changed.
        MetadataPatchError = "MetadataPatchError",
        /// The values files could not be merged.
        ValuesFilesError = "ValuesFilesError",
        /// The dependencies could not be built.
        DependencyBuildError = "DependencyBuildError",
        /// The chart could not be packaged.
        ChartPackageError = "ChartPackageError",
        /// The signature of the chart is not good.
        ChartVerificationError = "ChartVerificationError",
        /// The stored artifact is damaged.
        ArtifactVerificationFailed = "ArtifactVerificationFailed",
        /// Old artifacts were deleted.
        GarbageCollectionSucceeded = "GarbageCollectionSucceeded",
        /// Old artifacts could not be deleted.
        GarbageCollectionFailed = "GarbageCollectionFailed",
        /// The reason is not known.
        Unknown = "Unknown",
    }
}

words! {
    /// Reasons of the conditions of a HelmRelease.
    HelmReleaseReason {
        /// The install succeeded.
        InstallSucceeded = "InstallSucceeded",
        /// The install failed.
        InstallFailed = "InstallFailed",
        /// The upgrade succeeded.
        UpgradeSucceeded = "UpgradeSucceeded",
        /// The upgrade failed.
        UpgradeFailed = "UpgradeFailed",
        /// The tests succeeded.
        TestSucceeded = "TestSucceeded",
        /// A test failed.
        TestFailed = "TestFailed",
        /// The rollback succeeded.
        RollbackSucceeded = "RollbackSucceeded",
        /// The rollback failed.
        RollbackFailed = "RollbackFailed",
        /// The uninstall succeeded.
        UninstallSucceeded = "UninstallSucceeded",
        /// The uninstall failed.
        UninstallFailed = "UninstallFailed",
        /// The chart cannot be fetched.
        ArtifactFailed = "ArtifactFailed",
        /// A dependency is not ready.
        DependencyNotReady = "DependencyNotReady",
        /// The chart is not there yet.
        SourceNotReady = "SourceNotReady",
        /// The values cannot be put together.
        ValuesError = "ValuesError",
        /// The chart could not be changed.
        ChartMutateError = "ChartMutateError",
        /// The cluster cannot be reached.
        RESTClientError = "RESTClientError",
        /// Helm could not be set up.
        ConfigFactoryErr = "ConfigFactoryErr",
        /// Helm could not be set up for the action.
        FactoryError = "FactoryError",
        /// Objects could not be managed.
        ResourceManagerError = "ResourceManagerError",
        /// The state of the release cannot be told.
        StateError = "StateError",
        /// An action could not be carried out.
        ReconcileError = "ReconcileError",
        /// Too many failures.
        RetriesExceeded = "RetriesExceeded",
        /// There is no release to go back to.
        MissingRollbackTarget = "MissingRollbackTarget",
        /// Others changed objects.
        DriftDetected = "DriftDetected",
        /// Nobody changed objects.
        NoDriftDetected = "NoDriftDetected",
        /// The tests did not run yet.
        AwaitingTests = "AwaitingTests",
        /// The list of objects could not be made.
        InventoryBuildFailed = "InventoryBuildFailed",
        /// It is not known which objects have a namespace.
        NamespaceCheckSkipped = "NamespaceCheckSkipped",
        /// A reference to another namespace is not allowed.
        AccessDenied = "AccessDenied",
        /// A CEL expression does not compile, or gives no boolean.
        InvalidCELExpression = "InvalidCELExpression",
        /// The wait for health was ended by something newer.
        HealthCheckCanceled = "HealthCheckCanceled",
        /// Work is going on.
        Progressing = "Progressing",
        /// Work failed and is tried again.
        ProgressingWithRetry = "ProgressingWithRetry",
    }
}

words! {
    /// Reasons of the conditions of an ArtifactGenerator.
    GeneratorReason {
        /// The artifacts were made.
        Succeeded = "Succeeded",
        /// A reference to another namespace is not allowed.
        AccessDenied = "AccessDenied",
        /// The spec cannot be carried out.
        ValidationFailed = "ValidationFailed",
        /// A source cannot be fetched.
        SourceFetchFailed = "SourceFetchFailed",
        /// An artifact could not be made.
        BuildFailed = "BuildFailed",
        /// Something else failed.
        ReconciliationFailed = "ReconciliationFailed",
        /// The object is paused.
        ReconciliationDisabled = "ReconciliationDisabled",
        /// Work is going on.
        Progressing = "Progressing",
        /// Work failed and is tried again.
        ProgressingWithRetry = "ProgressingWithRetry",
    }
}

words! {
    /// Reasons of the conditions of a Receiver.
    ReceiverReason {
        /// Calls are taken.
        Succeeded = "Succeeded",
        /// The Secret has no token.
        TokenNotFound = "TokenNotFound",
        /// The spec cannot be carried out.
        ValidationFailed = "ValidationFailed",
        /// A CEL expression does not compile.
        InvalidCELExpression = "InvalidCELExpression",
        /// Something else failed.
        Failed = "Failed",
        /// Work is going on.
        Progressing = "Progressing",
        /// Work failed and is tried again.
        ProgressingWithRetry = "ProgressingWithRetry",
    }
}

words! {
    /// Reasons of the conditions of an ImageRepository.
    ImageRepositoryReason {
        /// The tags were scanned.
        Succeeded = "Succeeded",
        /// The name of the image is wrong.
        ImageURLInvalid = "ImageURLInvalid",
        /// The credentials are missing or wrong.
        AuthenticationFailed = "AuthenticationFailed",
        /// The tags could not be read.
        ReadOperationFailed = "ReadOperationFailed",
        /// Something that is referred to is missing.
        DependencyNotReady = "DependencyNotReady",
        /// Something else failed.
        Failed = "Failed",
        /// Work is going on.
        Progressing = "Progressing",
        /// Work failed and is tried again.
        ProgressingWithRetry = "ProgressingWithRetry",
    }
}

words! {
    /// Reasons of the conditions of an ImagePolicy.
    ImagePolicyReason {
        /// A tag was chosen.
        Succeeded = "Succeeded",
        /// The policy cannot be carried out.
        InvalidPolicy = "InvalidPolicy",
        /// The ImageRepository has no tags yet.
        DependencyNotReady = "DependencyNotReady",
        /// The ImageRepository does not allow this namespace.
        AccessDenied = "AccessDenied",
        /// The digest is to be looked up again, but no interval is set.
        IntervalNotConfigured = "IntervalNotConfigured",
        /// No tag could be chosen.
        Failure = "Failure",
        /// Work is going on.
        Progressing = "Progressing",
        /// Work failed and is tried again.
        ProgressingWithRetry = "ProgressingWithRetry",
    }
}

words! {
    /// Reasons of the conditions of an ImageUpdateAutomation.
    ImageUpdateReason {
        /// The repository is up to date.
        Succeeded = "Succeeded",
        /// The strategy is unknown.
        InvalidUpdateStrategy = "InvalidUpdateStrategy",
        /// The source cannot be used.
        InvalidSourceConfiguration = "InvalidSourceConfiguration",
        /// The source could not be set up.
        SourceManagerFailed = "SourceManagerFailed",
        /// Git failed.
        GitOperationFailed = "GitOperationFailed",
        /// The files could not be updated.
        UpdateFailed = "UpdateFailed",
        /// The selector of policies is wrong.
        InvalidPolicySelector = "InvalidPolicySelector",
        /// The template uses a field that is gone.
        RemovedTemplateField = "RemovedTemplateField",
        /// A reference to another namespace is not allowed.
        AccessDenied = "AccessDenied",
        /// Work is going on.
        Progressing = "Progressing",
        /// Work failed and is tried again.
        ProgressingWithRetry = "ProgressingWithRetry",
    }
}
