//! What a schema can reach from its root: every reference must lead somewhere and every expression must be one, as the library finds out when it compiles.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use skein_gowords::quote;

use super::address::{escape, shown};
use super::document::{Document, Target, not_found, schemas_below};
use super::draft::{Draft, POSITIONS};
use super::loaded::{self, Load};
use super::metaschema;

/// Follows everything from the root on, and notes where references lead and what expressions mean.
pub(super) fn compile(document: &mut Document, load: &mut Load<'_>) -> Result<(), String> {
    let mut seen = BTreeSet::from([String::new()]);
    let mut queue = vec![String::new()];
    let mut done = 0;
    while let Some(pointer) = queue.get(done).cloned() {
        done += 1;
        let found = reach(document, &pointer, load)?;
        for next in found {
            if seen.insert(next.clone()) {
                queue.push(next);
            }
        }
    }
    Ok(())
}

/// The pointers to which the schema at a pointer leads.
fn reach(
    document: &mut Document,
    pointer: &str,
    load: &mut Load<'_>,
) -> Result<Vec<String>, String> {
    if document.root.pointer(pointer).is_none() {
        let (address, pointer) = document.place(pointer);
        return Err(not_found(address, pointer));
    }
    if document.index_at(pointer)? && !document.asserts_formats {
        metaschema::check_part(document, pointer)?;
    }
    let resource = document.resource_at(pointer);
    let draft = document.resources[resource].draft;
    let Some(Value::Object(schema)) = document.root.pointer(pointer) else {
        return Ok(Vec::new());
    };
    let mut found = Found {
        pointers: Vec::new(),
        references: Vec::new(),
        patterns: Vec::new(),
    };
    found.look(schema, draft, pointer);
    for (keyword, pattern) in found.patterns {
        let regex = skein_gowords::regex(&pattern).map_err(|problem| {
            let (address, pointer) = document.place(pointer);
            let place = shown(address, &format!("{pointer}/{keyword}"));
            let (pattern, place) = (quote(&pattern), quote(&place));
            format!("invalid regex {pattern} at {place}: {problem}")
        })?;
        document.patterns.insert(pattern, regex);
    }
    let mut pointers = found.pointers;
    for reference in found.references {
        loaded::load(document, resource, &reference, load)?;
        let (target, unresolved) = document.resolve(resource, &reference)?;
        if let Target::Here(pointer, _) = &target {
            pointers.push(pointer.clone());
        }
        document.unresolved.extend(unresolved);
        document.targets.insert((resource, reference), target);
    }
    Ok(pointers)
}

struct Found {
    pointers: Vec<String>,
    references: Vec<String>,
    /// Keyword and expression.
    patterns: Vec<(&'static str, String)>,
}

impl Found {
    fn look(&mut self, schema: &Map<String, Value>, draft: Draft, at: &str) {
        for (keyword, since) in [
            ("$ref", Draft::D4),
            ("$recursiveRef", Draft::D2019),
            ("$dynamicRef", Draft::D2020),
        ] {
            if let Some(Value::String(reference)) = schema.get(keyword)
                && draft >= since
            {
                self.references.push(reference.clone());
                if draft < Draft::D2019 {
                    return;
                }
            }
        }
        for (keyword, below, since) in POSITIONS {
            if draft < *since || !counts(schema, keyword, draft) {
                continue;
            }
            let Some(value) = schema.get(*keyword) else {
                continue;
            };
            for (pointer, part) in schemas_below(value, *below, &format!("{at}/{keyword}")) {
                let is_list = *keyword == "dependencies" && part.is_array();
                let is_answer = keyword.starts_with("additional") && part.is_boolean();
                if !is_list && !is_answer {
                    self.pointers.push(pointer);
                }
            }
        }
        if let Some(Value::Object(properties)) = schema.get("patternProperties") {
            let patterns = properties.keys().cloned();
            self.patterns
                .extend(patterns.map(|key| ("patternProperties", key)));
        }
        if let Some(Value::String(pattern)) = schema.get("pattern") {
            self.patterns.push(("pattern", pattern.clone()));
        }
    }
}

/// Whether what stands below a keyword is ever applied.
fn counts(schema: &Map<String, Value>, keyword: &str, draft: Draft) -> bool {
    match keyword {
        "definitions" | "$defs" | "contentSchema" => false,
        "additionalItems" => {
            draft < Draft::D2020 && schema.get("items").is_some_and(Value::is_array)
        }
        "items" => draft < Draft::D2020 || !schema.get("items").is_some_and(Value::is_array),
        "then" => schema.get("if").is_some_and(|on| *on != Value::Bool(false)),
        "else" => schema.get("if").is_some_and(|on| *on != Value::Bool(true)),
        _ => true,
    }
}

/// The pointer at which a schema stands in a document.
pub(super) fn pointer_of(root: &Value, schema: &Value) -> Option<String> {
    if std::ptr::eq(root, schema) {
        return Some(String::new());
    }
    match root {
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            pointer_of(value, schema).map(|rest| format!("/{}{rest}", escape(key)))
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, value)| {
            pointer_of(value, schema).map(|rest| format!("/{index}{rest}"))
        }),
        _ => None,
    }
}
