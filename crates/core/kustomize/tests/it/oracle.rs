//! The verdicts of the comparison with a real kustomize, and what is printed of them.

#[path = "../../examples/oracle/verdict.rs"]
mod verdict;

use verdict::{Counts, Verdict};

#[test]
fn texts_are_equal_as_bytes_or_as_objects_or_not() {
    let verdict = Verdict::of;
    assert_eq!(verdict("a: 1\n", "a: 1\n"), Verdict::EqualBytes);
    assert_eq!(
        verdict("a: 1\nb: x\n", "b: \"x\"\na: 1\n"),
        Verdict::EqualObjects
    );
    assert_eq!(verdict("a: 1\n", "a: \"1\"\n"), Verdict::Differs);
    assert_eq!(verdict("a: 1\n", "a: 1\n---\na: 1\n"), Verdict::Differs);
    // What cannot be read is equal to nothing else that cannot be read.
    assert_eq!(verdict("a: [\n", "b: [\n"), Verdict::Differs);
    assert_eq!(verdict("a: 1\n", "b: [\n"), Verdict::Differs);
}

#[test]
fn the_table_has_shares_and_tells_whether_all_is_well() {
    let mut counts = Counts::default();
    for _ in 0..199 {
        counts.add(Verdict::EqualBytes, false);
    }
    counts.add(Verdict::EqualObjects, false);
    counts.add(Verdict::BothFail, true);
    counts.add(Verdict::BothFail, false);
    assert_eq!(counts.bad(), 0);
    let wanted = [
        "equal bytes        199   98.51 %",
        "equal objects        1    0.49 %",
        "differs              0    0.00 %",
        "theirs fails         0    0.00 %",
        "ours fails           0    0.00 %",
        "both fail            2    0.99 %",
        "all                202",
        "of 200 that kustomize builds: 100.00 % the same objects, 99.50 % the same bytes",
        "of 2 that both refuse: 1 with the same words",
    ];
    assert_eq!(counts.to_string(), wanted.join("\n"));
    for (verdict, bad) in [
        (Verdict::Differs, 1),
        (Verdict::TheirsFails, 2),
        (Verdict::OursFails, 3),
    ] {
        counts.add(verdict, false);
        assert_eq!(counts.bad(), bad);
    }
    let text = counts.to_string();
    let shares = "of 202 that kustomize builds: 99.00 % the same objects, 98.51 % the same bytes";
    assert!(text.contains(shares), "{text}");
    assert!(
        Counts::default()
            .to_string()
            .contains("all                  0")
    );
}
