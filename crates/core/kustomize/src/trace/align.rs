//! Follows the fields of an object from one step to the next: which stayed, which changed, which are new.

use skein_yaml::{Kind, Node};

use super::Lines;

/// Fields by which elements of lists are told apart, the most telling first.
const ELEMENT_KEYS: [&str; 10] = [
    "name",
    "key",
    "mountPath",
    "containerPort",
    "port",
    "host",
    "path",
    "ip",
    "type",
    "id",
];

/// The history of one object, as a tree beside its own.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    /// Tells objects apart, whatever their names become.
    pub(crate) number: u32,
    pub(crate) root: Branch,
}

/// A step that set a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) step: usize,
    pub(crate) line: Option<u32>,
    /// The text of the scalar that was set; `None` for a value that was taken away.
    pub(crate) value: Option<String>,
}

/// The history of one place. `branches` belong to the values of a map or the items of a list, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Branch {
    pub(crate) marks: Vec<Mark>,
    pub(crate) branches: Vec<Branch>,
    /// Fields that were there once: name and history.
    pub(crate) gone: Vec<(String, Branch)>,
}

/// The step whose changes are noted.
pub(super) struct Author<'a> {
    pub(super) step: usize,
    pub(super) lines: &'a Lines,
}

impl Author<'_> {
    /// The line of what the step wrote to a path.
    fn line(&self, node: Option<&Node>, path: &[String]) -> Option<u32> {
        match self.lines {
            Lines::Field => None,
            Lines::Nodes(before) => node
                .map(|n| n.line)
                .filter(|line| *line > 0 && *line != Node::REREAD_LINE)
                .map(|line| line + before),
            Lines::Operations(list) => list
                .iter()
                .rev()
                .find(|(pointer, _)| leads_to(pointer, path))
                .map(|(_, line)| *line),
        }
    }

    fn mark(&self, node: &Node, path: &[String]) -> Mark {
        Mark {
            step: self.step,
            line: self.line(Some(node), path),
            value: Some(text_of(node)),
        }
    }
}

/// Whether a pointer is the beginning of a path; `-` is any element.
fn leads_to(pointer: &[String], path: &[String]) -> bool {
    pointer.len() <= path.len() && pointer.iter().zip(path).all(|(p, q)| p == q || p == "-")
}

fn text_of(node: &Node) -> String {
    match node.kind {
        Kind::Scalar if node.is_null() => "null".to_owned(),
        Kind::Scalar => node.value.as_str().to_owned(),
        Kind::Mapping => "{}".to_owned(),
        Kind::Sequence => "[]".to_owned(),
    }
}

/// The values of a map, or the items of a list.
fn values(node: &Node) -> Vec<&Node> {
    match node.kind {
        Kind::Mapping => node.entries().map(|(_, value)| value).collect(),
        Kind::Sequence => node.content.iter().collect(),
        Kind::Scalar => Vec::new(),
    }
}

/// The name of each value: a key, or an index.
fn names(node: &Node) -> Vec<String> {
    match node.kind {
        Kind::Mapping => node
            .entries()
            .map(|(key, _)| key.value.as_str().to_owned())
            .collect(),
        _ => (0..node.content.len()).map(|at| at.to_string()).collect(),
    }
}

/// How places carry on from step to step.
impl Branch {
    /// Everything is the step's.
    pub(super) fn fresh(node: &Node, author: &Author<'_>) -> Self {
        Self::made(node, author, &mut Vec::new())
    }

    fn made(node: &Node, author: &Author<'_>, path: &mut Vec<String>) -> Self {
        let mut branch = Self::default();
        if node.content.is_empty() {
            branch.marks.push(author.mark(node, path));
            return branch;
        }
        for (name, value) in names(node).into_iter().zip(values(node)) {
            path.push(name);
            branch.branches.push(Self::made(value, author, path));
            path.pop();
        }
        branch
    }

    /// The history after a step that made `new` of `old`.
    pub(super) fn followed(&self, old: &Node, new: &Node, author: &Author<'_>) -> Self {
        self.after(old, new, author, &mut Vec::new())
    }

