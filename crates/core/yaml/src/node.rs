//! The node tree: what go-yaml v3 calls a `yaml.Node`.

use compact_str::CompactString;

use crate::compose::Dialect;
use crate::detail::Detail;
use crate::resolve::{Scalar, resolve};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, number, boolean or null.
    Scalar,
    /// A list; `content` holds the items.
    Sequence,
    /// A map; `content` holds keys and values in turn.
    Mapping,
}

/// How a node was, or is to be, written: a set of flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style(u8);

impl Style {
    /// Plain scalars and block collections.
    pub const PLAIN: Self = Self(0);
    /// The tag is written out.
    pub const TAGGED: Self = Self(1);
    /// `"text"`.
    pub const DOUBLE_QUOTED: Self = Self(2);
    /// `'text'`.
    pub const SINGLE_QUOTED: Self = Self(4);
    /// `|` block.
    pub const LITERAL: Self = Self(8);
    /// `>` block.
    pub const FOLDED: Self = Self(16);
    /// `{}` and `[]`.
    pub const FLOW: Self = Self(32);
    /// A list or map out of which the last element was taken.
    pub const EMPTIED: Self = Self(128);
    /// Stands where an alias stood; only [`crate::compose_with_aliases`] sets it.
    pub const ALIAS: Self = Self(64);

    /// Whether any flag of `other` is set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The flags that are not in the other set.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Both sets of flags.
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The flags as go-yaml numbers them.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether the style makes every scalar a string.
    pub fn is_quoted(self) -> bool {
        self.has(Self(2 | 4 | 8 | 16))
    }
}

