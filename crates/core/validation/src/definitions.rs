//! CustomResourceDefinitions: names, versions, and schemas that are structural.

use std::collections::HashSet;

use serde_json::Value;
use skein_object::Object;
use skein_schema::crd::structural;
use skein_schema::{CrdSchemas, FieldError, rules};

use crate::names::{old_label_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

pub(crate) fn check(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let (group, plural) = (spec.get("group"), spec.get("names.plural"));
    let wanted = format!("{}.{}", plural.text(), group.text());
    if object.name() != wanted {
        let text = "must be spec.names.plural+\".\"+spec.group";
        errors.add(Spot::of(object, "metadata").get("name").invalid(text));
    }
    if group.is_blank() {
        errors.add(group.required(""));
    } else {
        errors.problems(&group, subdomain_problems(group.text()));
        if !group.text().contains('.') {
            errors.add(group.invalid("should be a domain with at least one dot"));
        }
    }
    errors.choice(&spec.get("scope"), &["Cluster", "Namespaced"]);
    check_versions(errors, object, &spec);
    check_names(errors, &spec.get("names"));
}

fn check_versions(errors: &mut Errors, object: &Object, spec: &Spot<'_>) {
    let versions = spec.get("versions");
    let mut names = HashSet::new();
    for version in versions.items() {
        let name = version.get("name");
        let problems = old_label_problems(name.text());
        errors.add_all(
            problems
                .into_iter()
                .map(|text| name.invalid_as(name.text(), text)),
        );
        if !names.insert(name.text()) {
            errors.add(versions.invalid_as(shown(&versions), "must contain unique version names"));
        }
        let schema = version.get("schema.openAPIV3Schema");
        if !version.get("schema").is_set() {
            errors.add(schema.required("schemas are required"));
        } else if !schema.is_set() {
            errors.add(schema.required(""));
        }
    }
    let storage = versions
        .items()
        .filter(|version| version.get("storage").is_true());
    if storage.count() != 1 {
        let text = "must have exactly one version marked as storage version";
        errors.add(versions.invalid_as(shown(&versions), text));
    }
    for version in versions.items() {
        for (index, column) in version.get("additionalPrinterColumns").items().enumerate() {
            let mut column = column;
            if versions.len() == 1 {
                column.path = spec.get("additionalPrinterColumns").path.index(index);
            }
            check_column(errors, &column);
        }
    }
    let Ok(schemas) = CrdSchemas::from_crd(&object.to_value()) else {
        return;
    };
    // What all versions have alike the API server moves to the top, and tells it there.
    let first = versions
        .items()
        .next()
        .map(|v| v.get("schema").value.clone());
    let alike = versions
        .items()
        .all(|v| Some(v.get("schema").value) == first.as_ref());
    for (version, parsed) in versions.items().zip(&schemas.versions) {
        let mut at = version.get("schema.openAPIV3Schema");
        if alike {
            at.path = spec.get("validation.openAPIV3Schema").path;
        }
        if at.is_set() {
            errors.add_all(structural::check(&parsed.schema, &at.path));
            errors.add_all(rules::compile_errors(&parsed.schema, &at.path));
        }
        if alike {
            break;
        }
    }
}

const COLUMN_TYPES: &[&str] = &["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS: &[&str] = &[
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
];

fn check_column(errors: &mut Errors, column: &Spot<'_>) {
    errors.filled(&column.get("name"));
    let kind = column.get("type");
    if kind.is_blank() {
        errors.add(kind.required("must be one of boolean,date,integer,number,string"));
    } else if !COLUMN_TYPES.contains(&kind.text()) {
        errors.add(kind.invalid("must be one of boolean,date,integer,number,string"));
    }
    let format = column.get("format");
    if !format.is_blank() && !COLUMN_FORMATS.contains(&format.text()) {
        errors.add(format.invalid(format!("must be one of {}", COLUMN_FORMATS.join(","))));
    }
    // The API server writes this field's name in capitals.
    let path = Spot::new(
        Some(column.get("jsonPath").value),
        column.get("JSONPath").path,
    );
    errors.filled(&path);
}

fn shown(versions: &Spot<'_>) -> Value {
    versions.value.clone()
}

fn check_names(errors: &mut Errors, names: &Spot<'_>) {
    for name in ["plural", "singular"] {
        let spot = names.get(name);
        if !spot.is_blank() {
            errors.problems(&spot, old_label_problems(spot.text()));
        } else if name == "plural" {
            errors.add(spot.required(""));
        }
    }
    let (kind, list) = (names.get("kind"), names.get("listKind"));
    for spot in [&kind, &list] {
        if spot.is_blank() {
            errors.add(spot.required(""));
            continue;
        }
        let lower = spot.text().to_lowercase();
        let problems = old_label_problems(&lower);
        errors.add_all(problems.into_iter().map(|text| {
            spot.invalid_as(
                spot.text(),
                format!("may have mixed case, but should otherwise match: {text}"),
            )
        }));
    }
    if !kind.is_blank() && kind.text() == list.text() {
        let text = "kind and listKind may not be the same";
        errors.add(FieldError::invalid(
            list.path.clone(),
            list.value.clone(),
            text,
        ));
    }
    for name in ["shortNames", "categories"] {
        for spot in names.get(name).items() {
            errors.problems(&spot, old_label_problems(spot.text()));
        }
    }
}
