//! Walking statements, and where errors happened.

use std::sync::Arc;

use super::{Runtime, STACK_PIECE_BYTES, STACK_RED_ZONE_BYTES};
use crate::error::{ExecError, ExecErrorKind};
use crate::function::CallError;
use crate::parse::{Branch, BranchKind, Command, Expr, Pipe, Statement, Tree};
use crate::strconv::quote;
use crate::text::Text;
use crate::truth::is_true;
use crate::types::{Type, UintKind};
use crate::value::{Operand, Value};

pub(super) type Result<T> = std::result::Result<T, Box<ExecError>>;

/// The node that is being executed, for error texts.
#[derive(Clone, Copy)]
pub(super) enum At<'t> {
    Nothing,
    Statement(&'t Statement),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Expr(&'t Expr),
}

/// How a list of statements ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Normal,
    Break,
    Continue,
}

/// The execution of one template.
pub(super) struct State<'t, 'r, 'a> {
    pub runtime: &'r mut Runtime<'a>,
    pub tree: &'t Tree,
    pub out: &'r mut Vec<u8>,
    pub at: At<'t>,
    pub variables: Vec<(Arc<str>, Operand)>,
}

/// Executes a tree over data.
pub(super) fn execute(
    runtime: &mut Runtime<'_>,
    tree: &Tree,
    data: Operand,
    out: &mut Vec<u8>,
) -> Result<()> {
    let limit = runtime.options.limits.depth;
    if runtime.depth >= limit {
        let message = format!(
            "template: {}: templates are nested deeper than {limit}",
            tree.name
        );
        let error = ExecError::bare(ExecErrorKind::Limit, message);
        return Err(Box::new(error));
    }
    runtime.depth += 1;
    let walked = stacker::maybe_grow(STACK_RED_ZONE_BYTES, STACK_PIECE_BYTES, || {
        let mut state = State {
            runtime: &mut *runtime,
            tree,
            out,
            at: At::Nothing,
            variables: vec![("$".into(), data.clone())],
        };
        state.list(&data, &tree.root).map(|_| ())
    });
    runtime.depth -= 1;
    walked
}

impl<'t> State<'t, '_, '_> {
    /// An error at the current node.
    pub fn fail<T>(&self, message: impl AsRef<str>) -> Result<T> {
        let prefix = format!("{}{}", self.place(), message.as_ref());
        Err(Box::new(ExecError::positioned(prefix, None)))
    }

    /// The error of a function at the current node.
    pub fn fail_call<T>(&self, prefix: &str, error: CallError) -> Result<T> {
        let prefix = format!("{}{prefix}", self.place());
        let inner = Some(error.into_error());
        Err(Box::new(ExecError::positioned(prefix, inner)))
    }

    /// `template: FILE:LINE:COLUMN: executing "NAME" at <NODE>: `.
    fn place(&self) -> String {
        let name = &self.tree.name;
        let (position, node) = match self.at {
            At::Nothing => return format!("template: {name}: "),
            At::Statement(node) => (node.position(), node.to_string()),
            At::Pipe(node) => (node.position, node.to_string()),
            At::Command(node) => (node.position, node.to_string()),
            At::Expr(node) => (node.position(), node.to_string()),
        };
        let before = &self.tree.text.as_bytes()[..position];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let line_start = before.iter().rposition(|byte| *byte == b'\n');
        let column = line_start.map_or(position, |start| position - start - 1);
        let file = &self.tree.parse_name;
        let name = quote(name.as_bytes());
        format!("template: {file}:{line}:{column}: executing {name} at <{node}>: ")
    }

    /// Counts a step of work.
    pub fn step(&mut self) -> Result<()> {
        match self.runtime.charge(1) {
            Ok(()) => Ok(()),
            Err(error) => self.fail_call("", error),
        }
    }

    fn list(&mut self, dot: &Operand, list: &'t [Statement]) -> Result<Flow> {
        for statement in list {
            let flow = self.statement(dot, statement)?;
            if flow != Flow::Normal {
                return Ok(flow);
            }
        }
        Ok(Flow::Normal)
    }

