//! Warnings about pods and their templates.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use skein_object::names::label_value_problems;
use skein_object::quantity::Quantity;
use skein_validation::armor;

use super::{networks, paths};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const NULL_SELECTOR: &str = "a null labelSelector results in matching no pod";
const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

const DEPRECATED_LABELS: &[(&str, &str)] = &[
    (
        "beta.kubernetes.io/arch",
        "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
    ),
    (
        "beta.kubernetes.io/os",
        "deprecated since v1.14; use \"kubernetes.io/os\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    (
        "scheduler.alpha.kubernetes.io/preferAvoidPods",
        "deprecated since v1.22; use Taints and Tolerations instead",
    ),
    (
        "node-role.kubernetes.io/master",
        "use \"node-role.kubernetes.io/control-plane\" instead",
    ),
];

const DEPRECATED_ANNOTATIONS: &[(&str, &str)] = &[
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    (
        "security.alpha.kubernetes.io/sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
];

/// Sources of volumes, their names in the path, and what is told of them.
const DEPRECATED_VOLUMES: &[(&str, &str, &str)] = &[
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "gitRepo",
        "gitRepo",
        "deprecated in v1.11, and disabled by default in v1.33+",
    ),
    (
        "scaleIO",
        "scaleIO",
        "deprecated in v1.16, non-functional in v1.22+",
    ),
    (
        "flocker",
        "flocker",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "storageos",
        "storageOS",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "quobyte",
        "quobyte",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "glusterfs",
        "glusterfs",
        "deprecated in v1.25, non-functional in v1.26+",
    ),
    (
        "cephfs",
        "cephfs",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
    (
        "rbd",
        "rbd",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
];

/// With how many others a port or a path is compared; more are no Pod that somebody wrote.
pub(super) const MAX_COMPARED: usize = 256;
/// Where comparing ends: the headers hold far fewer warnings.
pub(super) const MAX_TOLD: usize = 1_024;

pub(super) fn list<'a>(value: Option<&'a Value>, name: &str) -> &'a [Value] {
    let list = value
        .and_then(|value| value.get(name))
        .and_then(Value::as_array);
    list.map_or(&[][..], Vec::as_slice)
}

pub(super) fn string<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a field says something.
pub(super) fn has(value: &Value, name: &str) -> bool {
    value.get(name).is_some_and(|field| !field.is_null())
}

