//! Fetches for one build: from a synchronous engine, through the async clients.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use skein_git::{
    Access, Checkout, Credentials, FetchError, FetchRequest, Fetched, Reference, SshIdentity,
};
use skein_http::{ClientOptions, read_body, reason_of};
use skein_kustomize::{FileTree, RemoteAddress, RemoteSource};
use tokio::runtime::Handle;

use crate::error::BaseError;
use crate::kept::{Base, KeptBases};
use crate::tree::{self, MAX_BASE_FILE_BYTES};

const USER_AGENT: &str = concat!("skein/", env!("CARGO_PKG_VERSION"));
/// Longest time for one file.
const FILE_TIMEOUT: Duration = Duration::from_secs(27);
/// Characters of a commit id.
const COMMIT_CHARACTERS: usize = 40;

/// What ssh addresses are reached with.
#[derive(Clone, PartialEq, Eq)]
pub struct SshAccess {
    /// Private key as PEM text.
    pub private_key: String,
    /// Passphrase of the key; empty when it has none.
    pub passphrase: String,
    /// Lines of a `known_hosts` file.
    pub known_hosts: String,
}

/// The remote bases of one build. Its methods block: call them where blocking is allowed (`spawn_blocking`).
pub struct RemoteBases {
    runtime: fn() -> io::Result<Handle>,
    ssh: fn() -> Option<SshAccess>,
    trees: Mutex<HashMap<String, FileTree>>,
    kept: Arc<KeptBases>,
}

/// A base as it was found.
enum Found {
    /// The kept one is what the reference means.
    Kept(Base),
    /// Another one.
    Fetched(Box<Checkout>),
}

impl RemoteBases {
    /// Fetches through a runtime, which is asked for when the first base comes. The key is asked for when an ssh address comes; without one, these
    /// are refused.
    pub fn new(runtime: fn() -> io::Result<Handle>, ssh: fn() -> Option<SshAccess>) -> Self {
        Self {
            runtime,
            ssh,
            trees: Mutex::default(),
            kept: Arc::default(),
        }
    }

    fn block_on<T>(&self, work: impl Future<Output = T>) -> Result<T, BaseError> {
        let runtime = (self.runtime)().map_err(BaseError::Runtime)?;
        Ok(runtime.block_on(work))
    }

    /// Uses what earlier builds fetched, and keeps what this one does.
    pub fn keeping(mut self, kept: Arc<KeptBases>) -> Self {
        self.kept = kept;
        self
    }

    fn tree(&self, address: &RemoteAddress) -> Result<FileTree, BaseError> {
        let key = format!(
            "{}?ref={}&submodules={}",
            address.repository, address.reference, address.submodules
        );
        let known = |trees: &Mutex<HashMap<String, FileTree>>| {
            let trees = trees.lock().unwrap_or_else(PoisonError::into_inner);
            trees.get(&key).cloned()
        };
        if let Some(tree) = known(&self.trees) {
            return Ok(tree);
        }
        let url = git_url(&address.repository)?;
        let kept = self.kept.get(&key);
        let found = match kept {
            // A commit does not change.
            Some(base) if is_commit(&address.reference) => Found::Kept(base),
            kept => self.block_on(self.find(address, &url, kept))??,
        };
        let tree = match found {
            Found::Kept(base) => base.tree,
            Found::Fetched(checkout) => {
                let (tree, bytes) = tree::read(&address.repository, &checkout)?;
                let base = Base {
                    revision: checkout.revision,
                    tree: tree.clone(),
                    bytes,
                };
                self.kept.put(&key, base);
                tree
            }
        };
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.insert(key, tree.clone());
        Ok(tree)
    }

