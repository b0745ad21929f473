//! What stands between tokens, as go-yaml's scanner meets it: each comment is noted with the token that it belongs to.

use super::tokens::{Kind, Mark, Token};

/// Longest run of blanks and line breaks in which go-yaml looks for a comment, in bytes.
const MAX_PEEK_BYTES: usize = 512;

/// A comment (or several lines of one) that waits for its token.
#[derive(Clone, Debug, Default)]
pub(super) struct Comment {
    /// Where the search began that found it.
    scan: Mark,
    /// The token from which on the parser may take it.
    pub(super) token: Mark,
    start: Mark,
    end: Mark,
    pub(super) head: String,
    pub(super) line: String,
    pub(super) foot: String,
}

/// The state of the scanner.
pub(super) struct Gaps<'a> {
    text: &'a str,
    pub(super) tokens: Vec<Token>,
    /// Indexes of the tokens of each fetch.
    fetches: Vec<Vec<usize>>,
    /// Fetches that were done.
    pub(super) fetched: usize,
    mark: Mark,
    /// Line breaks since the last character that is no blank.
    newlines: usize,
    flow_level: usize,
    indent: isize,
    indents: Vec<isize>,
    pub(super) comments: Vec<Comment>,
}

impl<'a> Gaps<'a> {
    pub(super) fn new(text: &'a str, tokens: Vec<Token>) -> Self {
        let count = tokens.iter().map(|t| t.fetch + 1).max().unwrap_or(0);
        let mut fetches = vec![Vec::new(); count];
        for (at, token) in tokens.iter().enumerate() {
            fetches[token.fetch].push(at);
        }
        Self {
            text,
            tokens,
            fetches,
            fetched: 0,
            mark: Mark::default(),
            newlines: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            comments: Vec::new(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.fetched == self.fetches.len()
    }

    /// The byte at an offset; 0 at the end.
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t')
    }

    /// Moves over one character.
    fn skip(&mut self) {
        let c = self
            .text
            .get(self.mark.at..)
            .and_then(|rest| rest.chars().next());
        let Some(c) = c else { return };
        self.mark.at += c.len_utf8();
        if c == '\n' {
            self.mark.line += 1;
            self.mark.column = 0;
            self.newlines += 1;
            return;
        }
        self.mark.column += 1;
        if !matches!(c, ' ' | '\t') {
            self.newlines = 0;
        }
    }

    /// The index of the token that stands in the text and was fetched last.
    fn last(&self) -> Option<usize> {
        let of = |fetch: usize| {
            self.fetches[fetch]
                .iter()
                .copied()
                .find(|at| self.tokens[*at].is_written)
        };
        self.fetched.checked_sub(1).and_then(of)
    }

    /// The token in the queue before the last one.
    fn before_last(&self) -> Option<&Token> {
        let last = self.last()?;
        self.tokens[..last]
            .iter()
            .rev()
            .find(|token| token.fetch < self.fetched)
    }

    /// Fetches the next token of the text, with the comments before it and the one behind it.
    pub(super) fn fetch(&mut self) {
        let now = self.fetched;
        let of_now = self.fetches[now].clone();
        let Some(at) = of_now
            .iter()
            .copied()
            .find(|at| self.tokens[*at].is_written)
        else {
            self.fetched += 1;
            return;
        };
        let token = self.tokens[at];
        if token.kind == Kind::StreamStart {
            self.fetched += 1;
            return;
        }
        let scan = self.mark;
        self.scan_to_next_token(scan);
        let ends: Vec<usize> = of_now
            .iter()
            .copied()
            .filter(|i| self.tokens[*i].kind == Kind::BlockEnd)
            .collect();
        let ended = self.unroll_indent(&ends, scan, &token);
        for i in of_now {
            let other = self.tokens[i];
            if matches!(
                other.kind,
                Kind::BlockSequenceStart | Kind::BlockMappingStart
            ) {
                self.indents.push(self.indent);
                self.indent = isize::try_from(other.start.column).unwrap_or(isize::MAX);
            }
        }
        let has_no_comment = matches!(
            token.kind,
            Kind::StreamEnd | Kind::Directive | Kind::DocumentStart | Kind::DocumentEnd
        );
        let joins = match self.flow_level {
            0 => b':',
            _ => b',',
        };
        let mut comment_token = token.start;
        if self.byte(token.start.at) == joins {
            let before = ended.or_else(|| self.last().map(|at| self.tokens[at].start));
            comment_token = before.unwrap_or(token.start);
        }
        self.pass(&token);
        self.fetched += 1;
        if !has_no_comment && token.kind != Kind::BlockEntry {
            self.scan_line_comment(comment_token);
        }
    }

    /// Moves behind a token: behind a plain scalar, go-yaml also takes the blanks and breaks that follow.
    fn pass(&mut self, token: &Token) {
        match token.kind {
            Kind::FlowSequenceStart | Kind::FlowMappingStart => self.flow_level += 1,
            Kind::FlowSequenceEnd | Kind::FlowMappingEnd => {
                self.flow_level = self.flow_level.saturating_sub(1);
            }
            Kind::BlockScalar => {
                self.skip();
                while matches!(self.byte(self.mark.at), b'+' | b'-' | b'0'..=b'9') {
                    self.skip();
                }
                self.scan_line_comment(token.start);
            }
            _ => {}
        }
        while self.mark.at < token.end.at {
            self.skip();
        }
        match token.kind {
            Kind::PlainScalar => {
                while matches!(self.byte(self.mark.at), b' ' | b'\t' | b'\n') {
                    self.skip();
                }
            }
            Kind::BlockScalar => {
                while self.byte(self.mark.at) == b' ' {
                    self.skip();
                }
            }
            _ => {}
        }
    }

    fn scan_to_next_token(&mut self, scan: Mark) {
        loop {
            while self.is_blank(self.mark.at) {
                self.skip();
            }
            self.turn_line_into_head();
            if self.byte(self.mark.at) == b'#' {
                self.scan_comments(scan);
            }
            if self.byte(self.mark.at) != b'\n' {
                return;
            }
            self.skip();
        }
    }

    /// A comment right behind the first dash of a list is one above what follows.
    fn turn_line_into_head(&mut self) {
        let is_dash = self
            .last()
            .is_some_and(|at| self.tokens[at].kind == Kind::BlockEntry)
            && self
                .before_last()
                .is_some_and(|t| t.kind == Kind::BlockSequenceStart);
        if !is_dash || self.byte(self.mark.at) == b'\n' {
            return;
        }
        let mark = self.mark;
        if let Some(comment) = self.comments.last_mut().filter(|c| !c.line.is_empty()) {
            comment.head = std::mem::take(&mut comment.line);
            if comment.start.line + 1 == mark.line {
                comment.token = mark;
            }
        }
    }

    /// Ends the blocks that are deeper than the next token. The marks of the ends move before comments that stand at their indent. Gives the mark of
    /// the last end.
    fn unroll_indent(&mut self, ends: &[usize], scan: Mark, token: &Token) -> Option<Mark> {
        let column = isize::try_from(self.mark.column).unwrap_or(isize::MAX);
        let mut block = scan;
        block.at = block.at.saturating_sub(1);
        let mut below_zero = scan.at == 0;
        let mut is_at_end = false;
        let mut last = None;
        for end in ends {
            if self.indent <= column && !is_at_end {
                // The end of the document ends the rest, and searches anew.
                is_at_end = true;
                block = if token.kind == Kind::StreamEnd {
                    self.end_of_text()
                } else {
                    self.mark
                };
                below_zero = block.at == 0;
                block.at = block.at.saturating_sub(1);
            }
            let mut stop = block.at;
            for comment in self.comments.iter().rev() {
                if comment.end.at < stop && !below_zero {
                    break;
                }
                if isize::try_from(comment.start.column).ok() == Some(self.indent + 1) {
                    block = comment.start;
                    below_zero = false;
                }
                stop = comment.scan.at;
            }
            self.tokens[*end].start = block;
            last = Some(block);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
        last
    }

    /// The end counts as a new line.
    fn end_of_text(&self) -> Mark {
        let mut mark = self.mark;
        if mark.column != 0 {
            mark.column = 0;
            mark.line += 1;
        }
        mark
    }

    /// The rest of the line from a `#` on.
    fn read_comment(&mut self) -> &'a str {
        let rest = self.text.get(self.mark.at..).unwrap_or_default();
        let text = rest.split('\n').next().unwrap_or_default();
        let end = self.mark.at + text.len();
        while self.mark.at < end {
            self.skip();
        }
        text
    }

    /// A comment in the line of a token, behind it.
    fn scan_line_comment(&mut self, token: Mark) {
        if self.newlines > 0 {
            return;
        }
        let blanks = (0..MAX_PEEK_BYTES).find(|peek| !self.is_blank(self.mark.at + peek));
        let Some(blanks) = blanks.filter(|peek| self.byte(self.mark.at + peek) == b'#') else {
            return;
        };
        for _ in 0..blanks {
            self.skip();
        }
        let start = self.mark;
        let line = self.read_comment().to_owned();
        self.comments.push(Comment {
            token,
            start,
            line,
            ..Comment::default()
        });
    }

    /// What a search for comments begins with, behind the last token.
    fn search(&self, scan: Mark) -> Option<Search> {
        let mut last = self.last();
        if last.is_some_and(|at| self.tokens[at].kind == Kind::FlowEntry) {
            last = self.before_last().and_then(|token| {
                self.tokens
                    .iter()
                    .position(|other| std::ptr::eq(other, token))
            });
        }
        let before = self.tokens[last?];
        let mut search = Search {
            scan,
            token: before.start,
            follows_colon: before.kind == Kind::Value,
            start: Mark::default(),
            next_indent: usize::try_from(self.indent).unwrap_or(0),
            recent_empty: false,
            first_empty: self.newlines <= 1,
            line: self.mark.line,
            column: self.mark.column,
            foot_line: None,
            text: String::new(),
        };
        if scan.line > 0 {
            let below = usize::from(self.newlines == 0 && self.mark.column > 1);
            search.foot_line = Some((self.mark.line + 1 + below).saturating_sub(self.newlines));
        }
        Some(search)
    }

    /// Comments in lines of their own, from the `#` at the mark on: each block of lines is a foot of what was before, or a head of what follows.
    fn scan_comments(&mut self, scan: Mark) {
        let Some(mut search) = self.search(scan) else {
            return;
        };
        let mut peek = 0;
        while peek < MAX_PEEK_BYTES {
            let at = self.mark.at + peek;
            search.column += 1;
            if self.is_blank(at) {
                peek += 1;
                continue;
            }
            let c = self.byte(at);
            let closes = self.flow_level > 0 && matches!(c, b']' | b'}');
            if closes || matches!(c, b'\n' | 0) {
                self.comments.extend(search.at_break(at, closes, c == 0));
                if c != b'\n' {
                    break;
                }
                search.first_empty = false;
                search.recent_empty = true;
                search.column = 0;
                search.line += 1;
                peek += 1;
                continue;
            }
            self.comments.extend(search.at_other_indent(at));
            if c != b'#' {
                break;
            }
            if search.text.is_empty() {
                search.start = search.place(at);
            } else {
                search.text.push('\n');
            }
            search.recent_empty = false;
            while self.mark.at < at {
                self.skip();
            }
            search.text.push_str(self.read_comment());
            // The next look is at the line below, but the line is counted as this one: so does go-yaml.
            peek = 1;
            search.column = 0;
            search.line = self.mark.line;
        }
        if !search.text.is_empty() {
            let end = (self.mark.at + peek).saturating_sub(1);
            let comment = Comment {
                scan: search.scan,
                token: search.start,
                start: search.start,
                end: search.place(end),
                head: search.text,
                ..Comment::default()
            };
            self.comments.push(comment);
        }
    }
}

/// A block of comment lines that is being read.
struct Search {
    scan: Mark,
    token: Mark,
    follows_colon: bool,
    start: Mark,
    next_indent: usize,
    recent_empty: bool,
    first_empty: bool,
    line: usize,
    column: usize,
    /// The line in which a foot of what was before must begin.
    foot_line: Option<usize>,
    text: String,
}

impl Search {
    fn place(&self, at: usize) -> Mark {
        Mark {
            at,
            line: self.line,
            column: self.column,
        }
    }

