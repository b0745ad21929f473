//! Keywords that apply other schemas to the same value.

use serde_json::Value;

use super::{Frame, Validator};
use crate::schema::draft::Draft;
use crate::schema::problem::Kind;

impl<'a> Validator<'a> {
    pub(super) fn conditions(&mut self, frame: &mut Frame<'a>, value: &Value) {
        if let Some(schema) = frame.get("not")
            && self.same(frame, schema, value).is_ok()
        {
            self.say(frame, Kind::Not);
        }
        self.all_of(frame, value);
        self.any_of(frame, value);
        self.one_of(frame, value);
        let condition = frame.get("if");
        if let Some(condition) = condition.filter(|_| frame.draft >= Draft::D7) {
            let branch = match self.same(frame, condition, value) {
                Ok(()) => "then",
                Err(_) => "else",
            };
            if let Some(schema) = frame.get(branch) {
                let outcome = self.same(frame, schema, value);
                frame.add(outcome);
            }
        }
    }

    fn all_of(&mut self, frame: &mut Frame<'a>, value: &Value) {
        let Some(Value::Array(schemas)) = frame.get("allOf") else {
            return;
        };
        let mut causes = Vec::new();
        for schema in schemas {
            causes.extend(self.same(frame, schema, value).err());
        }
        if !causes.is_empty() {
            let problem = self.problem(Kind::AllOf, causes);
            frame.problems.push(problem);
        }
    }

    fn any_of(&mut self, frame: &mut Frame<'a>, value: &Value) {
        let Some(Value::Array(schemas)) = frame.get("anyOf") else {
            return;
        };
        let (mut causes, mut fits) = (Vec::new(), false);
        for schema in schemas {
            match self.same(frame, schema, value) {
                Ok(()) => {
                    fits = true;
                    // The others count only for what they look at.
                    if frame.unseen.is_empty() {
                        break;
                    }
                }
                Err(problem) => causes.push(problem),
            }
        }
        if !fits && !schemas.is_empty() {
            let problem = self.problem(Kind::AnyOf, causes);
            frame.problems.push(problem);
        }
    }

    fn one_of(&mut self, frame: &mut Frame<'a>, value: &Value) {
        let Some(Value::Array(schemas)) = frame.get("oneOf") else {
            return;
        };
        let (mut causes, mut first) = (Vec::new(), None);
        for (at, schema) in schemas.iter().enumerate() {
            match self.same(frame, schema, value) {
                Ok(()) => match first {
                    None => first = Some(at),
                    Some(first) => return self.say(frame, Kind::OneOf(Some((first, at)))),
                },
                Err(problem) => causes.push(problem),
            }
        }
        if first.is_none() && !schemas.is_empty() {
            let problem = self.problem(Kind::OneOf(None), causes);
            frame.problems.push(problem);
        }
    }

    pub(super) fn unevaluated(&mut self, frame: &mut Frame<'a>, value: &Value) {
        if let (Value::Object(map), Some(schema)) = (value, frame.get("unevaluatedProperties")) {
            for name in std::mem::take(&mut frame.unseen.keys) {
                if let Some(value) = map.get(&name) {
                    let outcome = self.part(frame, schema, value, name);
                    frame.add(outcome);
                }
            }
        }
        if let (Value::Array(items), Some(schema)) = (value, frame.get("unevaluatedItems")) {
            for at in std::mem::take(&mut frame.unseen.items) {
                let outcome = self.part(frame, schema, &items[at], at.to_string());
                frame.add(outcome);
            }
        }
    }
}
