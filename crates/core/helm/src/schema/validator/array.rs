//! Keywords of lists.

use serde_json::Value;

use super::{Frame, MAX_STEPS, Validator};
use crate::schema::draft::Draft;
use crate::schema::number::equal;
use crate::schema::problem::Kind;

impl<'a> Validator<'a> {
    pub(super) fn array(&mut self, frame: &mut Frame<'a>, items: &[Value]) {
        self.limits(frame, ["minItems", "maxItems"], items.len());
        if frame.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.unique(frame, items);
        }
        if frame.draft < Draft::D2020 {
            self.items(frame, items);
        } else {
            let done = self.first_items(frame, "prefixItems", items);
            self.rest_of_items(frame, "items", items, done);
        }
        if frame.draft >= Draft::D6 {
            self.contains(frame, items);
        }
    }

    /// `items` and `additionalItems` as they were before draft 2020-12.
    fn items(&mut self, frame: &mut Frame<'a>, items: &[Value]) {
        if !frame.get("items").is_some_and(Value::is_array) {
            return self.rest_of_items(frame, "items", items, 0);
        }
        let done = self.first_items(frame, "items", items);
        if frame.get("additionalItems") == Some(&Value::Bool(false)) {
            if done < items.len() {
                self.say(frame, Kind::AdditionalItems(items.len() - done));
            }
        } else {
            self.rest_of_items(frame, "additionalItems", items, done);
        }
    }

    /// Each item with its own schema; how many there are.
    fn first_items(
        &mut self,
        frame: &mut Frame<'a>,
        keyword: &'static str,
        items: &[Value],
    ) -> usize {
        let schemas = frame.get(keyword).and_then(Value::as_array);
        let schemas = schemas.map(Vec::as_slice).unwrap_or_default();
        for (at, (schema, item)) in schemas.iter().zip(items).enumerate() {
            let outcome = self.part(frame, schema, item, at.to_string());
            frame.add(outcome);
        }
        schemas.len().min(items.len())
    }

    fn rest_of_items(
        &mut self,
        frame: &mut Frame<'a>,
        keyword: &'static str,
        items: &[Value],
        done: usize,
    ) {
        if let Some(schema) = frame.get(keyword) {
            for (at, item) in items.iter().enumerate().skip(done) {
                let outcome = self.part(frame, schema, item, at.to_string());
                frame.add(outcome);
            }
        }
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
                self.say(frame, Kind::UniqueItems(first, at));
                return;
            }
        }
    }

    fn contains(&mut self, frame: &mut Frame<'a>, items: &[Value]) {
        let Some(schema) = frame.get("contains") else {
            return;
        };
        let (mut causes, mut matched) = (Vec::new(), Vec::new());
        for (at, item) in items.iter().enumerate() {
            match self.part(frame, schema, item, at.to_string()) {
                Ok(()) => {
                    matched.push(at);
                    if frame.draft >= Draft::D2020 {
                        frame.unseen.items.remove(&at);
                    }
                }
                Err(problem) => causes.push(problem),
            }
        }
        let limit = |keyword| frame.count(keyword).filter(|_| frame.draft >= Draft::D2019);
        let (minimum, maximum) = (limit("minContains"), limit("maxContains"));
        let too_few = match minimum {
            Some(want) if matched.len() < want => Some(Kind::MinContains(want, matched.clone())),
            None if matched.is_empty() => Some(Kind::Contains),
            _ => None,
        };
        if let Some(kind) = too_few {
            let problem = self.problem(kind, causes);
            frame.problems.push(problem);
        }
        if let Some(want) = maximum.filter(|want| matched.len() > *want) {
            self.say(frame, Kind::MaxContains(want, matched));
        }
    }
}
