//! A chart repository on the loopback device, out of the folders `repository/NAME-VERSION` of a case.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Stands for the address of the repository in the files of a case.
pub const PLACEHOLDER: &str = "@REPOSITORY@";
const FOLDER: &str = "repository/";

/// Files by path.
type Files = BTreeMap<String, Vec<u8>>;

/// The files of a case as they are built: those of the repository are served, and its address stands in the others.
pub fn start(files: &Files) -> Result<Files> {
    let (charts, mut others): (Files, Files) = files
        .iter()
        .map(|(path, content)| (path.clone(), content.clone()))
        .partition(|(path, _)| path.starts_with(FOLDER));
    if charts.is_empty() {
        return Ok(others);
    }
    let address = serve(packages(&charts)?)?;
    for content in others.values_mut() {
        if let Ok(text) = std::str::from_utf8(content) {
            *content = text.replace(PLACEHOLDER, &address).into_bytes();
        }
    }
    Ok(others)
}

/// Packages, and the index that lists them.
fn packages(charts: &Files) -> Result<Files> {
    let mut by_chart: BTreeMap<&str, Vec<(&str, &[u8])>> = BTreeMap::new();
    for (path, content) in charts {
        let below = path.strip_prefix(FOLDER).unwrap_or(path);
        if let Some((chart, file)) = below.split_once('/') {
            by_chart.entry(chart).or_default().push((file, content));
        }
    }
    let mut served = Files::new();
    let mut entries: BTreeMap<&str, String> = BTreeMap::new();
    for (chart, files) in by_chart {
        let (name, version) = chart.split_once('-').unwrap_or((chart, "0.0.0"));
        let package = format!("{chart}.tgz");
        entries.entry(name).or_default().push_str(&format!(
            "  - apiVersion: v2\n    name: {name}\n    version: {version}\n    urls: [{package}]\n"
        ));
        served.insert(package, packed(name, &files)?);
    }
    let entries: String = entries
        .into_iter()
        .map(|(name, versions)| format!("  {name}:\n{versions}"))
        .collect();
    let index = format!("apiVersion: v1\nentries:\n{entries}");
    served.insert("index.yaml".to_owned(), index.into_bytes());
    Ok(served)
}

fn packed(name: &str, files: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{name}/{path}"), *content)?;
    }
    archive.into_inner()?.finish()
}

/// Serves files until the program ends; the address has no slash at its end.
fn serve(files: Files) -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever asks sees what went wrong.
            let _ = answer(stream, &files);
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, files: &Files) -> Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let found = files.get(path.trim_start_matches('/'));
    let (status, body) = match found {
        Some(body) => ("200 OK", body.as_slice()),
        None => ("404 Not Found", b"".as_slice()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}
