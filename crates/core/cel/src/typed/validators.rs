//! Literals that can be judged before they are used: durations, times, patterns.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue};
use regex::Regex;
use skein_object::GoDuration;

use super::checker::{Checked, Issue};

/// Refuses literals that can only fail when the expression runs.
pub(super) fn check(root: &IdedExpr, checked: Checked) -> Result<Checked, Vec<Issue>> {
    let mut issues = Vec::new();
    visit(root, &mut |part| issues.extend(problem(part)));
    if issues.is_empty() {
        Ok(checked)
    } else {
        Err(issues)
    }
}

fn problem(part: &IdedExpr) -> Option<Issue> {
    let Expr::Call(call) = &part.expr else {
        return None;
    };
    let argument = call.args.first()?;
    let Expr::Literal(literal) = &argument.expr else {
        return None;
    };
    let fits = match (call.func_name.as_str(), literal) {
        ("duration", LiteralValue::String(text)) => text.inner().parse::<GoDuration>().is_ok(),
        ("timestamp", LiteralValue::String(text)) => {
            chrono::DateTime::parse_from_rfc3339(text.inner()).is_ok()
        }
        // The method's only argument is the pattern; the function's first is the text.
        ("matches", LiteralValue::String(text)) => Regex::new(text.inner()).is_ok(),
        _ => true,
    };
    (!fits).then(|| Issue {
        id: argument.id,
        text: format!("invalid {} argument", call.func_name),
    })
}

/// Every part of an expression.
fn visit<'a>(part: &'a IdedExpr, see: &mut impl FnMut(&'a IdedExpr)) {
    see(part);
    match &part.expr {
        Expr::Call(call) => {
            for inner in call.target.as_deref().into_iter().chain(&call.args) {
                visit(inner, see);
            }
        }
        Expr::Select(select) => visit(&select.operand, see),
        Expr::List(list) => list.elements.iter().for_each(|inner| visit(inner, see)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    visit(&entry.key, see);
                    visit(&entry.value, see);
                }
            }
        }
        Expr::Comprehension(loops) => {
            for inner in [
                &loops.iter_range,
                &loops.accu_init,
                &loops.loop_cond,
                &loops.loop_step,
                &loops.result,
            ] {
                visit(inner, see);
            }
        }
        Expr::Struct(_) | Expr::Literal(_) | Expr::Ident(_) | Expr::Unspecified => {}
    }
}
