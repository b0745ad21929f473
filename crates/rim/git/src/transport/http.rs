//! The smart HTTP transport.

use futures::TryStreamExt;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use skein_http::{ClientOptions, Proxy, reason_of};
use tokio_util::io::StreamReader;

use super::AnswerStream;
use crate::access::{Access, Credentials};
use crate::error::TransportError;
use crate::packet::{Packet, read_packet};
use crate::remote_url::{RemoteUrl, Scheme};
use crate::upload_pack::{AGENT, Advertisement, shown};

/// Longest part of an error page that is read, in bytes.
const MAX_ERROR_BODY_BYTES: usize = 1024;

/// Where a repository lists its refs.
const LIST_PATH: &str = "/info/refs";
/// How the list is asked for, in the words of Go's client.
const LIST_METHOD: &str = "Get";

/// A repository behind HTTP.
pub(crate) struct HttpConnection {
    client: Client,
    base: String,
    authorization: Option<HeaderValue>,
}

impl HttpConnection {
    /// Fetches the list of refs.
    pub(super) async fn open(
        url: &RemoteUrl,
        access: &Access,
    ) -> Result<(Self, Advertisement), TransportError> {
        let client = build_client(url, access)?;
        let authorization = authorization(url, &access.credentials)?;
        let base = url.without_user().trim_end_matches('/').to_owned();
        let mut connection = Self {
            client,
            base,
            authorization,
        };
        let address = format!("{}{LIST_PATH}?service=git-upload-pack", connection.base);
        let request = connection
            .authorized(connection.client.get(&address))
            .header(ACCEPT, "*/*");
        let response = send(LIST_METHOD, &address, request).await;
        let response = response.map_err(|error| through_proxy(error, access.proxy.as_ref()))?;
        // Later requests go where the server sent us, credentials only to the same host.
        if let Some(moved) = response
            .url()
            .as_str()
            .strip_suffix("/info/refs?service=git-upload-pack")
            && moved != connection.base
        {
            if !RemoteUrl::parse(moved).is_ok_and(|target| target.same_origin(url)) {
                connection.authorization = None;
            }
            connection.base = moved.to_owned();
        }
        let mut stream = stream_of(response);
        skip_service_line(&mut stream).await?;
        let list = Advertisement::read(&mut stream).await?;
        Ok((connection, list))
    }

    /// Posts a request for a pack.
    pub(super) async fn post(&mut self, body: Vec<u8>) -> Result<AnswerStream, TransportError> {
        let address = format!("{}/git-upload-pack", self.base);
        let request = self
            .authorized(self.client.post(&address))
            .header(CONTENT_TYPE, "application/x-git-upload-pack-request")
            .header(ACCEPT, "application/x-git-upload-pack-result")
            .body(body);
        Ok(stream_of(send("Post", &address, request).await?))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.authorization {
            Some(value) => request.header(AUTHORIZATION, value.clone()),
            None => request,
        }
    }
}

/// Nobody listens where the proxy should be: the words of Go's client name it and not the remote.
fn through_proxy(error: TransportError, proxy: Option<&Proxy>) -> TransportError {
    let Some(proxy) = proxy else { return error };
    match error {
        TransportError::Request {
            method,
            url,
            reason,
        } if reason.ends_with(REFUSED) => {
            let address = proxy.address.trim();
            let address = address.split_once("://").map_or(address, |(_, rest)| rest);
            let address = address.trim_end_matches('/');
            TransportError::Request {
                method,
                url,
                reason: format!("proxyconnect tcp: dial tcp {address}{REFUSED}"),
            }
        }
        error => error,
    }
}

/// How the reason ends when nobody listens.
const REFUSED: &str = ": connect: connection refused";

async fn send(
    method: &'static str,
    address: &str,
    request: RequestBuilder,
) -> Result<Response, TransportError> {
    let response = request
        .send()
        .await
        .map_err(|error| TransportError::Request {
            method,
            url: address.to_owned(),
            reason: reason_of(&error),
        })?;
    if method == LIST_METHOD && !response.url().path().ends_with(LIST_PATH) {
        let path = response.url().path().to_owned();
        return Err(TransportError::Redirect { path });
    }
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = if matches!(status.as_u16(), 401 | 403 | 404) {
        error_body(response).await
    } else {
        String::new()
    };
    Err(match status {
        StatusCode::UNAUTHORIZED => TransportError::AuthenticationRequired { body },
        StatusCode::FORBIDDEN => TransportError::AuthorizationFailed { body },
        StatusCode::NOT_FOUND => TransportError::NotFound { body },
        status => TransportError::Status {
            url: address.to_owned(),
            status: status.as_u16(),
        },
    })
}

/// The beginning of an error page, when it is plain text.
async fn error_body(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= MAX_ERROR_BODY_BYTES {
            bytes.truncate(MAX_ERROR_BODY_BYTES);
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    if text.trim_start().starts_with('<') {
        String::new()
    } else {
        shown(&text)
    }
}

fn stream_of(response: Response) -> AnswerStream {
    Box::new(StreamReader::new(Box::pin(
        response
            .bytes_stream()
            .map_err(|error| std::io::Error::other(reason_of(&error))),
    )))
}

/// `# service=git-upload-pack`, then a flush, come before the list.
async fn skip_service_line(stream: &mut AnswerStream) -> Result<(), TransportError> {
    match read_packet(stream).await? {
        Some(Packet::Data(data)) if data.starts_with(b"# service=git-upload-pack") => {}
        _ => return Err(TransportError::Protocol("no service announcement".into())),
    }
    match read_packet(stream).await? {
        Some(Packet::Flush) => Ok(()),
        _ => Err(TransportError::Protocol(
            "no flush after the service announcement".into(),
        )),
    }
}

fn build_client(url: &RemoteUrl, access: &Access) -> Result<Client, TransportError> {
    let options = ClientOptions {
        user_agent: &format!("git/{AGENT}"),
        // What is said about TLS means nothing to a plain connection.
        tls: (url.scheme == Scheme::Https).then_some(&access.tls),
        proxy: access.proxy.as_ref(),
        http1_only: true,
        ..ClientOptions::default()
    };
    skein_http::client(&options).map_err(|error| TransportError::Material(error.to_string()))
}

fn authorization(
    url: &RemoteUrl,
    credentials: &Credentials,
) -> Result<Option<HeaderValue>, TransportError> {
    use base64::Engine;
    let basic = |user: &str, password: &str| {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        format!("Basic {pair}")
    };
    let text = match credentials {
        Credentials::Basic { username, password } => basic(username, password),
        Credentials::Bearer(token) => format!("Bearer {token}"),
        Credentials::Anonymous if !url.user.is_empty() => basic(&url.user, url.password()),
        Credentials::Anonymous | Credentials::Ssh(_) => return Ok(None),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        TransportError::Material("the credentials have characters that HTTP does not allow".into())
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}
