//! Tests of the verdict over many objects.

use super::*;

fn key(kind: &str, name: &str) -> ObjectKey {
    ObjectKey::new("", kind, "demo", name)
}

fn judge_of(
    objects: &[(ObjectKey, Option<Health>, bool)],
    fail_fast: bool,
    late: bool,
) -> WaitVerdict {
    let waited: Vec<Waited<'_>> = objects
        .iter()
        .map(|(key, health, deletes_itself)| Waited {
            key,
            health: health.as_ref(),
            deletes_itself: *deletes_itself,
        })
        .collect();
    judge(&waited, fail_fast, late)
}

fn good() -> Option<Health> {
    Some(Health::current(""))
}

#[test]
fn nothing_to_wait_for_is_healthy() {
    assert_eq!(judge_of(&[], true, true), WaitVerdict::Healthy);
}

#[test]
fn failures_end_the_wait_early_or_when_all_is_settled() {
    let busy = (
        key("Deployment", "web"),
        Some(Health::in_progress("", "")),
        false,
    );
    let broken = (
        key("Job", "bad"),
        Some(Health::failed("JobFailed", "")),
        false,
    );
    let done = (key("Secret", "a"), good(), false);
    let text = "failed early due to stalled resources: [Job/demo/bad status: 'Failed']";
    let all = [busy, broken.clone(), done.clone()];
    assert_eq!(
        judge_of(&all, true, false),
        WaitVerdict::Failed(text.into())
    );
    assert_eq!(judge_of(&all, false, false), WaitVerdict::Waiting);
    assert_eq!(
        judge_of(&[broken, done], false, false),
        WaitVerdict::Failed(text.into())
    );
}

#[test]
fn the_deadline_names_everything_that_is_open() {
    let all = [
        (
            key("Deployment", "web"),
            Some(Health::in_progress("", "")),
            false,
        ),
        (
            key("ConfigMap", "outside"),
            Some(Health::not_found()),
            false,
        ),
        (
            key("Pod", "odd"),
            Some(Health::unknown("unknown phase Odd")),
            false,
        ),
        (key("Pod", "new"), None, false),
        (key("Secret", "a"), good(), false),
    ];
    assert_eq!(judge_of(&all, true, false), WaitVerdict::Waiting);
    assert_eq!(
        judge_of(&all, true, true),
        WaitVerdict::Failed(
            "timeout waiting for: [Deployment/demo/web status: 'InProgress', \
             ConfigMap/demo/outside status: 'NotFound', \
             Pod/demo/odd status: 'Unknown': unknown phase Odd, Pod/demo/new status: 'Unknown']"
                .into()
        )
    );
}

#[test]
fn a_job_that_deletes_itself_is_done_when_it_is_gone() {
    let gone = Some(Health::not_found());
    let kept = [(key("Job", "migrate"), gone.clone(), false)];
    assert_eq!(judge_of(&kept, true, false), WaitVerdict::Waiting);
    let cleaned = [(key("Job", "migrate"), gone, true)];
    assert_eq!(judge_of(&cleaned, true, false), WaitVerdict::Healthy);
}
