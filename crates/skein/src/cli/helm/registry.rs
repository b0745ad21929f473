//! `helm registry`: logins of registries, in the file that helm keeps them in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use serde::Serialize as _;
use serde_json::{Value, json};
use skein_helm::Warning;
use skein_registry::{Access, Credentials, Registry, Repository};

use super::connection::{self, Files};
use super::docker_helper::{Helper, Helpers};
use super::password;
use super::repositories::{read_limited, write_private};
use super::settings::Settings;
use crate::output::Output;

/// Largest file of logins, in bytes.
const MAX_LOGINS_BYTES: u64 = 4 << 20;
/// A repository name, which the check of a login needs and does not use.
const ANY_REPOSITORY: &str = "login";

/// `helm registry`.
#[derive(Args, Clone, Debug)]
pub struct RegistryArguments {
    #[command(subcommand)]
    command: RegistryCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum RegistryCommand {
    /// Log in to a registry
    Login(Box<LoginArguments>),
    /// Forget a login
    Logout {
        /// Host of the registry
        host: String,
    },
}

#[derive(Args, Clone, Debug)]
struct LoginArguments {
    /// Host of the registry
    host: String,
    /// User name
    #[arg(short, long, default_value = "", hide_default_value = true)]
    username: String,
    /// Password
    #[arg(short, long, default_value = "", hide_default_value = true)]
    password: String,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Do not check certificates
    #[arg(long)]
    insecure: bool,
    /// Client certificate
    #[arg(
        long,
        value_name = "FILE",
        default_value = "",
        hide_default_value = true
    )]
    cert_file: String,
    /// Key of the client certificate
    #[arg(
        long,
        value_name = "FILE",
        default_value = "",
        hide_default_value = true
    )]
    key_file: String,
    /// Certificates to trust
    #[arg(
        long,
        value_name = "FILE",
        default_value = "",
        hide_default_value = true
    )]
    ca_file: String,
    /// Speak plain HTTP
    #[arg(long)]
    plain_http: bool,
}

/// Runs `helm registry`.
pub(super) async fn run(
    arguments: &RegistryArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    match &arguments.command {
        RegistryCommand::Login(login) => self::login(login, settings, output).await,
        RegistryCommand::Logout { host } => logout(host, settings, output),
    }
}

async fn login(
    arguments: &LoginArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (username, password) = username_and_password(arguments, output)?;
    if username.is_empty() {
        bail!("a user name is needed: --username");
    }
    let host = arguments.host.as_str();
    if let Some((first, _)) = host.split_once('/') {
        let line =
            "registry login currently only supports registry hostname, not a repository path";
        let line = Warning::warn(line)
            .with("host", host)
            .with("suggested", first);
        output.note_line(&line.to_string())?;
        bail!("invalid reference: invalid registry {host:?}");
    }
    let access = connection::access(&Files {
        username: &username,
        password: &password,
        certificate: &arguments.cert_file,
        key: &arguments.key_file,
        authority: &arguments.ca_file,
        insecure: arguments.insecure || arguments.plain_http,
    })?;
    check(host, access).await?;
    if let Some(helper) = own_helper(host, settings)? {
        helper.store(key_of(host), &username, &password)?;
    } else {
        let auth = STANDARD.encode(format!("{username}:{password}"));
        change(settings, |logins| {
            logins.insert(key_of(host).to_owned(), json!({ "auth": auth }));
        })?;
    }
    output.print("Login Succeeded\n")?;
    Ok(())
}

/// From the flags, from standard input, or asked for.
fn username_and_password(
    arguments: &LoginArguments,
    output: &mut Output,
) -> anyhow::Result<(String, String)> {
    const NEEDED: &str = "a password is needed: --password-stdin or --password";
    let mut username = arguments.username.clone();
    if arguments.password_stdin {
        return Ok((username, password::from_input()?));
    }
    if !arguments.password.is_empty() {
        let line = "using --password via the CLI is insecure. Use --password-stdin";
        output.note_line(&Warning::warn(line).to_string())?;
        return Ok((username, arguments.password.clone()));
    }
    if username.is_empty() {
        username = password::ask("Username: ", false)?.context(NEEDED)?;
    }
    let password = password::ask("Password: ", true)?.context(NEEDED)?;
    if password.is_empty() {
        bail!("password required");
    }
    Ok((username, password))
}

/// Asks the registry whether it takes the credentials.
async fn check(host: &str, access: Access) -> anyhow::Result<()> {
    if access.credentials == Credentials::Anonymous {
        bail!("a user name and a password are needed");
    }
    let repository = Repository::parse(&format!("{host}/{ANY_REPOSITORY}"))?;
    let registry = Registry::new(repository, &access)?;
    registry
        .ping()
        .await
        .map_err(|error| anyhow!("authenticating to {host:?}: {}", error.in_words_of_helm()))
}

fn logout(host: &str, settings: &Settings, output: &mut Output) -> anyhow::Result<()> {
    let removed = match own_helper(host, settings)? {
        Some(helper) => helper.erase(key_of(host)),
        None => change(settings, |logins| {
            logins.remove(key_of(host));
        }),
    };
    removed.with_context(|| format!("failed to delete the credential for {host}"))?;
    output.print(&format!("Removing login credentials for {host}\n"))?;
    Ok(())
}

/// Under which key Docker keeps the login of a registry.
pub(super) fn key_of(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => "https://index.docker.io/v1/",
        host => host,
    }
}

/// The helper that keeps the login of a registry, if our file of logins names one.
fn own_helper(host: &str, settings: &Settings) -> anyhow::Result<Option<Helper>> {
    let path = settings.registry_configs.first();
    let content = read(path.context("there is no file of logins")?)?;
    let content = Value::Object(content.into_iter().collect());
    let helpers: Helpers = serde_json::from_value(content).unwrap_or_default();
    helpers.of(key_of(host))
}

/// Changes the logins of the file; everything else in it stays.
fn change(
    settings: &Settings,
    change: impl FnOnce(&mut BTreeMap<String, Value>),
) -> anyhow::Result<()> {
    let path: &PathBuf = settings
        .registry_configs
        .first()
        .context("there is no file of logins")?;
    let mut content = read(path)?;
    let held = content.remove("auths").unwrap_or_default();
    let mut logins: BTreeMap<String, Value> = serde_json::from_value(held).unwrap_or_default();
    let before = logins.clone();
    change(&mut logins);
    if logins == before {
        return Ok(());
    }
    content.insert("auths".to_owned(), serde_json::to_value(logins)?);
    let mut bytes = Vec::new();
    let tabs = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, tabs);
    content.serialize(&mut writer)?;
    write_private(path, &bytes)
}

fn read(path: &Path) -> anyhow::Result<BTreeMap<String, Value>> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let bytes = read_limited(path, MAX_LOGINS_BYTES)?;
    if bytes.trim_ascii().is_empty() {
        return Ok(BTreeMap::new());
    }
    // What stands in the file is told to nobody.
    serde_json::from_slice(&bytes)
        .map_err(|_| anyhow!("{} is no Docker configuration in JSON", path.display()))
}
