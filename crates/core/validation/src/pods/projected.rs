//! Projected volumes: several sources, whose files must not stand in each other's place.

use std::collections::HashSet;

use super::volumes::{check_file, check_item, check_mode};
use crate::names::subdomain_problems;
use crate::signers;
use crate::sources::check_local;
use crate::spot::{Errors, Spot, go_struct};

/// Shortest and longest life of a token, in seconds.
const TOKEN_SECONDS: (i64, i64) = (600, 1 << 32);
/// Shortest and longest life of a certificate, in seconds: an hour and 91 days.
const CERTIFICATE_SECONDS: (i64, i64) = (3_600, 91 * 86_400);
/// Longest life of a certificate of Kubernetes' own signers, in seconds: a day.
const OWN_CERTIFICATE_SECONDS: i64 = 86_400;

const KEY_TYPES: &[&str] = &[
    "RSA3072",
    "RSA4096",
    "ECDSAP256",
    "ECDSAP384",
    "ECDSAP521",
    "ED25519",
];

/// The volume, and the paths of its files so far.
struct Files<'a> {
    volume: &'a Spot<'a>,
    taken: HashSet<&'a str>,
}

impl<'a> Files<'a> {
    /// Takes a path; `shown` is what is quoted when it is taken already.
    fn take(&mut self, errors: &mut Errors, path: &'a str, shown: &str) {
        if !self.taken.insert(path) {
            let error = self.volume.invalid_as(shown, "conflicting duplicate paths");
            errors.add(error);
        }
    }
}

/// The sources of one volume; one that projects nothing is let through.
pub(super) fn check(errors: &mut Errors, volume: &Spot<'_>) {
    check_mode(errors, &volume.get("defaultMode"));
    let mut files = Files {
        volume,
        taken: HashSet::new(),
    };
    for part in volume.get("sources").items() {
        let mut found = 0;
        for kind in [
            "secret",
            "configMap",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ] {
            let projection = part.get(kind);
            if !projection.is_set() {
                continue;
            }
            found += 1;
            match kind {
                "secret" | "configMap" => check_named(errors, &projection, &mut files),
                "downwardAPI" => check_downward(errors, &projection, &mut files),
                "serviceAccountToken" => check_token(errors, &projection, volume),
                "clusterTrustBundle" => check_bundle(errors, &projection, &mut files),
                _ => check_certificate(errors, &projection, &mut files),
            }
        }
        if found > 1 {
            errors.add(part.forbidden("may not specify more than 1 volume type per source"));
        }
    }
}

/// Files of a Secret or ConfigMap.
fn check_named<'a>(errors: &mut Errors, source: &Spot<'a>, files: &mut Files<'a>) {
    let name = source.get("name");
    errors.filled(&name);
    for item in source.get("items").items() {
        check_item(errors, &item);
        let path = item.get("path").text();
        if !path.is_empty() {
            files.take(errors, path, name.text());
        }
    }
}

fn check_downward<'a>(errors: &mut Errors, source: &Spot<'a>, files: &mut Files<'a>) {
    for file in source.get("items").items() {
        // The API server tells these without the index.
        check_file(errors, &Spot::new(Some(file.value), source.path.clone()));
        let path = file.get("path").text();
        if !path.is_empty() {
            files.take(errors, path, path);
        }
    }
}

fn check_token(errors: &mut Errors, token: &Spot<'_>, volume: &Spot<'_>) {
    let seconds = token.get("expirationSeconds");
    if let Some(number) = seconds.number() {
        if number < TOKEN_SECONDS.0 {
            errors.add(seconds.invalid("may not specify a duration less than 10 minutes"));
        } else if number > TOKEN_SECONDS.1 {
            errors.add(seconds.invalid("may not specify a duration larger than 2^32 seconds"));
        }
    }
    // The API server tells this at the volume.
    let path = Spot::new(Some(token.get("path").value), volume.get("path").path);
    errors.filled(&path);
    check_local(errors, &path);
}

