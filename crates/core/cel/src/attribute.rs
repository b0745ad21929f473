//! The dotted name under which cel-go misses a variable: without declarations `a.b.c` may be one name, and it tries the longest first.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue};

/// What an index by a constant text is called.
const INDEX: &str = "_[_]";

/// The first chain of fields that begins with a variable, as one name; the variable alone when there is none.
pub(crate) fn missing_name(expression: &IdedExpr, variable: &str) -> String {
    match longest(expression, variable) {
        Some(parts) => parts.join("."),
        None => variable.to_owned(),
    }
}

fn longest<'a>(expression: &'a IdedExpr, variable: &str) -> Option<Vec<&'a str>> {
    match chain(expression) {
        Some(parts) if parts.first() == Some(&variable) => Some(parts),
        _ => children(expression)
            .into_iter()
            .find_map(|child| longest(child, variable)),
    }
}

/// A name with the fields behind it. What is behind an index that is no constant text belongs to no name.
fn chain(expression: &IdedExpr) -> Option<Vec<&str>> {
    let (operand, field) = match &expression.expr {
        Expr::Ident(name) => return Some(vec![name.as_str()]),
        Expr::Select(select) => (&*select.operand, select.field.as_str()),
        Expr::Call(call) if call.func_name == INDEX => match call.args.as_slice() {
            [operand, index] => match &index.expr {
                Expr::Literal(LiteralValue::String(field)) => (operand, field.inner()),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    let mut parts = chain(operand)?;
    parts.push(field);
    Some(parts)
}

/// The parts of an expression in the order in which they are evaluated.
fn children(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Select(select) => vec![&select.operand],
        Expr::Call(call) => call
            .target
            .iter()
            .map(|target| &**target)
            .chain(&call.args)
            .collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|e| entry_parts(&e.expr))
            .collect(),
        Expr::Struct(value) => value
            .entries
            .iter()
            .flat_map(|e| entry_parts(&e.expr))
            .collect(),
        Expr::Comprehension(loops) => vec![
            &loops.iter_range,
            &loops.accu_init,
            &loops.loop_cond,
            &loops.loop_step,
            &loops.result,
        ],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}
