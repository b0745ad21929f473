//! The small HTTP endpoints of a controller process: metrics, liveness, readiness.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::routing::get;
use skein_runtime::Metrics;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Content type of Prometheus' own format.
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
/// Content type of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Running endpoints; they end with [`Endpoints::stop`].
pub struct Endpoints(Vec<JoinHandle<()>>);

impl Endpoints {
    /// Ends them.
    pub fn stop(&self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Go's form of a listen address: `:8080` is every interface.
pub async fn listen(address: &str) -> Result<TcpListener> {
    let listening = || format!("listening on {address}");
    let Some(port) = address.strip_prefix(':') else {
        return TcpListener::bind(address).await.with_context(listening);
    };
    match TcpListener::bind(format!("[::]:{port}")).await {
        Ok(listener) => Ok(listener),
        // A machine without IPv6.
        Err(_) => TcpListener::bind(format!("0.0.0.0:{port}"))
            .await
            .with_context(listening),
    }
}

/// Starts metrics and health endpoints; an empty address starts none.
pub async fn start(
    metrics_addr: &str,
    health_addr: &str,
    metrics: &Metrics,
    ready: watch::Receiver<bool>,
) -> Result<Endpoints> {
    let mut tasks = Vec::new();
    if !metrics_addr.is_empty() {
        let metrics = metrics.clone();
        let page = move |headers: HeaderMap| {
            let answer = exposition(&metrics, &headers);
            async move { answer }
        };
        tasks.push(serve(metrics_addr, Router::new().route("/metrics", get(page))).await?);
    }
    if !health_addr.is_empty() {
        let readiness = move || {
            let is_ready = *ready.borrow();
            async move {
                if is_ready {
                    (StatusCode::OK, "ok")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "starting")
                }
            }
        };
        let router = Router::new()
            .route("/healthz", get(|| async { "ok" }))
            .route("/readyz", get(readiness));
        tasks.push(serve(health_addr, router).await?);
    }
    Ok(Endpoints(tasks))
}

/// The format that is asked for; Prometheus' own, as Flux's controllers answer, unless OpenMetrics is.
fn exposition(metrics: &Metrics, headers: &HeaderMap) -> ([(HeaderName, &'static str); 1], String) {
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let (format, text) =
        if accepted.is_some_and(|kinds| kinds.contains("application/openmetrics-text")) {
            (OPEN_METRICS, metrics.open_metrics())
        } else {
            (PLAIN, metrics.text())
        };
    ([(header::CONTENT_TYPE, format)], text)
}

async fn serve(address: &str, router: Router) -> Result<JoinHandle<()>> {
    let listener = listen(address).await?;
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "endpoint ended");
        }
    }))
}

/// The port that a listener got.
pub fn port(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().context("address of a listener")
}
