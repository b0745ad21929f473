//! Where encrypted content hides: files that generators and patches name, whole objects, and single values of Secrets.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use skein_kustomize::{FileTree, RECOGNIZED_FILE_NAMES, clean_path};
use skein_object::Object;

use crate::error::RenderError;

/// Decrypts; the caller has the keys. Errors are texts without secrets.
pub trait Decryptor {
    /// Decrypts a file of the format that the name tells, when it is encrypted; `env` says that names of unknown format are dotenv.
    fn file(&self, name: &str, content: &[u8], env: bool) -> Result<Option<Vec<u8>>, String>;
    /// Decrypts the value of a Secret under a key, when it is encrypted.
    fn secret_value(&self, key: &str, content: &[u8]) -> Result<Option<Vec<u8>>, String>;
    /// Decrypts an object that [`is_encrypted`].
    fn object(&self, object: Value) -> Result<Value, String>;
}

/// Annotation `disabled`: left as it is.
const DECRYPT: &str = "kustomize.toolkit.fluxcd.io/decrypt";
/// What stands for encrypted values in output for people.
const MASK: &str = "**SOPS**";
/// Marks of encrypted values of Secrets.
const MARKS: [&[u8]; 4] = [
    b"\"mac\": \"ENC[",
    b"sops_mac=ENC[",
    b"[sops]",
    b"mac: ENC[",
];

/// Whether the object carries a `sops` section with a MAC.
pub fn is_encrypted(object: &Object) -> bool {
    object
        .str_at(&["sops", "mac"])
        .is_some_and(|mac| !mac.is_empty())
}

/// Decrypts an object, or the values of a Secret; `None` when there is nothing to decrypt.
pub(crate) fn decrypt_object(
    object: &Object,
    decryptor: &dyn Decryptor,
) -> Result<Option<Value>, String> {
    let disabled = object
        .annotation(DECRYPT)
        .is_some_and(|v| v.eq_ignore_ascii_case("disabled"));
    if disabled {
        return Ok(None);
    }
    let subject = || format!("'{}/{}'", object.namespace(), object.name());
    if is_encrypted(object) {
        return decryptor
            .object(object.to_value())
            .map(Some)
            .map_err(|reason| {
                format!(
                    "failed to decrypt and format {} {} data: {reason}",
                    subject(),
                    object.kind()
                )
            });
    }
    if object.kind() != "Secret" {
        return Ok(None);
    }
    let mut decrypted = object.to_value();
    let data = decrypted.get_mut("data").and_then(Value::as_object_mut);
    let mut changed = false;
    for (key, value) in data.into_iter().flatten() {
        // What is no base64 is the API server's to refuse.
        let Some(content) = value.as_str().and_then(|text| STANDARD.decode(text).ok()) else {
            continue;
        };
        let plain = decryptor.secret_value(key, &content).map_err(|reason| {
            format!(
                "failed to decrypt and format {} Secret field '{key}': {reason}",
                subject()
            )
        })?;
        if let Some(plain) = plain {
            *value = STANDARD.encode(plain).into();
            changed = true;
        }
    }
    Ok(changed.then_some(decrypted))
}

/// Replaces what is encrypted by a mask and drops the metadata: output for people who have no keys.
pub fn mask_encrypted(object: &mut Object) {
    if object.kind() != "Secret" {
        return;
    }
    let whole = object.as_map_mut().remove("sops").is_some();
    if whole
        && let Some(texts) = object
            .as_map_mut()
            .get_mut("stringData")
            .and_then(Value::as_object_mut)
    {
        texts.values_mut().for_each(|value| *value = MASK.into());
    }
    let marked = |value: &Value| {
        let content = value
            .as_str()
            .and_then(|text| STANDARD.decode(text).ok())
            .unwrap_or_default();
        MARKS
            .iter()
            .any(|mark| content.windows(mark.len()).any(|window| window == *mark))
    };
    let data = object
        .as_map_mut()
        .get_mut("data")
        .and_then(Value::as_object_mut);
    for value in data.into_iter().flat_map(|data| data.values_mut()) {
        if whole || marked(value) {
            *value = STANDARD.encode(MASK).into();
        }
    }
}

/// Decrypts the files that secret generators and patches name, in the kustomization of a directory and in all that it includes.
pub(crate) fn decrypt_sources(
    tree: &mut FileTree,
    root: &str,
    decryptor: &dyn Decryptor,
) -> Result<(), RenderError> {
    let (mut visited, mut queue) = (BTreeSet::new(), vec![root.to_owned()]);
    let mut done = BTreeSet::new();
    while let Some(directory) = queue.pop() {
        let Some(directory) = clean_path(&directory) else {
            continue;
        };
        if !visited.insert(directory.clone()) {
            continue;
        }
        let Some(kustomization) = load(tree, &directory) else {
            continue;
        };
        for (path, env) in encrypted_files(&kustomization) {
            let Some(path) = clean_path(&format!("{directory}/{path}")) else {
                continue;
            };
            if !done.insert(path.clone()) {
                continue;
            }
            let Some(content) = tree.get(&path) else {
                return Err(RenderError::Source {
                    path,
                    reason: "no such file or directory".to_owned(),
                });
            };
            let plain =
                decryptor
                    .file(&path, content, env)
                    .map_err(|reason| RenderError::Source {
                        path: path.clone(),
                        reason,
                    })?;
            if let Some(plain) = plain {
                tree.insert(&path, plain)?;
            }
        }
        for included in
            texts(&kustomization, "resources").chain(texts(&kustomization, "components"))
        {
            queue.push(format!("{directory}/{included}"));
        }
    }
    Ok(())
}

/// A kustomization that is missing or broken is the build's to report.
fn load(tree: &FileTree, directory: &str) -> Option<Value> {
    let content = RECOGNIZED_FILE_NAMES
        .iter()
        .find_map(|name| tree.get(&format!("{directory}/{name}")))?;
    skein_yaml::from_slice(content).ok()
}

fn texts<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v str> {
    value
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Paths, and whether unknown names are dotenv files.
fn encrypted_files(kustomization: &Value) -> Vec<(String, bool)> {
    let list = |field: &str| {
        kustomization
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut files = Vec::new();
    for generator in list("secretGenerator") {
        for source in texts(generator, "files") {
            let path = source.split_once('=').map_or(source, |(_, path)| path);
            files.push((path.to_owned(), false));
        }
        let env = generator.get("env").and_then(Value::as_str);
        files.extend(
            texts(generator, "envs")
                .chain(env)
                .map(|path| (path.to_owned(), true)),
        );
    }
    let patches = list("patches").filter_map(|patch| patch.get("path").and_then(Value::as_str));
    let local = patches.filter(|path| !path.is_empty() && !path.contains("://"));
    files.extend(local.map(|path| (path.to_owned(), false)));
    files
}
