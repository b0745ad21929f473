//! JSONPath templates of Kubernetes (`--jsonpath '{.image.tag}'`) over values, with the results of client-go.

mod compare;
mod parse;

use std::borrow::Cow;

use serde_json::{Number, Value};
use thiserror::Error;

use compare::Operator;
pub(super) use parse::parse;
use parse::{Node, Slice};

/// Most results of one step: descents multiply.
const MAX_RESULTS: usize = 1_000_000;

/// Why a template finds nothing. Helm prints nothing then, and does not say why.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum FindError {
    #[error("{0} is not found")]
    Missing(String),
    #[error("a value is not array or slice")]
    NoList,
    #[error("array index out of bounds: index {index}, length {length}")]
    OutOfBounds { index: i64, length: usize },
    #[error("starting index {0} is greater than ending index {1}")]
    Backwards(i64, i64),
    #[error("step must be > 0")]
    Step,
    #[error("can only compare one element at a time")]
    Several,
    #[error("values of these types cannot be compared")]
    Compare,
    #[error("unrecognized filter operator {0}")]
    Operator(String),
    #[error("unrecognized identifier {0}")]
    Identifier(String),
    #[error("not in range, nothing to end")]
    NoRange,
    #[error("more than {MAX_RESULTS} results")]
    TooMany,
}

/// Values of the input, or made by the template.
type Found<'a> = Vec<Cow<'a, Value>>;

/// What a template finds: one list for each of its parts.
pub(super) fn find<'a>(template: &'a [Node], data: &'a Value) -> Result<Vec<Found<'a>>, FindError> {
    let mut run = Run {
        template,
        begin: 0,
        depth: 0,
        end: 0,
        last_end: None,
    };
    run.find(0, vec![Cow::Borrowed(data)])
}

/// Where the evaluation of `range` and `end` stands.
struct Run<'a> {
    template: &'a [Node],
    /// Ranges that were named and not entered yet.
    begin: usize,
    /// Ranges around.
    depth: usize,
    /// Ends that were met.
    end: usize,
    /// Place of the last end.
    last_end: Option<usize>,
}

impl<'a> Run<'a> {
    /// Evaluates the parts from a place on with one value, or with none.
    fn find(&mut self, from: usize, current: Found<'a>) -> Result<Vec<Found<'a>>, FindError> {
        let (mut all, mut at) = (Vec::new(), from);
        let template = self.template;
        while let Some(node) = template.get(at) {
            let results = self.walk(current.clone(), node)?;
            if self.end > 0 && self.end <= self.depth {
                self.end -= 1;
                self.last_end = Some(at);
                break;
            }
            if self.begin > 0 {
                self.begin -= 1;
                self.depth += 1;
                if results.is_empty() {
                    // What stands in the range is passed over, up to its end.
                    self.find(at + 1, vec![Cow::Owned(Value::Null)])?;
                }
                for result in results {
                    all.extend(self.find(at + 1, vec![result])?);
                }
                self.depth -= 1;
                at = self.last_end.filter(|end| *end > at).unwrap_or(at);
            } else {
                all.push(results);
            }
            at += 1;
        }
        Ok(all)
    }

    fn walk(&mut self, input: Found<'a>, node: &'a Node) -> Result<Found<'a>, FindError> {
        let results = match node {
            Node::List(nodes) => return self.walk_all(input, nodes),
            Node::Text(text) => vec![Cow::Owned(Value::String(text.clone()))],
            Node::Literal(value) => input.iter().map(|_| Cow::Borrowed(value)).collect(),
            Node::Field(name) => fields(input, name)?,
            Node::Wildcard => input.into_iter().flat_map(children).collect(),
            Node::Recursive => {
                let mut found = Vec::new();
                input
                    .into_iter()
                    .try_for_each(|value| descend(value, &mut found))?;
                found
            }
            Node::Array(slice) => elements(input, slice)?,
            Node::Union(lists) => {
                let mut found = Vec::new();
                for list in lists {
                    found.extend(self.walk_all(input.clone(), list)?);
                }
                found
            }
            Node::Filter { left, right } => self.filter(input, left, right.as_ref())?,
            Node::Identifier(name) => match name.as_str() {
                "range" => {
                    self.begin += 1;
                    input
                }
                "end" if self.depth > 0 => {
                    self.end += 1;
                    Vec::new()
                }
                "end" => return Err(FindError::NoRange),
                other => return Err(FindError::Identifier(other.to_owned())),
            },
        };
        if results.len() > MAX_RESULTS {
            return Err(FindError::TooMany);
        }
        Ok(results)
    }

