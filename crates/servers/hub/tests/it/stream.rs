//! The event stream: snapshot, delta, resume, and its end with the hub.

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::client::{PATIENCE, TestHub, kustomization, shown};

struct EventReader {
    stream: TcpStream,
    buffer: String,
}

struct StreamEvent {
    name: String,
    id: Option<String>,
    data: Value,
}

impl EventReader {
    async fn open(hub: &TestHub, last_id: Option<&str>) -> Self {
        let last_id = last_id.map(|id| format!("Last-Event-ID: {id}"));
        let host = hub.host();
        let mut headers = vec![host.as_str(), &hub.cookie];
        headers.extend(last_id.as_deref());
        let stream = hub.open("GET", "/api/v1/stream", &headers, "").await;
        Self {
            stream,
            buffer: String::new(),
        }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<StreamEvent> {
        let mut bytes = [0; 16 * 1024];
        loop {
            if let Some(start) = self.buffer.find("event: ")
                && let Some(length) = self.buffer[start..].find("\n\n")
            {
                let text = self.buffer[start..start + length].to_owned();
                self.buffer.drain(..start + length + 2);
                return Some(parse(&text));
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut bytes)).await;
            match read.expect("an event in time").unwrap() {
                0 => return None,
                length => self
                    .buffer
                    .push_str(&String::from_utf8_lossy(&bytes[..length])),
            }
        }
    }

    /// The next event of a name.
    async fn next_named(&mut self, name: &str) -> StreamEvent {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.name == name {
                return event;
            }
        }
    }
}

fn parse(text: &str) -> StreamEvent {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    StreamEvent {
        name: field("event: ").unwrap().to_owned(),
        id: field("id: ").map(str::to_owned),
        data: serde_json::from_str(field("data: ").unwrap()).unwrap(),
    }
}

fn change(hub: &TestHub, name: &str, ready: &str) {
    hub.fleet.update(|fleet, now| {
        fleet
            .upsert("staging", shown(kustomization(name, ready)), now)
            .unwrap();
    });
}

#[tokio::test]
async fn a_snapshot_then_what_changes() {
    let hub = TestHub::start().await;
    let mut events = EventReader::open(&hub, None).await;
    let first = events.next_named("snapshot").await;
    assert_eq!(first.data["clusters"][0]["name"], "staging");
    assert_eq!(first.data["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&first.data["first"], &first.data["last"]),
        (&true.into(), &true.into())
    );
    let beat = events.next_named("heartbeat").await;
    assert_eq!(beat.data["revision"], first.data["revision"]);
    change(&hub, "apps", "False");
    let delta = events.next_named("delta").await;
    assert_eq!(delta.data["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(delta.data["nodes"][0]["status"], "failed");
}

#[tokio::test]
async fn a_reader_that_comes_back_gets_what_it_missed() {
    let hub = TestHub::start().await;
    let mut events = EventReader::open(&hub, None).await;
    let id = events.next_named("snapshot").await.id.unwrap();
    drop(events);
    change(&hub, "apps", "False");
    change(&hub, "new", "True");
    let mut events = EventReader::open(&hub, Some(&id)).await;
    let first = events.next().await.unwrap();
    assert_eq!(first.name, "delta");
    assert_eq!(first.data["nodes"].as_array().unwrap().len(), 2);
    for stranger in ["other-1", "nonsense", &format!("{}99999", id)] {
        let mut events = EventReader::open(&hub, Some(stranger)).await;
        assert_eq!(events.next().await.unwrap().name, "snapshot", "{stranger}");
    }
}

#[tokio::test]
async fn a_large_snapshot_comes_in_parts() {
    let hub = TestHub::start().await;
    for n in 0..2_500 {
        change(&hub, &format!("k{n}"), "True");
    }
    let mut events = EventReader::open(&hub, None).await;
    let (mut parts, mut nodes) = (0, 0);
    loop {
        let part = events.next_named("snapshot").await;
        assert_eq!(part.data["first"], parts == 0);
        parts += 1;
        nodes += part.data["nodes"].as_array().unwrap().len();
        assert_eq!(part.id.is_some(), part.data["last"] == true);
        if part.data["last"] == true {
            break;
        }
    }
    assert_eq!((parts, nodes), (3, 2_503));
}

#[tokio::test]
async fn streams_end_with_the_hub() {
    let hub = TestHub::start().await;
    let mut events = EventReader::open(&hub, None).await;
    events.next_named("snapshot").await;
    tokio::time::timeout(PATIENCE, hub.hub.stop())
        .await
        .expect("the hub stops in time");
    while let Some(event) = events.next().await {
        assert_eq!(event.name, "heartbeat");
    }
}
