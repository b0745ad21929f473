//! Addresses of remote bases: what of them names the repository, the path in it, and the reference.

/// Longest time for one remote base when the address says nothing, in seconds: kustomize's own.
const DEFAULT_TIMEOUT_SECONDS: u64 = 27;
/// Longest time that an address can ask for, in seconds.
const MAX_TIMEOUT_SECONDS: u64 = 600;
const SCHEMES: [&str; 4] = ["ssh://", "https://", "http://", "file://"];
const FILE_SCHEME: &str = "file://";
/// By this directory a repository of Azure DevOps is recognised.
const AZURE_DIRECTORY: &str = "_git/";
const GIT_SUFFIX: &str = ".git";
/// Parts of a path that are organisation and repository, where nothing else tells.
const REPOSITORY_PARTS: usize = 2;

/// The address of a remote base, as kustomize reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAddress {
    /// What is cloned: `https://host/path`, `ssh://...`, or `user@host:path`.
    pub repository: String,
    /// Directory of the kustomization in the repository; empty for its root.
    pub path: String,
    /// Branch, tag or commit; empty for the default branch.
    pub reference: String,
    /// Whether submodules are fetched too.
    pub submodules: bool,
    /// Longest time for everything, in seconds.
    pub timeout_seconds: u64,
}

impl RemoteAddress {
    /// Reads an address; `None` for what kustomize takes for a local path.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with('/') {
            return None;
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (host, rest) = split_host(address)?;
        let (repository, path) = split_path(rest, host.starts_with(FILE_SCHEME))?;
        if repository.is_empty() || leads_out(path) {
            return None;
        }
        let query = Query::parse(query);
        Some(Self {
            repository: format!("{host}{repository}"),
            path: path.strip_prefix('/').unwrap_or(path).to_owned(),
            reference: query.reference,
            submodules: query.submodules,
            timeout_seconds: query.timeout_seconds,
        })
    }

    /// Whether the address tells a repository from a file: by its query, or by a mark in the path.
    pub(crate) fn is_marked(text: &str) -> bool {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let below_scheme = address.split_once("://").map_or(address, |(_, rest)| rest);
        !query.is_empty()
            || [AZURE_DIRECTORY, "//", GIT_SUFFIX]
                .iter()
                .any(|mark| below_scheme.contains(mark))
    }
}

fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

/// Scheme, user and host, as they are cloned, and what follows.
fn split_host(text: &str) -> Option<(String, &str)> {
    let text = without_prefix(text, "git::").unwrap_or(text);
    let scheme = SCHEMES
        .iter()
        .find_map(|scheme| Some((*scheme, without_prefix(text, scheme)?)));
    let (scheme, text) = scheme.unwrap_or(("", text));
    let (user, text) = split_user(text);
    let is_github = ["github.com/", "github.com:"]
        .iter()
        .any(|host| without_prefix(text, host).is_some());
    let may_be_scp = scheme.is_empty() && (!user.is_empty() || is_github);
    if scheme.is_empty() && !may_be_scp {
        return None;
    }
    if scheme == FILE_SCHEME {
        // Everything behind the scheme is the path; what looked like a user belongs to it.
        return user.is_empty().then(|| (scheme.to_owned(), text));
    }
    let slash = text.find('/');
    let colon = text.find(':').filter(|at| *at > 0 && may_be_scp);
    let end = match (slash, colon) {
        (Some(slash), Some(colon)) => Some(slash.min(colon)),
        (slash, colon) => slash.or(colon),
    };
    let (host, rest) = match end {
        Some(at) => text.split_at(at + 1),
        None => (text, ""),
    };
    if is_github {
        let host = match scheme == "ssh://" || !user.is_empty() {
            true => format!("{user}github.com:"),
            false => "https://github.com/".to_owned(),
        };
        return Some((host, rest));
    }
    (!host.is_empty()).then(|| (format!("{scheme}{user}{host}"), rest))
}

/// `user@` at the start.
fn split_user(text: &str) -> (&str, &str) {
    let is_user = |user: &str| {
        user.starts_with(|c: char| c.is_ascii_alphabetic())
            && user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    match text.find('@') {
        Some(at) if is_user(&text[..at]) => text.split_at(at + 1),
        _ => ("", text),
    }
}

/// Repository and path in it: by a mark, or by the number of parts.
fn split_path(text: &str, is_file: bool) -> Option<(&str, &str)> {
    if let Some(at) = text.find(AZURE_DIRECTORY) {
        let name = at + AZURE_DIRECTORY.len();
        let end = text[name..].find('/').map(|i| name + i);
        return Some(match end {
            Some(end) => (&text[..end], &text[end + 1..]),
            None => (text, ""),
        });
    }
    if let Some((repository, path)) = text.split_once("//") {
        return Some((repository, path));
    }
    if let Some(at) = text.find(GIT_SUFFIX) {
        return Some(text.split_at(at + GIT_SUFFIX.len()));
    }
    if is_file {
        return Some((text, ""));
    }
    let mut slashes = text.match_indices('/').map(|(at, _)| at);
    slashes.nth(REPOSITORY_PARTS - 2)?;
    Some(match slashes.next() {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, ""),
    })
}

fn leads_out(path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    crate::tree::clean_path(path).is_none()
}

/// What the query of an address says.
struct Query {
    reference: String,
    submodules: bool,
    timeout_seconds: u64,
}

impl Query {
    fn parse(text: &str) -> Self {
        let mut query = Self {
            reference: String::new(),
            submodules: true,
            timeout_seconds: DEFAULT_TIMEOUT_SECONDS,
        };
        let pairs: Option<Vec<(String, String)>> = text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((unescaped(key)?, unescaped(value)?))
            })
            .collect();
        let Some(pairs) = pairs else {
            return query;
        };
        let get = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let reference = match get("ref") {
            "" => get("version"),
            reference => reference,
        };
        reference.clone_into(&mut query.reference);
        if let Some(seconds) = seconds(get("timeout")) {
            query.timeout_seconds = seconds.clamp(1, MAX_TIMEOUT_SECONDS);
        }
        if matches!(
            get("submodules"),
            "0" | "f" | "F" | "false" | "FALSE" | "False"
        ) {
            query.submodules = false;
        }
        query
    }
}

/// Seconds of a bare number, or of a duration with one unit.
fn seconds(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok().filter(|n| *n > 0)?;
    match &text[end..] {
        "" | "s" => Some(number),
        "ms" => Some(number / 1_000),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3_600),
        _ => None,
    }
}

/// Resolves `%xx` and `+`; `None` for what is no query.
fn unescaped(text: &str) -> Option<String> {
    if text.contains(';') {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
