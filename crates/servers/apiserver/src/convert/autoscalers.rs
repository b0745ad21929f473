//! HorizontalPodAutoscalers in `autoscaling/v1`: what that version has no fields for stands in annotations, as JSON of
//! types that only live there.

use serde_json::{Map, Value, json};
use skein_gowords::escape_json;
use skein_object::{Object, quantity};

use crate::resource::Resource;

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// Annotations that stand for fields, and are never stored.
const STAND_INS: [&str; 6] = [
    METRICS,
    CURRENT_METRICS,
    CONDITIONS,
    BEHAVIOR,
    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
    "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
];

/// The only measures that the older version has fields for.
const WANTED_CPU: &str = "targetCPUUtilizationPercentage";
const USED_CPU: &str = "currentCPUUtilizationPercentage";

/// What an autoscaler that measures nothing aims at, in percent of the requested CPU.
const DEFAULT_CPU_PERCENT: i64 = 80;

/// How a field of a metric is written.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Whole,
    Amount,
    Reference,
    Selector,
}

/// A field of a metric: its name in the older version, its place in the newer one, its form, and whether the older version
/// always writes it.
type Field = (&'static str, &'static str, Form, bool);

/// A kind of metric and its fields.
type Source = (&'static str, &'static [Field]);

/// What is aimed at.
const WANTED: &[Source] = &[
    (
        "object",
        &[
            ("target", "/describedObject", Form::Reference, true),
            ("metricName", "/metric/name", Form::Text, true),
            ("targetValue", "/target/value", Form::Amount, true),
            ("selector", "/metric/selector", Form::Selector, false),
            ("averageValue", "/target/averageValue", Form::Amount, false),
        ],
    ),
    (
        "pods",
        &[
            ("metricName", "/metric/name", Form::Text, true),
            (
                "targetAverageValue",
                "/target/averageValue",
                Form::Amount,
                true,
            ),
            ("selector", "/metric/selector", Form::Selector, false),
        ],
    ),
    ("resource", WANTED_OF_RESOURCES),
    ("containerResource", WANTED_OF_RESOURCES),
    (
        "external",
        &[
            ("metricName", "/metric/name", Form::Text, true),
            ("metricSelector", "/metric/selector", Form::Selector, false),
            ("targetValue", "/target/value", Form::Amount, false),
            (
                "targetAverageValue",
                "/target/averageValue",
                Form::Amount,
                false,
            ),
        ],
    ),
];

const WANTED_OF_RESOURCES: &[Field] = &[
    ("name", "/name", Form::Text, true),
    (
        "targetAverageUtilization",
        "/target/averageUtilization",
        Form::Whole,
        false,
    ),
    (
        "targetAverageValue",
        "/target/averageValue",
        Form::Amount,
        false,
    ),
    CONTAINER,
];

/// What is measured.
const MEASURED: &[Source] = &[
    (
        "object",
        &[
            ("target", "/describedObject", Form::Reference, true),
            ("metricName", "/metric/name", Form::Text, true),
            ("currentValue", "/current/value", Form::Amount, true),
            ("selector", "/metric/selector", Form::Selector, false),
            ("averageValue", "/current/averageValue", Form::Amount, false),
        ],
    ),
    (
        "pods",
        &[
            ("metricName", "/metric/name", Form::Text, true),
            (
                "currentAverageValue",
                "/current/averageValue",
                Form::Amount,
                true,
            ),
            ("selector", "/metric/selector", Form::Selector, false),
        ],
    ),
    ("resource", MEASURED_OF_RESOURCES),
    ("containerResource", MEASURED_OF_RESOURCES),
    (
        "external",
        &[
            ("metricName", "/metric/name", Form::Text, true),
            ("metricSelector", "/metric/selector", Form::Selector, false),
            ("currentValue", "/current/value", Form::Amount, true),
            (
                "currentAverageValue",
                "/current/averageValue",
                Form::Amount,
                false,
            ),
        ],
    ),
];

