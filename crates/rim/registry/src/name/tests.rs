//! Names of repositories.

use super::*;

#[test]
fn names_are_read_with_their_defaults() {
    for (name, expected) in [
        ("ghcr.io/a/b", "ghcr.io/a/b"),
        ("localhost:5000/a/b", "localhost:5000/a/b"),
        ("docker.io/nginx", "index.docker.io/library/nginx"),
        ("bitnami/nginx", "index.docker.io/bitnami/nginx"),
    ] {
        assert_eq!(Repository::parse(name).unwrap().to_string(), expected);
    }
}

#[test]
fn wrong_names_are_refused_in_words() {
    for (name, message) in [
        (
            "r:1/App",
            "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: App",
        ),
        (
            "r:1/app:v1",
            "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: app:v1",
        ),
        (
            "r:1/a/../b",
            "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: a/../b",
        ),
        (
            "r:1/a",
            "repository must be between 2 and 255 characters in length: a",
        ),
        ("", "a repository name must be specified"),
        (
            "u@r.example/app",
            "registries must be valid RFC 3986 URI authorities: u@r.example",
        ),
    ] {
        assert_eq!(Repository::parse(name).unwrap_err().to_string(), message);
    }
    assert_eq!(
        Repository::parse_url("https://r/app"),
        Err(NameError::Scheme)
    );
}

#[test]
fn local_registries_may_speak_plain_http() {
    for (name, local) in [
        ("127.0.0.1:5000/aa", true),
        ("localhost:5000/aa", true),
        ("10.1.2.3/aa", true),
        ("registry.local:5000/aa", true),
        ("ghcr.io/aa", false),
        ("11.1.2.3/aa", false),
        ("127.0.0.1.example.com/aa", false),
    ] {
        assert_eq!(Repository::parse(name).unwrap().is_local(), local, "{name}");
    }
}
