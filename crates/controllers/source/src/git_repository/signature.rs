//! Verifies the commit and the tag against the keys of a Secret.

use skein_api::source::git_repository::GitVerificationMode;
use skein_api::{ConditionType, SourceReason};
use skein_git::verify::{SignatureKind, verify_ssh};
use skein_git::{Checkout, TagInfo};

use super::failure::Step;
use crate::produced::Failure;
use crate::produced::{Secret, SecretData};

/// End of the names of Secret keys with authorized SSH keys.
const SSH_KEYS_SUFFIX: &str = ".sshpub";

/// Checks what the mode wants; answers the message of the condition.
pub(super) fn verify(
    mode: GitVerificationMode,
    keys: &Secret,
    checkout: &Checkout,
) -> Result<String, Failure> {
    let failed = |reason, message: String| {
        Step::Verify.failed(ConditionType::SourceVerified, reason, message)
    };
    let data = match keys {
        Secret::Data(data) => data,
        Secret::Absent(reason) | Secret::Unreadable(reason) => {
            let message = format!("public keys secret error: {reason}");
            return Err(failed(SourceReason::VerificationError, message));
        }
    };
    let mut lines = Vec::new();
    if matches!(
        mode,
        GitVerificationMode::Tag | GitVerificationMode::TagAndHead
    ) {
        let Some(tag) = &checkout.tag else {
            let message =
                "cannot verify tag object's signature if a tag reference is not specified";
            return Err(failed(SourceReason::InvalidVerificationMode, message.into()).stalled());
        };
        lines.push(verify_tag(tag, data)?);
    }
    if mode != GitVerificationMode::Tag {
        let commit = &checkout.commit;
        let key = check(&commit.signature, &commit.payload, data).map_err(|reason| {
            let id = &commit.id;
            let message = format!("signature verification of commit '{id}' failed: {reason}");
            failed(SourceReason::InvalidCommitSignature, message)
        })?;
        lines.push(format!("commit '{}' with key '{key}'", commit.id));
    }
    Ok(format!(
        "verified signature of\n\t- {}",
        lines.join("\n\t- ")
    ))
}

fn verify_tag(tag: &TagInfo, data: &SecretData) -> Result<String, Failure> {
    let failed = |reason, message: String| {
        Step::Verify.failed(ConditionType::SourceVerified, reason, message)
    };
    let name = format!("{}@{}", tag.name, tag.id);
    if tag.signature.is_empty() {
        let message = format!("cannot verify signature of tag '{name}' since it is not signed");
        return Err(failed(SourceReason::InvalidGitObject, message));
    }
    let key = check(&tag.signature, &tag.payload, data).map_err(|reason| {
        let message = format!("signature verification of tag '{name}' failed: {reason}");
        failed(SourceReason::InvalidTagSignature, message)
    })?;
    Ok(format!("tag '{name}' with key '{key}'"))
}

/// Checks one signature; answers the name of the key that made it.
fn check(signature: &str, payload: &[u8], data: &SecretData) -> Result<String, String> {
    let texts = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        data.iter()
            .filter(|(name, _)| wanted(name))
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    };
    match SignatureKind::of(signature) {
        SignatureKind::Ssh => verify_ssh(
            signature,
            payload,
            &texts(&|name| name.ends_with(SSH_KEYS_SUFFIX)),
        ),
        SignatureKind::OpenPgp => Err(
            "OpenPGP signatures cannot be verified yet; sign with SSH keys, or leave spec.verify out"
                .into(),
        ),
        kind => Err(format!("unsupported signature type: {}", kind.name())),
    }
}
