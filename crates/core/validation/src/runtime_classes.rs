//! How containers are run: RuntimeClasses.

use std::collections::HashSet;

use serde_json::Value;
use skein_object::Object;

use crate::names::label_problems;
use crate::pods::check_tolerations;
use crate::spot::{Errors, Spot, go_struct};
use crate::{labels, quantities};

/// A RuntimeClass.
pub(crate) fn check(errors: &mut Errors, object: &Object) {
    let handler = Spot::of(object, "handler");
    if handler.is_blank() {
        errors.add(handler.required(""));
    } else {
        errors.problems(&handler, label_problems(handler.text()));
    }
    let overhead = Spot::of(object, "overhead");
    if overhead.is_set() {
        let fixed = overhead.get("podFixed").value;
        quantities::check_overhead(errors, &Spot::new(Some(fixed), overhead.path.clone()));
    }
    let scheduling = Spot::of(object, "scheduling");
    labels::check(errors, &scheduling.get("nodeSelector"));
    let tolerations = scheduling.get("tolerations");
    check_tolerations(errors, &tolerations);
    let mut seen = HashSet::new();
    for toleration in tolerations.items() {
        let key = ["key", "operator", "value", "effect"].map(|name| toleration.get(name).text());
        errors.add_if(!seen.insert(key), || {
            let [key, operator, value, effect] = key.map(Value::from);
            let seconds = toleration.get("tolerationSeconds");
            let shown = go_struct(&[
                ("Key", &key),
                ("Operator", &operator),
                ("Value", &value),
                ("Effect", &effect),
                ("TolerationSeconds", seconds.value),
            ]);
            toleration.duplicate().showing(shown)
        });
    }
}
