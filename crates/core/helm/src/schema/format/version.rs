//! Semantic versions.

use super::{Fault, ensure};
use crate::schema::problem::quote_character;

pub(super) fn semver(text: &str) -> Fault {
    let (text, build) = split(text, '+');
    if let Some(build) = build {
        ensure(!build.is_empty(), "build is empty")?;
        for part in build.split('.') {
            ensure(!part.is_empty(), "build identifier is empty")?;
            identifier(part, "build identifier")?;
        }
    }
    let (text, before) = split(text, '-');
    for part in before.into_iter().flat_map(|before| before.split('.')) {
        ensure(!part.is_empty(), "pre-release identifier is empty")?;
        identifier(part, "pre-release identifier")?;
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        ensure(
            !is_number || part.len() == 1 || !part.starts_with('0'),
            "pre-release numeric identifier starts with zero",
        )?;
    }
    let numbers: Vec<&str> = text.split('.').collect();
    ensure(
        numbers.len() == 3,
        "versionCore must have 3 numbers separated by dot",
    )?;
    for (number, name) in numbers.into_iter().zip(["major", "minor", "patch"]) {
        ensure(!number.is_empty(), &format!("{name} is empty"))?;
        let leads = number.len() > 1 && number.starts_with('0');
        ensure(!leads, &format!("{name} starts with zero"))?;
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        ensure(digits, &format!("{name} contains non-digit"))?;
    }
    Ok(())
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((head, rest)) => (head, Some(rest)),
        None => (text, None),
    }
}

fn identifier(text: &str, what: &str) -> Fault {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match text.chars().find(|character| !fits(*character)) {
        None => Ok(()),
        Some(character) => Err(format!(
            "invalid character {} in {what}",
            quote_character(character)
        )),
    }
}