    fn is_dedented(&self) -> bool {
        self.start.column <= self.next_indent
    }

    /// At the end of a line without comment: the first empty line parts a foot from what follows.
    fn at_break(&mut self, at: usize, closes: bool, is_end: bool) -> Option<Comment> {
        if !closes && self.recent_empty {
            return None;
        }
        let is_foot_line = Some(self.start.line) == self.foot_line && !self.follows_colon;
        if closes || self.first_empty && (is_foot_line || self.is_dedented()) {
            if self.text.is_empty() {
                return None;
            }
            if self.is_dedented() {
                // It has nothing to do with what was before.
                self.token = self.start;
            }
            return Some(self.foot(at));
        }
        if !self.text.is_empty() && !is_end {
            self.text.push('\n');
        }
        None
    }

    /// Text at another indent makes a foot of the lines so far.
    fn at_other_indent(&mut self, at: usize) -> Option<Comment> {
        let is_other = self.column <= self.next_indent && self.column != self.start.column;
        (!self.text.is_empty() && is_other).then(|| self.foot(at))
    }

    fn foot(&mut self, at: usize) -> Comment {
        let end = self.place(at);
        let comment = Comment {
            scan: self.scan,
            token: self.token,
            start: self.start,
            end,
            foot: std::mem::take(&mut self.text),
            ..Comment::default()
        };
        self.scan = end;
        self.token = end;
        comment
    }
}
