//! Resolves a reference on a remote and fetches its commit, or finds that nothing changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gix_object::Kind;
use skein_semver::Constraint;
use tokio::time::Instant;

use crate::access::Access;
use crate::checkout::{Checkout, CommitInfo, Selection, TagInfo, list_entries};
use crate::error::{FetchError, TransportError};
use crate::pinned::{History, PinnedCommits, branch_heads, object_id};
use crate::reference::{Reference, matching_tags, short_revision};
use crate::remote_url::{RemoteUrl, Scheme};
use crate::store::{INCOMING_FILE, PackStore};
use crate::submodules::add_submodules;
use crate::transport::Connection;
use crate::upload_pack::{Advertisement, Content, ObjectId, PackRequest, receive_pack};

/// The ref that a repository points to itself.
const HEAD: &str = "HEAD";

/// What to fetch, from where.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Address of the repository.
    pub url: String,
    /// What it is reached with.
    pub access: Access,
    /// Which commit.
    pub reference: Reference,
    /// The revision that is already there: when the reference still means it, nothing is fetched.
    pub last_revision: Option<String>,
    /// Whether submodules are fetched too.
    pub recurse_submodules: bool,
    /// Directories that are wanted; all when empty.
    pub sparse_checkout: Vec<String>,
    /// Longest time for everything.
    pub timeout: Duration,
    /// When given, a pinned commit must be in the history of its branch (of any branch when none is named), as Flux has it; what was found
    /// is remembered here. Without, any commit that the server gives is taken, as `git fetch` does.
    pub pinned: Option<Arc<PinnedCommits>>,
}

/// The outcome of a fetch.
pub enum Fetched {
    /// The reference still means the last revision.
    Unchanged {
        /// That revision.
        revision: String,
    },
    /// A commit.
    Checkout(Box<Checkout>),
}

/// What a reference means on a remote.
pub(crate) struct Target {
    /// Full ref name; empty for a bare commit.
    name: String,
    /// Revision, when it is known before the fetch.
    revision: Option<String>,
    /// Objects to choose the commit from; the best when there are several is the newest.
    candidates: Vec<(String, ObjectId)>,
    request: PackRequest,
    /// Where a pinned commit must be found; `None` when it is where it should be, or the request itself tells.
    history: Option<History>,
}

/// Fetches. Dropping the future cancels everything.
pub async fn fetch(request: &FetchRequest) -> Result<Fetched, FetchError> {
    let url = RemoteUrl::parse(&request.url)?;
    let deadline = Instant::now() + request.timeout;
    let listing = lists_first(request);
    let (mut connection, list) = within(deadline, &url, Connection::open(&url, &request.access))
        .await
        .map_err(|source| transport_error(listing, &url, source))?;
    if list.is_empty() {
        return Err(empty_repository(listing, &url, &request.reference));
    }
    let target = resolve(&list, request, &url)?;
    if let (Some(history), Some(known)) = (&target.history, &request.pinned) {
        let asked = history.check(&mut connection, &list, known, deadline, &url);
        let is_used = asked.await.map_err(|error| as_written(error, request))?;
        if is_used && url.scheme == Scheme::Ssh {
            // A conversation over ssh ends with its pack.
            let opened = within(deadline, &url, Connection::open(&url, &request.access)).await;
            (connection, _) = opened.map_err(|source| transport_error(false, &url, source))?;
        }
    }
    if let (Some(revision), Some(last)) = (&target.revision, &request.last_revision)
        && revision == last
    {
        return Ok(Fetched::Unchanged {
            revision: revision.clone(),
        });
    }
    let part = receive(&mut connection, &list, &target.request, deadline, &url)
        .await
        .map_err(|source| refused_commit(source, &url, &request.reference))?;
    let mut checkout = open_commit(&part, target, &request.reference)?;
    let selection = Selection::new(&request.sparse_checkout);
    checkout.entries = list_entries(&part, 0, &checkout.commit, "", &selection)?;
    checkout.stores.push(part);
    if request.recurse_submodules {
        add_submodules(&mut checkout, &url, &request.access, deadline).await?;
    }
    Ok(Fetched::Checkout(Box::new(checkout)))
}

