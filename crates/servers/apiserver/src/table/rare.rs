//! Columns of built-in kinds that are seldom listed: drivers, addresses, requests, policies, slices, services of the API.

use serde_json::Value;
use skein_object::{GroupVersionKind, Object};

use super::builtin::{AGE, CREATED, Columns, array, column, number, text};
use super::human_duration;

fn flag(object: &Object, path: &[&str], absent: bool) -> Value {
    object.bool_at(path).unwrap_or(absent).into()
}

/// The texts of a list between commas.
fn listed<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join(",")
}

fn texts(object: &Object, path: &[&str]) -> String {
    listed(array(object, path).iter().filter_map(Value::as_str))
}

fn or_none(text: String) -> Value {
    if text.is_empty() {
        "<none>".into()
    } else {
        text.into()
    }
}

/// Who may get tokens from a driver.
fn token_audiences(driver: &Object) -> Value {
    let path = &["spec", "tokenRequests"];
    if driver.at(path).is_none_or(Value::is_null) {
        return "<unset>".into();
    }
    let audience = |request: &'_ Value| request.get("audience")?.as_str().map(str::to_owned);
    let audiences: Vec<String> = array(driver, path).iter().filter_map(audience).collect();
    audiences.join(",").into()
}

/// `services/default/kubernetes`: whom an address belongs to.
fn parent(address: &Object) -> Value {
    let part = |key: &str| {
        let found = address.str_at(&["spec", "parentRef", key]);
        found.filter(|text| !text.is_empty())
    };
    let Some(resource) = part("resource") else {
        return "<none>".into();
    };
    let resource = match part("group") {
        Some(group) => format!("{resource}.{group}"),
        None => resource.to_owned(),
    };
    let mut shown = resource.to_lowercase();
    for below in [part("namespace"), part("name")].into_iter().flatten() {
        shown.push('/');
        shown.push_str(below);
    }
    shown.into()
}

fn param_kind(policy: &Object) -> Value {
    let part = |key: &str| policy.str_at(&["spec", "paramKind", key]);
    match (part("apiVersion"), part("kind")) {
        (None, None) => "<unset>".into(),
        (version, kind) => format!(
            "{}/{}",
            version.unwrap_or_default(),
            kind.unwrap_or_default()
        )
        .into(),
    }
}

/// `namespace/name`, where `*` is any namespace, or the selector as Go prints it.
fn param_reference(binding: &Object) -> Value {
    let part = |key: &str| {
        let found = binding.str_at(&["spec", "paramRef", key]);
        found.filter(|text| !text.is_empty())
    };
    match (part("namespace"), part("name")) {
        (namespace, Some(name)) => format!("{}/{name}", namespace.unwrap_or("*")).into(),
        (_, None) => match binding.at(&["spec", "paramRef", "selector"]) {
            Some(Value::Object(_)) => selector(binding).into(),
            _ => "<unset>".into(),
        },
    }
}

fn selector(binding: &Object) -> String {
    let place = |key| ["spec", "paramRef", "selector", key];
    let labels = binding.at(&place("matchLabels")).and_then(Value::as_object);
    let mut labels: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or_default()))
        .collect();
    labels.sort();
    let requirement = |value: &Value| {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let values = value.get("values").and_then(Value::as_array);
        let values: Vec<&str> = values
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        format!(
            "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
            text("key"),
            text("operator"),
            values.join(" ")
        )
    };
    let requirements = array(binding, &place("matchExpressions")).iter();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        labels.concat(),
        requirements.map(requirement).collect::<String>()
    )
}

fn request_condition(request: &Object) -> Value {
    let has = |kind: &str| request.condition(kind).is_some();
    let mut shown = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }
    .to_owned();
    if has("Failed") {
        shown.push_str(",Failed");
    }
    let certificate = request.str_at(&["status", "certificate"]);
    if certificate.is_some_and(|text| !text.is_empty()) {
        shown.push_str(",Issued");
    }
    shown.into()
}

fn requested_duration(request: &Object) -> Value {
    request
        .i64_at(&["spec", "expirationSeconds"])
        .map_or_else(|| "<none>".into(), |seconds| human_duration(seconds).into())
}

fn claim_state(claim: &Object) -> Value {
    let allocated = claim.at(&["status", "allocation"]).is_some();
    let reserved = !array(claim, &["status", "reservedFor"]).is_empty();
    let states = [
        (claim.is_deleting(), "deleted"),
        (!allocated && !claim.is_deleting(), "pending"),
        (allocated, "allocated"),
        (allocated && reserved, "reserved"),
    ];
    let states = states.into_iter().filter(|(holds, _)| *holds);
    listed(states.map(|(_, name)| name)).into()
}

/// `daemonset.apps/name`: the owner that controls a revision.
fn controller(revision: &Object) -> Value {
    let owners = array(revision, &["metadata", "ownerReferences"]).iter();
    let mut controllers = owners.filter(|owner| owner.get("controller") == Some(&true.into()));
    let Some(owner) = controllers.next() else {
        return "<none>".into();
    };
    let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
    let gvk = GroupVersionKind::from_api_version(text("apiVersion"), text("kind"));
    let kind = match gvk.group.as_str() {
        "" => gvk.kind,
        group => format!("{}.{group}", gvk.kind),
    };
    format!("{}/{}", kind.to_lowercase(), text("name")).into()
}

