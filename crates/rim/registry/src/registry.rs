//! One repository of a registry: tags, manifests and blobs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LINK, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use skein_http::{ClientOptions, read_body, reason_of};
use tokio::sync::Mutex;

use crate::access::{Access, Credentials, USER_AGENT};
use crate::challenge::Challenge;
use crate::error::{Diagnostic, RegistryError};
use crate::manifest::{
    Descriptor, INDEX_TYPES, MANIFEST_TYPES, MAX_DESCRIPTORS, Manifest, ManifestList,
};
use crate::name::Repository;

/// Largest manifest or list of manifests, in bytes.
pub const MAX_MANIFEST_BYTES: u64 = 4 * 1024 * 1024;
/// Largest answer of one page of tags, in bytes.
pub const MAX_TAG_PAGE_BYTES: u64 = 8 * 1024 * 1024;
/// Most tags of a repository that are looked at.
pub const MAX_TAGS: usize = 200_000;
/// Tags that OCIRepositories ask for at a time, as Flux does.
pub const TAGS_PER_PAGE: usize = 1000;
/// Largest answer of a token service, in bytes.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;
/// Largest error answer that is read, in bytes.
const MAX_ERROR_BYTES: u64 = 64 * 1024;
/// The platform whose image is taken from a list.
const PLATFORM: (&str, &str) = ("linux", "amd64");
/// Header with the digest of a manifest.
const DIGEST_HEADER: &str = "docker-content-digest";

/// A repository that is reached with some access. Tokens are kept for as long as this lives.
#[derive(Debug)]
pub struct Registry {
    client: Client,
    repository: Repository,
    credentials: Credentials,
    /// Whether plain HTTP may be tried.
    may_be_plain: bool,
    /// `https` or `http`, once it is known.
    scheme: Mutex<Option<&'static str>>,
    /// The header that was accepted last.
    authorization: Mutex<Option<HeaderValue>>,
}

/// What a request carries.
pub(crate) struct Content<'a> {
    pub media_type: &'a str,
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct TagPage {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    errors: Vec<Diagnostic>,
}

