//! Finds the type of every part of an expression, and what does not fit.

use std::collections::HashMap;

use cel::IdedExpr;
use cel::common::ast::operators::{LOGICAL_AND, LOGICAL_OR, OPT_SELECT};
use cel::common::ast::{CallExpr, EntryExpr, Expr, ListExpr, LiteralValue, MapExpr, SelectExpr};
use cel::common::ast::{ComprehensionExpr, StructExpr};

use super::functions::{self, Overload};
use super::kinds::{Bindings, Kind, most_general};
use super::loops::Loop;

/// Something that is wrong with a part of an expression.
#[derive(Clone, Debug)]
pub(super) struct Issue {
    pub(super) id: u64,
    pub(super) text: String,
}

/// A name and its type.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    name: String,
    kind: Kind,
}

impl Variable {
    pub(super) fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
        }
    }
}

/// What the parts of an expression are.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) kinds: HashMap<u64, Kind>,
    /// The ways in which a call may be meant, by the id of the call.
    pub(super) overloads: HashMap<u64, Vec<&'static str>>,
    /// The full names of namespaced functions (`sets.contains`), by the id of the call.
    pub(super) functions: HashMap<u64, String>,
    /// The names that refer to variables.
    pub(super) names: Vec<String>,
    /// The type of the whole.
    pub(super) output: Kind,
}

/// Types of all parts, or everything that is wrong.
pub(super) fn check(root: &IdedExpr, variables: &[Variable]) -> Result<Checked, Vec<Issue>> {
    let mut checker = Checker {
        checked: Checked {
            kinds: HashMap::new(),
            overloads: HashMap::new(),
            functions: HashMap::new(),
            names: Vec::new(),
            output: Kind::Dyn,
        },
        bindings: Bindings::default(),
        parameters: 0,
        scope: variables.to_vec(),
        outer: variables.len(),
        issues: Vec::new(),
    };
    let output = checker.check(root);
    if !checker.issues.is_empty() {
        return Err(checker.issues);
    }
    let mut checked = checker.checked;
    let bindings = checker.bindings;
    for kind in checked.kinds.values_mut() {
        *kind = bindings.apply(kind, true);
    }
    checked.output = bindings.apply(&output, true);
    Ok(checked)
}

struct Checker {
    checked: Checked,
    bindings: Bindings,
    /// How many parameters have been handed out.
    parameters: u32,
    scope: Vec<Variable>,
    /// How many of the scope are variables of the whole expression.
    outer: usize,
    issues: Vec<Issue>,
}

/// `a.b.c` when the expression is a chain of plain names.
fn qualified_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            let before = qualified_name(&select.operand.expr)?;
            Some(format!("{before}.{}", select.field))
        }
        _ => None,
    }
}

/// Types that can be named.
fn type_named(name: &str) -> Option<Kind> {
    let kind = match name {
        "bool" => Kind::Bool,
        "bytes" => Kind::Bytes,
        "double" => Kind::Double,
        "int" => Kind::Int,
        "string" => Kind::String,
        "uint" => Kind::Uint,
        "list" => Kind::List(Box::new(Kind::Dyn)),
        "map" => Kind::Map(Box::new(Kind::Dyn), Box::new(Kind::Dyn)),
        "null_type" => Kind::Null,
        "type" => Kind::Type(Box::new(Kind::Dyn)),
        "google.protobuf.Duration" => Kind::Duration,
        "google.protobuf.Timestamp" => Kind::Timestamp,
        "optional_type" => Kind::Optional(Box::new(Kind::Dyn)),
        "net.IP" => Kind::Opaque("net.IP"),
        "net.CIDR" => Kind::Opaque("net.CIDR"),
        "kubernetes.URL" => Kind::Opaque("kubernetes.URL"),
        "kubernetes.Quantity" => Kind::Opaque("kubernetes.Quantity"),
        "kubernetes.Semver" => Kind::Opaque("kubernetes.Semver"),
        "kubernetes.NamedFormat" => Kind::Opaque("kubernetes.NamedFormat"),
        _ => return None,
    };
    Some(Kind::Type(Box::new(kind)))
}

