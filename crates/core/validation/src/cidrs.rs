//! Ranges of addresses: `10.0.0.0/8`, `2001:db8::/64`.

use std::net::{IpAddr, Ipv6Addr};

use crate::services::has_leading_zeros;
use crate::spot::{Errors, Spot};

const MALFORMED: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// A range: an address without bits beyond the length of the prefix.
pub(crate) fn check(errors: &mut Errors, range: &Spot<'_>) {
    let text = range.text().trim();
    if let Err(problem) = parse(text) {
        errors.add(range.invalid_as(text, problem));
    }
}

/// A range that is written in the one way that is recommended.
pub(crate) fn check_canonical(errors: &mut Errors, range: &Spot<'_>) {
    match parse(range.text()) {
        Err(problem) => errors.add(range.invalid_as(range.text(), problem)),
        Ok((address, bits)) => {
            let canonical = format!("{address}/{bits}");
            errors.add_if(canonical != range.text(), || {
                range.invalid(format!("must be in canonical form ({canonical:?})"))
            });
        }
    }
}

/// Whether a range is one of IPv6; nothing when it is none at all.
pub(crate) fn is_six(range: &str) -> Option<bool> {
    let (address, _) = range.split_once('/')?;
    Some(address.parse::<IpAddr>().ok()?.is_ipv6())
}

fn parse(text: &str) -> Result<(IpAddr, u8), &'static str> {
    let (address, length) = text.split_once('/').ok_or(MALFORMED)?;
    let strict = address.parse::<IpAddr>().ok();
    if strict.is_none() && !has_leading_zeros(address) {
        return Err(MALFORMED);
    }
    let most = match strict {
        Some(IpAddr::V6(_)) => 128,
        _ => 32,
    };
    let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let bits: u8 = match is_number {
        true => length.parse().map_err(|_| MALFORMED)?,
        false => return Err(MALFORMED),
    };
    if bits > most {
        return Err(MALFORMED);
    }
    let is_padded = length.len() > 1 && length.starts_with('0');
    let Some(address) = strict.filter(|_| !is_padded) else {
        return Err("must not have leading 0s in IP or prefix length");
    };
    let rest = match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => {
            return Err("must not have an IPv4-mapped IPv6 address");
        }
        IpAddr::V6(six) => u128::from(six).checked_shl(bits.into()),
        IpAddr::V4(four) => u32::from(four).checked_shl(bits.into()).map(u128::from),
    };
    // A shift by all bits leaves nothing.
    if rest.unwrap_or_default() != 0 {
        return Err("must not have bits set beyond the prefix length");
    }
    Ok((address, bits))
}

/// How an IPv6 address is recommended to be written, when it is written otherwise.
pub fn preferred_address(text: &str) -> Option<String> {
    let address: Ipv6Addr = text.parse().ok()?;
    Some(address.to_string()).filter(|preferred| preferred != text)
}

/// How a range of IPv6 addresses is recommended to be written, when it is written otherwise.
pub fn preferred_range(text: &str) -> Option<String> {
    let (IpAddr::V6(address), bits) = parse(text).ok()? else {
        return None;
    };
    Some(format!("{address}/{bits}")).filter(|preferred| preferred != text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_where_their_prefix_ends() {
        for (text, wanted) in [
            ("10.0.0.0/8", Ok(())),
            ("0.0.0.0/0", Ok(())),
            ("10.0.0.1/32", Ok(())),
            ("::/0", Ok(())),
            ("2001:DB8::/64", Ok(())),
            (
                "10.0.0.1/8",
                Err("must not have bits set beyond the prefix length"),
            ),
            (
                "::1/127",
                Err("must not have bits set beyond the prefix length"),
            ),
            (
                "010.0.0.0/8",
                Err("must not have leading 0s in IP or prefix length"),
            ),
            (
                "10.0.0.0/08",
                Err("must not have leading 0s in IP or prefix length"),
            ),
            (
                "::ffff:1.2.3.4/128",
                Err("must not have an IPv4-mapped IPv6 address"),
            ),
            ("10.0.0.0/33", Err(MALFORMED)),
            ("10.0.0.0/+8", Err(MALFORMED)),
            ("10.0.0.0", Err(MALFORMED)),
            ("/8", Err(MALFORMED)),
            ("", Err(MALFORMED)),
        ] {
            assert_eq!(parse(text).map(|_| ()), wanted, "{text}");
        }
    }

    #[test]
    fn other_ways_to_write_are_known() {
        assert_eq!(preferred_address("FE80::1").as_deref(), Some("fe80::1"));
        assert_eq!(preferred_address("fe80::1"), None);
        assert_eq!(preferred_address("10.0.0.1"), None);
        assert_eq!(
            preferred_range("2001:DB8:0::/64").as_deref(),
            Some("2001:db8::/64")
        );
        assert_eq!(preferred_range("10.0.0.0/8"), None);
    }
}
