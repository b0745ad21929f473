//! Names in a Git tree that harm whoever writes them to a disk: refused on every system alike.

/// Characters that HFS+ ignores when it compares names.
const IGNORED_BY_HFS: [char; 16] = [
    '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
    '\u{202e}', '\u{206a}', '\u{206b}', '\u{206c}', '\u{206d}', '\u{206e}', '\u{206f}', '\u{feff}',
];

/// Why a name of a tree entry is refused; `None` when it is harmless.
pub(crate) fn hazard(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it leaves its directory");
    }
    if name.contains('/') || name.contains('\0') {
        return Some("it holds a separator");
    }
    // A backslash separates on Windows only: each part must be harmless there.
    name.split('\\').find_map(part_hazard)
}

/// The same for what stands between separators of any system.
fn part_hazard(name: &str) -> Option<&'static str> {
    if name == "." || name == ".." {
        return Some("it leaves its directory");
    }
    let plain: String = name
        .chars()
        .filter(|c| !IGNORED_BY_HFS.contains(c))
        .collect();
    // NTFS drops a stream suffix, then trailing dots and blanks.
    let plain = plain
        .split(':')
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', ' ']);
    let plain = plain.to_ascii_lowercase();
    if plain == ".git" {
        return Some("it means .git on some systems");
    }
    if plain == "git~1" {
        return Some("it is the short name of .git on Windows");
    }
    None
}
