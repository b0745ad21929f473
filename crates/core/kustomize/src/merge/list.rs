//! Lists that merge by keys, with kyaml's treatment of elements that lack them.

use foldhash::{HashSet, HashSetExt as _};

use skein_yaml::{Kind, Node};

use super::{Merged, Merger, missing};
use crate::ops::{OpError, require, set_field, set_scalar};
use crate::schema::Shape;

/// The values that an element has for the merge keys; empty text for none.
type KeyValues = Vec<String>;

/// What a list is merged with.
pub(super) enum Other<'a> {
    Nothing,
    /// The list itself: kyaml does that with what a patch brings anew.
    Itself,
    Patch(&'a mut Node),
}

impl<'a> Other<'a> {
    pub(super) fn of(patch: Option<&'a mut Node>) -> Self {
        patch.map_or(Self::Nothing, Self::Patch)
    }

    fn as_patch(&self) -> Option<&Node> {
        match self {
            Self::Patch(patch) => Some(patch),
            _ => None,
        }
    }
}

impl Merger<'_> {
    /// Merges the elements of a patch into a list; the patch's come first.
    pub(super) fn merge_elements(
        &self,
        dest: &mut Node,
        mut other: Other<'_>,
        elements: Option<&Shape>,
        keys: &[String],
    ) -> Result<(), OpError> {
        if !matches!(other, Other::Patch(_)) && is_keyed(dest, keys) {
            return self.merge_each(dest, &other, elements);
        }
        let set_key = [String::new()];
        let mut all = element_values(other.as_patch(), dest, keys);
        let keys = if keys.is_empty() { &set_key } else { keys };
        if keys.len() > 1 {
            unify_values(&mut all);
        }
        let mut added: Vec<Node> = Vec::new();
        let mut last_keys: Vec<String> = Vec::new();
        for values in &all {
            let (use_keys, use_values) = usable_keys(&all, values, keys);
            last_keys.clone_from(&use_keys);
            let pair = (use_keys.as_slice(), use_values.as_slice());
            match self.merge_element(dest, &mut other, elements, pair)? {
                None => set_element(&mut dest.content, None, &use_keys, &use_values)?,
                Some(element) => set_element(&mut added, Some(element), &use_keys, &use_values)?,
            }
        }
        if !all.is_empty() {
            append_elements(&mut added, std::mem::take(&mut dest.content), &last_keys)?;
            let mut result = Node::sequence();
            result.line = dest.line;
            result.style = dest.style;
            result.content = added;
            *dest = result;
        }
        Ok(())
    }

    /// Merges a list that no patch changes and whose elements are told apart by one key: each stays at its place.
    fn merge_each(
        &self,
        dest: &mut Node,
        other: &Other<'_>,
        shape: Option<&Shape>,
    ) -> Result<(), OpError> {
        let mut kept = Vec::with_capacity(dest.content.len());
        for mut element in std::mem::take(&mut dest.content) {
            let merged = match other {
                Other::Itself => self.settle(&mut element, shape)?,
                _ => self.walk(Some(&mut element), None, shape)?,
            };
            match merged {
                Merged::Kept => kept.push(element),
                Merged::Replaced(node) | Merged::KeptNull(node) => kept.push(node),
                Merged::Removed => {}
            }
        }
        let mut result = Node::sequence();
        result.line = dest.line;
        result.style = dest.style;
        result.content = kept;
        *dest = result;
        Ok(())
    }

    /// Merges one element; `None` when it is gone or empty.
    fn merge_element(
        &self,
        dest: &mut Node,
        other: &mut Other<'_>,
        shape: Option<&Shape>,
        (keys, values): (&[String], &[String]),
    ) -> Result<Option<Node>, OpError> {
        let (pair_keys, pair_values) = usable_keys(&[values.to_vec()], values, keys);
        let at = find_element(dest, &pair_keys, &pair_values);
        let merged = match other {
            Other::Itself => match at {
                Some(at) => self.settle(&mut dest.content[at], shape)?,
                None => Merged::Removed,
            },
            Other::Nothing => self.walk(at.map(|i| &mut dest.content[i]), None, shape)?,
            Other::Patch(patch) => {
                let in_patch = find_element(patch, &pair_keys, &pair_values);
                let element = in_patch.and_then(|at| patch.content.get_mut(at));
                self.walk(at.map(|i| &mut dest.content[i]), element, shape)?
            }
        };
        let mut element = match merged {
            Merged::Kept => at.map(|i| dest.content[i].clone()),
            Merged::Replaced(node) | Merged::KeptNull(node) => Some(node),
            Merged::Removed => None,
        };
        let gone = |e: &Node| e.is_null() || (e.kind == Kind::Mapping && e.content.is_empty());
        if element.as_ref().is_none_or(gone) {
            return Ok(None);
        }
        for (key, value) in keys.iter().zip(values) {
            let Some(element) = element.as_mut() else {
                break;
            };
            if value.is_empty() || element.get(key).is_some() {
                continue;
            }
            if key.is_empty() {
                set_scalar(element, Node::scalar(value.as_str()))?;
            } else {
                set_field(element, key, Node::scalar(value.as_str()))?;
            }
        }
        Ok(element)
    }
}

/// Whether there are elements, and each is a map that has a text of its own for the only key.
fn is_keyed(list: &Node, keys: &[String]) -> bool {
    /// More elements are compared by a set.
    const MANY: usize = 16;
    let [key] = keys else { return false };
    let items = list.items();
    if key.is_empty() || items.is_empty() || items.len() > MANY {
        return false;
    }
    (0..items.len()).all(|at| {
        let own = own_text(&items[at], key);
        let mut before = items[..at].iter();
        own.is_some() && before.all(|item| own_text(item, key) != own)
    })
}

