//! What a remote is reached with: credentials, TLS material, proxy. Nothing here prints a secret.

use std::fmt;

use skein_http::{Proxy, TlsMaterial};

use crate::ssh_algorithms::SshAlgorithms;

/// How to identify to the remote.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    #[default]
    Anonymous,
    /// HTTP basic authentication.
    Basic {
        /// User name.
        username: String,
        /// Password or token.
        password: String,
    },
    /// HTTP bearer token.
    Bearer(String),
    /// SSH key and known hosts.
    Ssh(SshIdentity),
}

/// An SSH key with the hosts that are trusted.
#[derive(Clone, PartialEq, Eq)]
pub struct SshIdentity {
    /// Login name, usually `git`.
    pub username: String,
    /// Private key as PEM text.
    pub private_key: String,
    /// Passphrase of the key; empty when it has none.
    pub passphrase: String,
    /// Lines of a `known_hosts` file.
    pub known_hosts: String,
}

/// Everything that a remote is reached with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// How to identify.
    pub credentials: Credentials,
    /// Trust and client certificate.
    pub tls: TlsMaterial,
    /// Proxy on the way.
    pub proxy: Option<Proxy>,
    /// Algorithms that servers of ssh are offered.
    pub ssh_algorithms: SshAlgorithms,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
            Self::Ssh(_) => "Ssh(…)",
        })
    }
}
