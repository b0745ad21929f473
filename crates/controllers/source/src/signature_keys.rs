//! What is wrong with the Secrets that signatures are checked with, in Flux's words.

use skein_api::source::oci_repository::OciVerificationProvider;

use crate::produced::{Secret, SecretData};

/// Key with the trust policy of notation.
const TRUST_POLICY: &str = "trustpolicy.json";
/// Ends of the keys with certificates.
const CERTIFICATES: [&str; 2] = [".crt", ".pem"];
/// End of the keys with public keys.
const PUBLIC_KEY: &str = ".pub";

/// Name of a tool.
pub(crate) fn name_of(provider: OciVerificationProvider) -> &'static str {
    match provider {
        OciVerificationProvider::Cosign => "cosign",
        OciVerificationProvider::Notation => "notation",
    }
}

/// Why the Secret of that name (`namespace/name`) does not do for the tool; `None` when it does, or there is none.
pub(crate) fn problem(
    provider: OciVerificationProvider,
    keys: Option<&Secret>,
    name: &str,
) -> Option<String> {
    let data = match keys? {
        Secret::Absent(reason) | Secret::Unreadable(reason) => return Some(reason.clone()),
        Secret::Data(data) => data,
    };
    let has_end = |ends: &[&str]| has(data, |key| ends.iter().any(|end| key.ends_with(end)));
    match provider {
        OciVerificationProvider::Cosign => None,
        OciVerificationProvider::Notation if !has(data, |key| key == TRUST_POLICY) => {
            Some(format!("'{TRUST_POLICY}' not found in secret '{name}'"))
        }
        OciVerificationProvider::Notation if !has_end(&CERTIFICATES) => {
            Some(format!("no certificates found in secret '{name}'"))
        }
        OciVerificationProvider::Notation => None,
    }
}

/// As [`problem`], for a chart: there notation needs a Secret, and one for cosign must have a key.
pub(crate) fn problem_of_chart(
    provider: OciVerificationProvider,
    keys: Option<&Secret>,
    name: &str,
    chart: &str,
) -> Option<String> {
    if let Some(problem) = problem(provider, keys, name) {
        return Some(problem);
    }
    match (provider, keys) {
        (OciVerificationProvider::Notation, None) => {
            Some(format!("verification secret cannot be empty: '{chart}'"))
        }
        (OciVerificationProvider::Cosign, Some(Secret::Data(data)))
            if !has(data, |key| key.ends_with(PUBLIC_KEY)) =>
        {
            Some(format!("no public keys found in secret '{name}'"))
        }
        _ => None,
    }
}

fn has(data: &SecretData, wanted: impl Fn(&str) -> bool) -> bool {
    data.keys().any(|key| wanted(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(keys: &[&str]) -> Secret {
        let entries = keys.iter().map(|key| ((*key).to_owned(), Vec::new()));
        Secret::Data(entries.collect())
    }

    #[test]
    fn keys_that_are_missing() {
        use OciVerificationProvider::{Cosign, Notation};
        let absent = Secret::Absent("secrets \"k\" not found".into());
        for (provider, keys, words) in [
            (Cosign, Some(absent), Some("secrets \"k\" not found")),
            (Cosign, None, None),
            (Cosign, Some(secret(&["a.pub"])), None),
            (
                Cosign,
                Some(secret(&["a"])),
                Some("no public keys found in secret 'ns/k'"),
            ),
            (
                Notation,
                None,
                Some("verification secret cannot be empty: 'app'"),
            ),
            (
                Notation,
                Some(secret(&["a.crt"])),
                Some("'trustpolicy.json' not found in secret 'ns/k'"),
            ),
            (
                Notation,
                Some(secret(&["trustpolicy.json"])),
                Some("no certificates found in secret 'ns/k'"),
            ),
            (Notation, Some(secret(&["trustpolicy.json", "a.pem"])), None),
        ] {
            let found = problem_of_chart(provider, keys.as_ref(), "ns/k", "app");
            assert_eq!(found.as_deref(), words);
        }
    }
}
