//! What form a client wants the answer in: JSON or YAML; the object, a table, or only its metadata.

use crate::failure::{Failure, Outcome};

/// How the content is shaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The object itself.
    Full,
    /// `Table` of meta.k8s.io.
    Table,
    /// `PartialObjectMetadata` of meta.k8s.io.
    Metadata,
    /// `PartialObjectMetadataList` of meta.k8s.io.
    MetadataList,
}

/// Encoding of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Yaml,
}

impl Encoding {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        }
    }
}

/// The agreed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) shape: Shape,
    pub(crate) encoding: Encoding,
    /// Whether a table or metadata is wanted in version `v1beta1` of meta.k8s.io.
    pub(crate) beta: bool,
}

impl Form {
    /// The object itself, in JSON.
    pub(crate) const PLAIN: Self = Self {
        shape: Shape::Full,
        encoding: Encoding::Json,
        beta: false,
    };
}

/// What the server can write.
pub(crate) const ACCEPTED: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
];

/// What a list can be written as besides: for watches.
const STREAMED: &[&str] = &[
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
];

/// The clause of an `Accept` header with the highest weight that the server can serve; JSON when there is no header.
pub(crate) fn form(accept: &str) -> Outcome<Form> {
    if accept.trim().is_empty() {
        return Ok(Form::PLAIN);
    }
    let mut clauses: Vec<&str> = accept.split(',').collect();
    clauses.sort_by_key(|clause| std::cmp::Reverse(weight(clause)));
    if let Some(form) = clauses.iter().find_map(|text| clause(text)) {
        return Ok(form);
    }
    let known = |clause: &&str| {
        let media = clause.split(';').next().unwrap_or_default().trim();
        media == "*/*" || ACCEPTED.contains(&media)
    };
    // A media type without its parameters is looked at first, by another part of the real server.
    if clauses.iter().any(known) {
        return Err(Failure::only_media_types(ACCEPTED));
    }
    Err(Failure::not_acceptable(ACCEPTED))
}

/// As [`form`], for a collection, which can be watched, too.
pub(crate) fn list_form(accept: &str) -> Outcome<Form> {
    form(accept).map_err(|failure| {
        if failure.details.is_some() {
            Failure::not_acceptable(&[ACCEPTED, STREAMED].concat())
        } else {
            failure
        }
    })
}

/// As [`form`], for a watch.
pub(crate) fn watch_form(accept: &str) -> Outcome<Form> {
    let form = list_form(accept)?;
    if form.encoding == Encoding::Json {
        Ok(form)
    } else {
        Err(Failure::only_media_types(STREAMED))
    }
}

/// The encoding of refusals: that of the answer, had there been one.
pub(crate) fn encoding(headers: &http::HeaderMap) -> Encoding {
    let accept = headers.get("accept").and_then(|value| value.to_str().ok());
    form(accept.unwrap_or_default()).map_or(Encoding::Json, |form| form.encoding)
}

/// The parameter `q` of a clause, in thousandths.
fn weight(clause: &str) -> u32 {
    let given = clause
        .split(';')
        .filter_map(|part| part.trim().strip_prefix("q="))
        .find_map(|text| text.parse::<f32>().ok());
    (given.unwrap_or(1.0).clamp(0.0, 1.0) * 1_000.0) as u32
}

fn clause(text: &str) -> Option<Form> {
    let mut parts = text.split(';').map(str::trim);
    let encoding = match parts.next()? {
        "application/json" | "*/*" => Encoding::Json,
        "application/yaml" => Encoding::Yaml,
        _ => return None,
    };
    let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
    let value = |key: &str| {
        parameters
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, v)| *v)
    };
    let known = value("g") == Some("meta.k8s.io") && matches!(value("v"), Some("v1" | "v1beta1"));
    let shape = match value("as") {
        None => Shape::Full,
        Some(_) if !known => return None,
        Some("Table") => Shape::Table,
        Some("PartialObjectMetadata") => Shape::Metadata,
        Some("PartialObjectMetadataList") => Shape::MetadataList,
        Some(_) => return None,
    };
    Some(Form {
        shape,
        encoding,
        beta: shape != Shape::Full && value("v") == Some("v1beta1"),
    })
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Form, Shape, form};

    #[test]
    fn the_first_servable_clause_wins() {
        let json = |shape| {
            Ok(Form {
                shape,
                ..Form::PLAIN
            })
        };
        assert_eq!(form(""), json(Shape::Full));
        assert_eq!(form("*/*"), json(Shape::Full));
        assert_eq!(
            form("application/vnd.kubernetes.protobuf,application/json"),
            json(Shape::Full)
        );
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
        assert_eq!(form(table), json(Shape::Table));
        let partial = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        assert_eq!(form(partial), json(Shape::MetadataList));
        let foreign = "application/json;as=Other;g=x.io;v=v1,application/yaml";
        let yaml = Form {
            encoding: Encoding::Yaml,
            ..Form::PLAIN
        };
        assert_eq!(form(foreign), Ok(yaml));
        assert_eq!(form("application/json;q=0.5, application/yaml"), Ok(yaml));
        assert_eq!(form("text/html").map_err(|failure| failure.code), Err(406));
    }
}
