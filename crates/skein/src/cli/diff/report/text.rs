//! How the change of a text is told: by line, by white space, as certificates, or whole.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{certificate, layout};

/// The paragraph about it, for a screen of so many columns.
pub(super) fn change(before: &str, after: &str, columns: usize) -> String {
    if let (Some(old), Some(new)) = (certificate::summary(before), certificate::summary(after)) {
        let columns_of = [layout::prefixed("- ", &old), layout::prefixed("+ ", &new)];
        let shown = layout::blocks(0, &columns_of, columns);
        return format!("± certificate change\n{shown}");
    }
    let trimmed = |text: &str| text.trim_matches([' ', '\n']).to_owned();
    if trimmed(before) == trimmed(after) {
        let visible = |text: &str| text.replace('\n', "↵\n").replace(' ', "·");
        let pair = [
            layout::prefixed("- ", &visible(before)),
            layout::prefixed("+ ", &visible(after)),
        ];
        let shown = layout::blocks(0, &pair, columns);
        return format!("± whitespace only change\n{shown}");
    }
    if before.contains('\n') || after.contains('\n') {
        return lines(before, after);
    }
    let old = layout::prefixed("- ", before);
    let new = layout::prefixed("+ ", after);
    format!("± value change\n{old}{new}")
}

/// The lines that only one text has.
fn lines(before: &str, after: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let (mut inserts, mut deletions) = (0, 0);
    let mut shown = String::new();
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if matches!(operation, DiffOp::Equal { .. }) {
            continue;
        }
        let text = |lines: &[&str], range| lines.get(range).map(<[&str]>::concat);
        let gone = text(&old, operation.old_range()).unwrap_or_default();
        let come = text(&new, operation.new_range()).unwrap_or_default();
        if !gone.is_empty() {
            deletions += 1;
            shown.push_str(&layout::marked("- ", &gone));
        }
        if !come.is_empty() {
            inserts += 1;
            shown.push_str(&layout::marked("+ ", &come));
        }
    }
    let (inserts, deletions) = (
        layout::counted(inserts, "insert"),
        layout::counted(deletions, "deletion"),
    );
    format!("± value change in multiline text ({inserts}, {deletions})\n{shown}\n")
}
