//! `.Files`: the files of a chart that are neither templates nor charts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use skein_template::{CallError, Entries, Kind, Map, Object, Signature, Type, UintKind, Value};

use super::glob::Glob;
use crate::chart::File;

/// Files by path.
#[derive(Clone, Debug)]
pub(crate) struct Files(Arc<BTreeMap<String, Arc<[u8]>>>);

impl Files {
    pub(crate) fn new(files: &[File]) -> Self {
        let files = files
            .iter()
            .map(|file| (file.name.clone(), Arc::clone(&file.data)));
        Self(Arc::new(files.collect()))
    }

    fn glob(&self, pattern: &str) -> Self {
        let glob = Glob::new(pattern);
        let found = self
            .0
            .iter()
            .filter(|(name, _)| glob.matches(name))
            .map(|(name, data)| (name.clone(), Arc::clone(data)));
        Self(Arc::new(found.collect()))
    }

    /// The files as a YAML map from their last names; later paths win. Nothing if one holds a character that YAML refuses.
    fn as_yaml(&self, text: impl Fn(&[u8]) -> String) -> String {
        let mut map = serde_json::Map::new();
        for (name, data) in self.0.iter() {
            let base = name.rsplit('/').next().unwrap_or(name);
            map.insert(base.to_owned(), serde_json::Value::String(text(data)));
        }
        let map = serde_json::Value::Object(map);
        // Helm drops what YAML cannot say.
        if skein_yaml::has_control_characters(&map) {
            return String::new();
        }
        let mut yaml = skein_yaml::to_string(&map);
        yaml.truncate(yaml.strip_suffix('\n').map_or(yaml.len(), str::len));
        yaml
    }

    fn lines(&self, name: &str) -> Value {
        let data = self.0.get(name).map_or(&[][..], |data| data);
        if data.is_empty() {
            return Value::strings(Vec::<String>::new());
        }
        let data = data.strip_suffix(b"\n").unwrap_or(data);
        Value::strings(data.split(|byte| *byte == b'\n').map(text_of))
    }
}

/// The bytes of a file as Go's string of them.
fn text_of(data: &[u8]) -> skein_template::Text {
    skein_template::Text::from(data.to_vec())
}

impl Object for Files {
    fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed("engine.files")
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn underlying(&self) -> Value {
        let entries: Entries = self
            .0
            .iter()
            .map(|(name, data)| (name.as_str().into(), Value::Bytes(Arc::clone(data))))
            .collect();
        let bytes = Type::List(Arc::new(Type::Uint(UintKind::Uint8)));
        Value::Map(Map::typed(bytes, entries))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let signature = match name {
            "Get" => "string -> string",
            "GetBytes" => "string -> bytes",
            "Glob" => "string -> engine.files",
            "AsConfig" | "AsSecrets" => "-> string",
            "Lines" => "string -> []string",
            _ => return None,
        };
        Some(Signature::parse(signature))
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
        let argument = arguments
            .first()
            .and_then(Value::as_text)
            .map(|text| text.lossy())
            .unwrap_or_default();
        let data = || self.0.get(argument.as_ref()).map_or(&[][..], |data| data);
        Ok(match name {
            "Get" => Value::String(text_of(data())),
            "GetBytes" => Value::Bytes(Arc::from(data())),
            "Glob" => Value::object(self.glob(&argument)),
            "AsConfig" => self
                .as_yaml(|data| String::from_utf8_lossy(data).into_owned())
                .into(),
            "AsSecrets" => self.as_yaml(|data| STANDARD.encode(data)).into(),
            _ => self.lines(&argument),
        })
    }
}