/// What people write into pods by mistake; `lead` is the path of the pod or template, with its dot.
pub(super) fn warnings(lead: &str, metadata: Option<&Value>, spec: Option<&Value>) -> Vec<String> {
    let none = Value::Null;
    let (metadata, spec) = (metadata.unwrap_or(&none), spec.unwrap_or(&none));
    let mut out = Vec::new();
    nodes(&format!("{lead}spec."), spec, &mut out);
    annotations(lead, metadata, &mut out);
    volumes(&format!("{lead}spec."), spec, &mut out);
    paths::warnings(list(Some(spec), "volumes"), &mut out);
    repeated(lead, spec, &mut out);
    fractions(
        &format!("{lead}spec.overhead"),
        spec.get("overhead"),
        &mut out,
    );
    seccomp(lead, metadata, spec, SECCOMP, &mut out);
    let mut containers = Vec::new();
    for name in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in list(Some(spec), name).iter().enumerate() {
            containers.push((format!("{lead}spec.{name}[{index}]"), container));
        }
    }
    for (path, container) in &containers {
        let key = format!("{SECCOMP_CONTAINER}{}", string(container, "name"));
        seccomp(lead, metadata, container, &key, &mut out);
        armor_of_template(lead, metadata, spec, container, &mut out);
        amounts(path, container, &mut out);
        variables(path, container, &mut out);
    }
    ports(&containers, &mut out);
    let grace = spec
        .get("terminationGracePeriodSeconds")
        .and_then(Value::as_i64);
    // That of a Pod itself has become 1 before.
    if !lead.is_empty() && grace.is_some_and(|seconds| seconds < 0) {
        out.push(format!(
            "{lead}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    affinity(&format!("{lead}spec.affinity"), spec, &mut out);
    addresses(lead, spec, &mut out);
    out
}

/// Labels of nodes that have other names now.
fn nodes(lead: &str, spec: &Value, out: &mut Vec<String>) {
    let selector = spec.get("nodeSelector").and_then(Value::as_object);
    for key in selector.into_iter().flatten().map(|(key, _)| key) {
        if let Some(text) = deprecated(key) {
            out.push(format!("{lead}nodeSelector[{key}]: {text}"));
        }
    }
    let node = spec
        .get("affinity")
        .and_then(|affinity| affinity.get("nodeAffinity"));
    let required = node.and_then(|node| node.get(REQUIRED));
    let at = format!("{lead}affinity.nodeAffinity.");
    for (index, term) in list(required, "nodeSelectorTerms").iter().enumerate() {
        let path = format!("{at}{REQUIRED}.nodeSelectorTerms[{index}]");
        expressions(&path, term, false, out);
    }
    for (index, term) in list(node, PREFERRED).iter().enumerate() {
        let path = format!("{at}{PREFERRED}[{index}].preference");
        let none = Value::Null;
        expressions(&path, term.get("preference").unwrap_or(&none), true, out);
    }
    for (index, constraint) in list(Some(spec), "topologySpreadConstraints")
        .iter()
        .enumerate()
    {
        let path = format!("{lead}topologySpreadConstraints[{index}]");
        let key = string(constraint, "topologyKey");
        if let Some(text) = deprecated(key) {
            out.push(format!("{path}.topologyKey: {key} is {text}"));
        }
        if !has(constraint, "labelSelector") {
            out.push(format!("{path}.labelSelector: {NULL_SELECTOR}"));
        }
    }
}

/// Expressions over labels of nodes.
pub(super) fn expressions(path: &str, term: &Value, with_values: bool, out: &mut Vec<String>) {
    for (index, expression) in list(Some(term), "matchExpressions").iter().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let key = string(expression, "key");
        if let Some(text) = deprecated(key) {
            out.push(format!("{path}.key: {key} is {text}"));
        }
        let values = list(Some(expression), "values").iter().enumerate();
        for (index, value) in values.filter(|_| with_values) {
            let value = value.as_str().unwrap_or_default();
            for problem in label_value_problems(value) {
                out.push(format!(
                    "{path}.values[{index}]: {value} is invalid, {problem}"
                ));
            }
        }
    }
}

/// What is told of a label of nodes that has gone out of use.
pub(super) fn deprecated(label: &str) -> Option<&'static str> {
    let found = DEPRECATED_LABELS.iter().find(|(key, _)| *key == label);
    found.map(|(_, text)| *text)
}

fn annotation<'a>(metadata: &'a Value, key: &str) -> Option<&'a Value> {
    metadata.get("annotations")?.get(key)
}

fn annotations(lead: &str, metadata: &Value, out: &mut Vec<String>) {
    for (key, text) in DEPRECATED_ANNOTATIONS {
        if annotation(metadata, key).is_some() {
            out.push(format!("{lead}metadata.annotations[{key}]: {text}"));
        }
    }
}

/// An annotation with a profile that only the field has; `owner` is what has the security context.
fn seccomp(lead: &str, metadata: &Value, owner: &Value, key: &str, out: &mut Vec<String>) {
    let context = owner.get("securityContext");
    let has_field = context.is_some_and(|context| has(context, "seccompProfile"));
    if !has_field && annotation(metadata, key).is_some() {
        out.push(format!(
            "{lead}metadata.annotations[{key}]: non-functional in v1.27+; use the \"seccompProfile\" field instead"
        ));
    }
}

/// An annotation of a template with a profile that a field does not say; of Pods that is told when it becomes a field.
fn armor_of_template(
    lead: &str,
    metadata: &Value,
    spec: &Value,
    container: &Value,
    out: &mut Vec<String>,
) {
    let key = format!("{}{}", armor::ANNOTATION, string(container, "name"));
    let profile = |owner: &Value| {
        let profile = owner.get("securityContext")?.get("appArmorProfile");
        profile.filter(|profile| !profile.is_null()).cloned()
    };
    let told = annotation(metadata, &key).and_then(Value::as_str);
    let (Some(told), false, None) = (told, lead.is_empty(), profile(container)) else {
        return;
    };
    let of_pod = profile(spec);
    if of_pod.is_none() || of_pod != armor::profile(told) {
        out.push(armor::deprecated(lead, &key));
    }
}

