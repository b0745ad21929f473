//! Tests of flags before the command.

use super::*;

fn hoist(words: &str) -> String {
    let words = words.split(' ').map(OsString::from);
    let moved = hoist_global_flags(words);
    moved
        .iter()
        .filter_map(|word| word.to_str())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn shared_flags_move_behind_the_command() {
    assert_eq!(hoist("skein -n apps get ks"), "skein get ks -n apps");
    assert_eq!(
        hoist("skein --context=dev --verbose get ks -A"),
        "skein get ks -A --context=dev --verbose"
    );
    assert_eq!(hoist("skein get ks -n apps"), "skein get ks -n apps");
    assert_eq!(hoist("skein --help"), "skein --help");
    assert_eq!(
        hoist("skein -n a trace pod b -- c"),
        "skein trace pod b -n a -- c"
    );
    assert_eq!(hoist("skein"), "skein");
}
