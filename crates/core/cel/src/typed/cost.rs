//! The most that an evaluation of an expression may cost, as cel-go estimates it.
//!
//! Sizes come from the shape of the data: each part of an expression that is a path into it has one. What has none may be of any size.

use std::collections::HashMap;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue};
use cel::common::ast::{ListExpr, MapExpr};

use super::checker::Checked;
use super::kinds::Kind;
use super::loops::{Loop, is_binding};
use super::shape::{Form, Shape};

/// Cost of reading a variable or a field.
const READ: u64 = 1;
/// Cost of making a list, a map, an object.
const NEW_LIST: u64 = 10;
const NEW_MAP: u64 = 30;
const NEW_RECORD: u64 = 40;
/// Name of the result of a loop.
const RESULT: &str = "@result";

/// From the least to the most: of a size, or of a cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Range {
    pub(super) const UNKNOWN: Self = Self {
        least: 0,
        most: u64::MAX,
    };

    pub(super) fn fixed(value: u64) -> Self {
        Self::new(value, value)
    }

    pub(super) fn new(least: u64, most: u64) -> Self {
        Self { least, most }
    }

    pub(super) fn add(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: self.most.saturating_add(other.most),
        }
    }

    pub(super) fn multiply(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_mul(other.least),
            most: self.most.saturating_mul(other.most),
        }
    }

    /// Times a factor, rounded up.
    pub(super) fn scale(self, factor: f64) -> Self {
        // Casts from floating point numbers saturate.
        let scaled = |value: u64| (value as f64 * factor).ceil() as u64;
        Self {
            least: scaled(self.least),
            most: scaled(self.most),
        }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }
}

/// Sizes of what a list or map holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entries {
    is_list: bool,
    keys: Range,
    values: Range,
}

impl Entries {
    pub(super) fn union(self, other: Self) -> Self {
        Self {
            is_list: self.is_list,
            keys: self.keys.union(other.keys),
            values: self.values.union(other.values),
        }
    }
}

/// Where in the data a part lies: a variable, then fields, `@items`, `@keys`, `@values`.
pub(super) type Path = Vec<String>;

/// A variable of a loop.
#[derive(Clone, Debug, Default)]
struct Local {
    name: String,
    path: Path,
    size: Option<Range>,
    entries: Option<Entries>,
}

/// What is known of a part when the cost of a call is asked for.
pub(super) struct Node<'a> {
    pub(super) path: Path,
    pub(super) kind: Kind,
    pub(super) part: Option<&'a IdedExpr>,
    pub(super) size: Option<Range>,
}

/// The estimate for a call, and the size of what it yields if that is known.
pub(super) struct CallCost {
    pub(super) cost: Range,
    pub(super) size: Option<Range>,
}

/// The most that one evaluation may cost.
pub(super) fn estimate(root: &IdedExpr, checked: &Checked, shape: &Shape) -> u64 {
    let mut coster = Coster {
        checked,
        shape,
        paths: HashMap::new(),
        sizes: HashMap::new(),
        entries: HashMap::new(),
        locals: Vec::new(),
    };
    coster.cost(root).most
}

pub(super) struct Coster<'a> {
    checked: &'a Checked,
    shape: &'a Shape,
    paths: HashMap<u64, Path>,
    sizes: HashMap<u64, Range>,
    entries: HashMap<u64, Entries>,
    locals: Vec<Local>,
}

