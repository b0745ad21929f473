//! Pinned commits: which object a text means, and whether it is in the history of its branch.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use sha1::{Digest as _, Sha1};
use tokio::time::Instant;

use crate::error::{FetchError, TransportError};
use crate::fetch::{receive, transport_error};
use crate::remote_url::RemoteUrl;
use crate::transport::Connection;
use crate::upload_pack::{Advertisement, Content, ObjectId, PackRequest};

/// Most findings that are remembered; the memory begins anew when it is full.
const MAX_REMEMBERED: usize = 10_000;
/// Bytes of an object id.
const ID_BYTES: usize = 20;
/// Where branches are.
const BRANCHES: &str = "refs/heads/";

/// Pinned commits that were found in the history of branches, so that they are not looked for again while these branches stay.
#[derive(Debug, Default)]
pub struct PinnedCommits {
    found: Mutex<HashSet<[u8; ID_BYTES]>>,
}

impl PinnedCommits {
    fn knows(&self, finding: &[u8; ID_BYTES]) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.contains(finding)
    }

    fn remember(&self, finding: [u8; ID_BYTES]) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() >= MAX_REMEMBERED {
            found.clear();
        }
        found.insert(finding);
    }
}

/// A search for a commit in the history of branches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct History {
    commit: ObjectId,
    heads: Vec<ObjectId>,
}

impl History {
    /// The branches that may hold the commit: the named one, or all. `None` when one of them ends in it.
    pub(crate) fn of(
        list: &Advertisement,
        commit: ObjectId,
        branch: Option<ObjectId>,
    ) -> Option<Self> {
        let heads = branch.map_or_else(|| branch_heads(list), |head| vec![head]);
        (!heads.contains(&commit)).then_some(Self { commit, heads })
    }

    /// Looks for the commit; what was found before is not looked for again. Uses up the connection when it answers `true`.
    pub(crate) async fn check(
        &self,
        connection: &mut Connection,
        list: &Advertisement,
        known: &PinnedCommits,
        deadline: Instant,
        url: &RemoteUrl,
    ) -> Result<bool, FetchError> {
        let finding = self.finding(url);
        if known.knows(&finding) {
            return Ok(false);
        }
        let request = PackRequest {
            wants: self.heads.clone(),
            depth: None,
            content: Content::Commits,
        };
        let part = receive(connection, list, &request, deadline, url)
            .await
            .map_err(|source| transport_error(false, url, source))?;
        let broken = |reason| transport_error(false, url, TransportError::Pack(reason));
        match part.object(&self.commit).map_err(broken)? {
            Some((gix_object::Kind::Commit, _)) => {
                known.remember(finding);
                Ok(true)
            }
            _ => Err(FetchError::UnknownCommit(self.commit.to_string())),
        }
    }

    /// A server may claim anything about its own repositories only: the address belongs to what was found.
    fn finding(&self, url: &RemoteUrl) -> [u8; ID_BYTES] {
        let mut hash = Sha1::new();
        hash.update(url.to_string());
        hash.update([0]);
        hash.update(self.commit.as_bytes());
        for head in &self.heads {
            hash.update(head.as_bytes());
        }
        hash.finalize().into()
    }
}

/// The heads of all branches, each once.
pub(crate) fn branch_heads(list: &Advertisement) -> Vec<ObjectId> {
    let names = list.names().filter(|name| name.starts_with(BRANCHES));
    let mut heads: Vec<ObjectId> = names.filter_map(|name| list.object(name)).collect();
    heads.sort();
    heads.dedup();
    heads
}

/// The object that a text means, as go-git reads it: the bytes before the first pair that is not hexadecimal, cut or filled up with zeros.
pub(crate) fn object_id(text: &str) -> ObjectId {
    let mut id = [0; ID_BYTES];
    for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok();
        // A sign is no digit, whatever Rust thinks.
        let digits = pair.filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(value) => *byte = value,
            None => break,
        }
    }
    ObjectId::Sha1(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_go_git_reads_them() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let read = |text: &str| object_id(text).to_string();
        assert_eq!(read(id), id);
        assert_eq!(read(&id.to_uppercase()), id);
        assert_eq!(read(&format!("{id}89 and more")), id);
        assert_eq!(read("abcdef1"), format!("abcdef{}", "0".repeat(34)));
        assert_eq!(read("+a"), "0".repeat(40));
        assert_eq!(read(""), "0".repeat(40));
    }

    #[test]
    fn the_memory_is_bounded() {
        let known = PinnedCommits::default();
        for number in 0..=MAX_REMEMBERED {
            let mut finding = [0; ID_BYTES];
            finding[..8].copy_from_slice(&number.to_be_bytes());
            known.remember(finding);
        }
        assert_eq!(known.found.lock().unwrap().len(), 1);
    }
}
