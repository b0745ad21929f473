//! A schema document: the resources in it, their drafts and anchors, and where references lead.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use regex::Regex;
use serde_json::{Map, Value};
use skein_gowords::quote;

use super::address::{ROOT, escape, join, shown};
use super::draft::{Below, Draft, POSITIONS, not_loaded};
use super::loaded::{self, Load};
use super::{metaschema, reach};

/// Most schemas of one document that are indexed.
const MAX_SCHEMAS: usize = 200_000;
/// Deepest nesting of a document, in levels (the JSON reader has a lower one).
const MAX_LEVELS: usize = 256;

/// A part of a document with an address of its own.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) address: String,
    /// JSON pointer to it.
    pub(super) pointer: String,
    pub(super) draft: Draft,
    /// JSON pointers by anchor.
    anchors: BTreeMap<String, String>,
    dynamic_anchors: BTreeSet<String>,
    /// Whether it says `$recursiveAnchor`.
    pub(super) is_recursive: bool,
}

/// Where a reference leads.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A schema of the document, by JSON pointer, and its resource.
    Here(String, usize),
    /// A schema of the metaschema of a draft, in the same way.
    Meta(Draft, String, usize),
    /// An address that everything fits (`urn:`).
    Anything,
}

/// A document with an index of what can be referred to.
#[derive(Debug)]
pub struct Document {
    pub(super) root: Value,
    pub(super) resources: Vec<Resource>,
    pub(super) by_address: HashMap<String, usize>,
    by_pointer: HashMap<String, usize>,
    /// Pointers of schemas that are indexed.
    processed: BTreeSet<String>,
    /// Where references lead, by resource and text.
    pub(super) targets: HashMap<(usize, String), Target>,
    pub(super) patterns: HashMap<String, Regex>,
    /// Addresses that everything fits.
    pub(super) unresolved: BTreeSet<String>,
    /// Whether formats are asserted in all drafts, as in metaschemas.
    pub(super) asserts_formats: bool,
    /// Addresses of the documents that were loaded besides.
    pub(super) loaded: Vec<String>,
}

impl Document {
    /// Reads, checks and indexes the text of a schema. What it refers to on other addresses is asked for by `load`.
    pub(super) fn read(text: &[u8], load: &mut Load<'_>) -> Result<Self, String> {
        let mut document = Self::new(parse(text)?, ROOT, Draft::D2020)?;
        metaschema::check_part(&document, "")?;
        reach::compile(&mut document, load)?;
        Ok(document)
    }

    /// A metaschema.
    pub(super) fn meta(root: Value, address: &str, draft: Draft) -> Result<Self, String> {
        let mut document = Self::new(root, address, draft)?;
        document.asserts_formats = true;
        reach::compile(&mut document, &mut |_| None)?;
        Ok(document)
    }

    fn new(root: Value, address: &str, draft: Draft) -> Result<Self, String> {
        let mut document = Self {
            root: Value::Null,
            resources: Vec::new(),
            by_address: HashMap::new(),
            by_pointer: HashMap::new(),
            processed: BTreeSet::new(),
            targets: HashMap::new(),
            patterns: HashMap::new(),
            unresolved: BTreeSet::new(),
            asserts_formats: false,
            loaded: Vec::new(),
        };
        if !root.is_object() {
            document.add_resource(address.to_owned(), "", draft, &root)?;
        }
        document.index(&root, (address, draft), "", 0)?;
        document.by_address.entry(address.to_owned()).or_insert(0);
        document.root = root;
        Ok(document)
    }

    /// Indexes what is not indexed yet from a pointer on; whether there was anything to do.
    pub(super) fn index_at(&mut self, pointer: &str) -> Result<bool, String> {
        if self.processed.contains(pointer) {
            return Ok(false);
        }
        let resource = &self.resources[self.resource_at(pointer)];
        let (address, draft) = (resource.address.clone(), resource.draft);
        let value = self.root.pointer(pointer).cloned().unwrap_or_default();
        self.index(&value, (&address, draft), pointer, 0)?;
        Ok(true)
    }

