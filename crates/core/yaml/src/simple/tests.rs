//! Every text that is read here has to give the tree that the parser gives.

use std::path::{Path, PathBuf};

use super::document;
use crate::compose::{Composer, Dialect};
use crate::encoding::prepared;
use crate::node::Node;

/// Texts beside those in the tree: what each of them has is read here.
const READ: &[&str] = &[
    "a: 1\n",
    "a: 1",
    "  a:\n    b: c\n  d: e\n",
    "---\na: b\n",
    "# first\n\n---  \n# second\na: b # third\n",
    "- a\n- b: c\n  d:\n  - e\n  -\n  - f\n-\n  g: h\n",
    "a:\n- b\n- c:\n  - d\n  e: f\ng:\n",
    "a:\n  - b\n\n  # c\n  - d: {}\n    e: []\n",
    "a: \"b # c\" # d\n'e': 'f: g'\n\"h\": ''\n",
    "a: {b: c, d: [e, \"f\", {g: h}], 'i': 1.5}\nj: [ k,l , m ]\n",
    "a: |\n  b\n   c\n\n  # d\ne: |-\n  f\n\n\ng: |+\n  h\n\n",
    "a:\n- |\n b\n- |-\n  c\n   \n# d\n- e\n",
    "a: |\n\n  b\nc: d\n",
    "a: b c  d # e\nf: -1\ng: http://h:8080/#i\nj: ~\nk: yes\nl: 0x1F\nm: <<\n",
];

/// Texts that are left to the parser, because they are broken or say more.
const LEFT: &[&str] = &[
    "",
    "# a\n",
    "a\n",
    "a: b\n---\nc: d\n",
    "a: b\n...\n",
    "a: &b c\nd: *b\n",
    "a: !!str 1\n",
    "a: \"b\\n\"\n",
    "a: 'b''c'\n",
    "a: >\n  b\n",
    "a: |2\n  b\n",
    "a: |\n  b",
    "a: |\n   \n b\n",
    "a: b\n  c\n",
    "a: b: c\n",
    "a: b\n c: d\n",
    "a:\n    b: c\n  d: e\n",
    "a:\n- b\n  - c\n",
    "- a\nb: c\n",
    "a: [b, c\n",
    "a: [b c]\n",
    "a: {b}\n",
    "a: [b,]\n",
    "a: \"b\"c\n",
    "a: \"b\"#c\n",
    "a:\tb\n",
    "a: é\n",
    "a:b\n",
    "? a\n: b\n",
    "a: %b\n",
    "a: - b\n",
    "- - a\n",
];

fn parsed(text: &[u8], dialect: Dialect) -> Option<Node> {
    let text = prepared(text).ok()?;
    let mut composer = Composer::new(&text, dialect).ok()?;
    composer.lines_before = 7;
    composer.next_document().ok()?
}

/// Whether the text was read here; fails where the parser thinks otherwise.
fn is_read(text: &str) -> bool {
    let mut is_read = false;
    for dialect in [Dialect::V2, Dialect::V3] {
        let Some(node) = document(text.as_bytes(), dialect, 7) else {
            continue;
        };
        is_read = true;
        assert_eq!(Some(node), parsed(text.as_bytes(), dialect), "{text:?}");
    }
    is_read
}

#[test]
fn what_is_simple_is_read_here() {
    for text in READ {
        assert!(is_read(text), "{text:?}");
    }
    for text in LEFT {
        assert!(!is_read(text), "{text:?}");
    }
}

#[test]
fn deep_nesting_is_left_to_the_parser() {
    let mut text = String::new();
    for level in 0..200 {
        text.push_str(&" ".repeat(level));
        text.push_str("a:\n");
    }
    assert!(!is_read(&text));
    assert!(!is_read(&format!("a: {}\n", "[".repeat(10_000))));
}

/// YAML files below a folder, sorted.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "txt")
        {
            found.push(path);
        }
    }
}

/// The parts of the files of examples and of the corpus of kustomizations.
fn real_texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut found = Vec::new();
    for folder in ["examples", "crates/core/kustomize/tests/corpus"] {
        files(&root.join(folder), &mut found);
    }
    let mut texts = Vec::new();
    for path in found {
        let text = std::fs::read_to_string(path).expect("a text");
        texts.extend(text.split("\n---").map(|part| format!("{part}\n")));
    }
    texts
}

#[test]
fn real_texts_read_alike() {
    let texts = real_texts();
    let read = texts.iter().filter(|text| is_read(text)).count();
    assert!(read * 2 > texts.len(), "{read} of {}", texts.len());
}

/// Small steps through all numbers, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

#[test]
fn changed_texts_read_alike() {
    const PIECES: &[&str] = &[
        " ", "  ", "\n", "\n\n", ": ", ":", "- ", "-", " #", "#", "'", "\"", "{", "}", "[", "]",
        ", ", "|", "|-\n", ">", "&a ", "*a", "!", "\\", "---\n", "...", "a", "0", "\n  ", "? ",
        "<<", "%", "@", "\t", "=", "~", "\n    ", "é",
    ];
    const ROUNDS: usize = 12;
    const LONGEST: usize = 1500;
    let mut numbers = Numbers(1);
    let mut read = 0;
    let own = READ.iter().map(|text| (*text).to_owned());
    let real = real_texts().into_iter().filter(|text| text.len() < LONGEST);
    for text in own.chain(real) {
        for _ in 0..ROUNDS {
            let mut changed = text.clone();
            for _ in 0..=numbers.below(3) {
                let mut from = numbers.below(changed.len() + 1);
                while !changed.is_char_boundary(from) {
                    from -= 1;
                }
                let mut to = (from + numbers.below(4)).min(changed.len());
                while !changed.is_char_boundary(to) {
                    to -= 1;
                }
                let piece = if numbers.below(4) == 0 {
                    ""
                } else {
                    PIECES[numbers.below(PIECES.len())]
                };
                changed.replace_range(from..to.max(from), piece);
            }
            read += usize::from(is_read(&changed));
        }
    }
    assert!(read > 1000, "{read}");
}