    fn after(&self, old: &Node, new: &Node, author: &Author<'_>, path: &mut Vec<String>) -> Self {
        if old.kind != new.kind || new.kind == Kind::Scalar {
            return self.after_scalar(old, new, author, path);
        }
        let (was, is) = (values(old), values(new));
        if is.is_empty() {
            let mut branch = self.clone();
            branch.branches.clear();
            if !was.is_empty() {
                branch.marks.push(author.mark(new, path));
            }
            return branch;
        }
        let pairs = match new.kind {
            Kind::Mapping => pairs_of_maps(old, new),
            _ => pairs_of_lists(old, new),
        };
        let mut branch = Self {
            marks: Vec::new(),
            branches: Vec::with_capacity(is.len()),
            gone: self.gone.clone(),
        };
        for ((name, value), from) in names(new).into_iter().zip(is).zip(&pairs) {
            path.push(name.clone());
            let known = from.and_then(|at| Some((self.branches.get(at)?, *was.get(at)?)));
            let next = match known {
                Some((before, old)) => before.after(old, value, author, path),
                None => branch.made_again(&name, value, author, path),
            };
            branch.branches.push(next);
            path.pop();
        }
        if new.kind == Kind::Mapping {
            self.note_gone(old, &pairs, author, path, &mut branch);
        }
        branch
    }

    fn after_scalar(
        &self,
        old: &Node,
        new: &Node,
        author: &Author<'_>,
        path: &mut Vec<String>,
    ) -> Self {
        if old.kind == new.kind && old.value == new.value && old.is_null() == new.is_null() {
            return self.clone();
        }
        let mut branch = Self::made(new, author, path);
        let mut marks = self.marks.clone();
        marks.append(&mut branch.marks);
        branch.marks = marks;
        branch
    }

    /// A field that is new, or was there once.
    fn made_again(
        &mut self,
        name: &str,
        value: &Node,
        author: &Author<'_>,
        path: &mut Vec<String>,
    ) -> Self {
        let mut branch = Self::made(value, author, path);
        if let Some(at) = self.gone.iter().position(|(gone, _)| gone == name) {
            let (_, before) = self.gone.remove(at);
            let mut marks = before.marks;
            marks.append(&mut branch.marks);
            branch.marks = marks;
        }
        branch
    }

    fn note_gone(
        &self,
        old: &Node,
        pairs: &[Option<usize>],
        author: &Author<'_>,
        path: &mut Vec<String>,
        branch: &mut Self,
    ) {
        for (at, name) in names(old).into_iter().enumerate() {
            if pairs.contains(&Some(at)) {
                continue;
            }
            path.push(name.clone());
            let mut gone = self.branches.get(at).cloned().unwrap_or_default();
            gone.marks.push(Mark {
                step: author.step,
                line: author.line(None, path),
                value: None,
            });
            path.pop();
            branch.gone.push((name, gone));
        }
    }
}

/// For each field of the new map its place in the old one.
fn pairs_of_maps(old: &Node, new: &Node) -> Vec<Option<usize>> {
    let before = names(old);
    names(new)
        .iter()
        .map(|name| before.iter().position(|b| b == name))
        .collect()
}

/// For each item of the new list the one of the old list that it was: an equal one, else one with the same telling field, else, in lists of
/// one length, the one in its place.
fn pairs_of_lists(old: &Node, new: &Node) -> Vec<Option<usize>> {
    let (was, is) = (values(old), values(new));
    let mut pairs = vec![None; is.len()];
    let mut used = vec![false; was.len()];
    let mut pass = |same: &dyn Fn(usize, usize) -> bool, pairs: &mut Vec<Option<usize>>| {
        for (at, pair) in pairs.iter_mut().enumerate() {
            if pair.is_none()
                && let Some(from) = (0..was.len()).find(|from| !used[*from] && same(*from, at))
            {
                used[from] = true;
                *pair = Some(from);
            }
        }
    };
    pass(&|from, at| was[from] == is[at], &mut pairs);
    pass(&|from, at| same_key(was[from], is[at]), &mut pairs);
    if was.len() == is.len() {
        pass(&|from, at| from == at, &mut pairs);
    }
    pairs
}

fn same_key(a: &Node, b: &Node) -> bool {
    let key = ELEMENT_KEYS
        .iter()
        .find(|key| a.get(key).is_some() || b.get(key).is_some());
    key.is_some_and(|key| match (a.get(key), b.get(key)) {
        (Some(x), Some(y)) => x.kind == Kind::Scalar && x.value == y.value,
        _ => false,
    })
}
