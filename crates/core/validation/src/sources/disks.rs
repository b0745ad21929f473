//! Disks: of clouds, of Fibre Channel and of iSCSI.

use std::sync::LazyLock;

use regex::Regex;

use super::Owner;
use crate::names::range_problems;
use crate::spot::{Errors, Spot};

/// Highest number of a partition and of a logical unit.
const MAX_UNIT: i64 = 255;
/// Longest name of a volume with the portal, in bytes.
const MAX_PORTAL_BYTES: usize = 64;
const MANAGED: &[&str] = &[
    "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
];
const BLOB: &[&str] =
    &["https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"];

/// Names of initiators and targets by how they start.
static NAMES: LazyLock<[(&str, Regex); 3]> = LazyLock::new(|| {
    let regex = |pattern: &str| Regex::new(pattern).expect("the pattern is a constant");
    [
        (
            "iqn",
            regex(r"iqn\.[0-9]{4}-[0-9]{2}\.([[:alnum:]\-.]+)(:[^,;*&$|\s]+)$"),
        ),
        ("eui", regex("^eui.[[:alnum:]]{16}$")),
        ("naa", regex("^naa.[[:alnum:]]{32}$")),
    ]
});

pub(super) fn check_partition(errors: &mut Errors, source: &Spot<'_>) {
    let partition = source.get("partition");
    let number = partition.number().unwrap_or_default();
    // Zero is let through, though the API server says otherwise.
    if !(0..=MAX_UNIT).contains(&number) {
        errors.problems(&partition, range_problems(number, 1, MAX_UNIT));
    }
}

pub(super) fn check_azure(errors: &mut Errors, source: &Spot<'_>) {
    let (kind, uri) = (source.get("kind"), source.get("diskURI"));
    let caching = source.get("cachingMode");
    errors.optional_choice(&caching, &["None", "ReadOnly", "ReadWrite"]);
    errors.optional_choice(&kind, &["Dedicated", "Managed", "Shared"]);
    if !kind.is_set() {
        return;
    }
    let shown = Spot::new(Some(uri.value), uri.path.clone());
    let (lead, forms) = match kind.text() {
        "Managed" => ("/subscriptions/", MANAGED),
        _ => ("https://", BLOB),
    };
    if !uri.text().starts_with(lead) {
        errors.add(skein_schema::FieldError::not_supported(
            shown.path,
            uri.text().into(),
            forms.iter().copied(),
        ));
    }
}

pub(super) fn check_channel(errors: &mut Errors, source: &Spot<'_>) {
    let (names, ids) = (source.get("targetWWNs"), source.get("wwids"));
    if names.len() == 0 && ids.len() == 0 {
        errors.add(names.required("must specify either targetWWNs or wwids, but not both"));
    }
    if names.len() == 0 {
        return;
    }
    if ids.len() > 0 {
        errors.add(names.invalid("targetWWNs and wwids can not be specified simultaneously"));
    }
    let lun = source.get("lun");
    match lun.number() {
        Some(number) => errors.problems(&lun, range_problems(number, 0, MAX_UNIT)),
        None => errors.add(lun.required("lun is required if targetWWNs is specified")),
    }
}

pub(super) fn check_iscsi(errors: &mut Errors, source: &Spot<'_>, owner: Owner<'_>) {
    let (portal, initiator) = (source.get("targetPortal"), source.get("initiatorName"));
    errors.filled(&portal);
    if let Owner::Volume(name) = owner {
        let told = Spot::new(Some(portal.value), source.path.child("targetportal"));
        if initiator.is_set() && is_long_portal(name, &portal) {
            errors.add(told.invalid_as(portal.text(), TOO_LONG));
        }
    }
    let target = source.get("iqn");
    if target.is_blank() {
        errors.add(target.required(""));
    } else {
        check_name(errors, &target, owner);
    }
    let lun = source.get("lun");
    let number = lun.number().unwrap_or_default();
    errors.problems(&lun, range_problems(number, 0, MAX_UNIT));
    let secret = source.get("secretRef");
    let authenticates = |name: &str| source.get(name).is_true();
    if authenticates("chapAuthDiscovery") || authenticates("chapAuthSession") {
        errors.add_if(!secret.is_set(), || secret.required(""));
    }
    if matches!(owner, Owner::Volume(_)) && secret.is_set() {
        errors.filled(&secret.get("name"));
    }
    if initiator.is_set() {
        let path = source.path.child("initiatorname");
        check_name(errors, &Spot::new(Some(initiator.value), path), owner);
    }
}

fn check_name(errors: &mut Errors, name: &Spot<'_>, owner: Owner<'_>) {
    let text = match NAMES.iter().find(|(lead, _)| name.text().starts_with(lead)) {
        Some((_, form)) if form.is_match(name.text()) => return,
        Some(_) => "must be valid format",
        None if matches!(owner, Owner::Pod) => {
            "must be valid format starting with iqn, eui, or naa"
        }
        None => "must be valid format",
    };
    errors.add(name.invalid(text));
}

pub(crate) const TOO_LONG: &str = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";

/// Whether the name of a volume leaves no room for the portal.
pub(crate) fn is_long_portal(name: &str, portal: &Spot<'_>) -> bool {
    name.len() + 1 + portal.text().len() > MAX_PORTAL_BYTES
}
