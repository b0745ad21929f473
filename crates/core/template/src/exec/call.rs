//! Calls: arguments are evaluated for the types of the parameters, as Go's reflection would have it.

use std::sync::Arc;

use super::walk::{At, Result, State, underlying};
use crate::function::{CallError, Function, Signature, Special};
use crate::object::Object;
use crate::parse::{Expr, Number};
use crate::truth::is_true;
use crate::types::Type;
use crate::value::{Operand, Value, zero};

/// What is called.
pub(super) enum Callee<'c> {
    Function(&'c Arc<Function>),
    Method(&'c Arc<dyn Object>, Signature),
    /// A method of a time, a duration or `common.Values`.
    ValueMethod(&'c Value, Signature),
}

impl Callee<'_> {
    fn signature(&self) -> &Signature {
        match self {
            Self::Function(function) => function.signature(),
            Self::Method(_, signature) | Self::ValueMethod(_, signature) => signature,
        }
    }

    fn special(&self) -> Special {
        match self {
            Self::Function(function) => function.special,
            _ => Special::None,
        }
    }
}

impl<'t> State<'t, '_, '_> {
    /// Calls a function or method with the arguments behind its name and the result of the command before.
    pub fn call(
        &mut self,
        dot: &Operand,
        callee: Callee<'_>,
        node: At<'t>,
        name: &str,
        arguments: Option<&'t [Expr]>,
        last: Option<Operand>,
    ) -> Result<Operand> {
        let arguments = arguments.unwrap_or_default();
        let signature = callee.signature();
        let given = arguments.len() + usize::from(last.is_some());
        self.check_count(signature, name, arguments.len(), given)?;
        if let Special::And | Special::Or = callee.special() {
            return self.and_or(dot, callee.special() == Special::Or, arguments, last);
        }
        let values = self.arguments(dot, signature, arguments, last)?;
        let looked_at = self.runtime.charge_arguments(&values);
        let result = match &callee {
            _ if looked_at.is_err() => looked_at.map(|()| Operand::invalid()),
            Callee::Function(function) if function.special == Special::Call => {
                let shown = match arguments.first() {
                    Some(node) => node.to_string(),
                    None => callee_text(values.first()),
                };
                self.call_value(&shown, &values)
            }
            Callee::Function(function) => function.call(self.runtime, &values),
            Callee::Method(object, _) => object.call(name, &plain(&values)).map(Operand::plain),
            Callee::ValueMethod(value, _) => {
                let arguments = plain(&values);
                let result = match value {
                    Value::Map(map) => crate::helm::call_values_method(map, name, &arguments),
                    value => {
                        let zone = self.runtime.environment().time_zone();
                        crate::time::call_method(value, name, &arguments, zone)
                    }
                };
                result.map(Operand::plain)
            }
        };
        match result {
            Ok(result) => Ok(typed(result, &signature.result)),
            Err(error) => {
                self.at = node;
                self.fail_call(&format!("error calling {name}: "), error)
            }
        }
    }

    fn check_count(
        &self,
        signature: &Signature,
        name: &str,
        written: usize,
        given: usize,
    ) -> Result<()> {
        let wanted = signature.parameters.len();
        if signature.variadic {
            let least = wanted - 1;
            if given < least {
                return self.fail(format!(
                    "wrong number of args for {name}: want at least {least} got {written}"
                ));
            }
        } else if given != wanted {
            return self.fail(format!(
                "wrong number of args for {name}: want {wanted} got {given}"
            ));
        }
        match signature.problem(name) {
            Some(problem) => self.fail(problem),
            None => Ok(()),
        }
    }

    fn and_or(
        &mut self,
        dot: &Operand,
        is_or: bool,
        arguments: &'t [Expr],
        last: Option<Operand>,
    ) -> Result<Operand> {
        let mut value = Operand::invalid();
        for argument in arguments {
            value = self.argument(dot, Some(&Type::Value), argument)?;
            if is_true(&value.value) == is_or {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn arguments(
        &mut self,
        dot: &Operand,
        signature: &Signature,
        arguments: &'t [Expr],
        last: Option<Operand>,
    ) -> Result<Vec<Operand>> {
        let final_parameter = signature.parameters.len().saturating_sub(1);
        let parameter = |index: usize| signature.parameters.get(index.min(final_parameter));
        let mut values = Vec::with_capacity(arguments.len() + usize::from(last.is_some()));
        for (index, argument) in arguments.iter().enumerate() {
            values.push(self.argument(dot, parameter(index), argument)?);
        }
        if let Some(last) = last {
            let kind = parameter(values.len());
            values.push(self.validated(last, kind)?);
        }
        Ok(values)
    }

    /// A value for a parameter of this type; without one, any value.
    fn validated(&self, operand: Operand, kind: Option<&Type>) -> Result<Operand> {
        let Some(kind) = kind else {
            return Ok(operand);
        };
        if !operand.is_valid() {
            return match kind {
                Type::Value => Ok(operand),
                kind if kind.can_be_nil() => Ok(typed(zero(kind).into(), kind)),
                kind => self.fail(format!("invalid value; expected {kind}")),
            };
        }
        if *kind == Type::Any
            && let Value::Object(object) = &operand.value
            && let Some(copy) = object.without_address()
        {
            return Ok(Operand::boxed(copy));
        }
        if matches!(kind, Type::Value | Type::Any) {
            return Ok(operand);
        }
        match assigned(&operand.value, kind) {
            Some(value) => Ok(Operand::plain(value)),
            None => {
                // Of a nil in an interface, only the interface is known.
                let name = match operand.value {
                    Value::Nil => operand.type_name(),
                    ref value => value.type_name(),
                };
                self.fail(format!("wrong type for value; expected {kind}; got {name}"))
            }
        }
    }

    /// The value of an argument for a parameter of this type.
    pub fn argument(
        &mut self,
        dot: &Operand,
        kind: Option<&Type>,
        node: &'t Expr,
    ) -> Result<Operand> {
        self.at = At::Expr(node);
        let value = match node {
            Expr::Dot { .. } => dot.clone(),
            Expr::Nil { .. } => return self.nil_argument(kind),
            Expr::Field { names, .. } => {
                self.field_chain(dot, dot.clone(), node, names, None, None)?
            }
            Expr::Variable { .. } => self.variable(dot, node, None, None)?,
            Expr::Pipe(pipe) => self.nested(dot, pipe)?,
            Expr::Identifier { function, name, .. } => {
                self.function(dot, function, name, At::Expr(node), None, None)?
            }
            Expr::Chain { .. } => self.chain(dot, node, None, None)?,
            constant => return self.constant(kind, constant),
        };
        self.validated(value, kind)
    }

    fn nil_argument(&self, kind: Option<&Type>) -> Result<Operand> {
        match kind {
            Some(Type::Value) | None => Ok(Operand::invalid()),
            Some(kind) if kind.can_be_nil() => Ok(typed(zero(kind).into(), kind)),
            Some(kind) => self.fail(format!("cannot assign nil to {kind}")),
        }
    }

    /// A constant in the type of the parameter.
    fn constant(&mut self, kind: Option<&Type>, node: &'t Expr) -> Result<Operand> {
        let Some(kind) = kind else {
            return self.any_constant(node);
        };
        let number = match node {
            Expr::Number { number, .. } => Some(number),
            _ => None,
        };
        let value = match kind {
            Type::Any | Type::Value => return self.any_constant(node),
            Type::Bool => match node {
                Expr::Bool { value, .. } => Some(Value::Bool(*value)),
                _ => return self.fail(format!("expected bool; found {node}")),
            },
            Type::String => match node {
                Expr::String { value, .. } => Some(value.clone()),
                _ => return self.fail(format!("expected string; found {node}")),
            },
            numeric => match number_as(number, numeric) {
                Some(Ok(value)) => Some(value),
                Some(Err(expected)) => {
                    return self.fail(format!("expected {expected}; found {node}"));
                }
                None => None,
            },
        };
        match value {
            Some(value) => Ok(value.into()),
            None => self.fail(format!("can't handle {node} for arg of type {kind}")),
        }
    }

    fn any_constant(&mut self, node: &'t Expr) -> Result<Operand> {
        match node {
            Expr::Bool { value, .. } => Ok(Value::Bool(*value).into()),
            Expr::String { value, .. } => Ok(value.clone().into()),
            Expr::Number { number, .. } => self.number(node, number),
            _ => self.fail(format!(
                "can't handle assignment of {node} to empty interface argument"
            )),
        }
    }

    /// `call`: the first value is the function.
    fn call_value(
        &mut self,
        name: &str,
        values: &[Operand],
    ) -> std::result::Result<Operand, CallError> {
        let Some((callee, values)) = values.split_first() else {
            return Err(CallError::new("call of nil"));
        };
        let function = match &callee.value {
            Value::Nil => return Err(CallError::new("call of nil")),
            Value::Function(function) => function,
            other => {
                let kind = other.type_name();
                return Err(CallError::new(format!(
                    "non-function {name} of type {kind}"
                )));
            }
        };
        let signature = function.signature();
        let (given, wanted) = (values.len(), signature.parameters.len());
        if signature.variadic && given + 1 < wanted {
            let least = wanted - 1;
            return Err(CallError::new(format!(
                "wrong number of args for {name}: got {given} want at least {least}"
            )));
        }
        if !signature.variadic && given != wanted {
            return Err(CallError::new(format!(
                "wrong number of args for {name}: got {given} want {wanted}"
            )));
        }
        let mut prepared = Vec::with_capacity(given);
        for (index, value) in values.iter().enumerate() {
            let kind = &signature.parameters[index.min(wanted - 1)];
            let value = prepare_argument(value, kind)
                .map_err(|message| CallError::new(format!("arg {index}: {message}")))?;
            prepared.push(value);
        }
        let result = function.call(self.runtime, &prepared)?;
        Ok(typed(result, &signature.result))
    }
}

/// A value for a parameter of a function that `call` calls: integers change their type.
fn prepare_argument(operand: &Operand, kind: &Type) -> std::result::Result<Operand, String> {
    if let Value::Nil = operand.value {
        return if kind.can_be_nil() {
            Ok(typed(zero(kind).into(), kind))
        } else {
            Err(format!("value is nil; should be of type {kind}"))
        };
    }
    if matches!(kind, Type::Any | Type::Value) {
        return Ok(operand.clone());
    }
    if let Some(value) = assigned(&operand.value, kind) {
        return Ok(value.into());
    }
    let converted = match (&operand.value, kind) {
        (Value::Int(_, int), Type::Int(kind)) => Some(Value::Int(*kind, *int)),
        (Value::Int(_, int), Type::Uint(kind)) => Some(Value::Uint(*kind, *int as u64)),
        (Value::Uint(_, uint), Type::Int(kind)) => Some(Value::Int(*kind, *uint as i64)),
        (Value::Uint(_, uint), Type::Uint(kind)) => Some(Value::Uint(*kind, *uint)),
        _ => None,
    };
    converted.map(Operand::plain).ok_or_else(|| {
        let name = operand.value.type_name();
        format!("value has type {name}; should be {kind}")
    })
}

/// The value as the type, when Go would assign it.
fn assigned(value: &Value, kind: &Type) -> Option<Value> {
    if value.static_type() == *kind {
        return Some(value.clone());
    }
    if let Type::Named(wanted) = kind {
        // An interface: whatever has methods may have those.
        let implements = match value {
            Value::Object(object) => object.implements(wanted),
            _ => false,
        };
        return implements.then(|| value.clone());
    }
    if let Value::Object(_) = value {
        let inner = underlying(value.clone());
        return (inner.static_type() == *kind).then_some(inner);
    }
    None
}

/// A number constant as this type: what was expected when it is none, and nothing when the type is no number.
fn number_as(
    number: Option<&Number>,
    kind: &Type,
) -> Option<std::result::Result<Value, &'static str>> {
    Some(match kind {
        Type::Int(kind) => number
            .and_then(|number| number.int)
            .map(|int| Value::Int(*kind, int))
            .ok_or("integer"),
        Type::Uint(kind) => number
            .and_then(|number| number.uint)
            .map(|uint| Value::Uint(*kind, uint))
            .ok_or("unsigned integer"),
        Type::Float64 => number
            .and_then(|number| number.float)
            .map(Value::Float)
            .ok_or("float"),
        Type::Float32 => number
            .and_then(|number| number.float)
            .map(|float| Value::Float32(float as f32))
            .ok_or("float"),
        Type::Complex128 => number
            .and_then(|number| number.complex.or(number.float.map(|float| (float, 0.0))))
            .map(|(real, imaginary)| Value::Complex(real, imaginary))
            .ok_or("complex"),
        _ => return None,
    })
}

/// A value whose static type is this: interfaces box it.
fn typed(mut operand: Operand, kind: &Type) -> Operand {
    match kind {
        Type::Any => operand.boxed = true,
        Type::Value => {}
        _ => operand.boxed = false,
    }
    operand
}

fn plain(values: &[Operand]) -> Vec<Value> {
    values.iter().map(|operand| operand.value.clone()).collect()
}

/// What Go prints of a function that came through the pipeline.
fn callee_text(callee: Option<&Operand>) -> String {
    match callee.map(|callee| &callee.value) {
        Some(Value::String(text)) => text.to_string(),
        Some(other) => format!("<{} Value>", other.type_name()),
        None => String::new(),
    }
}
