//! `--labels` as Helm's flags read them: `key=value` pairs between commas, which quotes may hold together.

use std::collections::BTreeSet;

use anyhow::bail;
use skein_helm::release::stored::SYSTEM_LABELS;

/// The names of the labels in all flags.
pub(super) fn names(flags: &[String]) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for flag in flags {
        let pairs = match flag.matches('=').count() {
            0 | 1 => vec![flag.trim_matches('"').to_owned()],
            _ => pairs(flag),
        };
        for pair in pairs {
            let Some((name, _)) = pair.split_once('=') else {
                bail!(
                    "invalid argument {flag:?} for \"-l, --labels\" flag: {pair} must be formatted as key=value"
                );
            };
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}

/// One line of comma-separated values.
fn pairs(line: &str) -> Vec<String> {
    let (mut pairs, mut pair, mut is_quoted) = (vec![], String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            // Two quotes in quotes are one.
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                pair.extend(characters.next());
            }
            '"' if is_quoted || pair.is_empty() => is_quoted = !is_quoted,
            ',' if !is_quoted => pairs.push(std::mem::take(&mut pair)),
            other => pair.push(other),
        }
    }
    pairs.push(pair);
    pairs
}

/// Refuses names that release records use.
pub(super) fn refuse_reserved(names: &BTreeSet<String>) -> anyhow::Result<()> {
    if SYSTEM_LABELS.iter().any(|name| names.contains(*name)) {
        bail!(
            "user supplied labels contains system reserved label name. System labels: [{}]",
            SYSTEM_LABELS.join(" ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{names, refuse_reserved};

    fn read(flags: &[&str]) -> Result<Vec<String>, String> {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let found = names(&flags).and_then(|found| {
            refuse_reserved(&found)?;
            Ok(found)
        });
        found
            .map(|names| names.into_iter().collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn labels_are_read_as_in_helm() {
        assert_eq!(
            read(&["a=b,c=d", "e="]),
            Ok(vec!["a".into(), "c".into(), "e".into()])
        );
        assert_eq!(read(&["\"a=b,c\",d=e"]), Ok(vec!["a".into(), "d".into()]));
        let problem = read(&["a"]).expect_err("no value");
        assert!(
            problem.ends_with("a must be formatted as key=value"),
            "{problem}"
        );
        let problem = read(&["x=y,owner=me"]).expect_err("reserved");
        assert!(
            problem.ends_with("[name owner status version createdAt modifiedAt]"),
            "{problem}"
        );
    }
}
