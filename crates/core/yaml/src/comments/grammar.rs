//! go-yaml's parser as far as comments go: which node or end takes what the scanner has found, and what the tree makes of it.

use super::NodeComments;
use super::gaps::Gaps;
use super::tokens::{Kind, Token};

/// Tokens that go-yaml's scanner reads ahead of the one that is looked at.
const LOOKAHEAD_TOKENS: usize = 2;

/// Walks over the tokens of a document.
pub(super) struct Grammar<'a> {
    gaps: Gaps<'a>,
    /// Index of the next token.
    head: usize,
    /// Index of the next comment.
    next_comment: usize,
    /// Comments that no event has taken yet.
    open: NodeComments,
    /// A comment above an entry of a list, for the list or map that the entry begins.
    stem: Option<String>,
    nodes: Vec<NodeComments>,
}

impl<'a> Grammar<'a> {
    pub(super) fn new(gaps: Gaps<'a>) -> Self {
        Self {
            gaps,
            head: 0,
            next_comment: 0,
            open: NodeComments::default(),
            stem: None,
            nodes: Vec::new(),
        }
    }

    /// The comments of all nodes of the first document.
    pub(super) fn document(mut self) -> Vec<NodeComments> {
        self.peek();
        self.advance();
        let first = self.peek();
        match first.kind {
            Kind::StreamEnd => return self.nodes,
            Kind::Directive | Kind::DocumentStart => {
                while self.peek().kind == Kind::Directive {
                    self.advance();
                }
                self.advance();
            }
            _ => self.split_header(),
        }
        match self.peek().kind {
            Kind::Directive | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd => {
                self.empty();
            }
            _ => {
                self.node(true, false);
            }
        }
        self.nodes
    }

    /// What stands before the last empty line above a document belongs to the document.
    fn split_header(&mut self) {
        let head = self.open.head.as_str();
        let bytes = head.as_bytes();
        let cut = (1..bytes.len())
            .rev()
            .find(|i| bytes[*i] == b'\n' && (i + 1 == bytes.len() || bytes[i - 1] == b'\n'));
        if let Some(cut) = cut {
            self.open.head = head[cut + 1..].to_owned();
        }
    }

    fn token(&self) -> Token {
        let tokens = &self.gaps.tokens;
        tokens[self.head.min(tokens.len() - 1)]
    }

    /// The next token, and the comments that belong before it.
    fn peek(&mut self) -> Token {
        while !self.gaps.is_done() {
            let fetched = self.gaps.fetched;
            let waiting = self.gaps.tokens[self.head..].iter();
            let ready = waiting
                .take_while(|t| t.fetch < fetched || !t.is_written)
                .filter(|t| t.fetch < fetched)
                .take(LOOKAHEAD_TOKENS + 1)
                .count();
            if self.token().fetch < fetched && ready > LOOKAHEAD_TOKENS {
                break;
            }
            self.gaps.fetch();
        }
        let token = self.token();
        while let Some(comment) = self.gaps.comments.get(self.next_comment) {
            if token.start.at < comment.token.at
                || (token.kind == Kind::BlockEnd && !comment.head.is_empty())
            {
                break;
            }
            for (open, more) in [
                (&mut self.open.head, &comment.head),
                (&mut self.open.foot, &comment.foot),
                (&mut self.open.line, &comment.line),
            ] {
                if !open.is_empty() && !more.is_empty() {
                    open.push('\n');
                }
                open.push_str(more);
            }
            self.next_comment += 1;
        }
        token
    }

    fn advance(&mut self) {
        self.head += 1;
    }

    /// An event takes all comments that are open.
    fn take(&mut self) -> NodeComments {
        self.stem = None;
        std::mem::take(&mut self.open)
    }

    fn push(&mut self, comments: NodeComments) -> usize {
        self.nodes.push(comments);
        self.nodes.len() - 1
    }

    fn empty(&mut self) -> usize {
        self.push(NodeComments::default())
    }

    /// A node; gives its number.
    fn node(&mut self, block: bool, indentless: bool) -> usize {
        while self.peek().kind == Kind::Property {
            self.advance();
        }
        match self.peek().kind {
            kind if kind == Kind::Alias || kind.is_scalar() => {
                let comments = self.take();
                self.advance();
                self.push(comments)
            }
            Kind::BlockEntry if indentless => {
                let node = self.empty();
                self.indentless_sequence();
                node
            }
            Kind::FlowSequenceStart => {
                let comments = self.take();
                let node = self.push(comments);
                self.flow_sequence(node);
                node
            }
            Kind::FlowMappingStart => {
                let comments = self.take();
                let node = self.push(comments);
                self.flow_mapping(node);
                node
            }
            kind @ (Kind::BlockSequenceStart | Kind::BlockMappingStart) if block => {
                let head = self.stem.take().unwrap_or_default();
                let node = self.push(NodeComments {
                    head,
                    ..NodeComments::default()
                });
                match kind {
                    Kind::BlockSequenceStart => self.block_sequence(),
                    _ => self.block_mapping(node),
                }
                node
            }
            _ => self.empty(),
        }
    }

