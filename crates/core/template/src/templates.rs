//! A set of templates that can call each other.

use std::collections::HashMap;
use std::sync::Arc;

use crate::environment::{Environment, Options};
use crate::error::{ExecError, ParseError};
use crate::exec::Runtime;
use crate::function::FunctionMap;
use crate::parse::{Tree, is_empty, parse};
use crate::raw_text;
use crate::text::Text;
use crate::value::Value;

/// Name of the set in error texts: Helm's.
const SET_NAME: &str = "gotpl";

/// Trees by name, over those of an outer set.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    name: Arc<str>,
    outer: Option<Arc<Set>>,
    trees: HashMap<Text, Arc<Tree>>,
}

impl Set {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            outer: None,
            trees: HashMap::new(),
        }
    }

    /// A set that sees all of another, and its own trees first.
    pub(crate) fn over(outer: &Arc<Self>, trees: &HashMap<Text, Arc<Tree>>) -> Self {
        let mut set = Self {
            name: Arc::clone(&outer.name),
            outer: Some(Arc::clone(outer)),
            trees: HashMap::new(),
        };
        set.add(trees);
        set
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn lookup(&self, name: &[u8]) -> Option<Arc<Tree>> {
        let mut set = Some(self);
        while let Some(current) = set {
            if let Some(tree) = current.trees.get(name) {
                return Some(Arc::clone(tree));
            }
            set = current.outer.as_deref();
        }
        None
    }

    /// Adds trees; empty ones replace nothing.
    fn add(&mut self, trees: &HashMap<Text, Arc<Tree>>) {
        for (name, tree) in trees {
            if is_empty(&tree.root) && self.lookup(name).is_some() {
                continue;
            }
            self.trees.insert(name.clone(), Arc::clone(tree));
        }
    }
}

/// Parsed templates by name.
#[derive(Clone, Debug)]
pub struct Templates {
    functions: Arc<FunctionMap>,
    options: Options,
    set: Arc<Set>,
}

impl Templates {
    /// An empty set whose templates can call these functions beside Go's own.
    pub fn new(functions: Arc<FunctionMap>, options: Options) -> Self {
        Self::named(SET_NAME, functions, options)
    }

    /// As [`Templates::new`], with the name of the set that some errors show and that texts of `tpl` get.
    pub fn named(name: &str, functions: Arc<FunctionMap>, options: Options) -> Self {
        Self {
            functions,
            options,
            set: Arc::new(Set::new(name)),
        }
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Parses a text as the template of this name, and adds what it defines. A later definition replaces an earlier one, except with an empty one.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<(), ParseError> {
        let trees = parse(name, text, &self.functions)?;
        Arc::make_mut(&mut self.set).add(&trees);
        Ok(())
    }

    /// As [`Templates::parse`]; bytes that are no UTF-8 stay what they are.
    pub fn parse_bytes(&mut self, name: &str, text: &[u8]) -> Result<(), ParseError> {
        self.parse(name, &raw_text::from_bytes(text.to_vec()))
    }

    /// Whether a template of this name is defined.
    pub fn contains(&self, name: &str) -> bool {
        self.set.lookup(name.as_bytes()).is_some()
    }

    /// A template as text again, in Go's normal form.
    pub fn source(&self, name: &str) -> Option<String> {
        Some(self.set.lookup(name.as_bytes())?.to_string())
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
        data: &Value,
        environment: &mut dyn Environment,
    ) -> Result<Vec<u8>, ExecError> {
        self.runtime(environment)
            .execute_named(&name.into(), data.clone())
    }

    /// One rendering of several templates of the set: bounds, and texts that `tpl` parsed, are shared.
    pub fn runtime<'a>(&'a self, environment: &'a mut dyn Environment) -> Runtime<'a> {
        Runtime::new(
            environment,
            &self.options,
            Arc::clone(&self.functions),
            Arc::clone(&self.set),
        )
    }
}
