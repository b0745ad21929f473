//! Objects of any kind that ask for a hash suffix, with comments in all places: the hash shows lines, columns and comments of every node.

use crate::generate::{Generated, Numbers};

const MARK: &str = "internal.config.kubernetes.io/needsHashSuffix: enabled";

/// Marks objects of the files, and writes comments between their lines.
pub fn ask_for_hashes(made: &mut Generated, seed: u64) {
    let mut numbers = Numbers::new(seed ^ 0x4A5);
    for (path, text) in &mut made.files {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_object = text.contains("\nmetadata:\n  name:") && !name.starts_with("kustomization");
        if is_object && !name.starts_with("patch") {
            *text = marked(text, &mut numbers);
        }
        if is_object && numbers.percent(60) {
            *text = commented(text, &mut numbers);
        }
    }
}

fn marked(text: &str, numbers: &mut Numbers) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut wants = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let rest = &text[at..];
        at += line.len();
        if line == "metadata:\n" {
            wants = numbers.percent(40);
            // With annotations of its own, the mark goes among them.
            let block = rest.split("\n---").next().unwrap_or(rest);
            if wants && !block.contains("annotations:") {
                out.push_str(line);
                out.push_str(&format!("  annotations:\n    {MARK}\n"));
                wants = false;
                continue;
            }
        }
        out.push_str(line);
        if wants && line == "  annotations:\n" {
            out.push_str(&format!("    {MARK}\n"));
            wants = false;
        }
    }
    out
}

fn commented(text: &str, numbers: &mut Numbers) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for (number, line) in text.lines().enumerate() {
        if numbers.percent(12) && !line.starts_with('\u{FEFF}') {
            let indent = numbers.below(4) * 2;
            out.push_str(&format!("{:indent$}# above {number} <é>\n", ""));
            if numbers.percent(20) {
                out.push('\n');
            }
        }
        out.push_str(line);
        if numbers.percent(12) && !line.starts_with("---") {
            out.push_str("  # behind");
        }
        out.push('\n');
        if numbers.percent(5) {
            out.push('\n');
        }
    }
    out
}
