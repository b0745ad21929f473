//! Health expressions in CEL: what `healthCheckExprs` of Kustomizations and HelmReleases say of objects of custom kinds.

use skein_cel::Program;
use skein_health::Evaluate;
use skein_object::Object;

/// One compiled expression over the top-level fields of an object.
pub struct HealthExpression(Program);

impl HealthExpression {
    /// Compiles an expression; an error is the reason. The fields of custom kinds are not known in advance, so names are checked when it runs.
    pub fn compile(text: &str) -> Result<Self, String> {
        Program::parse(text)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

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