/// The type tag of a node. `None` means that the plain text decides, as for nodes that code makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tag {
    /// No tag: resolved from the text when needed.
    #[default]
    None,
    /// `!!null`
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!str`
    Str,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// `!!merge`, the key `<<`.
    Merge,
    /// `!!seq`
    Seq,
    /// `!!map`
    Map,
    /// Any other tag.
    Other(Box<OtherTag>),
}

/// A tag that has no type here, as written. In a box of its own: tags stand in every node, and these are rare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherTag(Box<str>);

impl Tag {
    /// From the tag of an event, in long or short form.
    pub fn from_text(text: &str) -> Self {
        let short = text
            .strip_prefix("tag:yaml.org,2002:")
            .or_else(|| text.strip_prefix("!!"))
            .unwrap_or_default();
        match short {
            "null" => Self::Null,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "str" => Self::Str,
            "timestamp" => Self::Timestamp,
            "binary" => Self::Binary,
            "merge" => Self::Merge,
            "seq" => Self::Seq,
            "map" => Self::Map,
            _ => Self::Other(Box::new(OtherTag(text.into()))),
        }
    }

    /// The short form: `!!str`; empty for none.
    pub fn as_text(&self) -> &str {
        match self {
            Self::None => "",
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Str => "!!str",
            Self::Timestamp => "!!timestamp",
            Self::Binary => "!!binary",
            Self::Merge => "!!merge",
            Self::Seq => "!!seq",
            Self::Map => "!!map",
            Self::Other(tag) => &tag.0,
        }
    }

    /// The tag that a plain text resolves to.
    pub fn of_plain(text: &str, dialect: Dialect) -> Self {
        match resolve(text, dialect) {
            Scalar::Null => Self::Null,
            Scalar::Bool(_) => Self::Bool,
            Scalar::Int(_) | Scalar::Uint(_) => Self::Int,
            Scalar::Float(_) => Self::Float,
            Scalar::Timestamp(_) => Self::Timestamp,
            Scalar::Text => Self::Str,
        }
    }
}

/// One node of a YAML document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub style: Style,
    /// Its type tag.
    pub tag: Tag,
    /// Line in the source, from 1; 0 for nodes that code made, [`Node::REREAD_LINE`] for those that were written and read again on the way.
    pub line: u32,
    /// Nodes of one object that have the same number (other than 0) are one value that stands in several places: whoever changes one
    /// of them in place changes all. Only the engine that hands out the numbers keeps them equal.
    pub shared: u32,
    /// Place and comments in the document, where [`crate::compose_detailed`] read it.
    pub detail: Option<Box<Detail>>,
    /// Text of a scalar; empty for others. Short ones, as most are, lie in place.
    pub value: CompactString,
    /// Items of a list; keys and values in turn of a map.
    pub content: Vec<Node>,
}

impl Node {
    /// Stands for a line in a text that nobody sees.
    pub const REREAD_LINE: u32 = u32::MAX;

    fn of(kind: Kind, tag: Tag, value: CompactString) -> Self {
        Self {
            kind,
            style: Style::PLAIN,
            tag,
            line: 0,
            shared: 0,
            detail: None,
            value,
            content: Vec::new(),
        }
    }

    /// A scalar without tag: its text decides what it is.
    pub fn scalar(value: impl Into<CompactString>) -> Self {
        Self::of(Kind::Scalar, Tag::None, value.into())
    }

    /// A scalar with a tag.
    pub fn tagged(value: impl Into<CompactString>, tag: Tag) -> Self {
        Self::of(Kind::Scalar, tag, value.into())
    }

    /// A string, as a block when it has several lines.
    pub fn string(value: impl Into<CompactString>) -> Self {
        let mut node = Self::of(Kind::Scalar, Tag::Str, value.into());
        if node.value.contains('\n') {
            node.style = Style::LITERAL;
        }
        node
    }

    /// The null scalar.
    pub fn null() -> Self {
        Self::of(Kind::Scalar, Tag::Null, CompactString::default())
    }

    /// An empty map without tag.
    pub fn mapping() -> Self {
        Self::of(Kind::Mapping, Tag::None, CompactString::default())
    }

    /// An empty list without tag.
    pub fn sequence() -> Self {
        Self::of(Kind::Sequence, Tag::None, CompactString::default())
    }

    /// Whether it is a map.
    pub fn is_mapping(&self) -> bool {
        self.kind == Kind::Mapping
    }

    /// Whether it is a list.
    pub fn is_sequence(&self) -> bool {
        self.kind == Kind::Sequence
    }

    /// Whether it is a scalar.
    pub fn is_scalar(&self) -> bool {
        self.kind == Kind::Scalar
    }

    /// Whether it is tagged as null.
    pub fn is_null(&self) -> bool {
        self.tag == Tag::Null
    }

    /// Null, or a map or list without content.
    pub fn is_null_or_empty(&self) -> bool {
        self.is_null() || (self.kind != Kind::Scalar && self.content.is_empty())
    }

    /// A scalar that is a string or has no tag.
    pub fn is_string_value(&self) -> bool {
        self.kind == Kind::Scalar && matches!(self.tag, Tag::Str | Tag::None)
    }

    /// Keys and values of a map, in order; nothing for other kinds.
    pub fn entries(&self) -> impl Iterator<Item = (&Node, &Node)> {
        let pairs = if self.is_mapping() {
            self.content.as_slice()
        } else {
            &[]
        };
        pairs.chunks_exact(2).map(|pair| (&pair[0], &pair[1]))
    }

    /// Items of a list; nothing for other kinds.
    pub fn items(&self) -> &[Node] {
        if self.is_sequence() {
            &self.content
        } else {
            &[]
        }
    }

    /// Index in `content` of the value of a key.
    pub fn value_index(&self, key: &str) -> Option<usize> {
        if !self.is_mapping() {
            return None;
        }
        self.content
            .chunks_exact(2)
            .position(|pair| pair[0].value == key)
            .map(|i| i * 2 + 1)
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.value_index(key).map(|i| &self.content[i])
    }

    /// The value of a key of a map, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.value_index(key).map(|i| &mut self.content[i])
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of the scalar at a key; empty when absent, null or no scalar.
    pub fn text(&self, key: &str) -> &str {
        self.get(key)
            .filter(|n| !n.is_null_or_empty())
            .map_or("", |n| n.value.as_str())
    }
}
