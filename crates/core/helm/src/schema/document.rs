//! A schema document: its draft, and where its references lead.

use std::collections::HashMap;

use serde_json::Value;

/// Most schemas of one document that are indexed.
const MAX_SCHEMAS: usize = 200_000;
/// Deepest nesting of a document, in levels (the JSON reader has a lower one).
const MAX_LEVELS: usize = 256;
/// Address under which Helm loads the schema.
pub(super) const ROOT: &str = "file:///values.schema.json";
/// Keywords whose values are data, not schemas.
const DATA: &[&str] = &["enum", "const", "default", "examples", "example"];

/// The version of JSON Schema that a document is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Draft {
    D4,
    D6,
    D7,
    D2019,
    D2020,
}

impl Draft {
    fn of(schema: &Value) -> Result<Self, String> {
        let Some(url) = schema.get("$schema").and_then(Value::as_str) else {
            return Ok(Self::D2020);
        };
        let plain = url.trim_end_matches('#');
        let plain = plain.split_once("://").map_or(plain, |(_, rest)| rest);
        Ok(match plain {
            "json-schema.org/schema" => Self::D2020,
            "json-schema.org/draft-04/schema" => Self::D4,
            "json-schema.org/draft-06/schema" => Self::D6,
            "json-schema.org/draft-07/schema" => Self::D7,
            "json-schema.org/draft/2019-09/schema" => Self::D2019,
            "json-schema.org/draft/2020-12/schema" => Self::D2020,
            _ => return Err(remote(url)),
        })
    }
}

fn remote(url: &str) -> String {
    format!(
        "failing loading {url:?}: schemas outside of the chart are not read, put it into the chart's schema"
    )
}

/// Parses a schema and finds its draft.
pub(super) fn parse(text: &[u8]) -> Result<(Value, Draft), String> {
    let root: Value = serde_json::from_slice(text).map_err(|error| {
        // Go's words where they are known.
        if error.is_eof() {
            "unexpected EOF".to_owned()
        } else {
            error.to_string()
        }
    })?;
    let draft = Draft::of(&root)?;
    Ok((root, draft))
}

/// Where a reference leads.
pub(super) enum Target<'a> {
    Schema(&'a Value),
    /// An address that is not in the document and that everything fits (`urn:`, the schemas of JSON Schema itself).
    Anything,
}

/// A document with an index of what can be referred to.
#[derive(Debug)]
pub struct Document {
    pub(super) root: Value,
    pub(super) draft: Draft,
    /// JSON pointers by address without fragment.
    resources: HashMap<String, String>,
    /// JSON pointers by address with an anchor as fragment.
    anchors: HashMap<String, String>,
}

impl Document {
    /// Indexes a document; every reference in it must lead somewhere.
    pub(super) fn new(root: Value, draft: Draft) -> Result<Self, String> {
        let mut document = Self {
            draft,
            resources: HashMap::new(),
            anchors: HashMap::new(),
            root: Value::Null,
        };
        document.resources.insert(ROOT.to_owned(), String::new());
        let mut walk = Walk {
            document: &mut document,
            references: Vec::new(),
            count: 0,
        };
        walk.visit(&root, ROOT, String::new(), 0)?;
        let references = walk.references;
        document.root = root;
        for (base, reference) in references {
            document.resolve(&base, &reference)?;
        }
        Ok(document)
    }

    /// The base address of the root.
    pub(super) fn base() -> String {
        ROOT.to_owned()
    }

    /// The base address within a schema.
    pub(super) fn base_of(&self, schema: &Value, base: &str) -> String {
        identifier(schema, self.draft).map_or_else(|| base.to_owned(), |id| join(base, id).0)
    }

    /// Where a reference leads, and the base address there.
    pub(super) fn resolve(
        &self,
        base: &str,
        reference: &str,
    ) -> Result<(Target<'_>, String), String> {
        let (address, fragment) = join(base, reference);
        let missing = || format!("jsonpointer in {reference:?} not found in schema {address:?}");
        let Some(at) = self.resources.get(&address) else {
            let is_meta = address.contains("://json-schema.org/");
            if address.starts_with("urn:") || is_meta {
                return Ok((Target::Anything, address));
            }
            return Err(remote(&address));
        };
        let pointer = if fragment.is_empty() {
            at.clone()
        } else if fragment.starts_with('/') {
            format!("{at}{}", percent_decode(&fragment))
        } else {
            let full = format!("{address}#{fragment}");
            self.anchors
                .get(&full)
                .cloned()
                .ok_or_else(|| format!("anchor in {reference:?} not found in schema {address:?}"))?
        };
        let schema = self.root.pointer(&pointer).ok_or_else(missing)?;
        Ok((Target::Schema(schema), address))
    }
}

struct Walk<'a> {
    document: &'a mut Document,
    references: Vec<(String, String)>,
    count: usize,
}

impl Walk<'_> {
    fn visit(&mut self, value: &Value, base: &str, at: String, level: usize) -> Result<(), String> {
        self.count += 1;
        if self.count > MAX_SCHEMAS || level > MAX_LEVELS {
            return Err(format!(
                "the schema has more than {MAX_SCHEMAS} parts or more than {MAX_LEVELS} levels"
            ));
        }
        match value {
            Value::Object(map) => {
                let base = self.enter(value, base, &at);
                for (key, value) in map {
                    if DATA.contains(&key.as_str()) {
                        continue;
                    }
                    let token = key.replace('~', "~0").replace('/', "~1");
                    self.visit(value, &base, format!("{at}/{token}"), level + 1)?;
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.visit(item, base, format!("{at}/{index}"), level + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes what an object can be referred to as, and what it refers to.
    fn enter(&mut self, value: &Value, base: &str, at: &str) -> String {
        let mut base = base.to_owned();
        if let Some(id) = identifier(value, self.document.draft) {
            let (address, fragment) = join(&base, id);
            if fragment.is_empty() {
                self.document
                    .resources
                    .insert(address.clone(), at.to_owned());
                base = address;
            } else {
                let anchor = format!("{address}#{fragment}");
                self.document.anchors.insert(anchor, at.to_owned());
            }
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            if let Some(anchor) = value.get(keyword).and_then(Value::as_str) {
                let anchor = format!("{base}#{anchor}");
                self.document.anchors.insert(anchor, at.to_owned());
            }
        }
        for keyword in ["$ref", "$dynamicRef"] {
            if let Some(reference) = value.get(keyword).and_then(Value::as_str) {
                self.references.push((base.clone(), reference.to_owned()));
            }
        }
        base
    }
}

fn identifier(schema: &Value, draft: Draft) -> Option<&str> {
    let keyword = if draft == Draft::D4 { "id" } else { "$id" };
    // Before draft 2019-09 a $ref hides what stands beside it.
    if draft < Draft::D2019 && schema.get("$ref").is_some() {
        return None;
    }
    schema.get(keyword).and_then(Value::as_str)
}

/// A reference joined to a base address: address and fragment.
fn join(base: &str, reference: &str) -> (String, String) {
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let address = if path.is_empty() {
        base.to_owned()
    } else if path.contains("://") || path.starts_with("urn:") {
        path.to_owned()
    } else {
        let (scheme, rest) = base.split_once("://").unwrap_or(("file", base));
        let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        let full = match path.strip_prefix('/') {
            Some(rooted) => rooted.to_owned(),
            None => format!("{folder}/{path}"),
        };
        format!("{scheme}://{host}/{}", crate::archive::clean(&full))
    };
    (address, fragment.to_owned())
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