    fn statement(&mut self, dot: &Operand, statement: &'t Statement) -> Result<Flow> {
        self.at = At::Statement(statement);
        self.step()?;
        match statement {
            Statement::Text { text, .. } => self.write(text)?,
            Statement::Action { pipe, .. } => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.declarations.is_empty() {
                    self.at = At::Statement(statement);
                    self.print(&value, statement)?;
                }
            }
            Statement::Break { .. } => return Ok(Flow::Break),
            Statement::Continue { .. } => return Ok(Flow::Continue),
            Statement::Branch(branch) => {
                return stacker::maybe_grow(STACK_RED_ZONE_BYTES, STACK_PIECE_BYTES, || {
                    self.branch(dot, branch)
                });
            }
            Statement::Template { name, pipe, .. } => self.template(dot, name, pipe.as_ref())?,
        }
        Ok(Flow::Normal)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Err(error) = self.runtime.charge_output(bytes.len()) {
            return self.fail_call("", error);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn print(&mut self, value: &Operand, statement: &Statement) -> Result<()> {
        if !value.is_valid() {
            return self.write(b"<no value>");
        }
        if let Value::Function(_) = value.value {
            let name = value.type_name();
            return self.fail(format!("can't print {statement} of type {name}"));
        }
        let before = self.out.len();
        crate::format::print(self.out, &value.value);
        let written = self.out.len() - before;
        match self.runtime.charge_output(written) {
            Ok(()) => Ok(()),
            Err(error) => self.fail_call("", error),
        }
    }

    fn branch(&mut self, dot: &Operand, branch: &'t Branch) -> Result<Flow> {
        let mark = self.variables.len();
        let flow = match branch.kind {
            BranchKind::If | BranchKind::With => self.if_or_with(dot, branch)?,
            BranchKind::Range => self.range(dot, branch)?,
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn if_or_with(&mut self, dot: &Operand, branch: &'t Branch) -> Result<Flow> {
        let value = self.pipeline(dot, &branch.pipe)?;
        if is_true(&value.value) {
            return match branch.kind {
                BranchKind::With => self.list(&value, &branch.list),
                _ => self.list(dot, &branch.list),
            };
        }
        match &branch.else_list {
            Some(list) => self.list(dot, list),
            None => Ok(Flow::Normal),
        }
    }

    fn range(&mut self, dot: &Operand, branch: &'t Branch) -> Result<Flow> {
        let value = self.pipeline(dot, &branch.pipe)?.value;
        let ran = match underlying(value) {
            Value::Int(kind, end) => {
                self.range_numbers(branch, end, |index| Value::Int(kind, index))?
            }
            Value::Uint(kind, end) => {
                let end = i64::try_from(end).unwrap_or(i64::MAX);
                self.range_numbers(branch, end, |index| Value::Uint(kind, index as u64))?
            }
            Value::List(list) => {
                let item = list.item_type().clone();
                let items = list.items().iter().cloned().enumerate();
                let items = items.map(|(index, value)| {
                    (Value::int(index as i64), Operand::element(value, &item))
                });
                self.iterate(branch, items)?
            }
            Value::Bytes(bytes) => {
                let items = bytes.iter().enumerate().map(|(index, byte)| {
                    let byte = Value::Uint(UintKind::Uint8, u64::from(*byte));
                    (Value::int(index as i64), Operand::plain(byte))
                });
                self.iterate(branch, items)?
            }
            Value::Map(map) => {
                let item: Type = map.item_type().clone();
                // Entries may be set within the loop: Go ranges over those of its beginning.
                let entries = map
                    .entries()
                    .into_iter()
                    .map(|(key, value)| (Value::String(key), Operand::element(value, &item)));
                self.iterate(branch, entries)?
            }
            Value::Nil => false,
            other => {
                let shown = crate::format::to_text(&other);
                let shown = String::from_utf8_lossy(&shown);
                return self.fail(format!("range can't iterate over {shown}"));
            }
        };
        match &branch.else_list {
            Some(list) if !ran => self.list(dot, list),
            _ => Ok(Flow::Normal),
        }
    }

    fn range_numbers(
        &mut self,
        branch: &'t Branch,
        end: i64,
        make: impl Fn(i64) -> Value,
    ) -> Result<bool> {
        if branch.pipe.declarations.len() > 1 {
            let shown = crate::format::to_text(&make(end));
            let shown = String::from_utf8_lossy(&shown);
            return self.fail(format!(
                "can't use {shown} to iterate over more than one variable"
            ));
        }
        let items = (0..end).map(|index| (Value::Nil, Operand::plain(make(index))));
        self.iterate(branch, items)
    }

    /// Runs the body for each pair of index and element; whether there was any.
    fn iterate(
        &mut self,
        branch: &'t Branch,
        items: impl Iterator<Item = (Value, Operand)>,
    ) -> Result<bool> {
        let mark = self.variables.len();
        let pipe = &branch.pipe;
        let mut any = false;
        for (index, element) in items {
            any = true;
            self.bind(pipe, index, &element)?;
            let flow = self.list(&element, &branch.list)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
            self.step()?;
        }
        Ok(any)
    }

    fn bind(&mut self, pipe: &'t Pipe, index: Value, element: &Operand) -> Result<()> {
        let index = Operand::plain(index);
        let count = self.variables.len();
        match (pipe.declarations.as_slice(), pipe.is_assign) {
            ([], _) => {}
            ([(_, only)], true) => self.assign(only, element.clone())?,
            ([(_, first), (_, second), ..], true) => {
                self.assign(first, index)?;
                self.assign(second, element.clone())?;
            }
            ([_], false) => self.variables[count - 1].1 = element.clone(),
            ([_, _, ..], false) => {
                self.variables[count - 1].1 = element.clone();
                self.variables[count - 2].1 = index;
            }
        }
        Ok(())
    }

    /// Sets the last declared variable of this name.
    pub fn assign(&mut self, name: &str, value: Operand) -> Result<()> {
        let mut variables = self.variables.iter_mut().rev();
        match variables.find(|(known, _)| known.as_ref() == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {name}")),
        }
    }

    fn template(&mut self, dot: &Operand, name: &Text, pipe: Option<&'t Pipe>) -> Result<()> {
        let Some(tree) = self.runtime.set.lookup(name) else {
            return self.fail(format!("template {} not defined", quote(name)));
        };
        let limit = self.runtime.options.limits.depth;
        if self.runtime.depth >= limit {
            let place = self.place();
            let message = format!("{place}exceeded maximum template depth ({limit})");
            let error = ExecError::positioned(message, None);
            return Err(Box::new(error.with_kind(ExecErrorKind::Limit)));
        }
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Operand::invalid(),
        };
        execute(self.runtime, &tree, data, self.out)
    }
}

/// What an object that is a list or a map holds.
pub(super) fn underlying(value: Value) -> Value {
    if let Value::Object(object) = &value {
        let inner = object.underlying();
        if !matches!(inner, Value::Nil) {
            return inner;
        }
    }
    value
}
