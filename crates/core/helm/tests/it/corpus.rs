//! Small charts, one quirk each, against what Helm 4.3.1 prints (`cargo xtask oracle helm --record` makes the answers).

use std::path::PathBuf;

use crate::cases;
use crate::compare::{Varies, Verdict, compare, compare_errors, first_difference};
use crate::run::template;

#[test]
fn small_charts_render_as_in_helm() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/charts");
    let cases = cases::read(&folder);
    let mut wrong = Vec::new();
    for case in &cases {
        let ours = template(&folder.join(&case.chart), &case.request);
        let read = |suffix: &str| {
            std::fs::read_to_string(folder.join(format!("expected/{}.{suffix}", case.name))).ok()
        };
        let (verdict, note) = match (ours, read("yaml"), read("err")) {
            (Ok(ours), Some(helms), _) => (
                compare(&ours, &helms, None, Varies::Nothing),
                first_difference(&ours, &helms),
            ),
            (Err(ours), _, Some(helms)) => compare_errors(&ours, &helms),
            (Ok(_), _, Some(helms)) => (Verdict::Different, format!("helm fails: {helms}")),
            (Err(ours), _, _) => (Verdict::Different, format!("we fail: {ours}")),
            (Ok(_), None, None) => (Verdict::Different, "there is no answer".to_owned()),
        };
        if verdict != Verdict::Bytes {
            wrong.push((verdict, format!("{verdict:?} {}: {note}", case.name)));
        }
    }
    for (_, text) in &wrong {
        println!("{text}");
    }
    let different = wrong
        .iter()
        .filter(|(verdict, _)| *verdict == Verdict::Different);
    assert_eq!(different.count(), 0, "of {} cases", cases.len());
}
