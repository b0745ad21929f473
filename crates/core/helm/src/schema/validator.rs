//! Checking values against a JSON schema of draft 4, 6, 7, 2019-09 or 2020-12, with the messages of the library that Helm uses.

mod array;
mod condition;
mod object;
mod scalar;
mod scope;

use serde_json::{Map, Value};

use self::scope::{Scope, Spot, Unseen, keyword_location};
use super::address::{escape, shown};
use super::document::{Document, Target};
use super::draft::Draft;
use super::metaschema;
use super::problem::{Kind, Problem};
use super::reach::pointer_of;
use crate::warning::Warning;

/// Most schemas applied to values in one check: a bound on schemas that multiply.
const MAX_STEPS: usize = 500_000;
/// Deepest nesting of schemas and values, in levels.
const MAX_LEVELS: usize = 200;
/// Most problems found in one check, those of alternatives that were not taken included.
const MAX_PROBLEMS: usize = 50_000;

/// Checks a value against a schema.
pub(super) fn validate(
    document: &Document,
    value: &Value,
    warnings: &mut Vec<Warning>,
) -> Result<(), String> {
    for address in &document.unresolved {
        let text = "unresolved URN reference ignored; using permissive schema";
        let warning = Warning::warn(text).with("urn", address.clone());
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    let problems = Validator::new(None).check(document, value)?;
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

/// Checks a part of a document, with the pointer to it, against a metaschema.
pub(super) fn check_schema(
    meta: &Document,
    part: &Value,
    subject: (&Document, &str),
) -> Result<Vec<Problem>, String> {
    Validator::new(Some(subject)).check(meta, part)
}

type Outcome = Result<(), Problem>;

struct Validator<'a> {
    /// The document of which a part (by pointer) is checked against its metaschema; its resources may be of other drafts.
    subject: Option<(&'a Document, &'a str)>,
    steps: usize,
    /// What makes the schema unusable.
    fatal: Option<String>,
    /// Schemas that are being applied.
    trail: Vec<Scope<'a>>,
    place: Vec<String>,
    number_of_problems: usize,
}

/// One schema on one value.
struct Frame<'a> {
    schema: &'a Map<String, Value>,
    spot: Spot<'a>,
    draft: Draft,
    problems: Vec<Problem>,
    unseen: Unseen,
}

impl<'a> Frame<'a> {
    fn get(&self, keyword: &str) -> Option<&'a Value> {
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

impl<'a> Validator<'a> {
    fn new(subject: Option<(&'a Document, &'a str)>) -> Self {
        Self {
            subject,
            steps: 0,
            fatal: None,
            trail: Vec::new(),
            place: Vec::new(),
            number_of_problems: 0,
        }
    }

    /// What a value breaks; an error when the schema cannot be used.
    fn check(mut self, document: &'a Document, value: &Value) -> Result<Vec<Problem>, String> {
        let spot = Spot {
            document,
            resource: 0,
        };
        let result = self.apply(&document.root, spot, value, None, "");
        if let Some(fatal) = self.fatal {
            return Err(fatal);
        }
        Ok(match result {
            Ok(()) => Vec::new(),
            Err(problem) => ungroup(problem),
        })
    }

    fn problem(&mut self, kind: Kind, causes: Vec<Problem>) -> Problem {
        self.number_of_problems += 1;
        if self.number_of_problems > MAX_PROBLEMS {
            self.fatal.get_or_insert_with(|| {
                format!("the values break the schema in more than {MAX_PROBLEMS} ways")
            });
        }
        Problem {
            place: self.place.clone(),
            kind: Box::new(kind),
            causes,
        }
    }

    fn say(&mut self, frame: &mut Frame<'_>, kind: Kind) {
        let problem = self.problem(kind, Vec::new());
        frame.problems.push(problem);
    }

