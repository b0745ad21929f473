//! Addresses and node ports of Services.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

use serde_json::{Value, json};
use skein_object::Object;

use crate::api::Api;
use crate::failure::{Cause, Failure, Outcome};
use crate::resource::Resource;

/// First two bytes of service addresses: 10.96.0.0/16.
const NETWORK: (u8, u8) = (10, 96);
/// How many addresses the service network has.
const ADDRESSES: u32 = 65_534;
/// Node ports, from the first to the last.
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;

fn cause(reason: &str, field: &str, text: String) -> Cause {
    Cause::new(reason, field, text)
}

/// Gives a Service its cluster address and its node ports.
pub(super) fn allocate(
    api: &Api,
    resource: &Resource,
    old: Option<&Object>,
    service: &mut Object,
    dry_run: bool,
) -> Outcome<()> {
    let kind = service
        .str_at(&["spec", "type"])
        .unwrap_or("ClusterIP")
        .to_owned();
    if kind == "ExternalName" {
        return Ok(());
    }
    address(api, resource, old, service, dry_run)?;
    let opted_out = kind == "LoadBalancer"
        && service.bool_at(&["spec", "allocateLoadBalancerNodePorts"]) == Some(false);
    if needs_node_ports(&kind) && !opted_out {
        node_ports(api, resource, service)?;
    }
    health_port(api, service);
    Ok(())
}

/// A load balancer that keeps traffic local asks the nodes for their health at a port of its own.
fn health_port(api: &Api, service: &mut Object) {
    let port = |service: &Object| service.i64_at(&HEALTH_PORT).filter(|port| *port != 0);
    if !needs_health_port(service) || port(service).is_some() {
        return;
    }
    let id = skein_store::ResourceId::new("", "services");
    let mut taken: HashSet<u64> = HashSet::new();
    for stored in api.store.list(&id, None).items {
        taken.extend(ports(&stored.object).iter().filter_map(node_port));
        taken.extend(port(&stored.object).and_then(|port| u64::try_from(port).ok()));
    }
    taken.extend(ports(service).iter().filter_map(node_port));
    if let Some(given) = free_port(&taken) {
        service.set(&HEALTH_PORT, given.into());
    }
}

const HEALTH_PORT: [&str; 2] = ["spec", "healthCheckNodePort"];

fn needs_health_port(service: &Object) -> bool {
    kind_of(service) == "LoadBalancer"
        && service.str_at(&["spec", "externalTrafficPolicy"]) == Some("Local")
}

/// The port stays, and goes with what it is for.
fn keep_health_port(old: &Object, new: &mut Object) {
    if !needs_health_port(old) {
        return;
    }
    let is_kept = same(old, new, &["healthCheckNodePort"]);
    if needs_health_port(new) {
        if new.i64_at(&HEALTH_PORT).unwrap_or_default() == 0 {
            copy(old, new, "healthCheckNodePort");
        }
    } else if is_kept {
        new.remove(&HEALTH_PORT);
    }
}

fn kind_of(service: &Object) -> &str {
    service.str_at(&["spec", "type"]).unwrap_or("ClusterIP")
}

fn needs_node_ports(kind: &str) -> bool {
    matches!(kind, "NodePort" | "LoadBalancer")
}

fn needs_address(kind: &str) -> bool {
    kind != "ExternalName"
}

