//! What a registry or chart repository is reached with. Nothing here prints a secret.

use std::fmt;

use skein_http::{Proxy, TlsMaterial};

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("skein/", env!("CARGO_PKG_VERSION"));

/// How to identify.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    #[default]
    Anonymous,
    /// User name and password.
    Basic {
        /// User name.
        username: String,
        /// Password or token.
        password: String,
    },
    /// A token that the registry takes as it is.
    Bearer(String),
    /// A token that is exchanged for others.
    Refresh(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
            Self::Refresh(_) => "Refresh(…)",
        })
    }
}

/// Everything that a remote is reached with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// How to identify.
    pub credentials: Credentials,
    /// Trust and client certificate; `None` for the system's trust.
    pub tls: Option<TlsMaterial>,
    /// Proxy on the way.
    pub proxy: Option<Proxy>,
    /// Plain HTTP is allowed, and certificates are not checked.
    pub insecure: bool,
    /// Plain HTTP is not tried even for registries of this machine and of private networks, unless `insecure` says so.
    pub no_plain_guess: bool,
}
