//! The functions that every template can call, Helm or not.

mod compare;
mod escape;
mod index;

use std::sync::LazyLock;

use crate::exec::Runtime;
use crate::format;
use crate::function::{CallError, Function, FunctionMap, Special};
use crate::truth::is_true;
use crate::value::{Operand, Value};

pub use escape::url_query;

/// Result of a function.
pub type Outcome = Result<Operand, CallError>;

/// Go's own functions.
pub fn builtins() -> &'static FunctionMap {
    static BUILTINS: LazyLock<FunctionMap> = LazyLock::new(|| {
        let mut map = FunctionMap::default();
        for (name, signature, special) in [
            ("and", "value, ...value -> value", Special::And),
            ("or", "value, ...value -> value", Special::Or),
            ("call", "value, ...value -> value", Special::Call),
        ] {
            map.insert(Function::new(name, signature, executed).special(special));
        }
        for (name, signature, body) in FUNCTIONS {
            map.insert(Function::new(*name, signature, body));
        }
        map
    });
    &BUILTINS
}

type Native = fn(&mut Runtime<'_>, &[Operand]) -> Outcome;

const FUNCTIONS: &[(&str, &str, Native)] = &[
    ("eq", "value, ...value -> bool", compare::eq),
    ("ge", "value, value -> bool", compare::ge),
    ("gt", "value, value -> bool", compare::gt),
    ("html", "...any -> string", html),
    ("index", "value, ...value -> value", index::index),
    ("js", "...any -> string", js),
    ("le", "value, value -> bool", compare::le),
    ("len", "value -> int", index::len),
    ("lt", "value, value -> bool", compare::lt),
    ("ne", "value, value -> bool", compare::ne),
    ("not", "value -> bool", not),
    ("print", "...any -> string", print),
    ("printf", "string, ...any -> string", printf),
    ("println", "...any -> string", println),
    ("slice", "value, ...value -> value", index::slice),
    ("urlquery", "...any -> string", urlquery),
];

/// The executor evaluates these itself.
fn executed(_: &mut Runtime<'_>, _: &[Operand]) -> Outcome {
    Err(CallError::new("unreachable"))
}

fn not(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    Ok(Value::Bool(!is_true(&arguments[0].value)).into())
}

fn made(runtime: &mut Runtime<'_>, bytes: Vec<u8>) -> Outcome {
    runtime.charge_bytes(bytes.len())?;
    Ok(Value::text(bytes).into())
}

fn print(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let text = format::sprint(arguments);
    made(runtime, text)
}

fn println(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let text = format::sprintln(arguments);
    made(runtime, text)
}

fn printf(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let limit = runtime.options().limits.string_bytes;
    let Value::String(format) = &arguments[0].value else {
        return Err(CallError::new("no format"));
    };
    match format::sprintf(format, &arguments[1..], limit) {
        Some(text) => made(runtime, text),
        None => Err(CallError::limit(format!(
            "printf would make a string of more than {limit} bytes"
        ))),
    }
}

fn html(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let text = escape::html(&escape::text_of(arguments));
    made(runtime, text)
}

fn js(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let text = escape::js(&escape::text_of(arguments));
    made(runtime, text)
}

fn urlquery(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let text = url_query(&escape::text_of(arguments));
    made(runtime, text.into_bytes())
}
