//! Execution of parsed templates.

mod call;
mod eval;
mod walk;

use std::collections::HashMap;
use std::num::NonZeroI64;
use std::sync::Arc;

use jiff::Timestamp;

use crate::environment::{Environment, Options};
use crate::error::{ExecError, ExecErrorKind};
use crate::function::{CallError, FunctionMap};
use crate::parse::Tree;
use crate::raw_text;
use crate::strconv::quote;
use crate::templates::Set;
use crate::text::Text;
use crate::value::{Operand, Value};

/// Steps between two questions whether to go on.
const STEPS_PER_CHECK: u64 = 4_096;
/// Stack left below which a new piece is taken, and its size.
const STACK_RED_ZONE_BYTES: usize = 192 << 10;
const STACK_PIECE_BYTES: usize = 4 << 20;
/// Bytes of a text whose making counts as one step: with the limit of steps, it bounds what a template can hold in memory.
const BYTES_PER_STEP: u64 = 16;
/// Steps of an element that is put into a new list or map, for the same reason: it takes 24 bytes in a list, and about 60 in a map.
const STEPS_PER_ELEMENT: u64 = 4;
/// Steps of an element that a text may hold, when the text is read into values: its parser holds it too.
const STEPS_PER_READ_ELEMENT: u64 = 8;
/// Bytes of a text that count as one step when a function looks at it.
const BYTES_SEEN_PER_STEP: u64 = 512;
/// Most parsed texts of `tpl` that are kept for the next call.
const MAX_PARSED_TEXTS: usize = 1_000;

/// Trees of a text by name.
pub(crate) type Trees = Arc<HashMap<Text, Arc<Tree>>>;

/// One execution: the world, the bounds, and the templates that may be called.
pub struct Runtime<'a> {
    environment: &'a mut dyn Environment,
    /// When the clock was looked at first.
    started: Option<Timestamp>,
    options: &'a Options,
    functions: Arc<FunctionMap>,
    /// The templates that can be called now: a text of `tpl` sees more than its caller.
    set: Arc<Set>,
    steps_left: u64,
    output_left: usize,
    depth: usize,
    /// How deep `include` is in each template.
    included: HashMap<Text, usize>,
    parsed: HashMap<Text, Trees>,
}

impl<'a> Runtime<'a> {
    pub(crate) fn new(
        environment: &'a mut dyn Environment,
        options: &'a Options,
        functions: Arc<FunctionMap>,
        set: Arc<Set>,
    ) -> Self {
        Self {
            environment,
            started: None,
            options,
            functions,
            set,
            steps_left: options.limits.steps,
            output_left: options.limits.output_bytes,
            depth: 0,
            included: HashMap::new(),
            parsed: HashMap::new(),
        }
    }

    /// The world.
    pub fn environment(&mut self) -> &mut dyn Environment {
        self.environment
    }

    /// How templates are executed.
    pub fn options(&self) -> &Options {
        self.options
    }

    /// Counts work that is about to be done: elements made, bytes looked at by the handful.
    pub fn charge(&mut self, steps: u64) -> Result<(), CallError> {
        let before = self.steps_left;
        self.steps_left = before.saturating_sub(steps);
        if self.steps_left == 0 {
            let limit = self.options.limits.steps;
            return Err(CallError::limit(format!(
                "the template does more than {limit} steps of work: it is stopped"
            )));
        }
        if before / STEPS_PER_CHECK != self.steps_left / STEPS_PER_CHECK
            && self.environment.is_cancelled()
        {
            return Err(CallError::limit("rendering was cancelled"));
        }
        Ok(())
    }

    /// Counts elements that are about to be put into a new list or map.
    pub(crate) fn charge_elements(&mut self, count: usize) -> Result<(), CallError> {
        self.charge(STEPS_PER_ELEMENT.saturating_mul(count as u64))
    }

