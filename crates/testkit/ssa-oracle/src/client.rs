//! Requests to an API server through `kubectl proxy`, so that no TLS or authentication is needed here.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::request::{Answer, Request, Verb};

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(15);

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

    /// Host and port of the proxy.
    pub fn address(&self) -> &str {
        &self.address
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
        let headers = [
            ("Accept".to_owned(), "application/json".to_owned()),
            ("Content-Type".to_owned(), content_type.to_owned()),
        ];
        let answer = exchange(&self.address, method, target, &headers, body)?;
        let body = serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body));
        Ok(Answer {
            code: answer.code,
            body,
        })
    }
}

/// An answer with its headers (names in lower case), in their order.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub code: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// One HTTP request to the proxy at an address; reads until the server ends the answer.
pub fn exchange(
    address: &str,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &str,
) -> Result<Exchange> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let mut head = format!("{method} {target} HTTP/1.0\r\nHost: localhost\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = body.len();
    write!(
        stream,
        "{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // A watch without an end: what came so far is the answer; code 0 when nothing came.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::ConnectionReset
            ) =>
        {
            if answer.is_empty() {
                answer.extend_from_slice(b"- 0\r\n\r\n");
            }
        }
        outcome => drop(outcome?),
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer has no body")?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let headers = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Ok(Exchange {
        code: code.context("the answer has no status")?,
        headers,
        body: body.to_owned(),
    })
}
