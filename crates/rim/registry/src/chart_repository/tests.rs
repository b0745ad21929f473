//! Addresses of charts.

use super::*;

fn repository(address: &str) -> ChartRepository {
    ChartRepository::new(address, &Access::default(), false).unwrap()
}

#[test]
fn addresses_are_relative_to_the_repository() {
    for (address, reference, expected) in [
        ("http://h/charts", "a-1.tgz", "http://h/charts/a-1.tgz"),
        ("http://h/charts/", "x/a-1.tgz", "http://h/charts/x/a-1.tgz"),
        ("http://h/charts", "https://o/a-1.tgz", "https://o/a-1.tgz"),
        (
            "http://h/charts?t=1",
            "a-1.tgz",
            "http://h/charts/a-1.tgz?t=1",
        ),
        ("http://h/charts", "/a-1.tgz", "http://h/a-1.tgz"),
    ] {
        let url = repository(address).resolve(reference).unwrap();
        assert_eq!(url.as_str(), expected);
    }
}

#[test]
fn other_schemes_are_refused() {
    for reference in ["file:///etc/passwd", "ftp://h/a", "gopher://h/"] {
        let error = repository("http://h/").resolve(reference).unwrap_err();
        assert!(error.to_string().contains("not supported"), "{error}");
    }
    assert!(ChartRepository::new("file:///charts", &Access::default(), false).is_err());
}

#[test]
fn passwords_are_not_told() {
    assert_eq!(without_user("http://u:p@h/a@b"), "http://h/a@b");
    assert_eq!(without_user("http://h/a"), "http://h/a");
}
