//! Addresses of remote bases, read as kustomize reads them.

use super::RemoteAddress;

fn parts(text: &str) -> Option<(String, String, String)> {
    let address = RemoteAddress::parse(text)?;
    Some((address.repository, address.path, address.reference))
}

#[test]
fn addresses_are_cut_into_repository_path_and_reference() {
    for (text, repository, path, reference) in [
        ("github.com/org/repo", "https://github.com/org/repo", "", ""),
        (
            "https://github.com/org/repo//a/b?ref=v1",
            "https://github.com/org/repo",
            "a/b",
            "v1",
        ),
        (
            "https://github.com/org/repo/a/b?version=main",
            "https://github.com/org/repo",
            "a/b",
            "main",
        ),
        (
            "github.com/org/repo/a?ref=x&version=y",
            "https://github.com/org/repo",
            "a",
            "x",
        ),
        (
            "git@github.com:org/repo.git//a",
            "git@github.com:org/repo.git",
            "a",
            "",
        ),
        (
            "git@github.com/org/repo/a",
            "git@github.com:org/repo",
            "a",
            "",
        ),
        (
            "ssh://git@github.com/org/repo/a",
            "git@github.com:org/repo",
            "a",
            "",
        ),
        (
            "git::https://gitlab.com/org/repo.git/a?ref=1%2F2",
            "https://gitlab.com/org/repo.git",
            "/a",
            "1/2",
        ),
        (
            "https://user@dev.azure.com/o/p/_git/repo/a/b",
            "https://user@dev.azure.com/o/p/_git/repo",
            "a/b",
            "",
        ),
        (
            "ssh://git@host:22/group/sub/repo.git",
            "ssh://git@host:22/group/sub/repo.git",
            "",
            "",
        ),
        (
            "git@host.example:group/repo",
            "git@host.example:group/repo",
            "",
            "",
        ),
        (
            "file:///srv/repo.git//base",
            "file:///srv/repo.git",
            "base",
            "",
        ),
        (
            "HTTPS://GitHub.com/org/repo",
            "https://github.com/org/repo",
            "",
            "",
        ),
    ] {
        let found = parts(text).unwrap_or_else(|| panic!("{text} is an address"));
        let path = path.trim_start_matches('/').to_owned();
        assert_eq!(
            found,
            (repository.to_owned(), path, reference.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn other_paths_are_local() {
    for text in [
        "../base",
        "base",
        "/abs/https://x/y/z",
        "example.com/org/repo",
        "https://host/one",
        "https://github.com/org/repo//../../etc",
        "user@dir/one",
        "",
    ] {
        assert_eq!(RemoteAddress::parse(text), None, "{text}");
    }
}

#[test]
fn the_query_says_how_long_and_whether_submodules() {
    let address = RemoteAddress::parse("https://h/o/r?submodules=false&timeout=2m");
    let address = address.expect("an address");
    assert_eq!((address.submodules, address.timeout_seconds), (false, 120));
    let plain = RemoteAddress::parse("https://h/o/r?timeout=nonsense").expect("an address");
    assert_eq!((plain.submodules, plain.timeout_seconds), (true, 27));
}
