//! Chart repositories behind HTTP: `<address>/index.yaml` and the packages that it names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Url};
use skein_http::{BodyError, ClientOptions, read_body, reason_of};
use thiserror::Error;

use crate::access::{Access, Credentials, USER_AGENT};
use crate::error::status_text;

/// Largest index, in bytes (`--helm-index-max-size`).
pub const MAX_INDEX_BYTES: u64 = 50 * 1024 * 1024;
/// Largest chart package, in bytes (`--helm-chart-max-size`).
pub const MAX_CHART_BYTES: u64 = 10 * 1024 * 1024;

/// Why a file of a repository could not be had. The words are those of Helm's getter.
#[derive(Debug, Error)]
pub enum FetchFileError {
    /// No client could be made of the TLS material or the proxy.
    #[error(transparent)]
    Client(#[from] skein_http::ClientError),
    /// The address cannot be read.
    #[error("invalid chart repository URL '{0}'")]
    Address(String),
    /// Another scheme than http and https.
    #[error("scheme {scheme:?} not supported: charts are fetched by http and https alone")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// The server cannot be reached.
    #[error("Get {url:?}: {reason}")]
    Request {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The server refused.
    #[error("failed to fetch {url} : {status} {}", status_text(*status))]
    Status {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The answer could not be read, or is too large.
    #[error("failed to read {url}: {source}")]
    Body {
        /// The address.
        url: String,
        /// What is wrong.
        source: BodyError,
    },
}

impl FetchFileError {
    /// The words where the file was an index.
    pub fn about_index(&self) -> String {
        match self {
            Self::Body {
                source: BodyError::TooLarge { limit },
                ..
            } => format!("index exceeds the maximum index file size of {limit} bytes"),
            other => other.to_string(),
        }
    }
}

/// A repository that is reached with some access.
#[derive(Debug)]
pub struct ChartRepository {
    client: Client,
    address: Url,
    credentials: Credentials,
    pass_credentials: bool,
}

impl ChartRepository {
    /// Nothing is sent yet. With `pass_credentials` other hosts get them too.
    pub fn new(
        address: &str,
        access: &Access,
        pass_credentials: bool,
    ) -> Result<Self, FetchFileError> {
        let mut url =
            Url::parse(address).map_err(|_| FetchFileError::Address(without_user(address)))?;
        check_scheme(&url)?;
        // References are relative to the folder.
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let client = skein_http::client(&ClientOptions {
            user_agent: USER_AGENT,
            tls: access.tls.as_ref(),
            proxy: access.proxy.as_ref(),
            skip_verification: access.insecure,
            keep_encoding: false,
            ..ClientOptions::default()
        })?;
        Ok(Self {
            client,
            address: url,
            credentials: access.credentials.clone(),
            pass_credentials,
        })
    }

    /// Address of the index, without user and password.
    pub fn index_url(&self) -> String {
        without_user(&format!("{}index.yaml", self.address))
    }

    /// The raw bytes of the index.
    pub async fn fetch_index(&self, limit: u64) -> Result<Vec<u8>, FetchFileError> {
        let mut url = self.address.clone();
        let path = format!("{}index.yaml", url.path());
        url.set_path(&path);
        self.fetch(url, limit).await
    }

    /// The bytes of a chart, by an address of the index: absolute, or relative to the repository.
    pub async fn fetch_chart(
        &self,
        reference: &str,
        limit: u64,
    ) -> Result<Vec<u8>, FetchFileError> {
        self.fetch(self.resolve(reference)?, limit).await
    }

    /// The full address of an address of the index; the query of the repository goes with relative ones.
    pub fn resolve(&self, reference: &str) -> Result<Url, FetchFileError> {
        let failed = |_| FetchFileError::Address(without_user(reference));
        let url = match Url::parse(reference) {
            Ok(url) => url,
            Err(_) => {
                let mut url = self.address.join(reference).map_err(failed)?;
                url.set_query(self.address.query());
                url
            }
        };
        check_scheme(&url)?;
        Ok(url)
    }

    async fn fetch(&self, url: Url, limit: u64) -> Result<Vec<u8>, FetchFileError> {
        let shown = url.to_string();
        let mut request = self.client.get(without_login(&url));
        if let Some(value) = self.authorization(&url) {
            request = request.header(AUTHORIZATION, value);
        }
        let response = request
            .send()
            .await
            .map_err(|error| FetchFileError::Request {
                url: without_user(&shown),
                reason: reason_of(&error),
            })?;
        let status = response.status();
        if !status.is_success() {
            return Err(FetchFileError::Status {
                url: without_user(&shown),
                status: status.as_u16(),
            });
        }
        read_body(response, limit)
            .await
            .map_err(|source| FetchFileError::Body {
                url: without_user(&shown),
                source,
            })
    }

    /// Credentials go to the host of the index, and to others only when the user said so.
    fn authorization(&self, url: &Url) -> Option<HeaderValue> {
        let own = (
            self.address.scheme(),
            self.address.host_str(),
            self.address.port_or_known_default(),
        );
        let other = (url.scheme(), url.host_str(), url.port_or_known_default());
        let pair = match &self.credentials {
            Credentials::Basic { username, password } if self.pass_credentials || own == other => {
                format!("{username}:{password}")
            }
            _ if !url.username().is_empty() => {
                format!("{}:{}", url.username(), url.password().unwrap_or_default())
            }
            _ => return None,
        };
        let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

fn check_scheme(url: &Url) -> Result<(), FetchFileError> {
    match url.scheme() {
        "http" | "https" => Ok(()),
        scheme => Err(FetchFileError::Scheme {
            scheme: scheme.to_owned(),
        }),
    }
}

fn without_login(url: &Url) -> Url {
    let mut url = url.clone();
    // Both succeed for addresses with a host, which http and https have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// An address without user and password, also when it cannot be read.
pub fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
