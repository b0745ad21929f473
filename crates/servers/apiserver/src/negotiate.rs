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
}

/// What the server can write.
pub(crate) const ACCEPTED: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
];

/// The first clause of an `Accept` header that the server can serve; JSON when there is no header.
pub(crate) fn form(accept: &str) -> Outcome<Form> {
    if accept.trim().is_empty() {
        return Ok(Form {
            shape: Shape::Full,
            encoding: Encoding::Json,
        });
    }
    accept
        .split(',')
        .find_map(clause)
        .ok_or_else(|| Failure::not_acceptable(ACCEPTED))
}

fn clause(text: &str) -> Option<Form> {
    let mut parts = text.split(';').map(str::trim);
    let encoding = match parts.next()? {
        "application/json" | "*/*" | "application/*" => Encoding::Json,
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
    let shape = match value("as") {
        None => Shape::Full,
        Some(_) if value("g") != Some("meta.k8s.io") => return None,
        Some("Table") => Shape::Table,
        Some("PartialObjectMetadata" | "PartialObjectMetadataList") => Shape::Metadata,
        Some(_) => return None,
    };
    Some(Form { shape, encoding })
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Form, Shape, form};

    #[test]
    fn the_first_servable_clause_wins() {
        let json = |shape| {
            Ok(Form {
                shape,
                encoding: Encoding::Json,
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
        assert_eq!(form(partial), json(Shape::Metadata));
        let foreign = "application/json;as=Other;g=x.io;v=v1,application/yaml";
        let yaml = Form {
            shape: Shape::Full,
            encoding: Encoding::Yaml,
        };
        assert_eq!(form(foreign), Ok(yaml));
        assert_eq!(form("text/html").map_err(|failure| failure.code), Err(406));
    }
}
