//! Replacements: the value of one field is copied to others, also into YAML and JSON that a text holds.

use skein_object::LabelSelector;
use skein_yaml::{Dialect, Kind, Node, node_to_json, node_to_string};

use super::path_match::{parse_inner, visit};
use crate::error::{BuildError, Outcome, Problem};
use crate::go_json;
use crate::growth::Growth;
use crate::id::ResId;
use crate::kustomization::{FieldOptions, Replacement, ReplacementSource, ReplacementTarget};
use crate::ops::{OpError, lookup, lookup_mut, split_path_brackets};
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::MergeSchema;
use crate::selector::Matcher;

const ONLY_SCALARS: &str = "delimiter option can only be used with scalar nodes";
const DEFAULT_FIELD_PATH: &str = "metadata.name";

/// Applies all replacements, in order.
pub(crate) fn apply(list: &[Replacement], map: &mut ResMap, _schema: &MergeSchema) -> Outcome<()> {
    for replacement in list {
        apply_one(replacement, map).map_err(|e| replacement.place.blame_below(e))?;
    }
    map.drop_empties();
    Ok(())
}

/// Applies one replacement; errors name the field below it.
fn apply_one(replacement: &Replacement, map: &mut ResMap) -> Outcome<()> {
    let has_source = replacement.source.is_some() || replacement.source_value.is_some();
    let Some(targets) = replacement.targets.as_deref().filter(|_| has_source) else {
        return Err(BuildError::invalid(
            "replacements must specify a source and at least one target",
        ));
    };
    let mut value = source_value(replacement, map.list()).map_err(|e| e.at_field("source"))?;
    for (number, target) in targets.iter().enumerate() {
        apply_target(target, &mut value, map)
            .map_err(|e| e.below_field(&format!("targets[{number}]")))?;
    }
    Ok(())
}

/// The identities that selectors are compared with: namespaces as written.
fn ids_of(resource: &Resource) -> Vec<ResId> {
    let current = ResId {
        gvk: resource.gvk(),
        name: resource.name().into(),
        namespace: resource.namespace().into(),
        cluster_scoped: false,
    };
    [current]
        .into_iter()
        .chain(resource.previous_ids())
        .collect()
}

/// The value that is copied. Without options it is the field itself: where it is a target, too, later targets get what it has become.
struct Source {
    value: Node,
    /// The object, and the path of the field.
    field: Option<(usize, Vec<String>)>,
}

impl Source {
    fn of_text(value: Node) -> Self {
        Self { value, field: None }
    }

    /// The path of the field, when it is one of this object.
    fn path_in(&self, object: usize) -> Option<&[String]> {
        let (at, path) = self.field.as_ref()?;
        (*at == object).then_some(path)
    }
}

fn source_value(replacement: &Replacement, list: &[Resource]) -> Outcome<Source> {
    match (&replacement.source, &replacement.source_value) {
        (Some(_), Some(_)) => Err(BuildError::invalid(
            "value and resource selectors are mutually exclusive",
        )),
        (None, Some(text)) => Ok(Source::of_text(Node::scalar(text.as_str()))),
        (Some(source), None) => value_of_source(source, list),
        (None, None) => Err(BuildError::invalid("a replacement needs a source")),
    }
}

fn value_of_source(source: &ReplacementSource, list: &[Resource]) -> Outcome<Source> {
    let mut matches = list
        .iter()
        .enumerate()
        .filter(|(_, r)| ids_of(r).iter().any(|id| id.is_selected_by(&source.id)));
    let Some((at, found)) = matches.next() else {
        return Err(Problem::NoMatch(format!("nothing selected by {source}")).into());
    };
    if matches.next().is_some() {
        return Err(Problem::Conflict(format!("multiple matches for selector {source}")).into());
    }
    let path = if source.field_path.is_empty() {
        DEFAULT_FIELD_PATH
    } else {
        &source.field_path
    };
    let parts = split_path_brackets(path, '.');
    let node = lookup(&found.node, &parts).map_err(|e| {
        let words = |inner: &str| format!("error looking up replacement source: {inner}");
        BuildError::from(e).upstream(words).on_object(found.shown())
    })?;
    let Some(node) = node.filter(|n| !n.is_null_or_empty()) else {
        let message = format!(
            "fieldPath `{path}` is missing for replacement source {}",
            source.id
        );
        return Err(BuildError::new(Problem::NoMatch(message)).on_object(found.shown()));
    };
    let is_whole = source
        .options
        .as_ref()
        .is_none_or(|o| o.delimiter.is_empty());
    Ok(Source {
        value: refine(source.options.as_ref(), node, found.kind() == "Secret")?,
        field: is_whole.then_some((at, parts)),
    })
}