/// Whether Flux lists the refs in a step of its own before it clones: only the words of errors
/// tell the difference here.
fn lists_first(request: &FetchRequest) -> bool {
    match request.reference {
        Reference::Name(_) => true,
        Reference::Branch(_) | Reference::Tag(_) => request.last_revision.is_some(),
        Reference::SemVer(_) | Reference::Commit { .. } => false,
    }
}

/// Runs a step of the conversation until the deadline.
pub(crate) async fn within<T>(
    deadline: Instant,
    url: &RemoteUrl,
    step: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    tokio::time::timeout_at(deadline, step)
        .await
        .unwrap_or_else(|_| {
            Err(match url.scheme {
                Scheme::Ssh => TransportError::Deadline,
                Scheme::Http | Scheme::Https => TransportError::Request {
                    method: "Get",
                    url: format!(
                        "{}/info/refs?service=git-upload-pack",
                        url.without_user().trim_end_matches('/')
                    ),
                    reason: TransportError::Deadline.to_string(),
                },
            })
        })
}

/// Asks for a pack, receives and indexes it.
pub(crate) async fn receive(
    connection: &mut Connection,
    list: &Advertisement,
    request: &PackRequest,
    deadline: Instant,
    url: &RemoteUrl,
) -> Result<Arc<PackStore>, TransportError> {
    let disk = |error: std::io::Error| TransportError::Pack(error.to_string());
    let folder = tempfile::Builder::new()
        .prefix("skein-git-")
        .tempdir()
        .map_err(disk)?;
    let path = folder.path().join(INCOMING_FILE);
    within(deadline, url, async {
        let mut answer = connection.request(request, list).await?;
        let file = tokio::fs::File::create(&path).await.map_err(disk)?;
        let mut file = tokio::io::BufWriter::with_capacity(256 * 1024, file);
        receive_pack(&mut answer, &mut file, request, list).await
    })
    .await?;
    let interrupt = InterruptOnDrop(Arc::new(AtomicBool::new(false)));
    let flag = Arc::clone(&interrupt.0);
    let indexing = tokio::task::spawn_blocking(move || PackStore::index(folder, &flag));
    let indexed = within(deadline, url, async {
        indexing
            .await
            .map_err(|error| TransportError::Pack(error.to_string()))?
    });
    Ok(Arc::new(indexed.await?))
}

/// Stops a running index when the future that waits for it is dropped.
struct InterruptOnDrop(Arc<AtomicBool>);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(crate) fn transport_error(
    listing: bool,
    url: &RemoteUrl,
    source: TransportError,
) -> FetchError {
    let url = url.to_string();
    if listing {
        FetchError::List { url, source }
    } else {
        FetchError::Clone { url, source }
    }
}

fn empty_repository(listing: bool, url: &RemoteUrl, reference: &Reference) -> FetchError {
    match reference {
        _ if listing => transport_error(true, url, TransportError::Empty),
        Reference::Branch(_) => FetchError::EmptyRepository,
        _ => FetchError::EmptyForReference {
            url: url.to_string(),
        },
    }
}

/// A commit that is not found is told as it was written.
fn as_written(error: FetchError, request: &FetchRequest) -> FetchError {
    match (error, &request.reference) {
        (FetchError::UnknownCommit(_), Reference::Commit { commit, .. }) => {
            FetchError::UnknownCommit(commit.clone())
        }
        (error, _) => error,
    }
}

/// A server that refuses a commit by its id does not have it.
fn refused_commit(source: TransportError, url: &RemoteUrl, reference: &Reference) -> FetchError {
    match (source, reference) {
        (TransportError::Refused(_), Reference::Commit { commit, .. }) => {
            FetchError::UnknownCommit(commit.clone())
        }
        (source, _) => transport_error(false, url, source),
    }
}

