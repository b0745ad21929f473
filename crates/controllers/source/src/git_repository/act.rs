//! Phase three: fetches, verifies, builds and stores, as decided.

use jiff::Timestamp;
use skein_api::source::git_repository::GitVerificationMode;
use skein_api::{Artifact, SourceReason, Time};
use skein_artifact::ArtifactLocation;
use skein_git::{Checkout, FetchError, FetchRequest, Fetched, Reference, fetch};

use super::GitRepositoryReconciler;
use super::build::{Recipe, build};
use super::decide::{Decision, Plan};
use super::failure::{Failure, Step};
use super::observe::Observed;
use super::signature;

/// How a run ended.
pub(super) enum Outcome {
    /// Nothing was to be done.
    Suspended,
    /// A step failed.
    Failed {
        /// Which, and why.
        failure: Failure,
        /// The new revision, when it was found before the failure.
        new_revision: Option<String>,
        /// The included artifacts differ from those of the last artifact.
        includes: Option<Vec<Artifact>>,
    },
    /// The remote has nothing new.
    Unchanged {
        /// The list of refs said so; otherwise a pinned commit is there already.
        by_listing: bool,
    },
    /// A new artifact is stored.
    Stored(Box<NewArtifact>),
}

/// A new artifact.
pub(super) struct NewArtifact {
    /// The artifact.
    pub artifact: Artifact,
    /// The artifacts that were included.
    pub includes: Vec<Artifact>,
    /// First line of the commit's message, cut.
    pub subject: String,
    /// What was verified, with the message of the condition.
    pub verified: Option<(GitVerificationMode, String)>,
}

impl GitRepositoryReconciler {
    pub(super) async fn act(&self, observed: &Observed, decision: Decision) -> Outcome {
        match decision {
            Decision::Suspended => Outcome::Suspended,
            Decision::Fail(failure) => Outcome::Failed {
                failure,
                new_revision: None,
                includes: None,
            },
            Decision::Fetch(plan) => self.fetch_and_store(observed, *plan).await,
        }
    }

    async fn fetch_and_store(&self, observed: &Observed, plan: Plan) -> Outcome {
        let includes = Some(plan.includes.clone());
        let checkout = match self.checkout(&plan).await {
            Ok(Some(checkout)) => checkout,
            Ok(None) => {
                let by_listing = lists_refs(&plan.request.reference);
                return Outcome::Unchanged { by_listing };
            }
            Err(failure) => {
                return Outcome::Failed {
                    failure,
                    new_revision: None,
                    includes,
                };
            }
        };
        let old = observed.source.status.artifact.as_ref();
        let same = old.is_some_and(|artifact| artifact.revision == checkout.revision);
        if same && plan.request.last_revision.is_some() && !plan.content_changed {
            return Outcome::Unchanged { by_listing: false };
        }
        let verified = match verify(observed, &checkout) {
            Ok(verified) => verified,
            Err(failure) => {
                return Outcome::Failed {
                    failure,
                    new_revision: None,
                    includes,
                };
            }
        };
        let new_revision = (!same).then(|| checkout.revision.clone());
        let subject = checkout.commit.short_subject();
        match self.store(observed, &plan, checkout).await {
            Ok(artifact) => Outcome::Stored(Box::new(NewArtifact {
                artifact,
                includes: plan.includes,
                subject,
                verified,
            })),
            Err(failure) => Outcome::Failed {
                failure,
                new_revision,
                includes,
            },
        }
    }

    /// The commit; `None` when it is the last one and nothing else changed.
    async fn checkout(&self, plan: &Plan) -> Result<Option<Box<Checkout>>, Failure> {
        let fetched = fetch(&plan.request).await.map_err(fetch_failure)?;
        let checkout = match fetched {
            Fetched::Checkout(checkout) => checkout,
            Fetched::Unchanged { .. } if !plan.content_changed => return Ok(None),
            Fetched::Unchanged { .. } => {
                let again = FetchRequest {
                    last_revision: None,
                    ..plan.request.clone()
                };
                match fetch(&again).await.map_err(fetch_failure)? {
                    Fetched::Checkout(checkout) => checkout,
                    Fetched::Unchanged { .. } => return Ok(None),
                }
            }
        };
        check_selection(&plan.request.sparse_checkout, &checkout)?;
        Ok(Some(checkout))
    }

    async fn store(
        &self,
        observed: &Observed,
        plan: &Plan,
        checkout: Box<Checkout>,
    ) -> Result<Artifact, Failure> {
        let source = &observed.source;
        let includes = source
            .spec
            .include
            .iter()
            .cloned()
            .zip(plan.includes.iter().cloned());
        let recipe = Recipe {
            location: ArtifactLocation {
                kind: "GitRepository".into(),
                namespace: source.metadata.namespace.clone(),
                name: source.metadata.name.clone(),
                file: format!("{}.tar.gz", checkout.commit.id),
            },
            ignore: source.spec.ignore.clone(),
            includes: includes.collect(),
            now: Time::new(Timestamp::now()),
        };
        let storage = self.storage.clone();
        let built = tokio::task::spawn_blocking(move || build(&storage, &checkout, &recipe)).await;
        built.unwrap_or_else(|error| {
            let message = format!("unable to archive artifact to storage: {error}");
            Err(Failure::new(
                Step::Store,
                skein_api::ConditionType::StorageOperationFailed,
                SourceReason::ArchiveOperationFailed,
                message,
            ))
        })
    }
}

/// Whether Flux compares the listed ref before it clones.
fn lists_refs(reference: &Reference) -> bool {
    matches!(
        reference,
        Reference::Branch(_) | Reference::Tag(_) | Reference::Name(_)
    )
}

fn fetch_failure(error: FetchError) -> Failure {
    match error {
        FetchError::EmptyRepository => {
            let reason = SourceReason::EmptyGitRepository;
            Failure::fetch(Step::Fetch, reason, error.to_string())
        }
        error => {
            let message = format!("failed to checkout and determine revision: {error}");
            Failure::fetch(Step::Fetch, SourceReason::GitOperationFailed, message)
        }
    }
}

/// Each selected directory must be there. The answer does not depend on what is outside.
fn check_selection(selection: &[String], checkout: &Checkout) -> Result<(), Failure> {
    for path in selection {
        let wanted = path.trim_start_matches("./").trim_matches('/');
        let inside = |entry: &str| {
            entry
                .strip_prefix(wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let everything = matches!(wanted, "" | ".");
        if !everything && !checkout.entries().iter().any(|entry| inside(&entry.path)) {
            let message = format!(
                "failed to sparse checkout directories : sparse checkout dir '{path}' does not exist in repository"
            );
            let reason = SourceReason::GitOperationFailed;
            return Err(Failure::fetch(Step::Fetch, reason, message).stalled());
        }
    }
    Ok(())
}

fn verify(
    observed: &Observed,
    checkout: &Checkout,
) -> Result<Option<(GitVerificationMode, String)>, Failure> {
    let (Some(verify), Some(keys)) = (&observed.source.spec.verify, &observed.keys) else {
        return Ok(None);
    };
    let message = signature::verify(verify.mode, keys, checkout)?;
    Ok(Some((verify.mode, message)))
}
