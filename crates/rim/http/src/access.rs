//! TLS material and proxies. Nothing here prints a secret.

use std::fmt;

/// Trust and client certificate for https, as PEM text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsMaterial {
    /// Certificates to trust beside the system's; empty for none.
    pub certificate_authority: Vec<u8>,
    /// Client certificate; empty for none.
    pub client_certificate: Vec<u8>,
    /// Key of the client certificate; empty for none.
    pub client_key: Vec<u8>,
}

/// A proxy on the way: http, https or socks5.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Address with its scheme.
    pub address: String,
    /// User name; empty for none.
    pub username: String,
    /// Password; empty for none.
    pub password: String,
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsMaterial(…)")
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy(…)")
    }
}
