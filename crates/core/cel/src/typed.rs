//! What kube-apiserver tells of a rule before it stores it: its types, and what it may cost at most.
//!
//! A rule is judged against the [`Shape`] of the value that it looks at. The types follow cel-go's checker, the costs its estimator
//! with Kubernetes' own factors.

mod admission;
mod calls;
mod checker;
mod cost;
mod functions;
mod kinds;
mod loops;
mod shape;
mod validators;

use std::sync::Arc;

use crate::error::CompileError;
use crate::program::Program;
use crate::syntax::issue_text;
use crate::typed::checker::{Checked, Issue, Variable};
use crate::typed::kinds::Kind;

pub use shape::{Form, Shape};

/// Most issues that are told of one expression.
const MAX_ISSUES: usize = 100;
/// What the type of `self` is called; the API server takes another name each time.
const SELF_TYPE: &str = "selfType0";

/// A rule whose types fit.
#[derive(Debug)]
pub struct TypedRule {
    program: Program,
    checked: Checked,
    shape: Arc<Shape>,
}

impl TypedRule {
    /// Checks an expression over `self` and `oldSelf`, both of that shape; `oldSelf` is an optional value when told so.
    pub fn check(
        source: &str,
        shape: &Arc<Shape>,
        is_old_optional: bool,
    ) -> Result<Self, CompileError> {
        let program = Program::parse(source)?;
        let this = kinds::of_shape(shape, SELF_TYPE);
        let old = if is_old_optional {
            Kind::Optional(Box::new(this.clone()))
        } else {
            this.clone()
        };
        let variables = [Variable::new("self", this), Variable::new("oldSelf", old)];
        let checked = checker::check(program.expression(), &variables)
            .and_then(|checked| validators::check(program.expression(), checked))
            .map_err(|issues| refused(&program, &issues))?;
        Ok(Self {
            program,
            checked,
            shape: Arc::clone(shape),
        })
    }

    /// Whether it yields a truth value, and nothing that is only known when it runs.
    pub fn is_bool(&self) -> bool {
        self.checked.output == Kind::Bool
    }

    /// Whether it yields a string.
    pub fn is_string(&self) -> bool {
        self.checked.output == Kind::String
    }

    /// Whether it names `oldSelf`.
    pub fn uses_old_self(&self) -> bool {
        self.checked.names.iter().any(|name| name == "oldSelf")
    }

    /// The most that one evaluation may cost, in the units of CEL.
    pub fn worst_cost(&self) -> u64 {
        cost::estimate(self.program.expression(), &self.checked, &self.shape)
    }
}

/// The type that an expression over these variables yields, as CEL names it. Variables are of any type but for those of
/// admission: the request and the namespace have fields.
pub fn yields(source: &str, variables: &[&str]) -> Result<String, CompileError> {
    let program = Program::parse(source)?;
    let variables: Vec<Variable> = variables
        .iter()
        .map(|name| Variable::new(name, admission::kind_of(name)))
        .collect();
    checker::check(program.expression(), &variables)
        .and_then(|checked| validators::check(program.expression(), checked))
        .map(|checked| checked.output.to_string())
        .map_err(|issues| refused(&program, &issues))
}

/// All issues in the order of their places.
fn refused(program: &Program, issues: &[Issue]) -> CompileError {
    let mut placed: Vec<((isize, isize), &str)> = issues
        .iter()
        .take(MAX_ISSUES)
        .map(|issue| (program.place(issue.id), issue.text.as_str()))
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    let texts: Vec<String> = placed
        .into_iter()
        .map(|((line, column), text)| issue_text(program.source(), line, column, text))
        .collect();
    CompileError::Syntax {
        source_text: program.source().to_owned(),
        issues: texts.join("\n"),
    }
}
