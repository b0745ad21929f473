//! The `sops` section of a file: recipients, rules which values are encrypted, MAC.

use regex::Regex;

use crate::cipher::DataKey;
use crate::error::SecretsError;
use crate::keys::Keyring;
use crate::shamir;
use crate::tree::Tree;

/// Suffix of keys whose values are not encrypted, when a file states no rule at all.
const DEFAULT_UNENCRYPTED_SUFFIX: &str = "_unencrypted";
/// Most key groups, and most keys of each.
const MAX_KEYS: usize = 100;

/// Key types that other versions of this program may learn, as the metadata name them.
const OTHER_KEY_TYPES: [(&str, &str); 6] = [
    ("pgp", "PGP"),
    ("kms", "AWS KMS"),
    ("gcp_kms", "GCP KMS"),
    ("azure_kv", "Azure Key Vault"),
    ("hc_vault", "Vault"),
    ("hckms", "Huawei KMS"),
];

/// What decryption needs of the metadata.
#[derive(Debug)]
pub(crate) struct Metadata {
    groups: Vec<KeyGroup>,
    threshold: usize,
    rules: Rules,
    /// Encrypted MAC.
    pub(crate) mac: String,
    /// RFC 3339, as written.
    pub(crate) last_modified: String,
    /// Whether the MAC covers only encrypted values.
    pub(crate) mac_only_encrypted: bool,
}

#[derive(Debug, Default)]
struct KeyGroup {
    /// Recipient and armoured data key.
    age: Vec<(String, String)>,
    /// Names of the other key types.
    others: Vec<&'static str>,
}

#[derive(Debug, Default)]
struct Rules {
    unencrypted_suffix: Option<String>,
    encrypted_suffix: Option<String>,
    unencrypted_regex: Option<Regex>,
    encrypted_regex: Option<Regex>,
    /// Comments decide; they are gone from built objects.
    by_comments: bool,
}

/// What the rules say about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It is encrypted.
    Encrypted,
    /// It is not.
    Plain,
    /// The value itself must tell.
    ByLook,
}

impl Metadata {
    /// Reads the section.
    pub(crate) fn read(section: &Tree) -> Result<Self, SecretsError> {
        let text = |name: &str| section.text(name).filter(|text| !text.is_empty());
        let mut groups: Vec<KeyGroup> = section
            .get("key_groups")
            .map(Tree::items)
            .unwrap_or_default()
            .iter()
            .map(read_group)
            .collect();
        if groups.is_empty() {
            groups.push(read_group(section));
        }
        let too_many = |group: &KeyGroup| group.age.len() > MAX_KEYS;
        if groups.len() > MAX_KEYS || groups.iter().any(too_many) {
            return Err(SecretsError::Metadata(format!("more than {MAX_KEYS} keys")));
        }
        let threshold = text("shamir_threshold")
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        let regex = |name: &str| match text(name) {
            None => Ok(None),
            Some(pattern) => skein_gowords::regex(&pattern)
                .map(Some)
                .map_err(|_| SecretsError::Metadata(format!("{name} is no regular expression"))),
        };
        let mut rules = Rules {
            unencrypted_suffix: text("unencrypted_suffix"),
            encrypted_suffix: text("encrypted_suffix"),
            unencrypted_regex: regex("unencrypted_regex")?,
            encrypted_regex: regex("encrypted_regex")?,
            by_comments: text("unencrypted_comment_regex").is_some()
                || text("encrypted_comment_regex").is_some(),
        };
        rules.apply_default();
        Ok(Self {
            groups,
            threshold,
            rules,
            mac: text("mac").unwrap_or_default(),
            last_modified: text("lastmodified").unwrap_or_default(),
            mac_only_encrypted: text("mac_only_encrypted").as_deref() == Some("true"),
        })
    }

