//! References and file names of packages.

use super::oci::Reference;
use super::*;

#[test]
fn file_names_stay_in_their_folder() {
    assert_eq!(
        file_name("/charts/app-1.0.0.tgz").as_deref(),
        Some("app-1.0.0.tgz")
    );
    assert_eq!(file_name("/a%2Bb.tgz").as_deref(), Some("a+b.tgz"));
    assert_eq!(file_name("/x/%2e%2e"), None);
    assert_eq!(file_name("/x/..%2Fy"), None);
    assert_eq!(file_name("/x/a%5cb"), None);
    assert_eq!(file_name("/"), None);
}

#[test]
fn references_in_parts() {
    let parse = |text: &str| Reference::parse(text);
    let parsed = parse("oci://localhost:5000/team/app:1.0.0@sha256:ab").unwrap();
    assert_eq!(
        (
            parsed.name.as_str(),
            parsed.tag.as_str(),
            parsed.digest.as_str()
        ),
        ("localhost:5000/team/app", "1.0.0", "sha256:ab")
    );
    assert_eq!(parse("oci://localhost:5000/team/app").unwrap().tag, "");
    let error = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(
        error("oci://h/Team/app"),
        "invalid reference: invalid repository \"Team/app\""
    );
    assert_eq!(
        error("oci://h/app:1+2"),
        "invalid reference: invalid tag \"1+2\""
    );
    assert_eq!(
        error("oci://h/a/../b"),
        "invalid reference: invalid repository \"a/../b\""
    );
}
