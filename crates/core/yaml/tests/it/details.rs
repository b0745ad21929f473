//! Places and comments of nodes, against what Go's `encoding/json` made of go-yaml's nodes (v3.0.3): `tests/details/*.json`.

use skein_yaml::{compose_detailed, node_fields_to_json};

fn check(yaml: &str, json: &str) {
    let node = compose_detailed(yaml.as_bytes(), 0)
        .expect("it is YAML")
        .expect("a document");
    let (ours, theirs) = (node_fields_to_json(&node), json.trim_end());
    // Of a difference, the part around it tells more than the whole.
    let at = ours.bytes().zip(theirs.bytes()).position(|(a, b)| a != b);
    let around = |text: &str| {
        let text =
            String::from_utf8_lossy(text.as_bytes().get(at.unwrap_or(0)..).unwrap_or_default())
                .into_owned();
        text.chars().take(200).collect::<String>()
    };
    assert!(
        ours == theirs,
        "from byte {at:?}:\nours   {}\ntheirs {}",
        around(&ours),
        around(theirs)
    );
}

#[test]
fn comments_go_where_go_yaml_puts_them() {
    check(
        include_str!("../details/comments.yaml"),
        include_str!("../details/comments.json"),
    );
    check(
        include_str!("../details/odd.yaml"),
        include_str!("../details/odd.json"),
    );
}

#[test]
fn a_byte_order_mark_takes_no_place() {
    let marked = "\u{FEFF}# above\na: 1\n";
    let node = compose_detailed(marked.as_bytes(), 7).unwrap().unwrap();
    let detail = node.content[0].detail.as_ref().unwrap();
    assert_eq!((detail.line, detail.column), (2, 1));
    assert_eq!(detail.comments.head, "# above");
    assert_eq!(node.content[0].line, 9);
}
