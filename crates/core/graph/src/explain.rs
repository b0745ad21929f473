//! Why is it not live: the chain cluster → source → dependency → reconciler → object, and the first broken link in it.

mod classify;
mod remedy;
mod search;
mod text;
mod workload;

use std::sync::Arc;

use jiff::Timestamp;
use skein_object::Object;

use crate::place::Place;
use crate::standing::{Standing, Summary};
use crate::view::View;

pub use text::age;

/// What a link is in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A cluster that something is read from or applied to.
    Cluster,
    /// Where desired state comes from.
    Source,
    /// Another reconciler that has to be ready first.
    Dependency,
    /// A Secret, ConfigMap or account that is needed.
    Reference,
    /// What applies.
    Reconciler,
    /// What is applied, or what an applied object controls.
    Object,
}

/// How much a broken link needs somebody; worse first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// It stays broken until somebody does something.
    Failed,
    /// It may still come by itself.
    Waiting,
    /// Somebody paused it.
    Paused,
}

/// Why a link is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The cluster does not answer.
    ClusterLost,
    /// An object that others name does not exist.
    Missing {
        /// The object that names it.
        by: Place,
        /// Namespaces in which there is one of the same name.
        elsewhere: Vec<String>,
    },
    /// Dependencies go round in a circle.
    Cycle,
    /// No controller has looked at the object, or not at its present spec.
    Unattended {
        /// The shard that its label names.
        shard: Option<String>,
        /// The generation that the status is of, if any.
        observed: Option<i64>,
    },
    /// The object is paused.
    Suspended,
    /// The object is being deleted.
    Deleting,
    /// The origin refuses the credentials.
    Unauthorised,
    /// The origin, or the storage of artifacts, does not answer.
    Unreachable,
    /// The origin does not have the branch, tag, version or chart.
    NotAtOrigin,
    /// The signature is missing or not trusted.
    Untrusted,
    /// The source is ready and has nothing to offer.
    NoArtifact,
    /// The spec cannot work as it is.
    InvalidSpec,
    /// The account, or a rule about namespaces, does not allow it.
    Forbidden,
    /// The artifact has no such path.
    PathMissing,
    /// The manifests or the chart cannot be built.
    Build,
    /// Something encrypted cannot be decrypted.
    Decryption,
    /// The values of a release, or variables, cannot be composed.
    Values,
    /// The cluster refuses an object.
    Apply,
    /// Objects that left the build cannot be deleted.
    Prune,
    /// A Helm action failed.
    Release,
    /// An applied object is not healthy.
    Unhealthy,
    /// All dependencies are ready, and an expression about one of them is not true.
    Expression,
    /// The newest revision of the source was not applied yet.
    Behind {
        /// What was applied last.
        applied: String,
        /// What the source has.
        available: String,
    },
    /// Work is going on.
    Progressing {
        /// Longer than its own timeout.
        overdue: bool,
    },
    /// Something else; the message says.
    Other,
}

impl Cause {
    /// A word for programs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ClusterLost => "clusterLost",
            Self::Missing { .. } => "missing",
            Self::Cycle => "cycle",
            Self::Unattended { .. } => "unattended",
            Self::Suspended => "suspended",
            Self::Deleting => "deleting",
            Self::Unauthorised => "unauthorised",
            Self::Unreachable => "unreachable",
            Self::NotAtOrigin => "notAtOrigin",
            Self::Untrusted => "untrusted",
            Self::NoArtifact => "noArtifact",
            Self::InvalidSpec => "invalidSpec",
            Self::Forbidden => "forbidden",
            Self::PathMissing => "pathMissing",
            Self::Build => "build",
            Self::Decryption => "decryption",
            Self::Values => "values",
            Self::Apply => "apply",
            Self::Prune => "prune",
            Self::Release => "release",
            Self::Unhealthy => "unhealthy",
            Self::Expression => "expression",
            Self::Behind { .. } => "behind",
            Self::Progressing { .. } => "progressing",
            Self::Other => "other",
        }
    }
}

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is in the chain.
    pub part: Part,
    /// The cluster that it is on, or that it is.
    pub cluster: Arc<str>,
    /// The object; absent for a cluster.
    pub place: Option<Place>,
    /// How it is doing.
    pub standing: Standing,
    /// Whether it is paused.
    pub suspended: bool,
    /// For people; may be empty.
    pub message: String,
}

/// The first broken link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What it is in the chain.
    pub part: Part,
    /// The cluster that it is on, or that it is.
    pub cluster: Arc<str>,
    /// The object to look at; absent for a cluster.
    pub place: Option<Place>,
    /// Why it is broken.
    pub cause: Cause,
    /// How much it needs somebody.
    pub urgency: Urgency,
    /// Why, in one word of the cluster; may be empty.
    pub reason: String,
    /// Why, for people.
    pub message: String,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
    /// What to do about it.
    pub remedy: String,
}

/// The chain of one object and its first broken link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The object that was asked about.
    pub asked: Place,
    /// Whether that object itself is as desired.
    pub asked_is_ready: bool,
    /// From cluster and source to object, as far as it was followed.
    pub chain: Vec<Link>,
    /// The link that everything after it waits for; `None` when all is well.
    pub broken: Option<Broken>,
    /// Objects that were named and that nobody looked at; whoever can look may do so and ask again.
    pub unseen: Vec<Place>,
}

/// Explains an object: whoever is responsible for it, what that one waits for, and what is wrong with the object itself.
pub fn explain(view: &impl View, place: &Place, now: Timestamp) -> Explanation {
    search::Search::new(view, now).explain(place)
}

impl Broken {
    fn of(part: Part, place: &Place, cause: Cause, urgency: Urgency) -> Self {
        Self {
            part,
            cluster: Arc::clone(&place.cluster),
            place: Some(place.clone()),
            cause,
            urgency,
            reason: String::new(),
            message: String::new(),
            since: None,
            remedy: String::new(),
        }
    }

    fn saying(mut self, reason: &str, message: impl Into<String>) -> Self {
        self.reason = reason.to_owned();
        self.message = message.into();
        self
    }

    fn since(mut self, text: &str) -> Self {
        self.since = text.parse().ok();
        self
    }

    /// Says what to do, which follows from everything else.
    fn advised(mut self, object: Option<&Object>) -> Self {
        self.remedy = remedy::remedy(&self, object);
        self
    }
}

impl Link {
    fn of(part: Part, place: &Place, object: Option<&Object>, summary: &Summary) -> Self {
        Self {
            part,
            cluster: Arc::clone(&place.cluster),
            place: Some(place.clone()),
            standing: summary.standing,
            suspended: object.is_some_and(is_suspended),
            message: summary.message.clone(),
        }
    }
}

/// Whether an object is paused.
fn is_suspended(object: &Object) -> bool {
    object.bool_at(&["spec", "suspend"]) == Some(true)
}

#[cfg(test)]
mod tests;