    pub(super) fn index(
        &mut self,
        value: &Value,
        (base, around): (&str, Draft),
        at: &str,
        level: usize,
    ) -> Result<(), String> {
        if !self.processed.insert(at.to_owned()) {
            return Ok(());
        }
        if self.processed.len() > MAX_SCHEMAS || level > MAX_LEVELS {
            return Err(format!(
                "the schema has more than {MAX_SCHEMAS} parts or more than {MAX_LEVELS} levels"
            ));
        }
        let Value::Object(map) = value else {
            return Ok(());
        };
        let mut draft = Draft::of(map, around, at)?;
        let mut id = draft.id(map);
        let starts_document = at.is_empty() || loaded::is_root(at);
        if id.is_none() && !starts_document {
            draft = around;
            id = draft.id(map);
        }
        if id.is_some_and(|id| skein_template::url_problem(id).is_some()) {
            let (document, at) = self.place(at);
            let place = quote(&shown(document, at));
            return Err(format!("error in parsing id at {place}"));
        }
        let base = id.map_or_else(|| base.to_owned(), |id| join(base, id).0);
        if id.is_some() || starts_document {
            self.add_resource(base.clone(), at, draft, value)?;
        }
        let resource = self.by_address.get(&base).copied().unwrap_or_default();
        self.add_anchors(map, resource, at)?;
        let draft = self.resources[resource].draft;
        for (keyword, below, since) in POSITIONS {
            if draft < *since {
                continue;
            }
            if let Some(value) = map.get(*keyword) {
                for (pointer, schema) in schemas_below(value, *below, &format!("{at}/{keyword}")) {
                    self.index(schema, (&base, draft), &pointer, level + 1)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn add_resource(
        &mut self,
        address: String,
        at: &str,
        draft: Draft,
        value: &Value,
    ) -> Result<(), String> {
        if let Some(other) = self.by_address.get(&address) {
            let (document, at) = self.place(at);
            let (_, other) = self.place(&self.resources[*other].pointer);
            return Err(format!(
                "duplicate id {} in {} at {} and {}",
                quote(&address),
                quote(document),
                quote(at),
                quote(other)
            ));
        }
        self.by_address
            .insert(address.clone(), self.resources.len());
        self.by_pointer.insert(at.to_owned(), self.resources.len());
        self.resources.push(Resource {
            address,
            pointer: at.to_owned(),
            draft,
            anchors: BTreeMap::new(),
            dynamic_anchors: BTreeSet::new(),
            is_recursive: value.get("$recursiveAnchor") == Some(&Value::Bool(true)),
        });
        Ok(())
    }

    fn add_anchors(
        &mut self,
        map: &Map<String, Value>,
        resource: usize,
        at: &str,
    ) -> Result<(), String> {
        let text = |keyword: &str| map.get(keyword).and_then(Value::as_str);
        let resource = &mut self.resources[resource];
        let mut anchors = Vec::new();
        if resource.draft < Draft::D2019 {
            if map.contains_key("$ref") {
                return Ok(());
            }
            let id = text(resource.draft.id_keyword()).unwrap_or_default();
            let fragment = join("", id).1;
            if !fragment.is_empty() && !fragment.starts_with('/') {
                anchors.push(fragment);
            }
        } else {
            anchors.extend(text("$anchor").map(str::to_owned));
        }
        if resource.draft >= Draft::D2020
            && let Some(anchor) = text("$dynamicAnchor")
        {
            anchors.push(anchor.to_owned());
            resource.dynamic_anchors.insert(anchor.to_owned());
        }
        for anchor in anchors {
            let before = resource.anchors.insert(anchor.clone(), at.to_owned());
            if let Some(before) = before.filter(|before| before != at) {
                let (document, at) = self.place(at);
                return Err(format!(
                    "duplicate anchor {} in {} at {} and {}",
                    quote(&anchor),
                    quote(document),
                    quote(self.place(&before).1),
                    quote(at)
                ));
            }
        }
        Ok(())
    }

    /// The resource in which a pointer lies.
    pub(super) fn resource_at(&self, pointer: &str) -> usize {
        let mut pointer = pointer;
        loop {
            if let Some(resource) = self.by_pointer.get(pointer) {
                return *resource;
            }
            match pointer.rsplit_once('/') {
                Some((before, _)) => pointer = before,
                None => return 0,
            }
        }
    }

    /// The resource that starts exactly at a pointer.
    pub(super) fn resource_exactly_at(&self, pointer: &str) -> Option<&Resource> {
        let resource = self.by_pointer.get(pointer)?;
        self.resources.get(*resource)
    }

    /// The resource of a schema that stands in another one.
    pub(super) fn resource_of(&self, schema: &Map<String, Value>, around: usize) -> usize {
        // Only a schema that names itself is one of its own.
        if !schema.contains_key("$id") && !schema.contains_key("id") {
            return around;
        }
        let Some(resource) = self.resources.get(around) else {
            return around;
        };
        let draft = Draft::of(schema, resource.draft, "").unwrap_or(resource.draft);
        let id = draft.id(schema).or_else(|| resource.draft.id(schema));
        let address = id.map(|id| join(&resource.address, id).0);
        let known = address.and_then(|address| self.by_address.get(&address));
        known.copied().unwrap_or(around)
    }

    /// The schema of a resource's dynamic anchor.
    pub(super) fn dynamic_anchor(&self, resource: usize, anchor: &str) -> Option<&Value> {
        let resource = self.resources.get(resource)?;
        resource.dynamic_anchors.get(anchor)?;
        self.root.pointer(resource.anchors.get(anchor)?)
    }

    /// Where a reference leads, and for an address that everything fits, that address.
    pub(super) fn resolve(
        &self,
        resource: usize,
        reference: &str,
    ) -> Result<(Target, Option<String>), String> {
        let path = reference.split('#').next().unwrap_or_default();
        if let Some(problem) = skein_template::url_problem(path) {
            return Err(format!("error in parsing {}: {problem}", quote(path)));
        }
        let (address, fragment) = join(&self.resources[resource].address, reference);
        if let Some(resource) = self.by_address.get(&address) {
            let (pointer, resource) = self.pointer_in(*resource, &fragment)?;
            return Ok((Target::Here(pointer, resource), None));
        }
        if let Some((draft, document, resource)) = metaschema::find(&address)? {
            let (pointer, resource) = document.pointer_in(resource, &fragment)?;
            if document.root.pointer(&pointer).is_none() {
                return Err(not_found(&address, &pointer));
            }
            return Ok((Target::Meta(draft, pointer, resource), None));
        }
        if !address.starts_with("urn:") {
            return Err(not_loaded(&address));
        }
        if fragment.starts_with('/') {
            return Err(not_found(&address, &fragment));
        }
        if !fragment.is_empty() {
            return Err(no_anchor(&address, &fragment, &address));
        }
        Ok((Target::Anything, Some(address)))
    }

    pub(super) fn find_resource(&self, address: &str) -> Option<usize> {
        self.by_address.get(address).copied()
    }

    fn pointer_in(&self, resource: usize, fragment: &str) -> Result<(String, usize), String> {
        let resource = &self.resources[resource];
        let pointer = if fragment.is_empty() || fragment.starts_with('/') {
            format!("{}{fragment}", resource.pointer)
        } else {
            let known = resource.anchors.get(fragment).cloned();
            known.ok_or_else(|| {
                let (document, _) = self.place(&resource.pointer);
                no_anchor(&resource.address, fragment, document)
            })?
        };
        let resource = self.resource_at(&pointer);
        Ok((pointer, resource))
    }

    /// The address of the document in which a pointer lies, and the pointer there.
    pub(super) fn place<'p>(&'p self, pointer: &'p str) -> (&'p str, &'p str) {
        if let Some((index, rest)) = loaded::split(pointer) {
            let address = self.loaded.get(index).map_or(ROOT, String::as_str);
            return (address, rest);
        }
        if self.asserts_formats {
            let root = self.resources.first();
            return (root.map_or(ROOT, |root| &root.address), pointer);
        }
        (ROOT, pointer)
    }
}

fn no_anchor(address: &str, anchor: &str, document: &str) -> String {
    format!(
        "anchor in {} not found in schema {}",
        quote(&shown(address, anchor)),
        quote(document)
    )
}

/// What is said of a pointer that leads nowhere.
pub(super) fn not_found(address: &str, pointer: &str) -> String {
    format!(
        "json-pointer in {} not found",
        quote(&shown(address, pointer))
    )
}

/// The schemas below a keyword, with their pointers.
pub(super) fn schemas_below<'v>(
    value: &'v Value,
    below: Below,
    at: &str,
) -> Vec<(String, &'v Value)> {
    match (value, below) {
        (Value::Array(items), Below::List | Below::OneOrList) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (format!("{at}/{index}"), item))
            .collect(),
        (Value::Object(map), Below::Map) => map
            .iter()
            .map(|(key, item)| (format!("{at}/{}", escape(key)), item))
            .collect(),
        (value, Below::One | Below::OneOrList) => vec![(at.to_owned(), value)],
        _ => Vec::new(),
    }
}

/// Parses the text; what is wrong with it is said in Go's words.
pub(super) fn parse(text: &[u8]) -> Result<Value, String> {
    // As Go reads it: what is no UTF-8 becomes U+FFFD.
    let text = String::from_utf8_lossy(text);
    serde_json::from_str(&text).map_err(|error| {
        if text.trim().is_empty() {
            return "EOF".to_owned();
        }
        if error.is_eof() {
            return "unexpected EOF".to_owned();
        }
        match skein_template::json_problem(&text) {
            Some((problem, _)) => problem,
            None if error.is_syntax() => "invalid character after top-level value".to_owned(),
            None => error.to_string(),
        }
    })
}