/// On an update: takes over what the old Service was given and the new one leaves out, and drops what belongs to a type
/// that the Service no longer has, if the client did not touch it.
pub(super) fn prepare_update(old: &Object, new: &mut Object) {
    align_addresses(Some(old), new);
    let (before, after) = (kind_of(old).to_owned(), kind_of(new).to_owned());
    if needs_address(&before) && needs_address(&after) {
        keep_address(old, new);
    } else if needs_address(&before) {
        if same(old, new, &["clusterIP", "clusterIPs"]) {
            new.remove(&["spec", "clusterIP"]);
            new.remove(&["spec", "clusterIPs"]);
        }
        for field in ["ipFamilies", "ipFamilyPolicy"] {
            if same(old, new, &[field]) {
                new.remove(&["spec", field]);
            }
        }
    }
    if needs_node_ports(&before) && needs_node_ports(&after) {
        keep_node_ports(old, new);
    } else if needs_node_ports(&before) && node_ports_of(old) == node_ports_of(new) {
        for port in ports_mut(new) {
            if let Some(port) = port.as_object_mut() {
                port.remove("nodePort");
            }
        }
    }
    keep_health_port(old, new);
    let balanced = |kind: &str| kind == "LoadBalancer";
    if balanced(&before) && !balanced(&after) {
        for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if same(old, new, &[field]) {
                new.remove(&["spec", field]);
            }
        }
    }
    if needs_node_ports(&before)
        && !needs_node_ports(&after)
        && same(old, new, &["externalTrafficPolicy"])
    {
        new.remove(&["spec", "externalTrafficPolicy"]);
    }
    if needs_address(&before)
        && !needs_address(&after)
        && same(old, new, &["internalTrafficPolicy"])
    {
        new.remove(&["spec", "internalTrafficPolicy"]);
    }
}

/// The one address and the list of addresses agree.
pub(super) fn align_addresses(old: Option<&Object>, new: &mut Object) {
    let address = |object: &Object| {
        let address = object.str_at(&["spec", "clusterIP"]);
        address.filter(|ip| !ip.is_empty()).map(str::to_owned)
    };
    let Some(one) = address(new) else {
        // Who takes away the one address means the list, too.
        if old.is_some_and(|old| address(old).is_some() && same(old, new, &["clusterIPs"])) {
            new.remove(&["spec", "clusterIPs"]);
        }
        return;
    };
    let list = new.at(&["spec", "clusterIPs"]).and_then(Value::as_array);
    let stale = old.is_some_and(|old| {
        old.at(&["spec", "clusterIPs"]) == new.at(&["spec", "clusterIPs"])
            && old.at(&["spec", "clusterIP"]) != new.at(&["spec", "clusterIP"])
    });
    if list.is_none_or(Vec::is_empty) || stale {
        let list = json!([one]);
        new.set(&["spec", "clusterIPs"], list);
    }
}

fn same(old: &Object, new: &Object, fields: &[&str]) -> bool {
    fields
        .iter()
        .all(|field| old.at(&["spec", field]) == new.at(&["spec", field]))
}

fn keep_address(old: &Object, new: &mut Object) {
    let empty = |object: &Object| {
        object
            .str_at(&["spec", "clusterIP"])
            .is_none_or(str::is_empty)
    };
    if empty(new) {
        copy(old, new, "clusterIP");
    }
    let listed = |object: &Object| {
        let list = object.at(&["spec", "clusterIPs"]).and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty())
    };
    if !listed(new) && same(old, new, &["clusterIP"]) {
        copy(old, new, "clusterIPs");
    }
    if new.at(&["spec", "ipFamilyPolicy"]).is_none() {
        copy(old, new, "ipFamilyPolicy");
    }
}

fn copy(old: &Object, new: &mut Object, field: &str) {
    if let Some(value) = old.at(&["spec", field]) {
        new.set(&["spec", field], value.clone());
    }
}

fn node_ports_of(service: &Object) -> HashSet<u64> {
    ports(service).iter().filter_map(node_port).collect()
}

fn keep_node_ports(old: &Object, new: &mut Object) {
    let mut used: HashSet<u64> = node_ports_of(old)
        .intersection(&node_ports_of(new))
        .copied()
        .collect();
    let name = |port: &Value| {
        let name = port.get("name").and_then(Value::as_str);
        name.unwrap_or_default().to_owned()
    };
    let known: HashMap<String, u64> = ports(old)
        .iter()
        .filter_map(|port| Some((name(port), node_port(port)?)))
        .collect();
    for port in ports_mut(new) {
        let Some(kept) = known.get(&name(port)) else {
            continue;
        };
        if node_port(port).is_none()
            && used.insert(*kept)
            && let Some(port) = port.as_object_mut()
        {
            port.insert("nodePort".into(), (*kept).into());
        }
    }
}

