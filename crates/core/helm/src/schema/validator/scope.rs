//! Where a check stands: in which schema, in which resource, and what of the value no schema has looked at.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::schema::address::{escape, shown};
use crate::schema::document::Document;
use crate::schema::draft::Draft;
use crate::schema::reach::pointer_of;

/// A document and a resource in it.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) document: &'a Document,
    pub(super) resource: usize,
}

impl<'a> Spot<'a> {
    pub(super) fn at(self, resource: usize) -> Self {
        Self { resource, ..self }
    }

    /// The spot within a schema of this resource.
    pub(super) fn enter(self, schema: &Map<String, Value>) -> Self {
        self.at(self.document.resource_of(schema, self.resource))
    }

    pub(super) fn draft(self) -> Draft {
        let resource = self.document.resources.get(self.resource);
        resource.map_or(Draft::D2020, |resource| resource.draft)
    }

    pub(super) fn is_recursive(self) -> bool {
        let resource = self.document.resources.get(self.resource);
        resource.is_some_and(|resource| resource.is_recursive)
    }
}

/// A schema that is being applied.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) schema: &'a Value,
    pub(super) spot: Spot<'a>,
    /// Depth of the value in the values: the same for the same value.
    pub(super) depth: usize,
    /// The keyword that led here from elsewhere; empty for a part of the schema before.
    pub(super) reference: &'static str,
}

/// The keywords that lead from the first scope to another.
pub(super) fn keyword_location(trail: &[Scope<'_>], to: usize) -> String {
    let location = |scope: &Scope<'_>| {
        let pointer = pointer_of(&scope.spot.document.root, scope.schema).unwrap_or_default();
        shown("", &pointer)
    };
    let mut out = String::new();
    for pair in trail.windows(2).take(to) {
        let [before, scope] = pair else { continue };
        if scope.reference.is_empty() {
            let (before, here) = (location(before), location(scope));
            out.push_str(here.get(before.len()..).unwrap_or_default());
        } else {
            out.push('/');
            out.push_str(&escape(scope.reference));
        }
    }
    out
}

/// What of a value no schema has looked at yet (`unevaluatedProperties`, `unevaluatedItems`).
#[derive(Clone, Default)]
pub(super) struct Unseen {
    pub(super) keys: BTreeSet<String>,
    pub(super) items: BTreeSet<usize>,
}

impl Unseen {
    /// Everything of the value, if the schema or the one around it asks; nothing, if the schema looks at everything.
    pub(super) fn of(
        value: &Value,
        schema: &Map<String, Value>,
        draft: Draft,
        is_asked: bool,
    ) -> Self {
        let asks = |keyword| draft >= Draft::D2019 && schema.contains_key(keyword);
        let mut unseen = Self::default();
        match value {
            Value::Object(map)
                if !schema.contains_key("additionalProperties")
                    && (is_asked || asks("unevaluatedProperties")) =>
            {
                unseen.keys = map.keys().cloned().collect();
            }
            Value::Array(items) if is_asked || asks("unevaluatedItems") => {
                unseen.items = (items_looked_at(schema, draft)..items.len()).collect();
            }
            _ => {}
        }
        unseen
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.items.is_empty()
    }

    pub(super) fn keep_common(&mut self, other: &Self) {
        self.keys.retain(|key| other.keys.contains(key));
        self.items.retain(|item| other.items.contains(item));
    }
}

/// How many items a schema looks at itself.
fn items_looked_at(schema: &Map<String, Value>, draft: Draft) -> usize {
    let length = |keyword| {
        let list = schema.get(keyword).and_then(Value::as_array);
        list.map_or(0, Vec::len)
    };
    let all = if draft < Draft::D2020 {
        match schema.get("items") {
            Some(Value::Array(_)) => schema.contains_key("additionalItems"),
            items => items.is_some(),
        }
    } else {
        schema.contains_key("items")
    };
    match (all, draft < Draft::D2020) {
        (true, _) => usize::MAX,
        (false, true) => length("items"),
        (false, false) => length("prefixItems"),
    }
}
