//! Fetches an artifact for a consumer: from our own storage, or over HTTP with retries; always
//! checked against its digest.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use reqwest::StatusCode;
use skein_api::Artifact;
use thiserror::Error;

use crate::storage::{Storage, digest_of};
use crate::tree::Tree;
use crate::unpack::{UnpackError, unpack};

/// Largest artifact that is downloaded, in compressed bytes.
pub const MAX_ARTIFACT_BYTES: u64 = 256 * 1024 * 1024;
/// Default number of repeated requests (`--http-retry`).
pub const DEFAULT_RETRIES: u32 = 9;
/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Default of the longest time for one whole request (`--http-timeout`); Flux's 30 s are short for a large artifact on a slow network.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);
/// First pause between requests; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause between requests.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Why an artifact could not be had.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// The server does not have it (yet): wait and try again, it is no failure.
    #[error("artifact not found at {url}")]
    NotFound {
        /// The address.
        url: String,
    },
    /// The server cannot be reached, or answers with an error.
    #[error("failed to download artifact from {url}: {reason}")]
    Request {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The artifact is too large.
    #[error(
        "the artifact at {url} has more than {MAX_ARTIFACT_BYTES} bytes, the limit of one artifact"
    )]
    TooLarge {
        /// The address.
        url: String,
    },
    /// The bytes are not those that the source announced.
    #[error("failed to verify artifact: computed digest doesn't match '{expected}'")]
    Digest {
        /// The digest that was expected.
        expected: String,
    },
    /// The bytes are no archive, or a dangerous one.
    #[error("failed to unpack the artifact from {url}: {source}")]
    Unpack {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: UnpackError,
    },
}

/// Fetches artifacts; cheap to clone.
#[derive(Clone, Debug)]
pub struct Downloader {
    client: reqwest::Client,
    retries: u32,
    timeout: Duration,
    local: Option<Arc<Storage>>,
}

impl Downloader {
    /// A downloader that repeats failed requests that many times.
    pub fn new(retries: u32) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            client,
            retries,
            timeout: DEFAULT_TIMEOUT,
            local: None,
        })
    }

    /// Lets one request take so long.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads addresses of this storage from its folder: the server is in our own process.
    pub fn with_local(mut self, storage: Arc<Storage>) -> Self {
        self.local = Some(storage);
        self
    }

    /// The unpacked files of an artifact.
    pub async fn fetch_tree(&self, artifact: &Artifact) -> Result<Tree, DownloadError> {
        let bytes = self.fetch(artifact).await?;
        let url = artifact.url.clone();
        let unpacked = tokio::task::spawn_blocking(move || unpack(&bytes, true)).await;
        match unpacked {
            Ok(result) => result.map_err(|source| DownloadError::Unpack { url, source }),
            Err(error) => Err(DownloadError::Request {
                url,
                reason: error.to_string(),
            }),
        }
    }

    /// The bytes of an artifact, checked against its digest.
    pub async fn fetch(&self, artifact: &Artifact) -> Result<Vec<u8>, DownloadError> {
        if let Some(bytes) = self.read_local(artifact).await
            && verify(artifact, &bytes).is_ok()
        {
            return Ok(bytes);
        }
        let mut pause = FIRST_PAUSE;
        let mut attempt = 0;
        loop {
            match self.request(&artifact.url).await {
                Ok(bytes) => return verify(artifact, &bytes).map(|()| bytes),
                Err(DownloadError::Request { .. }) if attempt < self.retries => {}
                Err(error) => return Err(error),
            }
            attempt += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    async fn read_local(&self, artifact: &Artifact) -> Option<Vec<u8>> {
        let storage = Arc::clone(self.local.as_ref()?);
        let path = storage.path_of_url(&artifact.url)?.to_owned();
        tokio::task::spawn_blocking(move || storage.read(&path, MAX_ARTIFACT_BYTES).ok())
            .await
            .ok()
            .flatten()
    }

    async fn request(&self, url: &str) -> Result<Vec<u8>, DownloadError> {
        let failed = |reason: String| DownloadError::Request {
            url: url.to_owned(),
            reason,
        };
        let response = self
            .client
            .get(url)
            .timeout(self.timeout)
            .send()
            .await
            .map_err(|error| failed(error_chain(&error.without_url())))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                return Err(DownloadError::NotFound {
                    url: url.to_owned(),
                });
            }
            status => return Err(failed(format!("status: {status}"))),
        }
        let mut bytes = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| failed(error_chain(&error.without_url())))?;
            if (bytes.len() + chunk.len()) as u64 > MAX_ARTIFACT_BYTES {
                return Err(DownloadError::TooLarge {
                    url: url.to_owned(),
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn verify(artifact: &Artifact, bytes: &[u8]) -> Result<(), DownloadError> {
    let sum = digest_of(&artifact.digest, &mut &bytes[..]).ok().flatten();
    if sum.as_deref() == Some(artifact.digest.as_str()) {
        Ok(())
    } else {
        Err(DownloadError::Digest {
            expected: artifact.digest.clone(),
        })
    }
}

/// An error with its causes, joined by colons.
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
