//! Runs the CEL rules of a schema (`x-kubernetes-validations`), and judges them before they are stored.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::{Map, Value, json};
use skein_cel::{CompileError, Data, Program};

use crate::field_error::{FieldError, FieldErrorKind, FieldPath};
use crate::model::{Additional, Rule, Schema, ValueType};
use crate::validation::{self, same_element};

mod judge;
mod shapes;
mod values;

pub use judge::{Judged, JudgedRules, judge};

/// Longest text that a messageExpression may yield, in bytes.
const MAX_MESSAGE_BYTES: usize = 5 * 1024;
/// Most compiled rules that are kept.
const MAX_CACHED_RULES: usize = 2_000;
/// Deepest nesting of a value, in levels; what lies deeper has been refused before.
const MAX_DEPTH: usize = 100;

/// What is wrong with a custom resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Why it is refused.
    pub errors: Vec<FieldError>,
    /// Broken rules over what did not change: the client is warned of them.
    pub forgiven: Vec<FieldError>,
}

/// Errors of the rules over a whole custom resource; `old` is the resource before the change, absent on create.
/// Broken rules over what did not change are forgiven, unless the rule looks at `oldSelf`.
pub fn check(value: &Value, old: Option<&Value>, schema: &Schema) -> Verdict {
    let mut walk = Walk {
        verdict: Verdict::default(),
    };
    walk.node(value, old, schema, Spot::root(old));
    walk.verdict
}

/// A verdict of errors alone, completed by the rules unless the errors forbid it.
fn with_rules(
    mut errors: Vec<FieldError>,
    value: &Value,
    old: Option<&Value>,
    schema: &Schema,
) -> Verdict {
    if !has_rules(schema) {
        return Verdict {
            errors,
            ..Verdict::default()
        };
    }
    if validation::blocks_rules(&errors) {
        errors.push(validation::rules_not_checked());
        return Verdict {
            errors,
            ..Verdict::default()
        };
    }
    let mut verdict = check(value, old, schema);
    errors.append(&mut verdict.errors);
    Verdict { errors, ..verdict }
}

/// All errors of a custom resource, as the API server finds them on create (`old` absent) and update: structure, lists
/// and rules, with the note that rules were not checked when other errors forbid it, and with ratcheting.
pub fn validate_resource(value: &Value, old: Option<&Value>, schema: &Schema) -> Verdict {
    let errors = validation::validate_change(value, old, schema);
    with_rules(errors, value, old, schema)
}

/// The same for a change of the status alone: nothing but the status is looked at, and messages name its fields from there; the rules are
/// those of the whole.
pub fn validate_status(value: &Value, old: &Value, schema: &Schema) -> Verdict {
    let (Some(status), Some(field)) = (value.get("status"), schema.properties.get("status")) else {
        return with_rules(Vec::new(), value, Some(old), schema);
    };
    let mut errors = validation::validate_change(status, old.get("status"), field);
    for error in &mut errors {
        error.field = match error.field.as_str() {
            "" => FieldPath::new("status"),
            below => FieldPath::new("status").child(below),
        };
    }
    with_rules(errors, value, Some(old), schema)
}

/// Whether a schema has rules anywhere.
pub fn has_rules(schema: &Schema) -> bool {
    !schema.rules.is_empty()
        || schema.properties.values().any(|field| has_rules(field))
        || schema.items.as_ref().is_some_and(|items| has_rules(items))
        || matches!(&schema.additional, Additional::Schema(field) if has_rules(field))
}

type Compiled = Arc<Result<Program, CompileError>>;

/// Rules are compiled once: the same schema judges many objects.
fn compiled(source: &str) -> Compiled {
    static CACHE: LazyLock<Mutex<HashMap<String, Compiled>>> = LazyLock::new(Mutex::default);
    let compile = || Arc::new(Program::compile(source, &["self", "oldSelf"]));
    let Ok(mut cache) = CACHE.lock() else {
        return compile();
    };
    if let Some(there) = cache.get(source) {
        return there.clone();
    }
    if cache.len() >= MAX_CACHED_RULES {
        cache.clear();
    }
    let program = compile();
    cache.insert(source.to_owned(), program.clone());
    program
}

fn issues(error: &CompileError) -> String {
    match error {
        CompileError::Syntax { issues, .. } => issues.clone(),
        other => other.to_string(),
    }
}

/// Where the walk is: the path, the depth in levels, and the nearest part that can be told to be the same as one of
/// the old object, with what stood there.
#[derive(Clone)]
struct Spot<'a> {
    path: FieldPath,
    depth: usize,
    nearest: Option<(&'a Value, &'a Value, &'a Schema)>,
    is_fixed: bool,
}

impl<'a> Spot<'a> {
    fn root(old: Option<&Value>) -> Self {
        Self {
            path: FieldPath::root(),
            depth: 0,
            nearest: None,
            is_fixed: old.is_none(),
        }
    }

