//! Decrypts whole files and values of objects.

use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use crate::cipher::{self, DataKey};
use crate::error::SecretsError;
use crate::format::Format;
use crate::keys::Keyring;
use crate::metadata::{Expected, Metadata};
use crate::stores;
use crate::tree::{Key, Leaf, MAX_DEPTH, Tree};

/// Largest encrypted file, in bytes.
pub const MAX_ENCRYPTED_BYTES: usize = 5 << 20;

/// Whether the message authentication code over the whole file is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mac {
    /// Not: labels and namespaces were added since, and the source's digest vouches for the content.
    Ignore,
    /// The content, comments aside, must be as it was encrypted.
    Verify,
}

/// Decrypts a file of one format and writes it in another.
pub fn decrypt_file(
    content: &[u8],
    input: Format,
    output: Format,
    keyring: &Keyring,
    mac: Mac,
) -> Result<Vec<u8>, SecretsError> {
    if content.len() > MAX_ENCRYPTED_BYTES {
        return Err(SecretsError::TooLarge(content.len()));
    }
    let file = stores::load(content, input)?;
    let documents = decrypt_trees(file.documents, &file.metadata, keyring, mac)?;
    stores::emit(documents, input, output)
}

/// Whether the object carries the metadata of an encrypted file.
pub fn is_encrypted_value(value: &Value) -> bool {
    value
        .pointer("/sops/mac")
        .is_some_and(|mac| !mac.is_null() && mac != "")
}

/// Decrypts an object that carries the metadata of an encrypted file; the metadata go away.
pub fn decrypt_value(value: Value, keyring: &Keyring) -> Result<Value, SecretsError> {
    let Tree::Map(mut entries) = Tree::from_value(value) else {
        return Err(SecretsError::Metadata("the object is not a map".to_owned()));
    };
    let at = entries
        .iter()
        .position(|(key, _)| *key == Key::Text("sops".to_owned()));
    let Some(at) = at else {
        return Err(SecretsError::Metadata(
            "the object has no sops section".to_owned(),
        ));
    };
    let (_, metadata) = entries.remove(at);
    let mut documents = decrypt_trees(vec![Tree::Map(entries)], &metadata, keyring, Mac::Ignore)?;
    Ok(documents.pop().map_or(Value::Null, Tree::into_value))
}

fn decrypt_trees(
    documents: Vec<Tree>,
    metadata: &Tree,
    keyring: &Keyring,
    mac: Mac,
) -> Result<Vec<Tree>, SecretsError> {
    let metadata = Metadata::read(metadata)?;
    let key = metadata.data_key(keyring)?;
    let mut hash = Sha512::new();
    if metadata.mac_only_encrypted {
        // Keeps the two ways of computing it apart: SHA-256 of the word "sops".
        hash.update(Sha256::digest(b"sops"));
    }
    let mut walk = Walk {
        metadata: &metadata,
        key: &key,
        path: Vec::new(),
        hash,
    };
    let documents = documents
        .into_iter()
        .map(|tree| walk.tree(tree, 0))
        .collect::<Result<Vec<_>, _>>()?;
    if mac == Mac::Verify {
        let computed = hex::encode_upper(walk.hash.finalize());
        let stored = cipher::decrypt(&metadata.mac, &key, &metadata.last_modified);
        if stored != Ok(Leaf::Text(computed)) {
            return Err(SecretsError::Mac);
        }
    }
    Ok(documents)
}

struct Walk<'w> {
    metadata: &'w Metadata,
    key: &'w DataKey,
    path: Vec<String>,
    hash: Sha512,
}

impl Walk<'_> {
    fn tree(&mut self, tree: Tree, depth: usize) -> Result<Tree, SecretsError> {
        if depth > MAX_DEPTH {
            return Err(self.error("it is nested too deep"));
        }
        match tree {
            Tree::Map(entries) => {
                let mut decrypted = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    match key {
                        Key::Comment(text) => {
                            decrypted.push((Key::Comment(self.comment(text)), value));
                        }
                        Key::Text(name) => {
                            self.path.push(name.clone());
                            let value = self.tree(value, depth + 1)?;
                            self.path.pop();
                            decrypted.push((Key::Text(name), value));
                        }
                    }
                }
                Ok(Tree::Map(decrypted))
            }
            // Items of a list have the path of the list.
            Tree::List(items) => {
                let items = items.into_iter().map(|item| self.tree(item, depth + 1));
                items.collect::<Result<_, _>>().map(Tree::List)
            }
            Tree::Leaf(leaf) => self.leaf(leaf).map(Tree::Leaf),
        }
    }

    fn leaf(&mut self, leaf: Leaf) -> Result<Leaf, SecretsError> {
        if let Leaf::Comment(text) = leaf {
            return Ok(Leaf::Comment(self.comment(text)));
        }
        let encrypted = match (self.metadata.expects(&self.path), leaf.as_text()) {
            (Expected::Encrypted, Some(_)) => true,
            // Null is never encrypted; anything else that is no text cannot be what encryption made.
            (Expected::Encrypted, None) => {
                if !leaf.mac_bytes().is_empty() {
                    return Err(self.error(cipher::NOT_ENCRYPTED));
                }
                false
            }
            (Expected::Plain, _) => false,
            (Expected::ByLook, text) => text.is_some_and(cipher::looks_encrypted),
        };
        let leaf = match leaf.as_text() {
            Some(text) if encrypted => cipher::decrypt(text, self.key, &self.place())
                .map_err(|reason| self.error(reason))?,
            _ => leaf,
        };
        let counts = encrypted || !self.metadata.mac_only_encrypted;
        if counts && !matches!(leaf, Leaf::Comment(_)) {
            self.hash.update(leaf.mac_bytes());
        }
        Ok(leaf)
    }

    /// A comment that does not decrypt was never encrypted. Comments are no part of the MAC.
    fn comment(&self, text: String) -> String {
        match cipher::decrypt(&text, self.key, &self.place()) {
            Ok(leaf) => leaf.to_text(),
            Err(_) => text,
        }
    }

    /// Keys joined by colons, with one at the end even at the top.
    fn place(&self) -> String {
        self.path.join(":") + ":"
    }

    fn error(&self, reason: &'static str) -> SecretsError {
        SecretsError::Value {
            path: self.path.join("."),
            reason,
        }
    }
}
