//! What goes on: changes of objects as they happen, and the logs of Pods.

use std::time::Duration;

use futures::{AsyncBufRead, Stream, StreamExt as _};
use http::Request;
use kube::core::WatchEvent;
use skein_object::Object;

use crate::client::{Cluster, ListOptions};
use crate::error::ApiError;
use crate::resource::ApiResource;

/// One change of a collection.
#[derive(Clone, Debug)]
pub enum Followed {
    /// An object is new, or is as it is now.
    Changed(Object),
    /// An object is gone; as it was at last.
    Deleted(Object),
}

/// Which part of a log is wanted.
#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    /// Container; the only one when absent.
    pub container: Option<String>,
    /// Stay and send what comes.
    pub follow: bool,
    /// Number of the last lines; all when absent.
    pub tail_lines: Option<i64>,
    /// Only what is younger than this many seconds.
    pub since_seconds: Option<i64>,
    /// Only what is younger than this time, RFC 3339.
    pub since_time: Option<String>,
}

impl LogOptions {
    fn query(&self) -> String {
        let mut pairs = Vec::new();
        if let Some(container) = &self.container {
            pairs.push(format!("container={}", encoded(container)));
        }
        if self.follow {
            pairs.push("follow=true".to_owned());
        }
        if let Some(lines) = self.tail_lines {
            pairs.push(format!("tailLines={lines}"));
        }
        if let Some(seconds) = self.since_seconds {
            pairs.push(format!("sinceSeconds={seconds}"));
        }
        if let Some(time) = &self.since_time {
            pairs.push(format!("sinceTime={}", encoded(time)));
        }
        pairs.join("&")
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

impl Cluster {
    /// The changes of a collection behind a revision, until the server or the time ends the watch; an empty revision begins with
    /// all objects as they are.
    pub async fn follow(
        &self,
        resource: &ApiResource,
        options: &ListOptions,
        resource_version: &str,
        timeout: Duration,
    ) -> Result<impl Stream<Item = Result<Followed, ApiError>> + use<>, ApiError> {
        let events = self
            .watch(resource, options, resource_version, timeout)
            .await?;
        let server = self.server().to_owned();
        Ok(events.filter_map(move |event| {
            let change = match event {
                Ok(WatchEvent::Added(value) | WatchEvent::Modified(value)) => {
                    Some(read(value).map(Followed::Changed))
                }
                Ok(WatchEvent::Deleted(value)) => Some(read(value).map(Followed::Deleted)),
                Ok(WatchEvent::Bookmark(_)) => None,
                Ok(WatchEvent::Error(status)) => Some(Err(ApiError::Status(status))),
                Err(error) => Some(Err(ApiError::from_kube(&server, error))),
            };
            futures::future::ready(change)
        }))
    }

    /// The log of a Pod.
    pub async fn pod_log(
        &self,
        namespace: &str,
        pod: &str,
        options: &LogOptions,
    ) -> Result<impl AsyncBufRead + use<>, ApiError> {
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods/{pod}/log?{}",
            options.query()
        );
        self.open(Request::get(path)).await
    }
}

fn read(value: serde_json::Value) -> Result<Object, ApiError> {
    Object::from_value(value).map_err(|error| ApiError::Malformed {
        action: "reading a change of an object".to_owned(),
        problem: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_logs_are_asked_for() {
        let options = LogOptions {
            container: Some("manager".into()),
            follow: true,
            tail_lines: Some(3),
            since_seconds: None,
            since_time: Some("2026-01-31T12:00:00+01:00".into()),
        };
        assert_eq!(
            options.query(),
            "container=manager&follow=true&tailLines=3&sinceTime=2026-01-31T12%3A00%3A00%2B01%3A00"
        );
        assert_eq!(LogOptions::default().query(), "");
    }
}
