//! Keywords of maps.

use serde_json::{Map, Value};

use super::{Frame, Validator, ungroup};
use crate::schema::draft::Draft;
use crate::schema::problem::Kind;

impl<'a> Validator<'a> {
    pub(super) fn object(&mut self, frame: &mut Frame<'a>, map: &Map<String, Value>) {
        self.limits(frame, ["minProperties", "maxProperties"], map.len());
        if let Some(required) = frame.get("required") {
            let missing = missing(required, map);
            if !missing.is_empty() {
                self.say(frame, Kind::Required(missing));
            }
        }
        self.dependencies(frame, map, "dependencies");
        self.properties(frame, map);
        if frame.draft >= Draft::D6 {
            self.property_names(frame, map);
        }
        if frame.draft >= Draft::D2019 {
            self.dependencies(frame, map, "dependentSchemas");
            self.dependencies(frame, map, "dependentRequired");
        }
    }

    fn dependencies(
        &mut self,
        frame: &mut Frame<'a>,
        map: &Map<String, Value>,
        keyword: &'static str,
    ) {
        let Some(Value::Object(dependencies)) = frame.get(keyword) else {
            return;
        };
        for (name, wanted) in dependencies {
            if !map.contains_key(name) {
                continue;
            }
            if wanted.is_array() {
                let missing = missing(wanted, map);
                if !missing.is_empty() {
                    self.say(frame, Kind::Dependency(missing, name.clone()));
                }
            } else if keyword != "dependentRequired" {
                let value = Value::Object(map.clone());
                let outcome = self.same(frame, wanted, &value);
                frame.add(outcome);
            }
        }
    }

    fn properties(&mut self, frame: &mut Frame<'a>, map: &Map<String, Value>) {
        let own = frame.get("properties").and_then(Value::as_object);
        let patterns = frame.get("patternProperties").and_then(Value::as_object);
        let additional = frame.get("additionalProperties");
        let known = &frame.spot.document.patterns;
        let mut surplus = Vec::new();
        for (name, value) in map {
            let mut is_seen = false;
            if let Some(schema) = own.and_then(|own| own.get(name)) {
                is_seen = true;
                let outcome = self.part(frame, schema, value, name.clone());
                frame.add(outcome);
            }
            for (pattern, schema) in patterns.into_iter().flatten() {
                let regex = known.get(pattern);
                if regex.is_some_and(|regex| regex.is_match(name)) {
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
            self.say(frame, Kind::AdditionalProperties(surplus));
        }
    }

    /// Names are checked for themselves: what is wrong with one has no place in the values.
    fn property_names(&mut self, frame: &mut Frame<'a>, map: &Map<String, Value>) {
        let Some(names) = frame.get("propertyNames") else {
            return;
        };
        for name in map.keys() {
            let (place, trail) = (
                std::mem::take(&mut self.place),
                std::mem::take(&mut self.trail),
            );
            let value = Value::String(name.clone());
            let outcome = self.apply(names, frame.spot, &value, None, "");
            (self.place, self.trail) = (place, trail);
            if let Err(problem) = outcome {
                let causes = ungroup(problem);
                let problem = self.problem(Kind::PropertyName(name.clone()), causes);
                frame.problems.push(problem);
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
