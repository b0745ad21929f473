//! What to do about a Kustomization: a closed set of decisions over plain data.

use skein_api::conditions::is_true;
use skein_api::{Artifact, ConditionType, Kustomization};
use skein_object::{NamespacedName, Object};

use crate::sources::source_name;

/// A dependency as it was found.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Namespace and name.
    pub name: NamespacedName,
    /// `readyExpr`; empty for none.
    pub expression: String,
    /// The object; `None` when there is none.
    pub object: Option<Object>,
}

/// Everything that the decision may look at.
pub struct Observation {
    /// The Kustomization.
    pub kustomization: Kustomization,
    /// The same, untyped.
    pub object: Object,
    /// Whether the source exists, and its artifact.
    pub source: Option<Option<Artifact>>,
    /// The dependencies.
    pub dependencies: Vec<Dependency>,
}

/// Settings that matter for decisions.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Refuse references to other namespaces.
    pub no_cross_namespace_refs: bool,
    /// Gate ExternalArtifact.
    pub external_artifact: bool,
    /// Gate AdditiveCELDependencyCheck.
    pub additive_dependency_check: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It is being deleted: undo and let go.
    Finalize,
    /// Nothing, until it is resumed.
    Suspended,
    /// A reference that is not allowed; only a change of the spec helps.
    AccessDenied(String),
    /// An expression that is wrong; only a change of the spec helps.
    InvalidExpression(String),
    /// There is no such source.
    SourceMissing(String),
    /// The source has no artifact yet.
    ArtifactMissing,
    /// A dependency is not ready; the text says which.
    DependencyNotReady(String),
    /// Build and apply this artifact.
    Apply(Box<Artifact>),
}

/// Why an expression gives no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpressionFailure {
    /// The expression itself is wrong: only a change of it helps.
    Wrong(String),
    /// It could not be evaluated over what is there now (a field that is not set yet).
    NotNow(String),
}

/// Compiles and evaluates dependency expressions.
pub trait ReadyExpressions {
    /// Evaluates over `self` and `dep`.
    fn is_ready(
        &self,
        expression: &str,
        this: &Object,
        dep: &Object,
    ) -> Result<bool, ExpressionFailure>;
}

/// Decides.
pub fn decide(seen: &Observation, policy: Policy, expressions: &impl ReadyExpressions) -> Decision {
    let kustomization = &seen.kustomization;
    if kustomization.metadata.deletion_timestamp.is_some() {
        return Decision::Finalize;
    }
    if kustomization.spec.suspend {
        return Decision::Suspended;
    }
    if let Some(reason) = denied(kustomization, policy) {
        return Decision::AccessDenied(reason);
    }
    let artifact = match &seen.source {
        None => return Decision::SourceMissing(missing_source(kustomization)),
        Some(None) => return Decision::ArtifactMissing,
        Some(Some(artifact)) => artifact,
    };
    match unready_dependency(seen, artifact, policy, expressions) {
        Ok(None) => Decision::Apply(Box::new(artifact.clone())),
        Ok(Some(text)) => Decision::DependencyNotReady(text),
        Err(text) => Decision::InvalidExpression(text),
    }
}

fn denied(kustomization: &Kustomization, policy: Policy) -> Option<String> {
    let reference = &kustomization.spec.source_ref;
    let namespace = &kustomization.metadata.namespace;
    let source = source_name(reference, namespace);
    let kind = reference.kind.as_str();
    if policy.no_cross_namespace_refs && source.namespace != *namespace {
        return Some(format!(
            "can't access '{kind}/{source}', cross-namespace references have been blocked"
        ));
    }
    if kind == "ExternalArtifact" && !policy.external_artifact {
        return Some(format!(
            "can't access '{kind}/{source}', ExternalArtifact feature gate is disabled"
        ));
    }
    let foreign =
        kustomization.spec.depends_on.iter().find(|dependency| {
            !dependency.namespace.is_empty() && dependency.namespace != *namespace
        });
    match foreign {
        Some(dependency) if policy.no_cross_namespace_refs => Some(format!(
            "can't access '{}/{}', cross-namespace references have been blocked",
            dependency.namespace, dependency.name
        )),
        _ => None,
    }
}

fn missing_source(kustomization: &Kustomization) -> String {
    let reference = &kustomization.spec.source_ref;
    format!(
        "{}.source.toolkit.fluxcd.io \"{}\" not found",
        reference.kind.as_str(),
        reference.name
    )
}

/// The first dependency that is not ready, in words; an `Err` is a wrong expression.
fn unready_dependency(
    seen: &Observation,
    artifact: &Artifact,
    policy: Policy,
    expressions: &impl ReadyExpressions,
) -> Result<Option<String>, String> {
    for dependency in &seen.dependencies {
        let name = &dependency.name;
        let Some(object) = &dependency.object else {
            return Ok(Some(format!(
                "dependency '{name}' not found: kustomizations.kustomize.toolkit.fluxcd.io \"{}\" not found",
                name.name
            )));
        };
        if !dependency.expression.is_empty() {
            let told = |text| format!("failed to evaluate dependency {}: {text}", name.name);
            match expressions.is_ready(&dependency.expression, &seen.object, object) {
                Ok(true) => {}
                Ok(false) => {
                    return Ok(Some(format!(
                        "dependency '{name}' is not ready according to readyExpr eval"
                    )));
                }
                // Flux names the dependency only where the expression itself is wrong.
                Err(ExpressionFailure::NotNow(text)) => return Ok(Some(text)),
                Err(ExpressionFailure::Wrong(text)) => return Err(told(text)),
            }
            if !policy.additive_dependency_check {
                continue;
            }
        }
        if let Some(problem) = builtin_problem(&seen.kustomization, artifact, name, object) {
            return Ok(Some(problem));
        }
    }
    Ok(None)
}

/// Flux's own check: observed, ready, and at the same revision when the source is the same.
fn builtin_problem(
    kustomization: &Kustomization,
    artifact: &Artifact,
    name: &NamespacedName,
    object: &Object,
) -> Option<String> {
    let not_ready = || Some(format!("dependency '{name}' is not ready"));
    let Ok(dependency) = Kustomization::from_object(object) else {
        return not_ready();
    };
    let status = &dependency.status;
    if status.observed_generation != dependency.metadata.generation
        || !is_true(&status.conditions, ConditionType::Ready.as_str())
    {
        return not_ready();
    }
    let source = |k: &Kustomization| {
        let reference = &k.spec.source_ref;
        (
            reference.kind,
            source_name(reference, &k.metadata.namespace),
        )
    };
    if source(kustomization) == source(&dependency)
        && status.last_applied_revision != artifact.revision
    {
        return Some(format!("dependency '{name}' revision is not up to date"));
    }
    None
}

#[cfg(test)]
mod tests;
