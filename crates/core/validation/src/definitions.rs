//! CustomResourceDefinitions: names, versions, columns, sub-resources, conversion, and their schemas.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;
use skein_schema::field_error::FieldPath;

use crate::names::{old_label_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

mod defaults;
mod go_versions;
mod openapi;
mod paths;
mod schemas;
mod structural;

pub use schemas::unrecognized_formats;

/// Most fields that a version may offer to field selectors.
const MAX_SELECTABLE_FIELDS: usize = 8;
/// Longest deprecation warning, in bytes.
const MAX_WARNING_BYTES: usize = 256;
/// Versions of ConversionReview that the API server knows.
const REVIEW_VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// What versions may say once for all: where it stands in a version, and where the API server tells of it when all versions say the same.
const SHARED: [(&str, &str); 4] = [
    ("schema", "validation"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
];

pub(crate) fn check(errors: &mut Errors, object: &Object, creating: bool) {
    let spec = Spot::of(object, "spec");
    let (group, plural) = (spec.get("group"), spec.get("names.plural"));
    let wanted = format!("{}.{}", plural.text(), group.text());
    // Names cannot change, so that an update is told of its own mistake only.
    if creating && !object.name().is_empty() && object.name() != wanted {
        let text = "must be spec.names.plural+\".\"+spec.group";
        errors.add(Spot::of(object, "metadata").get("name").invalid(text));
    }
    check_group(errors, &group);
    errors.choice(&spec.get("scope"), &["Cluster", "Namespaced"]);
    let preserve = spec.get("preserveUnknownFields");
    if preserve.is_true() && has_defaults(spec.get("versions").value) {
        errors.add(preserve.invalid("must be false in order to use defaults in the schema"));
    }
    let versions = Versions::of(&spec);
    versions.check(errors);
    check_names(errors, &spec.get("names"), true);
    versions.check_shared(errors);
    check_conversion(errors, &spec.get("conversion"));
    let status = Spot::of(object, "status");
    check_names(errors, &status.get("acceptedNames"), false);
    check_stored_versions(errors, &status.get("storedVersions"), &spec.get("versions"));
    check_preserve(errors, &preserve);
}

/// Whether a schema among the versions has a default.
fn has_defaults(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(name, inner)| {
            (name == "default" && !inner.is_null()) || (name != "default" && has_defaults(inner))
        }),
        Value::Array(list) => list.iter().any(has_defaults),
        _ => false,
    }
}

/// What may not change; a kind that is established keeps its scope and its name.
pub(crate) fn check_change(errors: &mut Errors, old: &Object, new: &Object) {
    let is_established = old
        .condition("Established")
        .and_then(|condition| condition.get("status"))
        .is_some_and(|status| status == "True");
    let kept: &[&str] = if is_established {
        &["scope", "names.kind", "group", "names.plural"]
    } else {
        &["group", "names.plural"]
    };
    let (before, after) = (Spot::of(old, "spec"), Spot::of(new, "spec"));
    for name in kept {
        let spot = after.get(name);
        if before.get(name).value != spot.value {
            errors.add(spot.invalid("field is immutable"));
        }
    }
}

fn check_group(errors: &mut Errors, group: &Spot<'_>) {
    if group.is_blank() {
        errors.add(group.required(""));
        return;
    }
    let problems = subdomain_problems(group.text());
    if !problems.is_empty() {
        errors.add(group.invalid(problems.join(",")));
    } else if !group.text().contains('.') {
        errors.add(group.invalid("should be a domain with at least one dot"));
    }
}

/// The versions of a definition, and what all of them say alike.
struct Versions<'a> {
    spec: Spot<'a>,
    all: Vec<Spot<'a>>,
    shared: BTreeMap<&'static str, Spot<'a>>,
}

impl<'a> Versions<'a> {
    fn of(spec: &Spot<'a>) -> Self {
        let all: Vec<Spot<'a>> = spec.get("versions").items().collect();
        let mut shared = BTreeMap::new();
        for (name, place) in SHARED {
            let mut said = all.iter().map(|version| version.get(name));
            let Some(mut first) = said.next() else {
                continue;
            };
            if said.all(|other| other.value == first.value) {
                first.path = spec.path.child(place);
                shared.insert(name, first);
            }
        }
        Self {
            spec: spec.clone(),
            all,
            shared,
        }
    }

