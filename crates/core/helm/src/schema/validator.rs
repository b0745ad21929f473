//! Checking values against a JSON schema of draft 4, 6, 7, 2019-09 or 2020-12, with the messages of the library that Helm uses.

use std::collections::{BTreeSet, HashMap};

use regex::Regex;
use serde_json::{Map, Value};

use super::document::{self, Document, Draft, ROOT, Target};
use super::number::{equal, is_multiple, is_whole};
use super::problem::{Kind, Problem, display, english, english_count, quote, quote_all};
use super::{format, metaschema};
use crate::values::Values;
use crate::warning::Warning;

/// Most schemas applied to values in one check: a bound on schemas that multiply.
const MAX_STEPS: usize = 500_000;
/// Deepest nesting of schemas and values, in levels.
const MAX_LEVELS: usize = 200;
/// Most problems that are reported for one chart.
const MAX_PROBLEMS: usize = 1_000;

/// Reads a schema and checks it against the metaschema of its draft.
pub(super) fn read(schema: &[u8]) -> Result<Document, String> {
    let (root, draft) = document::parse(schema)?;
    check_schema(&root, draft)?;
    Document::new(root, draft)
}

/// Checks values against a schema.
pub(super) fn validate(
    schema: &Document,
    values: &Values,
    warnings: &mut Vec<Warning>,
) -> Result<(), String> {
    let problems = check(schema, &Value::Object(values.clone()), warnings)?;
    if problems.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for problem in &problems {
        problem.print(1, &mut text);
    }
    text.push('\n');
    // The first line feed stands behind a title that Helm takes away.
    Err(text.trim_start_matches('\n').to_owned())
}

/// Checks a schema against the metaschema of its draft.
fn check_schema(schema: &Value, draft: Draft) -> Result<(), String> {
    let document = metaschema::document(draft).as_ref().map_err(Clone::clone)?;
    let problems = check(document, schema, &mut Vec::new())?;
    if problems.is_empty() {
        return Ok(());
    }
    let mut text = format!(
        "\"{ROOT}#\" is not valid against metaschema: jsonschema validation failed with '{}'",
        metaschema::address(draft)
    );
    for problem in &problems {
        problem.print(1, &mut text);
    }
    Err(text)
}

