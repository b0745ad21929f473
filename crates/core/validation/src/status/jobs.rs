//! The status of Jobs: counters, indexes, and conditions that end a job and cannot be taken back.
//!
//! Most rules look only at what a report changes, so that a job that was left in a bad state can still be written.

use std::collections::HashSet;

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;
use skein_schema::field_error::FieldErrorKind;

use crate::spot::{Errors, Spot};

const COMPLETE: &str = "Complete";
const FAILED: &str = "Failed";
const FAILURE_TARGET: &str = "FailureTarget";
const SUCCESS: &str = "SuccessCriteriaMet";

/// The two states of a job that a report leads from and to.
struct Report<'a> {
    old: Spot<'a>,
    new: Spot<'a>,
    spec: Spot<'a>,
}

impl<'a> Report<'a> {
    /// Whether a condition holds now.
    fn is(&self, kind: &str) -> bool {
        holds(&self.new, kind, "True")
    }

    fn was(&self, kind: &str) -> bool {
        holds(&self.old, kind, "True")
    }

    /// Whether a condition holds now and did not before, or the other way round.
    fn turned(&self, kind: &str) -> bool {
        self.is(kind) != self.was(kind)
    }

    fn is_finished(&self) -> bool {
        self.is(COMPLETE) || self.is(FAILED)
    }

    fn turned_finished(&self) -> bool {
        self.is_finished() != (self.was(COMPLETE) || self.was(FAILED))
    }

    fn changed(&self, name: &str) -> bool {
        let (new, old) = (self.new.get(name), self.old.get(name));
        let zero = |spot: &Spot<'_>| spot.number() == Some(0) || spot.is_blank();
        new.value != old.value && !(COUNTERS.contains(&name) && zero(&new) && zero(&old))
    }

    fn count(&self, name: &str) -> i64 {
        self.new.get(name).number().unwrap_or_default()
    }

    /// A time in a form that compares as moments do: the API writes UTC with whole seconds.
    fn time(&self, name: &str) -> &'a str {
        self.new.get(name).text()
    }
}

/// Counters that Go has without a pointer: absent is zero.
const COUNTERS: &[&str] = &["active", "succeeded", "failed"];

fn holds(status: &Spot<'_>, kind: &str, wanted: &str) -> bool {
    status.get("conditions").items().any(|condition| {
        condition.get("type").text() == kind && condition.get("status").text() == wanted
    })
}

pub(super) fn check(errors: &mut Errors, old: &Object, new: &Object) {
    let report = Report {
        old: Spot::of(old, "status"),
        new: Spot::of(new, "status"),
        spec: Spot::of(new, "spec"),
    };
    for name in ["active", "succeeded", "failed", "ready", "terminating"] {
        errors.not_negative(&report.new.get(name));
    }
    check_uncounted(errors, &report);
    check_times(errors, &report);
    check_conditions(errors, &report);
    check_finished(errors, &report);
    check_indexes(errors, &report);
    let ready = report.new.get("ready");
    let counts_changed = report.changed("ready") || report.changed("active");
    if counts_changed && ready.is_set() && report.count("ready") > report.count("active") {
        errors.add(ready.invalid("cannot set more ready pods than active"));
    }
    check_turns(errors, &report);
}

/// Pods that have ended and are not counted yet, each once.
fn check_uncounted(errors: &mut Errors, report: &Report<'_>) {
    let mut seen = HashSet::new();
    for part in ["succeeded", "failed"] {
        for pod in report.new.get("uncountedTerminatedPods").get(part).items() {
            if pod.is_blank() {
                errors.add(pod.invalid("must not be empty"));
            } else if !seen.insert(pod.text()) {
                errors.add(pod.duplicate());
            }
        }
    }
}

fn check_times(errors: &mut Errors, report: &Report<'_>) {
    let completion = report.new.get("completionTime");
    let (is_set, is_complete) = (completion.is_set(), report.is(COMPLETE));
    if report.turned(COMPLETE) || report.changed("completionTime") {
        if is_set && !is_complete {
            let text = "cannot set completionTime when there is no Complete=True condition";
            errors.add(completion.invalid(text));
        }
        if !is_set && is_complete {
            errors.add(completion.required("completionTime is required for Complete jobs"));
        }
    }
    let start = report.time("startTime");
    let is_early = is_set && !start.is_empty() && completion.text() < start;
    if is_early && (report.changed("startTime") || report.changed("completionTime")) {
        errors.add(completion.invalid("must be equal to or after `startTime`"));
    }
}