/// Cuts the part of the value that the options ask for.
fn refine(options: Option<&FieldOptions>, node: &Node, is_secret: bool) -> Outcome<Node> {
    let mut node = node.clone();
    let Some(options) = options.filter(|o| !o.delimiter.is_empty()) else {
        return Ok(node);
    };
    if !node.is_scalar() {
        return Err(BuildError::invalid(ONLY_SCALARS));
    }
    let part = usize::try_from(options.index).ok().and_then(|index| {
        node.value
            .split(options.delimiter.as_str())
            .nth(index)
            .map(str::to_owned)
    });
    match part {
        Some(part) => {
            node.value = part.into();
            Ok(node)
        }
        None => {
            let value = if is_secret {
                "of a Secret"
            } else {
                node.value.as_str()
            };
            Err(BuildError::invalid(format!(
                "options.index {} is out of bounds for value {value}",
                options.index
            )))
        }
    }
}

fn apply_target(target: &ReplacementTarget, source: &mut Source, map: &mut ResMap) -> Outcome<()> {
    let Some(select) = &target.select else {
        return Err(BuildError::invalid(
            "target must specify resources to select",
        ));
    };
    let select = Matcher::new(select)?;
    let reject: Vec<Matcher> = target
        .reject
        .iter()
        .map(Matcher::new)
        .collect::<Outcome<_>>()?;
    let (list, growth) = map.list_and_growth();
    for (at, resource) in list.iter_mut().enumerate() {
        let ids = ids_of(resource);
        if is_selected(resource, &ids, &select, &reject) {
            copy_value((at, resource), source, target, growth)
                .map_err(|e| e.on_object(resource.shown()))?;
        }
    }
    Ok(())
}

fn is_selected(resource: &Resource, ids: &[ResId], select: &Matcher, reject: &[Matcher]) -> bool {
    let fits = |field: &str, selector: &LabelSelector| {
        selector.is_empty() || resource.matches_selector(field, selector)
    };
    let marks = |m: &Matcher| fits("annotations", &m.annotations) && fits("labels", &m.labels);
    let has_marks = |m: &Matcher| !m.annotations.is_empty() || !m.labels.is_empty();
    marks(select)
        && !reject.iter().any(|r| has_marks(r) && marks(r))
        && !reject
            .iter()
            .any(|r| !r.any_id && ids.iter().any(|id| r.id(id)))
        && ids.iter().any(|id| select.id(id))
}

fn copy_value(
    (at, resource): (usize, &mut Resource),
    source: &mut Source,
    target: &ReplacementTarget,
    growth: &mut Growth,
) -> Outcome<()> {
    let default = [DEFAULT_FIELD_PATH.to_owned()];
    let paths = if target.field_paths.is_empty() {
        &default[..]
    } else {
        &target.field_paths
    };
    let options = target.options.as_ref();
    for (number, path) in paths.iter().enumerate() {
        let create = options.filter(|o| o.create).map(|_| source.value.kind);
        let parts = split_path_brackets(path, '.');
        growth.add_node(&source.value, parts.len())?;
        if set_in_text(&mut resource.node, &source.value, &parts, create).is_ok() {
            refresh(source, at, resource);
            continue;
        }
        if create.is_some() && source.path_in(at).is_some() {
            // What is made on the way may lie in the source, and is copied with it.
            let made = visit(&mut resource.node, &parts, create, &mut |_| Ok(()));
            if made.is_ok() {
                refresh(source, at, resource);
            }
        }
        let own = source
            .path_in(at)
            .and_then(|path| lookup(&resource.node, path).ok()?);
        let own = own.map(std::ptr::from_ref);
        let found = visit(&mut resource.node, &parts, create, &mut |node| {
            growth.add_node(&source.value, parts.len())?;
            set_value(node, &source.value, options)?;
            if own == Some(std::ptr::from_ref(node)) {
                source.value.clone_from(node);
            }
            Ok(())
        });
        refresh(source, at, resource);
        resource.shared.spread(&mut resource.node);
        let verb = if create.is_some() {
            "find or create"
        } else {
            "find"
        };
        let problem = match found {
            Ok(0) => String::new(),
            Ok(_) => continue,
            Err(error) => format!(": {error}"),
        };
        let message = format!("unable to {verb} field \"{path}\" in replacement target{problem}");
        // kustomize's words: quoted as Go does, and the delimiter's problem stands alone.
        let words = match problem.strip_prefix(": ") {
            Some(alone) if alone == ONLY_SCALARS => alone.to_owned(),
            _ => format!("unable to {verb} field {path:?} in replacement target{problem}"),
        };
        let error = BuildError::new(Problem::NoMatch(message)).upstream(|_| words);
        return Err(error.at_field(format!("fieldPaths[{number}]")));
    }
    Ok(())
}