/// What a value breaks; an error when the schema cannot be used.
fn check(
    document: &Document,
    value: &Value,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Problem>, String> {
    let mut validator = Validator {
        document,
        patterns: HashMap::new(),
        steps: 0,
        fatal: None,
        warnings,
        trail: Vec::new(),
        place: Vec::new(),
        number_of_problems: 0,
    };
    let result = validator.apply(&document.root, &Document::base(), value, None);
    if let Some(fatal) = validator.fatal {
        return Err(fatal);
    }
    Ok(match result {
        Ok(()) => Vec::new(),
        Err(problem) if matches!(problem.kind, Kind::Group) => problem.causes,
        Err(problem) => vec![problem],
    })
}

/// What of a value no schema has looked at yet (`unevaluatedProperties`, `unevaluatedItems`).
#[derive(Clone, Default)]
struct Unseen {
    keys: BTreeSet<String>,
    items: BTreeSet<usize>,
}

impl Unseen {
    fn of(value: &Value) -> Self {
        match value {
            Value::Object(map) => Self {
                keys: map.keys().cloned().collect(),
                ..Self::default()
            },
            Value::Array(items) => Self {
                items: (0..items.len()).collect(),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn keep_common(&mut self, other: &Self) {
        self.keys.retain(|key| other.keys.contains(key));
        self.items.retain(|item| other.items.contains(item));
    }
}

type Outcome = Result<(), Problem>;

struct Validator<'a> {
    document: &'a Document,
    patterns: HashMap<String, Option<Regex>>,
    steps: usize,
    /// What makes the schema unusable.
    fatal: Option<String>,
    warnings: &'a mut Vec<Warning>,
    /// Schemas that are being applied, each with the length of the place in the values.
    trail: Vec<(*const Value, usize)>,
    place: Vec<String>,
    number_of_problems: usize,
}

/// One schema on one value.
struct Frame<'a> {
    schema: &'a Map<String, Value>,
    base: String,
    problems: Vec<Problem>,
    unseen: Unseen,
}

impl Frame<'_> {
    fn get(&self, keyword: &str) -> Option<&Value> {
        self.schema.get(keyword)
    }

    fn count(&self, keyword: &str) -> Option<usize> {
        let number = self.get(keyword)?.as_f64()?;
        // Counts beyond what fits are as good as the largest.
        Some(number.max(0.0) as usize)
    }

    fn number(&self, keyword: &str) -> Option<f64> {
        self.get(keyword)?.as_f64()
    }

    fn add(&mut self, outcome: Outcome) {
        if let Err(problem) = outcome {
            self.problems.push(problem);
        }
    }
}

/// A keyword, what it wants, and when a number breaks it.
type Bound = (&'static str, Option<f64>, fn(f64, f64) -> bool);

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl<'a> Validator<'a> {
    fn problem(&mut self, kind: Kind, causes: Vec<Problem>) -> Problem {
        self.number_of_problems += 1;
        Problem {
            place: self.place.clone(),
            kind,
            causes,
        }
    }

    fn say(&mut self, frame: &mut Frame<'_>, text: String) {
        if self.number_of_problems < MAX_PROBLEMS {
            let problem = self.problem(Kind::Text(text), Vec::new());
            frame.problems.push(problem);
        }
    }

    /// Applies a schema to a value; what it has looked at is taken out of `unseen`.
    fn apply(
        &mut self,
        schema: &'a Value,
        base: &str,
        value: &Value,
        unseen: Option<&mut Unseen>,
    ) -> Outcome {
        let map = match schema {
            Value::Object(map) => map,
            Value::Bool(false) => {
                return Err(self.problem(Kind::Text("false schema".to_owned()), Vec::new()));
            }
            _ => return Ok(()),
        };
        self.enter(schema)?;
        let mut frame = Frame {
            schema: map,
            base: self.document.base_of(schema, base),
            problems: Vec::new(),
            unseen: Unseen::of(value),
        };
        let first = self.value_itself(&mut frame, value);
        let outcome = match first {
            Err(problem) => Err(problem),
            Ok(true) => Ok(()),
            Ok(false) => {
                self.inner(&mut frame, value);
                let mut problems = frame.problems;
                match problems.len() {
                    0 => Ok(()),
                    1 => Err(problems.remove(0)),
                    _ => Err(self.problem(Kind::Group, problems)),
                }
            }
        };
        self.trail.pop();
        if outcome.is_ok()
            && let Some(unseen) = unseen
        {
            unseen.keep_common(&frame.unseen);
        }
        outcome
    }

    /// Counts, and refuses a schema that leads back to itself on the same value.
    fn enter(&mut self, schema: &Value) -> Outcome {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.trail.len() > MAX_LEVELS {
            self.fatal.get_or_insert_with(|| {
                format!(
                    "the schema is too complex: more than {MAX_STEPS} steps or {MAX_LEVELS} levels"
                )
            });
            return Err(self.problem(Kind::Text("too complex".to_owned()), Vec::new()));
        }
        let here = (std::ptr::from_ref(schema), self.place.len());
        let mut same_value = self.trail.iter().rev();
        let is_cycle = same_value
            .by_ref()
            .take_while(|(_, depth)| *depth == here.1)
            .any(|entry| *entry == here);
        if is_cycle {
            let text = "references lead back to the same schema, causing reference cycle";
            return Err(self.problem(Kind::Text(text.to_owned()), Vec::new()));
        }
        self.trail.push(here);
        Ok(())
    }

    /// Type, const, enum, format and `$ref`: the first that fails ends it. True when nothing else counts.
    fn value_itself(&mut self, frame: &mut Frame<'a>, value: &Value) -> Result<bool, Problem> {
        let text = first_mismatch(frame, value, self.document.draft);
        if let Some(text) = text {
            return Err(self.problem(Kind::Text(text), Vec::new()));
        }
        if let Some(Value::String(reference)) = frame.schema.get("$ref") {
            let mut unseen = std::mem::take(&mut frame.unseen);
            let outcome = self.reference(reference, &frame.base, value, &mut unseen);
            frame.unseen = unseen;
            if self.document.draft < Draft::D2019 {
                return outcome.map(|()| true);
            }
            frame.add(outcome);
        }
        Ok(false)
    }

    fn reference(
        &mut self,
        reference: &str,
        base: &str,
        value: &Value,
        unseen: &mut Unseen,
    ) -> Outcome {
        let document = self.document;
        let (schema, base) = match document.resolve(base, reference) {
            Ok((Target::Schema(schema), base)) => (schema, base),
            Ok((Target::Anything, address)) => {
                let warning =
                    Warning::warn("unresolved URN reference ignored; using permissive schema")
                        .with("urn", address);
                if !self.warnings.contains(&warning) {
                    self.warnings.push(warning);
                }
                return Ok(());
            }
            Err(problem) => {
                self.fatal.get_or_insert(problem);
                return Ok(());
            }
        };
        let Err(problem) = self.apply(schema, &base, value, Some(unseen)) else {
            return Ok(());
        };
        let causes = match problem.kind {
            Kind::Group => problem.causes,
            _ => vec![problem],
        };
        Err(self.problem(Kind::Reference, causes))
    }

    fn inner(&mut self, frame: &mut Frame<'a>, value: &Value) {
        match value {
            Value::Object(map) => self.object(frame, map),
            Value::Array(items) => self.array(frame, items),
            Value::String(text) => self.string(frame, text),
            Value::Number(number) => {
                self.number(frame, number.as_f64().unwrap_or_default());
            }
            _ => {}
        }
        if self.document.draft >= Draft::D2019 {
            for keyword in ["$recursiveRef", "$dynamicRef"] {
                if let Some(Value::String(reference)) = frame.schema.get(keyword) {
                    let mut unseen = std::mem::take(&mut frame.unseen);
                    let outcome = self.reference(reference, &frame.base, value, &mut unseen);
                    frame.unseen = unseen;
                    frame.add(outcome);
                }
            }
        }
        self.conditions(frame, value);
        if self.document.draft >= Draft::D2019 {
            self.unevaluated(frame, value);
        }
    }

    /// Applies a schema to a part of the value.
    fn part(
        &mut self,
        frame: &mut Frame<'a>,
        schema: &'a Value,
        value: &Value,
        name: String,
    ) -> Outcome {
        self.place.push(name);
        let outcome = self.apply(schema, &frame.base, value, None);
        self.place.pop();
        outcome
    }

    /// Applies a schema to the value itself.
    fn same(&mut self, frame: &mut Frame<'a>, schema: &'a Value, value: &Value) -> Outcome {
        let mut unseen = std::mem::take(&mut frame.unseen);
        let outcome = self.apply(schema, &frame.base, value, Some(&mut unseen));
        frame.unseen = unseen;
        outcome
    }

    fn pattern(&mut self, pattern: &str) -> Option<Regex> {
        if let Some(known) = self.patterns.get(pattern) {
            return known.clone();
        }
        let regex = Regex::new(pattern);
        if regex.is_err() {
            let problem = format!("{} is not valid regex", quote(pattern));
            self.fatal.get_or_insert(problem);
        }
        let regex = regex.ok();
        self.patterns.insert(pattern.to_owned(), regex.clone());
        regex
    }

    fn limits(&mut self, frame: &mut Frame<'a>, what: [&str; 2], got: usize) {
        for (keyword, breaks) in what.into_iter().zip([usize::lt, usize::gt]) {
            if let Some(want) = frame.count(keyword)
                && breaks(&got, &want)
            {
                let (got, want) = (english_count(got), english_count(want));
                self.say(frame, format!("{keyword}: got {got}, want {want}"));
            }
        }
    }

    fn object(&mut self, frame: &mut Frame<'a>, map: &Map<String, Value>) {
        self.limits(frame, ["minProperties", "maxProperties"], map.len());
        if let Some(required) = frame.schema.get("required") {
            let missing = missing(required, map);
            match missing.as_slice() {
                [] => {}
                [one] => self.say(frame, format!("missing property {}", quote(one))),
                many => self.say(frame, format!("missing properties {}", quote_all(many))),
            }
        }
        self.dependencies(frame, map, "dependencies");
        self.properties(frame, map);
        if self.document.draft >= Draft::D6
            && let Some(names) = frame.schema.get("propertyNames")
        {
            for name in map.keys() {
                let value = Value::String(name.clone());
                if let Err(problem) = self.apply(names, &frame.base, &value, None) {
                    let causes = match problem.kind {
                        Kind::Group => problem.causes,
                        _ => vec![problem],
                    };
                    let text = format!("invalid propertyName {}", quote(name));
                    let problem = self.problem(Kind::Text(text), causes);
                    frame.problems.push(problem);
                }
            }
        }
        if self.document.draft >= Draft::D7 {
            self.dependencies(frame, map, "dependentSchemas");
            self.dependencies(frame, map, "dependentRequired");
        }
    }

    fn dependencies(&mut self, frame: &mut Frame<'a>, map: &Map<String, Value>, keyword: &str) {
        let Some(Value::Object(all)) = frame.schema.get(keyword) else {
            return;
        };
        for (name, wanted) in all.iter().filter(|(name, _)| map.contains_key(*name)) {
            if wanted.is_array() {
                let missing = missing(wanted, map);
                if !missing.is_empty() {
                    let (missing, name) = (quote_all(&missing), quote(name));
                    self.say(
                        frame,
                        format!("properties {missing} required, if {name} exists"),
                    );
                }
            } else {
                let value = Value::Object(map.clone());
                let outcome = self.same(frame, wanted, &value);
                frame.add(outcome);
            }
        }
    }

    fn properties(&mut self, frame: &mut Frame<'a>, map: &Map<String, Value>) {
        let own = frame.schema.get("properties").and_then(Value::as_object);
        let patterns = frame
            .schema
            .get("patternProperties")
            .and_then(Value::as_object);
        let additional = frame.schema.get("additionalProperties");
        let mut surplus = Vec::new();
        for (name, value) in map {
            let mut is_seen = false;
            if let Some(schema) = own.and_then(|own| own.get(name)) {
                is_seen = true;
                let outcome = self.part(frame, schema, value, name.clone());
                frame.add(outcome);
            }
            for (pattern, schema) in patterns.into_iter().flatten() {
                if self
                    .pattern(pattern)
                    .is_some_and(|regex| regex.is_match(name))
                {
                    is_seen = true;
                    let outcome = self.part(frame, schema, value, name.clone());
                    frame.add(outcome);
                }
            }
            if let Some(schema) = additional.filter(|_| !is_seen) {
                is_seen = true;
                if *schema == Value::Bool(false) {
                    surplus.push(name.clone());
                } else {
                    let outcome = self.part(frame, schema, value, name.clone());
                    frame.add(outcome);
                }
            }
            if is_seen {
                frame.unseen.keys.remove(name);
            }
        }
        if !surplus.is_empty() {
            let text = format!("additional properties {} not allowed", quote_all(&surplus));
            self.say(frame, text);
        }
    }

    fn array(&mut self, frame: &mut Frame<'a>, items: &[Value]) {
        self.limits(frame, ["minItems", "maxItems"], items.len());
        if frame.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.unique(frame, items);
        }
        let is_2020 = self.document.draft >= Draft::D2020;
        let (first, rest) = if is_2020 {
            ("prefixItems", "items")
        } else {
            ("items", "additionalItems")
        };
        let mut done = 0;
        match frame.schema.get(first) {
            Some(Value::Array(schemas)) => {
                for (at, (schema, item)) in schemas.iter().zip(items).enumerate() {
                    let outcome = self.part(frame, schema, item, at.to_string());
                    frame.add(outcome);
                }
                done = schemas.len().min(items.len());
            }
            Some(schema) if !is_2020 => {
                for (at, item) in items.iter().enumerate() {
                    let outcome = self.part(frame, schema, item, at.to_string());
                    frame.add(outcome);
                }
                done = items.len();
            }
            _ => {}
        }
        if let Some(schema) = frame.schema.get(rest) {
            if !is_2020 && *schema == Value::Bool(false) {
                if done < items.len() {
                    let count = english_count(items.len() - done);
                    self.say(frame, format!("last {count} additionalItem(s) not allowed"));
                }
            } else {
                for (at, item) in items.iter().enumerate().skip(done) {
                    let outcome = self.part(frame, schema, item, at.to_string());
                    frame.add(outcome);
                }
            }
            done = items.len();
        }
        frame.unseen.items.retain(|item| *item >= done);
        self.contains(frame, items);
    }

    fn unique(&mut self, frame: &mut Frame<'a>, items: &[Value]) {
        // Comparing all with all is bounded by the steps.
        for (at, item) in items.iter().enumerate() {
            self.steps += at;
            if self.steps > MAX_STEPS {
                self.fatal
                    .get_or_insert("the schema is too complex: uniqueItems".to_owned());
                return;
            }
            if let Some(first) = items[..at].iter().position(|other| equal(other, item)) {
                self.say(frame, format!("items at {first} and {at} are equal"));
                return;
            }
        }
    }

    fn contains(&mut self, frame: &mut Frame<'a>, items: &[Value]) {
        let wanted = frame.schema.get("contains");
        let Some(schema) = wanted.filter(|_| self.document.draft >= Draft::D6) else {
            return;
        };
        let (mut causes, mut matched) = (Vec::new(), Vec::new());
        for (at, item) in items.iter().enumerate() {
            match self.part(frame, schema, item, at.to_string()) {
                Ok(()) => {
                    matched.push(at);
                    if self.document.draft >= Draft::D2020 {
                        frame.unseen.items.remove(&at);
                    }
                }
                Err(problem) => causes.push(problem),
            }
        }
        let at: Vec<String> = matched.iter().map(usize::to_string).collect();
        let (count, at) = (matched.len(), at.join(" "));
        let minimum = frame.count("minContains");
        let too_few = match minimum {
            Some(want) if count < want && count == 0 => Some(format!(
                "min {want} items required to match contains schema, but none matched"
            )),
            Some(want) if count < want => Some(format!(
                "min {want} items required to match contains schema, but matched {count} items at {at}"
            )),
            None if count == 0 => Some("no items match contains schema".to_owned()),
            _ => None,
        };
        if let Some(text) = too_few {
            let problem = self.problem(Kind::Text(text), causes);
            frame.problems.push(problem);
        }
        if let Some(want) = frame.count("maxContains").filter(|want| count > *want) {
            self.say(frame, format!(
                "max {want} items required to match contains schema, but matched {count} items at {at}"
            ));
        }
    }

    fn string(&mut self, frame: &mut Frame<'a>, text: &str) {
        self.limits(frame, ["minLength", "maxLength"], text.chars().count());
        if let Some(Value::String(pattern)) = frame.schema.get("pattern")
            && let Some(regex) = self.pattern(pattern)
            && !regex.is_match(text)
        {
            let (text, pattern) = (quote(text), quote(pattern));
            self.say(frame, format!("{text} does not match pattern {pattern}"));
        }
    }

    fn number(&mut self, frame: &mut Frame<'a>, got: f64) {
        let draft4 = |flag: &str| {
            self.document.draft == Draft::D4 && frame.get(flag) == Some(&Value::Bool(true))
        };
        let minimum = frame.number("minimum");
        let maximum = frame.number("maximum");
        let (above, below) = (draft4("exclusiveMinimum"), draft4("exclusiveMaximum"));
        let checks: [Bound; 5] = [
            ("minimum", minimum.filter(|_| !above), |got, want| {
                got < want
            }),
            ("maximum", maximum.filter(|_| !below), |got, want| {
                got > want
            }),
            (
                "exclusiveMinimum",
                if above {
                    minimum
                } else {
                    frame.number("exclusiveMinimum")
                },
                |got, want| got <= want,
            ),
            (
                "exclusiveMaximum",
                if below {
                    maximum
                } else {
                    frame.number("exclusiveMaximum")
                },
                |got, want| got >= want,
            ),
            ("multipleOf", frame.number("multipleOf"), |got, want| {
                !is_multiple(got, want)
            }),
        ];
        for (keyword, want, breaks) in checks {
            if let Some(want) = want.filter(|want| breaks(got, *want)) {
                let (got, want) = (english(got), english(want));
                self.say(frame, format!("{keyword}: got {got}, want {want}"));
            }
        }
    }

    fn conditions(&mut self, frame: &mut Frame<'a>, value: &Value) {
        if let Some(schema) = frame.schema.get("not")
            && self.apply(schema, &frame.base, value, None).is_ok()
        {
            self.say(frame, "'not' failed".to_owned());
        }
        self.all_of(frame, value);
        self.any_of(frame, value);
        self.one_of(frame, value);
        let condition = frame.schema.get("if");
        if let Some(condition) = condition.filter(|_| self.document.draft >= Draft::D7) {
            let branch = match self.same(frame, condition, value) {
                Ok(()) => "then",
                Err(_) => "else",
            };
            if let Some(schema) = frame.schema.get(branch) {
                let outcome = self.same(frame, schema, value);
                frame.add(outcome);
            }
        }
    }

    fn all_of(&mut self, frame: &mut Frame<'a>, value: &Value) {
        let Some(Value::Array(schemas)) = frame.schema.get("allOf") else {
            return;
        };
        let mut causes = Vec::new();
        for schema in schemas {
            causes.extend(self.same(frame, schema, value).err());
        }
        if !causes.is_empty() {
            let problem = self.problem(Kind::Text("'allOf' failed".to_owned()), causes);
            frame.problems.push(problem);
        }
    }

    fn any_of(&mut self, frame: &mut Frame<'a>, value: &Value) {
        let Some(Value::Array(schemas)) = frame.schema.get("anyOf") else {
            return;
        };
        let (mut causes, mut fits) = (Vec::new(), false);
        for schema in schemas {
            match self.same(frame, schema, value) {
                Ok(()) => fits = true,
                Err(problem) => causes.push(problem),
            }
        }
        if !fits && !schemas.is_empty() {
            let problem = self.problem(Kind::Text("'anyOf' failed".to_owned()), causes);
            frame.problems.push(problem);
        }
    }

    fn one_of(&mut self, frame: &mut Frame<'a>, value: &Value) {
        let Some(Value::Array(schemas)) = frame.schema.get("oneOf") else {
            return;
        };
        let (mut causes, mut first) = (Vec::new(), None);
        for (at, schema) in schemas.iter().enumerate() {
            match self.same(frame, schema, value) {
                Ok(()) => match first {
                    None => first = Some(at),
                    Some(first) => {
                        let text = format!("'oneOf' failed, subschemas {first}, {at} matched");
                        return self.say(frame, text);
                    }
                },
                Err(problem) => causes.push(problem),
            }
        }
        if first.is_none() && !schemas.is_empty() {
            let text = "'oneOf' failed, none matched".to_owned();
            let problem = self.problem(Kind::Text(text), causes);
            frame.problems.push(problem);
        }
    }

    fn unevaluated(&mut self, frame: &mut Frame<'a>, value: &Value) {
        if let (Value::Object(map), Some(schema)) =
            (value, frame.schema.get("unevaluatedProperties"))
        {
            for name in std::mem::take(&mut frame.unseen.keys) {
                if let Some(value) = map.get(&name) {
                    let outcome = self.part(frame, schema, value, name);
                    frame.add(outcome);
                }
            }
        }
        if let (Value::Array(items), Some(schema)) = (value, frame.schema.get("unevaluatedItems")) {
            for at in std::mem::take(&mut frame.unseen.items) {
                let outcome = self.part(frame, schema, &items[at], at.to_string());
                frame.add(outcome);
            }
        }
    }
}

/// Names of a list that a map does not have.
fn missing(wanted: &Value, map: &Map<String, Value>) -> Vec<String> {
    let wanted = wanted.as_array().into_iter().flatten();
    wanted
        .filter_map(Value::as_str)
        .filter(|name| !map.contains_key(*name))
        .map(str::to_owned)
        .collect()
}

/// The first of type, const, enum and format that the value breaks.
fn first_mismatch(frame: &Frame<'_>, value: &Value, draft: Draft) -> Option<String> {
    if let Some(types) = frame.get("type") {
        let names: Vec<&str> = match types {
            Value::String(name) => vec![name],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let got = json_type(value);
        let is_whole = value.as_f64().is_some_and(is_whole);
        let fits =
            |name: &&str| *name == got || (*name == "integer" && got == "number" && is_whole);
        if !names.is_empty() && !names.iter().any(fits) {
            return Some(format!("got {got}, want {}", type_names(&names)));
        }
    }
    if let Some(wanted) = frame.get("const").filter(|_| draft >= Draft::D6)
        && !equal(value, wanted)
    {
        return Some(if wanted.is_array() || wanted.is_object() {
            "'const' failed".to_owned()
        } else {
            format!("value must be {}", display(wanted))
        });
    }
    if let Some(Value::Array(wanted)) = frame.get("enum")
        && !wanted.iter().any(|wanted| equal(value, wanted))
    {
        return Some(enum_text(wanted));
    }
    if let (Some(Value::String(name)), Value::String(text)) = (frame.get("format"), value)
        && draft < Draft::D2019
        && let Err(problem) = format::check(name, text)
    {
        return Some(format!("{} is not valid {name}: {problem}", quote(text)));
    }
    None
}

/// The names of types in the library's order.
fn type_names(names: &[&str]) -> String {
    const ORDER: [&str; 7] = [
        "null", "boolean", "number", "integer", "string", "array", "object",
    ];
    let sorted: Vec<&str> = ORDER
        .into_iter()
        .filter(|name| names.contains(name))
        .collect();
    sorted.join(" or ")
}

fn enum_text(wanted: &[Value]) -> String {
    if wanted
        .iter()
        .any(|item| item.is_array() || item.is_object())
    {
        return "'enum' failed".to_owned();
    }
    let texts: Vec<String> = wanted.iter().map(display).collect();
    match texts.as_slice() {
        [one] => format!("value must be {one}"),
        many => format!("value must be one of {}", many.join(", ")),
    }
}
