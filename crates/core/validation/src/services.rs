//! Services: ports, addresses, types and what only some types may have.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;

use crate::cidrs;
use crate::labels;
use crate::names::{
    label_problems, port_name_problems, port_problems, qualified_name_problems, subdomain_problems,
};
use crate::spot::{Errors, Spot, go_struct};

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const FAMILIES: &[&str] = &["IPv4", "IPv6"];
const FAMILY_POLICIES: &[&str] = &["PreferDualStack", "RequireDualStack", "SingleStack"];
/// Longest time for which a client keeps its Pod, in seconds.
const MAX_AFFINITY_SECONDS: i64 = 86_400;
/// How many addresses a Service can have: one for each family.
const MAX_ADDRESSES: usize = 2;

pub(crate) fn check(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let kind = spec.get("type").text();
    let headless = is_headless(&spec);
    let ports = spec.get("ports");
    if ports.len() == 0 && !headless && kind != "ExternalName" {
        errors.add(ports.required(""));
    }
    check_type(errors, &spec, kind, headless);
    check_ports(errors, &ports);
    labels::check(errors, &spec.get("selector"));
    check_affinity(errors, &spec);
    check_addresses(errors, &spec, kind, headless);
    for address in spec.get("externalIPs").items() {
        check_address(errors, &address);
        check_reachable(errors, &address);
    }
    errors.choice(&spec.get("type"), TYPES);
    check_node_ports(errors, &ports, kind);
    check_duplicates(errors, &ports);
    check_balancer(errors, &spec, kind);
    check_traffic(errors, &spec, kind);
}

/// What is wrong with the addresses of a Service.
pub(crate) fn check_addresses_of(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    check_addresses(errors, &spec, spec.get("type").text(), is_headless(&spec));
}

fn is_headless(spec: &Spot<'_>) -> bool {
    let list = spec.get("clusterIPs");
    let first = list.items().next();
    let one_none = list.len() == 1 && first.is_some_and(|address| address.text() == "None");
    one_none || spec.get("clusterIP").text() == "None"
}

fn check_type(errors: &mut Errors, spec: &Spot<'_>, kind: &str, headless: bool) {
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            let path = spec.get("clusterIPs").path.index(0);
            let text = format!("may not be set to 'None' for {kind} services");
            errors.add(FieldError::invalid(path, "None".into(), text));
        }
        "ExternalName" => {
            for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                let spot = spec.get(field);
                let set = spot.len() > 0 || !spot.text().is_empty();
                let text = "may not be set for ExternalName services";
                errors.add_if(set, || spot.forbidden(text));
            }
            let name = spec.get("externalName");
            let host = name.text().trim_end_matches('.');
            if host.is_empty() {
                errors.add(name.required(""));
            } else {
                let problems = subdomain_problems(host);
                errors.add_all(problems.into_iter().map(|text| name.invalid_as(host, text)));
            }
        }
        _ => {}
    }
}

fn check_ports(errors: &mut Errors, ports: &Spot<'_>) {
    let mut names = HashSet::new();
    for port in ports.items() {
        let name = port.get("name");
        if !name.is_blank() {
            errors.problems(&name, label_problems(name.text()));
            errors.add_if(!names.insert(name.text()), || name.duplicate());
        } else if ports.len() > 1 {
            errors.add(name.required(""));
        }
        let number = port.get("port").number().unwrap_or_default();
        let problems = port_problems(number);
        errors.add_all(
            problems
                .into_iter()
                .map(|text| port.get("port").invalid_as(number, text)),
        );
        errors.choice(&port.get("protocol"), PROTOCOLS);
        check_port_or_name(errors, &port.get("targetPort"));
        let protocol = port.get("appProtocol");
        if protocol.is_set() {
            errors.problems(&protocol, qualified_name_problems(protocol.text()));
        }
    }
}

/// A port that is told by number or by name.
pub(crate) fn check_port_or_name(errors: &mut Errors, port: &Spot<'_>) {
    match port.value {
        Value::String(name) => errors.problems(port, port_name_problems(name)),
        other => {
            let number = other.as_i64().unwrap_or_default();
            let problems = port_problems(number);
            errors.add_all(
                problems
                    .into_iter()
                    .map(|text| port.invalid_as(number, text)),
            );
        }
    }
}