fn check_bundle<'a>(errors: &mut Errors, bundle: &Spot<'a>, files: &mut Files<'a>) {
    let (name, signer) = (bundle.get("name"), bundle.get("signerName"));
    let selector = bundle.get("labelSelector");
    match (name.is_set(), signer.is_set()) {
        (true, true) => {
            let error = bundle.invalid("only one of name and signerName may be used");
            errors.add(error.showing(go_bundle(bundle)));
        }
        (true, false) => {
            errors.add_if(name.is_blank(), || {
                name.required("must be a valid object name")
            });
            for problem in bundle_name_problems(name.text()) {
                errors.add(name.invalid(format!("not a valid clustertrustbundlename: {problem}")));
            }
            if selector.is_set() {
                let text = "labelSelector must be unset if name is specified";
                errors.add(crate::labels::invalid_selector(&selector, text));
            }
        }
        (false, true) => {
            errors.add_if(signer.is_blank(), || {
                signer.required("must be a valid signer name")
            });
            signers::check(errors, &signer);
            crate::labels::check_selector(errors, &selector);
        }
        (false, false) => {
            errors.add(bundle.required("either name or signerName must be specified"));
        }
    }
    let path = bundle.get("path");
    errors.filled(&path);
    check_local(errors, &path);
    files.take(errors, path.text(), path.text());
}

/// The source with the fields of Go's internal type.
fn go_bundle(bundle: &Spot<'_>) -> String {
    let optional = bundle.get("optional");
    let selector = bundle.get("labelSelector");
    let (name, signer, path) = (
        bundle.get("name"),
        bundle.get("signerName"),
        bundle.get("path"),
    );
    go_struct(&[
        ("Name", name.value),
        ("SignerName", signer.value),
        ("LabelSelector", selector.value),
        ("Optional", optional.value),
        ("Path", path.value),
    ])
}

/// A name with a signer starts with that signer's name.
fn bundle_name_problems(name: &str) -> Vec<String> {
    match name.rsplit_once(':') {
        Some((_, rest)) => subdomain_problems(rest),
        None => subdomain_problems(name),
    }
}

fn check_certificate<'a>(errors: &mut Errors, source: &Spot<'a>, files: &mut Files<'a>) {
    let signer = source.get("signerName");
    signers::check(errors, &signer);
    check_annotation_keys(errors, &source.get("userAnnotations"));
    let kind = source.get("keyType");
    if !KEY_TYPES.contains(&kind.text()) {
        let (path, shown) = (kind.path.clone(), kind.text().into());
        let allowed = KEY_TYPES.iter().copied();
        errors.add(skein_schema::FieldError::not_supported(
            path, shown, allowed,
        ));
    }
    check_seconds(errors, &source.get("maxExpirationSeconds"), signer.text());
    let mut found = false;
    for name in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
        let path = source.get(name);
        if path.is_blank() {
            continue;
        }
        found = true;
        check_local(errors, &path);
        files.take(errors, path.text(), path.text());
    }
    if !found {
        let text =
            "specify at least one of credentialBundlePath, keyPath, and certificateChainPath";
        errors.add(source.required(text));
    }
}

fn check_annotation_keys(errors: &mut Errors, annotations: &Spot<'_>) {
    if annotations.is_set() {
        crate::labels::check_annotations(errors, annotations);
    }
}

fn check_seconds(errors: &mut Errors, seconds: &Spot<'_>, signer: &str) {
    let Some(number) = seconds.number() else {
        return;
    };
    let (shortest, mut longest) = CERTIFICATE_SECONDS;
    if signer.starts_with("kubernetes.io/") {
        longest = OWN_CERTIFICATE_SECONDS;
    }
    let error = |sign: &str, limit: i64| {
        seconds.invalid(format!(
            "if provided, maxExpirationSeconds must be {sign} {limit}"
        ))
    };
    errors.add_if(number < shortest, || error(">=", shortest));
    errors.add_if(number > longest, || error("<=", longest));
}
