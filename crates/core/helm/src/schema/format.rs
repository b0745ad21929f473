//! `format`, which schemas before draft 2019-09 assert.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::civil::{Date, Time};
use regex::Regex;
use skein_semver::Version;

/// What is wrong with a string of this format; unknown formats accept everything.
pub(super) fn check(format: &str, text: &str) -> Result<(), &'static str> {
    match format {
        "ipv4" => ensure(text.parse::<Ipv4Addr>().is_ok(), "expected four decimals"),
        "ipv6" => ensure(text.parse::<Ipv6Addr>().is_ok(), "invalid ipv6 address"),
        "hostname" => hostname(text),
        "email" => email(text),
        "date" => ensure(is_date(text), "not a date"),
        "time" => ensure(is_time(text), "not a time"),
        "date-time" => date_time(text),
        "uri" | "iri" => ensure(is_uri(text), "relative url"),
        "uri-reference" | "iri-reference" => ensure(!text.contains('\\'), "contains \\"),
        "uuid" => ensure(is_uuid(text), "not a uuid"),
        "json-pointer" => ensure(is_json_pointer(text), "not a json-pointer"),
        "regex" => ensure(Regex::new(text).is_ok(), "not a regular expression"),
        "semver" => ensure(
            !text.starts_with('v') && text.split('.').count() >= 3 && Version::parse(text).is_ok(),
            "not a semantic version",
        ),
        _ => Ok(()),
    }
}

fn ensure(fits: bool, problem: &'static str) -> Result<(), &'static str> {
    if fits { Ok(()) } else { Err(problem) }
}

fn hostname(text: &str) -> Result<(), &'static str> {
    let name = text.strip_suffix('.').unwrap_or(text);
    ensure(name.len() <= 253, "more than 253 characters long")?;
    for label in name.split('.') {
        ensure(
            (1..=63).contains(&label.len()),
            "label must be 1 to 63 characters long",
        )?;
        ensure(!label.starts_with('-'), "label starts with hyphen")?;
        ensure(!label.ends_with('-'), "label ends with hyphen")?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        ensure(label.chars().all(fits), "invalid character")?;
    }
    Ok(())
}

fn email(text: &str) -> Result<(), &'static str> {
    ensure(text.len() <= 254, "more than 255 characters long")?;
    let (local, domain) = text.rsplit_once('@').ok_or("missing @")?;
    ensure(local.len() <= 64, "local part more than 64 characters long")?;
    if local.len() > 1 && local.starts_with('"') && local.ends_with('"') {
        let inner = &local[1..local.len() - 1];
        ensure(
            !inner.contains(['\\', '"']),
            "backslash and quote not allowed in quoted local part",
        )?;
    } else {
        ensure(!local.starts_with('.'), "starts with dot")?;
        ensure(!local.ends_with('.'), "ends with dot")?;
        ensure(!local.contains(".."), "consecutive dots")?;
        let fits = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c);
        ensure(local.chars().all(fits), "invalid character")?;
    }
    match domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(address) => match address.strip_prefix("IPv6:") {
            Some(address) => ensure(address.parse::<Ipv6Addr>().is_ok(), "invalid ipv6 address"),
            None => ensure(address.parse::<Ipv4Addr>().is_ok(), "invalid ipv4 address"),
        },
        None => hostname(domain),
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

/// RFC 3339's full-time: an offset is needed.
fn is_time(text: &str) -> bool {
    let Some(zone_at) = text.rfind(['Z', 'z', '+', '-']) else {
        return false;
    };
    let (time, zone) = text.split_at(zone_at);
    let is_zone = zone.eq_ignore_ascii_case("z")
        || (zone.len() == 6 && zone[1..].parse::<Time>().is_ok() && zone.as_bytes()[3] == b':');
    let whole = time.split('.').next().unwrap_or_default();
    // A leap second is a time.
    let whole = whole.replace("23:59:60", "23:59:59");
    let fraction = time.split_once('.').map(|(_, fraction)| fraction);
    let is_fraction = fraction
        .is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    whole.len() == 8 && whole.parse::<Time>().is_ok() && is_zone && is_fraction
}

fn date_time(text: &str) -> Result<(), &'static str> {
    ensure(
        text.len() >= 20 && text.is_ascii(),
        "less than 20 characters long",
    )?;
    let separator = text.as_bytes()[10];
    ensure(
        separator.eq_ignore_ascii_case(&b't'),
        "11th character must be t or T",
    )?;
    ensure(is_date(&text[..10]), "invalid date")?;
    ensure(is_time(&text[11..]), "invalid time")
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else {
        return false;
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(fits)
        && !text.contains([' ', '\\', '<', '>', '"'])
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.len() == 5
        && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, length)| {
            group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit())
        })
}

fn is_json_pointer(text: &str) -> bool {
    text.is_empty()
        || (text.starts_with('/')
            && text
                .split('~')
                .skip(1)
                .all(|rest| rest.starts_with(['0', '1'])))
}