/// Chooses what to ask for.
pub(crate) fn resolve(
    list: &Advertisement,
    wanted: &FetchRequest,
    url: &RemoteUrl,
) -> Result<Target, FetchError> {
    let reference = &wanted.reference;
    let named = |name: String, full: bool| {
        let commit = list
            .commit(&name)
            .zip(list.object(name.trim_end_matches("^{}")));
        commit.map(|(commit, object)| Target {
            revision: Some(if full {
                format!("{name}@sha1:{commit}")
            } else {
                short_revision(&name, &commit)
            }),
            candidates: vec![(name.clone(), object)],
            name,
            request: PackRequest {
                wants: vec![object],
                depth: Some(1),
                content: Content::Files,
            },
            history: None,
        })
    };
    let missing =
        |name: &str| transport_error(false, url, TransportError::RefNotFound(name.to_owned()));
    match reference {
        Reference::Branch(branch) => {
            let name = format!("refs/heads/{branch}");
            named(name.clone(), false).ok_or_else(|| missing(&name))
        }
        Reference::Tag(tag) => {
            let name = format!("refs/tags/{tag}");
            named(name.clone(), false).ok_or_else(|| missing(&name))
        }
        Reference::Name(name) if name.starts_with('/') || name.ends_with('/') => {
            Err(FetchError::InvalidRefName(name.clone()))
        }
        Reference::Name(name) => {
            named(name.clone(), true).ok_or_else(|| FetchError::UnknownRefName(name.clone()))
        }
        Reference::SemVer(range) => resolve_range(list, range, url),
        Reference::Commit { commit, branch } => {
            if wanted.pinned.is_some() && branch.is_none() {
                has_head(list, url)?;
            }
            let target = resolve_commit(list, commit, branch.as_deref(), &missing)?;
            match &wanted.pinned {
                Some(_) => Ok(target),
                None => Ok(Target {
                    history: None,
                    ..target
                }),
            }
        }
    }
}

/// What Flux clones without naming a branch must have a default branch.
fn has_head(list: &Advertisement, url: &RemoteUrl) -> Result<(), FetchError> {
    match list.object(HEAD) {
        Some(_) => Ok(()),
        None => Err(transport_error(false, url, TransportError::NoHead)),
    }
}

fn resolve_range(list: &Advertisement, range: &str, url: &RemoteUrl) -> Result<Target, FetchError> {
    let constraint =
        Constraint::parse(range).map_err(|error| FetchError::Range(error.to_string()))?;
    has_head(list, url)?;
    let tags = matching_tags(list, &constraint);
    let Some((_, best)) = tags.last() else {
        return Err(FetchError::NoMatchingTag(range.to_owned()));
    };
    let equal = tags
        .iter()
        .filter(|(_, version)| version.precedence(best).is_eq());
    let candidates: Vec<(String, ObjectId)> = equal
        .filter_map(|(tag, _)| {
            let name = format!("refs/tags/{tag}");
            list.object(&name).map(|id| (name, id))
        })
        .collect();
    let revision = match candidates.as_slice() {
        [(name, _)] => list
            .commit(name)
            .map(|commit| short_revision(name, &commit)),
        _ => None,
    };
    let wants = candidates.iter().map(|(_, id)| *id).collect();
    let request = PackRequest {
        wants,
        depth: Some(1),
        content: Content::Files,
    };
    Ok(Target {
        history: None,
        name: String::new(),
        revision,
        candidates,
        request,
    })
}

