//! Parsing of template texts into trees.

mod display;
mod lex;
mod node;
mod number;
mod parser;

pub use node::{Branch, BranchKind, Command, Expr, Number, Pipe, Statement, Tree};
pub use parser::{is_empty, parse};
