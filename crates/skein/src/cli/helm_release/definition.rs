//! What the API server would say about a HelmRelease of a file.

use anyhow::anyhow;
use serde_json::Value;
use skein_api::FluxKind;
use skein_object::Object;
use skein_schema::{CrdSchemas, FieldError, pruning, rules};

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
    let whole = Value::Object(fields.clone());
    let verdict = rules::validate_resource(&whole, None, &version.schema);
    if !verdict.errors.is_empty() {
        let texts: Vec<String> = verdict.errors.iter().map(FieldError::to_string).collect();
        return Err(named(&texts.join(", ")));
    }
    let unknown = pruning::prune(&mut fields, &version.schema);
    if let Some(path) = unknown.first() {
        return Err(named(&format!("unknown field \"{path}\"")));
    }
    Ok(())
}
