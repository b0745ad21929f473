//! ConfigMaps and Secrets from literals, files and environment files.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use skein_yaml::{Node, Style, Tag, compose_detailed, encode_base64_lines};

use crate::error::{BuildError, Outcome};
use crate::kustomization::{GeneratorArgs, GeneratorOptions};
use crate::loader::Loader;
use crate::ops::set_field;
use crate::resource::{Behavior, Resource};

/// Longest line of an environment file in bytes: what Go's scanner takes.
const MAX_ENV_LINE_BYTES: usize = 64 << 10;

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generated {
    ConfigMap,
    Secret,
}

/// Generates one object.
pub(crate) fn generate(
    what: Generated,
    args: &GeneratorArgs,
    loader: &Loader<'_>,
) -> Outcome<Resource> {
    let kind = if what == Generated::Secret {
        "Secret"
    } else {
        "ConfigMap"
    };
    if args.name.is_empty() {
        // kustomize's words are the same for a Secret.
        let error = BuildError::invalid(format!("a generated {kind} must have a name"));
        return Err(error.upstream(|_| "a configmap must have a name".to_owned()));
    }
    let object = format!("{kind}/{}", args.name);
    build(what, kind, args, loader).map_err(|e| e.on_object(object))
}

fn build(
    what: Generated,
    kind: &str,
    args: &GeneratorArgs,
    loader: &Loader<'_>,
) -> Outcome<Resource> {
    let mut node = base_node(kind, loader.is_detailed())?;
    let mut metadata = Node::mapping();
    set_field(&mut metadata, "name", Node::string(args.name.as_str()))?;
    if !args.namespace.is_empty() {
        let namespace = Node::string(args.namespace.as_str());
        set_field(&mut metadata, "namespace", namespace)?;
    }
    set_field(&mut node, "metadata", metadata)?;
    let pairs = load_pairs(args, loader)
        .map_err(|e| e.upstream(|inner| format!("loading KV pairs: {inner}")))?;
    let pairs = unique(pairs, &args.name)?;
    if what == Generated::Secret {
        let secret_type = if args.secret_type.is_empty() {
            "Opaque"
        } else {
            &args.secret_type
        };
        set_field(&mut node, "type", Node::string(secret_type))?;
        set_secret_data(&mut node, &pairs)?;
    } else {
        set_config_map_data(&mut node, &pairs)?;
    }
    if let Some(options) = &args.options {
        set_options(&mut node, options)?;
    }
    let mut resource = Resource::new(node);
    resource.memory.needs_hash = !args
        .options
        .as_ref()
        .is_some_and(|o| o.disable_name_suffix_hash);
    resource.memory.behavior = Behavior::from_text(&args.behavior);
    if resource.is_detailed {
        if resource.memory.needs_hash {
            resource.note_setting("needsHashSuffix", "enabled")?;
        }
        let behavior = resource.memory.behavior.as_text();
        resource.note_setting("generatorBehavior", behavior)?;
    }
    Ok(resource)
}

/// What every generated object begins with. kustomize reads it from a text with an empty line above.
fn base_node(kind: &str, detailed: bool) -> Outcome<Node> {
    if detailed {
        let text = format!("\napiVersion: v1\nkind: {kind}\n");
        return Ok(compose_detailed(text.as_bytes(), 0)?.unwrap_or_else(Node::mapping));
    }
    let mut node = Node::mapping();
    set_field(&mut node, "apiVersion", Node::tagged("v1", Tag::Str))?;
    set_field(&mut node, "kind", Node::tagged(kind, Tag::Str))?;
    Ok(node)
}

fn set_options(node: &mut Node, options: &GeneratorOptions) -> Outcome<()> {
    for (field, pairs) in [
        ("labels", &options.labels),
        ("annotations", &options.annotations),
    ] {
        if pairs.is_empty() {
            continue;
        }
        let mut map = Node::mapping();
        for (key, value) in pairs {
            let mut value = Node::tagged(value.as_str(), Tag::Str);
            value.style = Style::SINGLE_QUOTED;
            set_field(&mut map, key, value)?;
        }
        if let Some(metadata) = node.get_mut("metadata") {
            set_field(metadata, field, map)?;
        }
    }
    if options.immutable {
        set_field(node, "immutable", Node::tagged("true", Tag::Bool))?;
    }
    Ok(())
}

/// Text goes to `data`, what is no UTF-8 to `binaryData`.
fn set_config_map_data(node: &mut Node, pairs: &BTreeMap<String, Vec<u8>>) -> Outcome<()> {
    for (key, value) in pairs {
        let (field, text) = match std::str::from_utf8(value) {
            Ok(text) => ("data", text.to_owned()),
            Err(_) => ("binaryData", encode_base64_lines(&STANDARD.encode(value))),
        };
        if node.get(field).is_none() {
            set_field(node, field, Node::mapping())?;
        }
        if let Some(map) = node.get_mut(field) {
            set_field(map, key, Node::string(text))?;
        }
    }
    Ok(())
}

