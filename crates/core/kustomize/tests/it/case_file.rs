//! Files of cases: `=== name`, then sections; what reads them are our tests, those of the command line, and the recorder.
//!
//! `-- path --` is a file, `-- path base64 --` one with bytes, `-- path = name --` one from `shared.txt` of the same folder; `-- want root --` is
//! the output for a root (also with `base64`), `-- want error root --` says that it must fail.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// One case: its files, and what each of its roots gives (`None`: an error).
#[derive(Debug, Default)]
pub struct Case {
    pub name: String,
    /// The case as it is written, without what is wanted.
    pub text: String,
    pub files: BTreeMap<String, Vec<u8>>,
    pub wanted: Vec<(String, Option<String>)>,
}

/// Name of the file with what several cases use.
pub const SHARED: &str = "shared.txt";

/// Texts by name that the cases of a folder share.
pub fn shared(folder: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder.join(SHARED)).expect("shared.txt");
    text.split("=== ")
        .skip(1)
        .map(|part| part.split_once('\n').expect("a name line"))
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect()
}

/// The cases of one file.
pub fn parse(text: &str, shared: &BTreeMap<String, String>) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut section: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        let head = bare.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --"));
        if let Some(name) = bare.strip_prefix("=== ") {
            finish(cases.last_mut(), section.take(), shared);
            cases.push(Case {
                name: name.to_owned(),
                text: line.to_owned(),
                ..Case::default()
            });
        } else if let Some(head) = head {
            finish(cases.last_mut(), section.take(), shared);
            section = Some((head.to_owned(), String::new()));
        } else if let Some((_, content)) = &mut section {
            content.push_str(line);
        }
    }
    finish(cases.last_mut(), section, shared);
    cases
}

fn finish(
    case: Option<&mut Case>,
    section: Option<(String, String)>,
    shared: &BTreeMap<String, String>,
) {
    let (Some(case), Some((whole_head, text))) = (case, section) else {
        return;
    };
    let (head, content) = match whole_head.strip_suffix(" base64") {
        Some(head) => (head, STANDARD.decode(text.trim()).expect("base64")),
        None => (whole_head.as_str(), text.clone().into_bytes()),
    };
    if let Some(root) = head.strip_prefix("want error ") {
        case.wanted.push((root.to_owned(), None));
        return;
    }
    if let Some(root) = head.strip_prefix("want ") {
        let output = String::from_utf8(content).expect("output is UTF-8");
        case.wanted.push((root.to_owned(), Some(output)));
        return;
    }
    case.text.push_str(&format!("-- {whole_head} --\n{text}"));
    let (path, content) = match head.split_once(" = ") {
        Some((path, name)) => (path, shared[name].clone().into_bytes()),
        None => (head, content),
    };
    case.files.insert(path.to_owned(), content);
}