/// Where a group of the API is served.
fn api_service(service: &Object) -> Value {
    let part = |key: &str| service.str_at(&["spec", "service", key]);
    match (part("namespace"), part("name")) {
        (None, None) => "Local".into(),
        (namespace, name) => format!(
            "{}/{}",
            namespace.unwrap_or_default(),
            name.unwrap_or_default()
        )
        .into(),
    }
}

fn api_available(service: &Object) -> Value {
    let Some(condition) = service.condition("Available") else {
        return "Unknown".into();
    };
    let text = |key: &str| {
        condition
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    match (text("status"), text("reason")) {
        (status, reason) if status == "True" || reason.is_empty() => status.into(),
        (status, reason) => format!("{status} ({reason})").into(),
    }
}

fn distinguisher(schema: &Object) -> Value {
    text(schema, &["spec", "distinguisherMethod", "type"], "<none>")
}

fn is_dangling(schema: &Object) -> Value {
    let condition = schema.condition("Dangling");
    condition
        .and_then(|condition| condition.get("status").cloned())
        .unwrap_or_else(|| "?".into())
}

/// A number of a level that has limits.
fn limited(level: &Object, path: &[&str]) -> Value {
    level
        .i64_at(path)
        .map_or_else(|| "<none>".into(), Value::from)
}

const QUEUING: [&str; 4] = ["spec", "limited", "limitResponse", "queuing"];

fn queuing(level: &Object, name: &str) -> Value {
    limited(level, &[QUEUING.as_slice(), &[name]].concat())
}

/// The columns after the name, by group and resource.
pub(super) const TABLE: &[Columns] = &[
    (
        "storage.k8s.io",
        "csidrivers",
        &[
            column("AttachRequired", "boolean", |o| {
                flag(o, &["spec", "attachRequired"], true)
            }),
            column("PodInfoOnMount", "boolean", |o| {
                flag(o, &["spec", "podInfoOnMount"], false)
            }),
            column("StorageCapacity", "boolean", |o| {
                flag(o, &["spec", "storageCapacity"], false)
            }),
            column("TokenRequests", "string", token_audiences),
            column("RequiresRepublish", "boolean", |o| {
                flag(o, &["spec", "requiresRepublish"], false)
            }),
            column("Modes", "string", |o| {
                or_none(texts(o, &["spec", "volumeLifecycleModes"]))
            }),
            AGE,
        ],
    ),
    (
        "storage.k8s.io",
        "csinodes",
        &[
            column("Drivers", "integer", |o| {
                array(o, &["spec", "drivers"]).len().into()
            }),
            AGE,
        ],
    ),
    ("storage.k8s.io", "csistoragecapacities", &[CREATED]),
    (
        "storage.k8s.io",
        "volumeattachments",
        &[
            column("Attacher", "string", |o| text(o, &["spec", "attacher"], "")),
            column("PV", "string", |o| {
                text(o, &["spec", "source", "persistentVolumeName"], "")
            }),
            column("Node", "string", |o| text(o, &["spec", "nodeName"], "")),
            column("Attached", "boolean", |o| {
                flag(o, &["status", "attached"], false)
            }),
            AGE,
        ],
    ),
    (
        "storage.k8s.io",
        "volumeattributesclasses",
        &[
            column("DriverName", "string", |o| text(o, &["driverName"], "")),
            AGE,
        ],
    ),
    (
        "networking.k8s.io",
        "ipaddresses",
        &[column("ParentRef", "string", parent), AGE],
    ),
    (
        "networking.k8s.io",
        "servicecidrs",
        &[
            column("CIDRs", "string", |o| texts(o, &["spec", "cidrs"]).into()),
            AGE,
        ],
    ),
    (
        "node.k8s.io",
        "runtimeclasses",
        &[
            column("Handler", "string", |o| text(o, &["handler"], "")),
            AGE,
        ],
    ),
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicies",
        &[
            column("Validations", "integer", |o| {
                array(o, &["spec", "validations"]).len().into()
            }),
            column("ParamKind", "string", param_kind),
            AGE,
        ],
    ),
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicybindings",
        &[
            column("PolicyName", "string", |o| {
                text(o, &["spec", "policyName"], "")
            }),
            column("ParamRef", "string", param_reference),
            AGE,
        ],
    ),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        &[
            AGE,
            column("SignerName", "string", |o| {
                text(o, &["spec", "signerName"], "<none>")
            }),
            column("Requestor", "string", |o| {
                text(o, &["spec", "username"], "")
            }),
            column("RequestedDuration", "string", requested_duration),
            column("Condition", "string", request_condition),
        ],
    ),
    (
        "resource.k8s.io",
        "resourceslices",
        &[
            column("Node", "string", |o| text(o, &["spec", "nodeName"], "")),
            column("Driver", "string", |o| text(o, &["spec", "driver"], "")),
            column("Pool", "string", |o| text(o, &["spec", "pool", "name"], "")),
            AGE,
        ],
    ),
    (
        "resource.k8s.io",
        "resourceclaims",
        &[column("State", "string", claim_state), AGE],
    ),
    (
        "apps",
        "controllerrevisions",
        &[
            column("Controller", "string", controller),
            column("Revision", "string", |o| number(o, &["revision"]).into()),
            AGE,
        ],
    ),
    (
        "apiregistration.k8s.io",
        "apiservices",
        &[
            column("Service", "string", api_service),
            column("Available", "string", api_available),
            AGE,
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "flowschemas",
        &[
            column("PriorityLevel", "string", |o| {
                text(o, &["spec", "priorityLevelConfiguration", "name"], "")
            }),
            column("MatchingPrecedence", "string", |o| {
                number(o, &["spec", "matchingPrecedence"]).into()
            }),
            column("DistinguisherMethod", "string", distinguisher),
            AGE,
            column("MissingPL", "string", is_dangling),
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations",
        &[
            column("Type", "string", |o| text(o, &["spec", "type"], "")),
            column("NominalConcurrencyShares", "string", |o| {
                limited(o, &["spec", "limited", "nominalConcurrencyShares"])
            }),
            column("Queues", "string", |o| queuing(o, "queues")),
            column("HandSize", "string", |o| queuing(o, "handSize")),
            column("QueueLengthLimit", "string", |o| {
                queuing(o, "queueLengthLimit")
            }),
            AGE,
        ],
    ),
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use skein_object::Object;

    use super::TABLE;

    fn cells(plural: &str, object: Value) -> Vec<Value> {
        let object = Object::from_value(object).expect("an object");
        let (_, _, columns) = TABLE
            .iter()
            .find(|(_, name, _)| *name == plural)
            .expect("columns");
        columns
            .iter()
            .filter(|column| column.name != "Age")
            .map(|column| (column.cell)(&object))
            .collect()
    }

    fn object(kind: &str, rest: Value) -> Value {
        let mut value = json!({"apiVersion": "x/v1", "kind": kind, "metadata": {"name": "n"}});
        if let (Some(map), Value::Object(rest)) = (value.as_object_mut(), rest) {
            map.extend(rest);
        }
        value
    }

    #[test]
    fn what_is_not_said_is_told_apart_from_what_is() {
        let bare = cells("csidrivers", object("CSIDriver", json!({"spec": {}})));
        assert_eq!(
            bare,
            [
                json!(true),
                json!(false),
                json!(false),
                json!("<unset>"),
                json!(false),
                json!("<none>")
            ]
        );
        let spec = json!({"spec": {"attachRequired": false, "tokenRequests": [{"audience": "a"}, {"audience": "b"}],
            "volumeLifecycleModes": ["Persistent", "Ephemeral"]}});
        let full = cells("csidrivers", object("CSIDriver", spec));
        assert_eq!(
            (&full[0], &full[3], &full[5]),
            (&json!(false), &json!("a,b"), &json!("Persistent,Ephemeral"))
        );
    }

    #[test]
    fn references_are_one_text() {
        let address = |parent: Value| {
            cells(
                "ipaddresses",
                object("IPAddress", json!({"spec": {"parentRef": parent}})),
            )
        };
        assert_eq!(
            address(json!({"resource": "Services", "namespace": "a", "name": "b"})),
            [json!("services/a/b")]
        );
        assert_eq!(
            address(json!({"group": "x.y", "resource": "z", "name": "b"})),
            [json!("z.x.y/b")]
        );
        assert_eq!(address(Value::Null), [json!("<none>")]);
        let binding = |reference: Value| {
            let spec = json!({"spec": {"policyName": "p", "paramRef": reference}});
            cells("validatingadmissionpolicybindings", object("B", spec)).pop()
        };
        assert_eq!(binding(json!({"name": "n"})), Some(json!("*/n")));
        assert_eq!(
            binding(
                json!({"selector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}]}})
            ),
            Some(json!(
                "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}"
            ))
        );
    }

    #[test]
    fn conditions_are_summed_up() {
        let request = |status: Value| {
            cells(
                "certificatesigningrequests",
                object("R", json!({"spec": {}, "status": status})),
            )
            .pop()
        };
        assert_eq!(request(json!({})), Some(json!("Pending")));
        let approved =
            json!({"conditions": [{"type": "Approved", "status": "True"}], "certificate": "eA=="});
        assert_eq!(request(approved), Some(json!("Approved,Issued")));
        let claim = |status: Value| cells("resourceclaims", object("C", json!({"status": status})));
        assert_eq!(
            claim(json!({"allocation": {}, "reservedFor": [{}]})),
            [json!("allocated,reserved")]
        );
        let service = |status: Value| {
            let spec =
                json!({"spec": {"service": {"namespace": "a", "name": "b"}}, "status": status});
            cells("apiservices", object("APIService", spec))
        };
        let failed =
            json!({"conditions": [{"type": "Available", "status": "False", "reason": "Gone"}]});
        assert_eq!(service(failed), [json!("a/b"), json!("False (Gone)")]);
    }
}
