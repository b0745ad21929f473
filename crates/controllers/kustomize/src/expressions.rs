//! CEL expressions of Kustomizations: readiness of dependencies, health of custom kinds.

use skein_cel::Program;
use skein_health::Evaluate;
use skein_object::Object;

use crate::decide::{ExpressionFailure, ReadyExpressions};

/// Evaluates `readyExpr` over `self` and `dep`.
pub(crate) struct CelExpressions;

impl ReadyExpressions for CelExpressions {
    fn is_ready(
        &self,
        expression: &str,
        this: &Object,
        dep: &Object,
    ) -> Result<bool, ExpressionFailure> {
        let program = Program::compile_bool(expression, &["self", "dep"])
            .map_err(|error| ExpressionFailure::Wrong(error.to_string()))?;
        let (this, dep) = (this.to_value(), dep.to_value());
        program
            .eval_bool(&[("self", &this), ("dep", &dep)])
            .map_err(|error| ExpressionFailure::NotNow(error.to_string()))
    }
}

/// One compiled health expression over the top-level fields of an object.
pub(crate) struct HealthExpression(Program);

impl Evaluate for HealthExpression {
    fn evaluate(&self, object: &Object) -> Result<bool, String> {
        let fields: Vec<(&str, &serde_json::Value)> = object
            .as_map()
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        self.0.eval_bool(&fields).map_err(|error| error.to_string())
    }
}

/// Compiles a health expression. The fields of custom kinds are not known in advance, so names are checked when it runs.
pub(crate) fn health(text: &str) -> Result<HealthExpression, String> {
    Program::parse(text)
        .map(HealthExpression)
        .map_err(|error| error.to_string())
}
