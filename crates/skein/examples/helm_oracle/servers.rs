//! The chart repository and the registry that both programs ask, on loopback.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::scenarios::{PUBLISHED, PUSHED, chart};

/// How long the registry may take to listen.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Both servers; dropped, they end.
pub struct Servers {
    /// Address of the chart repository.
    pub repository: String,
    /// Address of the charts in the registry.
    pub registry: String,
    /// Host and port of the registry.
    pub host: String,
    /// A package to push.
    pub package: PathBuf,
    process: Child,
}

impl Servers {
    /// Starts them below a folder and publishes the charts with the real helm.
    pub fn start(folder: &Path, helm: &Path, registry: &Path) -> Result<Self> {
        let files = folder.join("repository");
        fs::create_dir_all(&files)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let repository = format!("http://{}", listener.local_addr()?);
        let served = files.clone();
        std::thread::spawn(move || serve(&listener, &served));
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let process = start_registry(folder, registry, port)?;
        let servers = Self {
            repository,
            registry: format!("oci://127.0.0.1:{port}/team"),
            host: format!("127.0.0.1:{port}"),
            package: files.join(format!("sub-{PUSHED}.tgz")),
            process,
        };
        servers.publish(folder, &files, helm)?;
        Ok(servers)
    }

    fn publish(&self, folder: &Path, files: &Path, helm: &Path) -> Result<()> {
        let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n";
        let sub = folder.join("sub");
        chart(&sub, "sub", "v2", "", &[("templates/cm.yaml", template)])?;
        let run = |words: &[&std::ffi::OsStr]| -> Result<()> {
            let output = Command::new(helm)
                .args(words)
                .output()
                .context("starting helm")?;
            if !output.status.success() {
                bail!("{words:?}: {}", String::from_utf8_lossy(&output.stderr));
            }
            Ok(())
        };
        for version in PUBLISHED {
            run(&[
                "package".as_ref(),
                sub.as_ref(),
                "--version".as_ref(),
                version.as_ref(),
                "-d".as_ref(),
                files.as_ref(),
            ])?;
            let package = files.join(format!("sub-{version}.tgz"));
            run(&[
                "push".as_ref(),
                package.as_ref(),
                self.registry.as_ref(),
                "--plain-http".as_ref(),
            ])?;
        }
        fs::write(files.join("values.yaml"), "data: from afar\n")?;
        run(&["repo".as_ref(), "index".as_ref(), files.as_ref()])
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start_registry(folder: &Path, program: &Path, port: u16) -> Result<Child> {
    let data = folder.join("registry");
    let file = folder.join("registry.yml");
    let text = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: '{}'}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n",
        data.display()
    );
    fs::write(&file, text)?;
    let mut process = Command::new(program)
        .arg("serve")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting the registry")?;
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if start.elapsed() > START_LIMIT || process.try_wait()?.is_some() {
            let _ = process.kill();
            bail!("the registry does not listen");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(process)
}

/// Files by GET, one request a connection.
fn serve(listener: &TcpListener, folder: &Path) {
    for stream in listener.incoming().flatten() {
        let folder = folder.to_path_buf();
        std::thread::spawn(move || answer(stream, &folder));
    }
}

fn answer(mut stream: TcpStream, folder: &Path) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    // The client is told when its request was read in full.
    for line in lines {
        if line.is_empty() {
            break;
        }
    }
    let path = request
        .split(' ')
        .nth(1)
        .unwrap_or("/")
        .trim_start_matches('/');
    let name = PathBuf::from(path.replace("%2B", "+"));
    let found = fs::read(folder.join(name))
        .ok()
        .filter(|_| !path.contains(".."));
    let (status, body) = match found {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", b"no such file".to_vec()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body));
}
