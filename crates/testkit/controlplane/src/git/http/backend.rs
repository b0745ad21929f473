//! `git http-backend`, which speaks CGI.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use tokio::io::AsyncWriteExt;

use crate::git::repository::isolate;

/// Hands one request over and turns the answer back into HTTP.
pub async fn run(root: &Path, request: &Parts, body: &Bytes) -> Result<Response<Full<Bytes>>> {
    let mut command = Command::new("git");
    isolate(&mut command);
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", request.method.as_str())
        .env("PATH_INFO", request.uri.path())
        .env("QUERY_STRING", request.uri.query().unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let passed_on = [
        ("CONTENT_TYPE", header::CONTENT_TYPE),
        ("HTTP_CONTENT_ENCODING", header::CONTENT_ENCODING),
        ("GIT_PROTOCOL", HeaderName::from_static("git-protocol")),
    ];
    for (variable, name) in passed_on {
        if let Some(value) = request.headers.get(name) {
            command.env(variable, value.to_str()?);
        }
    }
    let mut child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .context("starting git http-backend")?;
    let mut input = child.stdin.take().context("standard input is piped")?;
    let body = body.clone();
    // Written beside the reading: a backend that answers early must not block on us, nor we on it.
    let writing = tokio::spawn(async move {
        let _closed_early = input.write_all(&body).await;
    });
    let output = child.wait_with_output().await?;
    writing.await?;
    response(&output.stdout)
}

/// Header lines, an empty line, the body.
fn response(output: &[u8]) -> Result<Response<Full<Bytes>>> {
    let end = output
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("git http-backend gave no header")?;
    let head = std::str::from_utf8(&output[..end])?;
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(&output[end + 4..])));
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':').context("a header line has a colon")?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("status") {
            let code = value.split_whitespace().next().unwrap_or_default();
            *response.status_mut() = StatusCode::from_bytes(code.as_bytes())?;
        } else {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            response
                .headers_mut()
                .append(name, HeaderValue::from_str(value)?);
        }
    }
    Ok(response)
}
