//! The parser: tokens into trees, with Go's error messages.

use std::collections::HashMap;
use std::sync::Arc;

use super::lex::{Lexer, Token, TokenKind};
use super::node::{Branch, BranchKind, Command, Expr, Number, Pipe, Statement, Tree};
use super::number::NumberForm;
use crate::builtins::builtins;
use crate::error::ParseError;
use crate::function::{Function, FunctionMap};
use crate::raw_text;
use crate::strconv::{quote, unquote};
use crate::text::Text;
use crate::value::Value;

/// Nesting of parentheses. (Go allows 10,000 on its growing stacks.)
pub const MAX_EXPRESSION_DEPTH: usize = 1_000;
/// Nesting of `if`, `range`, `with`, `block` and `define`.
pub const MAX_CONTROL_DEPTH: usize = 1_000;
/// Stack left below which a new piece is taken, and its size.
const STACK_RED_ZONE_BYTES: usize = 128 << 10;
const STACK_PIECE_BYTES: usize = 2 << 20;

type Result<T> = std::result::Result<T, ParseError>;

/// Parses a text into the template of this name and those that it defines.
pub fn parse(name: &str, text: &str, functions: &FunctionMap) -> Result<HashMap<Text, Arc<Tree>>> {
    let is_function = |name| functions.get(name).is_some();
    let mut parser = Parser {
        lexer: Lexer::new(text, !is_function("break"), !is_function("continue")),
        functions,
        parse_name: name.into(),
        text: text.into(),
        trees: HashMap::new(),
        state: State::new(),
        depth: 0,
    };
    let root = parser.top()?;
    parser.add(name.as_bytes(), root)?;
    Ok(parser.trees)
}

/// Whether statements are nothing but space.
pub fn is_empty(list: &[Statement]) -> bool {
    list.iter().all(|statement| match statement {
        Statement::Text { text, .. } => text
            .lossy()
            .trim_matches(crate::functions::is_go_space)
            .is_empty(),
        _ => false,
    })
}

/// What each of the nested definitions has for itself.
struct State<'a> {
    tokens: [Token<'a>; 3],
    peeked: usize,
    variables: Vec<Arc<str>>,
    action_line: usize,
    range_depth: usize,
    paren_depth: usize,
}

impl State<'_> {
    fn new() -> Self {
        let none = Token {
            kind: TokenKind::Error,
            position: 0,
            text: "".into(),
            line: 0,
        };
        Self {
            tokens: [none.clone(), none.clone(), none],
            peeked: 0,
            variables: vec!["$".into()],
            action_line: 0,
            range_depth: 0,
            paren_depth: 0,
        }
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    functions: &'a FunctionMap,
    parse_name: Arc<str>,
    text: Arc<str>,
    trees: HashMap<Text, Arc<Tree>>,
    state: State<'a>,
    depth: usize,
}

/// What ends a list of statements.
enum End {
    End,
    Else,
}

impl End {
    fn describe(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// A statement, or what ends the list.
enum Item {
    Statement(Statement),
    End(End),
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Token<'a> {
        if self.state.peeked > 0 {
            self.state.peeked -= 1;
        } else {
            self.state.tokens[0] = self.lexer.next_token();
        }
        self.state.tokens[self.state.peeked].clone()
    }

    fn backup(&mut self) {
        self.state.peeked += 1;
    }

    fn backup2(&mut self, token: Token<'a>) {
        self.state.tokens[1] = token;
        self.state.peeked = 2;
    }

    /// Pushes two tokens back, the later one first.
    fn backup3(&mut self, earlier: Token<'a>, later: Token<'a>) {
        self.state.tokens[1] = later;
        self.state.tokens[2] = earlier;
        self.state.peeked = 3;
    }

    fn peek(&mut self) -> Token<'a> {
        if self.state.peeked > 0 {
            return self.state.tokens[self.state.peeked - 1].clone();
        }
        self.state.peeked = 1;
        self.state.tokens[0] = self.lexer.next_token();
        self.state.tokens[0].clone()
    }

