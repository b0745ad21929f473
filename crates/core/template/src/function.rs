//! Functions and methods: what they take, what they return, and how they fail.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::error::{ExecError, ExecErrorKind};
use crate::exec::Runtime;
use crate::types::{IntKind, Type, UintKind};
use crate::value::Operand;

/// Why a call failed. The text is what Go prints behind `error calling NAME: `.
#[derive(Clone, Debug)]
pub struct CallError(Box<ExecError>);

impl CallError {
    /// An error with this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(ExecError::wrapping(message.into(), None)))
    }

    /// A bound that was hit: the rendering fails as a whole.
    pub fn limit(message: impl Into<String>) -> Self {
        let error = ExecError::wrapping(message.into(), None);
        Self(Box::new(error.with_kind(ExecErrorKind::Limit)))
    }

    /// The error of a template that the function executed, with text in front of it.
    pub fn wrapping(prefix: impl Into<String>, inner: ExecError) -> Self {
        let error = ExecError::wrapping(prefix.into(), Some(Box::new(inner)));
        Self(Box::new(error))
    }

    pub(crate) fn into_error(self) -> Box<ExecError> {
        self.0
    }
}

impl From<ExecError> for CallError {
    fn from(error: ExecError) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Types of parameters and result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Types of the parameters; of a variadic function, the last is the type of each further argument.
    pub parameters: Vec<Type>,
    /// Whether the last parameter takes any number of arguments.
    pub variadic: bool,
    /// Type of the result.
    pub result: Type,
    /// Types of further results: templates call nothing that has them.
    pub further: Vec<Type>,
}

impl Signature {
    /// Reads `string, ...any -> int`: Go's type names, with `any`, `value` (`reflect.Value`), `bytes`, `time` and `duration` as short forms. Other
    /// words are names of types. Several results stand as parameters do.
    pub fn parse(text: &'static str) -> Self {
        let (parameters, result) = text.split_once("->").unwrap_or(("", text));
        let mut signature = Self {
            parameters: Vec::new(),
            variadic: false,
            result: Type::Any,
            further: Vec::new(),
        };
        let mut results = result.split(',').map(|word| parse_type(word.trim()));
        if let Some(first) = results.next() {
            signature.result = first;
            signature.further = results.collect();
        }
        for word in parameters.split(',').map(str::trim) {
            if word.is_empty() {
                continue;
            }
            let variadic = word.strip_prefix("...");
            signature.variadic = variadic.is_some();
            signature
                .parameters
                .push(parse_type(variadic.unwrap_or(word)));
        }
        signature
    }
}

fn parse_type(word: &'static str) -> Type {
    if let Some(item) = word.strip_prefix("[]") {
        return Type::List(Arc::new(parse_type(item)));
    }
    if let Some(item) = word.strip_prefix("map[string]") {
        return Type::Map(Arc::new(parse_type(item)));
    }
    match word {
        "any" => Type::Any,
        "bool" => Type::Bool,
        "int" => Type::Int(IntKind::Int),
        "int32" => Type::Int(IntKind::Int32),
        "int64" => Type::Int(IntKind::Int64),
        "uint" => Type::Uint(UintKind::Uint),
        "uint8" => Type::Uint(UintKind::Uint8),
        "uint32" => Type::Uint(UintKind::Uint32),
        "uint64" => Type::Uint(UintKind::Uint64),
        "float64" => Type::Float64,
        "complex128" => Type::Complex128,
        "string" => Type::String,
        "bytes" => Type::List(Arc::new(Type::Uint(UintKind::Uint8))),
        "time" => Type::Time,
        "duration" => Type::Int(IntKind::Duration),
        "value" => Type::Value,
        name => Type::Named(Cow::Borrowed(name)),
    }
}

impl Signature {
    /// What Go says of a function or method that templates cannot call.
    pub(crate) fn problem(&self, name: &str) -> Option<String> {
        match self.further.as_slice() {
            [] => None,
            [second] => Some(format!(
                "invalid function signature for {name}: second return value should be error; is {second}"
            )),
            [_, rest @ ..] => Some(format!(
                "function {name} has {} return values; should be 1 or 2",
                rest.len() + 2
            )),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        for (index, parameter) in self.parameters.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if self.variadic && index + 1 == self.parameters.len() {
                f.write_str("...")?;
            }
            write!(f, "{parameter}")?;
        }
        write!(f, ") {}", self.result)
    }
}

/// What a function does. Arguments fit its signature.
pub type Body =
    dyn Fn(&mut Runtime<'_>, &[Operand]) -> Result<Operand, CallError> + Send + Sync + 'static;

/// Functions that the executor evaluates itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    /// An ordinary function.
    None,
    /// `and`: stops at the first false argument.
    And,
    /// `or`: stops at the first true argument.
    Or,
    /// `call`: its first argument is a function.
    Call,
}

/// A function that templates can call.
pub struct Function {
    name: Cow<'static, str>,
    signature: Signature,
    pub(crate) special: Special,
    body: Box<Body>,
}

impl Function {
    /// A function with a signature as [`Signature::parse`] reads it.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        signature: &'static str,
        body: impl Fn(&mut Runtime<'_>, &[Operand]) -> Result<Operand, CallError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            signature: Signature::parse(signature),
            special: Special::None,
            body: Box::new(body),
        }
    }

    pub(crate) fn special(mut self, special: Special) -> Self {
        self.special = special;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it takes and returns.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Calls it.
    pub fn call(
        &self,
        runtime: &mut Runtime<'_>,
        arguments: &[Operand],
    ) -> Result<Operand, CallError> {
        (self.body)(runtime, arguments)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.signature)
    }
}

/// Functions by name.
#[derive(Clone, Debug, Default)]
pub struct FunctionMap {
    functions: HashMap<Cow<'static, str>, Arc<Function>>,
}

impl FunctionMap {
    /// Adds a function; one of the same name is replaced.
    pub fn insert(&mut self, function: Function) {
        self.functions
            .insert(function.name.clone(), Arc::new(function));
    }

    /// Removes a function.
    pub fn remove(&mut self, name: &str) {
        self.functions.remove(name);
    }

    /// Adds all functions of another map.
    pub fn extend(&mut self, other: &Self) {
        for (name, function) in &other.functions {
            self.functions.insert(name.clone(), Arc::clone(function));
        }
    }

    /// The function of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.functions.get(name)
    }

    /// Every name, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(AsRef::as_ref)
    }
}
