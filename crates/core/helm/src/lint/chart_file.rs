//! What `helm lint` says about Chart.yaml.

use serde_json::Value;
use skein_semver::Version;
use skein_template::{parse_url, url_problem};
use skein_yaml::YamlError;

use super::{Linted, Severity};
use crate::chart::Metadata;
use crate::chart::decode::{self, Draft};
use crate::decode::conversion_error;

const FILE: &str = "Chart.yaml";
pub(super) fn lint(text: &[u8], linter: &mut Linted) {
    let mut draft = Draft::default();
    if let Err(problem) = decode::metadata(text, &mut draft) {
        let problem = format!("unable to parse YAML\n\t{problem}");
        return linter.say(Severity::Error, FILE, problem);
    }
    if let Err(problem) = strict(text) {
        let problem = format!("failed to strictly parse chart metadata file\n\t{problem}");
        linter.say(Severity::Warning, FILE, problem);
    }
    let metadata = &draft.metadata;
    let plain = skein_yaml::from_slice(text).unwrap_or_default();
    let checks = [
        name(metadata),
        api_version(metadata),
        is_text(&plain, "version"),
        version(metadata),
        is_text(&plain, "appVersion"),
        maintainers(&draft),
        sources(metadata),
    ];
    for problem in checks.into_iter().flatten() {
        linter.say(Severity::Error, FILE, problem);
    }
    if metadata.icon.is_empty() {
        linter.say(Severity::Info, FILE, "icon is recommended".to_owned());
    }
    let checks = [icon(metadata), kind(metadata), dependencies(metadata)];
    for problem in checks.into_iter().flatten() {
        linter.say(Severity::Error, FILE, problem);
    }
    if !is_strict_version(&metadata.version) {
        let problem = format!("version '{}' is not a valid SemVerV2", metadata.version);
        linter.say(Severity::Warning, FILE, problem);
    }
}

/// The strict reading: no key twice, no unknown field.
fn strict(text: &[u8]) -> Result<(), String> {
    let value =
        skein_yaml::from_slice_strict(text).map_err(|error: YamlError| conversion_error(&error))?;
    let lists = [
        ("maintainers", decode::MAINTAINER),
        ("dependencies", decode::DEPENDENCY),
    ];
    unknown(&value, decode::METADATA)?;
    for (list, fields) in lists {
        for item in value
            .get(list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            unknown(item, fields)?;
        }
    }
    Ok(())
}

fn unknown(value: &Value, known: &[&str]) -> Result<(), String> {
    let map = value.as_object().into_iter().flatten();
    for (key, _) in map {
        if !known.iter().any(|name| name.eq_ignore_ascii_case(key)) {
            return Err(format!(
                "error unmarshaling JSON: while decoding JSON: json: unknown field {key:?}"
            ));
        }
    }
    Ok(())
}

fn name(metadata: &Metadata) -> Option<String> {
    let name = &metadata.name;
    if name.is_empty() {
        return Some("name is required".to_owned());
    }
    name.contains('/')
        .then(|| format!("chart name {name:?} is invalid"))
}

fn api_version(metadata: &Metadata) -> Option<String> {
    const WANTED: &str = "The value must be either \"v1\" or \"v2\"";
    match metadata.api_version.as_str() {
        "" => Some(format!("apiVersion is required. {WANTED}")),
        "v1" | "v2" => None,
        other => Some(format!("apiVersion '{other}' is not valid. {WANTED}")),
    }
}

