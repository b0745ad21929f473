//! The part of Kubernetes' JSONPath that printer columns use: fields, indexes, wildcards and filters.

use serde_json::Value;

/// Deepest path that is accepted, in steps.
const MAX_STEPS: usize = 64;

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Index(i64),
    Every,
    /// `[?(@.field.path op literal)]`
    Filter {
        path: Vec<String>,
        equal: bool,
        literal: Value,
    },
    /// `..name`
    Descend(String),
}

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JsonPath(Vec<Step>);

impl JsonPath {
    /// Parses `.spec.x[0].y`, `.status.conditions[?(@.type=="Ready")].status`; `None` when not understood.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim().trim_start_matches('{').trim_end_matches('}');
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if steps.len() >= MAX_STEPS {
                return None;
            }
            let (step, after) = parse_step(rest)?;
            steps.push(step);
            rest = after;
        }
        Some(Self(steps))
    }

    /// The values found, in document order.
    pub(crate) fn find<'a>(&self, root: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![root];
        for step in &self.0 {
            found = found
                .into_iter()
                .flat_map(|value| step.apply(value))
                .collect();
        }
        found
    }
}

fn parse_step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix("..") {
        let (name, rest) = field_name(rest)?;
        return Some((Step::Descend(name), rest));
    }
    if let Some(rest) = text.strip_prefix('.') {
        if rest.starts_with('[') {
            return parse_step(rest);
        }
        let (name, rest) = field_name(rest)?;
        let step = if name == "*" {
            Step::Every
        } else {
            Step::Field(name)
        };
        return Some((step, rest));
    }
    let inner = text.strip_prefix('[')?;
    if let Some(filter) = inner.strip_prefix("?(") {
        let end = filter.find(")]")?;
        return Some((parse_filter(&filter[..end])?, &filter[end + 2..]));
    }
    let end = inner.find(']')?;
    let (content, rest) = (inner[..end].trim(), &inner[end + 1..]);
    let step = if content == "*" {
        Step::Every
    } else if let Some(name) = unquote(content) {
        Step::Field(name)
    } else {
        Step::Index(content.parse().ok()?)
    };
    Some((step, rest))
}

/// A name up to the next `.` or `[`; a backslash takes the next character as it is.
fn field_name(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            '.' | '[' if !name.is_empty() => return Some((name, &text[index..])),
            other => name.push(other),
        }
    }
    (!name.is_empty()).then_some((name, ""))
}

fn parse_filter(text: &str) -> Option<Step> {
    let (left, right, equal) = if let Some((left, right)) = text.split_once("==") {
        (left, right, true)
    } else {
        let (left, right) = text.split_once("!=")?;
        (left, right, false)
    };
    let path = left.trim().strip_prefix('@')?;
    let path = path
        .split('.')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let right = right.trim();
    let literal = match unquote(right) {
        Some(text) => Value::String(text),
        None => serde_json::from_str(right).ok()?,
    };
    Some(Step::Filter {
        path,
        equal,
        literal,
    })
}

fn unquote(text: &str) -> Option<String> {
    ['"', '\''].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner.replace("\\", ""))
    })
}

impl Step {
    fn apply<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match self {
            Self::Field(name) => value.get(name).into_iter().collect(),
            Self::Index(index) => {
                let Some(list) = value.as_array() else {
                    return Vec::new();
                };
                let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
                let index = if *index < 0 { length + index } else { *index };
                usize::try_from(index)
                    .ok()
                    .and_then(|index| list.get(index))
                    .into_iter()
                    .collect()
            }
            Self::Every => match value {
                Value::Array(list) => list.iter().collect(),
                Value::Object(map) => map.values().collect(),
                _ => Vec::new(),
            },
            Self::Filter {
                path,
                equal,
                literal,
            } => {
                let Some(list) = value.as_array() else {
                    return Vec::new();
                };
                let matches = |element: &&Value| {
                    let found = path.iter().try_fold(*element, |value, key| value.get(key));
                    found.is_some_and(|found| (found == literal) == *equal)
                };
                list.iter().filter(matches).collect()
            }
            Self::Descend(name) => {
                let mut found = Vec::new();
                descend(value, name, &mut found);
                found
            }
        }
    }
}

fn descend<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    found.extend(value.get(name));
    match value {
        Value::Array(list) => list.iter().for_each(|child| descend(child, name, found)),
        Value::Object(map) => map.values().for_each(|child| descend(child, name, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::JsonPath;

    #[test]
    fn printer_column_paths_find_their_values() {
        let object = json!({
            "metadata": {"labels": {"a.b/c": "dotted"}},
            "spec": {"list": [{"n": 1}, {"n": 2}], "deep": {"n": 3}},
            "status": {"conditions": [
                {"type": "Stalled", "status": "False"},
                {"type": "Ready", "status": "True"}]},
        });
        let cases = [
            (
                ".status.conditions[?(@.type==\"Ready\")].status",
                json!(["True"]),
            ),
            (
                ".status.conditions[?(@.type=='Stalled')].status",
                json!(["False"]),
            ),
            (
                ".status.conditions[?(@.type!=\"Ready\")].type",
                json!(["Stalled"]),
            ),
            (".spec.list[*].n", json!([1, 2])),
            (".spec.list[0].n", json!([1])),
            (".spec.list[-1].n", json!([2])),
            ("{.spec.deep.n}", json!([3])),
            (".metadata.labels.a\\.b/c", json!(["dotted"])),
            (".metadata.labels['a.b/c']", json!(["dotted"])),
            (".spec..n", json!([1, 2, 3])),
            (".absent.field", json!([])),
        ];
        for (path, expected) in cases {
            let parsed = JsonPath::parse(path).unwrap_or_else(|| panic!("{path} parses"));
            let mut found: Vec<Value> = parsed.find(&object).into_iter().cloned().collect();
            found.sort_by_key(Value::to_string);
            assert_eq!(Value::Array(found), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for path in [".a[", ".a[?(@.b)]", ".a[x]", "a b["] {
            assert_eq!(JsonPath::parse(path), None, "{path}");
        }
    }
}