fn check_affinity(errors: &mut Errors, spec: &Spot<'_>) {
    let affinity = spec.get("sessionAffinity");
    errors.choice(&affinity, &["ClientIP", "None"]);
    let config = spec.get("sessionAffinityConfig");
    match affinity.text() {
        "ClientIP" => {
            let text = "when session affinity type is ClientIP";
            let seconds = config.get("clientIP.timeoutSeconds");
            for spot in [&config, &config.get("clientIP"), &seconds] {
                if !spot.is_set() {
                    errors.add(spot.required(text));
                    return;
                }
            }
            let allowed = 1..=MAX_AFFINITY_SECONDS;
            if !seconds.number().is_some_and(|s| allowed.contains(&s)) {
                let text = format!("must be greater than 0 and less than {MAX_AFFINITY_SECONDS}");
                errors.add(seconds.invalid(text));
            }
        }
        "None" if config.is_set() => {
            errors.add(config.forbidden("must not be set when session affinity is None"));
        }
        _ => {}
    }
}

fn check_addresses(errors: &mut Errors, spec: &Spot<'_>, kind: &str, headless: bool) {
    if kind == "ExternalName" {
        return;
    }
    let (one, list) = (spec.get("clusterIP"), spec.get("clusterIPs"));
    let first = list.items().next();
    match &first {
        None if !one.is_blank() => errors.add(list.required("")),
        Some(first) if one.is_blank() && !first.is_blank() => {
            errors.add(list.invalid("must be empty when `clusterIP` is not specified"));
        }
        Some(first) if first.text() != one.text() => {
            errors.add(list.invalid("first value must match `clusterIP`"));
        }
        _ => {}
    }
    let mut seen = HashSet::new();
    for family in spec.get("ipFamilies").items() {
        errors.optional_choice(&family, FAMILIES);
        errors.add_if(!seen.insert(family.text()), || family.duplicate());
    }
    errors.optional_choice(&spec.get("ipFamilyPolicy"), FAMILY_POLICIES);
    let before = errors.0.len();
    for (index, address) in list.items().enumerate() {
        if index == 0 && address.text() == "None" {
            let text = "'None' must be the first and only value";
            errors.add_if(list.len() > 1, || list.invalid(text));
        } else {
            check_address(errors, &address);
        }
    }
    if list.len() > MAX_ADDRESSES {
        errors.add(list.invalid("may only hold up to 2 values"));
    }
    if errors.0.len() > before || headless {
        return;
    }
    let is_six = |address: &Spot<'_>| address.text().contains(':');
    let families = spec.get("ipFamilies");
    for (index, (address, family)) in list.items().zip(families.items()).enumerate() {
        if FAMILIES.contains(&family.text()) && (family.text() == "IPv6") != is_six(&address) {
            let name = family.text();
            errors.add(address.invalid(format!(
                "expected an {name} value as indicated by `ipFamilies[{index}]`"
            )));
        }
    }
}

/// An address that another machine can mean.
pub(crate) fn check_reachable(errors: &mut Errors, address: &Spot<'_>) {
    let Ok(parsed) = address.text().parse::<IpAddr>() else {
        return;
    };
    let (is_link_local, is_local_multicast) = match parsed {
        IpAddr::V4(four) => (
            four.is_link_local(),
            four.octets().starts_with(&[224, 0, 0]),
        ),
        IpAddr::V6(six) => (
            six.is_unicast_link_local(),
            six.segments()[0] & 0xffcf == 0xff02,
        ),
    };
    let rules = [
        (
            parsed.is_unspecified(),
            format!("may not be unspecified ({parsed})"),
        ),
        (
            parsed.is_loopback(),
            "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned(),
        ),
        (
            is_link_local,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned(),
        ),
        (
            is_local_multicast,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned(),
        ),
    ];
    for (is_special, text) in rules {
        errors.add_if(is_special, || address.invalid(text));
    }
}

/// Whether a text would be an IPv4 address if its numbers had no zeros before them.
pub(crate) fn has_leading_zeros(text: &str) -> bool {
    let plain = |part: &str| match part.trim_start_matches('0') {
        "" => part.get(..1).unwrap_or_default().to_owned(),
        rest => rest.to_owned(),
    };
    let parts: Vec<String> = text.split('.').map(plain).collect();
    parts.join(".").parse::<Ipv4Addr>().is_ok()
}

/// An IP address.
pub(crate) fn check_address(errors: &mut Errors, address: &Spot<'_>) {
    let text = address.text();
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(six)) if six.to_ipv4_mapped().is_some() => {
            errors.add(address.invalid("must not be an IPv4-mapped IPv6 address"));
        }
        Ok(_) => {}
        Err(_) if has_leading_zeros(text) => {
            errors.add(address.invalid("must not have leading 0s"));
        }
        Err(_) => {
            let problem = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            errors.add(address.invalid(problem));
        }
    }
}