impl Registry {
    /// Nothing is sent yet.
    pub fn new(repository: Repository, access: &Access) -> Result<Self, RegistryError> {
        let client = skein_http::client(&ClientOptions {
            user_agent: USER_AGENT,
            tls: access.tls.as_ref(),
            proxy: access.proxy.as_ref(),
            skip_verification: access.insecure,
            keep_encoding: true,
            ..ClientOptions::default()
        })?;
        Ok(Self {
            client,
            may_be_plain: access.insecure || (repository.is_local() && !access.no_plain_guess),
            repository,
            credentials: access.credentials.clone(),
            scheme: Mutex::new(None),
            authorization: Mutex::new(None),
        })
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Asks whether the registry is there and takes the credentials.
    pub async fn ping(&self) -> Result<(), RegistryError> {
        let scheme = self.scheme().await;
        let url = format!("{scheme}://{}/v2/", self.repository.registry());
        self.send(Method::GET, &url, &[]).await.map(drop)
    }

    /// All tags, in the order of the registry; so many at a time, or as many as the registry likes.
    pub async fn tags(&self, per_page: Option<usize>) -> Result<Vec<String>, RegistryError> {
        let mut tags = Vec::new();
        let mut path = Some(match per_page {
            Some(count) => format!("tags/list?n={count}"),
            None => "tags/list".to_owned(),
        });
        while let Some(page) = path {
            let url = self.url(&page).await;
            let response = self.send(Method::GET, &url, &[]).await?;
            path = next_page(&response);
            let bytes = body(response, &url, MAX_TAG_PAGE_BYTES).await?;
            let answer: TagPage = parse(&url, &bytes)?;
            let more = answer.tags.unwrap_or_default();
            if more.is_empty() || tags.len() + more.len() > MAX_TAGS {
                tags.extend(more);
                tags.truncate(MAX_TAGS);
                break;
            }
            tags.extend(more);
        }
        Ok(tags)
    }

    /// The digest of the manifest of a tag or digest.
    pub async fn digest_of(&self, reference: &str) -> Result<String, RegistryError> {
        let url = self.url(&format!("manifests/{reference}")).await;
        let accept: Vec<&str> = MANIFEST_TYPES.into_iter().chain(INDEX_TYPES).collect();
        if let Ok(response) = self.send(Method::HEAD, &url, &accept).await
            && let Some(digest) = announced_digest(&response)
        {
            return Ok(digest);
        }
        // An answer to HEAD has no body: what is wrong is told by GET.
        let response = self.send(Method::GET, &url, &accept).await?;
        let bytes = body(response, &url, MAX_MANIFEST_BYTES).await?;
        Ok(digest(&bytes))
    }

    /// The manifest of a tag or digest. Of a list of manifests the one for linux/amd64 is taken.
    pub async fn manifest(&self, reference: &str) -> Result<Manifest, RegistryError> {
        let bytes = self.manifest_bytes(reference).await?;
        let url = self.url(&format!("manifests/{reference}")).await;
        let list: ManifestList = parse(&url, &bytes)?;
        let is_list = INDEX_TYPES.contains(&list.media_type.as_str())
            || (list.media_type.is_empty() && !list.manifests.is_empty());
        if !is_list {
            return checked(&url, parse(&url, &bytes)?);
        }
        let (os, architecture) = PLATFORM;
        let child = list.manifests.iter().take(MAX_DESCRIPTORS).find(|child| {
            child
                .platform
                .as_ref()
                .is_some_and(|platform| platform.os == os && platform.architecture == architecture)
        });
        let Some(child) = child else {
            let reason = format!("no child with platform {os}/{architecture} in index {reference}");
            return Err(RegistryError::Protocol { url, reason });
        };
        let bytes = self.manifest_bytes(&child.digest).await?;
        checked(&url, parse(&url, &bytes)?)
    }

    /// The manifest of a tag or digest as it is stored.
    pub async fn manifest_bytes(&self, reference: &str) -> Result<Vec<u8>, RegistryError> {
        let url = self.url(&format!("manifests/{reference}")).await;
        let accept: Vec<&str> = MANIFEST_TYPES.into_iter().chain(INDEX_TYPES).collect();
        let response = self.send(Method::GET, &url, &accept).await?;
        let bytes = body(response, &url, MAX_MANIFEST_BYTES).await?;
        if reference.contains(':') && digest(&bytes) != reference {
            return Err(RegistryError::Digest {
                url,
                expected: reference.to_owned(),
            });
        }
        Ok(bytes)
    }

    /// A blob of at most `limit` bytes, with its digest checked.
    pub async fn blob(
        &self,
        descriptor: &Descriptor,
        limit: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        let url = self.url(&format!("blobs/{}", descriptor.digest)).await;
        if descriptor.size > limit {
            let source = skein_http::BodyError::TooLarge { limit };
            return Err(RegistryError::Body { url, source });
        }
        let response = self.send(Method::GET, &url, &[]).await?;
        let bytes = body(response, &url, limit).await?;
        let (expected, sum) = (descriptor.digest.clone(), digest(&bytes));
        if sum == expected {
            Ok(bytes)
        } else {
            Err(RegistryError::Digest { url, expected })
        }
    }

    pub(crate) async fn url(&self, path: &str) -> String {
        let scheme = self.scheme().await;
        let (host, repository) = (self.repository.registry(), self.repository.path());
        format!("{scheme}://{host}/v2/{repository}/{path}")
    }

    /// TLS is tried first where both are possible, so that credentials never go out in the clear without need.
    async fn scheme(&self) -> &'static str {
        if !self.may_be_plain {
            return "https";
        }
        let mut known = self.scheme.lock().await;
        if let Some(scheme) = *known {
            return scheme;
        }
        let url = format!("https://{}/v2/", self.repository.registry());
        let scheme = match self.client.get(url).send().await {
            Ok(_) => "https",
            Err(_) => "http",
        };
        *known = Some(scheme);
        scheme
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        accept: &[&str],
    ) -> Result<Response, RegistryError> {
        self.send_twice(&method, url, accept, None).await
    }

    pub(crate) async fn send_content(
        &self,
        method: Method,
        url: &str,
        content: &Content<'_>,
    ) -> Result<Response, RegistryError> {
        self.send_twice(&method, url, &[], Some(content)).await
    }

