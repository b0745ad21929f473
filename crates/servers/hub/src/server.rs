//! Starting and stopping the hub.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_http::limit::RequestBodyLimitLayer;

use crate::access::{Access, LOGIN_PATH, guard};
use crate::actions::ClusterHandle;
use crate::audit::{AuditError, AuditLog};
use crate::live::{LiveFleet, unix_millis};
use crate::problem::Problem;
use crate::routes::stream::Streams;
use crate::routes::{HubState, router};

/// Largest body of a request, in bytes; the API takes a few words at most.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// How a hub is started.
pub struct HubOptions {
    /// Where it listens; port 0 for any free port.
    pub listen: SocketAddr,
    /// Further `host:port` names under which it is reached.
    pub further_hosts: Vec<String>,
    /// What is shown. The caller adds clusters to it and feeds them.
    pub fleet: LiveFleet,
    /// How clusters are changed.
    pub clusters: Vec<ClusterHandle>,
    /// File to which the audit log is appended; only in memory when absent.
    pub audit_file: Option<PathBuf>,
}

/// Why a hub cannot start.
#[derive(Debug, Error)]
pub enum HubError {
    /// The address cannot be used.
    #[error("the hub cannot listen on {address}: {source}; choose another with --listen")]
    Listen {
        /// Address.
        address: SocketAddr,
        /// Cause.
        source: std::io::Error,
    },
    /// The audit log cannot be used.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// The hub.
pub struct Hub;

impl Hub {
    /// Starts to serve; returns once the address is open.
    pub async fn start(options: HubOptions) -> Result<HubHandle, HubError> {
        let listen = |source| HubError::Listen {
            address: options.listen,
            source,
        };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let access = Arc::new(Access::new(address, &options.further_hosts));
        let audit = match &options.audit_file {
            Some(path) => AuditLog::with_file(path)?,
            None => AuditLog::default(),
        };
        let writers: HashMap<_, _> = options
            .clusters
            .into_iter()
            .map(|cluster| (cluster.name, cluster.writer))
            .collect();
        let streams = Arc::new(Streams::default());
        let state = HubState {
            fleet: options.fleet,
            writers: Arc::new(writers),
            audit: Arc::new(audit),
            access: Arc::clone(&access),
            streams: Arc::clone(&streams),
        };
        let (stop, mut stopped) = watch::channel(false);
        let app = guarded(state);
        let task = tokio::spawn(async move {
            let until = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, app)
                .with_graceful_shutdown(until)
                .await
            {
                tracing::error!(%error, "the hub stopped serving");
            }
        });
        Ok(HubHandle {
            address,
            access,
            streams,
            stop,
            task,
        })
    }
}

/// All routes inside the access layer and the limits.
fn guarded(state: HubState) -> Router {
    let access = Arc::clone(&state.access);
    router(state)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(middleware::from_fn(refuse_large_bodies))
        .layer(middleware::from_fn_with_state(access, guard))
}

/// Refuses what says of itself that it is too large; other bodies are measured when they are read.
async fn refuse_large_bodies(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY_BYTES) {
        let detail =
            format!("the body is larger than {MAX_BODY_BYTES} bytes, the most that is read");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
    }
    next.run(request).await
}

/// A hub that serves.
pub struct HubHandle {
    address: SocketAddr,
    access: Arc<Access>,
    streams: Arc<Streams>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl HubHandle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new address that signs in whoever opens it first.
    pub fn url_with_token(&self) -> String {
        let token = self.access.sessions.new_login(unix_millis());
        format!("http://{}{LOGIN_PATH}?token={token}", self.address)
    }

    /// Ends all streams, answers what is under way, and closes.
    pub async fn stop(self) {
        self.streams.stop();
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the hub's task failed");
        }
    }
}
