//! Kubernetes' list library: isSorted, sum, min, max, indexOf, lastIndexOf.

use std::cmp::Ordering;

use cel::common::types::{CelInt, DYN_TYPE, LIST_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use crate::opaque::{Answer, Args, items, number, yes_or_no};

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_member_overload(
        "isSorted",
        "list_is_sorted_bool",
        LIST_TYPE,
        vec![],
        is_sorted,
    )?;
    env.add_member_overload("sum", "list_sum", LIST_TYPE, vec![], sum)?;
    env.add_member_overload("min", "list_min", LIST_TYPE, vec![], min)?;
    env.add_member_overload("max", "list_max", LIST_TYPE, vec![], max)?;
    let any = || vec![DYN_TYPE];
    env.add_member_overload("indexOf", "list_index_of_int", LIST_TYPE, any(), index_of)?;
    env.add_member_overload(
        "lastIndexOf",
        "list_last_index_of",
        LIST_TYPE,
        any(),
        last_index_of,
    )
}

/// Equality as `==` judges it.
pub(crate) fn equal(a: &(dyn Val + '_), b: &(dyn Val + '_)) -> bool {
    compared(a, b).map_or_else(
        |_| a.clone_as_boxed().equals(&*b.clone_as_boxed()),
        Ordering::is_eq,
    )
}

fn compared(a: &(dyn Val + '_), b: &(dyn Val + '_)) -> Result<Ordering, ExecutionError> {
    let comparer = a.as_comparer().ok_or_else(|| no_overload("compare"))?;
    comparer.compare(b)
}

fn no_overload(function: &str) -> ExecutionError {
    ExecutionError::no_such_member_overload(function, vec!["list".to_owned()])
}

fn is_sorted<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    for pair in items(&args, 0)?.windows(2) {
        if compared(&*pair[0], &*pair[1])?.is_gt() {
            return yes_or_no(false);
        }
    }
    yes_or_no(true)
}

fn sum<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let mut list = items(&args, 0)?.into_iter();
    let Some(mut total) = list.next() else {
        return Ok(CowVal::owned(CelInt::from(0)));
    };
    for value in list {
        let adder = total.as_adder().ok_or_else(|| no_overload("sum"))?;
        let sum = adder.add(&*value)?.into_owned();
        total = sum;
    }
    Ok(CowVal::Owned(total))
}

fn extreme<'b, 'v>(args: &Args<'b, 'v>, name: &str, wanted: Ordering) -> Answer<'b, 'v> {
    let mut list = items(args, 0)?.into_iter();
    let mut best = list.next().ok_or_else(|| {
        ExecutionError::function_error(name, format!("{name} called on empty list"))
    })?;
    for value in list {
        if compared(&*value, &*best)? == wanted {
            best = value;
        }
    }
    Ok(CowVal::Owned(best))
}

fn min<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    extreme(&args, "min", Ordering::Less)
}

fn max<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    extreme(&args, "max", Ordering::Greater)
}

fn place(position: Option<usize>) -> i64 {
    position
        .and_then(|position| i64::try_from(position).ok())
        .unwrap_or(-1)
}

fn index_of<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let list = items(&args, 0)?;
    number(place(
        list.iter().position(|value| equal(&**value, &*args[1])),
    ))
}

fn last_index_of<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let list = items(&args, 0)?;
    number(place(
        list.iter().rposition(|value| equal(&**value, &*args[1])),
    ))
}
