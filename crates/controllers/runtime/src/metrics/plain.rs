//! From the OpenMetrics format to Prometheus' own text format 0.0.4, which Flux's controllers answer with.

use std::fmt::Write as _;

use skein_yaml::float_to_text;

/// How the name of a counter's samples ends.
const COUNTER_SUFFIX: &str = "_total";

/// Rewrites an exposition: counters are named as their samples are, bounds of buckets are written as Go does, and nothing marks the end.
pub(super) fn from_open_metrics(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut held_help = None;
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            // Only the line of the type tells whether it is a counter.
            held_help = help.split_once(' ');
            continue;
        }
        if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        {
            let suffix = if kind == "counter" {
                COUNTER_SUFFIX
            } else {
                ""
            };
            // Writing to a String cannot fail.
            if let Some((_, help)) = held_help.take() {
                let _ = writeln!(plain, "# HELP {name}{suffix} {help}");
            }
            let _ = writeln!(plain, "# TYPE {name}{suffix} {kind}");
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        plain.push_str(&with_go_bound(line));
        plain.push('\n');
    }
    plain
}

/// `le` is the first label of a bucket: `name_bucket{le="10.0",...} 1`.
fn with_go_bound(line: &str) -> String {
    const BOUND: &str = "_bucket{le=\"";
    let bound = line.split_once(BOUND).and_then(|(name, rest)| {
        let (number, rest) = rest.split_once('"')?;
        let number = number.parse::<f64>().ok().filter(|n| n.is_finite())?;
        Some(format!("{name}{BOUND}{}\"{rest}", float_to_text(number)))
    });
    bound.unwrap_or_else(|| line.to_owned())
}
