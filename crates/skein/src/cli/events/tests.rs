//! Tests of how events are shown.

use serde_json::json;

use super::*;

#[test]
fn durations_are_for_people() {
    let texts: Vec<String> = [
        -2,
        -1,
        0,
        119,
        120,
        125,
        599,
        600,
        10_799,
        10_800,
        10_860,
        28_800,
        172_799,
        172_800,
        180_000,
        691_200,
        63_072_000,
        63_158_400,
        252_288_000,
    ]
    .into_iter()
    .map(|seconds| human_duration(SignedDuration::from_secs(seconds)))
    .collect();
    assert_eq!(
        texts,
        [
            "<invalid>",
            "0s",
            "0s",
            "119s",
            "2m",
            "2m5s",
            "9m59s",
            "10m",
            "179m",
            "3h",
            "3h1m",
            "8h",
            "47h",
            "2d",
            "2d2h",
            "8d",
            "2y",
            "2y1d",
            "8y",
        ]
    );
}

#[test]
fn repeated_events_say_how_often() {
    let event = Object::from_value(json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "ns"},
        "involvedObject": {"kind": "Kustomization", "name": "apps"}, "type": "Warning", "reason": "BuildFailed",
        "message": "oh", "count": 3, "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:08:00Z",
    }))
    .expect("an object");
    let now = "2026-01-01T00:10:00Z".parse().expect("a time");
    assert_eq!(
        row(&event, true, now),
        [
            "ns",
            "2m (x3 over 10m)",
            "Warning",
            "BuildFailed",
            "Kustomization/apps",
            "oh"
        ]
    );
}