const MEASURED_OF_RESOURCES: &[Field] = &[
    ("name", "/name", Form::Text, true),
    (
        "currentAverageUtilization",
        "/current/averageUtilization",
        Form::Whole,
        false,
    ),
    (
        "currentAverageValue",
        "/current/averageValue",
        Form::Amount,
        true,
    ),
    CONTAINER,
];

/// Only metrics of containers have it.
const CONTAINER: Field = ("container", "/container", Form::Text, false);

const CONDITION: &[&str] = &["type", "status", "lastTransitionTime", "reason", "message"];

/// Fields in the order in which Go writes them; no two types contradict each other.
const ORDER: &[&str] = &[
    "kind",
    "type",
    "status",
    "lastTransitionTime",
    "reason",
    "message",
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
    "target",
    "metricName",
    "name",
    "apiVersion",
    "metricSelector",
    "targetValue",
    "targetAverageUtilization",
    "targetAverageValue",
    "currentValue",
    "currentAverageUtilization",
    "currentAverageValue",
    "selector",
    "averageValue",
    "container",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
];

/// The same of behaviour.
const ORDER_OF_BEHAVIOR: &[&str] = &[
    "ScaleUp",
    "ScaleDown",
    "StabilizationWindowSeconds",
    "SelectPolicy",
    "Policies",
    "Tolerance",
    "Type",
    "Value",
    "PeriodSeconds",
];

/// Whether objects are read through a version that keeps parts of them in annotations.
pub(crate) fn is_older(resource: &Resource) -> bool {
    is_autoscaler(resource) && resource.version == "v1"
}

fn is_autoscaler(resource: &Resource) -> bool {
    resource.custom.is_none() && resource.is("autoscaling", "horizontalpodautoscalers")
}

/// Reads the annotations that stand for fields: in the older version they are written anew, in the newer one they go.
pub(super) fn reread(resource: &Resource, object: &mut Object) {
    if is_older(resource) {
        to_newer(object);
        to_older(object);
    } else if is_autoscaler(resource) {
        drop_stand_ins(object);
    }
}

/// Keeps a stored status that a write through the older version went through, which cannot tell a value of nothing from none.
pub(crate) fn keep_status(resource: &Resource, stored: &Object, new: &mut Object) {
    if is_older(resource)
        && let Some(status) = stored.at(&["status"])
    {
        new.set(&["status"], status.clone());
    }
}

/// Rewrites `autoscaling/v1` to `autoscaling/v2`, without what that version fills in.
pub(super) fn to_newer(object: &mut Object) {
    let read = |name: &str| -> Option<Value> {
        let value = serde_json::from_str(object.annotation(name)?).ok()?;
        Some(fold_names(value, order(name)))
    };
    let metrics = read(METRICS).and_then(|text| list(&text, |metric| newer_metric(metric, WANTED)));
    let current =
        read(CURRENT_METRICS).and_then(|text| list(&text, |metric| newer_metric(metric, MEASURED)));
    let conditions = read(CONDITIONS).and_then(|text| list(&text, condition));
    let behavior = read(BEHAVIOR).and_then(|text| newer_behavior(&text));
    drop_stand_ins(object);
    let wanted = object.remove(&["spec", WANTED_CPU]);
    let mut metrics = metrics.unwrap_or_default();
    metrics.extend(wanted.map(|percent| cpu("target", percent)));
    if metrics.is_empty() {
        metrics.push(cpu("target", DEFAULT_CPU_PERCENT.into()));
    }
    object.set(&["spec", "metrics"], Value::Array(metrics));
    if let Some(behavior) = behavior {
        object.set(&["spec", "behavior"], behavior);
    }
    if let Some(Value::Object(status)) = object.as_map_mut().get_mut("status") {
        newer_status(status, current, conditions);
    }
}

