//! Addresses of repositories that are served from this machine, as with Git's `insteadOf`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Local addresses by the address that they stand for. Shared by its clones, so that addresses can
/// be added while the controller runs. `https://host/a.git`, `ssh://git@host/a` and `git@host:a.git`
/// are the same repository here.
#[derive(Clone, Debug, Default)]
pub struct UrlRewrites {
    local: Arc<RwLock<BTreeMap<String, String>>>,
}

impl UrlRewrites {
    /// Serves an address from a local one.
    pub fn insert(&self, address: &str, local: &str) {
        let mut map = self.local.write().unwrap_or_else(PoisonError::into_inner);
        map.insert(normal(address), local.to_owned());
    }

    /// The local address that stands for an address.
    pub fn local(&self, address: &str) -> Option<String> {
        let map = self.local.read().unwrap_or_else(PoisonError::into_inner);
        map.get(&normal(address)).cloned()
    }
}

/// `host[:port]/path`, without scheme, user, default port, trailing slash and `.git`.
fn normal(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("scp", address));
    let (authority, path) = match rest.find(if scheme == "scp" { ':' } else { '/' }) {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, ""),
    };
    let host = authority
        .rsplit('@')
        .next()
        .unwrap_or(authority)
        .to_ascii_lowercase();
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => ":22",
    };
    let host = host.strip_suffix(default_port).unwrap_or(&host);
    let path = path.trim_matches('/');
    format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_repository_by_any_of_its_addresses() {
        let rewrites = UrlRewrites::default();
        rewrites.insert(
            "git@github.com:org/fleet.git",
            "http://127.0.0.1:1/fleet.git",
        );
        for address in [
            "https://github.com/org/fleet",
            "https://user:pw@GitHub.com:443/org/fleet.git/",
            "ssh://git@github.com/org/fleet",
            "ssh://git@github.com:22/org/fleet.git",
        ] {
            let local = rewrites.local(address);
            assert_eq!(
                local.as_deref(),
                Some("http://127.0.0.1:1/fleet.git"),
                "{address}"
            );
        }
        for address in [
            "https://github.com/org/fleet2",
            "https://github.com:8443/org/fleet",
            "https://gitlab.com/org/fleet",
        ] {
            assert_eq!(rewrites.local(address), None, "{address}");
        }
    }
}
