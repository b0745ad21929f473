//! The receiver of the controllers' notifications.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::journal::{Happening, Journal};

/// A running receiver; dropped, it stops.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Sink {
    /// Writes every JSON body into the journal and answers 202.
    pub async fn start(journal: Arc<Journal>) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("opening a port for notifications")?;
        Ok(Self {
            address: listener.local_addr()?,
            accepting: tokio::spawn(accept(listener, journal)),
        })
    }

    /// Base address for `--events-addr`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, journal: Arc<Journal>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let journal = Arc::clone(&journal);
        let service = service_fn(move |request| answer(request, Arc::clone(&journal)));
        connections.spawn(async move {
            let server = hyper::server::conn::http1::Builder::new();
            // An error here is the client hanging up.
            let _ended = server.serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(
    request: Request<Incoming>,
    journal: Arc<Journal>,
) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    if let Ok(value) = serde_json::from_slice(&body) {
        journal.add(Happening::Notification(value));
    }
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
