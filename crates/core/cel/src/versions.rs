//! Kubernetes' semantic version library.

use std::cmp::Ordering;

use cel::common::types::{BOOL_TYPE, STRING_TYPE};
use cel::{DeclarationError, Env, ExecutionError};
use skein_semver::Version;

use crate::opaque::{
    Answer, Args, OpaqueType, boolean, number, opaque, opaque_type, ordering, text, wrapped,
    yes_or_no,
};

/// A version that is equal to others by precedence, however it was written.
#[derive(Clone, Debug)]
struct Semver(Version);

impl PartialEq for Semver {
    fn eq(&self, other: &Self) -> bool {
        self.0.precedence(&other.0).is_eq()
    }
}

opaque_type!(Semver, "kubernetes.Semver");

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let own = Semver::new_type;
    env.add_overload("semver", "string_to_semver", vec![STRING_TYPE], parse)?;
    env.add_overload(
        "semver",
        "string_bool_to_semver",
        vec![STRING_TYPE, BOOL_TYPE],
        parse,
    )?;
    env.add_overload("isSemver", "is_semver_string", vec![STRING_TYPE], is_semver)?;
    env.add_overload(
        "isSemver",
        "is_semver_bool",
        vec![STRING_TYPE, BOOL_TYPE],
        is_semver,
    )?;
    env.add_member_overload("major", "semver_major", own(), vec![], major)?;
    env.add_member_overload("minor", "semver_minor", own(), vec![], minor)?;
    env.add_member_overload("patch", "semver_patch", own(), vec![], patch)?;
    env.add_member_overload(
        "isLessThan",
        "semver_is_less_than",
        own(),
        vec![own()],
        less,
    )?;
    env.add_member_overload(
        "isGreaterThan",
        "semver_is_greater",
        own(),
        vec![own()],
        greater,
    )?;
    env.add_member_overload(
        "compareTo",
        "semver_compare_to",
        own(),
        vec![own()],
        compare,
    )
}

/// Strict unless the second argument asks to normalise: then a leading `v`, missing numbers and leading zeros pass.
fn read(args: &Args<'_, '_>) -> Result<Option<Version>, ExecutionError> {
    let text = text(args, 0)?;
    let lenient = args.len() > 1 && boolean(args, 1)?;
    if lenient {
        return Ok(Version::parse(text).ok());
    }
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    let strict = numbers.split('.').count() == 3
        && numbers
            .split('.')
            .all(|part| part == "0" || (!part.starts_with('0') && !part.starts_with('v')));
    Ok(Version::parse(text).ok().filter(|_| strict))
}

fn parse<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let version = read(&args)?;
    wrapped(Semver(version.ok_or_else(|| {
        ExecutionError::function_error("semver", "invalid version")
    })?))
}

fn is_semver<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(read(&args)?.is_some())
}

fn part<'b, 'v>(value: u64) -> Answer<'b, 'v> {
    number(i64::try_from(value).unwrap_or(i64::MAX))
}

fn major<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    part(opaque::<Semver>(&args, 0)?.0.major)
}

fn minor<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    part(opaque::<Semver>(&args, 0)?.0.minor)
}

fn patch<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    part(opaque::<Semver>(&args, 0)?.0.patch)
}

fn compared(args: &Args<'_, '_>) -> Result<Ordering, ExecutionError> {
    Ok(opaque::<Semver>(args, 0)?
        .0
        .precedence(&opaque::<Semver>(args, 1)?.0))
}

fn less<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(compared(&args)?.is_lt())
}

fn greater<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(compared(&args)?.is_gt())
}

fn compare<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    ordering(compared(&args)?)
}
