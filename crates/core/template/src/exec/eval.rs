//! Evaluation of pipelines, commands and fields.

use std::sync::Arc;

use super::call::Callee;
use super::walk::{At, Result, State};
use super::{STACK_PIECE_BYTES, STACK_RED_ZONE_BYTES};
use crate::environment::MissingKey;
use crate::function::Function;
use crate::object::Object;
use crate::parse::{Command, Expr, Number, Pipe};
use crate::strconv::quote;
use crate::types::Kind;
use crate::value::{Map, Operand, Value, zero};

impl<'t> State<'t, '_, '_> {
    /// The value of a pipeline; its variables are declared or assigned.
    pub fn pipeline(&mut self, dot: &Operand, pipe: &'t Pipe) -> Result<Operand> {
        self.at = At::Pipe(pipe);
        let mut value: Option<Operand> = None;
        for command in &pipe.commands {
            // What is in an interface is taken out between commands.
            value = Some(self.command(dot, command, value)?.unboxed());
        }
        let value = value.unwrap_or_default();
        for (_, name) in &pipe.declarations {
            if pipe.is_assign {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((Arc::clone(name), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(
        &mut self,
        dot: &Operand,
        command: &'t Command,
        last: Option<Operand>,
    ) -> Result<Operand> {
        let arguments = command.arguments.as_slice();
        let Some(first) = arguments.first() else {
            return Ok(Operand::invalid());
        };
        match first {
            Expr::Field { names, .. } => {
                self.at = At::Expr(first);
                return self.field_chain(dot, dot.clone(), first, names, Some(arguments), last);
            }
            Expr::Chain { .. } => return self.chain(dot, first, Some(arguments), last),
            Expr::Identifier { function, name, .. } => {
                self.at = At::Expr(first);
                self.step()?;
                return self.function(
                    dot,
                    function,
                    name,
                    At::Command(command),
                    Some(arguments),
                    last,
                );
            }
            Expr::Pipe(pipe) => {
                self.no_arguments(arguments, last.as_ref())?;
                return self.nested(dot, pipe);
            }
            Expr::Variable { .. } => return self.variable(dot, first, Some(arguments), last),
            _ => {}
        }
        self.at = At::Expr(first);
        self.no_arguments(arguments, last.as_ref())?;
        match first {
            Expr::Bool { value, .. } => Ok(Value::Bool(*value).into()),
            Expr::Dot { .. } => Ok(dot.clone()),
            Expr::Number { number, .. } => self.number(first, number),
            Expr::String { value, .. } => Ok(value.clone().into()),
            Expr::Nil { .. } => self.fail("nil is not a command"),
            other => self.fail(format!(
                "can't evaluate command {}",
                quote(other.to_string().as_bytes())
            )),
        }
    }

    /// A pipeline in parentheses: the stack may be deep by now.
    pub fn nested(&mut self, dot: &Operand, pipe: &'t Pipe) -> Result<Operand> {
        stacker::maybe_grow(STACK_RED_ZONE_BYTES, STACK_PIECE_BYTES, || {
            self.pipeline(dot, pipe)
        })
    }

    fn no_arguments(&self, arguments: &[Expr], last: Option<&Operand>) -> Result<()> {
        if arguments.len() > 1 || last.is_some() {
            let shown = arguments.first().map(ToString::to_string);
            let shown = shown.unwrap_or_default();
            return self.fail(format!("can't give argument to non-function {shown}"));
        }
        Ok(())
    }

    /// A number where any type will do: how it is written decides.
    pub fn number(&mut self, node: &'t Expr, number: &Number) -> Result<Operand> {
        self.at = At::Expr(node);
        if let Some((real, imaginary)) = number.complex {
            return Ok(Value::Complex(real, imaginary).into());
        }
        let text = number.text.as_ref();
        let bytes = text.as_bytes();
        let hexadecimal = matches!(bytes, [b'0', b'x' | b'X', _, ..]) && !text.contains(['p', 'P']);
        let written_as_float = text.contains(['.', 'e', 'E', 'p', 'P']);
        match (number.float, number.int) {
            (Some(float), _) if !hexadecimal && bytes[0] != b'\'' && written_as_float => {
                Ok(Value::Float(float).into())
            }
            (_, Some(int)) => Ok(Value::int(int).into()),
            _ if number.uint.is_some() => self.fail(format!("{text} overflows int")),
            _ => Ok(Operand::invalid()),
        }
    }

    pub fn chain(
        &mut self,
        dot: &Operand,
        node: &'t Expr,
        arguments: Option<&'t [Expr]>,
        last: Option<Operand>,
    ) -> Result<Operand> {
        self.at = At::Expr(node);
        let Expr::Chain {
            node: inner, names, ..
        } = node
        else {
            return self.fail("internal error: no fields in evalChainNode");
        };
        if let Expr::Nil { .. } = **inner {
            return self.fail(format!("indirection through explicit nil in {node}"));
        }
        let receiver = self.argument(dot, None, inner)?;
        self.field_chain(dot, receiver, node, names, arguments, last)
    }

    pub fn variable(
        &mut self,
        dot: &Operand,
        node: &'t Expr,
        arguments: Option<&'t [Expr]>,
        last: Option<Operand>,
    ) -> Result<Operand> {
        self.at = At::Expr(node);
        let Expr::Variable { names, .. } = node else {
            return Ok(Operand::invalid());
        };
        let mut variables = self.variables.iter().rev();
        let found = variables.find(|(known, _)| *known == names[0]);
        let Some(value) = found.map(|(_, value)| value.clone()) else {
            return self.fail(format!("undefined variable: {}", names[0]));
        };
        if names.len() == 1 {
            self.no_arguments(arguments.unwrap_or_default(), last.as_ref())?;
            return Ok(value);
        }
        self.field_chain(dot, value, node, &names[1..], arguments, last)
    }

    pub fn field_chain(
        &mut self,
        dot: &Operand,
        mut receiver: Operand,
        node: &'t Expr,
        names: &[Arc<str>],
        arguments: Option<&'t [Expr]>,
        last: Option<Operand>,
    ) -> Result<Operand> {
        let Some((final_name, names)) = names.split_last() else {
            return Ok(receiver);
        };
        for name in names {
            receiver = self.field(dot, name, node, None, None, receiver)?;
        }
        self.field(dot, final_name, node, arguments, last, receiver)
    }

    pub fn function(
        &mut self,
        dot: &Operand,
        function: &'t Arc<Function>,
        name: &str,
        node: At<'t>,
        arguments: Option<&'t [Expr]>,
        last: Option<Operand>,
    ) -> Result<Operand> {
        let arguments = arguments.map(|arguments| &arguments[1..]);
        self.call(dot, Callee::Function(function), node, name, arguments, last)
    }

    fn field(
        &mut self,
        dot: &Operand,
        name: &str,
        node: &'t Expr,
        arguments: Option<&'t [Expr]>,
        last: Option<Operand>,
        receiver: Operand,
    ) -> Result<Operand> {
        let missing_key = self.runtime.options.missing_key;
        if !receiver.is_valid() {
            if missing_key == MissingKey::Error {
                let key = quote(name.as_bytes());
                return self.fail(format!("nil data; no entry for key {key}"));
            }
            return Ok(Operand::invalid());
        }
        let type_name = receiver.type_name();
        let has_arguments = arguments.is_some_and(|list| list.len() > 1) || last.is_some();
        match receiver.value {
            Value::Nil => self.fail(format!("nil pointer evaluating {type_name}.{name}")),
            Value::Map(map) => {
                if let Some(signature) = crate::helm::values_method(&map, name) {
                    let value = Value::Map(map);
                    let callee = Callee::ValueMethod(&value, signature);
                    let rest = arguments.map(|arguments| &arguments[1..]);
                    return self.call(dot, callee, At::Expr(node), name, rest, last);
                }
                self.map_field(&map, name, has_arguments)
            }
            Value::Object(object) => {
                if let Some(signature) = object.method(name) {
                    let callee = Callee::Method(&object, signature);
                    let rest = arguments.map(|arguments| &arguments[1..]);
                    return self.call(dot, callee, At::Expr(node), name, rest, last);
                }
                self.object_field(object.as_ref(), name, &type_name, has_arguments)
            }
            value => {
                if let Some(signature) = crate::time::method(&value, name) {
                    let callee = Callee::ValueMethod(&value, signature);
                    let rest = arguments.map(|arguments| &arguments[1..]);
                    return self.call(dot, callee, At::Expr(node), name, rest, last);
                }
                self.fail(format!("can't evaluate field {name} in type {type_name}"))
            }
        }
    }

    fn map_field(&self, map: &Map, name: &str, has_arguments: bool) -> Result<Operand> {
        if has_arguments {
            return self.fail(format!("{name} is not a method but has arguments"));
        }
        if let Some(value) = map.get(name) {
            return Ok(Operand::element(value, map.item_type()));
        }
        match self.runtime.options.missing_key {
            MissingKey::Invalid => Ok(Operand::invalid()),
            MissingKey::Zero => Ok(Operand::element(zero(map.item_type()), map.item_type())),
            MissingKey::Error => {
                let key = quote(name.as_bytes());
                self.fail(format!("map has no entry for key {key}"))
            }
        }
    }

    fn object_field(
        &self,
        object: &dyn Object,
        name: &str,
        type_name: &str,
        has_arguments: bool,
    ) -> Result<Operand> {
        match object.kind() {
            Kind::Struct | Kind::Pointer => {
                if let Some(field) = object.field(name) {
                    if has_arguments {
                        return self.fail(format!(
                            "{name} has arguments but cannot be invoked as function"
                        ));
                    }
                    let boxed = matches!(field, Value::Nil);
                    return Ok(Operand {
                        value: field,
                        boxed,
                    });
                }
                if object.is_nil() {
                    return self.fail(format!("nil pointer evaluating {type_name}.{name}"));
                }
            }
            Kind::Map => {
                if let Value::Map(map) = object.underlying() {
                    return self.map_field(&map, name, has_arguments);
                }
            }
            _ => {}
        }
        self.fail(format!("can't evaluate field {name} in type {type_name}"))
    }
}
