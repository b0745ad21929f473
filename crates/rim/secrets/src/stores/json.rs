//! JSON with the order of keys kept and indented by tabs, as sops writes it.

use crate::tree::{Key, Tree};

pub(super) fn emit(tree: &Tree) -> String {
    let mut text = String::new();
    write(tree, 0, &mut text);
    text.push('\n');
    text
}

fn write(tree: &Tree, depth: usize, text: &mut String) {
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"\t".repeat(depth));
    };
    match tree {
        Tree::Leaf(_) => text.push_str(&tree.clone().into_value().to_string()),
        Tree::List(items) if items.is_empty() => text.push_str("[]"),
        Tree::List(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                line(text, depth + 1);
                write(item, depth + 1, text);
            }
            line(text, depth);
            text.push(']');
        }
        Tree::Map(entries) => {
            let named = entries.iter().filter_map(|(key, value)| match key {
                Key::Text(name) => Some((name, value)),
                Key::Comment(_) => None,
            });
            let mut empty = true;
            text.push('{');
            for (name, value) in named {
                if !empty {
                    text.push(',');
                }
                empty = false;
                line(text, depth + 1);
                text.push_str(&serde_json::Value::from(name.as_str()).to_string());
                text.push_str(": ");
                write(value, depth + 1, text);
            }
            if !empty {
                line(text, depth);
            }
            text.push('}');
        }
    }
}
