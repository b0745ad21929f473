//! Leases, and the slices of endpoints behind a Service.

use std::collections::HashSet;

use skein_object::Object;

use crate::names::{
    label_problems, label_value_problems, qualified_name_problems, subdomain_problems,
};
use crate::services::{check_address, check_reachable};
use crate::spot::{Errors, Spot};

const ADDRESS_TYPES: &[&str] = &["FQDN", "IPv4", "IPv6"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
/// Most addresses of one endpoint.
const MAX_ADDRESSES: usize = 100;
/// Most endpoints of a slice.
const MAX_ENDPOINTS: usize = 1_000;

pub(crate) fn check_lease(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let duration = spec.get("leaseDurationSeconds");
    if duration.number().is_some_and(|seconds| seconds <= 0) {
        errors.add(duration.invalid("must be greater than 0"));
    }
    errors.not_negative(&spec.get("leaseTransitions"));
}

/// A slice; endpoints that were there before are not judged again.
pub(crate) fn check_slice(errors: &mut Errors, old: Option<&Object>, object: &Object) {
    let kind = Spot::of(object, "addressType");
    errors.choice(&kind, ADDRESS_TYPES);
    check_ports(errors, &Spot::of(object, "ports"));
    let endpoints = Spot::of(object, "endpoints");
    if old.is_some_and(|old| old.at(&["endpoints"]) == object.at(&["endpoints"])) {
        return;
    }
    if endpoints.len() > MAX_ENDPOINTS {
        errors.add(too_many(&endpoints, MAX_ENDPOINTS));
        return;
    }
    for endpoint in endpoints.items() {
        check_endpoint(errors, &endpoint, kind.text());
    }
}

fn too_many(spot: &Spot<'_>, limit: usize) -> skein_schema::FieldError {
    skein_schema::FieldError::too_many(spot.path.clone(), spot.len() as u64, limit as u64)
}

fn check_endpoint(errors: &mut Errors, endpoint: &Spot<'_>, kind: &str) {
    let addresses = endpoint.get("addresses");
    if addresses.len() == 0 {
        errors.add(addresses.required("must contain at least 1 address"));
    } else if addresses.len() > MAX_ADDRESSES {
        errors.add(too_many(&addresses, MAX_ADDRESSES));
    }
    for address in addresses.items() {
        check_endpoint_address(errors, &addresses, &address, kind);
    }
    let node = endpoint.get("nodeName");
    if node.is_set() {
        errors.problems(&node, subdomain_problems(node.text()));
    }
    let host = endpoint.get("hostname");
    if host.is_set() {
        errors.problems(&host, label_problems(host.text()));
    }
    let hints = endpoint.get("hints");
    let mut zones = HashSet::new();
    for zone in hints.get("forZones").items() {
        let name = zone.get("name");
        errors.add_if(!zones.insert(name.text()), || name.duplicate());
        errors.problems(&name, label_value_problems(name.text()));
    }
    let mut nodes = HashSet::new();
    for node in hints.get("forNodes").items() {
        let name = node.get("name");
        errors.add_if(!nodes.insert(name.text()), || name.duplicate());
        errors.problems(&name, subdomain_problems(name.text()));
    }
}

fn check_endpoint_address(
    errors: &mut Errors,
    addresses: &Spot<'_>,
    address: &Spot<'_>,
    kind: &str,
) {
    if kind == "FQDN" {
        check_domain(errors, address);
        return;
    }
    if !matches!(kind, "IPv4" | "IPv6") {
        return;
    }
    let before = errors.0.len();
    check_address(errors, address);
    if errors.0.len() > before {
        return;
    }
    if address.text().contains(':') != (kind == "IPv6") {
        let text = format!("must be an {kind} address");
        errors.add(addresses.invalid_as(address.value.clone(), text));
    }
    check_reachable(errors, address);
}

/// A sub-domain of two parts or more, perhaps with a full stop.
fn check_domain(errors: &mut Errors, address: &Spot<'_>) {
    if address.is_blank() {
        errors.add(address.required(""));
        return;
    }
    let name = address.text();
    let name = name.strip_suffix('.').unwrap_or(name);
    let problems = subdomain_problems(name);
    if !problems.is_empty() {
        errors.add(address.invalid_as(name, problems.join(",")));
    } else if !name.contains('.') {
        let text = "should be a domain with at least two segments separated by dots";
        errors.add(address.invalid_as(name, text));
    }
}

fn check_ports(errors: &mut Errors, ports: &Spot<'_>) {
    let mut names = HashSet::new();
    for port in ports.items() {
        let name = port.get("name");
        if !name.is_blank() {
            errors.problems(&name, label_problems(name.text()));
        }
        errors.add_if(!names.insert(name.text()), || name.duplicate());
        let protocol = port.get("protocol");
        if protocol.is_set() {
            errors.optional_choice(&protocol, PROTOCOLS);
        } else {
            errors.add(protocol.required(""));
        }
        let application = port.get("appProtocol");
        if application.is_set() {
            errors.problems(&application, qualified_name_problems(application.text()));
        }
    }
}