    /// Sends, and once more with what the registry asks for.
    async fn send_twice(
        &self,
        method: &Method,
        url: &str,
        accept: &[&str],
        content: Option<&Content<'_>>,
    ) -> Result<Response, RegistryError> {
        let known = self.authorization.lock().await.clone();
        let response = self.send_once(method, url, accept, content, known).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return expect_success(method, url, response).await;
        }
        let challenge = response
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .find_map(|value| Challenge::parse(value.to_str().ok()?));
        let answer = match challenge {
            Some(challenge) => self.answer(&challenge, url).await?,
            None => None,
        };
        let Some(answer) = answer else {
            return expect_success(method, url, response).await;
        };
        *self.authorization.lock().await = Some(answer.clone());
        let response = self
            .send_once(method, url, accept, content, Some(answer))
            .await?;
        expect_success(method, url, response).await
    }

    async fn send_once(
        &self,
        method: &Method,
        url: &str,
        accept: &[&str],
        content: Option<&Content<'_>>,
        authorization: Option<HeaderValue>,
    ) -> Result<Response, RegistryError> {
        let mut request = self.client.request(method.clone(), url);
        if !accept.is_empty() {
            request = request.header(ACCEPT, accept.join(","));
        }
        if let Some(content) = content {
            request = request
                .header(CONTENT_TYPE, content.media_type)
                .body(content.bytes.clone());
        }
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        deliver(request, name_of(method), url).await
    }

    /// The header that answers a challenge; `None` when there are no credentials for it.
    async fn answer(
        &self,
        challenge: &Challenge,
        url: &str,
    ) -> Result<Option<HeaderValue>, RegistryError> {
        match (challenge, &self.credentials) {
            (_, Credentials::Bearer(token)) => Ok(secret(&format!("Bearer {token}"))),
            (Challenge::Basic, credentials) => Ok(basic(credentials)),
            (
                Challenge::Bearer {
                    realm,
                    service,
                    scope,
                },
                _,
            ) => self.token(realm, service, scope, url).await.map(Some),
        }
    }

    /// Fetches a token for reading.
    async fn token(
        &self,
        realm: &str,
        service: &str,
        scope: &str,
        url: &str,
    ) -> Result<HeaderValue, RegistryError> {
        let refused = |reason: &str| RegistryError::Challenge {
            host: self.repository.registry().to_owned(),
            reason: reason.to_owned(),
        };
        let mut address =
            reqwest::Url::parse(realm).map_err(|_| refused("the token service has no address"))?;
        match (address.scheme(), url.starts_with("https:")) {
            ("https", _) | ("http", false) => {}
            ("http", true) => return Err(refused("its token service is not behind TLS")),
            _ => return Err(refused("its token service is not reached by http")),
        }
        let own_scope = format!("repository:{}:pull", self.repository.path());
        let scope = if scope.is_empty() { &own_scope } else { scope };
        let response = if let Credentials::Refresh(token) = &self.credentials {
            let form = form(&[
                ("grant_type", "refresh_token"),
                ("service", service),
                ("client_id", "skein"),
                ("scope", scope),
                ("refresh_token", token),
            ]);
            let request = self
                .client
                .post(address)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form);
            deliver(request, "POST", realm).await?
        } else {
            address
                .query_pairs_mut()
                .append_pair("scope", scope)
                .append_pair("service", service);
            let mut request = self.client.get(address);
            if let Some(value) = basic(&self.credentials) {
                request = request.header(AUTHORIZATION, value);
            }
            deliver(request, "GET", realm).await?
        };
        let response = expect_success(&Method::GET, realm, response).await?;
        let bytes = body(response, realm, MAX_TOKEN_BYTES).await?;
        let answer: TokenAnswer = parse(realm, &bytes)?;
        let token = if answer.token.is_empty() {
            answer.access_token
        } else {
            answer.token
        };
        secret(&format!("Bearer {token}"))
            .filter(|_| !token.is_empty())
            .ok_or_else(|| refused("its token service gave no token"))
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://form/").ok();
    if let Some(url) = &mut url {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    url.and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}

fn basic(credentials: &Credentials) -> Option<HeaderValue> {
    let Credentials::Basic { username, password } = credentials else {
        return None;
    };
    let pair = STANDARD.encode(format!("{username}:{password}"));
    secret(&format!("Basic {pair}"))
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "GET",
    }
}

async fn deliver(
    request: RequestBuilder,
    method: &'static str,
    url: &str,
) -> Result<Response, RegistryError> {
    request
        .send()
        .await
        .map_err(|error| RegistryError::Request {
            method,
            url: url.to_owned(),
            reason: reason_of(&error),
        })
}

async fn expect_success(
    method: &Method,
    url: &str,
    response: Response,
) -> Result<Response, RegistryError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let bytes = read_body(response, MAX_ERROR_BYTES)
        .await
        .unwrap_or_default();
    let diagnostics = serde_json::from_slice(&bytes)
        .map_or_else(|_| Vec::new(), |answer: ErrorAnswer| answer.errors);
    Err(RegistryError::Status {
        method: name_of(method),
        url: url.to_owned(),
        status: status.as_u16(),
        page: String::from_utf8_lossy(&bytes).into_owned(),
        diagnostics,
    })
}

async fn body(response: Response, url: &str, limit: u64) -> Result<Vec<u8>, RegistryError> {
    read_body(response, limit)
        .await
        .map_err(|source| RegistryError::Body {
            url: url.to_owned(),
            source,
        })
}

fn parse<T: for<'de> Deserialize<'de>>(url: &str, bytes: &[u8]) -> Result<T, RegistryError> {
    serde_json::from_slice(bytes).map_err(|error| RegistryError::Protocol {
        url: url.to_owned(),
        reason: error.to_string(),
    })
}

fn checked(url: &str, manifest: Manifest) -> Result<Manifest, RegistryError> {
    if manifest.layers.len() > MAX_DESCRIPTORS {
        return Err(RegistryError::Protocol {
            url: url.to_owned(),
            reason: format!("the manifest has more than {MAX_DESCRIPTORS} layers"),
        });
    }
    Ok(manifest)
}

fn announced_digest(response: &Response) -> Option<String> {
    let value = response.headers().get(DIGEST_HEADER)?.to_str().ok()?;
    is_digest(value).then(|| value.to_owned())
}

/// `sha256:` and 64 hexadecimal digits.
pub fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64
        && hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The digest of bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Path and query of the next page, below the repository; other hosts and paths are not followed.
fn next_page(response: &Response) -> Option<String> {
    let link = response.headers().get(LINK)?.to_str().ok()?;
    let (target, relation) = link.trim().strip_prefix('<')?.split_once('>')?;
    if !relation.contains("rel=\"next\"") && !relation.contains("rel=next") {
        return None;
    }
    let (_, query) = target.split_once("/tags/list?")?;
    Some(format!("tags/list?{query}"))
}
