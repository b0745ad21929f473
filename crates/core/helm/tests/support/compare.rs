//! Comparing what we print with what Helm prints: bytes, documents, and values that are random.

use serde_json::Value;

/// How two outputs relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The same bytes.
    Bytes,
    /// The same bytes, but for lines in which two runs of Helm differ.
    Random,
    /// The same documents.
    Objects,
    /// Different.
    Different,
}

/// What may vary between two runs of Helm itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Varies {
    /// Nothing.
    Nothing,
    /// Values that differ between the two recorded runs.
    Leaves,
    /// The order of documents.
    Order,
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    let parsed = skein_yaml::documents(text.as_bytes()).map_err(|e| e.to_string())?;
    let values = parsed.into_iter().map(|document| document.value);
    Ok(values.filter(|value| !value.is_null()).collect())
}

/// Compares; `second` is Helm's second run, where there is one.
pub fn compare(ours: &str, helms: &str, second: Option<&str>, varies: Varies) -> Verdict {
    if ours == helms {
        return Verdict::Bytes;
    }
    if let Some(second) = second
        && varies == Varies::Leaves
        && same_lines(ours, helms, second)
    {
        return Verdict::Random;
    }
    let (Ok(mut ours), Ok(mut helms)) = (documents(ours), documents(helms)) else {
        return Verdict::Different;
    };
    let mut second = second.and_then(|text| documents(text).ok());
    if varies == Varies::Order {
        let key = |value: &Value| value.to_string();
        ours.sort_by_cached_key(key);
        helms.sort_by_cached_key(key);
        if let Some(second) = &mut second {
            second.sort_by_cached_key(key);
        }
    }
    let (ours, helms) = (Value::Array(ours), Value::Array(helms));
    let second = second.map(Value::Array);
    if same(&ours, &helms, second.as_ref()) {
        Verdict::Objects
    } else {
        Verdict::Different
    }
}

fn same_lines(ours: &str, helms: &str, second: &str) -> bool {
    let count = ours.lines().count();
    if count != helms.lines().count() || count != second.lines().count() {
        return false;
    }
    let mut lines = ours.lines().zip(helms.lines()).zip(second.lines());
    lines.all(|((ours, helms), second)| ours == helms || helms != second)
}

/// Equal, but for leaves in which the two runs of Helm differ.
fn same(ours: &Value, helms: &Value, second: Option<&Value>) -> bool {
    match (ours, helms) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .all(|(at, (a, b))| same(a, b, second.and_then(|value| value.get(at)))),
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => b.iter().all(|(key, b)| {
            a.get(key)
                .is_some_and(|a| same(a, b, second.and_then(|value| value.get(key))))
        }),
        (a, b) if a == b => true,
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        (_, b) => second.is_some_and(|second| second != b),
    }
}

/// The first line in which two texts differ, for a report.
pub fn first_difference(ours: &str, helms: &str) -> String {
    let (mut left, mut right) = (ours.lines(), helms.lines());
    let mut line = 1;
    loop {
        match (left.next(), right.next()) {
            (None, None) => return "line ends or trailing blanks".to_owned(),
            (ours, helms) if ours == helms => line += 1,
            (ours, helms) => {
                let cut = |text: Option<&str>| {
                    text.map_or("(end)".to_owned(), |text| {
                        text.chars().take(160).collect::<String>()
                    })
                };
                return format!(
                    "line {line}\n      ours {}\n      helm {}",
                    cut(ours),
                    cut(helms)
                );
            }
        }
    }
}

/// Errors count as the same objects when they name the same place, and as the same bytes when they read the same. Problems of schemas come in an order
/// that Helm draws anew in every run.
pub fn compare_errors(ours: &str, helms: &str) -> (Verdict, String) {
    let (ours, helms) = (ours.trim(), helms.trim());
    let verdict = if ours == helms {
        Verdict::Bytes
    } else if same_problems(ours, helms) {
        Verdict::Random
    } else if place(ours) == place(helms) {
        Verdict::Objects
    } else {
        Verdict::Different
    };
    (
        verdict,
        format!("\n      ours {}\n      helm {}", cut(ours), cut(helms)),
    )
}

/// Whether two texts are the same trees of problems, in any order.
pub fn same_problems(ours: &str, helms: &str) -> bool {
    ours.contains("\n- at ") == helms.contains("\n- at ") && sorted(ours) == sorted(helms)
}

/// The lines of a tree of problems, each with the lines above it, in order of the alphabet; lists of names in order, too.
fn sorted(text: &str) -> Vec<String> {
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut lines = Vec::new();
    for line in text.trim_end().lines() {
        let depth = line.len() - line.trim_start().len();
        if !line.trim_start().starts_with("- at ") {
            above.clear();
        }
        while above.last().is_some_and(|(other, _)| *other >= depth) {
            above.pop();
        }
        above.push((depth, in_order(line)));
        let path: Vec<&str> = above.iter().map(|(_, line)| line.as_str()).collect();
        lines.push(path.join("\n"));
    }
    lines.sort();
    lines
}

/// A line whose names of additional properties are in order.
fn in_order(line: &str) -> String {
    const BEFORE: &str = "additional properties ";
    let parts = line.split_once(BEFORE);
    let parts = parts.and_then(|(head, rest)| Some((head, rest.strip_suffix(" not allowed")?)));
    let Some((head, names)) = parts else {
        return line.to_owned();
    };
    let mut names: Vec<&str> = names.split(", ").collect();
    names.sort_unstable();
    format!("{head}{BEFORE}{} not allowed", names.join(", "))
}

fn cut(text: &str) -> String {
    text.chars().take(600).collect()
}

/// Files with lines and columns that an error names, or else its first words.
fn place(text: &str) -> Vec<String> {
    let is_place =
        |word: &&str| word.contains(".yaml") || word.contains(".tpl") || word.contains(".txt");
    let places: Vec<String> = text
        .split_whitespace()
        .filter(is_place)
        .map(str::to_owned)
        .collect();
    if places.is_empty() {
        return text.split_whitespace().take(4).map(str::to_owned).collect();
    }
    places
}