fn check_node_ports(errors: &mut Errors, ports: &Spot<'_>, kind: &str) {
    let mut seen = HashSet::new();
    let node_port = |port: &Spot<'_>| port.get("nodePort").number().unwrap_or_default();
    if kind == "ClusterIP" {
        for port in ports.items().filter(|port| node_port(port) != 0) {
            let text = "may not be used when `type` is 'ClusterIP'";
            errors.add(port.get("nodePort").forbidden(text));
        }
    }
    for port in ports.items().filter(|port| node_port(port) != 0) {
        let key = (port.get("protocol").text(), node_port(&port));
        errors.add_if(!seen.insert(key), || port.get("nodePort").duplicate());
    }
}

fn check_duplicates(errors: &mut Errors, ports: &Spot<'_>) {
    let mut seen = HashSet::new();
    for port in ports.items() {
        let (protocol, number) = (port.get("protocol"), port.get("port"));
        if !seen.insert((protocol.text(), number.number())) {
            let (null, zero) = (Value::Null, Value::from(0));
            let shown = go_struct(&[
                ("Name", &"".into()),
                ("Protocol", &protocol.text().into()),
                ("AppProtocol", &null),
                ("Port", number.value),
                ("TargetPort", &zero),
                ("NodePort", &zero),
            ]);
            errors.add(port.duplicate().showing(shown));
        }
    }
}

fn check_balancer(errors: &mut Errors, spec: &Spot<'_>, kind: &str) {
    let is_balancer = kind == "LoadBalancer";
    let text = "may only be used when `type` is 'LoadBalancer'";
    let ranges = spec.get("loadBalancerSourceRanges");
    if ranges.len() > 0 {
        // The API server writes this field's name with a capital.
        let path = spec.path.child("LoadBalancerSourceRanges");
        if !is_balancer {
            errors.add(FieldError::forbidden(path.clone(), text));
        }
        for (index, range) in ranges.items().enumerate() {
            let spot = Spot::new(Some(range.value), path.index(index));
            cidrs::check(errors, &spot);
        }
    }
    let allocate = spec.get("allocateLoadBalancerNodePorts");
    errors.add_if(allocate.is_set() && !is_balancer, || {
        allocate.forbidden(text)
    });
    let class = spec.get("loadBalancerClass");
    if class.is_set() {
        if is_balancer {
            errors.problems(&class, qualified_name_problems(class.text()));
        } else {
            errors.add(class.forbidden(text));
        }
    }
}

fn check_traffic(errors: &mut Errors, spec: &Spot<'_>, kind: &str) {
    let reachable = matches!(kind, "LoadBalancer" | "NodePort")
        || (kind == "ClusterIP" && spec.get("externalIPs").len() > 0);
    let external = spec.get("externalTrafficPolicy");
    if reachable {
        errors.choice(&external, &["Cluster", "Local"]);
    } else if !external.is_blank() {
        errors.add(external.invalid("may only be set for externally-accessible services"));
    }
    let health = spec.get("healthCheckNodePort");
    let needs_health = kind == "LoadBalancer" && external.text() == "Local";
    if !needs_health && health.number().unwrap_or_default() != 0 {
        let text =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.add(health.invalid(text));
    }
    let internal = spec.get("internalTrafficPolicy");
    if !internal.is_set() && matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer") {
        errors.add(internal.required(""));
    }
    errors.optional_choice(&internal, &["Cluster", "Local"]);
    errors.optional_choice(
        &spec.get("trafficDistribution"),
        &["PreferClose", "PreferSameZone", "PreferSameNode"],
    );
}

/// Addresses do not change once they are given out.
pub(crate) fn check_change(errors: &mut Errors, old: &Object, new: &Object) {
    let (old, new) = (Spot::of(old, "spec"), Spot::of(new, "spec"));
    let balanced = |spec: &Spot<'_>| spec.get("type").text() == "LoadBalancer";
    let (class, given) = (old.get("loadBalancerClass"), new.get("loadBalancerClass"));
    if balanced(&old) && balanced(&new) && class.value != given.value {
        errors.add(given.invalid("may not change once set"));
    }
    let external = |spec: &Spot<'_>| spec.get("type").text() == "ExternalName";
    if external(&old) || external(&new) || (is_headless(&old) && is_headless(&new)) {
        return;
    }
    let (before, after) = (old.get("clusterIPs"), new.get("clusterIPs"));
    if before.len() > 0 && after.len() == 0 {
        let path = after.path.index(0);
        let text = "primary clusterIP can not be unset";
        errors.add(FieldError::invalid(path, after.value.clone(), text));
    }
    for (index, (a, b)) in before.items().zip(after.items()).enumerate() {
        if a.text() != b.text() {
            let path = after.path.index(index);
            let text = "may not change once set";
            errors.add(FieldError::invalid(path, after.value.clone(), text));
        }
    }
}
