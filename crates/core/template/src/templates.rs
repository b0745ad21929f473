//! A set of templates that can call each other.

use std::collections::HashMap;
use std::sync::Arc;

use crate::environment::{Environment, Options};
use crate::error::{ExecError, ExecErrorKind, ParseError};
use crate::function::FunctionMap;
use crate::value::Value;

/// Parsed templates by name.
#[derive(Clone, Debug)]
pub struct Templates {
    functions: Arc<FunctionMap>,
    options: Options,
    texts: HashMap<String, String>,
}

impl Templates {
    /// An empty set whose templates can call these functions beside Go's own.
    pub fn new(functions: Arc<FunctionMap>, options: Options) -> Self {
        Self {
            functions,
            options,
            texts: HashMap::new(),
        }
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Parses a text as the template of this name, and adds what it defines. A later definition replaces an earlier one, except with an empty one.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<(), ParseError> {
        self.texts.insert(name.to_owned(), text.to_owned());
        Ok(())
    }

    /// Whether a template of this name is defined.
    pub fn contains(&self, name: &str) -> bool {
        self.texts.contains_key(name) && self.functions.get(name).is_none()
    }

    /// Executes a template over this data. Bytes that are not UTF-8 become U+FFFD.
    pub fn execute(
        &self,
        name: &str,
        data: &Value,
        environment: &mut dyn Environment,
    ) -> Result<String, ExecError> {
        let bytes = self.execute_bytes(name, data, environment)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Executes a template over this data.
    pub fn execute_bytes(
        &self,
        name: &str,
        _data: &Value,
        _environment: &mut dyn Environment,
    ) -> Result<Vec<u8>, ExecError> {
        Err(ExecError::bare(
            ExecErrorKind::NotFound,
            format!("template: no template {name:?} associated with template \"gotpl\""),
        ))
    }
}
