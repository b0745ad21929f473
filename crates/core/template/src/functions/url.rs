//! URLs, taken apart and put together as Go's net/url does.

use skein_gowords::address_error;

use super::arguments::text;
use super::{Entry, Outcome, map};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::strconv::quote;
use crate::text::Text;
use crate::types::Kind;
use crate::value::{Entries, Map, Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("urlJoin", "map[string]any -> string", url_join),
    ("urlParse", "string -> map[string]any", url_parse),
];

/// Parts of a URL.
#[derive(Default)]
struct Url {
    scheme: String,
    opaque: String,
    /// Name, and password if one was given.
    user: Option<(String, Option<String>)>,
    host: String,
    path: String,
    /// The path as written, where that is not how it would be written by default.
    raw_path: Option<String>,
    query: String,
    fragment: String,
}

/// Where a character stands decides whether it is escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    Host,
    User,
    Fragment,
}

fn is_escaped(byte: u8, place: Place) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return false;
    }
    let plain: &[u8] = match place {
        Place::Host => b"!$&'()*+,;=:[]<>\"",
        Place::Path => b"$&+,/:;=@",
        Place::User => b"$&+,;=",
        Place::Fragment => b"$&+,/:;=?@!()*",
    };
    !plain.contains(&byte)
}

fn escape(text: &str, place: Place) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_escaped(byte, place) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

fn unescape(text: &str, place: Place) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'%' {
            let code = text.get(at + 1..at + 3);
            let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
            let shown = String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 3)]);
            let code = match code {
                Some(code) if place != Place::Host || code >= 0x80 || code == b'%' => code,
                _ => return Err(format!("invalid URL escape {}", quote(shown.as_bytes()))),
            };
            out.push(code);
            at += 3;
            continue;
        }
        if place == Place::Host && byte.is_ascii() && is_escaped(byte, place) {
            let shown = quote(&[byte]);
            return Err(format!("invalid character {shown} in host name"));
        }
        out.push(byte);
        at += 1;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn parse(raw: &str) -> Result<Url, String> {
    let (before, fragment) = raw.split_once('#').unwrap_or((raw, ""));
    let mut url = parse_without_fragment(before)
        .map_err(|message| format!("parse {}: {message}", quote(before.as_bytes())))?;
    url.fragment = unescape(fragment, Place::Fragment)
        .map_err(|message| format!("parse {}: {message}", quote(raw.as_bytes())))?;
    Ok(url)
}

/// A URL as Go parses it, as far as others ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedUrl {
    /// In lower case; empty for a relative URL.
    pub scheme: String,
    /// Name and port, an address of IPv6 in brackets.
    pub host: String,
    /// The path as written, where Go would write it in another way; else empty.
    pub raw_path: String,
}

/// Parses a URL; the error has Go's words.
pub fn parse_url(text: &str) -> Result<ParsedUrl, String> {
    let url = parse(text)?;
    Ok(ParsedUrl {
        scheme: url.scheme,
        host: url.host,
        raw_path: url.raw_path.unwrap_or_default(),
    })
}

/// What Go says of a text that is no URL; `None` for one that is.
pub fn url_problem(text: &str) -> Option<String> {
    parse(text).err()
}

fn parse_without_fragment(raw: &str) -> Result<Url, String> {
    let mut url = Url::default();
    if raw.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if raw == "*" {
        url.path = "*".to_owned();
        return Ok(url);
    }
    let (scheme, rest) = scheme(raw)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    url.query = query.to_owned();
    let mut rest = rest;
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_owned();
            return Ok(url);
        }
        if rest
            .split('/')
            .next()
            .is_some_and(|segment| segment.contains(':'))
        {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let has_authority = !url.scheme.is_empty() || !rest.starts_with("///");
    if let Some(after) = rest.strip_prefix("//").filter(|_| has_authority) {
        let end = after.find('/').unwrap_or(after.len());
        let (authority, path) = after.split_at(end);
        rest = path;
        parse_authority(&mut url, authority)?;
    }
    url.path = unescape(rest, Place::Path)?;
    if escape(&url.path, Place::Path) != rest {
        url.raw_path = Some(rest.to_owned());
    }
    Ok(url)
}

fn scheme(raw: &str) -> Result<(&str, &str), String> {
    for (at, byte) in raw.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&raw[..at], &raw[at + 1..])),
            _ => break,
        }
    }
    Ok(("", raw))
}

fn parse_authority(url: &mut Url, authority: &str) -> Result<(), String> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    url.host = parse_host(&url.scheme, host)?;
    let Some(user) = user else {
        return Ok(());
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(allowed) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    url.user = Some(match user.split_once(':') {
        Some((name, password)) => (
            unescape(name, Place::User)?,
            Some(unescape(password, Place::User)?),
        ),
        None => (unescape(user, Place::User)?, None),
    });
    Ok(())
}

