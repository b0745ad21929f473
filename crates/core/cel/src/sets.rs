//! cel-go's sets extension.

use cel::common::types::LIST_TYPE;
use cel::common::value::Val;
use cel::{DeclarationError, Env};

use crate::opaque::{Answer, Args, items, yes_or_no};

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let lists = || vec![LIST_TYPE, LIST_TYPE];
    env.add_overload(
        "sets.contains",
        "list_sets_contains_list",
        lists(),
        contains,
    )?;
    env.add_overload(
        "sets.equivalent",
        "list_sets_equivalent_list",
        lists(),
        equivalent,
    )?;
    env.add_overload(
        "sets.intersects",
        "list_sets_intersects_list",
        lists(),
        intersects,
    )
}

type Items<'v> = [Box<dyn Val + 'v>];

fn has(list: &Items<'_>, wanted: &(dyn Val + '_)) -> bool {
    list.iter()
        .any(|value| crate::lists::equal(&**value, wanted))
}

fn all_in(wanted: &Items<'_>, list: &Items<'_>) -> bool {
    wanted.iter().all(|value| has(list, &**value))
}

fn contains<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(all_in(&items(&args, 1)?, &items(&args, 0)?))
}

fn equivalent<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (a, b) = (items(&args, 0)?, items(&args, 1)?);
    yes_or_no(all_in(&a, &b) && all_in(&b, &a))
}

fn intersects<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (a, b) = (items(&args, 0)?, items(&args, 1)?);
    yes_or_no(a.iter().any(|value| has(&b, &**value)))
}