impl Coster<'_> {
    fn cost(&mut self, part: &IdedExpr) -> Range {
        match &part.expr {
            Expr::Literal(_) | Expr::Unspecified => Range::fixed(0),
            Expr::Ident(name) => {
                let local = self.locals.iter().rev().find(|local| local.name == *name);
                let path = local.map_or_else(|| vec![name.clone()], |local| local.path.clone());
                self.paths.insert(part.id, path);
                Range::fixed(READ)
            }
            Expr::Select(select) => {
                let operand = self.cost(&select.operand);
                if select.test {
                    return operand;
                }
                let reads = matches!(
                    self.kind(&select.operand),
                    Kind::Map(..) | Kind::Record(_) | Kind::Param(_)
                );
                self.extend_path(part.id, &select.operand, &select.field);
                operand.add(Range::fixed(if reads { READ } else { 0 }))
            }
            Expr::Call(call) => self.call(part, call),
            Expr::List(list) => self.new_list(part.id, list),
            Expr::Map(map) => self.new_map(part.id, map),
            Expr::Struct(value) => value
                .entries
                .iter()
                .filter_map(|entry| match &entry.expr {
                    EntryExpr::StructField(field) => Some(self.cost(&field.value)),
                    EntryExpr::MapEntry(_) => None,
                })
                .fold(Range::fixed(NEW_RECORD), Range::add),
            Expr::Comprehension(loops) => self.looped(part.id, loops),
        }
    }

    pub(super) fn kind(&self, part: &IdedExpr) -> Kind {
        self.checked
            .kinds
            .get(&part.id)
            .cloned()
            .unwrap_or(Kind::Dyn)
    }

    fn path(&self, part: &IdedExpr) -> Path {
        if let Expr::Ident(name) = &part.expr
            && let Some(local) = self.locals.iter().rev().find(|local| local.name == *name)
        {
            return local.path.clone();
        }
        self.paths.get(&part.id).cloned().unwrap_or_default()
    }

    fn extend_path(&mut self, id: u64, base: &IdedExpr, step: &str) {
        let mut path = self.path(base);
        path.push(step.to_owned());
        self.paths.insert(id, path);
    }

    /// What the shape says of the size at a path.
    pub(super) fn size_at(&self, path: &[String]) -> Option<Range> {
        let (_, steps) = path.split_first()?;
        let mut shape = self.shape;
        for step in steps {
            shape = match (step.as_str(), &shape.form) {
                ("@items" | "@values", Form::List(inner) | Form::Map(inner)) => inner,
                // Keys are plain text, of which nothing is counted.
                ("@keys", Form::Map(_)) => return Some(Range::fixed(0)),
                (name, Form::Object(fields)) => fields.get(name)?,
                _ => return None,
            };
        }
        Some(Range::new(0, shape.most_elements))
    }

    pub(super) fn size(&mut self, part: &IdedExpr) -> Option<Range> {
        if let Some(size) = self.sizes.get(&part.id) {
            return Some(*size);
        }
        if let Some(size) = literal_size(&part.expr) {
            return Some(size);
        }
        if let Some(size) = self.size_at(&self.path(part)) {
            self.sizes.insert(part.id, size);
            return Some(size);
        }
        if is_scalar(&self.kind(part)) {
            return Some(Range::fixed(1));
        }
        match &part.expr {
            Expr::Ident(name) => self
                .locals
                .iter()
                .rev()
                .find(|local| local.name == *name)
                .and_then(|local| local.size),
            _ => None,
        }
    }

    fn size_or_unknown(&mut self, part: &IdedExpr) -> Range {
        self.size(part).unwrap_or(Range::UNKNOWN)
    }

    pub(super) fn entries_of(&self, part: &IdedExpr) -> Option<Entries> {
        if let Some(entries) = self.entries.get(&part.id) {
            return Some(*entries);
        }
        let Expr::Ident(name) = &part.expr else {
            return None;
        };
        let local = self.locals.iter().rev().find(|local| local.name == *name);
        local.and_then(|local| local.entries)
    }

    pub(super) fn set_entries(&mut self, id: u64, entries: Option<Entries>) {
        if let Some(entries) = entries {
            self.entries.insert(id, entries);
        }
    }

    fn node<'b>(&mut self, part: &'b IdedExpr) -> Node<'b> {
        let mut path = self.path(part);
        if path.first().is_some_and(|first| first == RESULT) {
            path.clear();
        }
        Node {
            path,
            kind: self.kind(part),
            part: Some(part),
            size: self.size(part),
        }
    }

    fn call(&mut self, part: &IdedExpr, call: &CallExpr) -> Range {
        if call.func_name == "dyn"
            && let [argument] = call.args.as_slice()
        {
            let cost = self.cost(argument);
            self.copy_sizes(part.id, argument);
            return cost.add(Range::fixed(1));
        }
        let checked = self.checked;
        let full_name = checked.functions.get(&part.id);
        let mut costs = Vec::new();
        let mut arguments = Vec::new();
        for argument in &call.args {
            costs.push(self.cost(argument));
            arguments.push(self.node(argument));
        }
        let Some(overloads) = checked.overloads.get(&part.id) else {
            return Range::fixed(0);
        };
        let target = match &call.target {
            Some(target) if full_name.is_none() => Some((self.cost(target), self.node(target))),
            _ => None,
        };
        let name = full_name.map_or(call.func_name.as_str(), String::as_str);
        let (mut cost, mut size) = (Range::new(u64::MAX, 0), None);
        for overload in overloads {
            let node = target.as_ref().map(|(_, node)| node);
            let found = self.call_cost(part.id, name, overload, node, &arguments, &costs);
            cost = cost.union(found.cost);
            size = match (size, found.size) {
                (Some(a), Some(b)) => Some(Range::union(a, b)),
                (a, b) => a.or(b),
            };
            if let ("index_list" | "index_map", Some(of)) = (*overload, call.args.first()) {
                size = self.entries_of(of).map(|entries| entries.values);
                let step = if *overload == "index_list" {
                    "@items"
                } else {
                    "@values"
                };
                self.extend_path(part.id, of, step);
            }
            if size.is_none() {
                size = self.size(part);
            }
        }
        if let Some(size) = size {
            self.sizes.insert(part.id, size);
        }
        target.map_or(Range::fixed(0), |(cost, _)| cost).add(cost)
    }

    fn copy_sizes(&mut self, id: u64, from: &IdedExpr) {
        if let Some(size) = self.size(from) {
            self.sizes.insert(id, size);
        }
        let entries = self.entries_of(from);
        self.set_entries(id, entries);
    }

    fn new_list(&mut self, id: u64, list: &ListExpr) -> Range {
        let mut cost = Range::fixed(NEW_LIST);
        let mut values = nothing_yet(list.elements.is_empty());
        for element in &list.elements {
            cost = cost.add(self.cost(element));
            values = values.union(self.size_or_unknown(element));
        }
        let keys = Range::fixed(1);
        let is_list = true;
        self.set_entries(
            id,
            Some(Entries {
                is_list,
                keys,
                values,
            }),
        );
        cost
    }

    fn new_map(&mut self, id: u64, map: &MapExpr) -> Range {
        let mut cost = Range::fixed(NEW_MAP);
        let mut keys = nothing_yet(map.entries.is_empty());
        let mut values = keys;
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                continue;
            };
            cost = cost.add(self.cost(&entry.key)).add(self.cost(&entry.value));
            keys = keys.union(self.size_or_unknown(&entry.key));
            values = values.union(self.size_or_unknown(&entry.value));
        }
        let is_list = false;
        self.set_entries(
            id,
            Some(Entries {
                is_list,
                keys,
                values,
            }),
        );
        cost
    }

    fn looped(&mut self, id: u64, loops: &ComprehensionExpr) -> Range {
        let loops = Loop::of(loops);
        let cost = self.cost(loops.range).add(self.cost(loops.start));
        let result = Local {
            name: loops.result_name.to_owned(),
            path: self.path(loops.start),
            size: self.size(loops.start),
            entries: self.entries_of(loops.start),
        };
        if is_binding(&loops) {
            self.locals.push(result);
            let cost = cost.add(self.cost(loops.result));
            self.locals.pop();
            self.copy_sizes(id, loops.result);
            return cost;
        }
        self.locals.push(result);
        let depth = self.locals.len();
        self.push_variables(&loops);
        let condition = self.cost(loops.condition);
        let step = self.cost(loops.step);
        self.locals.truncate(depth);
        let cost = cost.add(self.cost(loops.result));
        self.locals.pop();
        let count = self.size_or_unknown(loops.range);
        match &loops.start.expr {
            Expr::Literal(_) => {
                if let Some(size) = self.size(loops.start) {
                    self.sizes.insert(id, size);
                }
            }
            Expr::List(_) | Expr::Map(_) => {
                self.sizes.insert(id, count);
                let entries = self.entries_of(loops.step);
                self.set_entries(id, entries);
            }
            _ => {}
        }
        cost.add(count.multiply(step.add(condition)))
    }

    fn push_variables(&mut self, loops: &Loop<'_>) {
        let entries = self.entries_of(loops.range);
        let is_list = match entries {
            Some(entries) => entries.is_list,
            None => matches!(self.kind(loops.range), Kind::List(_)),
        };
        let path = self.path(loops.range);
        let variable = |name: &str, step: &str, size: Option<Range>| {
            let mut path = path.clone();
            path.push(step.to_owned());
            Local {
                name: name.to_owned(),
                path,
                size,
                entries: None,
            }
        };
        let keys = entries.map(|entries| entries.keys);
        let values = entries.map(|entries| entries.values);
        let (item, index) = match is_list {
            true => (("@items", values), ("@indices", keys)),
            false => (("@values", values), ("@keys", keys)),
        };
        let locals = match (loops.second, is_list) {
            (Some(second), _) => vec![
                variable(loops.first, index.0, index.1),
                variable(second, item.0, item.1),
            ],
            (None, true) => vec![variable(loops.first, item.0, item.1)],
            (None, false) => vec![variable(loops.first, index.0, index.1)],
        };
        self.locals.extend(locals);
    }
}

/// Where a union begins; with nothing to come, nothing.
fn nothing_yet(is_empty: bool) -> Range {
    Range::new(if is_empty { 0 } else { u64::MAX }, 0)
}

fn literal_size(expression: &Expr) -> Option<Range> {
    let size = match expression {
        Expr::Literal(LiteralValue::String(text)) => text.inner().chars().count(),
        Expr::Literal(LiteralValue::Bytes(bytes)) => bytes.inner().len(),
        Expr::Literal(_) => 1,
        Expr::List(list) => list.elements.len(),
        Expr::Map(map) => map.entries.len(),
        _ => return None,
    };
    Some(Range::fixed(size as u64))
}

fn is_scalar(kind: &Kind) -> bool {
    match kind {
        Kind::Bool | Kind::Double | Kind::Duration | Kind::Int | Kind::Timestamp | Kind::Uint => {
            true
        }
        Kind::Optional(inner) => is_scalar(inner),
        _ => false,
    }
}
