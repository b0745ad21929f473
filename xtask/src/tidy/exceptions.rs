//! Named exceptions from the length rules. The lists only shrink: an entry that is no longer needed is a finding.

/// Files over the limit, with the number of lines that they may not exceed.
pub const LONG_FILES: &[(&str, usize)] = &[];

/// Functions over the limit as `path::name`, with the number of lines that they may not exceed.
pub const LONG_FUNCTIONS: &[(&str, usize)] = &[];

/// Lines that `key` may have: its exception, else the limit.
pub fn allowance(exceptions: &[(&str, usize)], key: &str, limit: usize) -> usize {
    exceptions
        .iter()
        .find(|(name, _)| *name == key)
        .map_or(limit, |(_, lines)| *lines)
}
