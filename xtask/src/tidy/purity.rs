//! Core code does no IO, is not async and reads no clock: data in, data out. Manifests are checked in `layers`, this reads the code.

use super::{Finding, Source, rust};

const FORBIDDEN: &[(&str, &str)] = &[
    ("std::fs", "reads or writes files"),
    ("TcpStream", "uses the network"),
    ("TcpListener", "uses the network"),
    ("UdpSocket", "uses the network"),
    ("ToSocketAddrs", "uses the network"),
    ("std::env", "reads the environment"),
    ("std::process", "starts or ends processes"),
    ("std::thread", "starts threads"),
    ("async fn", "is async"),
    (".await", "is async"),
    ("SystemTime::now", "reads the clock"),
    ("Instant::now", "reads the clock"),
    ("Timestamp::now", "reads the clock"),
    ("Zoned::now", "reads the clock"),
    ("Utc::now", "reads the clock"),
    ("Local::now", "reads the clock"),
];

/// Every forbidden name in core, tests left out.
pub fn check(sources: &[Source]) -> Vec<Finding> {
    let core = sources.iter().filter(|source| {
        source.path.starts_with("crates/core/")
            && source.path.contains("/src/")
            && !source.is_test()
    });
    let mut findings = Vec::new();
    for source in core {
        let Some(code) = &source.code else { continue };
        let code = rust::without_tests(code);
        for (name, what) in FORBIDDEN {
            findings.extend(uses(&code, name).map(|line| {
                Finding::new(
                    format!("{}:{line}", source.path),
                    format!("{name}: core code {what}"),
                )
            }));
        }
    }
    findings
}

/// Lines that name this; not as part of a longer word.
fn uses<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(name)
        .filter(move |(at, _)| {
            let next = code.as_bytes().get(at + name.len());
            next.is_none_or(|byte| !rust::is_word(*byte))
        })
        .map(|(at, _)| rust::line_of(code, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_may_read_files() {
        let text =
            "//! Doc.\n// std::fs\nuse std::env;\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        let findings = check(&[
            Source::new("crates/core/a/src/lib.rs", text.into()),
            Source::new("crates/rim/a/src/lib.rs", text.into()),
            Source::new("crates/core/a/tests/b.rs", text.into()),
        ]);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].place, "crates/core/a/src/lib.rs:3");
    }
}