fn own_text<'a>(item: &'a Node, key: &str) -> Option<&'a str> {
    let value = item.get(key).filter(|value| value.is_scalar())?;
    let text = value.value.as_str();
    (!value.is_null() && !text.is_empty()).then_some(text)
}

/// The key values of all elements, the patch's first, each once.
fn element_values(patch: Option<&Node>, dest: &Node, keys: &[String]) -> Vec<KeyValues> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for item in patch.into_iter().chain([dest]).flat_map(Node::items) {
        let values: KeyValues = if keys.is_empty() {
            vec![item.value.as_str().to_owned()]
        } else {
            keys.iter().map(|key| key_value(item, key)).collect()
        };
        if seen.insert(values.clone()) {
            all.push(values);
        }
    }
    all
}

fn key_value(item: &Node, key: &str) -> String {
    item.get(key)
        .filter(|v| !v.is_null_or_empty())
        .map_or_else(String::new, |v| v.value.as_str().to_owned())
}

/// The keys that any element has, with their values; all keys when none has any.
fn usable_keys(
    all: &[KeyValues],
    values: &[String],
    keys: &[String],
) -> (Vec<String>, Vec<String>) {
    let used = |at: usize| all.iter().any(|v| v.get(at).is_some_and(|v| !v.is_empty()));
    if !(0..keys.len()).any(used) {
        return (keys.to_vec(), values.to_vec());
    }
    let chosen: Vec<usize> = (0..keys.len()).filter(|at| used(*at)).collect();
    (
        chosen.iter().map(|at| keys[*at].clone()).collect(),
        chosen
            .iter()
            .filter_map(|at| values.get(*at).cloned())
            .collect(),
    )
}

/// Values that agree where both are given mean the same element: each gets what the other knows.
fn unify_values(all: &mut [KeyValues]) {
    for i in 0..all.len() {
        for j in 0..all.len() {
            if let Some(both) = unify(&all[i], &all[j]) {
                all[i].clone_from(&both);
                all[j] = both;
            }
        }
    }
}

fn unify(a: &[String], b: &[String]) -> Option<KeyValues> {
    if a.len() != b.len() {
        return None;
    }
    let mut common = false;
    let mut both = Vec::with_capacity(a.len());
    for (x, y) in a.iter().zip(b) {
        if x == y {
            common = true;
        } else if !x.is_empty() && !y.is_empty() {
            return None;
        }
        both.push(if x.is_empty() { y.clone() } else { x.clone() });
    }
    common.then_some(both)
}

/// The first element that has all the values.
fn find_element(list: &Node, keys: &[String], values: &[String]) -> Option<usize> {
    if keys.first().is_none_or(String::is_empty) {
        let wanted = values.first().map_or("", String::as_str);
        return list.items().iter().position(|item| item.value == wanted);
    }
    if keys.len() != values.len() {
        return None;
    }
    list.items().iter().position(|item| {
        item.is_mapping()
            && keys
                .iter()
                .zip(values)
                .all(|(k, v)| item.get(k).is_some_and(|f| f.value == *v))
    })
}

/// Whether an element has a value for a key; an empty value asks only for the field.
fn has_value(item: &Node, key: &str, value: &str) -> Result<bool, OpError> {
    if key.is_empty() {
        require(item, Kind::Scalar)?;
        return Ok(item.value == value);
    }
    require(item, Kind::Mapping)?;
    Ok(item
        .get(key)
        .is_some_and(|field| value.is_empty() || field.value == value))
}

/// Replaces the elements that have the values (or removes them, without `element`); appended when there is none. Null and empty elements go.
pub(super) fn set_element(
    list: &mut Vec<Node>,
    element: Option<Node>,
    keys: &[String],
    values: &[String],
) -> Result<(), OpError> {
    let by_field = keys.first().is_some_and(|k| !k.is_empty())
        && values.first().is_some_and(|v| !v.is_empty());
    let mut found_any = false;
    let mut kept = Vec::with_capacity(list.len() + 1);
    for item in list.drain(..) {
        if item.is_null() || (item.is_mapping() && item.content.is_empty()) {
            continue;
        }
        if by_field && !item.is_mapping() {
            kept.push(item);
            continue;
        }
        if !has_all(&item, keys, values)? {
            if !values.is_empty() {
                kept.push(item);
            }
            continue;
        }
        found_any = true;
        kept.extend(element.clone());
    }
    *list = kept;
    if !found_any && !missing(element.as_ref()) {
        list.extend(element);
    }
    Ok(())
}

/// Whether an element has all values; for keys beyond the values the last answer counts.
fn has_all(item: &Node, keys: &[String], values: &[String]) -> Result<bool, OpError> {
    let mut last = false;
    for (at, key) in keys.iter().enumerate() {
        if let Some(value) = values.get(at) {
            last = has_value(item, key, value)?;
        }
        if !last {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Appends elements to a list; one whose keys are there already takes that place.
fn append_elements(list: &mut Vec<Node>, more: Vec<Node>, keys: &[String]) -> Result<(), OpError> {
    for element in more {
        if keys.first().is_none_or(String::is_empty) {
            let value = [element.value.as_str().to_owned()];
            set_element(list, Some(element), &[String::new()], &value)?;
            continue;
        }
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            require(&element, Kind::Mapping)?;
            match element.get(key) {
                Some(value) => values.push(value.value.as_str().to_owned()),
                None => list.push(element.clone()),
            }
        }
        if keys.len() > 1 {
            set_element(list, None, keys, &values)?;
        }
        set_element(list, Some(element), keys, &values)?;
    }
    Ok(())
}
