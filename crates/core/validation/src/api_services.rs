//! Who serves a version of a group of the API: APIServices.

use skein_object::Object;
use skein_schema::FieldError;
use skein_schema::field_error::FieldPath;

use crate::names::{old_label_problems, path_segment_problems, port_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

/// Highest priority of a group among others.
const MAX_GROUP_PRIORITY: i64 = 20_000;
/// Highest priority of a version among those of its group.
const MAX_VERSION_PRIORITY: i64 = 1_000;

/// An APIService.
pub(crate) fn check(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let (group, version) = (spec.get("group"), spec.get("version"));
    let name = object.name();
    let wanted = format!("{}.{}", version.text(), group.text());
    if path_segment_problems(name).is_empty() && name != wanted {
        let path = FieldPath::new("metadata").child("name");
        let text = format!("must be `spec.version+\".\"+spec.group`: {wanted:?}");
        errors.add(FieldError::invalid(path, name.into(), text));
    }
    if group.is_blank() {
        let text = "only v1 may have an empty group and it better be legacy kube";
        errors.add_if(version.text() != "v1", || group.required(text));
    } else {
        errors.problems(&group, subdomain_problems(group.text()));
    }
    let told = old_label_problems(version.text()).into_iter();
    errors.add_all(told.map(|problem| version.invalid_as(version.text(), problem)));
    for (name, most) in [
        ("groupPriorityMinimum", MAX_GROUP_PRIORITY),
        ("versionPriority", MAX_VERSION_PRIORITY),
    ] {
        let priority = spec.get(name);
        let number = priority.number().unwrap_or_default();
        if number <= 0 || number > most {
            let text = format!("must be positive and less than {most}");
            errors.add(priority.invalid_as(number, text));
        }
    }
    check_service(errors, &spec);
}

fn check_service(errors: &mut Errors, spec: &Spot<'_>) {
    let service = spec.get("service");
    let (bundle, insecure) = (spec.get("caBundle"), spec.get("insecureSkipTLSVerify"));
    if !service.is_set() {
        if !bundle.is_blank() {
            let shown = format!("{} bytes", decoded_len(bundle.text()));
            errors.add(bundle.invalid_as(shown, "local APIServices may not have a caBundle"));
        }
        let text = "local APIServices may not have insecureSkipTLSVerify";
        errors.add_if(insecure.is_true(), || insecure.invalid(text));
        return;
    }
    errors.filled(&service.get("namespace"));
    errors.filled(&service.get("name"));
    let port = service.get("port");
    let number = port.number().unwrap_or_default();
    let problems = port_problems(number);
    if !problems.is_empty() {
        let text = format!("port is not valid: {}", problems.join(", "));
        errors.add(port.invalid_as(number, text));
    }
    let text = "may not be true if caBundle is present";
    errors.add_if(insecure.is_true() && !bundle.is_blank(), || {
        insecure.invalid(text)
    });
}

/// How many bytes a text in base64 stands for.
fn decoded_len(text: &str) -> usize {
    let digits = text.trim_end_matches('=').len();
    digits * 3 / 4
}

/// The conditions that are reported of an APIService.
pub(crate) fn check_status(errors: &mut Errors, status: &Spot<'_>) {
    for condition in status.get("conditions").items() {
        let status = condition.get("status");
        if !matches!(status.text(), "True" | "False" | "Unknown") {
            let shown = Spot {
                value: &status.text().into(),
                path: status.path.clone(),
            };
            errors.add(shown.not_supported(&["True", "False", "Unknown"]));
        }
    }
}
