//! Kubernetes' quantity library.

use std::cmp::Ordering;

use cel::common::types::{CelDouble, INT_TYPE, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{DeclarationError, Env, ExecutionError};
use skein_object::quantity::Quantity;

use crate::opaque::{
    Answer, Args, OpaqueType, int, number, opaque, opaque_type, ordering, text, wrapped, yes_or_no,
};

opaque_type!(Quantity, "kubernetes.Quantity");

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let own = Quantity::new_type;
    env.add_overload("quantity", "string_to_quantity", vec![STRING_TYPE], parse)?;
    env.add_overload(
        "isQuantity",
        "is_quantity_string",
        vec![STRING_TYPE],
        is_quantity,
    )?;
    env.add_member_overload("sign", "quantity_sign", own(), vec![], sign)?;
    env.add_member_overload(
        "isInteger",
        "quantity_is_integer",
        own(),
        vec![],
        is_integer,
    )?;
    env.add_member_overload(
        "asInteger",
        "quantity_as_integer",
        own(),
        vec![],
        as_integer,
    )?;
    env.add_member_overload(
        "asApproximateFloat",
        "quantity_as_float",
        own(),
        vec![],
        as_float,
    )?;
    env.add_member_overload("add", "quantity_add", own(), vec![own()], add)?;
    env.add_member_overload("add", "quantity_add_int", own(), vec![INT_TYPE], add_int)?;
    env.add_member_overload("sub", "quantity_sub", own(), vec![own()], sub)?;
    env.add_member_overload("sub", "quantity_sub_int", own(), vec![INT_TYPE], sub_int)?;
    env.add_member_overload(
        "isLessThan",
        "quantity_is_less_than",
        own(),
        vec![own()],
        less,
    )?;
    env.add_member_overload(
        "isGreaterThan",
        "quantity_is_greater",
        own(),
        vec![own()],
        greater,
    )?;
    env.add_member_overload(
        "compareTo",
        "quantity_compare_to",
        own(),
        vec![own()],
        compare,
    )
}

fn parse<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let quantity = Quantity::parse(text(&args, 0)?);
    wrapped(quantity.ok_or_else(|| {
        ExecutionError::function_error("quantity", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    })?)
}

fn is_quantity<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(Quantity::parse(text(&args, 0)?).is_some())
}

fn sign<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    number(opaque::<Quantity>(&args, 0)?.sign())
}

fn is_integer<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(opaque::<Quantity>(&args, 0)?.is_integer())
}

fn as_integer<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let quantity = opaque::<Quantity>(&args, 0)?;
    let value = quantity.to_i64().filter(|_| quantity.is_integer());
    number(value.ok_or_else(|| {
        ExecutionError::function_error("asInteger", "cannot convert value to integer")
    })?)
}

fn as_float<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    Ok(CowVal::owned(CelDouble::from(
        opaque::<Quantity>(&args, 0)?.to_f64(),
    )))
}

fn overflow() -> ExecutionError {
    ExecutionError::function_error("quantity", "quantity overflow")
}

fn whole(value: i64) -> Result<Quantity, ExecutionError> {
    Quantity::parse(&value.to_string()).ok_or_else(overflow)
}

fn add<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (a, b) = (
        *opaque::<Quantity>(&args, 0)?,
        *opaque::<Quantity>(&args, 1)?,
    );
    wrapped(a.plus(b).ok_or_else(overflow)?)
}

fn add_int<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (a, b) = (*opaque::<Quantity>(&args, 0)?, whole(int(&args, 1)?)?);
    wrapped(a.plus(b).ok_or_else(overflow)?)
}

fn sub<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (a, b) = (
        *opaque::<Quantity>(&args, 0)?,
        *opaque::<Quantity>(&args, 1)?,
    );
    wrapped(a.minus(b).ok_or_else(overflow)?)
}

fn sub_int<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (a, b) = (*opaque::<Quantity>(&args, 0)?, whole(int(&args, 1)?)?);
    wrapped(a.minus(b).ok_or_else(overflow)?)
}

fn compared(args: &Args<'_, '_>) -> Result<Ordering, ExecutionError> {
    let (a, b) = (*opaque::<Quantity>(args, 0)?, *opaque::<Quantity>(args, 1)?);
    a.compare(b).ok_or_else(overflow)
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
