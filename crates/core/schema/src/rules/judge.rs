//! Judges the rules of one part of a schema before anything is stored: types and costs.

use std::sync::Arc;

use skein_cel::typed::TypedRule;

use crate::model::{Rule, Schema};

use super::issues;
use super::shapes::{self, MAX_REQUEST_BYTES};

/// What is found of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Why it is refused.
    pub error: Option<String>,
    /// The most that one evaluation may cost, in units of CEL.
    pub cost: u64,
    /// Why its messageExpression is refused.
    pub message_error: Option<String>,
    /// The most that its messageExpression may cost; nothing when there is none, or the rule is refused.
    pub message_cost: Option<u64>,
    /// Whether it looks at the value before the change.
    pub uses_old_self: bool,
}

/// What is found of the rules of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedRules {
    /// One for each rule, in their order; empty rules have nothing.
    pub rules: Vec<Judged>,
    /// How many values of that shape fit into a request.
    pub most_values: u64,
}

/// Judges the rules that stand at a part (not those below it); `is_root` for the root of a custom resource. Nothing when rules cannot
/// see such values.
pub fn judge(schema: &Schema, is_root: bool) -> Option<JudgedRules> {
    let shape = shapes::shape(schema, is_root || schema.embedded_resource)?;
    let most_values = MAX_REQUEST_BYTES / (shape.fewest_bytes + 1);
    let shape = Arc::new(shape);
    let rules = schema
        .rules
        .iter()
        .map(|rule| {
            judge_one(rule, |source| {
                TypedRule::check(source, &shape, rule.optional_old_self)
            })
        })
        .collect();
    Some(JudgedRules { rules, most_values })
}

fn judge_one(
    rule: &Rule,
    check: impl Fn(&str) -> Result<TypedRule, skein_cel::CompileError>,
) -> Judged {
    let mut judged = Judged::default();
    if rule.rule.trim().is_empty() {
        return judged;
    }
    match check(&rule.rule) {
        Ok(typed) if typed.is_bool() => {
            judged.cost = typed.worst_cost();
            judged.uses_old_self = typed.uses_old_self();
        }
        Ok(_) => judged.error = Some("cel expression must evaluate to a bool".to_owned()),
        Err(error) => judged.error = Some(format!("compilation failed: {}", issues(&error))),
    }
    let Some(message) = rule.message_expression.as_deref() else {
        return judged;
    };
    if judged.error.is_some() {
        return judged;
    }
    match check(message) {
        Ok(typed) if typed.is_string() => judged.message_cost = Some(typed.worst_cost()),
        Ok(_) => {
            judged.message_error = Some("messageExpression must evaluate to a string".to_owned());
        }
        Err(error) => {
            let text = format!("messageExpression compilation failed: {}", issues(&error));
            judged.message_error = Some(text);
        }
    }
    judged
}