    /// What a version says by itself: nothing when all say the same.
    fn own(&self, version: &Spot<'a>, name: &'static str) -> Option<Spot<'a>> {
        let said = version.get(name);
        (!self.shared.contains_key(name) && said.is_set()).then_some(said)
    }

    fn check(&self, errors: &mut Errors) {
        let list = self.spec.get("versions");
        let global = self.shared.get("schema");
        if global.is_none_or(|schema| !schema.get("openAPIV3Schema").is_set()) {
            for version in &self.all {
                let schema = version.get("schema.openAPIV3Schema");
                // A schema that all versions have alike is not told of here.
                if global.is_some() || !schema.is_set() {
                    errors.add(schema.required(""));
                }
            }
        }
        let mut names = HashSet::new();
        let mut unique = true;
        for version in &self.all {
            let name = version.get("name");
            unique &= names.insert(name.text());
            let problems = old_label_problems(name.text());
            if !problems.is_empty() {
                errors.add(name.invalid_as(name.text(), problems.join(",")));
            }
            self.check_version(errors, version);
        }
        let shown = self.shown();
        let mut refuse = |text: &str| errors.add(list.invalid(text).showing(shown.as_str()));
        if !unique {
            refuse("must contain unique version names");
        }
        let stored = |version: &&Spot<'_>| version.get("storage").is_true();
        if self.all.iter().filter(stored).count() != 1 {
            refuse("must have exactly one version marked as storage version");
        }
        if let Some(first) = self.all.first() {
            // The first version's name is a field of its own in the API server.
            let problems = old_label_problems(first.get("name").text());
            if !problems.is_empty() {
                let at = self.spec.get("version").path;
                let name = Value::from(first.get("name").text());
                errors.add(FieldError::invalid(at, name, problems.join(",")));
            }
        }
    }

    fn check_version(&self, errors: &mut Errors, version: &Spot<'a>) {
        check_deprecation(errors, version);
        let has_status = version.get("subresources.status").is_set();
        if let Some(schema) = self.own(version, "schema") {
            schemas::check(errors, &schema, has_status);
        }
        if let Some(subresources) = self.own(version, "subresources") {
            check_subresources(errors, &subresources);
        }
        if let Some(columns) = self.own(version, "additionalPrinterColumns") {
            columns
                .items()
                .for_each(|column| check_column(errors, &column));
        }
        if let Some(fields) = self.own(version, "selectableFields") {
            let schema = self.own(version, "schema");
            let schema = schema.map(|schema| schema.get("openAPIV3Schema").value.clone());
            check_selectable(errors, &fields, schema.as_ref());
        }
    }

    /// What all versions say alike, in the order of the API server.
    fn check_shared(&self, errors: &mut Errors) {
        let shared = |name: &str| self.shared.get(name).filter(|spot| spot.is_set());
        if let Some(schema) = shared("schema") {
            let has_status = self
                .all
                .iter()
                .any(|version| version.get("subresources.status").is_set());
            schemas::check(errors, schema, has_status);
        }
        if let Some(subresources) = shared("subresources") {
            check_subresources(errors, subresources);
        }
        if let Some(columns) = shared("additionalPrinterColumns") {
            columns
                .items()
                .for_each(|column| check_column(errors, &column));
        }
        if let Some(fields) = shared("selectableFields").filter(|fields| fields.len() > 0) {
            match shared("schema") {
                Some(schema) => {
                    let schema = schema.get("openAPIV3Schema");
                    check_selectable(errors, fields, Some(schema.value));
                }
                None => {
                    let text = "may only be set when validations.schema is included";
                    errors.add(fields.invalid_as("", text));
                }
            }
        }
    }

    /// The list of versions as the API server prints it: Go's fields, without what all versions say alike.
    fn shown(&self) -> String {
        let list = self.spec.get("versions");
        if !list.is_set() {
            return "null".to_owned();
        }
        let version = |version: &Spot<'a>| {
            let is_shared = |name: &str| self.shared.contains_key(name);
            // Lists of their own (columns, selectable fields) are copied, so that empty ones are none.
            let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
            go_versions::version_text(&|name| match version.value.get(name) {
                Some(value) if !is_shared(name) && !is_empty(value) => value,
                _ => &Value::Null,
            })
        };
        let all: Vec<String> = self.all.iter().map(version).collect();
        format!("[{}]", all.join(","))
    }
}

