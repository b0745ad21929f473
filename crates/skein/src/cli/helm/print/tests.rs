//! Tables as helm draws them.

use super::table;

#[test]
fn cells_are_padded_cut_and_split() {
    let rows = [
        vec!["NAME".to_owned(), "TEXT".to_owned()],
        vec!["a".to_owned(), "0123456789abcdef".to_owned()],
        vec!["b".to_owned(), "two\nlines".to_owned()],
    ];
    let expected = "NAME\tTEXT      \na   \t0123456...\nb   \ttwo       \n    \tlines     \n";
    assert_eq!(table(&rows, 10), expected);
}
