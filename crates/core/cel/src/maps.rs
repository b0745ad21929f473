//! Maps with one more member: what `transformMap` and `transformMapEntry` collect with.

use std::collections::HashMap;

use cel::common::types::{CelBool, CelInt, CelMap, CelMapKey, CelString, CelUInt, DYN_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use crate::opaque::{Answer, Args, items};

/// The function's name; expressions cannot name it.
pub(crate) const INSERT: &str = "cel.@mapInsert";

type Members<'v> = HashMap<CelMapKey<'static>, Box<dyn Val + 'v>>;

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let pair = vec![DYN_TYPE, DYN_TYPE, DYN_TYPE];
    env.add_overload(INSERT, "@mapInsert_map_key_value", pair, insert)?;
    env.add_overload(
        INSERT,
        "@mapInsert_map_map",
        vec![DYN_TYPE, DYN_TYPE],
        insert_all,
    )
}

fn insert<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let mut all = members(&args, 0)?;
    let (Some(name), Some(value)) = (args.get(1), args.get(2)) else {
        return Err(refused("too few arguments"));
    };
    put(&mut all, name.as_ref(), value.clone_as_boxed())?;
    Ok(CowVal::owned(CelMap::from(owned(all))))
}

fn insert_all<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let mut all = members(&args, 0)?;
    for (name, value) in members(&args, 1)? {
        put(&mut all, name.inner(), value)?;
    }
    Ok(CowVal::owned(CelMap::from(owned(all))))
}

fn owned<'v>(members: Members<'v>) -> HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> {
    members.into_iter().collect()
}

fn put<'v>(
    all: &mut Members<'v>,
    name: &(dyn Val + '_),
    value: Box<dyn Val + 'v>,
) -> Result<(), ExecutionError> {
    let name = key(name).ok_or_else(|| refused("unsupported key type"))?;
    let shown = format!("{:?}", name.inner());
    match all.insert(name, value) {
        None => Ok(()),
        Some(_) => Err(refused(&format!(
            "insert failed: key {shown} already exists"
        ))),
    }
}

fn key(value: &(dyn Val + '_)) -> Option<CelMapKey<'static>> {
    if let Some(text) = value.downcast_ref::<CelString>() {
        return Some(CelMapKey::String(CelString::from(text.inner().to_owned())));
    }
    if let Some(number) = value.downcast_ref::<CelInt>() {
        return Some(CelMapKey::Int(CelInt::from(*number.inner())));
    }
    if let Some(number) = value.downcast_ref::<CelUInt>() {
        return Some(CelMapKey::UInt(CelUInt::from(*number.inner())));
    }
    let truth = value.downcast_ref::<CelBool>()?;
    Some(CelMapKey::Bool(CelBool::from(*truth.inner())))
}

/// The members of a map argument.
fn members<'v>(args: &Args<'_, 'v>, index: usize) -> Result<Members<'v>, ExecutionError> {
    let map = args.get(index).and_then(|value| value.as_indexer());
    let map = map.ok_or_else(|| refused("no such overload"))?;
    let mut out = Members::new();
    for name in items(args, index)? {
        let value = map.get(&*name)?.clone_as_boxed();
        out.extend(key(&*name).map(|name| (name, value)));
    }
    Ok(out)
}

fn refused(message: &str) -> ExecutionError {
    ExecutionError::function_error("mapInsert", message)
}
