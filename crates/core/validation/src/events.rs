//! Events: those of `events.k8s.io/v1` are asked for more than those of the older version.

use serde_json::Value;
use skein_object::Object;

use crate::names::{qualified_name_problems, subdomain_problems};
use crate::spot::{Errors, Spot, go_struct};

/// Longest texts of an event, in bytes.
const MAX_NAME_BYTES: usize = 128;
const MAX_NOTE_BYTES: usize = 1_024;
/// Fewest events of a series.
const MIN_SERIES: i64 = 2;
const IMMUTABLE: &str = "field is immutable";
/// The version that asks for little.
const OLDER: &str = "v1";

/// A new event, in the older version, that was sent in the version `through`.
pub(crate) fn check_new(errors: &mut Errors, event: &Object, through: &str) {
    check_either(errors, event, through);
    if through == OLDER {
        return;
    }
    check_series(errors, event);
    errors.filled(&Spot::of(event, "eventTime"));
    let kind = Spot::of(event, "type");
    if !["Normal", "Warning"].contains(&kind.text()) {
        errors.add(kind.invalid_as("", format!("has invalid value: {}", kind.text())));
    }
    for name in ["firstTimestamp", "lastTimestamp"] {
        unset(errors, &Spot::of(event, name), |spot| spot.is_set());
    }
    unset(errors, &Spot::of(event, "count"), |spot| {
        spot.number().unwrap_or_default() != 0
    });
    unset(errors, &Spot::of(event, "source"), |spot| {
        !spot.get("component").is_blank() || !spot.get("host").is_blank()
    });
}

fn unset(errors: &mut Errors, spot: &Spot<'_>, is_set: impl Fn(&Spot<'_>) -> bool) {
    errors.add_if(is_set(spot), || spot.invalid_as("", "needs to be unset"));
}

/// Fields that an event of the newer version keeps; the first one is named twice by the API server, too.
const FIXED: &[&str] = &[
    "involvedObject",
    "reason",
    "message",
    "source",
    "firstTimestamp",
    "lastTimestamp",
    "count",
    "reason",
    "type",
    "eventTime",
    "action",
    "related",
    "reportingComponent",
    "reportingInstance",
];

/// A changed event, both in the older version.
pub(crate) fn check_change(errors: &mut Errors, old: &Object, new: &Object, through: &str) {
    check_either(errors, new, through);
    if through == OLDER {
        return;
    }
    if old.at(&["series"]) != new.at(&["series"]) {
        check_series(errors, new);
    }
    for name in FIXED {
        let (before, now) = (Spot::of(old, name), Spot::of(new, name));
        let is_same = match (before.value, now.value) {
            (before, now) if before == now => true,
            _ => before.is_blank() && now.is_blank(),
        };
        if is_same {
            continue;
        }
        let mut now = now;
        if *name == "reportingComponent" {
            now.path = skein_schema::field_error::FieldPath::new("reportingController");
        }
        errors.add(match *name {
            "involvedObject" | "related" => now.invalid(IMMUTABLE).showing(reference(&now)),
            "source" => now.invalid(IMMUTABLE).showing(go_struct(&[
                ("Component", &text_of(&now, "component")),
                ("Host", &text_of(&now, "host")),
            ])),
            _ if now.value.is_null() => now.invalid_as("", IMMUTABLE),
            _ => now.invalid(IMMUTABLE),
        });
    }
}

fn text_of(spot: &Spot<'_>, name: &str) -> Value {
    spot.get(name).text().into()
}

/// A reference to an object, as Go writes it.
fn reference(spot: &Spot<'_>) -> String {
    const FIELDS: [(&str, &str); 7] = [
        ("Kind", "kind"),
        ("Namespace", "namespace"),
        ("Name", "name"),
        ("UID", "uid"),
        ("APIVersion", "apiVersion"),
        ("ResourceVersion", "resourceVersion"),
        ("FieldPath", "fieldPath"),
    ];
    let values = FIELDS.map(|(shown, name)| (shown, text_of(spot, name)));
    let fields: Vec<(&str, &Value)> = values.iter().map(|(name, value)| (*name, value)).collect();
    go_struct(&fields)
}

fn check_series(errors: &mut Errors, event: &Object) {
    let series = Spot::of(event, "series");
    if !series.is_set() {
        return;
    }
    // The API server names these fields in one piece.
    let (count, last) = (series.get("count"), series.get("lastObservedTime"));
    if count.number().unwrap_or_default() < MIN_SERIES {
        errors.add(count.invalid_as("", "should be at least 2"));
    }
    errors.add_if(!last.is_set(), || last.required(""));
}

/// What holds for events of both versions: those with a time of their own say who reported what.
fn check_either(errors: &mut Errors, event: &Object, through: &str) {
    let namespace = Spot::of(event, "involvedObject").get("namespace");
    let own = event.namespace();
    let is_timed = Spot::of(event, "eventTime").is_set();
    let fits = match namespace.text() {
        "" if is_timed => matches!(own, "default" | "kube-system"),
        "" => matches!(own, "" | "default"),
        named => is_timed || named == own,
    };
    errors.add_if(!fits, || {
        namespace.invalid_as(namespace.text(), "does not match event.namespace")
    });
    if is_timed {
        check_report(errors, event, through);
    }
    let place = Spot::of(event, "namespace");
    errors.add_all(
        subdomain_problems(own)
            .into_iter()
            .map(|problem| place.invalid_as(own, problem)),
    );
}

fn check_report(errors: &mut Errors, event: &Object, through: &str) {
    let mut reporter = Spot::of(event, "reportingComponent");
    if through != OLDER {
        reporter.path = skein_schema::field_error::FieldPath::new("reportingController");
    }
    errors.filled(&reporter);
    errors.add_all(
        qualified_name_problems(reporter.text())
            .into_iter()
            .map(|problem| reporter.invalid_as(reporter.text(), problem)),
    );
    for (name, limit, is_needed) in [
        ("reportingInstance", MAX_NAME_BYTES, true),
        ("action", MAX_NAME_BYTES, true),
        ("reason", MAX_NAME_BYTES, true),
        ("message", MAX_NOTE_BYTES, false),
    ] {
        let spot = Spot::of(event, name);
        if is_needed {
            errors.filled(&spot);
        }
        let text = format!("can have at most {limit} characters");
        errors.add_if(spot.text().len() > limit, || spot.invalid_as("", text));
    }
}
