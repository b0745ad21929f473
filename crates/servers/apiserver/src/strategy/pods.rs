//! What a new pod is given: priority, tolerations, a class of service; and which pods are refused for it.

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::{Key, ResourceId};
use skein_validation::computed_qos_class;

use crate::api::Api;
use crate::failure::{Failure, Outcome};
use crate::resource::Resource;

/// Taints of nodes that every pod endures for a while, in seconds.
const ENDURED: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];
const ENDURED_SECONDS: i64 = 300;
const PREEMPTION: [&str; 2] = ["spec", "preemptionPolicy"];
const PRIORITY: [&str; 2] = ["spec", "priority"];
/// How a pod of no class treats others.
const PREEMPTS: &str = "PreemptLowerPriority";

/// Gives a pod the priority of its class. What is not there, or says otherwise than the pod, is refused when a client
/// made the pod.
pub(crate) fn admit(
    api: &Api,
    resource: &Resource,
    pod: &mut Object,
    is_strict: bool,
) -> Outcome<()> {
    if !resource.is("", "pods") {
        return Ok(());
    }
    let refuse = |pod: &Object, why: &str| Err(Failure::forbidden(resource, pod.name(), why));
    let (priority, preemption) = match class(api, pod) {
        Class::Missing(name) if is_strict => {
            let why = format!("no PriorityClass with name {name} was found");
            return refuse(pod, &why);
        }
        Class::Missing(_) => (0, PREEMPTS.to_owned()),
        Class::Found {
            name,
            value,
            preemption,
        } => {
            if !name.is_empty() {
                pod.set(&["spec", "priorityClassName"], name.into());
            }
            (value, preemption)
        }
    };
    let given = pod.i64_at(&PRIORITY);
    if let Some(given) = given.filter(|given| is_strict && *given != priority) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name"
        );
        return refuse(pod, &why);
    }
    let given = pod.str_at(&PREEMPTION);
    if let Some(given) = given.filter(|given| is_strict && *given != preemption) {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {preemption} from the given PriorityClass name"
        );
        return refuse(pod, &why);
    }
    pod.set(&PRIORITY, priority.into());
    pod.set(&PREEMPTION, preemption.into());
    let runtime = pod.str_at(&["spec", "runtimeClassName"]);
    if let Some(name) = runtime.filter(|name| is_strict && !name.is_empty()) {
        let id = ResourceId::new("node.k8s.io", "runtimeclasses");
        if api.store.get(&Key::new(&id, "", name)).is_none() {
            let why = format!("pod rejected: RuntimeClass {name:?} not found");
            return refuse(pod, &why);
        }
    }
    Ok(())
}

/// The class of priority of a pod: that which it names, or the one for all.
enum Class {
    Missing(String),
    Found {
        name: String,
        value: i64,
        preemption: String,
    },
}

fn class(api: &Api, pod: &Object) -> Class {
    let id = ResourceId::new("scheduling.k8s.io", "priorityclasses");
    let found = |class: &Object| Class::Found {
        name: class.name().to_owned(),
        value: class.i64_at(&["value"]).unwrap_or_default(),
        preemption: class
            .str_at(&["preemptionPolicy"])
            .unwrap_or(PREEMPTS)
            .to_owned(),
    };
    let named = pod.str_at(&["spec", "priorityClassName"]);
    if let Some(name) = named.filter(|name| !name.is_empty()) {
        let class = api.store.get(&Key::new(&id, "", name));
        return class.map_or_else(
            || Class::Missing(name.to_owned()),
            |class| found(&class.object),
        );
    }
    let classes = api.store.list(&id, None).items;
    // Of several for all the lowest one counts.
    let of_all = classes
        .iter()
        .filter(|class| class.object.bool_at(&["globalDefault"]) == Some(true))
        .min_by_key(|class| class.object.i64_at(&["value"]));
    match of_all {
        Some(class) => found(&class.object),
        None => Class::Found {
            name: String::new(),
            value: 0,
            preemption: PREEMPTS.to_owned(),
        },
    }
}

