//! Credential helpers of Docker: programs of the user, named in the file of logins, that keep its passwords.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};
use skein_registry::Credentials;

/// How long a helper may take; it may ask its user.
const MAX_DURATION: Duration = Duration::from_secs(60);
/// Most that is read of its answer, in bytes.
const MAX_ANSWER_BYTES: u64 = 1 << 20;
/// What helpers say where nothing is kept.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user name under which tokens are kept.
const TOKEN_USER: &str = "<token>";

/// The helpers that a file of logins names.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Helpers {
    /// The helper of every registry without one of its own.
    creds_store: String,
    /// Helpers by registry.
    cred_helpers: BTreeMap<String, String>,
}

/// What helpers read and write.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Kept {
    #[serde(rename = "ServerURL", default)]
    server_url: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// One helper.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Helper {
    program: String,
}

impl Helpers {
    /// The helper of a registry, if one is named.
    pub(super) fn of(&self, address: &str) -> anyhow::Result<Option<Helper>> {
        let own = self.cred_helpers.get(address);
        let name = own.unwrap_or(&self.creds_store);
        if name.is_empty() {
            return Ok(None);
        }
        if name.contains(['/', '\\', '\0']) {
            bail!("the credential helper {name:?} of {address} is no name of a program");
        }
        let program = format!("docker-credential-{name}");
        Ok(Some(Helper { program }))
    }
}

impl Helper {
    /// The credentials of a registry; none if the helper has none.
    pub(super) fn get(&self, address: &str) -> anyhow::Result<Credentials> {
        let answer = match self.run("get", address.as_bytes()) {
            Ok(answer) => answer,
            Err(error) if error.to_string() == NOT_FOUND => return Ok(Credentials::Anonymous),
            Err(error) => return Err(error),
        };
        // What it says is told to nobody.
        let kept: Kept = serde_json::from_slice(&answer)
            .map_err(|_| anyhow!("{} did not answer with credentials", self.program))?;
        Ok(match kept.username.as_str() {
            TOKEN_USER => Credentials::Refresh(kept.secret),
            "" if kept.secret.is_empty() => Credentials::Anonymous,
            _ => Credentials::Basic {
                username: kept.username,
                password: kept.secret,
            },
        })
    }

    /// Keeps the credentials of a registry.
    pub(super) fn store(&self, address: &str, username: &str, secret: &str) -> anyhow::Result<()> {
        let kept = Kept {
            server_url: address.to_owned(),
            username: username.to_owned(),
            secret: secret.to_owned(),
        };
        self.run("store", &serde_json::to_vec(&kept)?).map(drop)
    }

    /// Forgets the credentials of a registry.
    pub(super) fn erase(&self, address: &str) -> anyhow::Result<()> {
        self.run("erase", address.as_bytes()).map(drop)
    }

    fn run(&self, action: &str, input: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut child = Command::new(&self.program)
            .arg(action)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start the credential helper {}", self.program))?;
        let answer = exchange(&mut child, input);
        if answer.is_err() {
            // It is given up, whatever it does.
            let _ = child.kill();
        }
        let status = child.wait()?;
        let answer = answer.with_context(|| format!("credential helper {}", self.program))?;
        if status.success() {
            return Ok(answer);
        }
        let message = String::from_utf8_lossy(&answer).trim().to_owned();
        if message.is_empty() {
            bail!("credential helper {}: {status}", self.program);
        }
        bail!(message)
    }
}

/// Writes the input and reads the answer, in bounded time and memory.
fn exchange(child: &mut Child, input: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (Some(mut writer), Some(reader)) = (child.stdin.take(), child.stdout.take()) else {
        bail!("it has no pipes");
    };
    let (sender, receiver) = mpsc::channel();
    let input = input.to_vec();
    std::thread::spawn(move || {
        // A helper need not read its input.
        let _ = writer.write_all(&input);
        drop(writer);
        let mut answer = Vec::new();
        let read = reader.take(MAX_ANSWER_BYTES).read_to_end(&mut answer);
        let _ = sender.send(read.map(|_| answer));
    });
    match receiver.recv_timeout(MAX_DURATION) {
        Ok(answer) => Ok(answer?),
        Err(_) => bail!("no answer within {} seconds", MAX_DURATION.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_of_a_registry_is_preferred_and_paths_are_refused() {
        let text = r#"{"credsStore": "pass", "credHelpers": {"r.example": "own", "x": "../x"}}"#;
        let helpers: Helpers = serde_json::from_str(text).unwrap();
        let program = |address| helpers.of(address).unwrap().unwrap().program;
        assert_eq!(program("r.example"), "docker-credential-own");
        assert_eq!(program("other.example"), "docker-credential-pass");
        assert!(helpers.of("x").is_err());
        assert_eq!(Helpers::default().of("r.example").unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_helper_keeps_finds_and_forgets_a_login() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker-credential-own");
        let kept = folder.path().join("kept").display().to_string();
        let script = format!(
            "#!/bin/sh\ncase $1 in\nstore) cat > {kept};;\nget) cat > /dev/null; cat {kept} 2> /dev/null || {{ echo {NOT_FOUND}; exit 1; }};;\n\
             erase) cat > /dev/null; rm {kept} 2> /dev/null || {{ echo nothing there; exit 1; }};;\nesac\n"
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        let helper = Helper {
            program: path.display().to_string(),
        };
        assert_eq!(helper.get("r.example").unwrap(), Credentials::Anonymous);
        helper.store("r.example", "me", "secret").unwrap();
        let login = Credentials::Basic {
            username: "me".to_owned(),
            password: "secret".to_owned(),
        };
        assert_eq!(helper.get("r.example").unwrap(), login);
        helper.store("r.example", TOKEN_USER, "token").unwrap();
        let token = Credentials::Refresh("token".to_owned());
        assert_eq!(helper.get("r.example").unwrap(), token);
        helper.erase("r.example").unwrap();
        let problem = helper.erase("r.example").unwrap_err();
        assert_eq!(problem.to_string(), "nothing there");
        std::fs::write(&path, "#!/bin/sh\necho secret\n").unwrap();
        let problem = helper.get("r.example").unwrap_err().to_string();
        assert!(
            problem.ends_with("did not answer with credentials"),
            "{problem}"
        );
    }
}
