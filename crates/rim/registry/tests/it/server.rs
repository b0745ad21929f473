//! A server whose answers a test writes, with a record of what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use tokio::task::JoinHandle;

/// What was asked: method and path with query, and the Authorization header.
pub type Seen = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A running server; dropped, it stops.
pub struct Server {
    pub address: SocketAddr,
    pub seen: Seen,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request as a test's answers see it.
pub struct Asked {
    pub path: String,
    pub authorization: Option<String>,
}

pub type Answer = Response<Body>;

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body.into()).unwrap()
}

/// Routes of a server with these answers.
pub fn router(
    seen: Seen,
    respond: impl Fn(&Asked) -> Answer + Clone + Send + Sync + 'static,
) -> Router {
    Router::new().fallback(move |request: Request| {
        let asked = Asked {
            path: request.uri().path_and_query().unwrap().to_string(),
            authorization: request
                .headers()
                .get("authorization")
                .map(|value| value.to_str().unwrap().to_owned()),
        };
        let line = format!("{} {}", request.method(), asked.path);
        seen.lock()
            .unwrap()
            .push((line, asked.authorization.clone()));
        let answer = respond(&asked);
        async move { answer }
    })
}

impl Server {
    pub async fn start(respond: impl Fn(&Asked) -> Answer + Clone + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let seen = Seen::default();
        let router = router(seen.clone(), respond);
        Self {
            address: listener.local_addr().unwrap(),
            seen,
            task: tokio::spawn(async move {
                axum::serve(listener, router).await.unwrap();
            }),
        }
    }

    /// What was asked for, without headers.
    pub fn lines(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(line, _)| line.clone()).collect()
    }

    pub fn authorizations(&self) -> Vec<Option<String>> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(_, value)| value.clone()).collect()
    }
}
