//! Endpoints, as they were before slices.

use std::net::IpAddr;

use skein_object::Object;

use crate::names::{label_problems, port_problems, qualified_name_problems, subdomain_problems};
use crate::services::{self, check_reachable, has_leading_zeros};
use crate::spot::{Errors, Spot};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// Endpoints; subsets that were there before are not judged again.
pub(crate) fn check(errors: &mut Errors, old: Option<&Object>, object: &Object) {
    if old.is_some_and(|old| old.at(&["subsets"]) == object.at(&["subsets"])) {
        return;
    }
    for subset in Spot::of(object, "subsets").items() {
        let (ready, unready) = (subset.get("addresses"), subset.get("notReadyAddresses"));
        if ready.len() + unready.len() == 0 {
            let text = "must specify `addresses` or `notReadyAddresses`";
            errors.add(subset.required(text));
        }
        for address in ready.items().chain(unready.items()) {
            check_address(errors, &address);
        }
        let ports = subset.get("ports");
        for port in ports.items() {
            check_port(errors, &port, ports.len() > 1);
        }
    }
}

fn check_address(errors: &mut Errors, address: &Spot<'_>) {
    let ip = address.get("ip");
    services::check_address(errors, &ip);
    let host = address.get("hostname");
    if !host.is_blank() {
        errors.problems(&host, label_problems(host.text()));
    }
    let node = address.get("nodeName");
    if node.is_set() {
        errors.problems(&node, subdomain_problems(node.text()));
    }
    if ip.text().parse::<IpAddr>().is_ok() || has_leading_zeros(ip.text()) {
        check_reachable(errors, &ip);
    } else {
        errors.add(ip.invalid_as(ip.text(), "must be a valid IP address"));
    }
}

fn check_port(errors: &mut Errors, port: &Spot<'_>, needs_name: bool) {
    let name = port.get("name");
    if !name.is_blank() {
        errors.problems(&name, label_problems(name.text()));
    } else if needs_name {
        errors.add(name.required(""));
    }
    let number = port.get("port");
    let value = number.number().unwrap_or_default();
    let told = port_problems(value).into_iter();
    errors.add_all(told.map(|text| number.invalid_as(value, text)));
    let protocol = port.get("protocol");
    errors.choice(&protocol, PROTOCOLS);
    let application = port.get("appProtocol");
    if application.is_set() {
        errors.problems(&application, qualified_name_problems(application.text()));
    }
}