fn conditions(report: &Report<'_>, text: impl Into<String>) -> FieldError {
    let place = report.new.get("conditions").path;
    FieldError::new(FieldErrorKind::Invalid, place, None, text)
}

fn check_conditions(errors: &mut Errors, report: &Report<'_>) {
    let (is_complete, has_failed) = (report.is(COMPLETE), report.is(FAILED));
    let has_target = report.is(FAILURE_TARGET);
    let has_success = report.is(SUCCESS);
    let has_policy = report.spec.get("successPolicy").is_set();
    let failed_indexes = report.changed("failedIndexes");
    let rules = [
        (
            (report.turned(COMPLETE) || report.turned(FAILED)) && is_complete && has_failed,
            "cannot set Complete=True and Failed=true conditions",
        ),
        (
            (report.turned(COMPLETE) || report.turned(FAILURE_TARGET)) && is_complete && has_target,
            "cannot set Complete=True and FailureTarget=true conditions",
        ),
        (
            (report.turned(FAILED) || failed_indexes) && has_failed && !has_target,
            "cannot set Failed=True condition without the FailureTarget=true condition",
        ),
        (
            (report.turned(COMPLETE) || report.turned(SUCCESS)) && is_complete && !has_success,
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        ),
        (
            has_success && has_failed,
            "cannot set SuccessCriteriaMet=True and Failed=true conditions",
        ),
        (
            has_success && has_target,
            "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions",
        ),
        (
            has_policy && !has_success && is_complete,
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True",
        ),
    ];
    for (is_broken, text) in rules {
        errors.add_if(is_broken, || conditions(report, text));
    }
}

/// A job that has ended has started once and has no pods any more.
fn check_finished(errors: &mut Errors, report: &Report<'_>) {
    if !report.is_finished() {
        return;
    }
    let turned = report.turned_finished();
    let active = report.new.get("active");
    if (turned || report.changed("active")) && report.count("active") > 0 {
        errors.add(active.invalid("active>0 is invalid for finished job"));
    }
    let start = report.new.get("startTime");
    let is_idle =
        report.spec.get("suspend").is_true() && report.spec.get("completions").number() == Some(0);
    if (turned || report.changed("startTime")) && !is_idle && !start.is_set() {
        errors.add(start.required("startTime is required for finished job"));
    }
    let uncounted = report.new.get("uncountedTerminatedPods");
    let open = uncounted.get("succeeded").len() + uncounted.get("failed").len();
    if (turned || report.changed("uncountedTerminatedPods")) && open > 0 {
        let list = |name: &str| match uncounted.get(name).value {
            Value::Null => "null".to_owned(),
            list => list.to_string(),
        };
        let shown = format!(
            "{{\"Succeeded\":{},\"Failed\":{}}}",
            list("succeeded"),
            list("failed")
        );
        let error = uncounted.invalid("must be empty for finished job");
        errors.add(error.showing(shown));
    }
    let terminating = report.new.get("terminating");
    if (turned || report.changed("terminating")) && report.count("terminating") > 0 {
        errors.add(terminating.invalid("terminating>0 is invalid for finished job"));
    }
}

fn check_indexes(errors: &mut Errors, report: &Report<'_>) {
    let (completed, failed) = (
        report.new.get("completedIndexes"),
        report.new.get("failedIndexes"),
    );
    let (new_completed, new_failed) = (
        report.changed("completedIndexes"),
        report.changed("failedIndexes"),
    );
    let completions = report.spec.get("completions").number();
    let has_limit = report.spec.get("backoffLimitPerIndex").is_set();
    for (spot, is_new, name) in [
        (&completed, new_completed, "completedIndexes"),
        (
            &failed,
            new_failed && has_limit && failed.is_set(),
            "failedIndexes",
        ),
    ] {
        let Some(completions) = completions.filter(|_| is_new) else {
            continue;
        };
        if let Err(problem) = ranges(spot.text(), completions) {
            errors.add(spot.invalid_as(spot.text(), format!("error parsing {name}: {problem}")));
        }
    }
    let is_indexed = report.spec.get("completionMode").text() == "Indexed";
    if new_completed && !completed.is_blank() && !is_indexed {
        let text = "cannot set non-empty completedIndexes when non-indexed completion mode";
        errors.add(completed.invalid(text));
    }
    if new_failed && failed.is_set() && !has_limit {
        let text = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        errors.add(failed.invalid(text));
    }
    if (new_completed || new_failed)
        && failed.is_set()
        && let Some(completions) = completions
        && let (Ok(done), Ok(broken)) = (
            ranges(completed.text(), completions),
            ranges(failed.text(), completions),
        )
        && let Some(index) = first_common(&done, &broken)
    {
        let text = format!("failedIndexes and completedIndexes overlap at index: {index}");
        errors.add(failed.invalid(text));
    }
}

