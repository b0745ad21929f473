//! The servers that sources fetch from beside Git: chart repositories and an OCI registry, in memory, with switches and a record
//! of requests.

mod helm;
mod index;
mod registry;

pub use helm::{ChartServer, Published};
pub use registry::{Layer, Registry};

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// An answer.
type Answer = Response<Full<Bytes>>;

/// Requests that reached a server: the namespace that the path names, and the line of the record.
#[derive(Debug, Default)]
pub struct Requests {
    lines: Mutex<Vec<(String, String)>>,
}

impl Requests {
    fn add(&self, namespace: &str, line: String) {
        self.lines.lock().push((namespace.to_owned(), line));
    }

    /// A place to read from later.
    pub fn mark(&self) -> usize {
        self.lines.lock().len()
    }

    /// The lines about a namespace since the mark, in order.
    pub fn since(&self, mark: usize, namespaces: &[String]) -> Vec<String> {
        let lines = self.lines.lock();
        let about = |(namespace, _): &&(String, String)| namespaces.contains(namespace);
        let lines = lines.iter().skip(mark).filter(about);
        lines.map(|(_, line)| line.clone()).collect()
    }
}

/// A listening socket with the task that serves it; dropped, it stops.
#[derive(Debug)]
struct Listening {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Serves at the recorded port, since some digests cover it, or at a free one while that is taken.
async fn listen<S, F>(
    port: u16,
    state: Arc<S>,
    answer: fn(Arc<S>, Request<Incoming>) -> F,
) -> Result<Listening>
where
    S: Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let listener = match TcpListener::bind(("127.0.0.1", port)).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("opening a port for a server of charts")?,
    };
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let state = Arc::clone(&state);
            let service = service_fn(move |request| {
                let answer = answer(Arc::clone(&state), request);
                async move { Ok::<_, std::convert::Infallible>(answer.await) }
            });
            connections.spawn(async move {
                let server = hyper::server::conn::http1::Builder::new();
                // An error here is the client hanging up.
                let _ended = server.serve_connection(TokioIo::new(stream), service).await;
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Ok(Listening { address, accepting })
}

/// `GET /path -> 200 auth=basic:u:pw ua=...`, as recorded.
fn line(server: &str, request: &Request<Incoming>, status: StatusCode) -> String {
    let text = |name: header::HeaderName| {
        let value = request.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let mut line = format!(
        "{server} {} {path} -> {}",
        request.method(),
        status.as_u16()
    );
    if let Some(authorization) = text(header::AUTHORIZATION) {
        line.push_str(&format!(" auth={}", readable(&authorization)));
    }
    if let Some(agent) = text(header::USER_AGENT) {
        line.push_str(&format!(" ua={agent}"));
    }
    line
}

/// `basic:user:password` or `bearer:token`.
fn readable(authorization: &str) -> String {
    let (scheme, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
    let rest = match STANDARD.decode(rest) {
        Ok(bytes) if scheme.eq_ignore_ascii_case("basic") => {
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => rest.to_owned(),
    };
    format!("{}:{rest}", scheme.to_ascii_lowercase())
}

/// Whether a request carries these credentials, `user:password`.
fn lets_in(request: &Request<Incoming>, credentials: Option<&str>) -> bool {
    let Some(credentials) = credentials else {
        return true;
    };
    let expected = format!("Basic {}", STANDARD.encode(credentials));
    request
        .headers()
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

fn refusal(realm: &'static str) -> Answer {
    let mut answer = status(StatusCode::UNAUTHORIZED);
    let challenge = http::HeaderValue::from_static(realm);
    answer
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    answer
}

fn status(code: StatusCode) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = code;
    answer
}

fn body(bytes: Vec<u8>, media_type: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(bytes)));
    if let Ok(value) = http::HeaderValue::from_str(media_type) {
        answer.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    answer
}
