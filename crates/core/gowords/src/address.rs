//! Mistakes in IP addresses.

use crate::quote;

/// Groups of an IPv6 address.
const GROUPS: usize = 8;

/// Why `netip.ParseAddr` refuses a text; `None` for an address.
pub fn address_error(text: &str) -> Option<String> {
    let problem = match text.find(['.', ':', '%']).map(|at| &text[at..=at]) {
        Some(".") => version_4(text),
        Some(":") => version_6(text),
        Some(_) => Err(("missing IPv6 address", "")),
        None => Err(("unable to parse IP", "")),
    };
    let (problem, at) = problem.err()?;
    let place = if at.is_empty() {
        String::new()
    } else {
        format!(" (at {})", quote(at))
    };
    Some(format!("ParseAddr({}): {problem}{place}", quote(text)))
}

/// What is wrong, and the rest of the text at which it is (empty: nowhere in particular).
type Fault<'t> = (&'static str, &'t str);

fn version_4(text: &str) -> Result<(), Fault<'_>> {
    let bytes = text.as_bytes();
    let (mut value, mut dots, mut digits) = (0_u32, 0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Err(("IPv4 field has octet with leading zero", ""));
                }
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return Err(("IPv4 field has value >255", ""));
                }
            }
            b'.' => {
                if at == 0 || at + 1 == bytes.len() || bytes[at - 1] == b'.' {
                    return Err(("IPv4 field must have at least one digit", &text[at..]));
                }
                if dots == 3 {
                    return Err(("IPv4 address too long", ""));
                }
                (value, dots, digits) = (0, dots + 1, 0);
            }
            _ => return Err(("unexpected character", &text[at..])),
        }
    }
    if dots < 3 {
        return Err(("IPv4 address too short", ""));
    }
    Ok(())
}

fn version_6(text: &str) -> Result<(), Fault<'_>> {
    let mut rest = text;
    if let Some((address, zone)) = text.split_once('%') {
        if zone.is_empty() {
            return Err(("zone must be a non-empty string", ""));
        }
        rest = address;
    }
    let mut has_gap = false;
    if let Some(after) = rest.strip_prefix("::") {
        if after.is_empty() {
            return Ok(());
        }
        (has_gap, rest) = (true, after);
    }
    let mut groups = 0;
    while groups < GROUPS {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if digits == 0 {
            let problem = "each colon-separated field must have at least one digit";
            return Err((problem, rest));
        }
        if rest.as_bytes().get(digits) == Some(&b'.') {
            embedded(rest, groups, has_gap)?;
            (rest, groups) = ("", groups + 2);
            break;
        }
        groups += 1;
        rest = &rest[digits..];
        if rest.is_empty() {
            break;
        }
        match rest.strip_prefix(':') {
            None => return Err(("unexpected character, want colon", rest)),
            Some("") => return Err(("colon must be followed by more characters", rest)),
            Some(after) => rest = after,
        }
        if let Some(after) = rest.strip_prefix(':') {
            if has_gap {
                return Err(("multiple :: in address", rest));
            }
            (has_gap, rest) = (true, after);
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        return Err(("trailing garbage after address", rest));
    }
    match (groups < GROUPS, has_gap) {
        (true, false) => Err(("address string too short", "")),
        (false, true) => Err(("the :: must expand to at least one field of zeros", "")),
        _ => Ok(()),
    }
}

/// An IPv4 address at the end of one of version 6.
fn embedded(rest: &str, groups: usize, has_gap: bool) -> Result<(), Fault<'_>> {
    if !has_gap && groups != GROUPS - 2 {
        let problem = "embedded IPv4 address must replace the final 2 fields of the address";
        return Err((problem, rest));
    }
    if groups + 2 > GROUPS {
        let problem = "too many hex fields to fit an embedded IPv4 at the end of the address";
        return Err((problem, rest));
    }
    version_4(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_have_the_words_of_go() {
        for good in [
            "::",
            "::1",
            "1::",
            "fe80::1%eth0",
            "1.2.3.4",
            "::ffff:1.2.3.4",
        ] {
            assert_eq!(address_error(good), None, "{good}");
        }
        for (text, wanted) in [
            (
                "12345::",
                "each group must have 4 or less digits (at \"12345::\")",
            ),
            ("1::2::3", "multiple :: in address (at \":3\")"),
            ("::ffff:1.2.3.04", "IPv4 field has octet with leading zero"),
            ("1:2", "address string too short"),
            ("x", "unable to parse IP"),
        ] {
            let wanted = format!("ParseAddr({}): {wanted}", quote(text));
            assert_eq!(address_error(text), Some(wanted));
        }
    }
}