fn address(
    api: &Api,
    resource: &Resource,
    old: Option<&Object>,
    service: &mut Object,
    dry_run: bool,
) -> Outcome<()> {
    let given = service
        .str_at(&["spec", "clusterIP"])
        .unwrap_or_default()
        .to_owned();
    let before = old
        .and_then(|old| old.str_at(&["spec", "clusterIP"]))
        .unwrap_or_default();
    let value = if given == "None" || (!before.is_empty() && given == before) {
        given
    } else {
        let taken = taken(api, "clusterIP");
        if given.is_empty() {
            free_address(&taken).ok_or_else(|| Failure::internal("no service address is free"))?
        } else if !dry_run && taken.contains(&given) {
            let text = format!(
                "Invalid value: {}: failed to allocate IP {given}: provided IP is already allocated",
                json!([given])
            );
            let causes = vec![cause("FieldValueInvalid", "spec.clusterIPs", text)];
            return Err(Failure::invalid(&resource.gvk(), service.name(), causes));
        } else if let Some(problem) = range_problem(&given, dry_run) {
            let text = format!(
                "Invalid value: {}: failed to allocate IP {given}: {problem}",
                json!([given])
            );
            let causes = vec![cause("FieldValueInvalid", "spec.clusterIPs", text)];
            return Err(Failure::invalid(&resource.gvk(), service.name(), causes));
        } else {
            given
        }
    };
    service.set(&["spec", "clusterIP"], value.as_str().into());
    service.set(&["spec", "clusterIPs"], json!([value]));
    families(resource, service, value == "None")
}

/// Why an address cannot be taken from the service network; what is no address is told elsewhere. kube-apiserver looks for the network of the address
/// first, but in a dry run asks its own network at once.
fn range_problem(address: &str, dry_run: bool) -> Option<String> {
    let octets = address.parse::<Ipv4Addr>().ok()?.octets();
    let (high, low) = NETWORK;
    let is_inside = octets.starts_with(&[high, low]);
    if !is_inside && !dry_run {
        return Some("the provided network does not match the current range".to_owned());
    }
    let is_edge = octets.ends_with(&[0, 0]) || octets.ends_with(&[255, 255]);
    (is_edge || !is_inside).then(|| {
        format!(
            "the provided IP ({address}) is not in the valid range. The range of valid IPs is {high}.{low}.0.0/16"
        )
    })
}

/// Address families: IPv4 alone, but what a headless Service without Pods points at may be of both.
fn families(resource: &Resource, service: &mut Object, headless: bool) -> Outcome<()> {
    let without_pods = service
        .at(&["spec", "selector"])
        .and_then(Value::as_object)
        .is_none_or(serde_json::Map::is_empty);
    let free = headless && without_pods;
    let policy = service
        .str_at(&["spec", "ipFamilyPolicy"])
        .unwrap_or(if free {
            "RequireDualStack"
        } else {
            "SingleStack"
        })
        .to_owned();
    let given: Vec<String> = service
        .at(&["spec", "ipFamilies"])
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|family| family.as_str().map(str::to_owned))
        .collect();
    if !free {
        refuse_second_family(resource, service, &policy, &given)?;
    }
    if given.is_empty() {
        let both = free && policy != "SingleStack";
        let families = if both {
            json!(["IPv4", "IPv6"])
        } else {
            json!(["IPv4"])
        };
        service.set(&["spec", "ipFamilies"], families);
    }
    service.set(&["spec", "ipFamilyPolicy"], policy.into());
    Ok(())
}