fn is_text(chart: &Value, key: &str) -> Option<String> {
    let found = match chart.get(key)? {
        Value::String(_) => return None,
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    Some(format!(
        "{key} should be of type string but it's of type {found}"
    ))
}

fn version(metadata: &Metadata) -> Option<String> {
    let version = &metadata.version;
    if version.is_empty() {
        return Some("version is required".to_owned());
    }
    let Ok(parsed) = Version::parse(version) else {
        return Some(format!("version '{version}' is not a valid SemVer"));
    };
    let least = Version::parse("0.0.0-0").ok()?;
    parsed
        .precedence(&least)
        .is_le()
        .then(|| format!("version {version} is less than or equal to 0.0.0-0"))
}

/// Semantic Versioning 2 to the letter: three numbers, no `v`.
fn is_strict_version(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let is_number = |part: &&str| {
        part.bytes().all(|b| b.is_ascii_digit())
            && !part.is_empty()
            && (*part == "0" || !part.starts_with('0'))
    };
    parts.len() == 3 && parts.iter().all(is_number) && Version::parse(version).is_ok()
}

fn maintainers(draft: &Draft) -> Option<String> {
    let all = &draft.metadata.maintainers;
    let before_null = draft.null_maintainer.unwrap_or(all.len());
    let problem = all.iter().take(before_null).find_map(maintainer);
    let empty = || "a maintainer entry is empty".to_owned();
    problem.or_else(|| draft.null_maintainer.map(|_| empty()))
}

fn maintainer(maintainer: &crate::Maintainer) -> Option<String> {
    let name = &maintainer.name;
    if name.is_empty() {
        return Some("each maintainer requires a name".to_owned());
    }
    if !maintainer.email.is_empty() && !is_email(&maintainer.email) {
        let email = &maintainer.email;
        return Some(format!("invalid email '{email}' for maintainer '{name}'"));
    }
    if !maintainer.url.is_empty() && !is_url(&maintainer.url) {
        let url = &maintainer.url;
        return Some(format!("invalid url '{url}' for maintainer '{name}'"));
    }
    None
}

fn sources(metadata: &Metadata) -> Option<String> {
    let wrong = metadata
        .sources
        .iter()
        .find(|source| !is_request_url(source))?;
    Some(format!("invalid source URL '{wrong}'"))
}

fn icon(metadata: &Metadata) -> Option<String> {
    let icon = &metadata.icon;
    (!icon.is_empty() && !is_request_url(icon)).then(|| format!("invalid icon URL '{icon}'"))
}

fn kind(metadata: &Metadata) -> Option<String> {
    let version = &metadata.api_version;
    (!metadata.kind.is_empty() && version != "v2").then(|| {
        format!("chart type is not valid in apiVersion '{version}'. It is valid in apiVersion 'v2'")
    })
}

fn dependencies(metadata: &Metadata) -> Option<String> {
    let version = &metadata.api_version;
    (!metadata.dependencies.is_empty() && version != "v2").then(|| {
        format!(
            "dependencies are not valid in the Chart file with apiVersion '{version}'. They are valid in apiVersion 'v2'"
        )
    })
}

/// An address of a person as the library of checks that Helm uses has it.
fn is_email(text: &str) -> bool {
    let beyond = |c: char| c >= '\u{a0}';
    let letter = |c: char| c.is_ascii_alphabetic() || beyond(c);
    let sign = |c: char| letter(c) || c.is_ascii_digit();
    let local = |part: &str| {
        let fits = |c: char| sign(c) || "!#$%&'*+-/=?^_`{|}~".contains(c);
        !part.is_empty() && part.chars().all(fits)
    };
    let label = |label: &str, ends: &dyn Fn(char) -> bool| {
        let fits = |c: char| sign(c) || "-_~".contains(c);
        label.starts_with(ends) && label.ends_with(ends) && label.chars().all(fits)
    };
    let Some((name, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_quoted = name.len() > 1 && name.starts_with('"') && name.ends_with('"');
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    domain.rsplit_once('.').is_some_and(|(rest, last)| {
        (is_quoted || name.split('.').all(local))
            && rest.split('.').all(|part| label(part, &sign))
            && label(last, &letter)
    })
}

/// An address on the web, with or without a scheme.
fn is_url(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    !text.contains(char::is_whitespace)
        && (host.contains('.') || host == "localhost")
        && url_problem(&format!("http://{rest}")).is_none()
}

/// An address with a scheme that Go parses.
fn is_request_url(text: &str) -> bool {
    parse_url(text).is_ok_and(|url| !url.scheme.is_empty())
}
