//! ValidatingAdmissionPolicies and their bindings: what they match, their expressions, their actions.

use std::collections::HashSet;

use skein_cel::typed;
use skein_object::Object;
use skein_object::names::qualified_name_problems;

use crate::names::{old_label_problems, path_segment_problems, subdomain_problems};
use crate::spot::{Errors, Spot};
use crate::{labels, webhooks};

const FAILURE_POLICIES: &[&str] = &["Fail", "Ignore"];
const MATCH_POLICIES: &[&str] = &["Equivalent", "Exact"];
const ACTIONS: &[&str] = &["Audit", "Deny", "Warn"];
const NOT_FOUND_ACTIONS: &[&str] = &["Deny", "Allow"];
const REASONS: &[&str] = &["Forbidden", "Invalid", "RequestEntityTooLarge"];
/// Most conditions under which a policy is asked at all.
const MAX_CONDITIONS: usize = 64;
/// Most notes for the audit.
const MAX_ANNOTATIONS: usize = 20;
/// Longest expression of a note, in bytes.
const MAX_VALUE_BYTES: usize = 5 * 1024;
const NOT_SPECIFIED: &str = "expression is not specified";

/// A policy.
pub(crate) fn check(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    errors.choice(&spec.get("failurePolicy"), FAILURE_POLICIES);
    let kind = spec.get("paramKind");
    if kind.is_set() {
        check_kind(errors, &kind);
    }
    let constraints = spec.get("matchConstraints");
    if constraints.is_set() {
        check_matches(errors, &constraints);
        let rules = constraints.get("resourceRules");
        errors.add_if(rules.len() == 0, || rules.required(""));
    } else {
        errors.add(constraints.required(""));
    }
    check_conditions(errors, &spec);
    for variable in spec.get("variables").items() {
        check_variable(errors, &spec, &variable);
    }
    let (validations, notes) = (spec.get("validations"), spec.get("auditAnnotations"));
    if validations.len() == 0 && notes.len() == 0 {
        let text = "validations or auditAnnotations must contain at least one item";
        errors.add(validations.required(text));
        errors.add(notes.required(text));
        return;
    }
    for validation in validations.items() {
        check_validation(errors, &spec, &validation);
    }
    check_notes(errors, object.name(), &spec, &notes);
}

