//! How many tests passed, failed and were skipped: read from what the test runners print.

/// Lines of failed tests that are kept for the end of the output, in lines of each suite.
const MAX_FAILURES: usize = 20;

/// Numbers of one suite.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    /// What the runners said of the first failed tests: whoever has only the end of a long output reads them there.
    pub failures: Vec<String>,
}

impl Counts {
    /// A suite that is one check.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: usize::from(passed),
            failed: usize::from(!passed),
            ..Self::default()
        }
    }

    /// Adds another suite's numbers.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failures.extend(other.failures);
        self.failures.truncate(MAX_FAILURES);
    }

    /// Keeps the line in which a runner names a failed test: cargo's, node's (TAP or spec), vitest's or our own.
    pub fn keep_failure(&mut self, line: &str) {
        let line = without_colours(line);
        let text = line.trim();
        let starts = ["FAIL ", "not ok ", "✖ "];
        let is_failure =
            starts.iter().any(|start| text.starts_with(start)) || text.ends_with("... FAILED");
        if is_failure && self.failures.len() < MAX_FAILURES {
            self.failures.push(text.to_owned());
        }
    }

    /// Adds what a line of cargo's test runner says: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    pub fn add_cargo_line(&mut self, line: &str) {
        if let Some((_, numbers)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        {
            self.add_numbers(numbers.split(';'));
        }
    }

    /// Adds what the last line of vitest says: `Tests  1 failed | 12 passed | 1 skipped (14)`.
    pub fn add_vitest_line(&mut self, line: &str) {
        if let Some(numbers) = without_colours(line).trim().strip_prefix("Tests ") {
            let numbers = numbers.split('(').next().unwrap_or_default();
            self.add_numbers(numbers.split('|'));
        }
    }

    /// Adds what node's test runner says: `# pass 12` (TAP) or `ℹ pass 12` (spec).
    pub fn add_node_line(&mut self, line: &str) {
        let line = without_colours(line);
        let Some(rest) = line.strip_prefix("# ").or(line.strip_prefix("ℹ ")) else {
            return;
        };
        let mut words = rest.split_whitespace();
        let name = words.next().unwrap_or_default();
        let Some(Ok(number)) = words.next().map(str::parse::<usize>) else {
            return;
        };
        match name {
            "pass" => self.passed += number,
            "fail" => self.failed += number,
            "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }

    /// Adds the closing line of our own runners: `12 passed, 1 failed`, with `, 2 skipped` where there are some.
    pub fn add_own_line(&mut self, line: &str) {
        let parts: Vec<&str> = line.split(", ").collect();
        if parts.len() >= 2 && parts[0].ends_with(" passed") && parts[1].ends_with(" failed") {
            self.add_numbers(parts.into_iter());
        }
    }

    fn add_numbers<'a>(&mut self, parts: impl Iterator<Item = &'a str>) {
        for part in parts {
            let mut words = part.split_whitespace();
            let Some(Ok(number)) = words.next().map(str::parse::<usize>) else {
                continue;
            };
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("skipped" | "ignored" | "todo") => self.skipped += number,
                _ => {}
            }
        }
    }
}

/// Terminal colours removed.
fn without_colours(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        text.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: usize, failed: usize, skipped: usize) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
            failures: Vec::new(),
        }
    }

    #[test]
    fn lines_of_all_runners_are_read() {
        let mut cargo = Counts::default();
        cargo.add_cargo_line("test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        assert_eq!(cargo, counts(3, 1, 2));
        let mut vitest = Counts::default();
        vitest.add_vitest_line("\u{1b}[2m      Tests \u{1b}[22m 1 failed | 12 passed (13)");
        vitest.add_vitest_line(" Test Files  1 failed (1)");
        assert_eq!(vitest, counts(12, 1, 0));
        let mut node = Counts::default();
        for line in ["# tests 4", "# pass 3", "ℹ fail 1", "# skipped 2"] {
            node.add_node_line(line);
        }
        assert_eq!(node, counts(3, 1, 2));
        let mut own = Counts::default();
        own.add_own_line("5 passed, 0 failed, 2 skipped");
        own.add_own_line("error: 5 passed");
        assert_eq!(own, counts(5, 0, 2));
    }

    #[test]
    fn failed_tests_are_kept_by_name() {
        let mut kept = Counts::default();
        let failed = [
            "FAIL takes_commits_as_events (60.0 s): no artifact",
            "test it::names_a_line ... FAILED",
            "not ok 3 - opens the page",
            "\u{1b}[31m✖ opens the page (12ms)\u{1b}[39m",
        ];
        let passed = [
            "ok   rolls_back (2.6 s)",
            "test a::b ... ok",
            "ok 1 - shows",
        ];
        for line in failed.iter().chain(&passed) {
            kept.keep_failure(line);
        }
        assert_eq!(kept.failures.len(), failed.len());
        assert_eq!(kept.failures[3], "✖ opens the page (12ms)");
    }
}
