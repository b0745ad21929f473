//! Addresses of packages.

use super::join;

#[test]
fn addresses_have_single_slashes() {
    assert_eq!(join("", "a.tgz"), "a.tgz");
    assert_eq!(join("", ""), "");
    assert_eq!(join("http://h", "a.tgz"), "http://h/a.tgz");
    assert_eq!(join("http://h/", ""), "http://h/");
    assert_eq!(join("http://h/c/", "a.tgz"), "http://h/c/a.tgz");
    assert_eq!(join("/c", "a.tgz"), "/c/a.tgz");
}
