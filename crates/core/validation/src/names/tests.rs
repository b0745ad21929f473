//! Tests of the forms of names.

use super::{
    config_key_problems, label_problems, port_name_problems, qualified_name_problems,
    subdomain_problems, variable_problems,
};

#[test]
fn names_are_judged_in_the_words_of_the_api() {
    assert!(subdomain_problems("a.b-c.d0").is_empty());
    assert_eq!(
        subdomain_problems("A_b"),
        [
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        ]
    );
    assert_eq!(
        subdomain_problems(&"a".repeat(254)),
        ["must be no more than 253 characters"]
    );
    assert_eq!(label_problems("").len(), 1);
}

#[test]
fn keys_have_an_optional_prefix() {
    assert!(qualified_name_problems("example.com/My_Name").is_empty());
    assert_eq!(
        qualified_name_problems("/x"),
        ["prefix part must be non-empty"]
    );
    assert_eq!(qualified_name_problems("a/b/c").len(), 1);
}

#[test]
fn keys_ports_and_variables_have_forms_of_their_own() {
    assert_eq!(config_key_problems("..x"), ["must not start with '..'"]);
    assert!(config_key_problems("a.B_c-1").is_empty());
    assert!(port_name_problems("http-1").is_empty());
    assert_eq!(
        port_name_problems("1"),
        ["must contain at least one letter (a-z)"]
    );
    assert!(variable_problems("A b").is_empty());
    assert_eq!(variable_problems("a=b").len(), 1);
}