    fn walk_all(&mut self, input: Found<'a>, nodes: &'a [Node]) -> Result<Found<'a>, FindError> {
        nodes
            .iter()
            .try_fold(input, |found, node| self.walk(found, node))
    }

    /// The elements of lists for which the condition holds.
    fn filter(
        &mut self,
        input: Found<'a>,
        left: &'a [Node],
        right: Option<&'a (String, Vec<Node>)>,
    ) -> Result<Found<'a>, FindError> {
        let mut found = Vec::new();
        for value in input {
            if !value.is_array() {
                return Err(FindError::NoList);
            }
            for element in children(value) {
                let lefts = self.walk_all(vec![element.clone()], left);
                let passes = match right {
                    // What cannot be evaluated does not exist.
                    None => lefts.is_ok_and(|lefts| !lefts.is_empty()),
                    Some((operator, right)) => {
                        let lefts = lefts?;
                        let Some(left) = only(&lefts)? else { continue };
                        let rights = self.walk_all(vec![element.clone()], right)?;
                        let Some(right) = only(&rights)? else {
                            continue;
                        };
                        Operator::parse(operator)?.holds(left, right)?
                    }
                };
                if passes {
                    found.push(element);
                }
            }
        }
        Ok(found)
    }
}

fn only<'v>(values: &'v Found<'_>) -> Result<Option<&'v Value>, FindError> {
    match values.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.as_ref())),
        _ => Err(FindError::Several),
    }
}

fn fields<'a>(input: Found<'a>, name: &str) -> Result<Found<'a>, FindError> {
    if input.is_empty() {
        return Ok(input);
    }
    let field = |value: Cow<'a, Value>| match value {
        Cow::Borrowed(value) => value.get(name).map(Cow::Borrowed),
        Cow::Owned(value) => value.get(name).cloned().map(Cow::Owned),
    };
    let found: Found<'a> = input.into_iter().filter_map(field).collect();
    if found.is_empty() {
        return Err(FindError::Missing(name.to_owned()));
    }
    Ok(found)
}

/// What is directly in a value: of a text its bytes.
fn children(value: Cow<'_, Value>) -> Found<'_> {
    match value {
        Cow::Borrowed(Value::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Object(map)) => map.values().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Array(items)) => items.into_iter().map(Cow::Owned).collect(),
        Cow::Owned(Value::Object(map)) => map
            .into_iter()
            .map(|(_, value)| Cow::Owned(value))
            .collect(),
        value => {
            let text = value.as_str().unwrap_or_default();
            let byte = |byte| Cow::Owned(Value::Number(Number::from(byte)));
            text.bytes().map(byte).collect()
        }
    }
}

/// A value and everything below it that has something in it, parents first.
fn descend<'a>(value: Cow<'a, Value>, found: &mut Found<'a>) -> Result<(), FindError> {
    if found.len() > MAX_RESULTS {
        return Err(FindError::TooMany);
    }
    let is_full = match value.as_ref() {
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => false,
    };
    if !is_full {
        return Ok(());
    }
    found.push(value.clone());
    if value.is_string() {
        return Ok(());
    }
    children(value)
        .into_iter()
        .try_for_each(|child| descend(child, found))
}

fn elements<'a>(input: Found<'a>, slice: &Slice) -> Result<Found<'a>, FindError> {
    let mut found = Vec::new();
    for value in input {
        if value.is_null() {
            continue;
        }
        if !value.is_array() {
            return Err(FindError::NoList);
        }
        let items = children(value);
        let Some((from, to)) = slice.bounds(items.len())? else {
            return Ok(found);
        };
        let step = match slice.step {
            Some(step) => usize::try_from(step).ok().filter(|step| *step > 0),
            None => Some(1),
        };
        let step = step.ok_or(FindError::Step)?;
        let chosen = items.into_iter().take(to).skip(from).step_by(step);
        found.extend(chosen);
    }
    Ok(found)
}

impl Slice {
    /// From where to where of so many elements; `None` for nothing.
    fn bounds(&self, length: usize) -> Result<Option<(usize, usize)>, FindError> {
        let all = i64::try_from(length).unwrap_or(i64::MAX);
        let mut from = self.from.unwrap_or(0);
        let mut to = self.to.unwrap_or(all);
        if from < 0 {
            from = from.saturating_add(all);
        }
        if to < 0 || (to == 0 && self.is_one) {
            to = to.saturating_add(all);
        }
        if from == to {
            return Ok(None);
        }
        let outside = |index| FindError::OutOfBounds { index, length };
        if from >= all || from < 0 {
            return Err(outside(from));
        }
        if to > all || to < 0 {
            return Err(outside(to - 1));
        }
        if from > to {
            return Err(FindError::Backwards(from, to));
        }
        let place = |number| usize::try_from(number).unwrap_or(0);
        Ok(Some((place(from), place(to))))
    }
}

#[cfg(test)]
mod tests;
