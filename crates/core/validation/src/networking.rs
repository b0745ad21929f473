//! Ingresses, their classes, and NetworkPolicies.

use std::net::IpAddr;

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;
use skein_schema::field_error::FieldPath;

use crate::cidrs;
use crate::labels;
use crate::names::{
    label_problems, path_segment_problems, port_name_problems, port_problems, subdomain_problems,
    wildcard_problems,
};
use crate::spot::{Errors, Spot};

const PATH_TYPES: &[&str] = &["Exact", "ImplementationSpecific", "Prefix"];

pub(crate) fn check_ingress(errors: &mut Errors, object: &Object, creating: bool) {
    let spec = Spot::of(object, "spec");
    let (rules, backend) = (spec.get("rules"), spec.get("defaultBackend"));
    if rules.len() == 0 && !backend.is_set() {
        let shown = if rules.is_set() {
            rules.value.clone()
        } else {
            Value::Null
        };
        errors.add(spec.invalid_as(
            shown,
            "either `defaultBackend` or `rules` must be specified",
        ));
    }
    if backend.is_set() {
        check_backend(errors, &backend);
    }
    for rule in rules.items() {
        check_rule(errors, &rule);
    }
    for tls in spec.get("tls").items() {
        for host in tls.get("hosts").items() {
            check_host(errors, &host);
        }
        let secret = tls.get("secretName");
        if !secret.is_blank() {
            errors.problems(&secret, subdomain_problems(secret.text()));
        }
    }
    let class = spec.get("ingressClassName");
    if class.is_set() {
        errors.problems(&class, subdomain_problems(class.text()));
    }
    let annotation = "kubernetes.io/ingress.class";
    if let Some(value) = object.annotation(annotation)
        && creating
        && class.is_set()
        && class.text() != value
    {
        let path = FieldPath::new("annotations").child(annotation);
        let text = "must match `ingressClassName` when both are specified";
        errors.add(FieldError::invalid(path, value.into(), text));
    }
}

fn check_host(errors: &mut Errors, host: &Spot<'_>) {
    let problems = if host.text().contains('*') {
        wildcard_problems(host.text())
    } else {
        subdomain_problems(host.text())
    };
    errors.problems(host, problems);
}

fn check_rule(errors: &mut Errors, rule: &Spot<'_>) {
    let host = rule.get("host");
    if !host.is_blank() {
        if host.text().parse::<IpAddr>().is_ok() {
            errors.add(host.invalid("must be a DNS name, not an IP address"));
        }
        check_host(errors, &host);
    }
    let http = rule.get("http");
    if !http.is_set() {
        return;
    }
    let paths = http.get("paths");
    errors.add_if(paths.len() == 0, || paths.required(""));
    for path in paths.items() {
        check_path(errors, &path);
    }
}

/// Parts that a path must not contain, and what it must not end in.
const BAD_PARTS: &[&str] = &["//", "/./", "/../", "%2f", "%2F"];
const BAD_ENDS: &[&str] = &["/..", "/."];

fn check_path(errors: &mut Errors, entry: &Spot<'_>) {
    let (kind, path) = (entry.get("pathType"), entry.get("path"));
    if !kind.is_set() {
        errors.add(kind.required("pathType must be specified"));
        return;
    }
    match kind.text() {
        "Exact" | "Prefix" => {
            if !path.text().starts_with('/') {
                errors.add(path.invalid_as(path.text(), "must be an absolute path"));
            }
            if !path.is_blank() {
                for part in BAD_PARTS.iter().filter(|part| path.text().contains(**part)) {
                    errors.add(path.invalid(format!("must not contain '{part}'")));
                }
                for end in BAD_ENDS.iter().filter(|end| path.text().ends_with(**end)) {
                    errors.add(path.invalid(format!("cannot end with '{end}'")));
                }
            }
        }
        "ImplementationSpecific" => {
            if !path.is_blank() && !path.text().starts_with('/') {
                errors.add(path.invalid("must be an absolute path"));
            }
        }
        _ => errors.add(kind.not_supported(PATH_TYPES)),
    }
    check_backend(errors, &entry.get("backend"));
}

fn check_backend(errors: &mut Errors, backend: &Spot<'_>) {
    let (service, resource) = (backend.get("service"), backend.get("resource"));
    if resource.is_set() && service.is_set() {
        let text = "cannot set both resource and service backends";
        errors.add(backend.invalid_as("", text));
        return;
    }
    if resource.is_set() {
        let group = resource.get("apiGroup");
        if group.is_set() {
            errors.problems(&group, subdomain_problems(group.text()));
        }
        for name in ["kind", "name"] {
            let spot = resource.get(name);
            if spot.is_blank() {
                errors.add(spot.required(""));
            } else {
                errors.problems(&spot, path_segment_problems(spot.text()));
            }
        }
        return;
    }
    if !service.is_set() {
        errors.add(backend.invalid_as("", "resource or service backend is required"));
        return;
    }
    let name = service.get("name");
    if name.is_blank() {
        errors.add(name.required(""));
    } else {
        errors.problems(&name, label_problems(name.text()));
    }
    let (port_name, number) = (service.get("port.name"), service.get("port.number"));
    let value = number.number().unwrap_or_default();
    match (port_name.is_blank(), value) {
        (false, 0) => errors.problems(&port_name, port_name_problems(port_name.text())),
        (false, _) => {
            errors.add(backend.invalid_as("", "cannot set both port name & port number"));
        }
        (true, 0) => errors.add(backend.required("port name or number is required")),
        (true, value) => errors.problems(&number, port_problems(value)),
    }
}

