//! Tokens of Receivers: `create secret receiver`.

use anyhow::bail;
use clap::Args;
use rand::RngCore as _;
use serde_json::json;

use super::super::{Making, notifications, set_text};
use super::{Contents, as_map};

/// Annotation with the address that a receiver's webhook is called at.
const WEBHOOK_ANNOTATION: &str = "notification.toolkit.fluxcd.io/webhook";

/// Length of a token that is made up, in bytes.
const TOKEN_BYTES: usize = 32;

/// Flags of `create secret receiver`.
#[derive(Args, Clone, Debug)]
pub struct ReceiverFlags {
    pub(super) name: Option<String>,
    /// Sort of receiver
    #[arg(long = "type")]
    receiver_type: Option<String>,
    /// Token; made up when not given
    #[arg(long)]
    token: Option<String>,
    /// Host of the webhook
    #[arg(long)]
    hostname: Option<String>,
    /// Address of the service account that gcr sends as
    #[arg(long)]
    email_claim: Option<String>,
    /// Audience of gcr's tokens; by default the address of the webhook
    #[arg(long)]
    audience_claim: Option<String>,
}

pub(super) fn receiver(flags: &ReceiverFlags, making: &Making) -> anyhow::Result<Contents> {
    notifications::check_receiver_type(flags.receiver_type.as_deref())?;
    let Some(word) = &flags.receiver_type else {
        bail!("--type is required")
    };
    let Some(host) = flags.hostname.as_deref().filter(|text| !text.is_empty()) else {
        bail!("--hostname is required")
    };
    let email = flags.email_claim.as_deref().filter(|text| !text.is_empty());
    if word == "gcr" && email.is_none() {
        bail!("--email-claim is required for gcr receiver type");
    }
    let token = match flags.token.as_deref().filter(|text| !text.is_empty()) {
        Some(token) => token.to_owned(),
        None => {
            let mut bytes = [0_u8; TOKEN_BYTES];
            rand::rng().fill_bytes(&mut bytes);
            hex(&bytes)
        }
    };
    let path = webhook_path(&token, &making.name, &making.namespace);
    let url = format!("https://{host}{path}");
    let mut data = json!({"token": token});
    if word == "gcr" {
        set_text(&mut data, "email", email);
        let audience = flags
            .audience_claim
            .as_deref()
            .filter(|text| !text.is_empty());
        data["audience"] = audience.unwrap_or(&url).into();
    }
    Ok(Contents {
        data: as_map(data),
        annotations: Some(json!({WEBHOOK_ANNOTATION: url})),
        ..Contents::default()
    })
}

/// Where a receiver listens: a digest of token, name and namespace.
pub(crate) fn webhook_path(token: &str, name: &str, namespace: &str) -> String {
    let digest = skein_registry::registry::digest(format!("{token}{name}{namespace}").as_bytes());
    format!("/hook/{}", digest.trim_start_matches("sha256:"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
