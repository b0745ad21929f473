//! Runs the `git` of the machine: no shell, no configuration of user or system, bounded.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;

/// Longest run of a local command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(120);
/// Longest output that is read, in bytes.
const MAX_OUTPUT_BYTES: usize = 32 * 1024 * 1024;
/// Longest error text that is shown, in characters.
const MAX_ERROR_CHARACTERS: usize = 500;

/// Why a local git command failed.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The program cannot be started.
    #[error("cannot run git: {0}; is it installed?")]
    Start(std::io::Error),
    /// It took too long.
    #[error("git {0} did not end within {limit} s", limit = COMMAND_TIMEOUT.as_secs())]
    Timeout(String),
    /// It failed.
    #[error("git {command} failed: {message}")]
    Failed {
        /// The sub-command.
        command: String,
        /// What it said.
        message: String,
    },
    /// It printed too much.
    #[error("git {0} printed more than {MAX_OUTPUT_BYTES} bytes")]
    Output(String),
    /// A file of the mirror cannot be written.
    #[error("cannot prepare the mirror of the work tree: {0}")]
    Mirror(std::io::Error),
    /// Nothing is checked out that could be served.
    #[error(
        "HEAD of {} names no commit: commit something, or point it at a branch that has one (`git symbolic-ref HEAD refs/heads/NAME`)",
        .0.display()
    )]
    NoCommit(PathBuf),
}

/// A command in a folder, with a clean environment.
pub(super) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        // The folder may belong to somebody else; it was named by the user.
        .args(["-c", "safe.directory=*"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs a command to its end; answers what it printed.
pub(super) async fn output(mut command: Command, name: &str) -> Result<Vec<u8>, CommandError> {
    let run = tokio::time::timeout(COMMAND_TIMEOUT, command.output()).await;
    let output = run
        .map_err(|_| CommandError::Timeout(name.to_owned()))?
        .map_err(CommandError::Start)?;
    if output.stdout.len() > MAX_OUTPUT_BYTES {
        return Err(CommandError::Output(name.to_owned()));
    }
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.trim().chars().take(MAX_ERROR_CHARACTERS).collect();
    Err(CommandError::Failed {
        command: name.to_owned(),
        message,
    })
}

/// Runs a command and answers the one line that it prints.
pub(super) async fn line(command: Command, name: &str) -> Result<String, CommandError> {
    let printed = output(command, name).await?;
    Ok(String::from_utf8_lossy(&printed).trim().to_owned())
}