/// A metric of the CPU.
fn cpu(what: &str, percent: Value) -> Value {
    let mut value = json!({"averageUtilization": percent});
    if what == "target" {
        value["type"] = "Utilization".into();
    }
    let mut resource = json!({"name": "cpu"});
    resource[what] = value;
    json!({"type": "Resource", "resource": resource})
}

fn newer_status(
    status: &mut Map<String, Value>,
    current: Option<Vec<Value>>,
    conditions: Option<Vec<Value>>,
) {
    let used = status
        .remove(USED_CPU)
        .map(|percent| vec![cpu("current", percent)]);
    let current = current.or(used).filter(|list| !list.is_empty());
    let current = current.map_or(Value::Null, Value::Array);
    status.insert("currentMetrics".to_owned(), current);
    if let Some(conditions) = conditions.filter(|list| !list.is_empty()) {
        status.insert("conditions".to_owned(), Value::Array(conditions));
    }
    if status.get("currentReplicas") == Some(&Value::from(0)) {
        status.remove("currentReplicas");
    }
}

/// Rewrites `autoscaling/v2` to `autoscaling/v1`.
pub(super) fn to_older(object: &mut Object) {
    drop_stand_ins(object);
    let metrics = taken(object.remove(&["spec", "metrics"]));
    let (of_cpu, others): (Vec<Value>, Vec<Value>) = metrics.into_iter().partition(aims_at_cpu);
    let wanted = of_cpu
        .first()
        .and_then(|metric| metric.pointer("/resource/target/averageUtilization"));
    if let Some(wanted) = wanted {
        object.set(&["spec", WANTED_CPU], wanted.clone());
    }
    let older = |metrics: &[Value], sources| -> Value {
        metrics
            .iter()
            .map(|metric| older_metric(metric, sources))
            .collect()
    };
    if !others.is_empty() {
        say(object, METRICS, &older(&others, WANTED));
    }
    if let Some(behavior) = object.remove(&["spec", "behavior"]) {
        say(object, BEHAVIOR, &older_behavior(&behavior));
    }
    let Some(Value::Object(status)) = object.as_map_mut().get_mut("status") else {
        return;
    };
    let current = taken(status.remove("currentMetrics"));
    let conditions = taken(status.remove("conditions"));
    let used = current.iter().rev().find_map(used_cpu);
    if let Some(used) = used {
        status.insert(USED_CPU.to_owned(), used.clone());
    }
    status.entry("currentReplicas").or_insert_with(|| 0.into());
    if !current.is_empty() {
        say(object, CURRENT_METRICS, &older(&current, MEASURED));
    }
    if !conditions.is_empty() {
        say(object, CONDITIONS, &Value::Array(conditions));
    }
}

fn taken(list: Option<Value>) -> Vec<Value> {
    match list {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

fn is_of_cpu(metric: &Value) -> bool {
    metric["type"] == "Resource" && metric.pointer("/resource/name") == Some(&"cpu".into())
}

fn aims_at_cpu(metric: &Value) -> bool {
    let percent = metric.pointer("/resource/target/averageUtilization");
    is_of_cpu(metric) && percent.is_some_and(|percent| !percent.is_null())
}

fn used_cpu(metric: &Value) -> Option<&Value> {
    let percent = metric.pointer("/resource/current/averageUtilization");
    percent.filter(|percent| is_of_cpu(metric) && !percent.is_null())
}

fn drop_stand_ins(object: &mut Object) {
    for name in STAND_INS {
        object.remove(&["metadata", "annotations", name]);
    }
    if object.annotations().is_some_and(Map::is_empty) {
        object.remove(&["metadata", "annotations"]);
    }
}

fn older_metric(metric: &Value, sources: &[Source]) -> Value {
    let mut older = json!({"type": metric.get("type").and_then(Value::as_str).unwrap_or_default()});
    for (name, fields) in sources {
        let Some(source) = metric.get(name).filter(|source| !source.is_null()) else {
            continue;
        };
        for (field, place, form, always) in *fields {
            let value = source.pointer(place).filter(|value| !value.is_null());
            let always = *always || (*field == CONTAINER.0 && *name == "containerResource");
            match value {
                Some(value) => older[*name][*field] = value.clone(),
                None if always => older[*name][*field] = zero(*form),
                None => {}
            }
        }
    }
    older
}

/// What Go writes for a field that says nothing.
fn zero(form: Form) -> Value {
    match form {
        Form::Text => "".into(),
        Form::Amount => "0".into(),
        Form::Whole => 0.into(),
        Form::Reference => json!({"kind": "", "name": ""}),
        Form::Selector => json!({}),
    }
}

/// Every element of a list, or nothing when one does not fit; null is an empty list.
fn list(value: &Value, convert: impl Fn(&Value) -> Option<Value>) -> Option<Vec<Value>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(list) => list.iter().map(convert).collect(),
        _ => None,
    }
}

