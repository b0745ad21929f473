//! Tests of the drawn tree.

use super::*;

fn node(kind: &str, name: &str, children: Vec<Node>) -> Node {
    Node {
        key: ObjectKey::new("", kind, "", name),
        children,
    }
}

#[test]
fn branches_are_drawn() {
    let tree = node(
        "Kustomization",
        "root",
        vec![
            node("Namespace", "a", vec![]),
            node(
                "Kustomization",
                "b",
                vec![node("Pod", "c", vec![]), node("Pod", "d", vec![])],
            ),
            node("Kustomization", "e", vec![node("Pod", "f", vec![])]),
        ],
    );
    assert_eq!(
        as_text(&tree),
        "Kustomization/root\n├── Namespace/a\n├── Kustomization/b\n│   ├── Pod/c\n│   └── Pod/d\n└── Kustomization/e\n    └── Pod/f\n"
    );
    assert_eq!(
        as_value(&tree)["resources"][1]["resources"][0]["resource"]["Name"],
        "c"
    );
}
