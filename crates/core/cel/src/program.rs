//! Compiled expressions.

use cel::{Context, ExecutionError, Value as CelValue};
use serde_json::Value;

use crate::attribute::missing_name;
use crate::check::{loop_depth, output, undeclared};
use crate::convert::Data;
use crate::environment::environment;
use crate::error::{CompileError, EvalError};
use crate::syntax::{issue_text, issues_text};

/// Longest expression, in bytes.
pub const MAX_SOURCE_BYTES: usize = 64 * 1024;
/// Most comprehensions within each other: each multiplies the run time by the size of its list.
pub const MAX_LOOP_DEPTH: usize = 4;

/// Type of the value of an expression, as far as it is known before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A truth value.
    Bool,
    /// A string.
    String,
    /// A whole number.
    Int,
    /// A list.
    List,
    /// A map.
    Map,
    /// Some other type.
    Other,
    /// Only known when it runs.
    Dyn,
}

impl Output {
    /// CEL's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::String => "string",
            Self::Int => "int",
            Self::List => "list(dyn)",
            Self::Map => "map(dyn, dyn)",
            Self::Other => "double",
            Self::Dyn => "dyn",
        }
    }
}

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    source: String,
    program: cel::Program,
}

impl Program {
    /// Parses an expression without knowing its variables.
    pub fn parse(source: &str) -> Result<Self, CompileError> {
        if source.len() > MAX_SOURCE_BYTES {
            return Err(CompileError::TooLong {
                found: source.len(),
                limit: MAX_SOURCE_BYTES,
            });
        }
        let program = environment()
            .compile(source)
            .map_err(|errors| CompileError::Syntax {
                source_text: source.to_owned(),
                issues: issues_text(source, &errors),
            })?;
        let found = loop_depth(&program.expression().expr);
        if found > MAX_LOOP_DEPTH {
            return Err(CompileError::TooComplex {
                found,
                limit: MAX_LOOP_DEPTH,
            });
        }
        Ok(Self {
            source: source.to_owned(),
            program,
        })
    }

    /// Parses an expression and checks that it names nothing but these variables and known functions.
    pub fn compile(source: &str, variables: &[&str]) -> Result<Self, CompileError> {
        let program = Self::parse(source)?;
        match undeclared(program.program.expression(), variables) {
            None => Ok(program),
            Some((id, name)) => Err(CompileError::Syntax {
                source_text: source.to_owned(),
                issues: program.undeclared_text(id, &name),
            }),
        }
    }

    /// As [`Self::compile`], for an expression that must yield a truth value.
    pub fn compile_bool(source: &str, variables: &[&str]) -> Result<Self, CompileError> {
        let program = Self::compile(source, variables)?;
        match program.output() {
            Output::Bool => Ok(program),
            other => Err(CompileError::Output {
                expected: "bool",
                found: other.name(),
            }),
        }
    }

    fn undeclared_text(&self, id: u64, name: &str) -> String {
        let (line, column) = self.place(id);
        let message = format!("undeclared reference to '{name}' (in container '')");
        issue_text(&self.source, line, column, &message)
    }

    /// The parsed expression.
    pub(crate) fn expression(&self) -> &cel::IdedExpr {
        self.program.expression()
    }

    /// Line and column of a part, from one.
    pub(crate) fn place(&self, id: u64) -> (isize, isize) {
        let offset = self
            .program
            .source_info()
            .offset_for(id)
            .map_or(0, |(start, _)| start);
        let before = self.source.get(..offset as usize).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        let column = last.chars().count() + 1;
        let number = |value: usize| isize::try_from(value).unwrap_or_default();
        (number(line), number(column))
    }

    /// The expression.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Type of the value, as far as it is known.
    pub fn output(&self) -> Output {
        output(&self.program.expression().expr)
    }

    /// Whether the expression uses a variable.
    pub fn uses(&self, variable: &str) -> bool {
        self.program.references().has_variable(variable)
    }

    /// Runs over JSON values and answers a truth value.
    pub fn eval_bool(&self, variables: &[(&str, &Value)]) -> Result<bool, EvalError> {
        self.run_bool(&data(variables))
    }

    /// Runs over JSON values and answers a string.
    pub fn eval_string(&self, variables: &[(&str, &Value)]) -> Result<String, EvalError> {
        self.run_string(&data(variables))
    }

    /// Runs over JSON values and answers JSON.
    pub fn eval(&self, variables: &[(&str, &Value)]) -> Result<Value, EvalError> {
        let value = self.run(&data(variables))?;
        value.json().map_err(|error| self.failed(error.to_string()))
    }

    /// As [`Self::eval_bool`], over values made by hand.
    pub fn run_bool(&self, variables: &[(&str, Data)]) -> Result<bool, EvalError> {
        match self.run(variables)? {
            CelValue::Bool(value) => Ok(value),
            _ => Err(self.no("boolean")),
        }
    }

    /// As [`Self::eval_string`], over values made by hand.
    pub fn run_string(&self, variables: &[(&str, Data)]) -> Result<String, EvalError> {
        match self.run(variables)? {
            CelValue::String(text) => Ok(text.to_string()),
            _ => Err(self.no("string")),
        }
    }

    fn run(&self, variables: &[(&str, Data)]) -> Result<CelValue, EvalError> {
        let mut context = Context::with_env(environment().clone());
        for (name, data) in variables {
            if let Some(value) = data.boxed() {
                context.add_variable_as_val(*name, value);
            }
        }
        self.program
            .execute(&context)
            .map_err(|error| match &error {
                ExecutionError::UndeclaredReference(name) => {
                    let name = missing_name(self.expression(), name);
                    self.failed(format!("no such attribute(s): {name}"))
                }
                other => self.failed(cause_text(other)),
            })
    }

    fn failed(&self, cause: String) -> EvalError {
        EvalError::Run {
            source_text: self.source.clone(),
            cause,
        }
    }

    fn no(&self, wanted: &'static str) -> EvalError {
        EvalError::Output {
            source_text: self.source.clone(),
            wanted,
        }
    }
}

fn data<'a>(variables: &[(&'a str, &Value)]) -> Vec<(&'a str, Data)> {
    variables
        .iter()
        .map(|(name, value)| (*name, Data::json(value)))
        .collect()
}

/// Run-time errors in cel-go's words.
fn cause_text(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::UnexpectedType { .. } => "no such overload".to_owned(),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::IndexOutOfBounds(index) => {
            let index = index
                .json()
                .map(|index| index.to_string())
                .unwrap_or_default();
            format!("index out of bounds: {index}")
        }
        ExecutionError::FunctionError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}
