//! A server of chart repositories: `/<namespace>/<repository>/<file>`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use anyhow::{Context, Result};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use parking_lot::Mutex;

use super::index::{self, Listed};
use super::{Answer, Listening, Requests, body, lets_in, line, listen, refusal, status};

/// A running server; dropped, it stops.
#[derive(Debug)]
pub struct ChartServer {
    state: Arc<State>,
    listening: Listening,
}

/// A packed chart.
#[derive(Debug, Clone)]
pub struct Published {
    /// Content of its Chart.yaml.
    pub metadata: Vec<u8>,
    /// `name-version.tgz`.
    pub file: String,
    pub package: Vec<u8>,
}

#[derive(Debug)]
struct State {
    /// How the recordings call this server.
    label: &'static str,
    requests: Arc<Requests>,
    /// Files by path, without the leading slash.
    files: Mutex<HashMap<String, Vec<u8>>>,
    /// `user:password` by repository.
    credentials: Mutex<HashMap<String, String>>,
    broken: Mutex<HashSet<String>>,
}

impl ChartServer {
    /// Listens at the port, or at a free one.
    pub async fn start(label: &'static str, port: u16, requests: Arc<Requests>) -> Result<Self> {
        let state = Arc::new(State {
            label,
            requests,
            files: Mutex::default(),
            credentials: Mutex::default(),
            broken: Mutex::default(),
        });
        let listening = listen(port, Arc::clone(&state), answer).await?;
        Ok(Self { state, listening })
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.listening.address.to_string()
    }

    /// Serves a file of a repository.
    pub fn put(&self, repository: &str, file: &str, content: Vec<u8>) {
        let path = format!("{repository}/{file}");
        self.state.files.lock().insert(path, content);
    }

    /// Writes the index of a repository; addresses begin with `base`.
    pub fn write_index(&self, repository: &str, charts: &[Published], base: &str) -> Result<()> {
        let listed: Result<Vec<Listed>> = charts
            .iter()
            .map(|chart| Listed::new(chart, &format!("{base}{}", chart.file)))
            .collect();
        let text = index::write(&listed.context("making an index")?);
        self.put(repository, "index.yaml", text.into_bytes());
        Ok(())
    }

    /// Demands `user:password` for a repository from now on.
    pub fn set_credentials(&self, repository: &str, credentials: &str) {
        let mut all = self.state.credentials.lock();
        all.insert(repository.to_owned(), credentials.to_owned());
    }

    /// Answers 503 for the repository, or works again.
    pub fn set_broken(&self, repository: &str, broken: bool) {
        let mut names = self.state.broken.lock();
        if broken {
            names.insert(repository.to_owned());
        } else {
            names.remove(repository);
        }
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let answer = state.respond(&path, &request);
    let namespace = path.split('/').next().unwrap_or_default();
    let line = line(state.label, &request, answer.status());
    state.requests.add(namespace, line);
    answer
}

impl State {
    fn respond(&self, path: &str, request: &Request<Incoming>) -> Answer {
        let repository = path.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        if self.broken.lock().contains(&repository) {
            return status(StatusCode::SERVICE_UNAVAILABLE);
        }
        let credentials = self.credentials.lock().get(&repository).cloned();
        if !lets_in(request, credentials.as_deref()) {
            return refusal("Basic realm=\"charts\"");
        }
        match self.files.lock().get(path) {
            Some(content) => body(content.clone(), "application/octet-stream"),
            None => status(StatusCode::NOT_FOUND),
        }
    }
}