/// The names that an expression of a policy may use.
fn variables(spec: &Spot<'_>, has_authorizer: bool) -> Vec<&'static str> {
    let mut names = vec!["object", "oldObject", "request", "namespaceObject"];
    if spec.get("variables").len() > 0 {
        names.push("variables");
    }
    if has_authorizer {
        names.push("authorizer");
    }
    if spec.get("paramKind").is_set() {
        names.push("params");
    }
    names
}

/// An expression of exactly one of some types, or of any when there are none.
fn check_expression(errors: &mut Errors, spot: &Spot<'_>, names: &[&str], types: &[&str]) {
    match typed::yields(spot.text(), names) {
        Err(error) => {
            let text = format!("compilation failed: {}", error.issues());
            errors.add(spot.invalid(text));
        }
        Ok(found) if types.is_empty() || types.contains(&found.as_str()) => {}
        Ok(found) => {
            let wanted = match types {
                [only] => (*only).to_owned(),
                several => format!("one of [{}]", several.join(" ")),
            };
            errors.add(spot.invalid(format!("must evaluate to {wanted} but got {found}")));
        }
    }
}

fn check_kind(errors: &mut Errors, kind: &Spot<'_>) {
    let (version, name) = (kind.get("apiVersion"), kind.get("kind"));
    match version.text().split('/').collect::<Vec<_>>().as_slice() {
        _ if version.is_blank() => errors.add(version.required("")),
        [only] => check_part(errors, &version, only, old_label_problems(only)),
        [group, only] => {
            check_part(errors, &version, group, subdomain_problems(group));
            check_part(errors, &version, only, old_label_problems(only));
        }
        _ => {
            let text = format!("unexpected GroupVersion string: {}", version.text());
            errors.add(version.invalid(text));
        }
    }
    let problems = old_label_problems(&name.text().to_lowercase());
    if name.is_blank() {
        errors.add(name.required(""));
    } else if !problems.is_empty() {
        let lead = "may have mixed case, but should otherwise match: ";
        errors.add(name.invalid(format!("{lead}{}", problems.join(","))));
    }
}

fn check_part(errors: &mut Errors, spot: &Spot<'_>, part: &str, problems: Vec<String>) {
    errors.add_if(!problems.is_empty(), || {
        spot.invalid_as(part, problems.join(","))
    });
}

/// Which requests a policy or binding looks at.
fn check_matches(errors: &mut Errors, matches: &Spot<'_>) {
    errors.choice(&matches.get("matchPolicy"), MATCH_POLICIES);
    for name in ["namespaceSelector", "objectSelector"] {
        let selector = matches.get(name);
        if selector.is_set() {
            labels::check_selector(errors, &selector);
        } else {
            errors.add(selector.required(""));
        }
    }
    for list in ["resourceRules", "excludeResourceRules"] {
        for rule in matches.get(list).items() {
            let mut names = HashSet::new();
            for name in rule.get("resourceNames").items() {
                errors.problems(&name, path_segment_problems(name.text()));
                errors.add_if(!names.insert(name.text()), || name.duplicate());
            }
            webhooks::check_rule(errors, &rule);
        }
    }
}

fn check_conditions(errors: &mut Errors, spec: &Spot<'_>) {
    let conditions = spec.get("matchConditions");
    let mut names = HashSet::new();
    if conditions.len() > MAX_CONDITIONS {
        errors.add(skein_schema::FieldError::new(
            skein_schema::field_error::FieldErrorKind::TooMany,
            conditions.path.clone(),
            Some(conditions.len().into()),
            format!("must have at most {MAX_CONDITIONS} items"),
        ));
    }
    for condition in conditions.items() {
        let (name, expression) = (condition.get("name"), condition.get("expression"));
        if expression.text().trim().is_empty() {
            errors.add(expression.required(""));
        } else {
            check_expression(errors, &expression, &variables(spec, true), &["bool"]);
        }
        if name.is_blank() {
            errors.add(name.required(""));
        } else {
            errors.problems(&name, qualified_name_problems(name.text()));
            errors.add_if(!names.insert(name.text()), || name.duplicate());
        }
    }
}

fn check_variable(errors: &mut Errors, spec: &Spot<'_>, variable: &Spot<'_>) {
    let (name, expression) = (variable.get("name"), variable.get("expression"));
    let is_name = |text: &str| {
        !text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if name.text().trim().is_empty() {
        errors.add(name.required("name is not specified"));
    } else if !is_name(name.text()) {
        errors.add(name.invalid("must be a valid CEL identifier"));
    }
    if expression.text().trim().is_empty() {
        errors.add(expression.required(NOT_SPECIFIED));
    } else {
        check_expression(errors, &expression, &variables(spec, true), &[]);
    }
}

fn check_validation(errors: &mut Errors, spec: &Spot<'_>, validation: &Spot<'_>) {
    let expression = validation.get("expression");
    if expression.text().trim().is_empty() {
        errors.add(expression.required(NOT_SPECIFIED));
    } else {
        check_expression(errors, &expression, &variables(spec, true), &["bool"]);
    }
    let told = validation.get("messageExpression");
    let is_empty = |spot: &Spot<'_>| !spot.is_blank() && spot.text().trim().is_empty();
    if is_empty(&told) {
        errors.add(told.invalid("must be non-empty if specified"));
    } else if !told.is_blank() {
        check_expression(errors, &told, &variables(spec, false), &["string"]);
    }
    let message = validation.get("message");
    if is_empty(&message) {
        errors.add(message.invalid("must be non-empty if specified"));
    } else if message.text().trim().contains(['\n', '\r']) {
        errors.add(message.invalid("must not contain line breaks"));
    }
    errors.optional_choice(&validation.get("reason"), REASONS);
}

fn check_notes(errors: &mut Errors, policy: &str, spec: &Spot<'_>, notes: &Spot<'_>) {
    if notes.len() > MAX_ANNOTATIONS {
        let text = format!("must not have more than {MAX_ANNOTATIONS} auditAnnotations");
        errors.add(notes.invalid(text));
    }
    let mut keys = HashSet::new();
    for note in notes.items() {
        let (key, value) = (note.get("key"), note.get("valueExpression"));
        let whole = format!("{policy}/{}", key.text());
        for problem in qualified_name_problems(&whole) {
            errors.add(key.invalid_as(whole.as_str(), problem));
        }
        if value.text().trim().is_empty() {
            errors.add(value.required("valueExpression is not specified"));
        } else if value.text().trim().len() > MAX_VALUE_BYTES {
            let text = format!("must not exceed {MAX_VALUE_BYTES} bytes in length");
            errors.add(value.required(&text));
        } else {
            let types = ["string", "null_type"];
            check_expression(errors, &value, &variables(spec, true), &types);
        }
        errors.add_if(!keys.insert(key.text()), || key.duplicate());
    }
}

/// A binding: which policy, with which parameters, where, and what follows.
pub(crate) fn check_binding(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let name = spec.get("policyName");
    if name.is_blank() {
        errors.add(name.required(""));
    } else {
        errors.problems(&name, subdomain_problems(name.text()));
    }
    let parameters = spec.get("paramRef");
    if parameters.is_set() {
        check_parameters(errors, &parameters);
    }
    let matches = spec.get("matchResources");
    if matches.is_set() {
        check_matches(errors, &matches);
    }
    check_actions(errors, &spec.get("validationActions"));
}

fn check_parameters(errors: &mut Errors, parameters: &Spot<'_>) {
    const BOTH: &str = "name and selector are mutually exclusive";
    let (name, selector) = (parameters.get("name"), parameters.get("selector"));
    if !name.is_blank() {
        errors.problems(&name, path_segment_problems(name.text()));
        errors.add_if(selector.is_set(), || name.forbidden(BOTH));
    }
    if selector.is_set() {
        labels::check_selector(errors, &selector);
        errors.add_if(!name.is_blank(), || selector.forbidden(BOTH));
    }
    if name.is_blank() && !selector.is_set() {
        errors.add(parameters.required("one of name or selector must be specified"));
    }
    errors.choice(
        &parameters.get("parameterNotFoundAction"),
        NOT_FOUND_ACTIONS,
    );
}

fn check_actions(errors: &mut Errors, actions: &Spot<'_>) {
    let mut seen = HashSet::new();
    for action in actions.items() {
        errors.add_if(!ACTIONS.contains(&action.text()), || {
            action.not_supported(ACTIONS)
        });
        errors.add_if(!seen.insert(action.text()), || action.duplicate());
    }
    if seen.contains("Deny") && seen.contains("Warn") {
        let text = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        errors.add(actions.invalid(text));
    }
    let none = "at least one validation action is required";
    errors.add_if(seen.is_empty(), || actions.required(none));
}
