//! Why a remote base or file could not be had.

use skein_git::FetchError;
use skein_http::BodyError;
use skein_kustomize::TreeError;
use thiserror::Error;

/// Why a remote base or file could not be had. Addresses come without secrets.
#[derive(Debug, Error)]
pub enum BaseError {
    /// The address is none of a repository.
    #[error("the address is not one of a Git repository")]
    Address,
    /// Another scheme than http, https and ssh.
    #[error("'{0}' is not fetched: remote bases come by http, https or ssh")]
    Scheme(String),
    /// SSH without a key.
    #[error(
        "'{0}' needs an SSH key, and there is none here; use an https address, or vendor the base"
    )]
    NoKey(String),
    /// Git could not fetch.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Neither a tag, a branch nor a commit.
    #[error("'{repository}' has no branch, tag or commit '{reference}'")]
    Reference {
        /// The repository.
        repository: String,
        /// What was asked for.
        reference: String,
    },
    /// The files do not fit.
    #[error(
        "the repository '{repository}' is too large for a base: {source}; use a smaller one, or vendor the base"
    )]
    Tree {
        /// The repository.
        repository: String,
        /// The limit.
        source: TreeError,
    },
    /// More bytes than are taken.
    #[error(
        "the repository '{repository}' has more than {limit} bytes; use a smaller one, or vendor the base"
    )]
    TooLarge {
        /// The repository.
        repository: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// Nothing can be waited for.
    #[error("cannot start the async runtime: {0}")]
    Runtime(std::io::Error),
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] skein_http::ClientError),
    /// The server cannot be reached.
    #[error("Get {url:?}: {reason}")]
    Request {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The server refused.
    #[error("HTTP error: status code {status} ({text})")]
    Status {
        /// HTTP status.
        status: u16,
        /// Its name.
        text: &'static str,
    },
    /// The answer could not be read, or is too large.
    #[error("failed to read {url}: {source}")]
    Body {
        /// The address.
        url: String,
        /// What is wrong.
        source: BodyError,
    },
    /// Nothing came in time.
    #[error("hit {seconds}s timeout fetching '{url}'")]
    Timeout {
        /// The address.
        url: String,
        /// The limit in seconds.
        seconds: u64,
    },
}
