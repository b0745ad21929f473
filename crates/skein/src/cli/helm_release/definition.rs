//! What the API server would say about a HelmRelease of a file.

use anyhow::anyhow;
use serde_json::Value;
use skein_api::FluxKind;
use skein_object::Object;
use skein_schema::{CrdSchemas, FieldError, pruning, validation};

/// Refuses what the definition of the kind does not allow, and fields that it does not have.
pub(super) fn check(object: &Object) -> anyhow::Result<()> {
    let definition = FluxKind::HelmRelease.crd();
    let schemas = CrdSchemas::from_crd(&definition.to_value())?;
    let gvk = object.gvk();
    let version = schemas
        .version(&gvk.version)
        .ok_or_else(|| anyhow!("HelmRelease has no version {:?}", gvk.version))?;
    let named = |problem: &str| anyhow!("{} is invalid: {problem}", object.key());
    let Value::Object(mut fields) = object.to_value() else {
        return Ok(());
    };
    let problems = validation::validate(&Value::Object(fields.clone()), &version.schema);
    if !problems.is_empty() {
        let texts: Vec<String> = problems.iter().map(FieldError::to_string).collect();
        return Err(named(&texts.join(", ")));
    }
    let unknown = pruning::prune(&mut fields, &version.schema);
    if let Some(path) = unknown.first() {
        return Err(named(&format!("unknown field \"{path}\"")));
    }
    let has = |field: &str| object.at(&["spec", field]).is_some();
    if has("chart") == has("chartRef") {
        return Err(named("either chart or chartRef must be set"));
    }
    Ok(())
}