impl Checker {
    fn report(&mut self, id: u64, text: String) {
        self.issues.push(Issue { id, text });
    }

    fn undeclared(&mut self, id: u64, name: &str) -> Kind {
        self.report(
            id,
            format!("undeclared reference to '{name}' (in container '')"),
        );
        Kind::Error
    }

    fn mismatch(&mut self, id: u64, wanted: &Kind, found: &Kind) {
        self.report(id, format!("expected type '{wanted}' but found '{found}'"));
    }

    fn fresh(&mut self) -> Kind {
        self.parameters += 1;
        Kind::Param(self.parameters - 1)
    }

    /// The type of a part, which is remembered.
    fn check(&mut self, part: &IdedExpr) -> Kind {
        let kind = match &part.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => match self.named(name) {
                Some(kind) => kind,
                None => self.undeclared(part.id, name),
            },
            Expr::Select(select) => self.select(part, select),
            Expr::Call(call) => self.call(part.id, call),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map),
            Expr::Struct(value) => self.record(part.id, value),
            Expr::Comprehension(loops) => self.looped(loops),
            Expr::Unspecified => Kind::Error,
        };
        self.checked.kinds.insert(part.id, kind.clone());
        kind
    }

    /// The type of a variable or of a type's name.
    fn named(&mut self, name: &str) -> Option<Kind> {
        let found = self.scope.iter().rposition(|known| known.name == name);
        let Some(index) = found else {
            return type_named(name);
        };
        if index < self.outer && !self.checked.names.iter().any(|known| known == name) {
            self.checked.names.push(name.to_owned());
        }
        Some(self.scope[index].kind.clone())
    }

    fn select(&mut self, part: &IdedExpr, select: &SelectExpr) -> Kind {
        if let Some(name) = qualified_name(&part.expr)
            && let Some(kind) = self.named(&name)
        {
            return kind;
        }
        let kind = self.field(part.id, &select.operand, &select.field, false);
        if select.test { Kind::Bool } else { kind }
    }

    /// The type of a field of a part.
    fn field(&mut self, id: u64, operand: &IdedExpr, name: &str, optional: bool) -> Kind {
        let operand = self.check(operand);
        let operand = self.bindings.apply(&operand, false);
        let (target, was_optional) = match operand {
            Kind::Optional(inner) => (*inner, true),
            other => (other, false),
        };
        let found = match &target {
            Kind::Map(_, values) => (**values).clone(),
            Kind::Record(record) => match record.fields.get(name) {
                Some(kind) => kind.clone(),
                None => {
                    self.report(id, format!("undefined field '{name}'"));
                    Kind::Error
                }
            },
            Kind::Opaque(library) if library.starts_with("kubernetes.") => {
                self.report(id, format!("unexpected failed resolution of '{library}'"));
                Kind::Error
            }
            Kind::Param(_) => {
                self.bindings.assign(&Kind::Dyn, &target);
                Kind::Dyn
            }
            Kind::Dyn | Kind::Error => Kind::Dyn,
            other => {
                self.report(
                    id,
                    format!("type '{other}' does not support field selection"),
                );
                Kind::Dyn
            }
        };
        let found = if was_optional || optional {
            Kind::Optional(Box::new(found))
        } else {
            found
        };
        self.bindings.apply(&found, false)
    }

    fn call(&mut self, id: u64, call: &CallExpr) -> Kind {
        if call.func_name == OPT_SELECT {
            return self.optional_field(id, call);
        }
        let arguments: Vec<(u64, Kind)> = call
            .args
            .iter()
            .map(|argument| (argument.id, self.check(argument)))
            .collect();
        let Some(target) = &call.target else {
            return match functions::overloads(&call.func_name) {
                Some(overloads) => self.resolve(id, &call.func_name, overloads, None, &arguments),
                None => self.undeclared(id, &call.func_name),
            };
        };
        if let Some(prefix) = qualified_name(&target.expr) {
            let name = format!("{prefix}.{}", call.func_name);
            if let Some(overloads) = functions::overloads(&name) {
                self.checked.functions.insert(id, name.clone());
                return self.resolve(id, &name, overloads, None, &arguments);
            }
        }
        let target = self.check(target);
        match functions::overloads(&call.func_name) {
            Some(overloads) => {
                self.resolve(id, &call.func_name, overloads, Some(target), &arguments)
            }
            None => self.undeclared(id, &call.func_name),
        }
    }

    fn optional_field(&mut self, id: u64, call: &CallExpr) -> Kind {
        let [operand, field] = call.args.as_slice() else {
            return Kind::Error;
        };
        let Expr::Literal(LiteralValue::String(name)) = &field.expr else {
            self.report(field.id, "unsupported optional field selection".to_owned());
            return Kind::Error;
        };
        let kind = self.field(id, operand, name.inner(), true);
        let overloads = vec!["select_optional_field"];
        self.checked.overloads.insert(id, overloads);
        kind
    }

    /// The type that a call yields: of all ways to call the function that fit.
    fn resolve(
        &mut self,
        id: u64,
        name: &str,
        overloads: &'static [Overload],
        target: Option<Kind>,
        arguments: &[(u64, Kind)],
    ) -> Kind {
        let is_method = target.is_some();
        if name == LOGICAL_AND || name == LOGICAL_OR {
            return self.logic(id, overloads, arguments);
        }
        let given: Vec<Kind> = target
            .into_iter()
            .chain(arguments.iter().map(|(_, kind)| kind.clone()))
            .collect();
        let (mut result, mut fitting): (Option<Kind>, Vec<&'static str>) = (None, Vec::new());
        for overload in overloads
            .iter()
            .filter(|known| known.is_method == is_method)
        {
            let first = self.parameters;
            self.parameters += overload.parameters;
            let wanted: Vec<Kind> = overload
                .arguments
                .iter()
                .map(|kind| shifted(kind, first))
                .collect();
            let pairs: Vec<(&Kind, &Kind)> = given.iter().zip(&wanted).collect();
            if given.len() != wanted.len() || !self.bindings.assign_all(&pairs) {
                continue;
            }
            fitting.push(overload.id);
            let yields = self
                .bindings
                .apply(&shifted(&overload.result, first), false);
            result = Some(match result {
                None => yields,
                Some(Kind::Dyn) => Kind::Dyn,
                Some(before) if before == yields => before,
                Some(_) => Kind::Dyn,
            });
        }
        let Some(result) = result else {
            let given: Vec<Kind> = given
                .iter()
                .map(|kind| self.bindings.apply(kind, true))
                .collect();
            let shown = signature(&given, is_method);
            self.report(
                id,
                format!("found no matching overload for '{name}' applied to '{shown}'"),
            );
            return Kind::Error;
        };
        self.checked.overloads.insert(id, fitting);
        result
    }

    fn logic(&mut self, id: u64, overloads: &[Overload], arguments: &[(u64, Kind)]) -> Kind {
        let mut fits = true;
        for (argument, kind) in arguments {
            if !self.bindings.assign(kind, &Kind::Bool) {
                self.mismatch(*argument, &Kind::Bool, kind);
                fits = false;
            }
        }
        let ids = overloads.iter().map(|overload| overload.id).collect();
        self.checked.overloads.insert(id, ids);
        if fits { Kind::Bool } else { Kind::Error }
    }

    /// What an element that may be missing holds.
    fn unwrapped(&mut self, id: u64, kind: Kind) -> Kind {
        match kind {
            Kind::Optional(inner) => *inner,
            Kind::Dyn => Kind::Dyn,
            other => {
                let wanted = Kind::Optional(Box::new(other.clone()));
                self.mismatch(id, &wanted, &other);
                other
            }
        }
    }

    /// The type of several elements together.
    fn joined(&mut self, id: u64, before: Option<Kind>, next: Kind) -> Kind {
        let Some(before) = before else { return next };
        if self.bindings.assign(&before, &next) {
            return most_general(&before, &next);
        }
        self.mismatch(id, &before, &next);
        Kind::Error
    }

    fn list(&mut self, list: &ListExpr) -> Kind {
        let mut elements = None;
        for (index, element) in list.elements.iter().enumerate() {
            let mut kind = self.check(element);
            if list.optional_indices.contains(&index) {
                kind = self.unwrapped(element.id, kind);
            }
            elements = Some(self.joined(element.id, elements, kind));
        }
        let elements = elements.unwrap_or_else(|| self.fresh());
        Kind::List(Box::new(elements))
    }

    fn map(&mut self, map: &MapExpr) -> Kind {
        let (mut keys, mut values) = (None, None);
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                continue;
            };
            let key = self.check(&entry.key);
            keys = Some(self.joined(entry.key.id, keys, key));
            let mut value = self.check(&entry.value);
            if entry.optional {
                value = self.unwrapped(entry.value.id, value);
            }
            values = Some(self.joined(entry.value.id, values, value));
        }
        let keys = keys.unwrap_or_else(|| self.fresh());
        let values = values.unwrap_or_else(|| self.fresh());
        Kind::Map(Box::new(keys), Box::new(values))
    }

    /// `Name{field: value}`: rules know no types that can be made so.
    fn record(&mut self, id: u64, value: &StructExpr) -> Kind {
        self.undeclared(id, &value.type_name)
    }

    fn looped(&mut self, loops: &ComprehensionExpr) -> Kind {
        let loops = Loop::of(loops);
        let range = self.check(loops.range);
        let start = self.check(loops.start);
        let range = self.bindings.apply(&range, false);
        let (first, second) = self.variables_of(&loops, range);
        let depth = self.scope.len();
        self.scope
            .push(Variable::new(loops.result_name, start.clone()));
        self.scope.push(Variable::new(loops.first, first));
        if let Some(name) = loops.second {
            self.scope.push(Variable::new(name, second));
        }
        let condition = self.check(loops.condition);
        self.expect(loops.condition.id, &Kind::Bool, &condition);
        let step = self.check(loops.step);
        self.expect(loops.step.id, &start, &step);
        self.scope.truncate(depth + 1);
        let result = self.check(loops.result);
        self.scope.truncate(depth);
        self.bindings.apply(&result, false)
    }

    /// The types of the variables of a loop over that range.
    fn variables_of(&mut self, loops: &Loop<'_>, range: Kind) -> (Kind, Kind) {
        match (range, loops.second) {
            (Kind::List(items), None) => (*items, Kind::Dyn),
            (Kind::List(items), Some(_)) => (Kind::Int, *items),
            (Kind::Map(keys, values), _) => (*keys, *values),
            (Kind::Dyn | Kind::Error, _) => (Kind::Dyn, Kind::Dyn),
            (range @ Kind::Param(_), _) => {
                self.bindings.assign(&Kind::Dyn, &range);
                (Kind::Dyn, Kind::Dyn)
            }
            (range, _) => {
                let text = format!(
                    "expression of type '{range}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.report(loops.range.id, text);
                (Kind::Error, Kind::Error)
            }
        }
    }

    fn expect(&mut self, id: u64, wanted: &Kind, found: &Kind) {
        if !self.bindings.assign(wanted, found) {
            self.mismatch(id, wanted, found);
        }
    }
}

fn of_literal(literal: &LiteralValue) -> Kind {
    match literal {
        LiteralValue::Boolean(_) => Kind::Bool,
        LiteralValue::Bytes(_) => Kind::Bytes,
        LiteralValue::Double(_) => Kind::Double,
        LiteralValue::Int(_) => Kind::Int,
        LiteralValue::Null => Kind::Null,
        LiteralValue::String(_) => Kind::String,
        LiteralValue::UInt(_) => Kind::Uint,
    }
}

/// A type of a function with its parameters renamed.
fn shifted(kind: &Kind, by: u32) -> Kind {
    match kind {
        Kind::Param(number) => Kind::Param(number + by),
        other => other.mapped(&mut |part| shifted(part, by)),
    }
}

/// `(int, string)`, or `list(int).(string)` for a method.
fn signature(given: &[Kind], is_method: bool) -> String {
    let mut texts = given.iter().map(ToString::to_string);
    let target = is_method.then(|| texts.next().unwrap_or_default() + ".");
    let arguments: Vec<String> = texts.collect();
    format!("{}({})", target.unwrap_or_default(), arguments.join(", "))
}
