//! Pictures of small fleets.

use super::fixtures::{cluster, kustomization};
use super::*;
use skein_hub::Fleet;

fn time() -> Timestamp {
    "2026-01-01T00:10:00Z".parse().unwrap()
}

fn fleet() -> Fleet {
    let mut fleet = cluster("staging");
    fleet
        .upsert("staging", kustomization("apps", "False", "boom\nmore"), 0)
        .unwrap();
    fleet
}

#[test]
fn failed_nodes_show_the_first_line_of_their_message() {
    let lines = tree(&fleet().snapshot(), 100, time());
    assert!(
        lines[0].starts_with("staging  (workloads simulated)"),
        "{lines:?}"
    );
    let failed = |line: &&String| {
        line.contains("✗ Kustomization flux-system/apps  failed 10m") && line.contains("boom")
    };
    assert!(lines.iter().any(|line| failed(&line)), "{lines:?}");
    assert!(
        tree(&fleet().snapshot(), 10, time())
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

#[test]
fn what_nobody_has_looked_at_is_no_line() {
    let mut news = News::default();
    let mut fleet = cluster("staging");
    let unseen = kustomization("apps", "Unknown", "");
    fleet.upsert("staging", unseen, 0).unwrap();
    let named_only = fleet.snapshot();
    let unknown = |node: &&std::sync::Arc<Node>| node.status == NodeStatus::Unknown;
    assert!(named_only.nodes.iter().filter(unknown).count() > 0);
    for line in news.lines(&named_only, 0.5) {
        assert!(!line.contains("not seen by the hub yet"), "{line}");
    }
}

#[test]
fn objects_on_another_cluster_say_so() {
    let mut fleet = cluster("hub");
    fleet.add_cluster("spoke", true, 0).unwrap();
    let connection = skein_graph::ConnectionRef {
        kind: "Secret".into(),
        namespace: "flux-system".into(),
        name: "spoke".into(),
        data_key: String::new(),
    };
    fleet.set_target("hub", &connection, Some("spoke"));
    let applier = fixtures::remote("apps", "spoke", &["_shop__Namespace", "_mail__Namespace"]);
    fleet.upsert("hub", applier, 0).unwrap();
    let lines = tree(&fleet.snapshot(), 100, time());
    assert!(
        lines.contains(&"      ✔ 2 objects  on spoke".to_owned()),
        "{lines:#?}"
    );
    assert!(
        lines.contains(&"  2 objects, applied from hub".to_owned()),
        "{lines:#?}"
    );
}
