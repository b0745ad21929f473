//! Tests of health expressions, with expressions that compare one field.

use serde_json::json;

use super::*;

/// `field=value` over `status`; `error` fails.
struct FieldEquals(String, String);

impl Evaluate for FieldEquals {
    fn evaluate(&self, object: &Object) -> Result<bool, String> {
        if self.0 == "error" {
            return Err("no such key: odd".into());
        }
        Ok(object.str_at(&["status", &self.0]) == Some(&self.1))
    }
}

fn compiler(text: &str) -> Result<FieldEquals, String> {
    let (field, value) = text.split_once('=').ok_or("no equals sign")?;
    Ok(FieldEquals(field.into(), value.into()))
}

fn check(kind: &str, in_progress: &str, failed: &str, current: &str) -> CustomHealthCheck {
    CustomHealthCheck {
        api_version: "example.com/v1".into(),
        kind: kind.into(),
        current: current.into(),
        in_progress: in_progress.into(),
        failed: failed.into(),
    }
}

fn database(status: serde_json::Value) -> Object {
    Object::from_value(json!({
        "apiVersion": "example.com/v1beta1", "kind": "Database",
        "metadata": {"name": "a", "generation": 2}, "status": status,
    }))
    .expect("an object")
}

fn status(checks: &[CustomHealthCheck], object: &Object) -> Option<Status> {
    let compiled = HealthExpressions::compile(checks, compiler).expect("compiles");
    compiled.health(object).map(|health| health.status)
}

#[test]
fn progress_counts_before_failure_and_failure_before_success() {
    let checks = [check("Database", "phase=busy", "result=bad", "phase=done")];
    let of = |value| status(&checks, &database(value));
    assert_eq!(
        of(json!({"phase": "busy", "result": "bad"})),
        Some(Status::InProgress)
    );
    assert_eq!(
        of(json!({"phase": "done", "result": "bad"})),
        Some(Status::Failed)
    );
    assert_eq!(of(json!({"phase": "done"})), Some(Status::Current));
    assert_eq!(of(json!({"phase": "other"})), Some(Status::InProgress));
    assert_eq!(
        of(json!({"phase": "done", "observedGeneration": 1})),
        Some(Status::InProgress)
    );
}

#[test]
fn the_kind_counts_before_its_group() {
    let checks = [
        check("", "", "", "a=b"),
        check("Database", "", "", "phase=done"),
    ];
    assert_eq!(
        status(&checks, &database(json!({"phase": "done"}))),
        Some(Status::Current)
    );
    assert_eq!(
        status(&checks[..1], &database(json!({"a": "b"}))),
        Some(Status::Current)
    );
    assert_eq!(
        status(
            &checks[1..],
            &Object::new(&GroupVersionKind::new("", "v1", "Pod"), "", "a")
        ),
        None
    );
}

#[test]
fn an_expression_that_fails_makes_the_status_unknown() {
    let checks = [check("Database", "", "", "error=1")];
    let compiled = HealthExpressions::compile(&checks, compiler).expect("compiles");
    let health = compiled
        .health(&database(json!({})))
        .expect("has expressions");
    assert_eq!(
        (health.status, health.message.as_str()),
        (Status::Unknown, "no such key: odd")
    );
}

#[test]
fn lists_that_make_no_sense_are_refused() {
    let refuse = |checks: &[CustomHealthCheck]| {
        HealthExpressions::compile(checks, compiler)
            .err()
            .expect("is refused")
            .to_string()
    };
    let fine = check("Database", "", "", "a=b");
    assert_eq!(
        refuse(&[fine.clone(), fine.clone()]),
        "duplicate custom health check for GroupKind Database.example.com at healthchecks[1]"
    );
    assert_eq!(
        refuse(&[fine, check("Other", "", "", "")]),
        "failed to create custom status evaluator for healthchecks[1]: expression Current not specified"
    );
    assert_eq!(
        refuse(&[check("Other", "", "x", "a=b")]),
        "failed to create custom status evaluator for healthchecks[0]: \
         failed to parse the expression Failed: no equals sign"
    );
}
