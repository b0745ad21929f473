//! Writes template cases at random as JSON lines, for the real engine and ours: `COUNT [SEED]`. `cargo xtask oracle template --generate` compares them.

mod grammar;
mod random;
mod words;

use std::io::Write;

use serde_json::json;

/// Cases whose text is longer say less.
const TEXT_BYTES: usize = 600;

fn main() -> std::io::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let mut number = |default| match numbers.next() {
        Some(Ok(number)) => number,
        _ => default,
    };
    let (count, seed) = (number(10_000), number(1));
    let mut grammar = grammar::Grammar::new(seed);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut written = 0;
    while written < count {
        let template = grammar.template();
        if template.len() <= TEXT_BYTES {
            writeln!(out, "{}", json!({ "tpl": template }))?;
            written += 1;
        }
    }
    out.flush()
}
