//! Kubernetes' regex library: find and findAll.

use cel::common::types::{CelList, CelString, INT_TYPE, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};
use regex::{Regex, RegexBuilder};

use crate::opaque::{Answer, Args, int, string, text};

/// Most bytes of a compiled pattern.
const MAX_PATTERN_BYTES: usize = 1 << 20;

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let pattern = || vec![STRING_TYPE];
    env.add_member_overload("find", "string_find_string", STRING_TYPE, pattern(), find)?;
    env.add_member_overload(
        "findAll",
        "string_find_all",
        STRING_TYPE,
        pattern(),
        find_all,
    )?;
    let limited = vec![STRING_TYPE, INT_TYPE];
    env.add_member_overload(
        "findAll",
        "string_find_all_int",
        STRING_TYPE,
        limited,
        find_all,
    )
}

fn compiled(pattern: &str) -> Result<Regex, ExecutionError> {
    let regex = RegexBuilder::new(pattern)
        .size_limit(MAX_PATTERN_BYTES)
        .build();
    regex.map_err(|_| ExecutionError::function_error("find", format!("Illegal regex: {pattern}")))
}

fn find<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let regex = compiled(text(&args, 1)?)?;
    let found = regex
        .find(text(&args, 0)?)
        .map(|found| found.as_str().to_owned());
    string(found.unwrap_or_default())
}

fn find_all<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let regex = compiled(text(&args, 1)?)?;
    let limit = if args.len() > 2 { int(&args, 2)? } else { -1 };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found: Vec<Box<dyn Val>> = regex
        .find_iter(text(&args, 0)?)
        .take(limit)
        .map(|found| -> Box<dyn Val> { Box::new(CelString::from(found.as_str().to_owned())) })
        .collect();
    Ok(CowVal::owned(CelList::from(found)))
}
