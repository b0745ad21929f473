//! Git over HTTP: the real `git http-backend` behind a small server with switches and a record of requests.

mod backend;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::certificates::Identity;

/// Who may read and write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Access {
    #[default]
    Everybody,
    Basic {
        user: String,
        password: String,
    },
    Bearer {
        token: String,
    },
}

/// A request that reached the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRequest {
    pub method: String,
    /// Path with query.
    pub path: String,
    pub status: u16,
    pub user_agent: String,
    /// Value of the Authorization header, if there was one.
    pub authorization: Option<String>,
}

/// A running server; dropped, it stops.
#[derive(Debug)]
pub struct GitHttpServer {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    root: PathBuf,
    /// Switches by repository; the empty name is every repository.
    access: Mutex<HashMap<String, Access>>,
    broken: Mutex<HashSet<String>>,
    requests: Mutex<Vec<GitRequest>>,
}

impl GitHttpServer {
    /// Serves every repository below `root` on a free port.
    pub async fn start(root: &Path) -> Result<Self> {
        Self::listen(root, 0, None).await
    }

    /// The same at this port, or at a free one while that is taken: ids of commits that name the address hold for one port.
    pub async fn start_at(root: &Path, port: u16) -> Result<Self> {
        Self::listen(root, port, None).await
    }

    /// The same behind TLS.
    pub async fn start_tls(root: &Path, identity: &Identity) -> Result<Self> {
        Self::listen(root, 0, Some(acceptor(identity)?)).await
    }

    async fn listen(root: &Path, port: u16, tls: Option<TlsAcceptor>) -> Result<Self> {
        let listener = match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind(("127.0.0.1", 0))
                .await
                .context("opening a port for Git")?,
        };
        let state = Arc::new(State {
            root: root.to_owned(),
            ..State::default()
        });
        Ok(Self {
            address: listener.local_addr()?,
            scheme: if tls.is_some() { "https" } else { "http" },
            accepting: tokio::spawn(accept(listener, tls, Arc::clone(&state))),
            state,
        })
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// URL of `<root>/<name>.git`.
    pub fn url(&self, name: &str) -> String {
        format!("{}://{}/{name}.git", self.scheme, self.address)
    }

    /// Lets in only these to the repository from now on; an empty name means every repository.
    pub fn set_access(&self, name: &str, access: Access) {
        self.state.access.lock().insert(name.to_owned(), access);
    }

    /// Answers 503 for the repository, or works again; an empty name means every repository.
    pub fn set_broken(&self, name: &str, broken: bool) {
        let mut names = self.state.broken.lock();
        if broken {
            names.insert(name.to_owned());
        } else {
            names.remove(name);
        }
    }

    /// Takes the requests since the last call.
    pub fn take_requests(&self) -> Vec<GitRequest> {
        std::mem::take(&mut self.state.requests.lock())
    }
}

impl Drop for GitHttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn acceptor(identity: &Identity) -> Result<TlsAcceptor> {
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain?, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    // Connections end with this task: the set aborts what it holds when it is dropped.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, tls.clone(), Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

/// One connection; its errors are the client's to notice.
async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, std::convert::Infallible>(state.answer(request).await) }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    match tls {
        None => {
            let _ended = server.serve_connection(TokioIo::new(stream), service).await;
        }
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                let _ended = server.serve_connection(TokioIo::new(stream), service).await;
            }
        }
    }
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let text = |name: header::HeaderName| {
            let value = request.headers().get(name)?;
            Some(value.to_str().ok()?.to_owned())
        };
        let mut record = GitRequest {
            method: request.method().to_string(),
            path: request
                .uri()
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            status: 0,
            user_agent: text(header::USER_AGENT).unwrap_or_default(),
            authorization: text(header::AUTHORIZATION),
        };
        let response = self.respond(&record, request).await;
        record.status = response.status().as_u16();
        self.requests.lock().push(record);
        response
    }

    async fn respond(
        &self,
        record: &GitRequest,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let name = repository_of(&record.path);
        if self.is_broken(name) {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "out of order");
        }
        if !self.lets_in(name, record.authorization.as_deref()) {
            let mut refusal = plain(StatusCode::UNAUTHORIZED, "no");
            let challenge = http::HeaderValue::from_static("Basic realm=\"git\"");
            refusal
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
            return refusal;
        }
        let (parts, body) = request.into_parts();
        let answer = match body.collect().await {
            Ok(body) => backend::run(&self.root, &parts, &body.to_bytes()).await,
            Err(error) => Err(error.into()),
        };
        answer
            .unwrap_or_else(|error| plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}")))
    }

    fn is_broken(&self, name: &str) -> bool {
        let broken = self.broken.lock();
        broken.contains(name) || broken.contains("")
    }

    fn lets_in(&self, name: &str, authorization: Option<&str>) -> bool {
        let access = self.access.lock();
        let expected = match access.get(name).or_else(|| access.get("")) {
            None | Some(Access::Everybody) => return true,
            Some(Access::Basic { user, password }) => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Some(Access::Bearer { token }) => format!("Bearer {token}"),
        };
        authorization == Some(expected.as_str())
    }
}

/// Name of the repository in `/name.git/info/refs`.
fn repository_of(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.split_once(".git").map_or(path, |(name, _)| name)
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text.to_owned())));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
