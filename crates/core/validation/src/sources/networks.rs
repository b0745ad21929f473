//! File systems over the network.

use super::Owner;
use crate::names::label_problems;
use crate::spot::{Errors, Spot};

const PAIRS: &str = "must be a host:port pair or multiple pairs separated by commas";
/// Longest name of a tenant, in bytes.
const MAX_TENANT_BYTES: usize = 64;

pub(super) fn check_nfs(errors: &mut Errors, source: &Spot<'_>) {
    let path = source.get("path");
    if !path.text().starts_with('/') {
        errors.add(path.invalid_as(path.text(), "must be an absolute path"));
    }
}

pub(super) fn check_quobyte(errors: &mut Errors, source: &Spot<'_>) {
    let (registry, tenant) = (source.get("registry"), source.get("tenant"));
    if registry.is_blank() {
        errors.add(registry.required(PAIRS));
    } else if tenant.text().len() > MAX_TENANT_BYTES {
        errors.add(tenant.required("must be a UUID and may not exceed a length of 64 characters"));
    } else {
        let pairs = registry.text().split(',');
        let bad = pairs.filter(|pair| !is_pair(pair));
        errors.add_all(bad.map(|_| registry.invalid(PAIRS)));
    }
    errors.filled(&source.get("volume"));
}

/// Whether a text is a host and a port, either of which may be empty.
fn is_pair(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let is_plain = |part: &str| !part.contains(['[', ']']);
    match host.strip_prefix('[') {
        Some(inner) => inner
            .strip_suffix(']')
            .is_some_and(|inner| is_plain(inner) && is_plain(port)),
        None => !host.contains(':') && is_plain(host) && is_plain(port),
    }
}

pub(super) fn check_glusterfs(errors: &mut Errors, source: &Spot<'_>, owner: Owner<'_>) {
    let namespace = source.get("endpointsNamespace");
    if !matches!(owner, Owner::Volume(_)) || !namespace.is_set() {
        return;
    }
    if namespace.is_blank() {
        let text = "if the endpointnamespace is set, it must be a valid namespace name";
        errors.add(namespace.invalid(text));
    } else {
        errors.problems(&namespace, label_problems(namespace.text()));
    }
}

pub(super) fn check_flocker(errors: &mut Errors, source: &Spot<'_>) {
    let (name, id) = (source.get("datasetName"), source.get("datasetUUID"));
    if name.is_blank() && id.is_blank() {
        errors.add(source.required("one of datasetName and datasetUUID is required"));
    }
    if !name.is_blank() && !id.is_blank() {
        let text = "datasetName and datasetUUID can not be specified simultaneously";
        errors.add(source.invalid_as("resource", text));
    }
    if name.text().contains('/') {
        errors.add(name.invalid("must not contain '/'"));
    }
}

pub(super) fn check_storageos(errors: &mut Errors, source: &Spot<'_>) {
    let (name, namespace) = (source.get("volumeName"), source.get("volumeNamespace"));
    errors.filled(&name);
    for spot in [name, namespace] {
        if !spot.is_blank() {
            errors.problems(&spot, label_problems(spot.text()));
        }
    }
}
