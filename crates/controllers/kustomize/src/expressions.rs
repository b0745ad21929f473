//! CEL expressions of Kustomizations: readiness of dependencies.

use skein_cel::Program;
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