    /// An entry of a list without brackets. Its head comment belongs to the list or map that begins there as a whole.
    fn entry(&mut self, ends: &[Kind]) {
        let above = self.open.head.len();
        self.advance();
        let next = self.peek().kind;
        if above > 0 && matches!(next, Kind::BlockSequenceStart | Kind::BlockMappingStart) {
            let rest = self
                .open
                .head
                .get(above + 1..)
                .unwrap_or_default()
                .to_owned();
            self.open.head.truncate(above);
            self.stem = Some(std::mem::replace(&mut self.open.head, rest));
        }
        if ends.contains(&next) {
            self.empty();
        } else {
            self.node(true, false);
        }
    }

    fn block_sequence(&mut self) {
        self.peek();
        self.advance();
        while self.peek().kind == Kind::BlockEntry {
            self.entry(&[Kind::BlockEntry, Kind::BlockEnd]);
        }
        self.advance();
    }

    fn indentless_sequence(&mut self) {
        while self.peek().kind == Kind::BlockEntry {
            self.entry(&[Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd]);
        }
    }

    fn block_mapping(&mut self, node: usize) {
        const ENDS: [Kind; 3] = [Kind::Key, Kind::Value, Kind::BlockEnd];
        self.peek();
        self.advance();
        let mut keys: Vec<usize> = Vec::new();
        while self.peek().kind == Kind::Key {
            self.advance();
            let key = if ENDS.contains(&self.peek().kind) {
                self.empty()
            } else {
                self.node(true, true)
            };
            // A foot that comes with a key is one of the value before.
            if let Some(before) = keys.last().copied()
                && !self.nodes[key].foot.is_empty()
            {
                self.nodes[before].foot = std::mem::take(&mut self.nodes[key].foot);
            }
            let value = if self.peek().kind == Kind::Value {
                self.advance();
                if ENDS.contains(&self.peek().kind) {
                    self.empty()
                } else {
                    self.node(true, true)
                }
            } else {
                self.empty()
            };
            self.lift_foot(key, value);
            keys.push(key);
        }
        let end = self.take();
        self.advance();
        self.nodes[node].line = end.line;
        match keys.last() {
            Some(last) if !end.foot.is_empty() => self.nodes[*last].foot = end.foot,
            _ => self.nodes[node].foot = end.foot,
        }
    }

    /// A foot of a value is one of its key.
    fn lift_foot(&mut self, key: usize, value: usize) {
        if self.nodes[key].foot.is_empty() {
            self.nodes[key].foot = std::mem::take(&mut self.nodes[value].foot);
        }
    }

    /// Whether an entry of a flow collection follows. `last` is where the one before began: an entry takes at least one token.
    fn next_in_flow(&mut self, last: &mut Option<usize>, end: Kind) -> bool {
        let first = last.is_none();
        if last.replace(self.head) == Some(self.head) {
            return false;
        }
        if self.peek().kind == end {
            return false;
        }
        if !first && self.peek().kind == Kind::FlowEntry {
            self.advance();
        }
        !matches!(self.peek().kind, kind if kind == end || kind == Kind::StreamEnd)
    }

    fn end_of_flow(&mut self, node: usize) {
        let end = self.take();
        self.advance();
        self.nodes[node].line = end.line;
        self.nodes[node].foot = end.foot;
    }

    fn flow_sequence(&mut self, node: usize) {
        self.peek();
        self.advance();
        let mut last = None;
        while self.next_in_flow(&mut last, Kind::FlowSequenceEnd) {
            if self.peek().kind == Kind::Key {
                self.empty();
                self.advance();
                self.pair(Kind::FlowSequenceEnd);
            } else {
                self.node(false, false);
            }
        }
        self.end_of_flow(node);
    }

    /// Key and value in a flow collection, behind the token of the key.
    fn pair(&mut self, end: Kind) {
        let key = if matches!(self.peek().kind, kind if kind == end || matches!(kind, Kind::Value | Kind::FlowEntry))
        {
            self.empty()
        } else {
            self.node(false, false)
        };
        let value = if self.peek().kind == Kind::Value {
            self.advance();
            if matches!(self.peek().kind, kind if kind == end || kind == Kind::FlowEntry) {
                self.empty()
            } else {
                self.node(false, false)
            }
        } else {
            self.empty()
        };
        self.lift_foot(key, value);
    }

    fn flow_mapping(&mut self, node: usize) {
        self.peek();
        self.advance();
        let mut last = None;
        while self.next_in_flow(&mut last, Kind::FlowMappingEnd) {
            if self.peek().kind == Kind::Key {
                self.advance();
                self.pair(Kind::FlowMappingEnd);
            } else {
                let key = self.node(false, false);
                self.peek();
                let value = self.empty();
                self.lift_foot(key, value);
            }
        }
        self.end_of_flow(node);
    }
}