/// What people write into claims by mistake: parts of bytes. `lead` is the path of the specification.
pub(super) fn claim(lead: &str, spec: Option<&Value>, out: &mut Vec<String>) {
    let resources = spec.and_then(|spec| spec.get("resources"));
    for list in ["requests", "limits"] {
        let amounts = resources.and_then(|resources| resources.get(list));
        fraction(&format!("{lead}.resources.{list}"), amounts, "storage", out);
    }
}

/// Sources of volumes that do nothing any more.
fn volumes(lead: &str, spec: &Value, out: &mut Vec<String>) {
    for (index, volume) in list(Some(spec), "volumes").iter().enumerate() {
        for (kind, told, text) in DEPRECATED_VOLUMES {
            if has(volume, kind) {
                out.push(format!("{lead}volumes[{index}].{told}: {text}"));
            }
        }
        let template = volume.pointer("/ephemeral/volumeClaimTemplate");
        let at = format!("{lead}volumes[{index}].ephemeral.volumeClaimTemplate.spec");
        claim(&at, template.and_then(|template| template.get("spec")), out);
    }
}

/// Addresses and secrets that are said twice, and secrets without a name.
fn repeated(lead: &str, spec: &Value, out: &mut Vec<String>) {
    let mut addresses = HashSet::new();
    for (index, alias) in list(Some(spec), "hostAliases").iter().enumerate() {
        let address = string(alias, "ip");
        if !addresses.insert(address) {
            out.push(format!(
                "{lead}spec.hostAliases[{index}].ip: duplicate ip {address:?}"
            ));
        }
    }
    let mut names = HashSet::new();
    let mut unnamed = Vec::new();
    for (index, secret) in list(Some(spec), "imagePullSecrets").iter().enumerate() {
        let name = string(secret, "name");
        let at = format!("{lead}spec.imagePullSecrets[{index}].name");
        if !names.insert(name) {
            out.push(format!("{at}: duplicate name {name:?}"));
        }
        if name.is_empty() {
            unnamed.push(format!("{at}: invalid empty name {name:?}"));
        }
    }
    out.append(&mut unnamed);
}

/// Amounts of bytes of a container that are no whole numbers.
fn amounts(path: &str, container: &Value, out: &mut Vec<String>) {
    let resources = container.get("resources");
    for name in ["memory", "ephemeral-storage"] {
        for list in ["limits", "requests"] {
            let amounts = resources.and_then(|resources| resources.get(list));
            fraction(&format!("{path}.resources.{list}"), amounts, name, out);
        }
    }
}

fn fractions(path: &str, amounts: Option<&Value>, out: &mut Vec<String>) {
    for name in ["memory", "ephemeral-storage"] {
        fraction(path, amounts, name, out);
    }
}

fn fraction(path: &str, amounts: Option<&Value>, name: &str, out: &mut Vec<String>) {
    let amount = amounts.and_then(|amounts| amounts.get(name));
    let text = amount.and_then(Value::as_str).unwrap_or_default();
    if Quantity::parse(text).is_some_and(|amount| !amount.is_integer()) {
        out.push(format!(
            "{path}[{name}]: fractional byte value {text:?} is invalid, must be an integer"
        ));
    }
}

fn affinity(lead: &str, spec: &Value, out: &mut Vec<String>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let affinity = spec.get("affinity").and_then(|affinity| affinity.get(kind));
        for (index, term) in list(affinity, REQUIRED).iter().enumerate() {
            if !has(term, "labelSelector") {
                out.push(format!(
                    "{lead}.{kind}.{REQUIRED}[{index}].labelSelector: {NULL_SELECTOR}"
                ));
            }
        }
        for (index, weighted) in list(affinity, PREFERRED).iter().enumerate() {
            let term = weighted.get("podAffinityTerm");
            if !term.is_some_and(|term| has(term, "labelSelector")) {
                out.push(format!(
                    "{lead}.{kind}.{PREFERRED}[{index}].podAffinityTerm.labelSelector: {NULL_SELECTOR}"
                ));
            }
        }
    }
}

