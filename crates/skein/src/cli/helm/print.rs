//! Tables, JSON and YAML as helm prints them.

use clap::ValueEnum;
use serde::Serialize;

/// Widest column of most tables, in characters.
pub(super) const WIDEST: usize = 80;
/// What stands for the rest of a long cell.
const CUT: &str = "...";

/// How a list is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Columns.
    #[default]
    Table,
    /// One line of JSON.
    Json,
    /// YAML.
    Yaml,
}

/// A list of things, each of which is also a row below the headings. Without headings, the rows alone.
pub(super) fn list<T: Serialize>(
    things: &[T],
    format: Format,
    table: impl FnOnce() -> String,
) -> anyhow::Result<String> {
    Ok(match format {
        Format::Table => table(),
        Format::Json => json(&things)? + "\n",
        Format::Yaml => skein_yaml::to_string(&serde_json::to_value(things)?),
    })
}

/// JSON as Go writes it.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(skein_gowords::escape_json(&serde_json::to_string(value)?))
}

/// Rows with tabs between padded cells; long cells are cut, and a cell of several lines makes several lines of the row.
pub(super) fn table(rows: &[Vec<String>], widest: usize) -> String {
    let mut widths: Vec<usize> = vec![];
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            if column == widths.len() {
                widths.push(0);
            }
            let longest = cell.split('\n').map(|line| line.chars().count()).max();
            let limit = if widest == 0 { usize::MAX } else { widest };
            widths[column] = widths[column].max(longest.unwrap_or(0).min(limit));
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| cell.split('\n').map(|line| fit(line, *width)).collect())
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let parts: Vec<String> = cells
                .iter()
                .zip(&widths)
                .map(|(cell, width)| {
                    let part = cell.get(line).cloned();
                    part.unwrap_or_else(|| " ".repeat(*width))
                })
                .collect();
            text.push_str(&parts.join("\t"));
            text.push('\n');
        }
    }
    text
}

/// A text in just so many characters.
fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return format!("{text:<width$}");
    }
    // At least one character is left of a cut text.
    let kept = width.saturating_sub(CUT.len()).max(1);
    let start: String = text.chars().take(kept).collect();
    format!("{start}{CUT}")
}

#[cfg(test)]
mod tests;
