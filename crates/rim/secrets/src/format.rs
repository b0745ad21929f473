//! The formats of encrypted files, told by name or by content.

use std::fmt;

/// Format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, possibly of several documents.
    Yaml,
    /// JSON.
    Json,
    /// `KEY=value` lines.
    Dotenv,
    /// INI sections.
    Ini,
    /// Anything; encrypted it is a JSON document.
    Binary,
}

impl Format {
    /// By the name of a file or the key of a Secret. Unknown names are binary.
    pub fn of_path(path: &str) -> Self {
        let ends = |suffix: &str| path.ends_with(suffix);
        if ends(".dockerconfigjson") || ends(".json") {
            Self::Json
        } else if ends(".yaml") || ends(".yml") {
            Self::Yaml
        } else if ends(".env") {
            Self::Dotenv
        } else if ends(".ini") {
            Self::Ini
        } else {
            Self::Binary
        }
    }

    /// By the mark that encryption leaves in the content; `None` when it is not encrypted.
    pub fn sniff(content: &[u8]) -> Option<Self> {
        [Self::Json, Self::Yaml, Self::Dotenv, Self::Ini]
            .into_iter()
            .find(|format| format.is_marked(content))
    }

    /// Whether the content bears the mark of an encrypted file of this format.
    pub fn is_marked(self, content: &[u8]) -> bool {
        let mark: &[u8] = match self {
            Self::Json | Self::Binary => b"\"mac\": \"ENC[",
            Self::Yaml => b"mac: ENC[",
            Self::Dotenv => b"sops_mac=ENC[",
            Self::Ini => b"[sops]",
        };
        content.windows(mark.len()).any(|window| window == mark)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "YAML",
            Self::Json => "JSON",
            Self::Dotenv => "dotenv",
            Self::Ini => "INI",
            Self::Binary => "binary",
        })
    }
}
