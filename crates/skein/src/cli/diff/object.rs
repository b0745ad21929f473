//! One object of a comparison: what a server-side dry run says about it, and how that is told.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use skein_cluster::{ApiError, ApplyOptions};
use skein_object::mask::MASK;
use skein_object::{Object, ObjectKey};
use skein_plan::apply::{Refusal, Rules, is_drifted, may_recreate};
use skein_plan::ignore::{self, IgnoreRules};

use super::report;
use crate::arguments::Session;

/// What a dry run says about one object.
pub(crate) enum Outcome {
    /// It is left as it is.
    Skipped,
    /// It would be made.
    Created,
    /// It is as it should be.
    Unchanged,
    /// It would change, from the first to the second.
    Drifted(Box<(Object, Object)>),
}

impl Outcome {
    /// Whether applying would change the cluster.
    pub(crate) fn is_change(&self) -> bool {
        matches!(self, Self::Created | Self::Drifted(_))
    }

    /// The lines about it, for a screen of so many columns; none when there is nothing to tell.
    pub(crate) fn told(&self, key: &ObjectKey, columns: usize) -> String {
        match self {
            Self::Unchanged => String::new(),
            Self::Skipped => format!("► {key} skipped\n"),
            Self::Created => format!("► {key} created\n"),
            Self::Drifted(pair) => {
                format!(
                    "► {key} drifted\n{}",
                    report::report(&pair.0, &pair.1, columns)
                )
            }
        }
    }
}

/// Who would apply, and by which rules.
pub(crate) struct Judge<'a> {
    /// The cluster.
    pub session: &'a Session,
    /// Field manager of the controller.
    pub manager: &'static str,
    /// Fields that do not count.
    pub ignore: IgnoreRules,
    /// Whether what cannot be changed is made anew.
    pub force: bool,
    /// Whether the controller leaves an object alone, by what is wanted and what is there.
    pub is_left: fn(&Object, Option<&Object>) -> bool,
}

impl Judge<'_> {
    /// What a server-side dry run says about an object; the key is the one under which the cluster knows it.
    pub(crate) async fn object(&self, desired: &Object) -> Result<(ObjectKey, Outcome), String> {
        let cluster = &self.session.cluster;
        let told = |error: &ApiError| refusal(error).dry_run_message(desired);
        let resource = cluster
            .resource(&desired.gvk())
            .await
            .map_err(|e| told(&e))?;
        let live = cluster
            .get(&resource, desired.namespace(), desired.name())
            .await
            .map_err(|e| told(&e))?;
        let key = live.as_ref().map_or_else(|| desired.key(), Object::key);
        if (self.is_left)(desired, live.as_ref()) {
            return Ok((key, Outcome::Skipped));
        }
        let rules = Rules {
            manager: self.manager,
            predecessors: &[],
            ignore: &self.ignore,
            force: self.force,
        };
        let options = ApplyOptions {
            field_manager: self.manager,
            force: true,
            dry_run: true,
            ..ApplyOptions::default()
        };
        let merged = match cluster.apply(&resource, desired, &options).await {
            Ok(merged) => merged,
            Err(error) if may_recreate(desired, live.as_ref(), &rules, &refusal(&error)) => {
                return Ok((key, Outcome::Created));
            }
            Err(error) => return Err(told(&error)),
        };
        let Some(live) = live else {
            return Ok((merged.key(), Outcome::Created));
        };
        if !is_drifted(&live, &merged, &rules) {
            return Ok((key, Outcome::Unchanged));
        }
        if has_masked_values(desired) && same_keys(&live, &merged) {
            return Ok((key, Outcome::Unchanged));
        }
        let ignored = self.ignore.paths(&merged);
        let shown = (
            ignore::without(&live, &ignored),
            ignore::without(&merged, &ignored),
        );
        Ok((key, Outcome::Drifted(Box::new(shown))))
    }
}

fn refusal(error: &ApiError) -> Refusal<'_> {
    Refusal {
        code: error.code(),
        reason: error.reason(),
        message: match error {
            ApiError::Status(status) => &status.message,
            _ => "the API server did not answer",
        },
        field_conflict: error.is_field_conflict(),
    }
}

/// Whether a Secret holds values that were encrypted and are masked in the build.
fn has_masked_values(object: &Object) -> bool {
    let data = object.at(&["data"]).and_then(Value::as_object);
    object.kind() == "Secret"
        && data.into_iter().flatten().any(|(_, value)| {
            let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok());
            bytes.is_some_and(|bytes| String::from_utf8_lossy(&bytes).contains(MASK))
        })
}

fn same_keys(live: &Object, merged: &Object) -> bool {
    let keys = |object: &Object| -> BTreeSet<String> {
        let data = object.at(&["data"]).and_then(Value::as_object);
        data.into_iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect()
    };
    keys(live) == keys(merged)
}

#[cfg(test)]
mod tests {
    use skein_object::GroupVersionKind;

    use super::*;

    /// The answer of kube-apiserver 1.36 to an apply of a field that another manager applied.
    #[test]
    fn a_conflict_of_field_managers_is_named() {
        let answer = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Apply failed with 1 conflict: conflict with \"one\": .data.k","reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"one\"","field":".data.k"}]},"code":409}"#;
        let error = ApiError::Status(serde_json::from_str(answer).unwrap());
        let object = Object::new(
            &GroupVersionKind::new("", "v1", "ConfigMap"),
            "default",
            "a",
        );
        assert_eq!(
            refusal(&error).dry_run_message(&object),
            "ConfigMap/default/a dry-run failed (FieldManagerConflict): Apply failed with 1 conflict: conflict with \"one\": .data.k"
        );
    }
}
