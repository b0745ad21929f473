//! Tests of tables.

use super::*;

fn strings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

#[test]
fn cells_are_padded_and_rows_end_with_a_tab() {
    let heading = strings(&["Name", "Last scan", "Message"]);
    let rows = [
        strings(&["podinfo", "", "ok"]),
        strings(&["a", "b", "two\nlines"]),
    ];
    assert_eq!(
        render(&heading, &rows),
        "NAME   \tLAST SCAN\tMESSAGE \n\
         podinfo\t         \tok     \t\n\
         a      \tb        \ttwo    \t\n       \t         \tlines  \t\n"
    );
    assert_eq!(render(&[], &rows[..1]), "podinfo\t\tok\t\n");
}

#[test]
fn checksums_are_cut() {
    let sha1 = "67e2c98a60dc92283531412a9e604dd4bae005a9";
    assert_eq!(
        short_checksums(&format!("Applied revision: main@sha1:{sha1}.")),
        "Applied revision: main@sha1:67e2c98a."
    );
    let inside = format!("x{sha1}");
    assert_eq!(short_checksums(&inside), inside);
    assert_eq!(short_checksums(&sha1.to_uppercase()), sha1.to_uppercase());
    let long = "a".repeat(129);
    assert_eq!(short_checksums(&long), long);
    assert_eq!(short_checksums(&"a".repeat(128)), "aaaaaaaa");
}