    fn below(&self, path: FieldPath) -> Self {
        Self {
            path,
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// Whether the nearest part that can be compared is as it was.
    fn is_unchanged(&self) -> bool {
        let same = |(value, old, schema)| validation::is_unchanged(value, old, schema);
        self.nearest.is_some_and(same)
    }
}

struct Walk {
    verdict: Verdict,
}

impl Walk {
    fn node<'a>(
        &mut self,
        value: &'a Value,
        old: Option<&'a Value>,
        schema: &'a Schema,
        mut spot: Spot<'a>,
    ) {
        if value.is_null() || spot.depth > MAX_DEPTH {
            return;
        }
        match old {
            Some(old) if !spot.is_fixed => spot.nearest = Some((value, old, schema)),
            // What has no counterpart goes with its parent, as does everything below it.
            _ => spot.is_fixed = true,
        }
        let old = old.filter(|old| !old.is_null());
        if !schema.rules.is_empty() {
            self.rules(value, old, schema, &spot);
        }
        match value {
            Value::Object(map) => self.map(map, old, schema, &spot),
            Value::Array(list) => self.list(list, old, schema, &spot),
            _ => {}
        }
    }

    fn map<'a>(
        &mut self,
        map: &'a Map<String, Value>,
        old: Option<&'a Value>,
        schema: &'a Schema,
        spot: &Spot<'a>,
    ) {
        for (name, value) in map {
            let old = old.and_then(|old| old.get(name));
            if let Some(field) = schema.properties.get(name) {
                self.node(value, old, field, spot.below(spot.path.child(name)));
            } else if let Additional::Schema(field) = &schema.additional {
                self.node(value, old, field, spot.below(spot.path.key(name)));
            }
        }
    }

    fn list<'a>(
        &mut self,
        list: &'a [Value],
        old: Option<&'a Value>,
        schema: &'a Schema,
        spot: &Spot<'a>,
    ) {
        let Some(items) = &schema.items else { return };
        let old = old
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        for (index, value) in list.iter().enumerate() {
            let old = same_element(value, old, schema);
            self.node(value, old, items, spot.below(spot.path.index(index)));
        }
    }

    fn rules(&mut self, value: &Value, old: Option<&Value>, schema: &Schema, spot: &Spot<'_>) {
        let root = spot.depth == 0;
        let this = values::data(value, schema, root);
        for rule in schema
            .rules
            .iter()
            .filter(|rule| !rule.rule.trim().is_empty())
        {
            let program = compiled(&rule.rule);
            let refuse = |detail| FieldError::invalid(spot.path.clone(), type_name(schema), detail);
            let program = match &*program {
                Ok(program) => program,
                Err(error) => {
                    let detail = format!("rule compile error: {}", issues(error));
                    self.verdict.errors.push(refuse(detail));
                    continue;
                }
            };
            let transition = program.uses("oldSelf");
            if transition && old.is_none() && !rule.optional_old_self {
                continue;
            }
            let variables = variables(&this, old, schema, root, rule.optional_old_self);
            let error = match program.run_bool(&variables) {
                Ok(true) => continue,
                Ok(false) => broken(rule, value, schema, &spot.path, &variables),
                Err(error) => refuse(run_text(&error.cause(), rule)),
            };
            if !transition && spot.is_unchanged() {
                self.verdict.forgiven.push(error);
            } else {
                self.verdict.errors.push(error);
            }
        }
    }
}

fn variables(
    this: &Data,
    old: Option<&Value>,
    schema: &Schema,
    root: bool,
    optional: bool,
) -> Vec<(&'static str, Data)> {
    let mut variables = vec![("self", this.clone())];
    let old = old.map(|old| values::data(old, schema, root));
    match (optional, old) {
        (true, old) => variables.push(("oldSelf", Data::optional(old))),
        (false, Some(old)) => variables.push(("oldSelf", old)),
        (false, None) => {}
    }
    variables
}

fn type_name(schema: &Schema) -> Value {
    json!(schema.value_type.map(ValueType::name).unwrap_or_default())
}

/// The message, or else the rule.
fn rule_text(rule: &Rule) -> &str {
    rule.message.as_deref().unwrap_or(&rule.rule).trim()
}

fn run_text(cause: &str, rule: &Rule) -> String {
    let text = rule_text(rule);
    if cause.starts_with("no such overload") {
        return format!(
            "'{cause}': call arguments did not match a supported operator, function or macro signature for rule: {text}"
        );
    }
    format!("{cause} evaluating rule: {text}")
}

fn broken(
    rule: &Rule,
    value: &Value,
    schema: &Schema,
    path: &FieldPath,
    variables: &[(&'static str, Data)],
) -> FieldError {
    let detail = expressed(rule, variables).unwrap_or_else(|| match &rule.message {
        Some(message) => message.trim().to_owned(),
        None => format!("failed rule: {}", rule.rule.trim()),
    });
    let path = match rule.field_path.as_deref() {
        Some(below) => blame(path, below),
        None => path.clone(),
    };
    let whole = matches!(
        schema.value_type,
        Some(ValueType::Object | ValueType::Array)
    );
    let value = (!whole).then(|| value.clone());
    let kind = rule.reason.as_deref().and_then(FieldErrorKind::from_reason);
    match kind.unwrap_or(FieldErrorKind::Invalid) {
        FieldErrorKind::Required => FieldError::required(path, detail),
        FieldErrorKind::Forbidden => FieldError::forbidden(path, detail),
        FieldErrorKind::Duplicate => {
            FieldError::new(FieldErrorKind::Duplicate, path, value, String::new())
        }
        kind => FieldError::new(kind, path, value, detail),
    }
}

/// The text that messageExpression makes, when it is usable: one line, not empty, not too long.
fn expressed(rule: &Rule, variables: &[(&'static str, Data)]) -> Option<String> {
    let program = compiled(rule.message_expression.as_deref()?);
    let text = program.as_ref().as_ref().ok()?.run_string(variables).ok()?;
    let text = text.trim().to_owned();
    (!text.is_empty() && !text.contains('\n') && text.len() <= MAX_MESSAGE_BYTES).then_some(text)
}

/// The path of `fieldPath` (`.a.b`, `.a['b-c']`) below another one.
fn blame(path: &FieldPath, below: &str) -> FieldPath {
    let below = below.strip_prefix('.').unwrap_or(below);
    let below = below.replace("['", "[").replace("']", "]");
    if below.starts_with('[') {
        return FieldPath::new(format!("{}{below}", path.as_str()));
    }
    path.child(&below)
}
