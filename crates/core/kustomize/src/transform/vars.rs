//! Vars: `$(NAME)` in known fields becomes the value of a field of an object.

use std::collections::{BTreeMap, BTreeSet};

use skein_yaml::{Kind, Node, Style, Tag, float_to_text};

use crate::error::{BuildError, Outcome, Problem};
use crate::field_specs::{FieldSpecs, apply};
use crate::growth::Growth;
use crate::kustomization::Var;
use crate::ops::{OpError, lookup, split_path_brackets};
use crate::resmap::ResMap;
use crate::schema::MergeSchema;

/// Vars by name.
pub(crate) type VarSet = BTreeMap<String, Var>;

/// The value of a var.
#[derive(Clone, Debug)]
enum VarValue {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A map or list: not put in.
    Other,
}

impl VarValue {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => float_to_text(*value),
            Self::Bool(value) => value.to_string(),
            Self::Other => String::new(),
        }
    }
}

/// Adds vars to a set and marks the objects that they read from. A name can come only once.
pub(crate) fn merge(
    set: &mut VarSet,
    vars: &[Var],
    map: &mut ResMap,
    schema: &MergeSchema,
) -> Outcome<()> {
    for var in vars {
        let by_namespace = !var.object.namespace.is_empty();
        let matches = map.find_by_any_id(schema, &var.object.name, |id| {
            if by_namespace {
                var.object.same(id)
            } else {
                var.object.same_kind_and_name(id)
            }
        });
        match matches[..] {
            [] => {}
            [at] => map.list_mut()[at].vars.push(var.name.clone()),
            _ => {
                let message = format!(
                    "found {} resId matches for var {} (unable to disambiguate)",
                    matches.len(),
                    var.name
                );
                return Err(var.source.blame(Problem::Conflict(message).into()));
            }
        }
    }
    merge_set(set, vars.iter().cloned())
}

/// Adds vars to a set. A name can come only once.
pub(crate) fn merge_set(set: &mut VarSet, vars: impl IntoIterator<Item = Var>) -> Outcome<()> {
    for var in vars {
        if set.contains_key(&var.name) {
            let message = format!("var '{}' already encountered", var.name);
            return Err(var.source.blame(Problem::Conflict(message).into()));
        }
        set.insert(var.name.clone(), var);
    }
    Ok(())
}

/// Puts the values of vars in wherever the specs lead. The names of those that were never used.
pub(crate) fn resolve(set: &VarSet, specs: &FieldSpecs, map: &mut ResMap) -> Outcome<Vec<String>> {
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = BTreeMap::new();
    for (name, var) in set {
        let value = value_of(name, var, map).map_err(|e| var.source.blame(e))?;
        values.insert(name.as_str(), value);
    }
    let (list, growth) = map.list_and_growth();
    let mut expansion = Expansion {
        values,
        growth,
        used: BTreeSet::new(),
    };
    for resource in list {
        for spec in &specs.0 {
            apply(&mut resource.node, spec, None, &mut |node| {
                expansion.replace_in(node)
            })
            .map_err(|e| resource.blame(e.into()))?;
        }
    }
    let unused = set
        .keys()
        .filter(|name| !expansion.used.contains(name.as_str()));
    Ok(unused.cloned().collect())
}

fn value_of(name: &str, var: &Var, map: &ResMap) -> Outcome<VarValue> {
    let source = map.list().iter().find(|r| r.vars.iter().any(|v| v == name));
    let Some(source) = source else {
        let message =
            format!("var '{name}' cannot be mapped to a field in the set of known resources");
        let error = BuildError::new(Problem::NoMatch(message)).upstream(|_| {
            format!(
                "var '{}' cannot be mapped to a field in the set of known resources",
                told(name, var)
            )
        });
        return Err(error);
    };
    field_value(&source.node, &var.field_path).ok_or_else(|| {
        let message = format!(
            "field specified in var '{name}' ({}) not found in corresponding resource",
            var.field_path
        );
        let words = |_: &str| {
            format!(
                "field specified in var '{}' not found in corresponding resource",
                told(name, var)
            )
        };
        BuildError::new(Problem::NoMatch(message))
            .upstream(words)
            .on_object(source.shown())
    })
}

