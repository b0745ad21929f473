//! Values as Go prints them with `%#v` after `sigs.k8s.io/yaml` read them, for messages about keys.

use skein_gowords::quote;

use crate::compose::Dialect;
use crate::json::scalar_of;
use crate::node::{Kind, Node, Tag};
use crate::number::float_to_text;
use crate::resolve::Scalar;

/// An entry: what decides its place, its key and its value as printed.
type Entry = ((u8, f64, String), String, String);

/// A value in Go's syntax. At the top nil has no type.
pub(crate) fn go_syntax(node: &Node, is_top: bool) -> String {
    match node.kind {
        Kind::Scalar => match scalar(node) {
            Scalar::Null if is_top => "<nil>".to_owned(),
            other => print(node, &other),
        },
        Kind::Sequence => {
            let items: Vec<String> = node.content.iter().map(|n| go_syntax(n, false)).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Kind::Mapping => {
            let mut entries = Vec::new();
            collect(node, &mut entries);
            entries.sort_by(|(a, ..), (b, ..)| {
                let numbers = a.1.total_cmp(&b.1);
                a.0.cmp(&b.0).then(numbers).then_with(|| a.2.cmp(&b.2))
            });
            let entries: Vec<String> = entries
                .into_iter()
                .map(|(_, key, value)| format!("{key}:{value}"))
                .collect();
            format!(
                "map[interface {{}}]interface {{}}{{{}}}",
                entries.join(", ")
            )
        }
    }
}

/// The entries of a map and of those merged into it; later ones win.
fn collect(node: &Node, entries: &mut Vec<Entry>) {
    for (key, value) in node.entries() {
        if key.tag == Tag::Merge && key.value == "<<" {
            match value.kind {
                Kind::Mapping => collect(value, entries),
                _ => value
                    .content
                    .iter()
                    .rev()
                    .for_each(|part| collect(part, entries)),
            }
            continue;
        }
        let rank = match scalar(key) {
            Scalar::Null => (0, 0.0, String::new()),
            Scalar::Int(number) => (2, number as f64, String::new()),
            Scalar::Float(number) => (3, number, String::new()),
            Scalar::Bool(value) => (4, f64::from(u8::from(value)), String::new()),
            Scalar::Uint(number) => (5, number as f64, String::new()),
            Scalar::Timestamp(_) | Scalar::Text => (1, 0.0, key.value.as_str().to_owned()),
        };
        let key = go_syntax(key, false);
        entries.retain(|(_, other, _)| *other != key);
        entries.push((rank, key, go_syntax(value, false)));
    }
}

fn scalar(node: &Node) -> Scalar {
    scalar_of(node, Dialect::V2).unwrap_or(Scalar::Text)
}

fn print(node: &Node, scalar: &Scalar) -> String {
    match scalar {
        Scalar::Null => "interface {}(nil)".to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Uint(number) => format!("{number:#x}"),
        Scalar::Float(number) => float_to_text(*number),
        Scalar::Timestamp(_) | Scalar::Text => quote(&node.value),
    }
}
