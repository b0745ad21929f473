//! Why listing or fetching failed. The texts are those that Flux users know from go-git.

use thiserror::Error;

use crate::remote_url::UrlError;

/// Why the remote could not be talked to.
#[derive(Debug, Error)]
pub enum TransportError {
    /// 401: no, or wrong, credentials.
    #[error("authentication required: {body}")]
    AuthenticationRequired {
        /// First part of the answer.
        body: String,
    },
    /// 403: the credentials are not enough.
    #[error("authorization failed: {body}")]
    AuthorizationFailed {
        /// First part of the answer.
        body: String,
    },
    /// 404.
    #[error("repository not found: {body}")]
    NotFound {
        /// First part of the answer.
        body: String,
    },
    /// Another status.
    #[error("unexpected client error: unexpected requesting \"{url}\" status code: {status}")]
    Status {
        /// Requested address, without secrets.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The answer came from an address that is not that of a list of refs.
    #[error("http redirect: target {path:?} does not end with /info/refs")]
    Redirect {
        /// Path of the address.
        path: String,
    },
    /// The connection failed before an answer.
    #[error("{method} \"{url}\": {reason}")]
    Request {
        /// `Get` or `Post`.
        method: &'static str,
        /// Requested address, without secrets.
        url: String,
        /// What happened.
        reason: String,
    },
    /// SSH failed.
    #[error("ssh: {0}")]
    Ssh(String),
    /// The deadline passed.
    #[error("context deadline exceeded")]
    Deadline,
    /// The credentials or TLS material cannot be used.
    #[error("{0}")]
    Material(String),
    /// The remote has no commits.
    #[error("remote repository is empty")]
    Empty,
    /// The wanted ref is not there.
    #[error("couldn't find remote ref \"{0}\"")]
    RefNotFound(String),
    /// A clone without a branch needs the ref HEAD.
    #[error("reference not found")]
    NoHead,
    /// The answer is not the git protocol.
    #[error("the server does not answer in the smart git protocol: {0}")]
    Protocol(String),
    /// The server refused the request.
    #[error("the git server says: {0}")]
    Refused(String),
    /// A limit of ours.
    #[error("{what} exceeds the limit of {limit}")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// The limit with its unit.
        limit: String,
    },
    /// The local disk or the pack.
    #[error("cannot read what the server sent: {0}")]
    Pack(String),
}

/// How every message about a key that cannot be used begins.
pub(crate) const UNUSABLE_KEY: &str = "unable to construct auth method with options: ";

impl TransportError {
    /// The private key of the Secret cannot be used.
    pub fn is_unusable_key(&self) -> bool {
        matches!(self, Self::Material(text) if text.starts_with(UNUSABLE_KEY))
    }
}

/// Why a checkout failed.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The address is invalid.
    #[error("invalid address: {0}")]
    Url(#[from] UrlError),
    /// Listing refs failed.
    #[error("unable to list remote for '{url}': {source}")]
    List {
        /// The address, without secrets.
        url: String,
        /// What happened.
        source: TransportError,
    },
    /// Fetching failed.
    #[error("unable to clone '{url}': {source}")]
    Clone {
        /// The address, without secrets.
        url: String,
        /// What happened.
        source: TransportError,
    },
    /// The repository has no commits, so the ref cannot be there.
    #[error("unable to clone: remote repository is empty: git repository: '{url}'")]
    EmptyForReference {
        /// The address, without secrets.
        url: String,
    },
    /// The repository has no commits; the branch may come later.
    #[error("git repository is empty")]
    EmptyRepository,
    /// The full ref name is not listed.
    #[error("unable to resolve ref '{0}' to a specific commit")]
    UnknownRefName(String),
    /// The ref name is malformed.
    #[error("ref {0} is invalid; Git refs cannot begin or end with a slash '/'")]
    InvalidRefName(String),
    /// The commit is not there.
    #[error("unable to resolve commit object for '{0}': object not found")]
    UnknownCommit(String),
    /// The range cannot be read.
    #[error("semver parse error: {0}")]
    Range(String),
    /// No tag is in the range.
    #[error("no match found for semver: {0}")]
    NoMatchingTag(String),
    /// An object of the commit is missing or damaged.
    #[error("unable to read commit '{commit}': {reason}")]
    Object {
        /// The commit.
        commit: String,
        /// What is wrong.
        reason: String,
    },
    /// The tree has an entry that could harm whoever checks it out.
    #[error(
        "the repository has an entry that is not allowed, {path:?} in commit {commit}: {reason}; remove it from the repository"
    )]
    Hazard {
        /// Path of the entry.
        path: String,
        /// The commit.
        commit: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More entries than the limit.
    #[error(
        "the repository has {what} than the limit of {limit}; select directories with spec.sparseCheckout"
    )]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit with its unit.
        limit: String,
    },
    /// A submodule could not be fetched.
    #[error("unable to fetch the submodule '{path}': {reason}")]
    Submodule {
        /// Its path.
        path: String,
        /// What happened.
        reason: String,
    },
}
