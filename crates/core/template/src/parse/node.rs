//! Nodes of a parsed template. Positions are byte offsets into the text that was parsed.

use std::sync::Arc;

use crate::function::Function;
use crate::text::Text;
use crate::value::Value;

/// One template: what it is called, where its text came from, and its statements.
#[derive(Debug)]
pub struct Tree {
    /// Its name.
    pub name: Arc<str>,
    /// The name of the file in which it stands, for error texts.
    pub parse_name: Arc<str>,
    /// The whole text that was parsed.
    pub text: Arc<str>,
    /// Its statements.
    pub root: Vec<Statement>,
}

/// Which control structure a branch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchKind {
    /// `if`.
    If,
    /// `range`.
    Range,
    /// `with`.
    With,
}

/// `if`, `range` and `with`.
#[derive(Debug)]
pub struct Branch {
    pub kind: BranchKind,
    pub position: usize,
    pub pipe: Pipe,
    pub list: Vec<Statement>,
    pub else_list: Option<Vec<Statement>>,
}

/// What stands between the texts, and the texts.
#[derive(Debug)]
pub enum Statement {
    Text {
        position: usize,
        text: Text,
    },
    Action {
        position: usize,
        pipe: Pipe,
    },
    Branch(Box<Branch>),
    Template {
        position: usize,
        name: Text,
        pipe: Option<Pipe>,
    },
    Break {
        position: usize,
    },
    Continue {
        position: usize,
    },
}

/// Commands, each fed with the result of the one before, and the variables that get the last result.
#[derive(Debug)]
pub struct Pipe {
    pub position: usize,
    /// Whether the variables are assigned (`=`), not declared (`:=`).
    pub is_assign: bool,
    /// Position and name, with the dollar sign.
    pub declarations: Vec<(usize, Arc<str>)>,
    pub commands: Vec<Command>,
}

/// A function, field or value with its arguments.
#[derive(Debug)]
pub struct Command {
    pub position: usize,
    pub arguments: Vec<Expr>,
}

/// An operand.
#[derive(Debug)]
pub enum Expr {
    Bool {
        position: usize,
        value: bool,
    },
    Dot {
        position: usize,
    },
    Nil {
        position: usize,
    },
    /// `.A.B`.
    Field {
        position: usize,
        names: Vec<Arc<str>>,
    },
    /// `$x.A.B`: the first name is the variable's.
    Variable {
        position: usize,
        names: Vec<Arc<str>>,
    },
    /// `(pipe).A.B` or `function.A`.
    Chain {
        position: usize,
        node: Box<Expr>,
        names: Vec<Arc<str>>,
    },
    /// A function.
    Identifier {
        position: usize,
        name: Arc<str>,
        function: Arc<Function>,
    },
    Number {
        position: usize,
        number: Number,
    },
    /// A string constant: as written, and what it means.
    String {
        position: usize,
        quoted: Arc<str>,
        value: Value,
    },
    /// A pipeline in parentheses.
    Pipe(Box<Pipe>),
}

impl Expr {
    /// Offset of the node in the text.
    pub fn position(&self) -> usize {
        match self {
            Self::Bool { position, .. }
            | Self::Dot { position }
            | Self::Nil { position }
            | Self::Field { position, .. }
            | Self::Variable { position, .. }
            | Self::Chain { position, .. }
            | Self::Identifier { position, .. }
            | Self::Number { position, .. }
            | Self::String { position, .. } => *position,
            Self::Pipe(pipe) => pipe.position,
        }
    }
}

impl Statement {
    /// Offset of the node in the text.
    pub fn position(&self) -> usize {
        match self {
            Self::Text { position, .. }
            | Self::Action { position, .. }
            | Self::Template { position, .. }
            | Self::Break { position }
            | Self::Continue { position } => *position,
            Self::Branch(branch) => branch.position,
        }
    }
}

/// A number constant under every type that can hold it.
#[derive(Clone, Debug, Default)]
pub struct Number {
    /// As written.
    pub text: Arc<str>,
    pub int: Option<i64>,
    pub uint: Option<u64>,
    pub float: Option<f64>,
    pub complex: Option<(f64, f64)>,
}
