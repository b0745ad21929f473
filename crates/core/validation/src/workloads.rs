//! Deployments, ReplicaSets, DaemonSets, StatefulSets and what came before them.

use serde_json::Value;
use skein_object::Object;

use crate::names::{label_problems, percent_problems};
use crate::spot::{Errors, Spot, go_struct};
use crate::{labels, pods, storage};

const MISMATCH: &str = "`selector` does not match template `labels`";

pub(crate) fn check_deployment(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    errors.not_negative(&spec.get("replicas"));
    check_replicated(errors, &spec, "ReplicaSet");
    let strategy = spec.get("strategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "Recreate" => {
            let text = "may not be specified when strategy `type` is 'Recreate'";
            errors.add_if(rolling.is_set(), || rolling.forbidden(text));
        }
        "RollingUpdate" => check_rolling(errors, &rolling),
        other => {
            let surge = go_rolling(&rolling, &["maxUnavailable", "maxSurge"]);
            let text = format!(
                "{{\"Type\":{},\"RollingUpdate\":{surge}}}",
                Value::from(other)
            );
            let error = strategy.not_supported(&["Recreate", "RollingUpdate"]);
            errors.add(error.showing(text));
        }
    }
    let ready = spec.get("minReadySeconds");
    errors.not_negative(&ready);
    errors.not_negative(&spec.get("revisionHistoryLimit"));
    let deadline = spec.get("progressDeadlineSeconds");
    errors.not_negative(&deadline);
    if let Some(seconds) = deadline.number()
        && seconds <= ready.number().unwrap_or_default()
    {
        errors.add(deadline.invalid("must be greater than minReadySeconds"));
    }
}

pub(crate) fn check_replica_set(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    errors.not_negative(&spec.get("replicas"));
    errors.not_negative(&spec.get("minReadySeconds"));
    check_replicated(errors, &spec, "ReplicaSet");
}

