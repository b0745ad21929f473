//! Child processes that never outlive us.

use std::fs::File;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// How often we look whether it has ended.
const GRACE_STEP: Duration = Duration::from_millis(20);

/// A running program; dropped, it is stopped.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts the program with all its output in `log`.
    pub fn start(name: &str, program: &Path, arguments: &[String], log: &Path) -> Result<Self> {
        Self::start_with(name, program, arguments, &[], log)
    }

    /// The same with additions to the environment.
    pub fn start_with(
        name: &str,
        program: &Path,
        arguments: &[String],
        environment: &[(&str, &Path)],
        log: &Path,
    ) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        let errors = output.try_clone().context("sharing a log file")?;
        // The kernel ends the child when we die without a chance to drop; setpriv replaces itself by the program.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let child = spawn(command).with_context(|| format!("starting {name} with setpriv"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        })
    }

    /// What it was called when it was started.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// An error with the end of its log, if the process has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!(
                "{} ended: {status}; its last words:\n{}",
                self.name,
                self.last_words()
            );
        }
        Ok(())
    }

    /// The last lines of its log.
    pub fn last_words(&self) -> String {
        const LINES: usize = 12;
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }

    /// Asks it to end, and ends it when it does not.
    pub fn stop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        let deadline = Instant::now() + GRACE;
        while asked.is_ok() && Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(GRACE_STEP);
        }
        self.kill();
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        // Both fail only if the process is gone, which is what we want.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

type Order = (Command, Sender<std::io::Result<Child>>);

/// Starts the command on a thread that lives as long as the process: the kernel's death signal follows the death of the *thread* that
/// started a child, and test threads come and go.
fn spawn(command: Command) -> Result<Child> {
    static STARTER: OnceLock<Sender<Order>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                // Nobody waits for the answer any more: the child is dropped, which is harmless.
                let _unheard = reply.send(command.spawn());
            }
        });
        orders
    });
    let (reply, answer) = channel();
    starter
        .send((command, reply))
        .context("the starting thread is gone")?;
    Ok(answer.recv().context("the starting thread is gone")??)
}

/// A port of 127.0.0.1 that nobody listens on, and that the kernel gives to nobody else for a minute: a connection that its own side
/// ended stays with it (TIME-WAIT), which keeps others away but for those who ask for the very port, as servers do.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("looking for a free port")?;
    let address = listener.local_addr()?;
    let mut visitor = TcpStream::connect(address).context("visiting a free port")?;
    let (host, _) = listener.accept().context("visiting a free port")?;
    // The side that ends the connection first is the one that keeps it.
    drop(host);
    let _end_of_stream = visitor.read(&mut [0])?;
    Ok(address.port())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn is_alive(id: u32) -> bool {
        Path::new(&format!("/proc/{id}")).exists()
    }

    /// More than the kernel's choice of ports has (28,232 by default) would be slow; this many meet by chance almost surely.
    const PORTS: usize = 600;

    #[test]
    fn free_ports_are_given_once_and_can_be_listened_on() {
        let ports: Vec<u16> = (0..PORTS).map(|_| free_port().unwrap()).collect();
        let distinct: BTreeSet<&u16> = ports.iter().collect();
        assert_eq!(distinct.len(), PORTS);
        // Neither a listener nor a connection of anybody gets one of them by chance.
        for _ in 0..PORTS {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let visitor = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            assert!(!distinct.contains(&listener.local_addr().unwrap().port()));
            assert!(!distinct.contains(&visitor.local_addr().unwrap().port()));
        }
        for port in ports {
            TcpListener::bind(("127.0.0.1", port)).unwrap();
        }
    }

    #[test]
    fn a_dropped_daemon_is_gone_and_its_log_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let arguments = ["-c".to_owned(), "echo here; sleep 60".to_owned()];
        let daemon = Daemon::start("sh", Path::new("/bin/sh"), &arguments, &log).unwrap();
        let id = daemon.id();
        while daemon.last_words().is_empty() {
            thread::sleep(GRACE_STEP);
        }
        assert!(is_alive(id));
        drop(daemon);
        assert!(!is_alive(id));
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "here\n");
    }

    #[test]
    fn a_child_outlives_the_thread_that_started_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let start = move || {
            Daemon::start("sleep", Path::new("/bin/sleep"), &["60".to_owned()], &log).unwrap()
        };
        let mut daemon = thread::spawn(start).join().unwrap();
        thread::sleep(Duration::from_millis(50));
        daemon.check().unwrap();
    }

    #[test]
    fn the_end_of_a_program_is_told_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let arguments = ["-c".to_owned(), "echo cannot; exit 3".to_owned()];
        let mut daemon = Daemon::start("sh", Path::new("/bin/sh"), &arguments, &log).unwrap();
        let error = loop {
            match daemon.check() {
                Ok(()) => thread::sleep(GRACE_STEP),
                Err(error) => break error.to_string(),
            }
        };
        assert!(error.contains("cannot") && error.contains('3'), "{error}");
    }
}