fn resolve_commit(
    list: &Advertisement,
    commit: &str,
    branch: Option<&str>,
    missing: &dyn Fn(&str) -> FetchError,
) -> Result<Target, FetchError> {
    let id = object_id(commit);
    let name = branch
        .map(|branch| format!("refs/heads/{branch}"))
        .unwrap_or_default();
    let branch_head = match branch {
        Some(_) => Some(list.object(&name).ok_or_else(|| missing(&name))?),
        None => None,
    };
    let is_given = list.lists(&id) || list.allows_any_commit();
    let history = History::of(list, id, branch_head);
    let request = PackRequest {
        wants: match branch_head {
            _ if is_given => vec![id],
            Some(head) => vec![head],
            None => branch_heads(list),
        },
        // What comes without the history is the history.
        depth: is_given.then_some(1),
        content: Content::Files,
    };
    let revision = Some(short_revision(&name, &id));
    Ok(Target {
        candidates: vec![(name.clone(), id)],
        name,
        revision,
        request,
        history: history.filter(|_| is_given),
    })
}

/// Reads the commit of the target, and the annotated tag before it.
fn open_commit(
    store: &PackStore,
    target: Target,
    reference: &Reference,
) -> Result<Checkout, FetchError> {
    let mut best: Option<(String, CommitInfo, Option<TagInfo>)> = None;
    for (name, object) in &target.candidates {
        let (commit, tag) = follow(store, object, reference)?;
        let newer = best
            .as_ref()
            .is_none_or(|(_, b, _)| commit.committed_at >= b.committed_at);
        if newer {
            best = Some((name.clone(), commit, tag));
        }
    }
    let (name, commit, tag) = best.ok_or(FetchError::UnknownRefName(target.name))?;
    let revision = target.revision.unwrap_or_else(|| {
        ObjectId::from_hex(commit.id.as_bytes())
            .map(|id| short_revision(&name, &id))
            .unwrap_or_default()
    });
    Ok(Checkout {
        revision,
        commit,
        tag,
        entries: Vec::new(),
        stores: Vec::new(),
        git_files: Vec::new(),
    })
}

/// Longest chain of tags that point to tags.
const MAX_TAG_CHAIN: usize = 5;

fn follow(
    store: &PackStore,
    object: &ObjectId,
    reference: &Reference,
) -> Result<(CommitInfo, Option<TagInfo>), FetchError> {
    let broken = |reason: String| FetchError::Object {
        commit: object.to_string(),
        reason,
    };
    let mut id = *object;
    let mut first_tag = None;
    for _ in 0..MAX_TAG_CHAIN {
        match store.object(&id).map_err(broken)? {
            Some((Kind::Commit, raw)) => {
                let commit = CommitInfo::parse(&id, &raw);
                let commit = commit.ok_or_else(|| broken("the commit is damaged".into()))?;
                return Ok((commit, first_tag));
            }
            Some((Kind::Tag, raw)) => {
                let parsed = TagInfo::parse(&id, &raw);
                let (tag, next) = parsed.ok_or_else(|| broken("the tag is damaged".into()))?;
                first_tag.get_or_insert(tag);
                id = next;
            }
            Some((kind, _)) => return Err(broken(format!("it is a {kind}, not a commit"))),
            None => {
                return Err(match reference {
                    Reference::Commit { commit, .. } => FetchError::UnknownCommit(commit.clone()),
                    _ => broken("the server did not send it".into()),
                });
            }
        }
    }
    Err(broken("tags point to tags too often".into()))
}

/// What to ask for, to get one commit of a submodule.
pub(crate) fn resolve_submodule(
    list: &Advertisement,
    commit: &ObjectId,
) -> Result<PackRequest, FetchError> {
    let unknown = |name: &str| FetchError::UnknownRefName(name.to_owned());
    resolve_commit(list, &commit.to_string(), None, &unknown).map(|target| target.request)
}

/// Reads a commit that must be in the store.
pub(crate) fn read_commit(store: &PackStore, id: &ObjectId) -> Result<CommitInfo, FetchError> {
    let reference = Reference::Commit {
        commit: id.to_string(),
        branch: None,
    };
    follow(store, id, &reference).map(|(commit, _)| commit)
}
