//! Which objects a patch or replacement means: anchored regular expressions on the identity, selectors on labels and annotations.

use regex::Regex;
use skein_object::LabelSelector;

use crate::error::{BuildError, Outcome};
use crate::id::{Gvk, ResId};

/// A selector as a kustomization writes it; what is empty matches anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) id: ResId,
    pub(crate) annotation_selector: String,
    pub(crate) label_selector: String,
}

/// One pattern: anything, an exact text, or an expression.
#[derive(Clone, Debug)]
enum Pattern {
    Any,
    Exact(String),
    Expression(Regex),
}

impl Pattern {
    fn new(text: &str) -> Outcome<Self> {
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/'))
        {
            return Ok(Self::Exact(text.to_owned()));
        }
        let whole = format!("^(?:{text})$");
        skein_gowords::regex(&whole)
            .map(Self::Expression)
            .map_err(|problem| {
                let message = format!("'{text}' is not a regular expression: {problem}");
                BuildError::invalid(message).upstream(|_| problem)
            })
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact == text,
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

/// A selector ready to match.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    pub(crate) labels: LabelSelector,
    pub(crate) annotations: LabelSelector,
    /// Whether no part of the identity is selected by.
    pub(crate) any_id: bool,
}

impl Matcher {
    pub(crate) fn new(selector: &Selector) -> Outcome<Self> {
        let of = |text: &str| {
            LabelSelector::parse(text).map_err(|e| {
                BuildError::invalid(format!("'{text}': {e}")).upstream(|_| e.to_string())
            })
        };
        let gvk = &selector.id.gvk;
        Ok(Self {
            group: Pattern::new(&gvk.group)?,
            version: Pattern::new(&gvk.version)?,
            kind: Pattern::new(&gvk.kind)?,
            name: Pattern::new(&selector.id.name)?,
            namespace: Pattern::new(&selector.id.namespace)?,
            labels: of(&selector.label_selector)?,
            annotations: of(&selector.annotation_selector)?,
            any_id: selector.id == ResId::default(),
        })
    }

    pub(crate) fn gvk(&self, gvk: &Gvk) -> bool {
        self.gvk_parts(&gvk.group, &gvk.version, &gvk.kind)
    }

    pub(crate) fn gvk_parts(&self, group: &str, version: &str, kind: &str) -> bool {
        self.kind.matches(kind) && self.group.matches(group) && self.version.matches(version)
    }

    pub(crate) fn name(&self, name: &str) -> bool {
        self.name.matches(name)
    }

    pub(crate) fn namespace(&self, namespace: &str) -> bool {
        self.namespace.matches(namespace)
    }

    /// Whether an identity matches with the namespace as written.
    pub(crate) fn id(&self, id: &ResId) -> bool {
        self.gvk(&id.gvk) && self.name(&id.name) && self.namespace(&id.namespace)
    }
}