fn check_deprecation(errors: &mut Errors, version: &Spot<'_>) {
    let warning = version.get("deprecationWarning");
    if !warning.is_set() {
        return;
    }
    if !version.get("deprecated").is_true() {
        errors.add(warning.invalid("can only be set for deprecated versions"));
        return;
    }
    let text = warning.text();
    if text.len() > MAX_WARNING_BYTES {
        errors.add(warning.invalid("must be <= 256 characters long"));
    }
    if text.is_empty() {
        errors.add(warning.invalid("must not be an empty string"));
    }
    if let Some((index, _)) = text.char_indices().find(|(_, c)| c.is_control()) {
        errors.add(warning.invalid(format!(
            "must only contain printable UTF-8 characters; non-printable character found at index {index}"
        )));
    }
}

/// Paths of replicas: `.spec.replicas`.
fn check_subresources(errors: &mut Errors, subresources: &Spot<'_>) {
    let scale = subresources.get("scale");
    if !scale.is_set() {
        return;
    }
    for (name, under, text) in [
        (
            "specReplicasPath",
            &[".spec."][..],
            "should be a json path under .spec",
        ),
        (
            "statusReplicasPath",
            &[".status."],
            "should be a json path under .status",
        ),
        (
            "labelSelectorPath",
            &[".spec.", ".status."],
            "should be a json path under either .spec or .status",
        ),
    ] {
        let path = scale.get(name);
        if path.is_blank() {
            if name != "labelSelectorPath" {
                errors.add(path.required(""));
            }
        } else if !path.text().starts_with('.') {
            errors.add(path.invalid("must be a simple json path starting with ."));
        } else if !under.iter().any(|start| path.text().starts_with(start)) {
            errors.add(path.invalid(text));
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
    if !path.is_blank() && !path.text().starts_with('.') {
        errors.add(path.invalid("must be a simple json path starting with ."));
    }
}

fn check_selectable(errors: &mut Errors, fields: &Spot<'_>, schema: Option<&Value>) {
    let mut seen = HashSet::new();
    for field in fields.items() {
        let spot = field.get("jsonPath");
        if spot.is_blank() {
            errors.add(spot.required(""));
            continue;
        }
        let found = match paths::follow(spot.text(), schema.unwrap_or(&Value::Null), false) {
            Ok(found) => found,
            Err(problem) => {
                errors.add(spot.invalid(format!("is an invalid path: {problem}")));
                continue;
            }
        };
        if found.path.split(['.', '[']).next() == Some("metadata") {
            errors.add(spot.invalid("must not point to fields in metadata"));
        }
        let kind = found.schema.get("type").and_then(Value::as_str);
        if !matches!(kind, Some("string" | "boolean" | "integer")) {
            errors.add(spot.invalid("must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."));
        }
        if !seen.insert(found.path) {
            errors.add(spot.duplicate());
        }
    }
    if seen.len() > MAX_SELECTABLE_FIELDS {
        let (count, limit) = (seen.len() as u64, MAX_SELECTABLE_FIELDS as u64);
        errors.add(FieldError::too_many(fields.path.clone(), count, limit));
    }
}

fn check_names(errors: &mut Errors, names: &Spot<'_>, needed: bool) {
    if needed {
        for name in ["plural", "singular", "kind", "listKind"] {
            errors.filled(&names.get(name));
        }
    }
    for name in ["plural", "singular"] {
        let spot = names.get(name);
        let problems = old_label_problems(spot.text());
        if !spot.is_blank() && !problems.is_empty() {
            errors.add(spot.invalid(problems.join(",")));
        }
    }
    let (kind, list) = (names.get("kind"), names.get("listKind"));
    for spot in [&kind, &list] {
        let problems = old_label_problems(&spot.text().to_lowercase());
        if !spot.is_blank() && !problems.is_empty() {
            let problems = problems.join(",");
            errors.add(spot.invalid(format!(
                "may have mixed case, but should otherwise match: {problems}"
            )));
        }
    }
    let each = |name: &str, errors: &mut Errors| {
        for spot in names.get(name).items() {
            let problems = old_label_problems(spot.text());
            if !problems.is_empty() {
                errors.add(spot.invalid(problems.join(",")));
            }
        }
    };
    each("shortNames", errors);
    if !kind.is_blank() && kind.text() == list.text() {
        errors.add(list.invalid("kind and listKind may not be the same"));
    }
    each("categories", errors);
}

fn check_conversion(errors: &mut Errors, conversion: &Spot<'_>) {
    if !conversion.is_set() {
        return;
    }
    let strategy = conversion.get("strategy");
    errors.choice(&strategy, &["None", "Webhook"]);
    let webhook = conversion.get("webhook");
    // The API server keeps both beside the strategy, and tells of them there.
    let at = |name: &str| conversion.get(name).path;
    let client = Spot::new(
        Some(webhook.get("clientConfig").value),
        at("webhookClientConfig"),
    );
    let reviews = webhook.get("conversionReviewVersions");
    let reviews = Spot::new(Some(reviews.value), at("conversionReviewVersions"));
    if strategy.text() == "Webhook" {
        check_client(errors, &client);
        check_reviews(errors, &reviews);
        return;
    }
    let text = "should not be set when strategy is not set to Webhook";
    for spot in [&client, &reviews] {
        if spot.len() > 0 {
            errors.add(spot.forbidden(text));
        }
    }
}

fn check_client(errors: &mut Errors, client: &Spot<'_>) {
    if !client.is_set() {
        errors.add(client.required("required when strategy is set to Webhook"));
        return;
    }
    let (url, service) = (client.get("url"), client.get("service"));
    if url.is_set() == service.is_set() {
        errors.add(client.required("exactly one of url or service is required"));
    } else if service.is_set() {
        for (name, text) in [
            ("name", "service name is required"),
            ("namespace", "service namespace is required"),
        ] {
            let spot = service.get(name);
            if spot.is_blank() {
                errors.add(spot.required(text));
            }
        }
    }
}

fn check_reviews(errors: &mut Errors, reviews: &Spot<'_>) {
    if reviews.len() == 0 {
        errors.add(reviews.required(""));
        return;
    }
    let mut seen = HashSet::new();
    for version in reviews.items() {
        if !seen.insert(version.text()) {
            errors.add(version.invalid("duplicate version"));
            continue;
        }
        errors.problems(&version, old_label_problems(version.text()));
    }
    if !REVIEW_VERSIONS.iter().any(|known| seen.contains(known)) {
        let text = format!(
            "must include at least one of {}",
            REVIEW_VERSIONS.join(", ")
        );
        errors.add(reviews.invalid(text));
    }
}

/// A version that objects may be stored in has to stay.
fn check_stored_versions(errors: &mut Errors, stored: &Spot<'_>, versions: &Spot<'_>) {
    if stored.len() == 0 {
        let text = "must have at least one stored version";
        errors.add(stored.invalid_as(Value::Null, text));
        return;
    }
    let names: Vec<&str> = versions
        .items()
        .map(|version| version.get("name").text())
        .collect();
    for version in versions.items() {
        let name = version.get("name").text();
        let is_stored = version.get("storage").is_true();
        if is_stored && !stored.items().any(|version| version.text() == name) {
            errors.add(stored.invalid(format!("must have the storage version {name}")));
        }
    }
    for version in stored.items() {
        let name = version.text();
        if !names.contains(&name) {
            errors.add(version.invalid(format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            )));
        }
    }
}

fn check_preserve(errors: &mut Errors, preserve: &Spot<'_>) {
    if preserve.is_true() {
        errors.add(preserve.invalid("cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"));
    }
}

/// The place of a property of a schema.
fn property(path: &FieldPath, name: &str) -> FieldPath {
    path.child("properties").key(name)
}