/// Reads the source again when it is a field of an object that was changed.
fn refresh(source: &mut Source, at: usize, resource: &Resource) {
    let now = source
        .path_in(at)
        .and_then(|path| lookup(&resource.node, path).ok()?);
    if let Some(now) = now.cloned() {
        source.value = now;
    }
}

fn set_value(node: &mut Node, value: &Node, options: Option<&FieldOptions>) -> Result<(), OpError> {
    let mut value = value.clone();
    if let Some(options) = options.filter(|o| !o.delimiter.is_empty()) {
        if !node.is_scalar() {
            return Err(OpError(ONLY_SCALARS.to_owned()));
        }
        let text = if value.is_null() {
            String::new()
        } else {
            value.value.as_str().to_owned()
        };
        let mut parts: Vec<&str> = node.value.split(options.delimiter.as_str()).collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, &text),
            Ok(index) if index >= parts.len() => parts.push(&text),
            Ok(index) => parts[index] = &text,
        }
        value.value = parts.join(&options.delimiter).into();
    }
    put(node, value);
    Ok(())
}

/// A scalar takes only the text, and keeps its own type and style.
fn put(node: &mut Node, value: Node) {
    if node.is_scalar() {
        node.value = value.value;
    } else {
        *node = value;
    }
}

/// Sets a field in the YAML or JSON that a text on the way holds.
fn set_in_text(
    root: &mut Node,
    value: &Node,
    parts: &[String],
    create: Option<Kind>,
) -> Result<(), OpError> {
    let nothing = || OpError("no structured data found in path".to_owned());
    let mut split = None;
    for end in 1..parts.len() {
        if let Ok(Some(node)) = lookup(root, &parts[..end])
            && node.is_scalar()
            && let Ok(inner) = parse_inner(&node.value)
        {
            split = Some((end, inner));
            break;
        }
    }
    let (end, mut inner) = split.ok_or_else(nothing)?;
    let count = visit(&mut inner, &parts[end..], create, &mut |node| {
        put(node, value.clone());
        Ok(())
    })?;
    if count == 0 {
        return Err(OpError(
            "unable to find field in structured data".to_owned(),
        ));
    }
    let text = lookup_mut(root, &parts[..end])?.ok_or_else(nothing)?;
    text.value = written(&inner, &text.value)?.into();
    Ok(())
}

/// The changed data in the format of the original: JSON, indented when it was, or YAML.
fn written(inner: &Node, original: &str) -> Result<String, OpError> {
    if !original.trim_start().starts_with(['{', '[']) {
        let changed = node_to_string(inner);
        let commented = with_comments(&changed, original);
        return Ok(commented.unwrap_or(changed).trim().to_owned());
    }
    let value = node_to_json(inner, Dialect::V3).map_err(|e| OpError(e.to_string()))?;
    if original.contains('\n') && original.contains("  ") {
        return Ok(go_json::to_indented_text(&value));
    }
    Ok(go_json::to_text(&value))
}

/// Puts the comments of the original back into changed YAML, line by line; `None` where the lines do not correspond.
fn with_comments(changed: &str, original: &str) -> Option<String> {
    if !original.contains('#') {
        return None;
    }
    let plain = node_to_string(&parse_inner(original).ok()?);
    if plain.lines().count() != changed.lines().count() {
        return None;
    }
    let mut lines = plain.lines().zip(changed.lines()).peekable();
    let mut out = String::with_capacity(original.len());
    let mut above: Vec<&str> = Vec::new();
    // Indents of the code line before, in the original and in the result.
    let mut last = (usize::MAX, "");
    for line in original.lines() {
        let code = line.trim();
        let is_code = lines
            .peek()
            .is_some_and(|(before, _)| before.trim() == code);
        if code.is_empty() {
            // A blank line after the comment at the top stays.
            if out.is_empty() && !above.is_empty() {
                out = format!("{}\n\n", above.join("\n"));
                above.clear();
            }
            continue;
        }
        if code.starts_with('#') && !is_code {
            above.push(line);
            continue;
        }
        let (before, after) = lines.next()?;
        let comment = code.strip_prefix(before.trim())?.trim();
        if !(comment.is_empty() || comment.starts_with('#')) {
            return None;
        }
        let indent = &after[..indent_of(after)];
        for comment in above.drain(..) {
            let deeper = indent_of(comment) > indent_of(line) && indent_of(comment) == last.0;
            let indent = if deeper { last.1 } else { indent };
            out.push_str(&format!("{indent}{}\n", comment.trim()));
        }
        last = (indent_of(line), indent);
        out.push_str(after);
        out.push_str(if comment.is_empty() { "" } else { " " });
        out.push_str(comment);
        out.push('\n');
    }
    for comment in above {
        out.push_str(comment);
        out.push('\n');
    }
    lines.next().is_none().then_some(out)
}

/// Number of spaces before the text of a line.
fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
