//! Ignore patterns: go-git's rules and where they differ from git's.

use skein_artifact::{IgnoreRules, PatternList};

/// Paths (directories end with `/`) that stay, of a list, under patterns of the root.
fn kept<'a>(patterns: &str, paths: &[&'a str]) -> Vec<&'a str> {
    let mut list = PatternList::default();
    list.add_text(patterns, "");
    let rules = IgnoreRules::new(list);
    let stays = |path: &&&str| !rules.excludes(path.trim_end_matches('/'), path.ends_with('/'));
    paths.iter().filter(stays).copied().collect()
}

#[test]
fn the_last_match_wins() {
    assert_eq!(
        kept(
            "*.md\n!docs/keep/*.md\n/a.yaml",
            &["a.md", "docs/keep/b.md", "a.yaml", "x/a.yaml"]
        ),
        ["docs/keep/b.md", "x/a.yaml"]
    );
}

#[test]
fn files_below_an_excluded_directory_can_be_included_again() {
    let paths = [
        "a.yaml",
        "deploy/",
        "deploy/prod/",
        "deploy/prod/x.yaml",
        "deploy/dev/y.yaml",
    ];
    assert_eq!(
        kept("/*\n!/deploy/prod/", &paths),
        ["deploy/prod/", "deploy/prod/x.yaml"]
    );
}

#[test]
fn a_pattern_for_directories_leaves_files_of_that_name() {
    assert_eq!(
        kept("out/", &["out", "out/", "out/a", "x/out/b", "x/out"]),
        ["out", "x/out"]
    );
}

#[test]
fn double_stars_skip_to_the_first_match_only() {
    let paths = ["b", "a/b", "a/x/b", "a/x/y/b", "c/b/d"];
    assert_eq!(kept("a/**/b", &paths), ["b", "c/b/d"]);
    assert_eq!(kept("**/b", &paths), Vec::<&str>::new());
    // No way back after the first `x`: git would exclude this one.
    assert_eq!(kept("**/x/b", &["x/x/b", "a/x/b"]), ["x/x/b"]);
}

#[test]
fn version_control_files_are_always_left_out_and_defaults_only_without_patterns() {
    let paths = [
        ".git/config",
        ".gitignore",
        "a.png",
        "A.PNG",
        ".github/w.yml",
        "sub/.flux.yaml",
    ];
    assert_eq!(kept("", &paths), ["A.PNG"]);
    assert_eq!(kept("# comment\n\n", &paths), ["A.PNG"]);
    assert_eq!(
        kept("none", &paths),
        ["a.png", "A.PNG", ".github/w.yml", "sub/.flux.yaml"]
    );
}

#[test]
fn patterns_of_a_directory_hold_below_it_only() {
    let mut list = PatternList::default();
    list.add_text("dev/\n/only", "deploy");
    let rules = IgnoreRules::new(list);
    assert!(rules.excludes("deploy/dev/y.yaml", false));
    assert!(rules.excludes("deploy/only", false));
    assert!(!rules.excludes("dev/y.yaml", false));
    assert!(!rules.excludes("deploy/x/only", false));
}

#[test]
fn malformed_patterns_match_nothing() {
    assert_eq!(kept("[\na[\n[]a]\n\\", &["a", "[", "]"]), ["a", "[", "]"]);
}

#[test]
fn trailing_blanks_and_escapes() {
    assert_eq!(
        kept("a   \n\\#b\n\\!c\nd\\ ", &["a", "#b", "!c", "d ", "d"]),
        ["d"]
    );
}

/// Blocks of patterns, paths and go-git's verdicts (one digit a path), made by its own matcher.
#[test]
fn verdicts_are_those_of_go_git() {
    let mut lines = include_str!("go_git_ignore.txt").split('\n');
    let (mut wrong, mut count) = (Vec::new(), 0);
    let block = |mark: &str, lines: &mut std::str::Split<'static, char>| -> Vec<&'static str> {
        let Some(size) = lines.next().and_then(|line| line.strip_prefix(mark)) else {
            return Vec::new();
        };
        lines.take(size.trim().parse().unwrap()).collect()
    };
    loop {
        let patterns = block("P ", &mut lines);
        if patterns.is_empty() {
            break;
        }
        let paths = block("Q ", &mut lines);
        let verdicts = lines.next().unwrap();
        let mut list = PatternList::default();
        list.add_text(&patterns.join("\n"), "");
        let rules = IgnoreRules::new(list);
        for (path, verdict) in paths.iter().zip(verdicts.chars()) {
            count += 1;
            let ours = rules.excludes(path.trim_end_matches('/'), path.ends_with('/'));
            if ours != (verdict == '1') {
                wrong.push(format!("{patterns:?} ? {path:?}: {ours}"));
            }
        }
    }
    assert!(
        count > 10_000 && wrong.is_empty(),
        "{} of {count} wrong: {wrong:#?}",
        wrong.len()
    );
}
