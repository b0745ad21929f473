//! Names of signers: a domain and a path.

use skein_schema::FieldError;

use crate::names::{label_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

/// Longest domain of a signer, in bytes.
const MAX_DOMAIN_BYTES: u64 = 253;
/// Longest name of a signer: a domain, a slash, and a sub-domain with a label before it.
const MAX_NAME_BYTES: u64 = MAX_DOMAIN_BYTES + 1 + (253 + 63 + 1);

pub(crate) fn check(errors: &mut Errors, signer: &Spot<'_>) {
    if signer.is_blank() {
        errors.add(signer.required(""));
        return;
    }
    let segments: Vec<&str> = signer.text().split('/').collect();
    let [domain, path] = segments.as_slice() else {
        let text =
            "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        errors.add(signer.invalid(text));
        return;
    };
    if domain.len() as u64 > MAX_DOMAIN_BYTES {
        errors.add(FieldError::too_long(signer.path.clone(), MAX_DOMAIN_BYTES));
    }
    check_parts(errors, signer, domain, label_problems);
    if !domain.contains('.') {
        let text = "should be a domain with at least two segments separated by dots";
        errors.add(signer.invalid_as(*domain, text));
    }
    check_parts(errors, signer, path, subdomain_problems);
    if signer.text().len() as u64 > MAX_NAME_BYTES {
        errors.add(FieldError::too_long(signer.path.clone(), MAX_NAME_BYTES));
    }
}

/// The parts between dots; only the first bad one is told.
fn check_parts(
    errors: &mut Errors,
    signer: &Spot<'_>,
    segment: &str,
    rule: fn(&str) -> Vec<String>,
) {
    let bad = segment.split('.').find(|part| !rule(part).is_empty());
    for (part, problem) in bad
        .into_iter()
        .flat_map(|part| rule(part).into_iter().map(move |problem| (part, problem)))
    {
        let text = format!("validating label {part:?}: {problem}");
        errors.add(signer.invalid_as(segment, text));
    }
}
