//! Kubernetes' URL library.

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::types::{CelList, CelMap, CelMapKey, CelString, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::objects::Key;
use cel::{DeclarationError, Env, ExecutionError};

use crate::opaque::{
    Answer, Args, OpaqueType, opaque, opaque_type, string, text, wrapped, yes_or_no,
};

/// The parts of an absolute URL or of an absolute path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
}

opaque_type!(Url, "kubernetes.URL");

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let own = Url::new_type;
    env.add_overload("url", "string_to_url", vec![STRING_TYPE], parse)?;
    env.add_overload("isURL", "is_url_string", vec![STRING_TYPE], is_url)?;
    env.add_member_overload("getScheme", "url_get_scheme", own(), vec![], scheme)?;
    env.add_member_overload("getHost", "url_get_host", own(), vec![], host)?;
    env.add_member_overload("getHostname", "url_get_hostname", own(), vec![], hostname)?;
    env.add_member_overload("getPort", "url_get_port", own(), vec![], port)?;
    env.add_member_overload(
        "getEscapedPath",
        "url_get_escaped_path",
        own(),
        vec![],
        path,
    )?;
    env.add_member_overload("getQuery", "url_get_query", own(), vec![], query)
}

fn read(text: &str) -> Option<Url> {
    if text.chars().any(|c| c.is_control() || c == ' ') {
        return None;
    }
    let text = text.split('#').next().unwrap_or_default();
    let (before, query) = text.split_once('?').unwrap_or((text, ""));
    if before.starts_with('/') && !before.starts_with("//") {
        let (scheme, host) = (String::new(), String::new());
        return Some(Url {
            scheme,
            host,
            path: before.to_owned(),
            query: query.to_owned(),
        });
    }
    let (scheme, rest) = before.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !named {
        return None;
    }
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            (authority.rsplit('@').next().unwrap_or_default(), path)
        }
        None => ("", ""),
    };
    Some(Url {
        scheme: scheme.to_ascii_lowercase(),
        host: host.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
    })
}

/// Host and port of an authority; brackets of IPv6 addresses are dropped.
fn split_port(host: &str) -> (&str, &str) {
    if let Some(rest) = host.strip_prefix('[') {
        let (name, after) = rest.split_once(']').unwrap_or((rest, ""));
        return (name, after.strip_prefix(':').unwrap_or_default());
    }
    host.rsplit_once(':').unwrap_or((host, ""))
}

fn parse<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let given = text(&args, 0)?;
    wrapped(read(given).ok_or_else(|| {
        ExecutionError::function_error("url", format!("URL parse error during conversion from string: parse \"{given}\": invalid URI for request"))
    })?)
}

fn is_url<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(read(text(&args, 0)?).is_some())
}

fn scheme<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    string(opaque::<Url>(&args, 0)?.scheme.clone())
}

fn host<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    string(opaque::<Url>(&args, 0)?.host.clone())
}

fn hostname<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    string(split_port(&opaque::<Url>(&args, 0)?.host).0.to_owned())
}

fn port<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    string(split_port(&opaque::<Url>(&args, 0)?.host).1.to_owned())
}

fn path<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    string(opaque::<Url>(&args, 0)?.path.clone())
}

fn query<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let mut values: HashMap<String, Vec<Box<dyn Val>>> = HashMap::new();
    for pair in opaque::<Url>(&args, 0)?
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value: Box<dyn Val> = Box::new(CelString::from(unescape(value)));
        values.entry(unescape(name)).or_default().push(value);
    }
    let map: HashMap<CelMapKey<'static>, Box<dyn Val>> = values
        .into_iter()
        .map(|(name, list)| -> (CelMapKey<'static>, Box<dyn Val>) {
            (
                CelMapKey::from(Key::String(Arc::new(name))),
                Box::new(CelList::from(list)),
            )
        })
        .collect();
    Ok(CowVal::owned(CelMap::from(map)))
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = bytes
            .get(index + 1..index + 3)
            .and_then(|hex| std::str::from_utf8(hex).ok());
        let decoded = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[index], decoded) {
            (b'%', Some(byte)) => {
                out.push(byte);
                index += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                index += 1;
            }
            (byte, _) => {
                out.push(byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
