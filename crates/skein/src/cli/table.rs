//! Tables as Flux prints them: cells padded to the width of their column, with a tab between.

use std::borrow::Cow;

/// Lengths of checksums that are cut, in characters.
const CHECKSUM_CHARS: std::ops::RangeInclusive<usize> = 40..=128;

/// What is left of a checksum, in characters.
const SHORT_CHECKSUM_CHARS: usize = 8;

/// A table with a heading (none: rows only). A cell with several lines makes its row as high.
pub(crate) fn render(heading: &[String], rows: &[Vec<String>]) -> String {
    let heading: Vec<String> = heading.iter().map(|cell| cell.to_uppercase()).collect();
    let count = rows
        .iter()
        .map(Vec::len)
        .chain([heading.len()])
        .max()
        .unwrap_or_default();
    let width_of = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .chain(heading.get(column));
        cells
            .flat_map(|cell| cell.lines())
            .map(width)
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..count).map(width_of).collect();
    let mut out = String::new();
    if !heading.is_empty() {
        let cells: Vec<Cow<'_, str>> = heading.iter().map(|cell| cell.as_str().into()).collect();
        out.push_str(&line(&cells, &widths));
        // Flux's library ends headings with a space, rows with a tab.
        out.push_str(" \n");
    }
    for row in rows {
        let height = row
            .iter()
            .map(|cell| cell.lines().count())
            .max()
            .unwrap_or_default()
            .max(1);
        for place in 0..height {
            let cells: Vec<Cow<'_, str>> = row
                .iter()
                .map(|cell| cell.lines().nth(place).unwrap_or("").into())
                .collect();
            out.push_str(&line(&cells, &widths));
            out.push_str("\t\n");
        }
    }
    out
}

/// Characters, as far as they count for alignment here.
fn width(text: &str) -> usize {
    text.chars().count()
}

fn line(cells: &[Cow<'_, str>], widths: &[usize]) -> String {
    let padded: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(column, wanted)| {
            let cell = cells.get(column).map_or("", |cell| cell);
            format!("{cell}{}", " ".repeat(wanted.saturating_sub(width(cell))))
        })
        .collect();
    padded.join("\t")
}

/// Cuts checksums in a text to what people compare.
pub(crate) fn short_checksums(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        push_word(&mut out, &word);
        word.clear();
        out.push(c);
    }
    push_word(&mut out, &word);
    out
}

fn push_word(out: &mut String, word: &str) {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if CHECKSUM_CHARS.contains(&word.len()) && word.chars().all(is_hex) {
        out.push_str(&word[..SHORT_CHECKSUM_CHARS]);
    } else {
        out.push_str(word);
    }
}

#[cfg(test)]
mod tests;
