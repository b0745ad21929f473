//! Words that stand for arguments, by what the argument is about; many are odd on purpose.

use std::collections::BTreeMap;

/// Words by kind, from `words.txt`: a kind in brackets, then a word a line, with `␊`, `␉` and `␠` for line ends, tabs and blanks, and `␀` for nothing.
pub struct Words(BTreeMap<String, Vec<String>>);

impl Words {
    pub fn read() -> Self {
        let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut kind = String::new();
        for line in include_str!("words.txt").lines() {
            let heading = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            if let Some(heading) = heading {
                heading.clone_into(&mut kind);
                continue;
            }
            let word = line
                .replace('␊', "\n")
                .replace('␉', "\t")
                .replace('␠', " ")
                .replace('␀', "");
            words.entry(kind.clone()).or_default().push(word);
        }
        Self(words)
    }

    /// The words of a kind; of a kind that is not listed, those that can stand for anything.
    pub fn of(&self, kind: &str) -> &[String] {
        let words = self.0.get(kind).or_else(|| self.0.get("any"));
        words.map_or(&[], Vec::as_slice)
    }
}