    /// Opens the data key with the keys at hand.
    pub(crate) fn data_key(&self, keyring: &Keyring) -> Result<DataKey, SecretsError> {
        let open = |group: &KeyGroup| group.age.iter().find_map(|(_, enc)| keyring.open_age(enc));
        let parts: Vec<Vec<u8>> = self.groups.iter().filter_map(open).collect();
        let key = match self.groups.len() {
            0 | 1 => parts.into_iter().next(),
            _ if parts.len() < self.threshold.max(1) => None,
            _ => Some(shamir::combine(&parts).ok_or_else(|| {
                SecretsError::DataKey("the parts of the key groups do not fit together".to_owned())
            })?),
        };
        let key = key.ok_or_else(|| SecretsError::DataKey(self.no_key(keyring)))?;
        DataKey::try_from(key)
            .map_err(|_| SecretsError::DataKey("it is not 32 bytes long".to_owned()))
    }

    /// Says what would be needed.
    fn no_key(&self, keyring: &Keyring) -> String {
        let recipients: Vec<&str> = self
            .groups
            .iter()
            .flat_map(|g| &g.age)
            .map(|(recipient, _)| recipient.as_str())
            .collect();
        let mut others: Vec<&str> = self.groups.iter().flat_map(|g| g.others.clone()).collect();
        others.sort_unstable();
        others.dedup();
        let mut text = if recipients.is_empty() {
            "the file has no age recipient".to_owned()
        } else if keyring.is_empty() {
            format!(
                "no age key is at hand for the recipients {}",
                recipients.join(", ")
            )
        } else {
            format!(
                "none of the age keys at hand opens it for the recipients {}",
                recipients.join(", ")
            )
        };
        if !others.is_empty() {
            text.push_str(&format!(
                "; its {} keys are not supported yet, encrypt it for an age recipient as well",
                others.join(", ")
            ));
        }
        if self.groups.len() > 1 {
            text.push_str(&format!(
                "; {} of {} key groups are needed",
                self.threshold,
                self.groups.len()
            ));
        }
        text
    }

    /// What the rules say about the value at a path of keys.
    pub(crate) fn expects(&self, path: &[String]) -> Expected {
        self.rules.expects(path)
    }
}

fn read_group(tree: &Tree) -> KeyGroup {
    let age = tree.get("age").map(Tree::items).unwrap_or_default();
    let read = |item: &Tree| {
        (
            item.text("recipient").unwrap_or_default(),
            item.text("enc").unwrap_or_default(),
        )
    };
    let others = OTHER_KEY_TYPES
        .iter()
        .filter(|(field, _)| tree.get(field).is_some_and(|list| !list.items().is_empty()))
        .map(|(_, name)| *name);
    KeyGroup {
        age: age.iter().map(read).collect(),
        others: others.collect(),
    }
}

impl Rules {
    fn apply_default(&mut self) {
        let stated = self.unencrypted_suffix.is_some()
            || self.encrypted_suffix.is_some()
            || self.unencrypted_regex.is_some()
            || self.encrypted_regex.is_some()
            || self.by_comments;
        if !stated {
            self.unencrypted_suffix = Some(DEFAULT_UNENCRYPTED_SUFFIX.to_owned());
        }
    }

    fn expects(&self, path: &[String]) -> Expected {
        if self.by_comments {
            return Expected::ByLook;
        }
        let any = |test: &dyn Fn(&str) -> bool| path.iter().any(|part| test(part));
        let mut encrypted = true;
        if let Some(suffix) = &self.unencrypted_suffix
            && any(&|part| part.ends_with(suffix))
        {
            encrypted = false;
        }
        if let Some(suffix) = &self.encrypted_suffix {
            encrypted = any(&|part| part.ends_with(suffix));
        }
        if let Some(regex) = &self.unencrypted_regex
            && any(&|part| regex.is_match(part))
        {
            encrypted = false;
        }
        if let Some(regex) = &self.encrypted_regex {
            encrypted = any(&|part| regex.is_match(part));
        }
        if encrypted {
            Expected::Encrypted
        } else {
            Expected::Plain
        }
    }
}