    /// Refuses a string that is about to be made, and counts it as work.
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), CallError> {
        let limit = self.options.limits.string_bytes;
        if bytes > limit {
            return Err(CallError::limit(format!(
                "a string of {bytes} bytes is more than the limit of {limit}"
            )));
        }
        self.charge(1 + bytes as u64 / BYTES_PER_STEP)
    }

    /// Counts the texts that a function is about to look at.
    pub(crate) fn charge_arguments(&mut self, arguments: &[Operand]) -> Result<(), CallError> {
        let bytes = |operand: &Operand| match &operand.value {
            Value::String(text) => text.len(),
            _ => 0,
        };
        match arguments.iter().map(bytes).sum::<usize>() as u64 / BYTES_SEEN_PER_STEP {
            0 => Ok(()),
            steps => self.charge(steps),
        }
    }

    /// Counts a text that is about to be read into values, by what begins or ends an element in JSON, YAML and TOML.
    pub(crate) fn charge_reading(&mut self, text: &Text) -> Result<(), CallError> {
        let marks = text
            .iter()
            .filter(|byte| matches!(byte, b'\n' | b',' | b':' | b'[' | b'{' | b'-' | b'='))
            .count();
        self.charge(1 + text.len() as u64 / BYTES_PER_STEP)?;
        self.charge(STEPS_PER_READ_ELEMENT * marks as u64)
    }

    pub(crate) fn charge_output(&mut self, bytes: usize) -> Result<(), CallError> {
        match self.output_left.checked_sub(bytes) {
            Some(left) => {
                self.output_left = left;
                Ok(())
            }
            None => Err(CallError::limit(format!(
                "the output is longer than {} bytes",
                self.options.limits.output_bytes
            ))),
        }
    }

    /// Executes a template of the current set by name, as Go's `ExecuteTemplate`.
    pub fn execute_named(&mut self, name: &Text, data: Value) -> Result<Vec<u8>, ExecError> {
        let Some(tree) = self.set.lookup(name) else {
            let (wanted, set) = (quote(name), quote(self.set.name().as_bytes()));
            return Err(ExecError::bare(
                ExecErrorKind::NotFound,
                format!("template: no template {wanted} associated with template {set}"),
            ));
        };
        self.execute_tree(&tree, data)
    }

    fn execute_tree(&mut self, tree: &Tree, data: Value) -> Result<Vec<u8>, ExecError> {
        let mut out = Vec::new();
        walk::execute(self, tree, Operand::plain(data), &mut out).map_err(|error| *error)?;
        Ok(out)
    }

    /// The time, and the nanoseconds that went by since the clock was looked at first, counted from one.
    pub(crate) fn clock(&mut self) -> (Timestamp, Option<NonZeroI64>) {
        let now = self.environment.now();
        let since = now.duration_since(*self.started.get_or_insert(now));
        let nanoseconds = i64::try_from(since.as_nanos()).unwrap_or_default();
        (now, NonZeroI64::new(nanoseconds.max(0).saturating_add(1)))
    }

    /// `include`: the output of another template.
    pub(crate) fn include(&mut self, name: &Text, data: Value) -> Result<Vec<u8>, CallError> {
        /// Helm's bound of templates that include themselves.
        const MAX_NESTED_NAMES: usize = 1_000;
        let nested = self.included.entry(name.clone()).or_default();
        if *nested > MAX_NESTED_NAMES {
            return Err(CallError::new(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        *nested += 1;
        let output = self.execute_named(name, data);
        if let Some(nested) = self.included.get_mut(name) {
            *nested -= 1;
        }
        output.map_err(CallError::from)
    }

    /// `tpl`: the output of a text, which sees the templates of its callers and what it defines itself.
    pub(crate) fn tpl(&mut self, text: &Text, data: Value) -> Result<Vec<u8>, CallError> {
        let shown = || quote(text);
        let trees = self.parse_text(text).map_err(|message| {
            CallError::new(format!("cannot parse template {}: {message}", shown()))
        })?;
        let name = Text::from(self.set.name());
        let Some(tree) = trees.get(&name).cloned() else {
            return Ok(Vec::new());
        };
        let outer = Arc::clone(&self.set);
        self.set = Arc::new(Set::over(&outer, &trees));
        let output = self.execute_tree(&tree, data);
        self.set = outer;
        output
            .map(|bytes| crate::helm::without_no_value(&bytes))
            .map_err(|error| {
                let prefix = format!("error during tpl function execution for {}: ", shown());
                CallError::wrapping(prefix, error)
            })
    }

    fn parse_text(&mut self, text: &Text) -> Result<Trees, String> {
        if let Some(trees) = self.parsed.get(text) {
            return Ok(Arc::clone(trees));
        }
        let source = raw_text::from_bytes(text.to_vec());
        let trees = crate::parse::parse(self.set.name(), &source, &self.functions)
            .map_err(|error| error.message)?;
        let trees = Arc::new(trees);
        if self.parsed.len() < MAX_PARSED_TEXTS {
            self.parsed.insert(text.clone(), Arc::clone(&trees));
        }
        Ok(trees)
    }
}