fn newer_metric(metric: &Value, sources: &[Source]) -> Option<Value> {
    let metric = metric.as_object()?;
    let mut newer = json!({"type": read(Form::Text, metric.get("type"))?.unwrap_or("".into())});
    for (name, fields) in sources {
        let source = match metric.get(*name) {
            None | Some(Value::Null) => continue,
            Some(source) => source.as_object()?,
        };
        let mut body = json!({});
        for (field, place, form, always) in *fields {
            let always = *always || (*field == CONTAINER.0 && *name == "containerResource");
            let value = read(*form, source.get(*field))?;
            if let Some(value) = value.or_else(|| always.then(|| zero(*form))) {
                set(&mut body, place, value);
            }
        }
        settle_target(name, &mut body);
        newer[*name] = body;
    }
    Some(newer)
}

/// Says what sort of target it is, which the older version leaves to be guessed.
fn settle_target(source: &str, body: &mut Value) {
    let has = |name: &str| body.pointer(name).is_some_and(|value| !value.is_null());
    if has("/current") {
        return;
    }
    let kind = match source {
        "resource" | "containerResource" if has("/target/averageUtilization") => "Utilization",
        "object" if !has("/target/averageValue") => "Value",
        "external" if has("/target/value") => "Value",
        _ => "AverageValue",
    };
    let is_average = kind == "AverageValue";
    set(body, "/target/type", kind.into());
    // Beside an average the older version cannot but write a value.
    if is_average && source == "object" && body.pointer("/target/value") == Some(&"0".into()) {
        body["target"]
            .as_object_mut()
            .map(|target| target.remove("value"));
    }
}

fn set(body: &mut Value, place: &str, value: Value) {
    let mut spot = body;
    for name in place.split('/').skip(1) {
        spot = &mut spot[name];
    }
    *spot = value;
}

/// A field as Go's decoder reads it: `None` when it does not fit, `Some(None)` when nothing is said.
fn read(form: Form, value: Option<&Value>) -> Option<Option<Value>> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Some(None);
    };
    let fits = match form {
        Form::Text => value.is_string(),
        Form::Whole => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        Form::Amount => return quantity::canonical(value).map(|text| Some(text.into())),
        Form::Reference => return reference(value).map(Some),
        Form::Selector => value.is_object(),
    };
    fits.then(|| Some(value.clone()))
}

fn reference(value: &Value) -> Option<Value> {
    let map = value.as_object()?;
    let mut out = zero(Form::Reference);
    for name in ["kind", "name", "apiVersion"] {
        if let Some(text) = read(Form::Text, map.get(name))? {
            out[name] = text;
        }
    }
    Some(out)
}

fn condition(value: &Value) -> Option<Value> {
    let map = value.as_object()?;
    let mut out = json!({"type": "", "status": "", "lastTransitionTime": null});
    for name in CONDITION {
        if let Some(text) = read(Form::Text, map.get(*name))? {
            out[*name] = text;
        }
    }
    Some(out)
}

