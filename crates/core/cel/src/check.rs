//! What can be told of an expression before it runs: undeclared names, the type of its value, how deep it loops.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue};

use crate::program::Output;

/// Names that are types or namespaces, and no variables.
const WELL_KNOWN: [&str; 24] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "duration",
    "type",
    "uint",
    "dyn",
    "optional",
    "optional_type",
    "sets",
    "math",
    "lists",
    "strings",
    "base64",
    "format",
    "ip",
    "google",
    "cel",
];

/// Operators and functions that yield a boolean whatever they are given.
const BOOLEAN: [&str; 36] = [
    "_==_",
    "_!=_",
    "_<_",
    "_<=_",
    "_>_",
    "_>=_",
    "_&&_",
    "_||_",
    "!_",
    "@in",
    "_in_",
    "has",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "isSorted",
    "isURL",
    "isIP",
    "isCIDR",
    "isQuantity",
    "isSemver",
    "isInteger",
    "isLessThan",
    "isGreaterThan",
    "containsIP",
    "containsCIDR",
    "hasValue",
    "sets.contains",
    "sets.equivalent",
    "sets.intersects",
    "bool",
    "isLoopback",
    "isUnspecified",
    "isGlobalUnicast",
    "isLinkLocalUnicast",
];

/// Functions that yield a string whatever they are given.
const STRING: [&str; 15] = [
    "string",
    "lowerAscii",
    "upperAscii",
    "trim",
    "replace",
    "substring",
    "join",
    "format",
    "charAt",
    "find",
    "getScheme",
    "getHost",
    "getHostname",
    "getPort",
    "getEscapedPath",
];

/// Functions that yield a whole number whatever they are given.
const INT: [&str; 5] = ["int", "size", "indexOf", "lastIndexOf", "compareTo"];

/// A name that nothing declares: the id of its node and the name.
pub(crate) fn undeclared(expression: &IdedExpr, declared: &[&str]) -> Option<(u64, String)> {
    let mut scope: Vec<String> = declared.iter().map(|name| (*name).to_owned()).collect();
    find(expression, &mut scope)
}

fn find(expression: &IdedExpr, scope: &mut Vec<String>) -> Option<(u64, String)> {
    match &expression.expr {
        Expr::Ident(name) => {
            let known = scope.contains(name)
                || WELL_KNOWN.contains(&name.as_str())
                || name.starts_with('@')
                || name.starts_with("__");
            (!known).then(|| (expression.id, name.clone()))
        }
        Expr::Select(select) => find(&select.operand, scope),
        Expr::Call(call) => call
            .target
            .iter()
            .map(|target| &**target)
            .chain(&call.args)
            .find_map(|expression| find(expression, scope))
            .or_else(|| unknown_function(expression.id, call)),
        Expr::List(list) => list
            .elements
            .iter()
            .find_map(|element| find(element, scope)),
        Expr::Map(map) => map
            .entries
            .iter()
            .find_map(|entry| find_entry(&entry.expr, scope)),
        Expr::Struct(value) => value
            .entries
            .iter()
            .find_map(|entry| find_entry(&entry.expr, scope)),
        Expr::Comprehension(loops) => {
            let found = find(&loops.iter_range, scope).or_else(|| find(&loops.accu_init, scope));
            if found.is_some() {
                return found;
            }
            let length = scope.len();
            scope.push(loops.iter_var.clone());
            scope.extend(loops.iter_var2.clone());
            scope.push(loops.accu_var.clone());
            let found = [&loops.loop_cond, &loops.loop_step, &loops.result]
                .into_iter()
                .find_map(|expression| find(expression, scope));
            scope.truncate(length);
            found
        }
        Expr::Literal(_) | Expr::Unspecified => None,
    }
}

fn find_entry(entry: &EntryExpr, scope: &mut Vec<String>) -> Option<(u64, String)> {
    match entry {
        EntryExpr::StructField(field) => find(&field.value, scope),
        EntryExpr::MapEntry(entry) => find(&entry.key, scope).or_else(|| find(&entry.value, scope)),
    }
}

