//! Sizes for people, as docker's units write them.

/// Steps of a thousand.
const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
/// Digits that are shown.
const DIGITS: i32 = 4;

/// Four digits and a unit: `859B`, `1.627kB`.
pub(super) fn human_size(bytes: u64) -> String {
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    let before_point = if size < 1.0 {
        1
    } else {
        size.log10().floor() as i32 + 1
    };
    let decimals = usize::try_from(DIGITS - before_point).unwrap_or_default();
    let text = format!("{size:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0B"),
            (859, "859B"),
            (1000, "1kB"),
            (1238, "1.238kB"),
            (1627, "1.627kB"),
            (12_345, "12.35kB"),
            (123_456, "123.5kB"),
            (20_000_000, "20MB"),
        ] {
            assert_eq!(human_size(bytes), text);
        }
    }
}