    fn next_non_space(&mut self) -> Token<'a> {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token<'a> {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn error<T>(&self, message: impl AsRef<str>) -> Result<T> {
        Err(ParseError {
            message: format!(
                "template: {}:{}: {}",
                self.parse_name,
                self.state.tokens[0].line,
                message.as_ref()
            ),
        })
    }

    fn unexpected<T>(&self, token: &Token<'_>, context: &str) -> Result<T> {
        if token.kind != TokenKind::Error {
            return self.error(format!("unexpected {} in {context}", token.describe()));
        }
        let line = self.state.action_line;
        let mut extra = String::new();
        if line != 0 && line != token.line {
            let place = format!(" action started at {}:{line}", self.parse_name);
            extra = if token.text.ends_with(" action") {
                place.replacen(" action", "", 1)
            } else {
                format!(" in{place}")
            };
        }
        self.error(format!("{}{extra}", token.text))
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token<'a>> {
        let token = self.next_non_space();
        if token.kind != kind {
            return self.unexpected(&token, context);
        }
        Ok(token)
    }

    fn add(&mut self, name: &[u8], root: Vec<Statement>) -> Result<()> {
        let replaces = match self.trees.get(name) {
            None => true,
            Some(tree) => is_empty(&tree.root),
        };
        if replaces {
            let tree = Tree {
                name: Text::from(name).lossy().into(),
                parse_name: Arc::clone(&self.parse_name),
                text: Arc::clone(&self.text),
                root,
            };
            self.trees.insert(name.into(), Arc::new(tree));
            return Ok(());
        }
        if is_empty(&root) {
            return Ok(());
        }
        self.error(format!(
            "template: multiple definition of template {}",
            quote(name)
        ))
    }

    fn top(&mut self) -> Result<Vec<Statement>> {
        let mut root = Vec::new();
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelimiter {
                let delimiter = self.next();
                if self.next_non_space().kind == TokenKind::Define {
                    let outer = std::mem::replace(&mut self.state, State::new());
                    self.definition()?;
                    self.state = outer;
                    continue;
                }
                self.backup2(delimiter);
            }
            match self.text_or_action()? {
                Item::Statement(statement) => root.push(statement),
                Item::End(end) => return self.error(format!("unexpected {}", end.describe())),
            }
        }
        Ok(root)
    }

    fn definition(&mut self) -> Result<()> {
        let context = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        self.expect(TokenKind::RightDelimiter, context)?;
        let (root, end) = self.item_list()?;
        if !matches!(end, End::End) {
            return self.error(format!("unexpected {} in {context}", end.describe()));
        }
        self.add(&name, root)
    }