    /// Applies a schema to a value; what it has looked at is taken out of `unseen`. `reference` is the keyword that led here from elsewhere.
    fn apply(
        &mut self,
        schema: &'a Value,
        spot: Spot<'a>,
        value: &Value,
        unseen: Option<&mut Unseen>,
        reference: &'static str,
    ) -> Outcome {
        let (schema, spot) = self.in_its_dialect(schema, spot);
        let map = match schema {
            Value::Object(map) if !map.is_empty() => map,
            Value::Bool(false) => return Err(self.problem(Kind::FalseSchema, Vec::new())),
            _ => return Ok(()),
        };
        let spot = spot.enter(map);
        self.enter(Scope {
            schema,
            spot,
            depth: self.place.len(),
            reference,
        })?;
        let draft = spot.draft();
        let is_asked = unseen.as_ref().is_some_and(|unseen| !unseen.is_empty());
        let mut frame = Frame {
            schema: map,
            spot,
            draft,
            problems: Vec::new(),
            unseen: Unseen::of(value, map, draft, is_asked),
        };
        let outcome = match self.value_itself(&mut frame, value) {
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

    /// A part of a document with its own draft is checked against the metaschema of that draft.
    fn in_its_dialect(&self, schema: &'a Value, spot: Spot<'a>) -> (&'a Value, Spot<'a>) {
        let is_meta = std::ptr::eq(schema, &spot.document.root);
        let Some((subject, part)) = self.subject.filter(|_| is_meta) else {
            return (schema, spot);
        };
        if subject.resources.len() < 2 {
            return (schema, spot);
        }
        let parts = self.place.iter().map(|part| format!("/{}", escape(part)));
        let pointer: String = std::iter::once(part.to_owned()).chain(parts).collect();
        let Some(resource) = subject.resource_exactly_at(&pointer) else {
            return (schema, spot);
        };
        match metaschema::document(resource.draft) {
            Ok(document) => (
                &document.root,
                Spot {
                    document,
                    resource: 0,
                },
            ),
            Err(_) => (schema, spot),
        }
    }

    /// Counts, and refuses a schema that leads back to itself on the same value.
    fn enter(&mut self, scope: Scope<'a>) -> Outcome {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.trail.len() > MAX_LEVELS {
            self.fatal.get_or_insert_with(|| {
                format!(
                    "the schema is too complex: more than {MAX_STEPS} steps or {MAX_LEVELS} levels"
                )
            });
        }
        if self.fatal.is_some() {
            return Err(self.problem(Kind::TooComplex, Vec::new()));
        }
        let depth = scope.depth;
        let of_same_value = self.trail.iter().enumerate().rev();
        let first = of_same_value
            .take_while(|(_, other)| other.depth == depth)
            .find(|(_, other)| std::ptr::eq(other.schema, scope.schema))
            .map(|(at, _)| at);
        self.trail.push(scope);
        if let Some(first) = first {
            let last = self.trail.len() - 1;
            let places = [
                keyword_location(&self.trail, last),
                keyword_location(&self.trail, first),
            ];
            let document = scope.spot.document;
            let pointer = pointer_of(&document.root, scope.schema).unwrap_or_default();
            self.trail.pop();
            let (address, pointer) = document.place(&pointer);
            let kind = Kind::Cycle(places, shown(address, pointer));
            return Err(self.problem(kind, Vec::new()));
        }
        Ok(())
    }

    /// Type, const, enum, format and `$ref`: the first that fails ends it. True when nothing else counts.
    fn value_itself(&mut self, frame: &mut Frame<'a>, value: &Value) -> Result<bool, Problem> {
        let reference = frame.get("$ref").and_then(Value::as_str);
        // Before draft 2019-09 a $ref hides what stands beside it, for the library all but `const`.
        if let Some(reference) = reference.filter(|_| frame.draft < Draft::D2019) {
            if let Some(kind) = scalar::const_mismatch(frame, value) {
                return Err(self.problem(kind, Vec::new()));
            }
            let outcome = self.reference(frame, "$ref", reference, value);
            return outcome.map(|()| true);
        }
        if let Some(kind) = scalar::first_mismatch(frame, value) {
            if let Kind::Enum(wanted) = &kind {
                self.steps += wanted.len();
            }
            return Err(self.problem(kind, Vec::new()));
        }
        if let Some(reference) = reference {
            let outcome = self.reference(frame, "$ref", reference, value);
            frame.add(outcome);
        }
        Ok(false)
    }

    /// Applies the schema to which a reference leads.
    fn reference(
        &mut self,
        frame: &mut Frame<'a>,
        keyword: &'static str,
        reference: &str,
        value: &Value,
    ) -> Outcome {
        let spot = frame.spot;
        let key = (spot.resource, reference.to_owned());
        // Every reference was followed before; one that was not stands where no schema is looked for.
        let (pointer, target) = match spot.document.targets.get(&key) {
            Some(Target::Here(pointer, resource)) => (pointer, spot.at(*resource)),
            Some(Target::Meta(draft, pointer, resource)) => match metaschema::document(*draft) {
                Ok(document) => (
                    pointer,
                    Spot {
                        document,
                        resource: *resource,
                    },
                ),
                Err(_) => return Ok(()),
            },
            Some(Target::Anything) | None => return Ok(()),
        };
        let Some(schema) = target.document.root.pointer(pointer) else {
            return Ok(());
        };
        let (schema, target) = self.dynamic(keyword, reference, schema, target);
        let mut unseen = std::mem::take(&mut frame.unseen);
        let outcome = self.apply(schema, target, value, Some(&mut unseen), keyword);
        frame.unseen = unseen;
        outcome.map_err(|problem| {
            let causes = ungroup(problem);
            self.problem(Kind::Reference, causes)
        })
    }

    /// What a dynamic reference means here: the outermost schema on the way that offers itself.
    fn dynamic(
        &self,
        keyword: &str,
        reference: &str,
        schema: &'a Value,
        spot: Spot<'a>,
    ) -> (&'a Value, Spot<'a>) {
        match keyword {
            "$recursiveRef" if schema.get("$recursiveAnchor") == Some(&Value::Bool(true)) => {
                let outermost = self.trail.iter().find(|scope| scope.spot.is_recursive());
                outermost.map_or((schema, spot), |scope| (scope.schema, scope.spot))
            }
            "$dynamicRef" => {
                let anchor = reference.split_once('#').map_or("", |(_, anchor)| anchor);
                let offered = schema.get("$dynamicAnchor").and_then(Value::as_str);
                if anchor.is_empty() || offered != Some(anchor) {
                    return (schema, spot);
                }
                let outermost = self.trail.iter().find_map(|scope| {
                    let Spot { document, resource } = scope.spot;
                    let schema = document.dynamic_anchor(resource, anchor)?;
                    Some((schema, scope.spot))
                });
                outermost.unwrap_or((schema, spot))
            }
            _ => (schema, spot),
        }
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
        for (keyword, since) in [
            ("$recursiveRef", Draft::D2019),
            ("$dynamicRef", Draft::D2020),
        ] {
            if let Some(Value::String(reference)) = frame.schema.get(keyword)
                && frame.draft >= since
            {
                let outcome = self.reference(frame, keyword, reference, value);
                frame.add(outcome);
            }
        }
        self.conditions(frame, value);
        if frame.draft >= Draft::D2019 {
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
        let outcome = self.apply(schema, frame.spot, value, None, "");
        self.place.pop();
        outcome
    }

    /// Applies a schema to the value itself.
    fn same(&mut self, frame: &mut Frame<'a>, schema: &'a Value, value: &Value) -> Outcome {
        let mut unseen = std::mem::take(&mut frame.unseen);
        let outcome = self.apply(schema, frame.spot, value, Some(&mut unseen), "");
        frame.unseen = unseen;
        outcome
    }

    fn limits(&mut self, frame: &mut Frame<'a>, what: [&'static str; 2], got: usize) {
        for (keyword, breaks) in what.into_iter().zip([usize::lt, usize::gt]) {
            if let Some(want) = frame.count(keyword)
                && breaks(&got, &want)
            {
                self.say(frame, Kind::Count(keyword, got, want));
            }
        }
    }
}

fn ungroup(problem: Problem) -> Vec<Problem> {
    match *problem.kind {
        Kind::Group => problem.causes,
        _ => vec![problem],
    }
}