/// Indexes in the form `1,3-5`: first and last of each run.
pub(crate) fn ranges(text: &str, completions: i64) -> Result<Vec<(i64, i64)>, String> {
    let mut out: Vec<(i64, i64)> = Vec::new();
    if text.is_empty() {
        return Ok(out);
    }
    for part in text.split(',') {
        let bounds: Vec<&str> = part.split('-').collect();
        if bounds.len() > 2 {
            return Err(format!(
                "the fragment {part:?} violates the requirement that an index interval can have at most two parts separated by '-'"
            ));
        }
        let number = |text: &str| {
            let number = text.parse::<i64>();
            let number = number
                .map_err(|_| format!("cannot convert string to integer for index: {text:?}"))?;
            if number >= completions {
                return Err(format!("too large index: {text:?}"));
            }
            Ok(number)
        };
        let first = number(bounds[0])?;
        if let Some((_, last)) = out.last()
            && first <= *last
        {
            return Err(format!(
                "non-increasing order, previous: {last}, current: {first}"
            ));
        }
        let last = match bounds.get(1) {
            None => first,
            Some(text) => number(text)?,
        };
        if bounds.len() == 2 && last <= first {
            return Err(format!(
                "non-increasing order, previous: {first}, current: {last}"
            ));
        }
        out.push((first, last));
    }
    Ok(out)
}

fn first_common(done: &[(i64, i64)], broken: &[(i64, i64)]) -> Option<i64> {
    let overlap =
        |(a, b): &(i64, i64), (c, d): &(i64, i64)| (a.max(c) <= b.min(d)).then(|| *a.max(c));
    done.iter()
        .flat_map(|run| broken.iter().filter_map(move |other| overlap(run, other)))
        .min()
}

/// What cannot be taken back.
fn check_turns(errors: &mut Errors, report: &Report<'_>) {
    for kind in [FAILED, COMPLETE, FAILURE_TARGET] {
        if report.was(kind) && !report.is(kind) {
            let text = format!("cannot disable the terminal {kind}=True condition");
            errors.add(conditions(report, text));
        }
    }
    let fell = |name: &str| report.old.get(name).number().unwrap_or_default() > report.count(name);
    let falling = |name: &str| {
        let text = format!("cannot decrease the {name} counter");
        report.new.get(name).invalid_as(report.count(name), text)
    };
    errors.add_if(fell("failed"), || falling("failed"));
    let can_shrink = report.spec.get("completionMode").text() == "Indexed"
        && report.spec.get("completions").value == report.spec.get("parallelism").value;
    errors.add_if(!can_shrink && fell("succeeded"), || falling("succeeded"));
    let completion = report.new.get("completionTime");
    if completion.is_set()
        && report.old.get("completionTime").is_set()
        && report.changed("completionTime")
    {
        errors.add(completion.invalid("field is immutable"));
    }
    let is_resuming = report.was("Suspended") && holds(&report.new, "Suspended", "False");
    let start = report.new.get("startTime");
    if report.changed("startTime")
        && !is_resuming
        && report.old.get("startTime").is_set()
        && !report.spec.get("suspend").is_true()
    {
        errors.add(start.invalid("field is immutable for unsuspended job once set"));
    }
    if report.was(SUCCESS) && !report.is(SUCCESS) {
        let text = "cannot disable the SuccessCriteriaMet=True condition";
        errors.add(conditions(report, text));
    }
    if report.was(COMPLETE) && !report.was(SUCCESS) && report.is(SUCCESS) {
        let text =
            "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
        errors.add(conditions(report, text));
    }
}
