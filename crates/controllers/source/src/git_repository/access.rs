//! Turns the Secrets of a GitRepository into what git needs, or says what is wrong with them.

use skein_git::remote_url::Scheme;
use skein_git::{Access, Credentials, Proxy, RemoteUrl, SshIdentity, TlsMaterial};

use crate::produced::SecretData;

/// User name over ssh when the address has none.
const DEFAULT_SSH_USER: &str = "git";
/// Schemes of proxies that are taken.
const PROXY_SCHEMES: [&str; 4] = ["http://", "https://", "socks5://", "socks5h://"];
/// Longest address of a proxy, in bytes.
const MAX_PROXY_ADDRESS_BYTES: usize = 2048;

/// The access for an address from the data of its Secret; Flux's words when it cannot be used.
pub(super) fn access(url: &RemoteUrl, data: &SecretData) -> Result<Access, String> {
    let bytes = |key: &str| data.get(key).cloned().unwrap_or_default();
    let text = |key: &str| String::from_utf8_lossy(&bytes(key)).into_owned();
    if url.scheme == Scheme::Ssh {
        for key in ["identity", "known_hosts"] {
            if bytes(key).is_empty() {
                return Err(format!("invalid 'ssh' auth option: '{key}' is required"));
            }
        }
        let username = if url.user.is_empty() {
            DEFAULT_SSH_USER
        } else {
            &url.user
        };
        let identity = SshIdentity {
            username: username.to_owned(),
            private_key: text("identity"),
            passphrase: text("password"),
            known_hosts: text("known_hosts"),
        };
        return Ok(Access {
            credentials: Credentials::Ssh(identity),
            ..Access::default()
        });
    }
    let first = |keys: [&str; 2]| {
        keys.iter()
            .map(|key| bytes(key))
            .find(|value| !value.is_empty())
            .unwrap_or_default()
    };
    let tls = TlsMaterial {
        certificate_authority: first(["ca.crt", "caFile"]),
        client_certificate: bytes("tls.crt"),
        client_key: bytes("tls.key"),
    };
    let credentials = if data.contains_key("bearerToken") {
        Credentials::Bearer(text("bearerToken"))
    } else {
        let (mut username, mut password) = (text("username"), text("password"));
        if username.is_empty() {
            username.clone_from(&url.user);
        }
        if password.is_empty() {
            url.password().clone_into(&mut password);
        }
        match (username.is_empty(), password.is_empty()) {
            (true, true) => Credentials::Anonymous,
            (true, false) => {
                let scheme = if url.scheme == Scheme::Http {
                    "http"
                } else {
                    "https"
                };
                return Err(format!(
                    "invalid '{scheme}' auth option: 'password' requires 'username' to be set"
                ));
            }
            (false, _) => Credentials::Basic { username, password },
        }
    };
    Ok(Access {
        credentials,
        tls,
        ..Access::default()
    })
}

/// The proxy from the data of its Secret.
pub(crate) fn proxy(name: &str, data: &SecretData) -> Result<Proxy, String> {
    let text = |key: &str| {
        data.get(key)
            .map(|value| String::from_utf8_lossy(value).trim().to_owned())
            .unwrap_or_default()
    };
    let address = text("address");
    if address.is_empty() {
        return Err(format!("secret '{name}': key 'address' not found"));
    }
    if address.starts_with(':') {
        return Err(format!(
            "secret '{name}': failed to parse proxy address '{address}': parse \"{address}\": missing protocol scheme"
        ));
    }
    let known = PROXY_SCHEMES
        .iter()
        .any(|scheme| address.starts_with(scheme));
    if !known || address.len() > MAX_PROXY_ADDRESS_BYTES {
        return Err(format!(
            "secret '{name}': the address must begin with http://, https:// or socks5:// and have at most {MAX_PROXY_ADDRESS_BYTES} bytes"
        ));
    }
    Ok(Proxy {
        address,
        username: text("username"),
        password: text("password"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(entries: &[(&str, &str)]) -> SecretData {
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
            .collect()
    }

    fn url(text: &str) -> RemoteUrl {
        RemoteUrl::parse(text).unwrap()
    }

    #[test]
    fn http_secrets() {
        let https = url("https://example.com/a.git");
        let basic = access(&https, &data(&[("username", "u"), ("password", "p")])).unwrap();
        let expected = Credentials::Basic {
            username: "u".into(),
            password: "p".into(),
        };
        assert!(basic.credentials == expected);
        let bearer = access(&https, &data(&[("bearerToken", "t"), ("username", "u")])).unwrap();
        assert!(bearer.credentials == Credentials::Bearer("t".into()));
        let empty = access(&https, &data(&[])).unwrap();
        assert!(empty.credentials == Credentials::Anonymous);
        let error = access(&https, &data(&[("password", "p")])).unwrap_err();
        assert_eq!(
            error,
            "invalid 'https' auth option: 'password' requires 'username' to be set"
        );
        let tls = access(&https, &data(&[("ca.crt", "new"), ("caFile", "old")]))
            .unwrap()
            .tls;
        assert_eq!(tls.certificate_authority, b"new");
        let named = url("https://me:word@example.com/a.git");
        let from_url = access(&named, &data(&[("ca.crt", "x")])).unwrap();
        let expected = Credentials::Basic {
            username: "me".into(),
            password: "word".into(),
        };
        assert!(from_url.credentials == expected);
    }

    #[test]
    fn ssh_secrets() {
        let ssh = url("ssh://example.com/a.git");
        let error = access(&ssh, &data(&[("known_hosts", "h")])).unwrap_err();
        assert_eq!(error, "invalid 'ssh' auth option: 'identity' is required");
        let error = access(&ssh, &data(&[("identity", "k")])).unwrap_err();
        assert_eq!(
            error,
            "invalid 'ssh' auth option: 'known_hosts' is required"
        );
        let full = data(&[("identity", "k"), ("known_hosts", "h"), ("password", "w")]);
        let Credentials::Ssh(identity) = access(&ssh, &full).unwrap().credentials else {
            panic!("no ssh");
        };
        assert_eq!(
            (identity.username.as_str(), identity.passphrase.as_str()),
            ("git", "w")
        );
    }

    #[test]
    fn proxy_secrets() {
        assert_eq!(
            proxy("ns/p", &data(&[])).err().as_deref(),
            Some("secret 'ns/p': key 'address' not found")
        );
        assert!(proxy("ns/p", &data(&[("address", "ftp://x")])).is_err());
        assert!(proxy("ns/p", &data(&[("address", "socks5://x:1080\n")])).is_ok());
    }
}
