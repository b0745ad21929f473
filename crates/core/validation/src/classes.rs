//! Classes of storage, and of how volumes behave.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use skein_object::Object;
use skein_schema::FieldError;

use crate::labels;
use crate::names::qualified_name_problems;
use crate::spot::{Errors, Spot};

const MAX_PARAMETERS: usize = 512;
/// Size of all parameters, keys and values, in bytes.
const MAX_PARAMETER_BYTES: usize = 256 * 1024;
/// After how many repetitions no more are told; kube-apiserver tells their square.
const MAX_REPETITIONS: usize = 1_000;

/// A StorageClass.
pub(crate) fn check(errors: &mut Errors, object: &Object) {
    check_provisioner(errors, &Spot::of(object, "provisioner"));
    check_parameters(errors, &Spot::of(object, "parameters"));
    let policy = Spot::of(object, "reclaimPolicy");
    if !policy.is_blank() {
        errors.optional_choice(&policy, &["Delete", "Retain"]);
    }
    let mode = Spot::of(object, "volumeBindingMode");
    if mode.is_set() {
        errors.optional_choice(&mode, &["Immediate", "WaitForFirstConsumer"]);
    } else {
        errors.add(mode.required(""));
    }
    check_topologies(errors, &Spot::of(object, "allowedTopologies"));
}

/// A VolumeAttributesClass.
pub(crate) fn check_attributes(errors: &mut Errors, object: &Object) {
    check_provisioner(errors, &Spot::of(object, "driverName"));
    let parameters = Spot::of(object, "parameters");
    check_parameters(errors, &parameters);
    let text = "must contain at least one key/value pair";
    errors.add_if(parameters.len() == 0, || parameters.required(text));
}

/// Nothing of a VolumeAttributesClass changes.
pub(crate) fn check_attributes_change(errors: &mut Errors, old: &Object, new: &Object) {
    for (name, text) in [
        ("driverName", "updates to driverName are forbidden."),
        ("parameters", "updates to parameters are forbidden."),
    ] {
        if old.at(&[name]) != new.at(&[name]) {
            errors.add(Spot::of(new, name).forbidden(text));
        }
    }
}

fn check_provisioner(errors: &mut Errors, provisioner: &Spot<'_>) {
    if provisioner.is_blank() {
        errors.add(provisioner.required(""));
        return;
    }
    let lower = provisioner.text().to_lowercase();
    let problems = qualified_name_problems(&lower);
    errors.add_all(
        problems
            .into_iter()
            .map(|text| provisioner.invalid_as(lower.as_str(), text)),
    );
}

fn check_parameters(errors: &mut Errors, parameters: &Spot<'_>) {
    if parameters.len() > MAX_PARAMETERS {
        let path = parameters.path.clone();
        errors.add(FieldError::too_long(path, MAX_PARAMETERS as u64));
        return;
    }
    let mut size = 0;
    for (key, value) in parameters.members() {
        errors.add_if(key.is_empty(), || {
            parameters.invalid_as("", "field can not be empty.")
        });
        size += key.len() + value.text().len();
    }
    errors.add_if(size > MAX_PARAMETER_BYTES, || {
        FieldError::too_long(parameters.path.clone(), MAX_PARAMETER_BYTES as u64)
    });
}

/// The values of each key of a term.
type Term<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn check_topologies(errors: &mut Errors, topologies: &Spot<'_>) {
    let mut seen: HashMap<Term<'_>, usize> = HashMap::new();
    // The API server compares with as many empty terms as there are terms.
    seen.insert(Term::new(), topologies.len());
    let mut told = 0;
    for topology in topologies.items() {
        let expressions = topology.get("matchLabelExpressions");
        let term = check_term(errors, &expressions);
        let times = seen.entry(term).or_default();
        for _ in 0..(*times).min(MAX_REPETITIONS - told) {
            let path = expressions.path.clone();
            errors.add(FieldError::duplicate(path, "".into()));
            told += 1;
        }
        *times += 1;
    }
}

fn check_term<'a>(errors: &mut Errors, expressions: &Spot<'a>) -> Term<'a> {
    let mut term = Term::new();
    for expression in expressions.items() {
        let (key, values) = (expression.get("key"), expression.get("values"));
        errors.add_if(values.len() == 0, || values.required(""));
        let mut seen = BTreeSet::new();
        for value in values.items() {
            errors.add_if(!seen.insert(value.text()), || value.duplicate());
        }
        labels::check_key(errors, &key);
        if term.insert(key.text(), seen).is_some() {
            errors.add(key.duplicate());
        }
    }
    term
}
