//! Writing to a repository: blobs, manifests, tags.

use std::collections::BTreeMap;

use reqwest::header::LOCATION;
use reqwest::{Method, Url};
use serde::Serialize;

use crate::error::RegistryError;
use crate::registry::{Content, Registry, digest};

/// Media type of manifests that are written.
pub const OCI_MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// A piece of content in a manifest that is written. The order of fields decides the digest: it is that of other clients.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PushedDescriptor {
    /// What it is.
    pub media_type: String,
    /// Size in bytes.
    pub size: u64,
    /// `sha256:...`
    pub digest: String,
}

/// A manifest that is written.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PushedManifest {
    /// Always 2.
    pub schema_version: u32,
    /// What it is.
    pub media_type: String,
    /// The configuration.
    pub config: PushedDescriptor,
    /// The layers, in order.
    pub layers: Vec<PushedDescriptor>,
    /// Annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Registry {
    /// Uploads a blob unless it is there; describes it.
    pub async fn push_blob(
        &self,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<PushedDescriptor, RegistryError> {
        let pushed = PushedDescriptor {
            media_type: media_type.to_owned(),
            size: bytes.len() as u64,
            digest: digest(&bytes),
        };
        let url = self.url(&format!("blobs/{}", pushed.digest)).await;
        if self.send(Method::HEAD, &url, &[]).await.is_ok() {
            return Ok(pushed);
        }
        let start = self.url("blobs/uploads/").await;
        let content = Content {
            media_type: "application/octet-stream",
            bytes: Vec::new(),
        };
        let answer = self.send_content(Method::POST, &start, &content).await?;
        let location = answer
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        let target = self.upload_target(&start, location.unwrap_or_default(), &pushed.digest)?;
        let content = Content {
            media_type: "application/octet-stream",
            bytes,
        };
        self.send_content(Method::PUT, &target, &content).await?;
        Ok(pushed)
    }

    /// Writes a manifest under a tag or digest; returns its digest.
    pub async fn push_manifest(
        &self,
        reference: &str,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<String, RegistryError> {
        let url = self.url(&format!("manifests/{reference}")).await;
        let digest = digest(&bytes);
        let content = Content { media_type, bytes };
        self.send_content(Method::PUT, &url, &content).await?;
        Ok(digest)
    }

    /// Where an upload goes on; another host never gets it.
    fn upload_target(
        &self,
        start: &str,
        location: &str,
        digest: &str,
    ) -> Result<String, RegistryError> {
        let wrong = |reason: &str| RegistryError::Protocol {
            url: start.to_owned(),
            reason: reason.to_owned(),
        };
        let base = Url::parse(start).map_err(|_| wrong("the address is invalid"))?;
        let mut target = base
            .join(location)
            .map_err(|_| wrong("the registry gave no place for the upload"))?;
        if location.is_empty() || target.host_str() != base.host_str() {
            return Err(wrong(
                "the registry gave no place of its own for the upload",
            ));
        }
        target.query_pairs_mut().append_pair("digest", digest);
        Ok(target.into())
    }
}