/// The cluster has IPv4 addresses only.
fn refuse_second_family(
    resource: &Resource,
    service: &Object,
    policy: &str,
    families: &[String],
) -> Outcome<()> {
    let mut causes = Vec::new();
    if policy == "RequireDualStack" {
        let text = format!(
            "Invalid value: {policy:?}: this cluster is not configured for dual-stack services"
        );
        causes.push(cause("FieldValueInvalid", "spec.ipFamilyPolicy", text));
    }
    for (index, family) in families.iter().enumerate() {
        if family != "IPv4" {
            let field = format!("spec.ipFamilies[{index}]");
            let text = format!("Invalid value: {family:?}: not configured on this cluster");
            causes.push(cause("FieldValueInvalid", &field, text));
        }
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Failure::invalid(&resource.gvk(), service.name(), causes))
    }
}

fn taken(api: &Api, field: &str) -> HashSet<String> {
    let id = skein_store::ResourceId::new("", "services");
    let services = api.store.list(&id, None).items;
    services
        .iter()
        .filter_map(|stored| stored.object.str_at(&["spec", field]).map(str::to_owned))
        .collect()
}

fn free_address(taken: &HashSet<String>) -> Option<String> {
    let start = rand::random_range(0..ADDRESSES);
    (0..ADDRESSES).find_map(|offset| {
        let number = (start + offset) % ADDRESSES + 1;
        let (high, low) = (number / 256, number % 256);
        let address = format!("{}.{}.{high}.{low}", NETWORK.0, NETWORK.1);
        (!taken.contains(&address)).then_some(address)
    })
}

fn ports(service: &Object) -> &[Value] {
    service
        .at(&["spec", "ports"])
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn ports_mut(service: &mut Object) -> &mut [Value] {
    let ports = service
        .as_map_mut()
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("ports"))
        .and_then(Value::as_array_mut);
    ports.map_or(&mut [], Vec::as_mut_slice)
}

fn node_port(port: &Value) -> Option<u64> {
    port.get("nodePort")
        .and_then(Value::as_u64)
        .filter(|number| *number > 0)
}

fn node_ports(api: &Api, resource: &Resource, service: &mut Object) -> Outcome<()> {
    let id = skein_store::ResourceId::new("", "services");
    let services = api.store.list(&id, None).items;
    let mut taken: HashSet<u64> = services
        .iter()
        .filter(|stored| stored.object.uid() != service.uid())
        .flat_map(|stored| {
            ports(&stored.object)
                .iter()
                .filter_map(node_port)
                .collect::<Vec<_>>()
        })
        .collect();
    for (index, port) in ports(service).iter().enumerate() {
        let asked = port
            .get("nodePort")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let (first, last) = (NODE_PORTS.start(), NODE_PORTS.end());
        let is_ours = u16::try_from(asked).is_ok_and(|number| NODE_PORTS.contains(&number));
        let problem = if asked != 0 && !is_ours {
            Some(format!(
                "provided port is not in the valid range. The range of valid ports is {first}-{last}"
            ))
        } else if node_port(port).is_some_and(|number| taken.contains(&number)) {
            Some("provided port is already allocated".to_owned())
        } else {
            None
        };
        if let Some(problem) = problem {
            let field = format!("spec.ports[{index}].nodePort");
            let text = format!("Invalid value: {asked}: {problem}");
            let causes = vec![cause("FieldValueInvalid", &field, text)];
            return Err(Failure::invalid(&resource.gvk(), service.name(), causes));
        }
    }
    taken.extend(ports(service).iter().filter_map(node_port));
    for port in ports_mut(service) {
        if node_port(port).is_some() {
            continue;
        }
        let number = free_port(&taken);
        let number = number.ok_or_else(|| Failure::internal("no node port is free"))?;
        taken.insert(number);
        if let Some(port) = port.as_object_mut() {
            port.insert("nodePort".into(), number.into());
        }
    }
    Ok(())
}

fn free_port(taken: &HashSet<u64>) -> Option<u64> {
    let count = u64::from(*NODE_PORTS.end() - *NODE_PORTS.start()) + 1;
    let start = rand::random_range(0..count);
    let first = u64::from(*NODE_PORTS.start());
    (0..count)
        .map(|offset| first + (start + offset) % count)
        .find(|port| !taken.contains(port))
}
