//! `format`, which schemas before draft 2019-09 assert: a table of checks, with the words of the library that Helm uses.

mod clock;
mod name;
mod pointer;
mod version;

use skein_gowords::date_error;
use skein_template::parse_url;

use super::problem::quote_character;

/// What is wrong with a text.
type Fault = Result<(), String>;
/// Whether a text has a format.
type Check = fn(&str) -> Fault;

/// Each format with its check.
const FORMATS: &[(&str, Check)] = &[
    ("json-pointer", pointer::absolute),
    ("relative-json-pointer", pointer::relative),
    ("uuid", uuid),
    ("duration", clock::duration),
    ("period", clock::period),
    ("ipv4", name::ipv4),
    ("ipv6", name::ipv6),
    ("hostname", name::hostname),
    ("email", name::email),
    ("date", date),
    ("time", clock::time),
    ("date-time", clock::date_time),
    ("uri", uri),
    ("iri", uri),
    ("uri-reference", uri_reference),
    ("iri-reference", uri_reference),
    ("uri-template", uri_template),
    ("semver", version::semver),
    ("regex", regex),
];

/// What is wrong with a string of this format; unknown formats accept everything.
pub(super) fn check(format: &str, text: &str) -> Fault {
    let known = FORMATS.iter().find(|(name, _)| *name == format);
    known.map_or(Ok(()), |(_, check)| check(text))
}

fn ensure(fits: bool, problem: &str) -> Fault {
    if fits {
        Ok(())
    } else {
        Err(problem.to_owned())
    }
}

/// The first character that does not fit, as a fault.
fn ensure_characters(text: &str, what: &str, fits: impl Fn(char) -> bool) -> Fault {
    match text.chars().find(|character| !fits(*character)) {
        None => Ok(()),
        Some(character) => Err(format!("{what} {}", quote_character(character))),
    }
}

fn regex(text: &str) -> Fault {
    skein_gowords::regex_syntax(text)
        .map(drop)
        .map_err(|problem| format!("error parsing regexp: {problem}"))
}

fn date(text: &str) -> Fault {
    date_error(text).map_or(Ok(()), Err)
}

fn uuid(text: &str) -> Fault {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    ensure(groups.len() == LENGTHS.len(), "must have 5 elements")?;
    for (at, (group, length)) in groups.into_iter().zip(LENGTHS).enumerate() {
        if group.len() != length {
            let place = at + 1;
            return Err(format!("element {place} must be {length} characters long"));
        }
        ensure_characters(group, "non-hex character", |c| c.is_ascii_hexdigit())?;
    }
    Ok(())
}

/// A URL whose host, if it is an address of version 6, stands in brackets and is one. Gives the scheme and the path as written.
fn url(text: &str) -> Result<(String, String), String> {
    let url = parse_url(text)?;
    let host = url.host.as_str();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    if name.contains(':') {
        let brackets = host.contains('[') && host.contains(']');
        ensure(brackets, "ipv6 address not enclosed in brackets")?;
        name::ipv6(name).map_err(|problem| format!("invalid ipv6 address: {problem}"))?;
    }
    Ok((url.scheme, url.raw_path))
}

fn uri(text: &str) -> Fault {
    let (scheme, _) = url(text)?;
    ensure(!scheme.is_empty(), "relative url")
}

fn uri_reference(text: &str) -> Fault {
    ensure(!text.contains('\\'), "contains \\")?;
    url(text).map(drop)
}

fn uri_template(text: &str) -> Fault {
    let (_, path) = url(text)?;
    for part in path.split('/') {
        let mut is_open = false;
        for brace in super::address::percent_decode(part).chars() {
            match brace {
                '{' | '}' if (brace == '{') == is_open => {
                    return Err("nested curly braces".to_owned());
                }
                '{' | '}' => is_open = !is_open,
                _ => {}
            }
        }
        ensure(!is_open, "no matching closing brace")?;
    }
    Ok(())
}
