//! Git over ssh: a real sshd on a free port with keys of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::daemon::{Daemon, free_port};

const SSHD: &str = "/usr/sbin/sshd";

/// Where a privileged sshd wants its empty folder.
const PRIVILEGE_SEPARATION_FOLDER: &str = "/run/sshd";

const START_TIMEOUT: Duration = Duration::from_secs(20);
const START_STEP: Duration = Duration::from_millis(20);

/// A running sshd that lets in one generated key, as the user who runs the test.
#[derive(Debug)]
pub struct GitSshServer {
    daemon: Daemon,
    port: u16,
    user: String,
    root: PathBuf,
    folder: TempDir,
}

impl GitSshServer {
    /// Serves every repository below `root`.
    pub fn start(root: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("skein-sshd-")
            .tempdir()
            .context("creating the folder of sshd")?;
        for name in ["host", "user"] {
            generate_key(&folder.path().join(name))?;
        }
        let user = run(Command::new("id").arg("-un"))?.trim().to_owned();
        if user == "root" {
            fs::create_dir_all(PRIVILEGE_SEPARATION_FOLDER)
                .context("creating the folder that a privileged sshd needs")?;
        }
        let port = free_port()?;
        let settings = folder.path().join("sshd_config");
        fs::write(&settings, configuration(folder.path(), port)).context("writing sshd_config")?;
        // -D: stay in the foreground, -e: write the log to standard error.
        let arguments = ["-D", "-e", "-f"].map(String::from).into_iter();
        let arguments: Vec<String> = arguments
            .chain([settings.to_string_lossy().into_owned()])
            .collect();
        let log = folder.path().join("sshd.log");
        let mut server = Self {
            daemon: Daemon::start("sshd", Path::new(SSHD), &arguments, &log)?,
            port,
            user,
            root: root.to_owned(),
            folder,
        };
        server.wait()?;
        Ok(server)
    }

    /// `ssh://user@127.0.0.1:port/path/of/name.git`.
    pub fn url(&self, name: &str) -> String {
        let path = self.root.join(format!("{name}.git"));
        format!(
            "ssh://{}@127.0.0.1:{}{}",
            self.user,
            self.port,
            path.display()
        )
    }

    /// Private key that is let in, in OpenSSH format.
    pub fn identity(&self) -> Result<String> {
        self.read("user")
    }

    /// Public key that is let in.
    pub fn identity_public(&self) -> Result<String> {
        self.read("user.pub")
    }

    /// Lines for a `known_hosts` file.
    pub fn known_hosts(&self) -> Result<String> {
        let key = self.read("host.pub")?;
        Ok(format!("[127.0.0.1]:{} {key}", self.port))
    }

    /// What sshd has written so far.
    pub fn log(&self) -> Result<String> {
        self.read("sshd.log")
    }

    fn read(&self, name: &str) -> Result<String> {
        let path = self.folder.path().join(name);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }

    fn wait(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            self.daemon.check()?;
            if Instant::now() > deadline {
                bail!("sshd does not listen: {}", self.daemon.last_words());
            }
            thread::sleep(START_STEP);
        }
        Ok(())
    }
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PermitRootLogin prohibit-password\nPidFile none\nLogLevel VERBOSE\nAcceptEnv GIT_PROTOCOL\n\
         PrintMotd no\nUseDNS no\n"
    )
}

fn generate_key(path: &Path) -> Result<()> {
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(path);
    run(&mut command)?;
    Ok(())
}

fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("starting {program}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{program}: {errors}");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::git::repository::{Commit, Repository, isolate};

    #[test]
    fn git_clones_with_the_key_and_not_without() {
        let folder = tempfile::tempdir().unwrap();
        let mut repository = Repository::create(folder.path(), "app").unwrap();
        let files = BTreeMap::from([("a", Some("b"))]);
        repository.commit(&files, &Commit::default()).unwrap();
        let server = GitSshServer::start(folder.path()).unwrap();
        let key = folder.path().join("key");
        fs::write(&key, server.identity().unwrap()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let hosts = folder.path().join("hosts");
        fs::write(&hosts, server.known_hosts().unwrap()).unwrap();
        let clone = |key: &Path, into: &str| {
            let ssh = format!(
                "ssh -F /dev/null -o IdentitiesOnly=yes -o BatchMode=yes -i {} -o UserKnownHostsFile={}",
                key.display(),
                hosts.display()
            );
            let mut command = Command::new("git");
            isolate(&mut command);
            command
                .env("GIT_SSH_COMMAND", ssh)
                .env_remove("SSH_AUTH_SOCK");
            command.args(["clone", "--quiet", &server.url("app")]);
            command.arg(folder.path().join(into)).output().unwrap()
        };
        let output = clone(&key, "one");
        assert!(
            output.status.success(),
            "{output:?} {}",
            server.log().unwrap()
        );
        assert!(!clone(Path::new("/dev/null"), "two").status.success());
    }
}
