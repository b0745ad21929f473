//! The events of a watch.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::Value;

use crate::harness::Harness;

/// How long a test waits for an event that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads events of a watch, line by line.
pub struct Events {
    response: Response,
    /// Bytes that are no whole line yet: a piece may end inside a character.
    buffer: Vec<u8>,
}

impl Events {
    pub async fn open(api: &Harness, path: &str) -> Self {
        let response = api.raw(Method::GET, path, &[], String::new()).await;
        assert_eq!(response.status().as_u16(), 200);
        Self {
            response,
            buffer: Vec::new(),
        }
    }

    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(end + 1);
                let line = std::mem::replace(&mut self.buffer, rest);
                return Some(serde_json::from_slice(&line).expect("a JSON line"));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            let chunk = chunk.await.expect("in time").expect("a chunk")?;
            self.buffer.extend_from_slice(&chunk);
        }
    }

    /// `TYPE name`, or `TYPE` for events without a name.
    pub async fn summary(&mut self) -> String {
        let Some(event) = self.next().await else {
            return "END".to_owned();
        };
        let kind = event["type"].as_str().unwrap_or_default();
        match event["object"]["metadata"]["name"].as_str() {
            Some(name) => format!("{kind} {name}"),
            None => kind.to_owned(),
        }
    }
}
