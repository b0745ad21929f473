//! Which comments go-yaml v3 gives to which node of a document: those above it (head), behind it (line) and below it (foot).
//!
//! The tokens come from libyaml's scanner, which drops comments. [`gaps`] replays what stands between them as go-yaml's scanner meets it, two tokens
//! ahead of the parser; [`grammar`] replays the parser, which hands the comments to the events that it makes.

mod gaps;
mod grammar;
mod tokens;

/// The comments of one node, with their `#`, lines joined by line feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeComments {
    /// In the lines above.
    pub head: String,
    /// At the end of the line.
    pub line: String,
    /// In the lines below, before an empty one.
    pub foot: String,
}

impl NodeComments {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.line.is_empty() && self.foot.is_empty()
    }
}

/// The comments of the nodes of the first document, in the order of their beginnings (aliases count); `None` for a text that the scanner refuses.
pub(crate) fn comments_of_nodes(text: &[u8]) -> Option<Vec<NodeComments>> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let tokens = tokens::scan(text)?;
    Some(grammar::Grammar::new(gaps::Gaps::new(text, tokens)).document())
}
