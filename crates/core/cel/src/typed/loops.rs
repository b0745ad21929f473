//! Loops over one and two variables in one form, however the macros have written them.

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue};

use crate::two_variables::RANGE;

/// A loop.
pub(super) struct Loop<'a> {
    pub(super) range: &'a IdedExpr,
    pub(super) first: &'a str,
    pub(super) second: Option<&'a str>,
    pub(super) result_name: &'a str,
    pub(super) start: &'a IdedExpr,
    pub(super) condition: &'a IdedExpr,
    pub(super) step: &'a IdedExpr,
    pub(super) result: &'a IdedExpr,
}

impl<'a> Loop<'a> {
    pub(super) fn of(loops: &'a ComprehensionExpr) -> Self {
        two_variables(loops).unwrap_or(Self {
            range: &loops.iter_range,
            first: &loops.iter_var,
            second: loops.iter_var2.as_deref(),
            result_name: &loops.accu_var,
            start: &loops.accu_init,
            condition: &loops.loop_cond,
            step: &loops.loop_step,
            result: &loops.result,
        })
    }
}

/// Undoes what [`crate::two_variables`] has written.
fn two_variables(outer: &ComprehensionExpr) -> Option<Loop<'_>> {
    if outer.accu_var != RANGE {
        return None;
    }
    let Expr::Comprehension(inner) = &outer.result.expr else {
        return None;
    };
    let Expr::Comprehension(step) = &inner.loop_step.expr else {
        return None;
    };
    Some(Loop {
        range: &outer.accu_init,
        first: &inner.iter_var,
        second: Some(&step.accu_var),
        result_name: &inner.accu_var,
        start: &inner.accu_init,
        condition: &inner.loop_cond,
        step: &step.result,
        result: &inner.result,
    })
}

/// Whether a loop only binds a name: it loops over nothing.
pub(super) fn is_binding(loops: &Loop<'_>) -> bool {
    let empty = matches!(&loops.range.expr, Expr::List(list) if list.elements.is_empty());
    let never = matches!(&loops.condition.expr,
        Expr::Literal(LiteralValue::Boolean(value)) if !*value.inner());
    empty && never && loops.result_name != "@result"
}
