//! Addresses and node ports of Services.

use std::collections::HashSet;

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
) -> Outcome<()> {
    let kind = service
        .str_at(&["spec", "type"])
        .unwrap_or("ClusterIP")
        .to_owned();
    if kind == "ExternalName" {
        for field in [
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "ipFamilyPolicy",
            "internalTrafficPolicy",
        ] {
            service.remove(&["spec", field]);
        }
        return Ok(());
    }
    address(api, resource, old, service)?;
    if kind == "NodePort" || kind == "LoadBalancer" {
        node_ports(api, resource, old, service)?;
    } else {
        for port in ports_mut(service) {
            if let Some(port) = port.as_object_mut() {
                port.remove("nodePort");
            }
        }
    }
    Ok(())
}

fn address(
    api: &Api,
    resource: &Resource,
    old: Option<&Object>,
    service: &mut Object,
) -> Outcome<()> {
    let given = service
        .str_at(&["spec", "clusterIP"])
        .unwrap_or_default()
        .to_owned();
    let before = old
        .and_then(|old| old.str_at(&["spec", "clusterIP"]))
        .unwrap_or_default();
    let refuse = |service: &Object, value: &str, text: &str| {
        let field = "spec.clusterIPs[0]";
        let text = format!("Invalid value: [{value:?}]: {text}");
        let causes = vec![cause("FieldValueInvalid", field, text)];
        Err(Failure::invalid(&resource.gvk(), service.name(), causes))
    };
    if !before.is_empty() && !given.is_empty() && given != before {
        return refuse(service, &given, "may not change once set");
    }
    let value = if !before.is_empty() {
        before.to_owned()
    } else if given == "None" {
        given
    } else {
        let taken = taken(api, "clusterIP");
        if given.is_empty() {
            free_address(&taken).ok_or_else(|| Failure::internal("no service address is free"))?
        } else if taken.contains(&given) {
            let text = format!(
                "Invalid value: {:?}: failed to allocate IP {given}: provided IP is already allocated",
                [&given]
            );
            let causes = vec![cause("FieldValueInvalid", "spec.clusterIPs", text)];
            return Err(Failure::invalid(&resource.gvk(), service.name(), causes));
        } else {
            given
        }
    };
    service.set(&["spec", "clusterIP"], value.as_str().into());
    service.set(&["spec", "clusterIPs"], json!([value]));
    if service.at(&["spec", "ipFamilies"]).is_none() {
        service.set(&["spec", "ipFamilies"], json!(["IPv4"]));
    }
    if service.at(&["spec", "ipFamilyPolicy"]).is_none() {
        service.set(&["spec", "ipFamilyPolicy"], "SingleStack".into());
    }
    Ok(())
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

fn node_ports(
    api: &Api,
    resource: &Resource,
    old: Option<&Object>,
    service: &mut Object,
) -> Outcome<()> {
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
        if let Some(number) = node_port(port)
            && taken.contains(&number)
        {
            let field = format!("spec.ports[{index}].nodePort");
            let text = format!("Invalid value: {number}: provided port is already allocated");
            let causes = vec![cause("FieldValueInvalid", &field, text)];
            return Err(Failure::invalid(&resource.gvk(), service.name(), causes));
        }
    }
    taken.extend(ports(service).iter().filter_map(node_port));
    let before: Vec<Value> = old.map(|old| ports(old).to_vec()).unwrap_or_default();
    for port in ports_mut(service) {
        if node_port(port).is_some() {
            continue;
        }
        let same = |other: &&Value| {
            other.get("port") == port.get("port") && other.get("protocol") == port.get("protocol")
        };
        let kept = before.iter().find(same).and_then(node_port);
        let number = kept
            .filter(|number| !taken.contains(number))
            .or_else(|| free_port(&taken));
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