/// Behaviour is written in the type that only the inside of the server has: with capitals, and null where nothing is said.
fn older_behavior(behavior: &Value) -> Value {
    let part = |value: &Value, name: &str| value.get(name).cloned().unwrap_or_default();
    let policy = |policy: &Value| {
        json!({"Type": part(policy, "type"), "Value": part(policy, "value"),
            "PeriodSeconds": part(policy, "periodSeconds")})
    };
    let rules = |name: &str| match behavior.get(name) {
        None | Some(Value::Null) => Value::Null,
        Some(rules) => {
            let policies = rules.get("policies").and_then(Value::as_array);
            let policies = policies.map(|list| list.iter().map(policy).collect());
            json!({"StabilizationWindowSeconds": part(rules, "stabilizationWindowSeconds"),
                "SelectPolicy": part(rules, "selectPolicy"),
                "Policies": policies.unwrap_or(Value::Null), "Tolerance": part(rules, "tolerance")})
        }
    };
    json!({"ScaleUp": rules("scaleUp"), "ScaleDown": rules("scaleDown")})
}

fn newer_behavior(value: &Value) -> Option<Value> {
    let map = value.as_object()?;
    let mut out = Map::new();
    for name in ["ScaleUp", "ScaleDown"] {
        match map.get(name) {
            None | Some(Value::Null) => {}
            Some(rules) => drop(out.insert(lower_first(name), newer_rules(rules)?)),
        }
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

fn newer_rules(value: &Value) -> Option<Value> {
    let rules = value.as_object()?;
    let fields = [
        ("StabilizationWindowSeconds", Form::Whole),
        ("SelectPolicy", Form::Text),
        ("Tolerance", Form::Amount),
    ];
    let mut out = read_fields(rules, &fields)?;
    let policies = rules.get("Policies").filter(|list| !list.is_null());
    if let Some(policies) = policies {
        let policies = list(policies, newer_policy)?;
        out.insert("policies".to_owned(), Value::Array(policies));
    }
    Some(Value::Object(out))
}

fn newer_policy(value: &Value) -> Option<Value> {
    let fields = [
        ("Type", Form::Text),
        ("Value", Form::Whole),
        ("PeriodSeconds", Form::Whole),
    ];
    let mut out = read_fields(value.as_object()?, &fields)?;
    for (name, form) in fields {
        out.entry(lower_first(name)).or_insert_with(|| zero(form));
    }
    Some(Value::Object(out))
}

fn read_fields(map: &Map<String, Value>, fields: &[(&str, Form)]) -> Option<Map<String, Value>> {
    let mut out = Map::new();
    for (name, form) in fields {
        if let Some(value) = read(*form, map.get(*name))? {
            out.insert(lower_first(name), value);
        }
    }
    Some(out)
}

fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_lowercase() + rest
}

/// The fields of what an annotation says.
fn order(annotation: &str) -> &'static [&'static str] {
    match annotation {
        BEHAVIOR => ORDER_OF_BEHAVIOR,
        _ => ORDER,
    }
}

/// Go's decoder finds fields in whatever case they are written; labels are no fields.
fn fold_names(value: Value, names: &[&str]) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| {
                let known = names.iter().find(|known| known.eq_ignore_ascii_case(&name));
                let name = known.map_or(name, |known| (*known).to_owned());
                match name.as_str() {
                    "matchLabels" => (name, value),
                    _ => (name, fold_names(value, names)),
                }
            })
            .collect(),
        Value::Array(list) => list
            .into_iter()
            .map(|item| fold_names(item, names))
            .collect(),
        other => other,
    }
}

/// Puts a value into an annotation as Go's encoder writes its type.
fn say(object: &mut Object, annotation: &str, value: &Value) {
    let mut out = String::new();
    write(value, order(annotation), &mut out);
    object.set_annotation(annotation, &escape_json(&out));
}