pub(crate) fn check_policy(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    labels::check_selector(errors, &spec.get("podSelector"));
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.get(list).items() {
            for port in rule.get("ports").items() {
                check_policy_port(errors, &port);
            }
            for peer in rule.get(peers).items() {
                check_peer(errors, &peer);
            }
        }
    }
    let types = spec.get("policyTypes");
    if types.len() > 2 {
        errors.add(types.invalid("may not specify more than two policyTypes"));
        return;
    }
    for kind in types.items() {
        errors.optional_choice(&kind, &["Ingress", "Egress"]);
    }
}

fn check_policy_port(errors: &mut Errors, entry: &Spot<'_>) {
    let protocol = entry.get("protocol");
    errors.optional_choice(&protocol, &["TCP", "UDP", "SCTP"]);
    let (port, end) = (entry.get("port"), entry.get("endPort"));
    match (port.value, end.number()) {
        (Value::Null, Some(_)) => {
            errors.add(end.invalid("may not be specified when `port` is not specified"));
        }
        (Value::String(name), last) => {
            let text = "may not be specified when `port` is non-numeric";
            errors.add_if(last.is_some(), || end.invalid(text));
            errors.problems(&port, port_name_problems(name));
        }
        (Value::Number(_), last) => {
            let number = port.number().unwrap_or_default();
            errors.problems(&port, port_problems(number));
            if let Some(last) = last {
                if last < number {
                    let text = "must be greater than or equal to `port`";
                    errors.add(end.invalid_as(number, text));
                }
                errors.problems(&end, port_problems(last));
            }
        }
        _ => {}
    }
}

fn check_peer(errors: &mut Errors, peer: &Spot<'_>) {
    let block = peer.get("ipBlock");
    let mut found = usize::from(block.is_set());
    for name in ["podSelector", "namespaceSelector"] {
        let selector = peer.get(name);
        if selector.is_set() {
            found += 1;
            labels::check_selector(errors, &selector);
        }
    }
    if block.is_set() {
        let cidr = block.get("cidr");
        if cidr.is_blank() {
            errors.add(cidr.required(""));
        } else {
            cidrs::check(errors, &cidr);
            for except in block.get("except").items() {
                cidrs::check(errors, &except);
                if is_subset(cidr.text(), except.text()) == Some(false) {
                    errors.add(except.invalid("must be a strict subset of `cidr`"));
                }
            }
        }
    }
    if found == 0 {
        errors.add(peer.required("must specify a peer"));
    } else if found > 1 && block.is_set() {
        errors.add(peer.forbidden("may not specify both ipBlock and another peer"));
    }
}

/// Whether a range lies in another one and is smaller; `None` when one of them is no range.
fn is_subset(outer: &str, inner: &str) -> Option<bool> {
    let parse = |text: &str| {
        let (address, bits) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let bits: u32 = bits.parse().ok()?;
        let (number, width) = match address {
            IpAddr::V4(four) => (u128::from(u32::from(four)), 32),
            IpAddr::V6(six) => (u128::from(six), 128),
        };
        (bits <= width).then_some((number, bits, width))
    };
    let ((a, a_bits, a_width), (b, b_bits, b_width)) = (parse(outer)?, parse(inner)?);
    let network = |number: u128| number.checked_shr(a_width - a_bits).unwrap_or_default();
    Some(a_width == b_width && a_bits < b_bits && network(a) == network(b))
}

pub(crate) fn check_class(errors: &mut Errors, object: &Object) {
    let controller = Spot::of(object, "spec").get("controller");
    if controller.is_blank() {
        errors.add(controller.required(""));
        return;
    }
    let text = controller.text();
    const MAX_CONTROLLER_BYTES: u64 = 250;
    if text.len() as u64 > MAX_CONTROLLER_BYTES {
        errors.add(FieldError::too_long(
            controller.path.clone(),
            MAX_CONTROLLER_BYTES,
        ));
    }
    match text.split_once('/') {
        Some((domain, path)) if !domain.is_empty() && !path.is_empty() => {
            errors.problems(&controller, subdomain_problems(domain));
        }
        _ => errors
            .add(controller.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")")),
    }
}