fn is_port(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn parse_host(scheme: &str, host: &str) -> Result<String, String> {
    let bad_port = |port: &str| format!("invalid port {} after host", quote(port.as_bytes()));
    match host.rfind('[') {
        Some(0) => {
            let Some(close) = host.rfind(']') else {
                return Err("missing ']' in host".to_owned());
            };
            let port = &host[close + 1..];
            if !is_port(port) {
                return Err(bad_port(port));
            }
            let name = literal(&host[1..close])?;
            return Ok(format!("[{name}]{}", unescape(port, Place::Host)?));
        }
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    let strict = scheme == "http" || scheme == "https";
    let colon = if strict {
        host.find(':')
    } else {
        host.rfind(':')
    };
    if let Some(colon) = colon
        && !is_port(&host[colon..])
    {
        return Err(bad_port(&host[colon..]));
    }
    unescape(host, Place::Host)
}

/// What may stand in brackets: an address of IPv6, with or without a zone.
fn literal(text: &str) -> Result<String, String> {
    let zone_at = text.find("%25").unwrap_or(text.len());
    let (address, zone) = text.split_at(zone_at);
    // A zone may escape nearly everything, unlike a host.
    let zone = unescape(zone, Place::Fragment)?;
    let text = format!("{}{zone}", unescape(address, Place::Host)?);
    if let Some(problem) = address_error(&text) {
        return Err(format!("invalid host: {problem}"));
    }
    if text.contains(':') {
        Ok(text)
    } else {
        Err("invalid IP-literal".to_owned())
    }
}

fn user_text((name, password): &(String, Option<String>)) -> String {
    let mut text = escape(name, Place::User);
    if let Some(password) = password {
        text.push(':');
        text.push_str(&escape(password, Place::User));
    }
    text
}

fn url_parse(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 0);
    let url = parse(&source.lossy())
        .map_err(|message| CallError::new(format!("unable to parse url: {message}")))?;
    let name = match url.host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => &url.host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let parts = [
        ("scheme", url.scheme.clone()),
        ("hostname", bare.unwrap_or(name).to_owned()),
        ("host", url.host.clone()),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        (
            "userinfo",
            url.user.as_ref().map(user_text).unwrap_or_default(),
        ),
    ];
    let entries: Entries = parts
        .into_iter()
        .map(|(key, value)| (key.into(), Value::text(value)))
        .collect();
    Ok(Value::Map(Map::from_entries(entries)).into())
}

fn part(map: &Map, key: &str) -> Result<String, CallError> {
    match map.get(key) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(Text::lossy(&text).into_owned()),
        Some(Value::Nil) => Err(CallError::new(
            "runtime error: invalid memory address or nil pointer dereference",
        )),
        Some(other) => {
            let kind: Kind = other.kind();
            Err(CallError::new(format!(
                "unable to parse {key} key, must be of type string, but {} found",
                kind.name()
            )))
        }
    }
}

fn url_join(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let map = map(arguments, 0);
    let mut url = Url {
        scheme: part(&map, "scheme")?,
        host: part(&map, "host")?,
        path: part(&map, "path")?,
        query: part(&map, "query")?,
        opaque: part(&map, "opaque")?,
        fragment: part(&map, "fragment")?,
        ..Url::default()
    };
    let user = part(&map, "userinfo")?;
    if !user.is_empty() {
        let parsed = parse(&format!("proto://{user}@host")).map_err(|message| {
            CallError::new(format!("unable to parse userinfo in dict: {message}"))
        })?;
        url.user = parsed.user;
    }
    Ok(Value::text(joined(&url)).into())
}

fn joined(url: &Url) -> String {
    let mut out = String::new();
    if !url.scheme.is_empty() {
        out.push_str(&url.scheme);
        out.push(':');
    }
    if url.opaque.is_empty() {
        let any = !url.scheme.is_empty() || !url.host.is_empty() || url.user.is_some();
        if any && (!url.host.is_empty() || !url.path.is_empty() || url.user.is_some()) {
            out.push_str("//");
        }
        if let Some(user) = &url.user {
            out.push_str(&user_text(user));
            out.push('@');
        }
        out.push_str(&escape(&url.host, Place::Host));
        let path = match &url.raw_path {
            Some(raw) => raw.clone(),
            None if url.path == "*" => "*".to_owned(),
            None => escape(&url.path, Place::Path),
        };
        if !path.is_empty() && !path.starts_with('/') && !url.host.is_empty() {
            out.push('/');
        }
        let first = path.split('/').next().unwrap_or_default();
        if out.is_empty() && first.contains(':') {
            out.push_str("./");
        }
        out.push_str(&path);
    } else {
        out.push_str(&url.opaque);
    }
    if !url.query.is_empty() {
        out.push('?');
        out.push_str(&url.query);
    }
    if !url.fragment.is_empty() {
        out.push('#');
        out.push_str(&escape(&url.fragment, Place::Fragment));
    }
    out
}
