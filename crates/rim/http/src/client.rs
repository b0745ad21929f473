//! Makes clients.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use thiserror::Error;

use crate::access::{Proxy, TlsMaterial};
use crate::reason::reason_of;

/// Most redirects that are followed.
const MAX_REDIRECTS: usize = 5;
/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a client could not be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// There is no PEM in the client certificate or its key.
    #[error("tls: failed to find any PEM data in {0} input")]
    NoPem(&'static str),
    /// The client certificate or its key.
    #[error("tls: the client certificate or its key cannot be read")]
    Identity,
    /// The address of the proxy.
    #[error("the address of the proxy is invalid")]
    Proxy,
    /// Something else.
    #[error("{0}")]
    Build(String),
}

/// How a client behaves.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions<'a> {
    /// What it calls itself.
    pub user_agent: &'a str,
    /// Trust and client certificate; `None` for the system's trust.
    pub tls: Option<&'a TlsMaterial>,
    /// Proxy on the way.
    pub proxy: Option<&'a Proxy>,
    /// Whether certificates of servers are not checked.
    pub skip_verification: bool,
    /// Whether only HTTP/1.1 is spoken.
    pub http1_only: bool,
    /// Whether gzip is left as it is: what is fetched has a digest of its own bytes.
    pub keep_encoding: bool,
}

/// How PEM begins.
const PEM_BEGIN: &[u8] = b"-----BEGIN";

/// A client. It follows redirects, but never from https to http, and leaves credentials behind when the host changes.
pub fn client(options: &ClientOptions<'_>) -> Result<Client, ClientError> {
    let mut builder = Client::builder()
        .user_agent(options.user_agent)
        .connect_timeout(CONNECT_TIMEOUT)
        .referer(false)
        .redirect(redirect_policy());
    if options.http1_only {
        builder = builder.http1_only();
    }
    if options.keep_encoding {
        builder = builder.gzip(false);
    }
    if options.skip_verification {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(tls) = options.tls {
        // Text that holds no certificate adds no trust, as in Flux: the connection then fails on it.
        if let Ok(certificates) = reqwest::Certificate::from_pem_bundle(&tls.certificate_authority)
            && !certificates.is_empty()
        {
            builder = builder.tls_certs_merge(certificates);
        }
        if !tls.client_certificate.is_empty() {
            let mut pem = tls.client_certificate.clone();
            pem.push(b'\n');
            pem.extend_from_slice(&tls.client_key);
            let has_pem =
                |bytes: &[u8]| bytes.windows(PEM_BEGIN.len()).any(|part| part == PEM_BEGIN);
            if !has_pem(&tls.client_certificate) {
                return Err(ClientError::NoPem("certificate"));
            }
            if !has_pem(&tls.client_key) {
                return Err(ClientError::NoPem("key"));
            }
            let identity = reqwest::Identity::from_pem(&pem).map_err(|_| ClientError::Identity)?;
            builder = builder.identity(identity);
        }
    }
    if let Some(proxy) = options.proxy {
        let mut configured = reqwest::Proxy::all(&proxy.address).map_err(|_| ClientError::Proxy)?;
        if !proxy.username.is_empty() {
            configured = configured.basic_auth(&proxy.username, &proxy.password);
        }
        builder = builder.proxy(configured);
    }
    builder
        .build()
        .map_err(|error| ClientError::Build(reason_of(&error)))
}

fn redirect_policy() -> Policy {
    Policy::custom(|attempt| {
        let from_tls = attempt
            .previous()
            .last()
            .is_some_and(|url| url.scheme() == "https");
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("too many redirects")
        } else if from_tls && attempt.url().scheme() != "https" {
            attempt.error("refused to follow a redirect from https to http")
        } else {
            attempt.follow()
        }
    })
}