/// A ReplicationController, whose selector is a map of labels.
pub(crate) fn check_replication_controller(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    errors.not_negative(&spec.get("minReadySeconds"));
    let selector = spec.get("selector");
    errors.add_if(selector.len() == 0, || selector.required(""));
    errors.not_negative(&spec.get("replicas"));
    let template = spec.get("template");
    if !template.is_set() {
        errors.add(template.required(""));
        return;
    }
    let own = template.get("metadata.labels");
    let has = |(key, value): (&str, Spot<'_>)| own.value.get(key) == Some(value.value);
    if !selector.members().into_iter().all(has) {
        errors.add(own.invalid(MISMATCH));
    }
    pods::check_template(errors, &template, &[]);
    check_always(errors, &template, "ReplicationController");
}

/// A ControllerRevision.
pub(crate) fn check_revision(errors: &mut Errors, object: &Object, creating: bool) {
    errors.not_negative(&Spot::of(object, "revision"));
    let data = Spot::of(object, "data");
    if !creating || data.map().is_some() {
        return;
    }
    let text = match data.is_set() {
        true => "data must be a valid JSON object",
        false => "data is mandatory",
    };
    errors.add(data.required(text));
}

/// Selector and template of a kind that keeps a number of equal Pods.
fn check_replicated(errors: &mut Errors, spec: &Spot<'_>, kind: &str) {
    let selector = spec.get("selector");
    check_selector(errors, &selector, "deployment");
    let template = spec.get("template");
    // Without a selector nothing matches.
    if selector.is_set() && !labels::is_usable(&selector) {
        errors.add(labels::invalid_selector(
            &selector,
            "invalid label selector",
        ));
        return;
    }
    let is_empty = selector.is_set() && labels::is_empty(&selector);
    check_match(errors, &selector, &template, is_empty);
    pods::check_template(errors, &template, &[]);
    check_always(errors, &template, kind);
}

fn check_selector(errors: &mut Errors, selector: &Spot<'_>, kind: &str) {
    if !selector.is_set() {
        errors.add(selector.required(""));
        return;
    }
    labels::check_selector(errors, selector);
    if labels::is_empty(selector) {
        errors.add(selector.invalid(format!("empty selector is invalid for {kind}")));
    }
}

fn check_match(errors: &mut Errors, selector: &Spot<'_>, template: &Spot<'_>, skip: bool) {
    let own = template.get("metadata.labels");
    if !skip && !labels::matches(selector, own.map()) {
        errors.add(own.invalid(MISMATCH));
    }
}

/// Pods that are replaced when they end always restart.
fn check_always(errors: &mut Errors, template: &Spot<'_>, kind: &str) {
    let policy = template.get("spec.restartPolicy");
    if policy.text() != "Always" {
        let spot = Spot::new(Some(policy.value), policy.path.clone());
        errors.add(spot.not_supported(&["Always"]));
    }
    let deadline = template.get("spec.activeDeadlineSeconds");
    let text = format!("activeDeadlineSeconds in {kind} is not Supported");
    errors.add_if(deadline.is_set(), || deadline.forbidden(&text));
}

fn check_rolling(errors: &mut Errors, rolling: &Spot<'_>) {
    if !rolling.is_set() {
        errors.add(rolling.required("this should be defaulted and never be nil"));
        return;
    }
    let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
    check_share(errors, &unavailable);
    check_share(errors, &surge);
    if share(&unavailable) == 0 && share(&surge) == 0 {
        errors.add(unavailable.invalid("may not be 0 when `maxSurge` is 0"));
    }
    check_not_all(errors, &unavailable);
}

/// Settings of a roll-out with the names of Go's internal type.
fn go_rolling(rolling: &Spot<'_>, fields: &[&str]) -> String {
    if !rolling.is_set() {
        return "null".to_owned();
    }
    let upper = |name: &str| name[..1].to_uppercase() + &name[1..];
    let names: Vec<String> = fields.iter().map(|name| upper(name)).collect();
    let values: Vec<Spot<'_>> = fields.iter().map(|name| rolling.get(name)).collect();
    let pairs: Vec<(&str, &Value)> = names
        .iter()
        .zip(&values)
        .map(|(name, spot)| (name.as_str(), spot.value))
        .collect();
    go_struct(&pairs)
}

/// A number that is not negative, or a percentage.
pub(crate) fn check_share(errors: &mut Errors, share: &Spot<'_>) {
    match share.value {
        Value::String(text) => errors.problems(share, percent_problems(text)),
        _ => errors.not_negative(share),
    }
}

/// Not more than 100 %.
pub(crate) fn check_not_all(errors: &mut Errors, share: &Spot<'_>) {
    const WHOLE_PERCENT: i64 = 100;
    let percent = share.text().strip_suffix('%');
    if percent
        .and_then(|number| number.parse::<i64>().ok())
        .is_some_and(|percent| percent > WHOLE_PERCENT)
    {
        errors.add(share.invalid("must not be greater than 100%"));
    }
}

/// The number, or the number before the percent sign.
fn share(share: &Spot<'_>) -> i64 {
    let percent = share.text().strip_suffix('%');
    percent
        .and_then(|number| number.parse().ok())
        .or(share.number())
        .unwrap_or_default()
}

pub(crate) fn check_daemon_set(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    labels::check_selector(errors, &selector);
    if !selector.is_set() || labels::is_usable(&selector) {
        check_match(errors, &selector, &template, false);
    }
    if selector.is_set() && labels::is_empty(&selector) {
        errors.add(selector.invalid("empty selector is invalid for daemonset"));
    }
    pods::check_template(errors, &template, &[]);
    check_always(errors, &template, "DaemonSet");
    errors.not_negative(&spec.get("minReadySeconds"));
    let strategy = spec.get("updateStrategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "OnDelete" => {}
        "RollingUpdate" if !rolling.is_set() => errors.add(rolling.required("")),
        "RollingUpdate" => check_daemon_rolling(errors, &rolling),
        _ => {
            let other = Value::from(strategy.get("type").text());
            let surge = go_rolling(&rolling, &["maxUnavailable", "maxSurge"]);
            let text = format!("{{\"Type\":{other},\"RollingUpdate\":{surge}}}");
            let error = strategy.not_supported(&["RollingUpdate", "OnDelete"]);
            errors.add(error.showing(text));
        }
    }
    errors.not_negative(&spec.get("revisionHistoryLimit"));
}

fn check_daemon_rolling(errors: &mut Errors, rolling: &Spot<'_>) {
    let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
    for spot in [&unavailable, &surge] {
        check_share(errors, spot);
    }
    for spot in [&unavailable, &surge] {
        check_not_all(errors, spot);
    }
    match (share(&unavailable) != 0, share(&surge) != 0) {
        (true, true) => {
            errors.add(surge.invalid("may not be set when maxUnavailable is non-zero"));
        }
        (false, false) => errors.add(unavailable.required("cannot be 0 when maxSurge is 0")),
        _ => {}
    }
}

/// `creating`: names of services and claim templates were accepted before and cannot change.
pub(crate) fn check_stateful_set(errors: &mut Errors, object: &Object, creating: bool) {
    let spec = Spot::of(object, "spec");
    let management = spec.get("podManagementPolicy");
    match management.text() {
        "" => errors.add(management.required("")),
        "OrderedReady" | "Parallel" => {}
        _ => errors.add(management.invalid("must be 'OrderedReady' or 'Parallel'")),
    }
    check_stateful_strategy(errors, &spec.get("updateStrategy"));
    let retention = spec.get("persistentVolumeClaimRetentionPolicy");
    for name in ["whenDeleted", "whenScaled"] {
        errors.optional_choice(&retention.get(name), &["Retain", "Delete"]);
    }
    let claims = spec.get("volumeClaimTemplates");
    if creating {
        for claim in claims.items() {
            storage::check_claim_spec(errors, &claim.get("spec"));
        }
    }
    errors.not_negative(&spec.get("replicas"));
    errors.not_negative(&spec.get("minReadySeconds"));
    errors.not_negative(&spec.get("ordinals.start"));
    let service = spec.get("serviceName");
    if creating && !service.is_blank() {
        errors.problems(&service, label_problems(service.text()));
    }
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    check_selector(errors, &selector, "statefulset");
    if selector.is_set() && !labels::is_usable(&selector) {
        errors.add(labels::invalid_selector(&selector, ""));
    } else {
        let is_empty = selector.is_set() && labels::is_empty(&selector);
        check_match(errors, &selector, &template, is_empty);
        let names: Vec<&str> = claims
            .items()
            .map(|claim| claim.get("metadata.name").text())
            .collect();
        check_claim_volumes(errors, &template, &names);
        pods::check_template(errors, &template, &names);
        // The API server looks at these twice.
        pods::check_template_metadata(errors, &template);
    }
    check_always(errors, &template, "StatefulSet");
}

/// Each claim becomes a volume of the pods under its name.
fn check_claim_volumes(errors: &mut Errors, template: &Spot<'_>, names: &[&str]) {
    let volumes = template.get("spec.volumes");
    for (index, name) in names.iter().enumerate() {
        let path = volumes.path.index(index);
        let value = Value::from(*name);
        let spot = |path| Spot::new(Some(&value), path);
        let named = spot(path.child("name"));
        if name.is_empty() {
            errors.add(named.required(""));
            let claim = path.child("persistentVolumeClaim").child("claimName");
            errors.add(spot(claim).required(""));
        } else {
            errors.problems(&named, label_problems(name));
        }
    }
}

fn check_stateful_strategy(errors: &mut Errors, strategy: &Spot<'_>) {
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "" => errors.add(strategy.required("")),
        "OnDelete" => {
            let text = "only allowed for updateStrategy 'RollingUpdate'";
            if rolling.is_set() {
                let shown = go_rolling(&rolling, &["partition", "maxUnavailable"]);
                errors.add(rolling.invalid(text).showing(shown));
            }
        }
        "RollingUpdate" => {
            errors.not_negative(&rolling.get("partition"));
            let unavailable = rolling.get("maxUnavailable");
            if unavailable.is_set() {
                check_share(errors, &unavailable);
                errors.add_if(share(&unavailable) == 0, || {
                    unavailable.invalid("cannot be 0")
                });
                check_not_all(errors, &unavailable);
            }
        }
        other => {
            let rolling = go_rolling(&rolling, &["partition", "maxUnavailable"]);
            let shown = format!(
                "{{\"Type\":{},\"RollingUpdate\":{rolling}}}",
                Value::from(other)
            );
            let text = "must be 'RollingUpdate' or 'OnDelete'";
            errors.add(strategy.invalid(text).showing(shown));
        }
    }
}