/// Addresses that are not written in the shortest way.
fn addresses(lead: &str, spec: &Value, out: &mut Vec<String>) {
    let servers = list(spec.get("dnsConfig"), "nameservers")
        .iter()
        .enumerate();
    let servers = servers.map(|(index, server)| {
        let path = format!("{lead}spec.dnsConfig.nameservers[{index}]");
        (path, server.as_str().unwrap_or_default())
    });
    let aliases = list(Some(spec), "hostAliases").iter().enumerate();
    let aliases = aliases.map(|(index, alias)| {
        let path = format!("{lead}spec.hostAliases[{index}].ip");
        (path, string(alias, "ip"))
    });
    for (path, text) in servers.chain(aliases) {
        networks::address(&path, text, out);
    }
}

/// A variable that is said twice, unless the later one uses the earlier.
fn variables(path: &str, container: &Value, out: &mut Vec<String>) {
    let mut names = HashSet::new();
    for (index, variable) in list(Some(container), "env").iter().enumerate() {
        let name = string(variable, "name");
        if names.insert(name) {
            continue;
        }
        let (value, reference) = (string(variable, "value"), format!("$({name})"));
        let from = variable
            .get("valueFrom")
            .is_some_and(|from| !from.is_null());
        if from || value == reference || !value.contains(&reference) {
            out.push(format!(
                "{path}.env[{index}]: hides previous definition of {name:?}, which may be dropped when using apply"
            ));
        }
    }
}

/// Ports and names of ports that occur twice in a pod.
fn ports(containers: &[(String, &Value)], out: &mut Vec<String>) {
    let mut known: BTreeMap<String, Vec<(String, &Value)>> = BTreeMap::new();
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut about_names = Vec::new();
    for (path, container) in containers {
        for (index, port) in list(Some(container), "ports").iter().enumerate() {
            let at = format!("{path}.ports[{index}]");
            let key = format!(
                "{}/{}",
                number(port, "containerPort"),
                string(port, "protocol")
            );
            let host = port.get("hostIP").and_then(Value::as_str);
            if host.is_some_and(|host| !host.is_empty()) && number(port, "hostPort") == 0 {
                out.push(format!(
                    "{at}: hostIP set without hostPort: {}",
                    go_port(port)
                ));
            }
            let others = known.entry(key).or_default();
            let room = MAX_TOLD.saturating_sub(out.len());
            let collisions = others.iter().filter_map(|(other_at, other)| {
                let problem = collision(port, other)?;
                Some(format!("{at}: {problem} with {other_at}"))
            });
            out.extend(collisions.take(room));
            if others.len() < MAX_COMPARED {
                others.push((at.clone(), port));
            }
            let name = string(port, "name");
            if name.is_empty() {
                continue;
            }
            match names.get(name) {
                Some(other) => about_names.push(format!(
                    "{at}: duplicate port name {name:?} with {other}, services and probes that select ports by name will use {other}"
                )),
                None => drop(names.insert(name, at)),
            }
        }
    }
    out.append(&mut about_names);
}

/// What is wrong with two ports of one number and protocol.
fn collision(port: &Value, other: &Value) -> Option<&'static str> {
    let (host, other_host) = (number(port, "hostPort"), number(other, "hostPort"));
    let (ip, other_ip) = (string(port, "hostIP"), string(other, "hostIP"));
    if ip == other_ip && host == other_host {
        Some("duplicate port definition")
    } else if host == 0 || other_host == 0 {
        Some("overlapping port definition")
    } else if host == other_host && ip.is_empty() != other_ip.is_empty() {
        Some("dangerously ambiguous port definition")
    } else {
        None
    }
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// A port as Go prints a struct.
fn go_port(port: &Value) -> String {
    format!(
        "{{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
        string(port, "name"),
        number(port, "hostPort"),
        number(port, "containerPort"),
        string(port, "protocol"),
        string(port, "hostIP")
    )
}
