//! Executing the templates of a chart.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use skein_template::{
    Environment, FunctionMap, Map, MissingKey, Options, Templates as Set, Value, helm, raw_text,
};

use super::scope::Templates;
use crate::chart::kept::{self, Parsed, Sources};

/// The functions of Helm's templates, made once.
static FUNCTIONS: LazyLock<Arc<FunctionMap>> = LazyLock::new(|| Arc::new(helm::functions()));

/// What the templates that are no partials came to, by full path: [`raw_text`].
pub(super) type Outputs = BTreeMap<String, String>;

/// How strict the engine is.
#[derive(Clone, Copy, Default)]
pub(super) struct Strictness {
    /// Missing keys are errors.
    pub(super) strict: bool,
    /// `required` and `fail` only warn.
    pub(super) lint: bool,
}

/// Executes all templates that are no partials; errors read as Helm's.
pub(super) fn execute(
    templates: &Templates<'_>,
    parsed: &Parsed,
    strictness: Strictness,
    environment: &mut dyn Environment,
) -> Result<Outputs, String> {
    let order = parse_order(templates);
    let set = parse(templates, &order, parsed, strictness)?;
    let mut runtime = set.runtime(environment);
    let mut outputs = Outputs::new();
    for path in order {
        if base_name(path).starts_with('_') {
            continue;
        }
        let template = &templates[path];
        let own = Map::new().as_values();
        own.insert("Name", path.as_str());
        own.insert("BasePath", template.base_path.as_str());
        template.scope.insert("Template", own);
        let output = runtime
            .execute_named(&path.as_str().into(), Value::Map(template.scope.clone()))
            .map_err(|error| helm::exec_error_text(path, &error))?;
        let output = raw_text::from_bytes(output);
        let output = if output.contains("<no value>") {
            output.replace("<no value>", "")
        } else {
            output
        };
        outputs.insert(path.clone(), output);
    }
    Ok(outputs)
}

/// Parses all templates, or takes the set that was parsed from the same ones before.
fn parse(
    templates: &Templates<'_>,
    order: &[&String],
    parsed: &Parsed,
    strictness: Strictness,
) -> Result<Set, String> {
    let sources: Sources = order
        .iter()
        .map(|path| ((*path).clone(), Arc::clone(templates[*path].text)))
        .collect();
    let is_plain = !strictness.strict && !strictness.lint;
    if is_plain && let Some(set) = parsed.get(|from| is_same(from, &sources)) {
        return Ok(set);
    }
    let mut options = Options::helm();
    options.lint = strictness.lint;
    if strictness.strict {
        options.missing_key = MissingKey::Error;
    }
    let mut set = Set::new(Arc::clone(&FUNCTIONS), options);
    for path in order {
        set.parse_bytes(path, templates[*path].text)
            .map_err(|error| helm::parse_error_text(path, &error))?;
    }
    if is_plain {
        parsed.keep(sources, set.clone());
    }
    Ok(set)
}

/// Whether templates have the same paths and texts in the same order.
fn is_same(left: &Sources, right: &Sources) -> bool {
    let mut pairs = left.iter().zip(right);
    left.len() == right.len()
        && pairs.all(|(one, other)| one.0 == other.0 && kept::is_same(&one.1, &other.1))
}

/// The last part of a path.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Deeper paths first, and among equally deep ones the last by name first, so that what a parent defines wins.
fn parse_order<'a>(templates: &'a Templates<'_>) -> Vec<&'a String> {
    let mut paths: Vec<&String> = templates.keys().collect();
    paths.sort_by_cached_key(|path| Reverse((path.matches('/').count(), path.as_str())));
    paths
}