/// Fills in what a new pod does not say.
pub(super) fn created(pod: &mut Object) {
    pod.set(
        &["status"],
        json!({"phase": "Pending", "qosClass": computed_qos_class(pod)}),
    );
    let grace = ["spec", "terminationGracePeriodSeconds"];
    if pod.i64_at(&grace).is_some_and(|seconds| seconds < 0) {
        pod.set(&grace, 1.into());
    }
    let gates = pod
        .at(&["spec", "schedulingGates"])
        .and_then(Value::as_array);
    if gates.is_some_and(|gates| !gates.is_empty()) {
        let held = json!({"type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
            "lastProbeTime": null, "lastTransitionTime": crate::api::now()});
        pod.set(&["status", "conditions"], json!([held]));
    }
    if pod.at(&["spec", "enableServiceLinks"]).is_none() {
        pod.set(&["spec", "enableServiceLinks"], true.into());
    }
    endure(pod);
}

/// Every pod endures for a while what nodes go through.
fn endure(pod: &mut Object) {
    let path = ["spec", "tolerations"];
    let own = pod.at(&path).and_then(Value::as_array);
    let mut tolerations = own.cloned().unwrap_or_default();
    let own_count = tolerations.len();
    for taint in ENDURED {
        let fits = |toleration: &Value, key: &str, wanted: &str| {
            let text = toleration.get(key).and_then(Value::as_str);
            text.is_none_or(|text| text.is_empty() || text == wanted)
        };
        let is_endured = tolerations
            .iter()
            .any(|known| fits(known, "key", taint) && fits(known, "effect", "NoExecute"));
        if !is_endured {
            tolerations.push(
                json!({"effect": "NoExecute", "key": taint, "operator": "Exists",
                "tolerationSeconds": ENDURED_SECONDS}),
            );
        }
    }
    if tolerations.len() > own_count {
        pod.set(&path, Value::Array(tolerations));
    }
}

/// What a pod was given stays when a change does not say it.
pub(super) fn keep(old: &Object, new: &mut Object) {
    for path in [PRIORITY, PREEMPTION, ["spec", "enableServiceLinks"]] {
        if let (None, Some(value)) = (new.at(&path), old.at(&path)) {
            new.set(&path, value.clone());
        }
    }
    endure(new);
}

/// Through `ephemeralcontainers` nothing else changes but owners of fields and the revision.
pub(super) fn keep_all_but_ephemeral(old: &Object, new: &mut Object) {
    const LIST: [&str; 2] = ["spec", "ephemeralContainers"];
    let mut kept = old.clone();
    for path in [
        LIST,
        ["metadata", "managedFields"],
        ["metadata", "resourceVersion"],
    ] {
        match new.remove(&path) {
            Some(value) => kept.set(&path, value),
            None => drop(kept.remove(&path)),
        }
    }
    *new = kept;
}

/// Through `resize` only what is asked for changes; where containers come, go or move, all stays as sent, to be refused.
pub(super) fn keep_all_but_resources(old: &Object, new: &mut Object) {
    const LISTS: [[&str; 2]; 2] = [["spec", "containers"], ["spec", "initContainers"]];
    let containers = |pod: &Object, list: [&str; 2]| -> Vec<Value> {
        let list = pod.at(&list).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let counts = |pod: &Object| LISTS.map(|list| containers(pod, list).len());
    if counts(old) != counts(new) {
        return;
    }
    let mut kept = old.clone();
    for list in LISTS {
        let sent = containers(new, list);
        if !sent.is_empty() {
            kept.set(&list, resized(&containers(old, list), sent));
        }
    }
    for path in [
        ["spec", "resources"],
        ["metadata", "managedFields"],
        ["metadata", "resourceVersion"],
    ] {
        match new.remove(&path) {
            Some(value) => kept.set(&path, value),
            None => drop(kept.remove(&path)),
        }
    }
    *new = kept;
}

fn resized(old: &[Value], sent: Vec<Value>) -> Value {
    if old
        .iter()
        .zip(&sent)
        .any(|(old, sent)| old["name"] != sent["name"])
    {
        return Value::Array(sent);
    }
    let mut kept = old.to_vec();
    for (container, sent) in kept.iter_mut().filter_map(Value::as_object_mut).zip(&sent) {
        for field in ["resources", "resizePolicy"] {
            match sent.get(field) {
                Some(value) => drop(container.insert(field.to_owned(), value.clone())),
                None => drop(container.remove(field)),
            }
        }
    }
    Value::Array(kept)
}
