//! Execution of parsed templates.

use crate::environment::{Environment, Options};

/// One execution: the world, the bounds, and the templates that may be called.
pub struct Runtime<'a> {
    /// The world.
    pub environment: &'a mut dyn Environment,
    /// How templates are executed.
    pub options: &'a Options,
}
