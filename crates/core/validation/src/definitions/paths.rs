//! Paths into a schema (`.spec.color`, `.spec['a.b']`), as rules and selectable fields name places.

use serde_json::Value;

/// Where a path leads.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// The path in the API's own form: `spec.color`, `spec.map[key]`.
    pub(super) path: String,
    pub(super) schema: &'a Value,
}

/// Follows a path; `[...]` only where it is allowed. The error says what is wrong with it.
pub(super) fn follow<'a>(
    path: &str,
    schema: &'a Value,
    brackets: bool,
) -> Result<Found<'a>, String> {
    let mut found = Found {
        path: String::new(),
        schema,
    };
    let mut words = words(path).into_iter();
    while let Some(word) = words.next() {
        match word {
            "." => {
                let name = words.next().ok_or("unexpected end of JSON path")?;
                found.step(name)?;
            }
            "[" if !brackets => return Err("array notation is not allowed".to_owned()),
            "[" => {
                let quoted = words.next().ok_or("unexpected end of JSON path")?;
                let name = quoted
                    .strip_prefix('\'')
                    .and_then(|rest| rest.strip_suffix('\''))
                    .filter(|_| quoted.len() >= 2)
                    .ok_or_else(|| format!("expected single quoted string but got {quoted}"))?;
                found.step(&unescaped(name)?)?;
                match words.next() {
                    Some("]") => {}
                    Some(other) => return Err(format!("expected ] but got {other}")),
                    None => return Err("unexpected end of JSON path".to_owned()),
                }
            }
            other => return Err(format!("expected [ or . but got: {other}")),
        }
    }
    Ok(found)
}

impl Found<'_> {
    fn step(&mut self, name: &str) -> Result<(), String> {
        let wrong = || "does not refer to a valid field".to_owned();
        let properties = self.schema.get("properties").and_then(Value::as_object);
        if let Some(properties) = properties.filter(|properties| !properties.is_empty()) {
            self.schema = properties.get(name).ok_or_else(wrong)?;
            if !self.path.is_empty() {
                self.path.push('.');
            }
            self.path.push_str(name);
            return Ok(());
        }
        let values = self.schema.get("additionalProperties");
        self.schema = values
            .filter(|values| values.is_object())
            .ok_or_else(wrong)?;
        self.path.push_str(&format!("[{name}]"));
        Ok(())
    }
}

/// The delimiters `.`, `[`, `]` and what lies between them; quoted text is one word.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '.' | '[' | ']' => 1,
            '\'' => {
                let end = rest.char_indices().skip(1).find(|(index, character)| {
                    *character == '\'' && !rest[..*index].ends_with('\\')
                });
                end.map_or(rest.len(), |(index, _)| index + 1)
            }
            _ => rest.find(['.', '[', ']']).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(length);
        out.push(word);
        rest = after;
    }
    out
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('\\') => out.push('\\'),
            Some('\'') => out.push('\''),
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            _ => return Err("invalid string literal: invalid escape sequence".to_owned()),
        }
    }
    Ok(out)
}
