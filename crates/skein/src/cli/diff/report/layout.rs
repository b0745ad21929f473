//! Blocks of text side by side where the screen is wide enough, else one below the other.

/// What stands between two blocks.
const SEPARATOR: &str = "   ";

/// The blocks as columns of a table, or, if this would be wider than the screen, as they follow each other.
pub(super) fn blocks(indent: usize, blocks: &[String], columns: usize) -> String {
    let gaps = blocks.len().saturating_sub(1) * SEPARATOR.len();
    let width: usize = blocks.iter().map(|block| widest_line(block)).sum();
    if indent + gaps + width <= columns {
        return table(SEPARATOR, indent, blocks);
    }
    let lines = blocks.iter().flat_map(|block| block.split('\n'));
    lines
        .map(|line| format!("{}{line}\n", " ".repeat(indent)))
        .collect()
}

/// Texts as columns; the last line has no end.
pub(super) fn table(separator: &str, indent: usize, columns: &[String]) -> String {
    let widths: Vec<usize> = columns.iter().map(|column| widest_line(column)).collect();
    let split: Vec<Vec<&str>> = columns
        .iter()
        .map(|column| column.split('\n').collect())
        .collect();
    let rows = split.iter().map(Vec::len).max().unwrap_or(0);
    let row = |number: usize| {
        let cells: Vec<String> = split
            .iter()
            .zip(&widths)
            .map(|(lines, width)| {
                let line = lines.get(number).copied().unwrap_or_default();
                let rest = width - line.chars().count();
                format!("{}{line}{}", " ".repeat(indent), " ".repeat(rest))
            })
            .collect();
        cells.join(separator).trim_end_matches(' ').to_owned()
    };
    (0..rows).map(row).collect::<Vec<_>>().join("\n")
}

fn widest_line(text: &str) -> usize {
    text.split('\n')
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0)
}

/// Text with a mark before the first line, the others below it.
pub(super) fn prefixed(mark: &str, text: &str) -> String {
    let indent = " ".repeat(mark.chars().count());
    text.split('\n')
        .enumerate()
        .map(|(place, line)| {
            let start = if place == 0 { mark } else { &indent };
            format!("{start}{line}\n")
        })
        .collect()
}

/// Text with a mark before each line.
pub(super) fn marked(mark: &str, text: &str) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.split('\n')
        .map(|line| format!("{mark}{line}\n"))
        .collect()
}

/// Small numbers as words.
pub(super) fn number(count: usize) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    WORDS
        .get(count)
        .map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// `one insert`, `no inserts`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", number(count))
}