    fn template_name(&mut self, token: &Token<'_>, context: &str) -> Result<Vec<u8>> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => match unquote(&token.text) {
                Ok(name) => Ok(name),
                Err(error) => self.error(error.to_string()),
            },
            _ => self.unexpected(token, context),
        }
    }

    fn item_list(&mut self) -> Result<(Vec<Statement>, End)> {
        if self.depth >= MAX_CONTROL_DEPTH {
            return self.error("max nesting of control structures exceeded");
        }
        self.depth += 1;
        let list = stacker::maybe_grow(STACK_RED_ZONE_BYTES, STACK_PIECE_BYTES, || {
            self.item_list_inner()
        });
        self.depth -= 1;
        list
    }

    fn item_list_inner(&mut self) -> Result<(Vec<Statement>, End)> {
        let mut list = Vec::new();
        while self.peek_non_space().kind != TokenKind::Eof {
            match self.text_or_action()? {
                Item::Statement(statement) => list.push(statement),
                Item::End(end) => return Ok((list, end)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Statement(Statement::Text {
                position: token.position,
                text: raw_text::to_bytes(&token.text).as_ref().into(),
            })),
            TokenKind::LeftDelimiter => {
                self.state.action_line = token.line;
                let item = self.action()?;
                self.state.action_line = 0;
                Ok(item)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        let statement = match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Break | TokenKind::Continue => self.jump(&token)?,
            TokenKind::Else => return self.else_control().map(Item::End),
            TokenKind::End => {
                self.expect(TokenKind::RightDelimiter, "end")?;
                return Ok(Item::End(End::End));
            }
            TokenKind::If => self.control(BranchKind::If)?,
            TokenKind::Range => self.control(BranchKind::Range)?,
            TokenKind::With => self.control(BranchKind::With)?,
            TokenKind::Template => self.template()?,
            _ => {
                self.backup();
                let position = self.peek().position;
                let pipe = self.pipeline("command", TokenKind::RightDelimiter)?;
                Statement::Action { position, pipe }
            }
        };
        Ok(Item::Statement(statement))
    }

    fn jump(&mut self, token: &Token<'_>) -> Result<Statement> {
        let word = format!("{{{{{}}}}}", token.text);
        let next = self.next_non_space();
        if next.kind != TokenKind::RightDelimiter {
            return self.unexpected(&next, &word);
        }
        if self.state.range_depth == 0 {
            return self.error(format!("{word} outside {{{{range}}}}"));
        }
        let position = token.position;
        Ok(if token.kind == TokenKind::Break {
            Statement::Break { position }
        } else {
            Statement::Continue { position }
        })
    }

    fn else_control(&mut self) -> Result<End> {
        let token = self.peek_non_space();
        // `else if` and `else with` leave their keyword to whoever began the branch.
        if matches!(token.kind, TokenKind::If | TokenKind::With) {
            return Ok(End::Else);
        }
        self.expect(TokenKind::RightDelimiter, "else")?;
        Ok(End::Else)
    }

    fn control(&mut self, kind: BranchKind) -> Result<Statement> {
        // `else if` nests in Go's tree, and here in the stack.
        if self.depth >= MAX_CONTROL_DEPTH {
            return self.error("max nesting of control structures exceeded");
        }
        self.depth += 1;
        let statement = stacker::maybe_grow(STACK_RED_ZONE_BYTES, STACK_PIECE_BYTES, || {
            self.control_inner(kind)
        });
        self.depth -= 1;
        statement
    }

    fn control_inner(&mut self, kind: BranchKind) -> Result<Statement> {
        let context = match kind {
            BranchKind::If => "if",
            BranchKind::Range => "range",
            BranchKind::With => "with",
        };
        let variables = self.state.variables.len();
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        let in_range = usize::from(kind == BranchKind::Range);
        self.state.range_depth += in_range;
        let (list, end) = self.item_list()?;
        self.state.range_depth -= in_range;
        let else_list = match end {
            End::End => None,
            End::Else => Some(self.else_list(kind)?),
        };
        self.state.variables.truncate(variables);
        Ok(Statement::Branch(Box::new(Branch {
            kind,
            position: pipe.position,
            pipe,
            list,
            else_list,
        })))
    }

    fn else_list(&mut self, kind: BranchKind) -> Result<Vec<Statement>> {
        let chained = match kind {
            BranchKind::If => Some(TokenKind::If),
            BranchKind::With => Some(TokenKind::With),
            BranchKind::Range => None,
        };
        if chained == Some(self.peek().kind) {
            self.next();
            return Ok(vec![self.control(kind)?]);
        }
        let (list, end) = self.item_list()?;
        if let End::Else = end {
            return self.error(format!("expected end; found {}", end.describe()));
        }
        Ok(list)
    }

    fn block(&mut self) -> Result<Statement> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        let outer = std::mem::replace(&mut self.state, State::new());
        let (root, end) = self.item_list()?;
        let inner = std::mem::replace(&mut self.state, outer);
        if !matches!(end, End::End) {
            return self.error(format!("unexpected {} in {context}", end.describe()));
        }
        let outer = std::mem::replace(&mut self.state, inner);
        self.add(&name, root)?;
        self.state = outer;
        Ok(Statement::Template {
            position: token.position,
            name: name.into(),
            pipe: Some(pipe),
        })
    }

    fn template(&mut self) -> Result<Statement> {
        let context = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = if self.next_non_space().kind == TokenKind::RightDelimiter {
            None
        } else {
            self.backup();
            Some(self.pipeline(context, TokenKind::RightDelimiter)?)
        };
        Ok(Statement::Template {
            position: token.position,
            name: name.into(),
            pipe,
        })
    }

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Result<Pipe> {
        use TokenKind as T;
        let mut pipe = Pipe {
            position: self.peek_non_space().position,
            is_assign: false,
            declarations: Vec::new(),
            commands: Vec::new(),
        };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context)?;
                    return Ok(pipe);
                }
                T::Bool
                | T::CharConstant
                | T::Complex
                | T::Dot
                | T::Field
                | T::Identifier
                | T::Number
                | T::Nil
                | T::RawString
                | T::String
                | T::Variable
                | T::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<()> {
        use TokenKind as T;
        loop {
            let variable = self.peek_non_space();
            if variable.kind != T::Variable {
                return Ok(());
            }
            self.next();
            // In "$x foo" only "foo" tells that $x is an argument: the space between is put back too.
            let after = self.peek();
            let next = self.peek_non_space();
            match next.kind {
                T::Assign | T::Declare => {
                    pipe.is_assign = next.kind == T::Assign;
                    self.next_non_space();
                    self.declare(pipe, &variable);
                    return Ok(());
                }
                T::Char if next.text == "," => {
                    self.next_non_space();
                    self.declare(pipe, &variable);
                    if context != "range" || pipe.declarations.len() >= 2 {
                        return self.error(format!("too many declarations in {context}"));
                    }
                    match self.peek_non_space().kind {
                        T::Variable | T::RightDelimiter | T::RightParen => {}
                        _ => return self.error("range can only initialize variables"),
                    }
                }
                _ => {
                    if after.kind == T::Space {
                        self.backup3(variable, after);
                    } else {
                        self.backup2(variable);
                    }
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: &Token<'_>) {
        let name: Arc<str> = variable.text.as_ref().into();
        pipe.declarations
            .push((variable.position, Arc::clone(&name)));
        self.state.variables.push(name);
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<()> {
        if pipe.commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if let Some(
                Expr::Bool { .. }
                | Expr::Dot { .. }
                | Expr::Nil { .. }
                | Expr::Number { .. }
                | Expr::String { .. },
            ) = command.arguments.first()
            {
                return self.error(format!(
                    "non executable command in pipeline stage {}",
                    index + 1
                ));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let position = self.peek_non_space().position;
        let mut arguments = Vec::new();
        loop {
            self.peek_non_space();
            arguments.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelimiter | TokenKind::RightParen => self.backup(),
                TokenKind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if arguments.is_empty() {
            return self.error("empty command");
        }
        Ok(Command {
            position,
            arguments,
        })
    }

    fn operand(&mut self) -> Result<Option<Expr>> {
        let Some(node) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(node));
        }
        let position = self.peek().position;
        let mut names: Vec<Arc<str>> = Vec::new();
        while self.peek().kind == TokenKind::Field {
            names.push(self.next().text[1..].into());
        }
        Ok(Some(match node {
            Expr::Field {
                names: mut first, ..
            } => {
                first.extend(names);
                Expr::Field {
                    position,
                    names: first,
                }
            }
            Expr::Variable {
                names: mut first, ..
            } => {
                first.extend(names);
                Expr::Variable {
                    position,
                    names: first,
                }
            }
            Expr::Bool { .. }
            | Expr::String { .. }
            | Expr::Number { .. }
            | Expr::Nil { .. }
            | Expr::Dot { .. } => {
                let shown = quote(node.to_string().as_bytes());
                return self.error(format!("unexpected . after term {shown}"));
            }
            node => Expr::Chain {
                position,
                node: Box::new(node),
                names,
            },
        }))
    }

    fn term(&mut self) -> Result<Option<Expr>> {
        use TokenKind as T;
        let token = self.next_non_space();
        let position = token.position;
        Ok(Some(match token.kind {
            T::Identifier => Expr::Identifier {
                position,
                name: token.text.as_ref().into(),
                function: self.function(&token.text)?,
            },
            T::Dot => Expr::Dot { position },
            T::Nil => Expr::Nil { position },
            T::Variable => {
                let known = |name: &Arc<str>| name.as_ref() == token.text;
                if !self.state.variables.iter().any(known) {
                    let shown = quote(token.text.as_bytes());
                    return self.error(format!("undefined variable {shown}"));
                }
                let names = vec![token.text.as_ref().into()];
                Expr::Variable { position, names }
            }
            T::Field => Expr::Field {
                position,
                names: vec![token.text[1..].into()],
            },
            T::Bool => Expr::Bool {
                position,
                value: token.text == "true",
            },
            T::CharConstant | T::Complex | T::Number => {
                let form = match token.kind {
                    T::CharConstant => NumberForm::Character,
                    T::Complex => NumberForm::Complex,
                    _ => NumberForm::Plain,
                };
                match Number::parse(&token.text, form) {
                    Ok(number) => Expr::Number { position, number },
                    Err(message) => return self.error(message),
                }
            }
            T::LeftParen => Expr::Pipe(Box::new(self.parenthesized()?)),
            T::String | T::RawString => match unquote(&token.text) {
                Ok(bytes) => Expr::String {
                    position,
                    quoted: token.text.as_ref().into(),
                    value: Value::text(bytes),
                },
                Err(error) => return self.error(error.to_string()),
            },
            _ => {
                self.backup();
                return Ok(None);
            }
        }))
    }

    fn parenthesized(&mut self) -> Result<Pipe> {
        if self.state.paren_depth >= MAX_EXPRESSION_DEPTH {
            return self.error("max expression depth exceeded");
        }
        self.state.paren_depth += 1;
        let pipe = stacker::maybe_grow(STACK_RED_ZONE_BYTES, STACK_PIECE_BYTES, || {
            self.pipeline("parenthesized pipeline", TokenKind::RightParen)
        });
        self.state.paren_depth -= 1;
        pipe
    }

    fn function(&self, name: &str) -> Result<Arc<Function>> {
        match self.functions.get(name).or_else(|| builtins().get(name)) {
            Some(function) => Ok(Arc::clone(function)),
            None => self.error(format!("function {} not defined", quote(name.as_bytes()))),
        }
    }
}
