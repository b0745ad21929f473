//! Connections: TLS, HTTP/1.1 and HTTP/2, body limits, and an orderly end.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::Request;
use http::header::{CONTENT_LENGTH, EXPECT, HeaderValue};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::api::Api;
use crate::failure::{Failure, Outcome};
use crate::negotiate::Encoding;
use crate::respond::{self, Reply};

/// Largest request body, in bytes (kube-apiserver's limit).
pub(crate) const MAX_BODY_BYTES: usize = 3 * 1_024 * 1_024;
/// How much of a body that is too large is read nevertheless, in bytes.
const MAX_DROPPED_BYTES: usize = 16 * 1_024 * 1_024;
/// Largest head of a request, in bytes.
const MAX_HEADER_BYTES: u32 = 1_024 * 1_024;
/// How many connections one cluster serves at a time.
const MAX_CONNECTIONS: usize = 4_096;
/// How many requests one HTTP/2 connection runs at a time.
const MAX_STREAMS: u32 = 1_000;
/// How long a client may take for the TLS handshake and for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request that is no watch may take (kube-apiserver's limit).
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long open connections get to end when the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves a cluster until `stopping` becomes true.
pub(crate) async fn serve(
    api: Arc<Api>,
    listener: TcpListener,
    tls: TlsAcceptor,
    mut stopping: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop(&mut stopping) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let (api, tls, stopping) = (Arc::clone(&api), tls.clone(), stopping.clone());
        connections.spawn(async move {
            connection(api, stream, tls, stopping).await;
            drop(place);
        });
    }
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_TIMEOUT, all).await.is_err() {
        tracing::debug!(cluster = api.name, "connections were cut off");
    }
}

async fn connection(
    api: Arc<Api>,
    stream: TcpStream,
    tls: TlsAcceptor,
    mut stopping: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let handshake = tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream));
    let Ok(Ok(stream)) = handshake.await else {
        return;
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_concurrent_streams(MAX_STREAMS);
    let service = service_fn(move |request| {
        let api = Arc::clone(&api);
        async move { Ok::<Reply, std::convert::Infallible>(answer(&api, request).await) }
    });
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        result = serving.as_mut() => Some(result),
        () = stop(&mut stopping) => None,
    };
    let result = match ended {
        Some(result) => result,
        None => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::trace!(%error, "a connection ended early");
    }
}

async fn stop(stopping: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is a stop too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn answer(api: &Arc<Api>, request: Request<Incoming>) -> Reply {
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(REQUEST_TIMEOUT, read_body(&parts.headers, body)).await {
        Ok(body) => body,
        Err(_) => Err(Failure::new(
            408,
            "Timeout",
            "the body of the request did not come in time",
        )),
    };
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let wants_body = parts.method != http::Method::HEAD;
    let answer = api.answer(parts.method, &path, &query, parts.headers, body);
    let mut reply = match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
        Ok(reply) => reply,
        Err(_) => {
            let text = "Timeout: request did not complete within the allotted timeout";
            respond::failure(&Failure::new(504, "Timeout", text), Encoding::Json)
        }
    };
    let id = uuid::Uuid::new_v4().to_string();
    if let Ok(id) = HeaderValue::from_str(&id) {
        reply.headers_mut().insert("audit-id", id);
    }
    if wants_body {
        reply
    } else {
        // Clients of HTTP/2 take a body here for a broken connection.
        reply.map(|_| Body::empty())
    }
}

/// The body, if it is not too large. The rest of one that is too large is read and dropped, for clients that are still sending when the answer comes take
/// it for a broken connection; those that wait for leave to send it are refused at once.
async fn read_body(headers: &http::HeaderMap, body: Incoming) -> Outcome<Bytes> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or_default();
    let refused = || Failure::too_large(MAX_BODY_BYTES);
    if announced > MAX_BODY_BYTES && headers.contains_key(EXPECT)
        || announced > MAX_BODY_BYTES + MAX_DROPPED_BYTES
    {
        return Err(refused());
    }
    let mut chunks = Body::new(body).into_data_stream();
    let mut kept = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk
            .map_err(|error| Failure::bad_request(format!("the body cannot be read: {error}")))?;
        length += chunk.len();
        if length <= MAX_BODY_BYTES {
            kept.extend_from_slice(&chunk);
        } else if length > MAX_BODY_BYTES + MAX_DROPPED_BYTES {
            break;
        }
    }
    if length > MAX_BODY_BYTES {
        return Err(refused());
    }
    Ok(kept.freeze())
}