/// A global function that the environment does not have. Member functions depend on types and are left to run time.
fn unknown_function(id: u64, call: &CallExpr) -> Option<(u64, String)> {
    let name = call.func_name.as_str();
    // Operators, and what macros expand to.
    let operator =
        !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.contains(['@', '.']);
    if call.target.is_some() || operator || GLOBAL.contains(&name) {
        return None;
    }
    Some((id, name.to_owned()))
}

/// Global functions.
const GLOBAL: [&str; 24] = [
    "bool",
    "bytes",
    "double",
    "int",
    "string",
    "timestamp",
    "duration",
    "type",
    "uint",
    "dyn",
    "size",
    "matches",
    "has",
    "url",
    "isURL",
    "ip",
    "isIP",
    "cidr",
    "isCIDR",
    "quantity",
    "isQuantity",
    "semver",
    "isSemver",
    "getDate",
];

/// The type of the value, as far as it can be told without knowing the variables.
pub(crate) fn output(expression: &Expr) -> Output {
    match expression {
        Expr::Literal(LiteralValue::Boolean(_)) => Output::Bool,
        Expr::Literal(LiteralValue::String(_)) => Output::String,
        Expr::Literal(LiteralValue::Int(_)) => Output::Int,
        Expr::Literal(_) => Output::Other,
        Expr::List(_) => Output::List,
        Expr::Map(_) => Output::Map,
        Expr::Select(select) if select.test => Output::Bool,
        Expr::Call(call) => call_output(call),
        Expr::Comprehension(loops) => match output(&loops.accu_init.expr) {
            // `exists_one` counts, and compares the count in its result.
            Output::Int => output(&loops.result.expr),
            other => other,
        },
        _ => Output::Dyn,
    }
}

fn call_output(call: &CallExpr) -> Output {
    let name = call.func_name.as_str();
    if BOOLEAN.contains(&name) {
        return Output::Bool;
    }
    if STRING.contains(&name) {
        return Output::String;
    }
    if INT.contains(&name) {
        return Output::Int;
    }
    let arguments: Vec<Output> = call.args.iter().map(|value| output(&value.expr)).collect();
    match (name, arguments.as_slice()) {
        ("_?_:_", [_, a, b]) if a == b => *a,
        ("_+_", [a, b]) if a == b => *a,
        _ => Output::Dyn,
    }
}

/// Levels of comprehensions within each other.
pub(crate) fn loop_depth(expression: &Expr) -> usize {
    let below = |list: &[&IdedExpr]| {
        list.iter()
            .map(|value| loop_depth(&value.expr))
            .max()
            .unwrap_or_default()
    };
    match expression {
        Expr::Select(select) => loop_depth(&select.operand.expr),
        Expr::Call(call) => {
            let all: Vec<&IdedExpr> = call
                .target
                .iter()
                .map(|target| &**target)
                .chain(&call.args)
                .collect();
            below(&all)
        }
        Expr::List(list) => below(&list.elements.iter().collect::<Vec<_>>()),
        Expr::Map(map) => map
            .entries
            .iter()
            .map(|entry| match &entry.expr {
                EntryExpr::StructField(field) => loop_depth(&field.value.expr),
                EntryExpr::MapEntry(entry) => below(&[&entry.key, &entry.value]),
            })
            .max()
            .unwrap_or_default(),
        Expr::Comprehension(loops) => {
            let inner = below(&[&loops.loop_cond, &loops.loop_step, &loops.result]);
            // A loop over nothing only binds a name.
            let binds =
                matches!(&loops.iter_range.expr, Expr::List(list) if list.elements.is_empty());
            let own = usize::from(!binds);
            below(&[&loops.iter_range, &loops.accu_init]).max(inner + own)
        }
        _ => 0,
    }
}
