//! Reads the command lines: one case a line, below `== group` headings.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Words that stand for what differs between the two programs.
const OWN_NAMESPACE: &str = "{ns}";

/// Commands that need no cluster whatever their flags.
const LOCAL_COMMANDS: [&str; 8] = [
    "envsubst",
    "completion",
    "push",
    "pull",
    "tag",
    "list",
    "trigger",
    "--help",
];

/// Commands that write into the folder they run in.
const FOLDER_COMMANDS: [&str; 5] = ["build", "pull", "migrate", "push", "install"];

/// One command line.
#[derive(Debug)]
pub struct Case {
    /// Number of its file: cases of one file that change something run one after the other, those of different files side by side.
    pub file: usize,
    /// The heading it stands below.
    pub group: String,
    /// As it stands in the file.
    pub line: String,
    /// Words after the program's name.
    pub words: Vec<String>,
    /// Variables of its environment.
    pub variables: Vec<(String, String)>,
    /// File that is its standard input.
    pub input: Option<String>,
    /// Whether objects that it changes are answered as a controller would.
    pub with_controller: bool,
    /// Parts that need not be equal: stdout, stderr, code, state.
    pub excused: String,
}

impl Case {
    /// Whether it changes objects: then both programs have a namespace of their own.
    pub fn changes(&self) -> bool {
        self.line.contains(OWN_NAMESPACE)
    }

    /// Whether it can run beside others: it changes neither objects nor the files that the cases share.
    pub fn is_independent(&self) -> bool {
        let first = self.words.first().map(String::as_str).unwrap_or_default();
        !self.changes() && !FOLDER_COMMANDS.contains(&first)
    }

    /// Whether the answer depends on the API server.
    pub fn needs_cluster(&self) -> bool {
        let first = self.words.first().map(String::as_str).unwrap_or_default();
        let exports = first == "create" && self.words.iter().any(|word| word == "--export");
        !exports && !LOCAL_COMMANDS.contains(&first)
    }
}

/// All cases of the folder's files, in the order of file names.
pub fn read(folder: &Path) -> Result<Vec<Case>> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let text =
            fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        let found = parse(&text).with_context(|| format!("in {}", file.display()))?;
        cases.extend(found.into_iter().map(|case| Case {
            file: number,
            ..case
        }));
    }
    Ok(cases)
}

/// `== group`, `# comment`, `~ parts: reason` before a line whose parts may differ, `@` before a line that needs a controller.
fn parse(text: &str) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let (mut group, mut excused) = (String::new(), String::new());
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("== ") {
            name.clone_into(&mut group);
        } else if let Some(parts) = line.strip_prefix("~ ") {
            let Some((parts, _reason)) = parts.split_once(':') else {
                bail!(
                    "line {}: a difference has parts, a colon and a reason",
                    number + 1
                );
            };
            parts.clone_into(&mut excused);
        } else {
            let mut case = case(&group, line).with_context(|| format!("line {}", number + 1))?;
            case.excused = std::mem::take(&mut excused);
            cases.push(case);
        }
    }
    Ok(cases)
}

fn case(group: &str, line: &str) -> Result<Case> {
    let with_controller = line.starts_with("@ ");
    let rest = line.strip_prefix("@ ").unwrap_or(line);
    let (rest, input) = match rest.split_once(" < ") {
        Some((rest, file)) => (rest, Some(file.trim().to_owned())),
        None => (rest, None),
    };
    let mut words = split(rest)?;
    let mut variables = Vec::new();
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        if !name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        {
            break;
        }
        variables.push((name.to_owned(), value.to_owned()));
        words.remove(0);
    }
    Ok(Case {
        file: 0,
        group: group.to_owned(),
        line: line.to_owned(),
        words,
        variables,
        input,
        with_controller,
        excused: String::new(),
    })
}

/// Words as a shell splits them; quotes hold words together, a backslash is one.
fn split(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c == ' ' => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        bail!("a quote is not closed");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_words_variables_input_and_marks() {
        let text = "== get\n# no\n~ stderr: other words\nget 'a b' c\"\"\n@ A=1 reconcile -n {ns} x < f.yaml\n";
        let cases = parse(text).unwrap();
        assert_eq!(cases[0].words, ["get", "a b", "c"]);
        assert_eq!(cases[0].excused, "stderr");
        assert!(!cases[0].changes() && cases[0].needs_cluster());
        assert_eq!(cases[1].variables, [("A".to_owned(), "1".to_owned())]);
        assert_eq!(cases[1].input.as_deref(), Some("f.yaml"));
        assert!(cases[1].with_controller && cases[1].changes() && cases[1].excused.is_empty());
        assert!(parse("get 'a").is_err());
    }
}
