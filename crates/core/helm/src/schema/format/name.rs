//! Names and addresses of hosts, and of people.

use skein_gowords::{address_error, quote};

use super::{Fault, ensure, ensure_characters};

/// Longest name of a host, in bytes.
const MAX_HOST_BYTES: usize = 253;
/// Longest part of a name between dots, in bytes.
const MAX_LABEL_BYTES: usize = 63;
/// Longest address of a person, in bytes.
const MAX_EMAIL_BYTES: usize = 254;
/// Longest part before the `@`, in bytes.
const MAX_LOCAL_BYTES: usize = 64;

pub(super) fn ipv4(text: &str) -> Fault {
    let groups: Vec<&str> = text.split('.').collect();
    ensure(groups.len() == 4, "expected four decimals")?;
    for group in groups {
        ensure(group.len() < 2 || !group.starts_with('0'), "leading zeros")?;
        let digits = group.strip_prefix(['+', '-']).unwrap_or(group);
        let problem = |what: &str| format!("strconv.Atoi: parsing {}: {what}", quote(group));
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(problem("invalid syntax"));
        }
        let number: i64 = group.parse().map_err(|_| problem("value out of range"))?;
        ensure(
            (0..=255).contains(&number),
            "decimal must be between 0 and 255",
        )?;
    }
    Ok(())
}

pub(super) fn ipv6(text: &str) -> Fault {
    ensure(text.contains(':'), "missing colon")?;
    if let Some(problem) = address_error(text) {
        return Err(problem);
    }
    ensure(!text.contains('%'), "zone id is not a part of ipv6 address")
}

pub(super) fn hostname(text: &str) -> Fault {
    let name = text.strip_suffix('.').unwrap_or(text);
    ensure(
        name.len() <= MAX_HOST_BYTES,
        "more than 253 characters long",
    )?;
    for label in name.split('.') {
        ensure(
            (1..=MAX_LABEL_BYTES).contains(&label.len()),
            "label must be 1 to 63 characters long",
        )?;
        ensure(!label.starts_with('-'), "label starts with hyphen")?;
        ensure(!label.ends_with('-'), "label ends with hyphen")?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        ensure_characters(label, "invalid character", fits)?;
    }
    Ok(())
}

pub(super) fn email(text: &str) -> Fault {
    ensure(
        text.len() <= MAX_EMAIL_BYTES,
        "more than 255 characters long",
    )?;
    let (local, domain) = text.rsplit_once('@').ok_or("missing @")?;
    ensure(
        local.len() <= MAX_LOCAL_BYTES,
        "local part more than 64 characters long",
    )?;
    let quoted = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(inner) => ensure(
            !inner.contains(['\\', '"']),
            "backslash and quote are not allowed within quoted local part",
        )?,
        None => plain_local(local)?,
    }
    let inner = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match inner {
        Some(address) => match address.strip_prefix("IPv6:") {
            Some(address) => ipv6(address).map_err(|p| format!("invalid ipv6 address: {p}")),
            None => ipv4(address).map_err(|p| format!("invalid ipv4 address: {p}")),
        },
        None => hostname(domain).map_err(|p| format!("invalid domain: {p}")),
    }
}

fn plain_local(local: &str) -> Fault {
    ensure(!local.starts_with('.'), "starts with dot")?;
    ensure(!local.ends_with('.'), "ends with dot")?;
    ensure(!local.contains(".."), "consecutive dots")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c);
    ensure_characters(local, "invalid character", fits)
}
