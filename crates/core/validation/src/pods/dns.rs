//! Names: how a Pod resolves them, and its own.

use skein_schema::FieldError;

use crate::names::{subdomain_problems, underscored_problems};
use crate::spot::{Errors, Spot};

const MAX_SERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
/// Longest list of searches with spaces between, in bytes.
const MAX_SEARCH_BYTES: usize = 2048;
/// Longest name of a host, in bytes.
const MAX_HOST_BYTES: u64 = 64;

pub(super) fn check_config(errors: &mut Errors, spec: &Spot<'_>) {
    let config = spec.get("dnsConfig");
    let servers = config.get("nameservers");
    if spec.get("dnsPolicy").text() == "None" {
        if !config.is_set() {
            errors.add(config.required("must provide `dnsConfig` when `dnsPolicy` is None"));
            return;
        }
        if servers.len() == 0 {
            let text = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errors.add(servers.required(text));
            return;
        }
    }
    errors.add_if(servers.len() > MAX_SERVERS, || {
        servers.invalid(format!("must not have more than {MAX_SERVERS} nameservers"))
    });
    for server in servers.items() {
        crate::services::check_address(errors, &server);
    }
    check_searches(errors, &config.get("searches"));
    for option in config.get("options").items() {
        let is_unnamed = option.get("name").is_blank();
        errors.add_if(is_unnamed, || option.required("must not be empty"));
    }
}

fn check_searches(errors: &mut Errors, searches: &Spot<'_>) {
    errors.add_if(searches.len() > MAX_SEARCHES, || {
        searches.invalid(format!(
            "must not have more than {MAX_SEARCHES} search paths"
        ))
    });
    let bytes: usize = searches.items().map(|search| search.text().len() + 1).sum();
    errors.add_if(bytes > MAX_SEARCH_BYTES + 1, || {
        let limit = format!("must not have more than {MAX_SEARCH_BYTES} characters");
        searches.invalid(format!("{limit} (including spaces) in the search list"))
    });
    for search in searches.items().filter(|search| search.text() != ".") {
        let domain = search.text().strip_suffix('.').unwrap_or(search.text());
        for problem in underscored_problems(domain) {
            errors.add(search.invalid_as(domain, problem));
        }
    }
}

/// The name that a Pod gives itself.
pub(super) fn check_host(errors: &mut Errors, spec: &Spot<'_>) {
    let name = spec.get("hostnameOverride");
    if !name.is_set() {
        return;
    }
    for other in ["setHostnameAsFQDN", "hostNetwork"] {
        let text = format!("may not be specified when {other} is true");
        errors.add_if(spec.get(other).is_true(), || name.forbidden(&text));
    }
    errors.add_if(name.text().len() as u64 > MAX_HOST_BYTES, || {
        FieldError::too_long(name.path.clone(), MAX_HOST_BYTES)
    });
    errors.problems(&name, subdomain_problems(name.text()));
}
