//! Addresses of remote repositories: http, https and ssh, with what can be shown apart from secrets.

use std::fmt;

use percent_encoding::percent_decode_str;
use thiserror::Error;

/// Longest address that is read, in bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// Why a text is no address of a repository.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum UrlError {
    /// Another scheme, or none.
    #[error("the address must begin with http://, https:// or ssh://")]
    Scheme,
    /// No host, or a host with strange characters.
    #[error("the address has no valid host")]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("the port of the address is invalid")]
    Port,
    /// Control characters, blanks, or too long.
    #[error(
        "the address has characters that are not allowed, or is longer than {MAX_URL_BYTES} bytes"
    )]
    Characters,
}

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// SSH.
    Ssh,
}

impl Scheme {
    fn text(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ssh => "ssh",
        }
    }
}

/// The address of a repository. `Display` leaves a password out.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    /// How it is reached.
    pub scheme: Scheme,
    /// User name in the address; empty when absent.
    pub user: String,
    password: String,
    /// Host name or address; IPv6 addresses in brackets.
    pub host: String,
    /// Port, when given.
    pub port: Option<u16>,
    /// Path with its leading slash, query included; empty when the address ends with the host.
    pub path: String,
}

impl RemoteUrl {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let allowed = |c: char| !c.is_control() && !c.is_whitespace();
        if text.len() > MAX_URL_BYTES || !text.chars().all(allowed) {
            return Err(UrlError::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "ssh" => Scheme::Ssh,
            _ => return Err(UrlError::Scheme),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (user_info, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        let (host, port) = split_port(host_port)?;
        let host_char = |c: char| c.is_alphanumeric() || "-._:[]%".contains(c);
        if host.is_empty() || host.starts_with('-') || !host.chars().all(host_char) {
            return Err(UrlError::Host);
        }
        Ok(Self {
            scheme,
            user: decode(user),
            password: decode(password),
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }

    /// The password in the address; empty when absent.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// `host` or `host:port`.
    pub fn host_and_port(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The port, or the scheme's own.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or(match self.scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
            Scheme::Ssh => 22,
        })
    }

    /// Whether credentials for the other address may be sent to this one: same scheme, host, port.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.effective_port() == other.effective_port()
    }

    /// The address without user and password.
    pub fn without_user(&self) -> String {
        format!(
            "{}://{}{}",
            self.scheme.text(),
            self.host_and_port(),
            self.path
        )
    }

    /// A repository relative to this one: `../other.git` of a submodule.
    pub fn join(&self, relative: &str) -> Option<Self> {
        let mut parts: Vec<&str> = self.path.trim_end_matches('/').split('/').collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.len() <= 1 {
                        return None;
                    }
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        Some(Self {
            path: parts.join("/"),
            ..self.clone()
        })
    }
}

fn split_port(host_port: &str) -> Result<(&str, Option<u16>), UrlError> {
    let after_bracket = host_port.rfind(']').unwrap_or(0);
    match host_port[after_bracket..].rfind(':') {
        None => Ok((host_port, None)),
        Some(at) => {
            let (host, port) = host_port.split_at(after_bracket + at);
            match &port[1..] {
                "" => Ok((host, None)),
                port => match port.parse() {
                    Ok(number) if number > 0 => Ok((host, Some(number))),
                    _ => Err(UrlError::Port),
                },
            }
        }
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The address without its password.
impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.text())?;
        if !self.user.is_empty() {
            write!(f, "{}@", self.user)?;
        }
        write!(f, "{}{}", self.host_and_port(), self.path)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteUrl({self})")
    }
}
