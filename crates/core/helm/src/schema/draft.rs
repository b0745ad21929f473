//! Drafts of JSON Schema: how a document names its draft, and where in it schemas stand.

use serde_json::{Map, Value};
use skein_gowords::quote;

use super::address::{ROOT, has_scheme, percent_decode, shown};

/// The version of JSON Schema that a schema is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Draft {
    D4,
    D6,
    D7,
    D2019,
    D2020,
}

/// What lies below a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    /// A schema.
    One,
    /// A map of schemas.
    Map,
    /// A list of schemas.
    List,
    /// A schema, or a list of them.
    OneOrList,
}

/// Where schemas stand, and since which draft.
pub(super) const POSITIONS: &[(&str, Below, Draft)] = &[
    ("definitions", Below::Map, Draft::D4),
    ("not", Below::One, Draft::D4),
    ("allOf", Below::List, Draft::D4),
    ("anyOf", Below::List, Draft::D4),
    ("oneOf", Below::List, Draft::D4),
    ("properties", Below::Map, Draft::D4),
    ("additionalProperties", Below::One, Draft::D4),
    ("patternProperties", Below::Map, Draft::D4),
    ("items", Below::OneOrList, Draft::D4),
    ("additionalItems", Below::One, Draft::D4),
    ("dependencies", Below::Map, Draft::D4),
    ("propertyNames", Below::One, Draft::D6),
    ("contains", Below::One, Draft::D6),
    ("if", Below::One, Draft::D7),
    ("then", Below::One, Draft::D7),
    ("else", Below::One, Draft::D7),
    ("$defs", Below::Map, Draft::D2019),
    ("dependentSchemas", Below::Map, Draft::D2019),
    ("unevaluatedProperties", Below::One, Draft::D2019),
    ("unevaluatedItems", Below::One, Draft::D2019),
    ("contentSchema", Below::One, Draft::D2019),
    ("prefixItems", Below::List, Draft::D2020),
];

impl Draft {
    /// The draft that the `$schema` of a schema (at a pointer) names, or the one around it.
    pub(super) fn of(schema: &Map<String, Value>, around: Self, at: &str) -> Result<Self, String> {
        let Some(url) = schema.get("$schema").and_then(Value::as_str) else {
            return Ok(around);
        };
        let (address, fragment) = url.split_once('#').unwrap_or((url, ""));
        if let Some(draft) = known(address).filter(|_| fragment.is_empty()) {
            return Ok(draft);
        }
        if let Some(problem) = skein_template::url_problem(address) {
            return Err(format!(
                "invalid $schema in {}: {problem}",
                quote(&shown(ROOT, at))
            ));
        }
        if address == ROOT {
            return Err(format!("draft {} is not supported", quote(address)));
        }
        if let Some(draft) = known(address) {
            return Ok(draft);
        }
        if address.starts_with("urn:") {
            return Ok(around);
        }
        Err(not_loaded(address))
    }

    /// The keyword that names a schema's address.
    pub(super) fn id_keyword(self) -> &'static str {
        if self == Self::D4 { "id" } else { "$id" }
    }

    /// The address that a schema gives itself, without a fragment.
    pub(super) fn id(self, schema: &Map<String, Value>) -> Option<&str> {
        // Before draft 2019-09 a $ref hides what stands beside it.
        if self < Self::D2019 && schema.contains_key("$ref") {
            return None;
        }
        let id = schema.get(self.id_keyword())?.as_str()?;
        let id = id.split('#').next().unwrap_or_default();
        (!id.is_empty()).then_some(id)
    }
}

fn known(address: &str) -> Option<Draft> {
    let plain = address.strip_prefix("http://");
    let plain = plain.or_else(|| address.strip_prefix("https://"))?;
    Some(match plain {
        "json-schema.org/schema" | "json-schema.org/draft/2020-12/schema" => Draft::D2020,
        "json-schema.org/draft-04/schema" => Draft::D4,
        "json-schema.org/draft-06/schema" => Draft::D6,
        "json-schema.org/draft-07/schema" => Draft::D7,
        "json-schema.org/draft/2019-09/schema" => Draft::D2019,
        _ => return None,
    })
}

/// Why a document beside the schema is not read. Nothing outside of the chart exists for us.
pub(super) fn not_loaded(address: &str) -> String {
    let scheme = address.split(':').next().unwrap_or_default();
    let reason = match scheme {
        "file" if has_scheme(address) => {
            let path = address.trim_start_matches("file://");
            format!("open {}: no such file or directory", percent_decode(path))
        }
        "http" | "https" if has_scheme(address) => {
            "schemas outside of the chart are not read, put it into the chart's schema".to_owned()
        }
        _ => format!("no URLLoader registered for {}", quote(address)),
    };
    format!("failing loading {}: {reason}", quote(address))
}
