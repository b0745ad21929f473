//! Schemas on other addresses: they become parts of the document that refers to them, each below a key of its own, so that everything has one tree of pointers.

use skein_gowords::quote;

use super::address::{has_scheme, join};
use super::document::{Document, parse};
use super::draft::Draft;
use super::metaschema;

/// Gets the text at an address; nothing where none may be asked for.
pub type Load<'l> = dyn FnMut(&str) -> Option<Result<Vec<u8>, String>> + 'l;

/// Most documents that one schema may lead to.
const MAX_LOADED_DOCUMENTS: usize = 64;
/// How the keys of loaded documents begin: no keyword has it.
const MARK: char = '\0';

/// Whether a pointer leads to the root of a loaded document.
pub(super) fn is_root(pointer: &str) -> bool {
    split(pointer).is_some_and(|(_, rest)| rest.is_empty())
}

/// The number of the loaded document in which a pointer lies, and the pointer there.
pub(super) fn split(pointer: &str) -> Option<(usize, &str)> {
    let marked = pointer.strip_prefix('/')?.strip_prefix(MARK)?;
    let end = marked.find('/').unwrap_or(marked.len());
    let (number, rest) = marked.split_at(end);
    Some((number.parse().ok()?, rest))
}

/// Loads what a reference needs, unless it is there.
pub(super) fn load(
    document: &mut Document,
    resource: usize,
    reference: &str,
    load: &mut Load<'_>,
) -> Result<(), String> {
    let (address, _) = join(&document.resources[resource].address, reference);
    let is_remote = has_scheme(&address)
        && ["http", "https"].contains(&address.split(':').next().unwrap_or_default());
    if !is_remote
        || document.by_address.contains_key(&address)
        || metaschema::find(&address)?.is_some()
    {
        return Ok(());
    }
    // Nothing was said: the reference is refused where it is resolved.
    let Some(answer) = load(&address) else {
        return Ok(());
    };
    let failed = |problem: String| format!("failing loading {}: {problem}", quote(&address));
    if document.loaded.len() == MAX_LOADED_DOCUMENTS {
        return Err(failed(format!(
            "the schema leads to more than {MAX_LOADED_DOCUMENTS} others"
        )));
    }
    let root = answer.and_then(|text| parse(&text)).map_err(failed)?;
    let key = format!("{MARK}{}", document.loaded.len());
    let pointer = format!("/{key}");
    document.loaded.push(address.clone());
    let number = document.resources.len();
    if !root.is_object() {
        document.add_resource(address.clone(), &pointer, Draft::D2020, &root)?;
    }
    document.index(&root, (&address, Draft::D2020), &pointer, 0)?;
    document.by_address.entry(address).or_insert(number);
    if let Some(map) = document.root.as_object_mut() {
        map.insert(key, root);
    }
    metaschema::check_part(document, &pointer)
}