fn write(value: &Value, order: &[&str], out: &mut String) {
    match value {
        Value::Object(map) => {
            let place = |name: &str| {
                let known = order.iter().position(|known| *known == name);
                known.unwrap_or(order.len())
            };
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(name, _)| (place(name), name.as_str()));
            out.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                out.push_str(&format!("{comma}{}:", Value::from(name.as_str())));
                write(value, if name == "matchLabels" { &[] } else { order }, out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(value, order, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use skein_object::Object;

    use super::{BEHAVIOR, CONDITIONS, CURRENT_METRICS, METRICS, to_newer, to_older};

    fn autoscaler(spec: serde_json::Value, status: serde_json::Value) -> Object {
        Object::from_value(
            json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "h"}, "spec": spec, "status": status}),
        )
        .expect("an object")
    }

    #[test]
    fn what_the_older_version_cannot_say_goes_through_annotations() {
        let metrics = json!([
            {"type": "Object", "object": {"describedObject": {"kind": "Service", "name": "s", "apiVersion": "v1"},
                "metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "2"}}},
            {"type": "External", "external": {"metric": {"name": "q", "selector": {"matchLabels": {"a": "<"}}},
                "target": {"type": "Value", "value": "3"}}},
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}},
        ]);
        let behavior = json!({"scaleDown": {"selectPolicy": "Max", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}]}});
        let status = json!({"desiredReplicas": 1, "currentMetrics": [{"type": "Resource",
                "resource": {"name": "cpu", "current": {"averageUtilization": 7, "averageValue": "1"}}}],
            "conditions": [{"type": "AbleToScale", "status": "True", "lastTransitionTime": null}]});
        let newer = autoscaler(
            json!({"maxReplicas": 3, "metrics": metrics, "behavior": behavior}),
            status,
        );
        let mut older = newer.clone();
        to_older(&mut older);
        assert_eq!(
            older.i64_at(&["spec", "targetCPUUtilizationPercentage"]),
            Some(50)
        );
        assert_eq!(
            older.i64_at(&["status", "currentCPUUtilizationPercentage"]),
            Some(7)
        );
        let expected = [
            (
                METRICS,
                r#"[{"type":"Object","object":{"target":{"kind":"Service","name":"s","apiVersion":"v1"},"metricName":"hits","targetValue":"0","averageValue":"2"}},{"type":"External","external":{"metricName":"q","metricSelector":{"matchLabels":{"a":"\u003c"}},"targetValue":"3"}}]"#,
            ),
            (
                BEHAVIOR,
                r#"{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":5}],"Tolerance":null}}"#,
            ),
            (
                CURRENT_METRICS,
                r#"[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":7,"currentAverageValue":"1"}}]"#,
            ),
            (
                CONDITIONS,
                r#"[{"type":"AbleToScale","status":"True","lastTransitionTime":null}]"#,
            ),
        ];
        for (name, text) in expected {
            assert_eq!(older.annotation(name), Some(text), "{name}");
        }
        to_newer(&mut older);
        assert_eq!(older, newer);
    }

    #[test]
    fn annotations_that_cannot_be_read_count_for_nothing() {
        let mut older = autoscaler(json!({"maxReplicas": 3}), json!({}));
        older.set_annotation(METRICS, r#"[{"type":5}]"#);
        older.set_annotation(
            BEHAVIOR,
            r#"{"scaleUp":{"selectpolicy":"Min","policies":[{"type":"Pods"}]}}"#,
        );
        to_newer(&mut older);
        let wanted = json!([{"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 80}}}]);
        assert_eq!(older.at(&["spec", "metrics"]), Some(&wanted));
        let behavior = json!({"scaleUp": {"selectPolicy": "Min",
            "policies": [{"type": "Pods", "value": 0, "periodSeconds": 0}]}});
        assert_eq!(older.at(&["spec", "behavior"]), Some(&behavior));
        assert_eq!(older.annotations(), None);
    }
}
