//! Defaults, choices, and what a value is.

use super::arguments::{boolean, kind_name, text};
use super::{Entry, Outcome, any};
use crate::equal::deep_equal;
use crate::exec::Runtime;
use crate::function::CallError;
use crate::truth::is_true;
use crate::value::{JsonError, Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("all", "...any -> bool", |_, arguments| {
        let all = arguments.iter().all(|o| !is_empty(&o.value));
        Ok(Value::Bool(all).into())
    }),
    ("any", "...any -> bool", |_, arguments| {
        let any = arguments.iter().any(|o| !is_empty(&o.value));
        Ok(Value::Bool(any).into())
    }),
    ("coalesce", "...any -> any", |_, arguments| {
        let first = arguments.iter().find(|o| !is_empty(&o.value));
        Ok(first.map(|o| o.value.clone()).unwrap_or_default().into())
    }),
    ("deepCopy", "any -> any", |runtime, arguments| {
        deep_copy(runtime, arguments, "deepCopy error: ")
    }),
    ("deepEqual", "any, any -> bool", |runtime, arguments| {
        let is_equal = deep_equal(runtime, any(arguments, 0), any(arguments, 1))?;
        Ok(Value::Bool(is_equal).into())
    }),
    ("default", "any, ...any -> any", |_, arguments| {
        let given = any(arguments, 1);
        let index = usize::from(!is_empty(given));
        Ok(any(arguments, index).clone().into())
    }),
    ("empty", "any -> bool", |_, arguments| {
        Ok(Value::Bool(is_empty(any(arguments, 0))).into())
    }),
    ("fail", "string -> string", |_, arguments| {
        Err(CallError::new(text(arguments, 0).lossy()))
    }),
    ("kindIs", "string, any -> bool", |_, arguments| {
        let name = kind_name(any(arguments, 1));
        Ok(Value::Bool(text(arguments, 0).as_bytes() == name.as_bytes()).into())
    }),
    ("kindOf", "any -> string", |_, arguments| {
        Ok(Value::text(kind_name(any(arguments, 0))).into())
    }),
    ("mustDeepCopy", "any -> any", |runtime, arguments| {
        deep_copy(runtime, arguments, "")
    }),
    ("ternary", "any, any, bool -> any", |_, arguments| {
        let index = usize::from(!boolean(arguments, 2));
        Ok(any(arguments, index).clone().into())
    }),
    ("typeIs", "string, any -> bool", |_, arguments| {
        let name = any(arguments, 1).type_name();
        Ok(Value::Bool(text(arguments, 0).as_bytes() == name.as_bytes()).into())
    }),
    ("typeIsLike", "string, any -> bool", |_, arguments| {
        let name = any(arguments, 1).type_name();
        let target = text(arguments, 0);
        let pointed = name.strip_prefix('*').map(str::as_bytes);
        let is_like = target.as_bytes() == name.as_bytes() || pointed == Some(target.as_bytes());
        Ok(Value::Bool(is_like).into())
    }),
    ("typeOf", "any -> string", |_, arguments| {
        Ok(Value::text(any(arguments, 0).type_name()).into())
    }),
];

/// sprig's `empty`: like false, but no struct is.
pub fn is_empty(value: &Value) -> bool {
    !is_true(value)
}

fn deep_copy(runtime: &mut Runtime<'_>, arguments: &[Operand], prefix: &str) -> Outcome {
    if matches!(any(arguments, 0), Value::Nil) {
        return Err(CallError::new(
            "reflect: call of reflect.Value.Type on zero Value",
        ));
    }
    match any(arguments, 0).deep_copy_counted() {
        Ok((copy, parts)) => {
            runtime.charge_elements(parts)?;
            Ok(copy.into())
        }
        Err(error @ JsonError::TooLarge) => Err(CallError::limit(error.to_string())),
        Err(error) => Err(CallError::new(format!("{prefix}{error}"))),
    }
}