fn set_secret_data(node: &mut Node, pairs: &BTreeMap<String, Vec<u8>>) -> Outcome<()> {
    let mut data = Node::mapping();
    for (key, value) in pairs {
        let text = encode_base64_lines(&STANDARD.encode(value));
        set_field(&mut data, key, Node::string(text))?;
    }
    Ok(set_field(node, "data", data)?)
}

/// All pairs of a generator: environment files, then literals, then files.
fn load_pairs(args: &GeneratorArgs, loader: &Loader<'_>) -> Outcome<Vec<(String, Vec<u8>)>> {
    let mut pairs: Vec<(String, Vec<u8>)> = Vec::new();
    for (number, path) in args.envs.iter().enumerate() {
        let at = |e: BuildError| {
            among(e, "env source files:", &args.envs).at_field(format!("envs[{number}]"))
        };
        let content = loader.load(path).map_err(at)?;
        let shown = loader.path_of(path);
        pairs.extend(env_pairs(&content).map_err(|e| at(e.in_file(&shown)))?);
    }
    for (number, literal) in args.literals.iter().enumerate() {
        let (key, value) = literal
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| {
                let error = BuildError::invalid("invalid literal source, expected key=value")
                    .upstream(|_| format!("invalid literal source {literal}, expected key=value"))
                    .at_field(format!("literals[{number}]"));
                among(error, "literal sources", &args.literals)
            })?;
        pairs.push((key.to_owned(), without_quotes(value).as_bytes().to_vec()));
    }
    for (number, source) in args.files.iter().enumerate() {
        let at = |e: BuildError| {
            among(e, "file sources:", &args.files).at_field(format!("files[{number}]"))
        };
        let (key, path) = file_source(source).map_err(at)?;
        pairs.push((key.to_owned(), loader.load(path).map_err(at)?.to_vec()));
    }
    Ok(pairs)
}

/// The pairs by their keys.
fn unique(pairs: Vec<(String, Vec<u8>)>, name: &str) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        if map.contains_key(&key) {
            // kustomize says configmap of Secrets, too.
            let message = format!("{name} illegally repeats the key `{key}`");
            let words = |inner: &str| format!("configmap {inner}");
            return Err(BuildError::invalid(message).upstream(words));
        }
        map.insert(key, value);
    }
    Ok(map)
}

/// kustomize names all sources of the kind.
fn among(error: BuildError, what: &str, sources: &[String]) -> BuildError {
    error.upstream(|inner| format!("{what} [{}]: {inner}", sources.join(" ")))
}

/// Key and path of a file source: `path`, or `key=path`.
pub(crate) fn file_source(source: &str) -> Outcome<(&str, &str)> {
    let invalid = |problem: String| Err(BuildError::invalid(problem));
    match source.split('=').collect::<Vec<_>>()[..] {
        [path] => {
            let trimmed = path.trim_end_matches('/');
            let base = trimmed.rsplit('/').next().filter(|b| !b.is_empty());
            let none = if path.is_empty() { "." } else { "/" };
            Ok((base.unwrap_or(none), path))
        }
        ["", path] => invalid(format!(
            "missing key name for file path {path:?} in source {source:?}"
        )),
        [key, ""] => invalid(format!(
            "missing file path for key name {key:?} in source {source:?}"
        )),
        [key, path] => Ok((key, path)),
        _ => invalid(format!(
            "source {source:?} key name or file path contains '='"
        )),
    }
}

/// Drops one pair of equal quotes around a text.
fn without_quotes(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last))
            if bytes.len() > 1 && first == last && matches!(first, b'"' | b'\'') =>
        {
            &text[1..text.len() - 1]
        }
        _ => text,
    }
}

/// Pairs of an environment file: `key=value` lines, `#` comments; a key alone has an empty value.
fn env_pairs(content: &[u8]) -> Outcome<Vec<(String, Vec<u8>)>> {
    let mut pairs = Vec::new();
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    for (number, line) in content.split(|b| *b == b'\n').enumerate() {
        if line.len() >= MAX_ENV_LINE_BYTES {
            // Go's scanner stops at a line that is too long, without an error.
            break;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line)
            .map_err(|_| BuildError::invalid(format!("line {} is not valid UTF-8", number + 1)))?;
        let text = if number == 0 {
            text.strip_prefix('\u{FEFF}').unwrap_or(text)
        } else {
            text
        };
        let text = text.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if !key.is_empty() {
            pairs.push((key.to_owned(), value.as_bytes().to_vec()));
        }
    }
    Ok(pairs)
}

/// Keys of an environment file with their lines.
pub(crate) fn env_keys(content: &[u8]) -> Vec<(String, u32)> {
    let text = String::from_utf8_lossy(content);
    let lines = text.trim_start_matches('\u{FEFF}').lines().zip(1..);
    let keys = lines.map(|(line, number)| {
        let key = line.trim_start().split('=').next().unwrap_or_default();
        (key.to_owned(), number)
    });
    keys.filter(|(key, _)| !key.is_empty() && !key.starts_with('#'))
        .collect()
}
