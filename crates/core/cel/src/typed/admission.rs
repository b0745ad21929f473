//! Types of what admission tells an expression about: the request and the namespace.

use std::sync::Arc;

use super::kinds::{Kind, Record};

/// The type of a variable by its name.
pub(super) fn kind_of(variable: &str) -> Kind {
    match variable {
        "request" => request(),
        "namespaceObject" => namespace(),
        _ => Kind::Dyn,
    }
}

fn record(name: &str, fields: &[(&str, Kind)]) -> Kind {
    let field = |(name, kind): &(&str, Kind)| ((*name).to_owned(), kind.clone());
    Kind::Record(Arc::new(Record {
        name: format!("kubernetes.{name}"),
        fields: fields.iter().map(field).collect(),
    }))
}

fn list(items: Kind) -> Kind {
    Kind::List(Box::new(items))
}

fn map(values: Kind) -> Kind {
    Kind::Map(Box::new(Kind::String), Box::new(values))
}

fn request() -> Kind {
    let named = |name, last| {
        let fields = [
            ("group", Kind::String),
            ("version", Kind::String),
            (last, Kind::String),
        ];
        record(name, &fields)
    };
    let kind = named("GroupVersionKind", "kind");
    let resource = named("GroupVersionResource", "resource");
    let user = [
        ("username", Kind::String),
        ("uid", Kind::String),
        ("groups", list(Kind::String)),
        ("extra", map(list(Kind::String))),
    ];
    let fields = [
        ("kind", kind.clone()),
        ("resource", resource.clone()),
        ("subResource", Kind::String),
        ("requestKind", kind),
        ("requestResource", resource),
        ("requestSubResource", Kind::String),
        ("name", Kind::String),
        ("namespace", Kind::String),
        ("operation", Kind::String),
        ("userInfo", record("UserInfo", &user)),
        ("dryRun", Kind::Bool),
        ("options", Kind::Dyn),
    ];
    record("AdmissionRequest", &fields)
}

fn namespace() -> Kind {
    let metadata = [
        ("name", Kind::String),
        ("generateName", Kind::String),
        ("namespace", Kind::String),
        ("labels", map(Kind::String)),
        ("annotations", map(Kind::String)),
        ("UID", Kind::String),
        ("creationTimestamp", Kind::Timestamp),
        ("deletionGracePeriodSeconds", Kind::Int),
        ("deletionTimestamp", Kind::Timestamp),
        ("generation", Kind::Int),
        ("resourceVersion", Kind::String),
        ("finalizers", list(Kind::String)),
    ];
    let condition = [
        ("status", Kind::String),
        ("type", Kind::String),
        ("lastTransitionTime", Kind::Timestamp),
        ("message", Kind::String),
        ("reason", Kind::String),
    ];
    let status = [
        ("conditions", list(record("NamespaceCondition", &condition))),
        ("phase", Kind::String),
    ];
    let fields = [
        ("metadata", record("NamespaceMetadata", &metadata)),
        (
            "spec",
            record("NamespaceSpec", &[("finalizers", list(Kind::String))]),
        ),
        ("status", record("NamespaceStatus", &status)),
    ];
    record("Namespace", &fields)
}

#[cfg(test)]
mod tests {
    use super::super::yields;

    fn yielded(source: &str) -> Result<String, String> {
        yields(source, &["object", "request", "namespaceObject"]).map_err(|error| error.to_string())
    }

    #[test]
    fn the_request_has_types() {
        for (source, kind) in [
            ("request", "kubernetes.AdmissionRequest"),
            ("request.kind.group", "string"),
            ("request.userInfo.groups", "list(string)"),
            ("request.userInfo.extra", "map(string, list(string))"),
            ("request.dryRun", "bool"),
            ("request.options.any", "dyn"),
            ("namespaceObject.metadata.creationTimestamp", "timestamp"),
            ("namespaceObject.status.conditions[0].status", "string"),
            ("object.any", "dyn"),
        ] {
            assert_eq!(yielded(source).as_deref(), Ok(kind), "{source}");
        }
    }

    #[test]
    fn other_fields_are_refused() {
        let refused = yielded("request.none == 'x'").expect_err("no field");
        assert!(refused.contains("undefined field 'none'"), "{refused}");
        let refused = yielded("request.name == 5").expect_err("another type");
        assert!(refused.contains("found no matching overload"), "{refused}");
    }
}
