//! Pictures of small fleets.

use super::fixtures::{cluster, kustomization};
use super::*;
use skein_hub::Fleet;

fn fleet() -> Fleet {
    let mut fleet = cluster("staging");
    fleet
        .upsert("staging", kustomization("apps", "False", "boom\nmore"), 0)
        .unwrap();
    fleet
}

#[test]
fn failed_nodes_show_the_first_line_of_their_message() {
    let lines = tree(&fleet().snapshot(), 100);
    assert!(
        lines[0].starts_with("staging  (workloads simulated)"),
        "{lines:?}"
    );
    let failed = |line: &&String| {
        line.contains("✗ Kustomization flux-system/apps  failed") && line.contains("boom")
    };
    assert!(lines.iter().any(|line| failed(&line)), "{lines:?}");
    assert!(
        tree(&fleet().snapshot(), 10)
            .iter()
            .all(|line| line.chars().count() <= 10)
    );
}

#[test]
fn plain_lines_are_printed_once() {
    let (mut fleet, mut news) = (fleet(), News::default());
    assert!(!news.lines(&fleet.snapshot(), 0.5).is_empty());
    assert!(news.lines(&fleet.snapshot(), 0.6).is_empty());
    fleet
        .upsert("staging", kustomization("apps", "True", "Applied"), 1)
        .unwrap();
    let lines = news.lines(&fleet.snapshot(), 1.25);
    let ready = |line: &String| line.contains("✔ Kustomization flux-system/apps  ready");
    assert!(lines.iter().any(ready), "{lines:?}");
}
