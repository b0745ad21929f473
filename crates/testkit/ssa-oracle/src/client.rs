//! Requests to an API server through `kubectl proxy`, so that no TLS or authentication is needed here.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::request::{Answer, Request, Verb};

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A proxy to one API server; it ends with the value.
pub struct Client {
    proxy: Child,
    address: String,
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

impl Client {
    /// Starts a proxy for a kubeconfig.
    pub fn start(kubectl: &str, kubeconfig: &str) -> Result<Self> {
        let mut proxy = Command::new(kubectl)
            .args(["--kubeconfig", kubeconfig, "proxy", "--port=0"])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {kubectl} proxy"))?;
        let output = proxy.stdout.take().context("the proxy has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let Some(address) = line.trim().strip_prefix("Starting to serve on ") else {
            let _ = proxy.kill();
            bail!("the proxy said {line:?}");
        };
        Ok(Self {
            address: address.to_owned(),
            proxy,
        })
    }

    /// Sends a request about the object at `path` (of the collection) and `name`.
    pub fn send(&self, collection: &str, name: &str, request: &Request) -> Result<Answer> {
        let mut query = format!("fieldManager={}&fieldValidation=Strict", request.manager);
        if request.dry_run {
            query.push_str("&dryRun=All");
        }
        let (method, content_type) = match request.verb {
            Verb::Create => ("POST", "application/json"),
            Verb::Put => ("PUT", "application/json"),
            Verb::Apply { force } => {
                query.push_str(&format!("&force={force}"));
                ("PATCH", "application/apply-patch+yaml")
            }
            Verb::MergePatch => ("PATCH", "application/merge-patch+json"),
            Verb::JsonPatch => ("PATCH", "application/json-patch+json"),
            Verb::StrategicPatch => ("PATCH", "application/strategic-merge-patch+json"),
            Verb::Get => ("GET", "application/json"),
            Verb::Delete => ("DELETE", "application/json"),
        };
        let mut path = collection.to_owned();
        if !matches!(request.verb, Verb::Create) {
            path.push('/');
            path.push_str(name);
        }
        if !request.subresource.is_empty() {
            path.push('/');
            path.push_str(request.subresource);
        }
        if matches!(request.verb, Verb::Get | Verb::Delete) {
            query.clear();
        }
        let body = if request.body.is_null() {
            String::new()
        } else {
            request.body.to_string()
        };
        self.call(method, &format!("{path}?{query}"), content_type, &body)
    }

    /// One HTTP request.
    pub fn call(
        &self,
        method: &str,
        target: &str,
        content_type: &str,
        body: &str,
    ) -> Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(
            stream,
            "{method} {target} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8(answer).context("the answer is no UTF-8")?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .context("the answer has no body")?;
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let body = serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()));
        Ok(Answer {
            code: code.context("the answer has no status")?,
            body,
        })
    }
}