    /// The commit of a reference: a commit's id, or the first of what `git fetch` tries.
    async fn find(
        &self,
        address: &RemoteAddress,
        url: &str,
        kept: Option<Base>,
    ) -> Result<Found, BaseError> {
        let name = address.reference.as_str();
        let candidates = if name.is_empty() {
            vec![Reference::Name("HEAD".to_owned())]
        } else if is_commit(name) {
            vec![Reference::Commit {
                commit: name.to_owned(),
                branch: None,
            }]
        } else {
            let forms = ["", "refs/", "refs/tags/", "refs/heads/"];
            let forms = forms.iter().map(|form| format!("{form}{name}"));
            let listed = |full: &String| full.starts_with("refs/") || full == "HEAD";
            forms.filter(listed).map(Reference::Name).collect()
        };
        for reference in candidates {
            let request = FetchRequest {
                url: url.to_owned(),
                access: self.access(url)?,
                reference,
                last_revision: kept.as_ref().map(|base| base.revision.clone()),
                recurse_submodules: address.submodules,
                sparse_checkout: Vec::new(),
                timeout: Duration::from_secs(address.timeout_seconds),
                pinned: None,
            };
            match skein_git::fetch(&request).await {
                Ok(Fetched::Checkout(checkout)) => return Ok(Found::Fetched(checkout)),
                Ok(Fetched::Unchanged { .. }) => {
                    if let Some(base) = kept {
                        return Ok(Found::Kept(base));
                    }
                }
                Err(FetchError::UnknownRefName(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let reference = if name.is_empty() { "HEAD" } else { name };
        Err(BaseError::Reference {
            repository: address.repository.clone(),
            reference: reference.to_owned(),
        })
    }

    fn access(&self, url: &str) -> Result<Access, BaseError> {
        let Some(rest) = url.strip_prefix("ssh://") else {
            return Ok(Access::default());
        };
        let ssh = (self.ssh)().ok_or_else(|| BaseError::NoKey(url.to_owned()))?;
        let user = rest.split_once('@').map_or("git", |(user, _)| user);
        Ok(Access {
            credentials: Credentials::Ssh(SshIdentity {
                username: user.to_owned(),
                private_key: ssh.private_key,
                passphrase: ssh.passphrase,
                known_hosts: ssh.known_hosts,
            }),
            ..Access::default()
        })
    }
}

impl RemoteSource for RemoteBases {
    fn file(&self, url: &str) -> Result<Vec<u8>, String> {
        let fetched = self.block_on(timely_file(url)).flatten();
        fetched.map_err(|error| error.to_string())
    }

    fn directory(&self, url: &str) -> Result<(FileTree, String), String> {
        let address = RemoteAddress::parse(url).ok_or(BaseError::Address);
        let tree = address.and_then(|address| Ok((self.tree(&address)?, address.path)));
        tree.map_err(|error| error.to_string())
    }
}

fn is_commit(name: &str) -> bool {
    name.len() == COMMIT_CHARACTERS && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The address for the client: `user@host:path` becomes an ssh address.
fn git_url(repository: &str) -> Result<String, BaseError> {
    let known = ["http://", "https://", "ssh://"];
    if known.iter().any(|scheme| repository.starts_with(scheme)) {
        return Ok(repository.to_owned());
    }
    match repository.split_once(':') {
        Some((host, path)) if !repository.contains("://") => {
            Ok(format!("ssh://{host}/{}", path.trim_start_matches('/')))
        }
        _ => Err(BaseError::Scheme(repository.to_owned())),
    }
}

async fn timely_file(url: &str) -> Result<Vec<u8>, BaseError> {
    let fetched = tokio::time::timeout(FILE_TIMEOUT, fetch_file(url)).await;
    fetched.unwrap_or_else(|_| {
        Err(BaseError::Timeout {
            url: url.to_owned(),
            seconds: FILE_TIMEOUT.as_secs(),
        })
    })
}

async fn fetch_file(url: &str) -> Result<Vec<u8>, BaseError> {
    let client = skein_http::client(&ClientOptions {
        user_agent: USER_AGENT,
        ..ClientOptions::default()
    })?;
    let response = client.get(url).send().await;
    let response = response.map_err(|error| BaseError::Request {
        url: url.to_owned(),
        reason: reason_of(&error),
    })?;
    let status = response.status();
    if !status.is_success() {
        return Err(BaseError::Status {
            status: status.as_u16(),
            text: StatusCode::canonical_reason(&status).unwrap_or("unknown status"),
        });
    }
    let read = read_body(response, MAX_BASE_FILE_BYTES as u64).await;
    read.map_err(|source| BaseError::Body {
        url: url.to_owned(),
        source,
    })
}
