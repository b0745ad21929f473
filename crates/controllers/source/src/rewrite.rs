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

    /// The address on this machine that stands for the registry of an `oci://` address: the longest address that was
    /// given and is a prefix of it by whole parts, with the rest behind it.
    pub fn local_registry(&self, address: &str) -> Option<String> {
        if !address.starts_with(OCI_SCHEME) {
            return None;
        }
        let wanted = normal(address);
        let map = self.local.read().unwrap_or_else(PoisonError::into_inner);
        let rest_of = |prefix: &String| {
            let rest = wanted.strip_prefix(prefix.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        };
        map.iter()
            .filter(|(_, local)| local.starts_with(OCI_SCHEME))
            .filter_map(|(prefix, local)| {
                Some((prefix.len(), format!("{local}{}", rest_of(prefix)?)))
            })
            .max_by_key(|(length, _)| *length)
            .map(|(_, local)| local)
    }
}

/// Scheme of addresses of registries.
const OCI_SCHEME: &str = "oci://";

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
        "https" | "oci" => ":443",
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
    fn registries_are_replaced_by_prefix() {
        let rewrites = UrlRewrites::default();
        rewrites.insert("oci://ghcr.io/org", "oci://127.0.0.1:1/a");
        rewrites.insert("oci://ghcr.io/org/charts", "oci://127.0.0.1:1/b");
        for (address, local) in [
            ("oci://ghcr.io/org/app", Some("oci://127.0.0.1:1/a/app")),
            (
                "oci://ghcr.io/org/charts/app",
                Some("oci://127.0.0.1:1/b/app"),
            ),
            ("oci://ghcr.io/organisation/app", None),
            ("https://ghcr.io/org/app", None),
        ] {
            assert_eq!(
                rewrites.local_registry(address).as_deref(),
                local,
                "{address}"
            );
        }
    }

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
