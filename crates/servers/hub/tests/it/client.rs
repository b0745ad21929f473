//! A hub with a small fleet, and raw HTTP/1.1 requests to it with exactly the headers that a test names.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Value, json};
use skein_hub::fleet::cluster::ShownObject;
use skein_hub::{
    ClusterHandle, ClusterWriter, Hub, HubHandle, HubOptions, LiveFleet, WriteError, WriteTarget,
};
use skein_object::Object;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest wait for an answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Remembers what was written, or refuses.
#[derive(Default)]
pub struct RecordingWriter {
    pub written: Mutex<Vec<(WriteTarget, Value)>>,
    pub refuse: Mutex<Option<WriteError>>,
}

impl ClusterWriter for RecordingWriter {
    fn merge_patch<'a>(
        &'a self,
        target: &'a WriteTarget,
        patch: Value,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(async move {
            if let Some(error) = self.refuse.lock().clone() {
                return Err(error);
            }
            self.written.lock().push((target.clone(), patch));
            Ok(())
        })
    }
}

/// A hub under test.
pub struct TestHub {
    pub hub: HubHandle,
    pub fleet: LiveFleet,
    pub writer: Arc<RecordingWriter>,
    pub cookie: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

pub fn shown(value: Value) -> ShownObject {
    ShownObject::new(Object::from_value(value).unwrap())
}

pub fn kustomization(name: &str, ready: &str) -> Value {
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"inventory": {"entries": [{"id": "shop_s__Secret", "v": "v1"}]},
            "conditions": [{"type": "Ready", "status": ready, "reason": "R", "message": "m"}]}})
}

pub fn secret() -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"},
        "data": {"password": "aHVudGVyMg=="}})
}

impl TestHub {
    /// Starts a hub with one cluster, signed in.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    pub async fn start_with(audit_file: Option<std::path::PathBuf>) -> Self {
        let fleet = LiveFleet::default();
        let writer = Arc::new(RecordingWriter::default());
        fleet.update(|fleet, now| {
            fleet.add_cluster("staging", true, now).unwrap();
            fleet
                .upsert("staging", shown(kustomization("apps", "True")), now)
                .unwrap();
            fleet.upsert("staging", shown(secret()), now).unwrap();
        });
        let hub = Hub::start(HubOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            further_hosts: vec!["skein.example:443".into()],
            fleet: fleet.clone(),
            clusters: vec![ClusterHandle {
                name: "staging".into(),
                writer: writer.clone(),
            }],
            audit_file,
        })
        .await
        .unwrap();
        let mut this = Self {
            hub,
            fleet,
            writer,
            cookie: String::new(),
        };
        let url = this.hub.url_with_token();
        let answer = this
            .send(
                "GET",
                url.split_once("/login")
                    .map(|(_, q)| format!("/login{q}"))
                    .unwrap()
                    .as_str(),
                &[],
                "",
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer
            .header("set-cookie")
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        this.cookie = format!("Cookie: {cookie}");
        this
    }

    pub fn host(&self) -> String {
        format!("Host: {}", self.hub.address())
    }

    pub fn origin(&self) -> String {
        format!("Origin: http://{}", self.hub.address())
    }

    /// A request with the right Host and these further headers.
    pub async fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let host = self.host();
        let mut all = vec![host.as_str()];
        all.extend(headers);
        self.send_raw(method, path, &all, body).await
    }

    /// A signed-in read.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[&self.cookie], "").await
    }

    /// A signed-in change with JSON, from the hub's own page.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        let origin = self.origin();
        let headers = [
            self.cookie.as_str(),
            &origin,
            "Content-Type: application/json",
        ];
        self.send("POST", path, &headers, body).await
    }

    /// A request with only these headers.
    pub async fn send_raw(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut stream = self.open(method, path, headers, body).await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // A server that refuses a body early may reset the connection after its answer.
        let _ = read.unwrap_or_else(|_| panic!("no end of the answer to {method} {path}: {text}"));
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer to {method} {path}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head: head.to_owned(),
            body: dechunk(head, body),
        }
    }

    /// Opens a connection and sends a request, whose answer is still to be read.
    pub async fn open(&self, method: &str, path: &str, headers: &[&str], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.hub.address()).await.unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        if !body.is_empty() {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(body);
        // The server may answer and close before it has read all of a body that is too large.
        let _ = stream.write_all(request.as_bytes()).await;
        stream
    }
}

fn dechunk(head: &str, body: &str) -> String {
    if !head.to_lowercase().contains("transfer-encoding: chunked") {
        return body.to_owned();
    }
    let (mut rest, mut out) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || after.len() < size {
            break;
        }
        out.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    out
}
