//! Adapts recorded ownership to a schema whose lists or maps have become atomic since.

use super::{Atom, Form, MapOf, Type};
use crate::field_set::{FieldSet, Node};
use crate::path_element::PathElement;

/// The set with fields below a now atomic map or list replaced by the map or list itself.
pub fn reconcile(set: &FieldSet, value_type: Type<'_>) -> FieldSet {
    let root = Node {
        member: false,
        children: set.clone(),
    };
    reconcile_node(&root, value_type.atom(), true).children
}

fn reconcile_node(node: &Node, atom: Atom<'_>, root: bool) -> Node {
    let whole = || Node {
        member: true,
        children: FieldSet::new(),
    };
    // A member without children already stands for the whole value.
    let was_atomic = node.member && node.children.is_empty();
    match atom.form() {
        Form::Scalar(_) => node.clone(),
        Form::Map(map) if map.is_deduced() => node.clone(),
        Form::Map(map) if map.atomic && !root => {
            if was_atomic || node.children.is_empty() {
                node.clone()
            } else {
                whole()
            }
        }
        Form::List(list) if list.keys.is_none() && !root => {
            if was_atomic {
                node.clone()
            } else {
                whole()
            }
        }
        Form::Map(map) => below(node, |element| field_type(&map, element)),
        Form::List(list) => below(node, |_| Some(list.element)),
    }
}

fn field_type<'a>(map: &MapOf<'a>, element: &PathElement) -> Option<Type<'a>> {
    match element {
        PathElement::Field(name) => map.field(name),
        _ => None,
    }
}

fn below<'a>(node: &Node, child_type: impl Fn(&PathElement) -> Option<Type<'a>>) -> Node {
    let mut children = FieldSet::new();
    for (element, child) in node.children.iter() {
        let child = match child_type(element) {
            Some(value_type) => reconcile_node(child, value_type.atom(), false),
            None => child.clone(),
        };
        children.put(element.clone(), child);
    }
    Node {
        member: node.member,
        children,
    }
}
