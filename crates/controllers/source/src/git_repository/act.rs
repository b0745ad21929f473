//! Phase three: fetches, verifies, builds and stores, as decided.

use jiff::Timestamp;
use skein_api::source::git_repository::GitVerificationMode;
use skein_api::{Artifact, GitRepositoryStatus, SourceReason, Time};
use skein_artifact::ArtifactLocation;
use skein_git::{Checkout, FetchError, FetchRequest, Fetched, Reference, fetch};

use super::GitRepositories;
use super::build::{Recipe, build};
use super::decide::{Plan, includes_differ};
use super::failure::Step;
use super::signature;
use crate::produced::{End, Failure, Found, Outcome, Stored, Surroundings, Told, Verified};

type Observed = crate::produced::Observed<GitRepositories>;

pub(super) async fn fetch_and_store(
    surroundings: &Surroundings,
    observed: &Observed,
    plan: Plan,
) -> Outcome<GitRepositories> {
    // What is told of on the way, should the run fail later.
    let other_includes = includes_differ(&observed.source, &plan.includes).then(|| Found {
        reason: None,
        message: "included artifacts differ from last observed includes".to_owned(),
    });
    let checkout = match checkout(&plan).await {
        Ok(Some(checkout)) => checkout,
        Ok(None) => return unchanged(observed, lists_refs(&plan.request.reference)),
        Err(failure) => return Outcome::failed(failure).with_found(other_includes),
    };
    let old = observed.source.status.artifact.as_ref();
    let same = old.is_some_and(|artifact| artifact.revision == checkout.revision);
    if same && plan.request.last_revision.is_some() && !plan.content_changed {
        return unchanged(observed, false);
    }
    let verified = match verify(observed, &checkout) {
        Ok(verified) => verified,
        Err(failure) => return Outcome::failed(failure).with_found(other_includes),
    };
    let found = match same {
        true => other_includes,
        false => Some(Found {
            reason: Some(SourceReason::NewRevision),
            message: format!("new upstream revision '{}'", checkout.revision),
        }),
    };
    let subject = checkout.commit.short_subject();
    match store(surroundings, observed, &plan, checkout).await {
        Ok(artifact) => stored(observed, artifact, plan.includes, &subject, verified),
        Err(failure) => Outcome::failed(failure).with_found(found),
    }
}

/// What ArtifactInStorage and Ready say.
fn told(revision: &str) -> Told {
    let message = format!("stored artifact for revision '{revision}'");
    Told::new(SourceReason::Succeeded, message)
}

/// The remote has nothing new; the list of refs said so, or a pinned commit is there already.
fn unchanged(observed: &Observed, by_listing: bool) -> Outcome<GitRepositories> {
    let artifact = observed.source.status.artifact.as_ref();
    let revision = artifact.map_or("", |artifact| artifact.revision.as_str());
    let trace = by_listing.then(|| {
        let message =
            format!("no changes since last reconciliation: observed revision '{revision}'");
        Told::new(SourceReason::GitOperationSucceeded, message)
    });
    let commit = format!("stored artifact for commit '{revision}'");
    let outcome = Outcome::new(End::Unchanged {
        told: told(revision),
        recovery: Told::new(SourceReason::Succeeded, commit),
        trace,
    });
    if observed.source.spec.verify.is_some() {
        return outcome;
    }
    outcome
        .with_verified(Verified::Forget)
        .with_change(|status: &mut GitRepositoryStatus| status.source_verification_mode = None)
}

/// A new artifact; `verified` is the mode in which it was verified and the message of the condition.
fn stored(
    observed: &Observed,
    artifact: Artifact,
    includes: Vec<Artifact>,
    subject: &str,
    verified: Option<(GitVerificationMode, String)>,
) -> Outcome<GitRepositories> {
    let told = told(&artifact.revision);
    let event = format!("stored artifact for commit '{subject}'");
    let stored = Stored {
        artifact,
        url: String::new(),
        event: Told::new(SourceReason::NewArtifact, event),
    };
    let spec = observed.source.spec.clone();
    let (mode, verified) = match verified {
        Some((mode, text)) => (Some(mode), Verified::Good(text)),
        None => (None, Verified::Forget),
    };
    Outcome::stored(stored, told)
        .with_verified(verified)
        .with_change(move |status: &mut GitRepositoryStatus| {
            status.observed_ignore = spec.ignore;
            status.observed_recurse_submodules = spec.recurse_submodules;
            status.observed_include = spec.include;
            status.observed_sparse_checkout = spec.sparse_checkout;
            status.included_artifacts = includes;
            status.source_verification_mode = mode;
        })
}

/// The commit; `None` when it is the last one and nothing else changed.
async fn checkout(plan: &Plan) -> Result<Option<Box<Checkout>>, Failure> {
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
    surroundings: &Surroundings,
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
    let storage = surroundings.storage.clone();
    let built = tokio::task::spawn_blocking(move || build(&storage, &checkout, &recipe)).await;
    built.unwrap_or_else(|error| {
        let message = format!("unable to archive artifact to storage: {error}");
        Err(Step::Store.failed(
            skein_api::ConditionType::StorageOperationFailed,
            SourceReason::ArchiveOperationFailed,
            message,
        ))
    })
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
            Step::Fetch.fetch_failed(reason, error.to_string())
        }
        // A key that cannot be used is found before anything is cloned.
        FetchError::Clone { source, .. } | FetchError::List { source, .. }
            if source.is_unusable_key() =>
        {
            let message = format!("failed to checkout and determine revision: {source}");
            Step::Fetch.fetch_failed(SourceReason::GitOperationFailed, message)
        }
        error => {
            let message = format!("failed to checkout and determine revision: {error}");
            Step::Fetch.fetch_failed(SourceReason::GitOperationFailed, message)
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
                "failed to sparse checkout directories : sparse checkout dir '{path}' does not exist in repository: lstat {wanted}: no such file or directory"
            );
            let reason = SourceReason::GitOperationFailed;
            return Err(Step::Fetch.fetch_failed(reason, message));
        }
    }
    Ok(())
}

fn verify(
    observed: &Observed,
    checkout: &Checkout,
) -> Result<Option<(GitVerificationMode, String)>, Failure> {
    let (Some(verify), Some(keys)) = (&observed.source.spec.verify, &observed.inputs.keys) else {
        return Ok(None);
    };
    let message = signature::verify(verify.mode, keys, checkout)?;
    Ok(Some((verify.mode, message)))
}