/// A var as kustomize prints it.
fn told(name: &str, var: &Var) -> String {
    format!("{{{name} {} {{{}}}}}", var.object.gvk, var.field_path)
}

fn field_value(node: &Node, path: &str) -> Option<VarValue> {
    let mut parts = Vec::new();
    for part in split_path_brackets(path, '.') {
        match part.strip_suffix(']').and_then(|p| p.rsplit_once('[')) {
            Some((name, index))
                if !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()) =>
            {
                if !name.is_empty() {
                    parts.push(name.to_owned());
                }
                parts.push(index.to_owned());
            }
            _ => parts.push(part),
        }
    }
    let found = lookup(node, &parts).ok()??;
    if found.kind != Kind::Scalar {
        return Some(VarValue::Other);
    }
    let text = found.value.as_str();
    Some(match found.tag {
        Tag::Int => VarValue::Int(text.parse().ok()?),
        Tag::Float => VarValue::Float(text.parse().ok()?),
        Tag::Bool => VarValue::Bool(text.to_ascii_lowercase().parse().ok()?),
        _ => VarValue::Text(text.to_owned()),
    })
}

/// Puts values in for the names of vars.
struct Expansion<'a> {
    values: BTreeMap<&'a str, VarValue>,
    growth: &'a mut Growth,
    /// Names that were met.
    used: BTreeSet<&'a str>,
}

impl Expansion<'_> {
    fn replace_in(&mut self, node: &mut Node) -> Result<(), OpError> {
        if node.is_null() {
            return Ok(());
        }
        match node.kind {
            Kind::Scalar => {
                if node.is_string_value() {
                    self.replace_text(node)?;
                }
            }
            Kind::Mapping => {
                for pair in node.content.chunks_exact_mut(2) {
                    let [key, value] = pair else { continue };
                    if !key.is_string_value() {
                        return Err(OpError(format!(
                            "invalid map key: '{}' is not a string",
                            key.value
                        )));
                    }
                    if value.is_string_value() {
                        self.replace_text(value)?;
                    }
                }
            }
            Kind::Sequence => {
                for item in &mut node.content {
                    if !item.is_string_value() {
                        return Err(OpError("invalid value type expect a string".to_owned()));
                    }
                    self.replace_text(item)?;
                }
            }
        }
        Ok(())
    }

    fn replace_text(&mut self, node: &mut Node) -> Result<(), OpError> {
        let value = self.expand(&node.value)?;
        node.tag = match value {
            VarValue::Int(_) => Tag::Int,
            VarValue::Float(_) => Tag::Float,
            VarValue::Bool(_) => Tag::Bool,
            VarValue::Text(_) | VarValue::Other => Tag::Str,
        };
        node.value = match value {
            VarValue::Float(value) => format!("{value}").into(),
            other => other.text().into(),
        };
        node.style = Style::PLAIN;
        Ok(())
    }

    /// Puts values in for `$(NAME)`; `$$` is a dollar sign, unknown names stay. A text that is one reference gives the value with its type.
    fn expand(&mut self, input: &str) -> Result<VarValue, OpError> {
        let mut out = String::with_capacity(input.len());
        let mut rest = input;
        while let Some(at) = rest.find('$').filter(|at| at + 1 < rest.len()) {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if let Some(tail) = after.strip_prefix('$') {
                out.push('$');
                rest = tail;
                continue;
            }
            let name = after.strip_prefix('(').and_then(|a| a.split_once(')'));
            let Some((name, tail)) = name else {
                // Not a reference: the dollar sign and the byte after it stay.
                out.push('$');
                rest = after;
                if let Some(c) = after.chars().next() {
                    out.push(c);
                    rest = &after[c.len_utf8()..];
                }
                continue;
            };
            let known = self.values.get_key_value(name);
            if let Some((known, _)) = known {
                self.used.insert(*known);
            }
            match known
                .map(|(_, value)| value)
                .filter(|v| !matches!(v, VarValue::Other))
            {
                Some(value) => {
                    self.growth.add(value.text().len())?;
                    if input.len() == name.len() + 3 {
                        return Ok(value.clone());
                    }
                    out.push_str(&value.text());
                }
                None => {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(VarValue::Text(out))
    }
}
