//! `create alert`, `create alert-provider` and `create receiver`.

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};
use skein_api::FluxKind;

use super::references::{self, Words as Known};
use super::{Draft, Finished, Generating, Words, set_reference, set_text};

/// Sorts of receivers that are known.
const RECEIVER_TYPES: [&str; 12] = [
    "generic",
    "generic-hmac",
    "github",
    "gitlab",
    "bitbucket",
    "harbor",
    "dockerhub",
    "quay",
    "gcr",
    "nexus",
    "acr",
    "cdevents",
];

/// Flags of `create alert`.
#[derive(Args, Clone, Debug)]
pub struct AlertFlags {
    /// Name of the Alert
    pub(super) name: Option<String>,
    /// Name of the Provider
    #[arg(long)]
    provider_ref: Option<String>,
    /// Which events: info or error
    #[arg(long)]
    event_severity: Option<String>,
    /// Whose events: KIND/NAME[.NAMESPACE]
    #[arg(long, value_delimiter = ',')]
    event_source: Vec<String>,
}

/// Flags of `create alert-provider`.
#[derive(Args, Clone, Debug)]
pub struct ProviderFlags {
    /// Name of the Provider
    pub(super) name: Option<String>,
    /// Sort of provider
    #[arg(long = "type")]
    provider_type: Option<String>,
    /// Channel to send to
    #[arg(long)]
    channel: Option<String>,
    /// Name to send as
    #[arg(long)]
    username: Option<String>,
    /// Address to send to
    #[arg(long)]
    address: Option<String>,
    /// Secret with credentials
    #[arg(long)]
    secret_ref: Option<String>,
}

/// Flags of `create receiver`.
#[derive(Args, Clone, Debug)]
pub struct ReceiverFlags {
    /// Name of the Receiver
    pub(super) name: Option<String>,
    /// Sort of receiver
    #[arg(long = "type")]
    receiver_type: Option<String>,
    /// Secret with the token
    #[arg(long)]
    secret_ref: Option<String>,
    /// Events that count
    #[arg(long, value_delimiter = ',')]
    event: Vec<String>,
    /// Objects to reconcile: KIND/NAME
    #[arg(long, value_delimiter = ',')]
    resource: Vec<String>,
}

fn draft(kind: FluxKind, spec: Value) -> Draft {
    let subject = kind.definition().kind;
    Draft {
        kind,
        spec,
        words: Words {
            subject,
            generating: Generating::WhenApplied,
            made: subject,
            finished: Finished::Ready,
        },
        secret: None,
    }
}

/// The Alert that the flags describe.
pub(super) fn alert(flags: &AlertFlags) -> anyhow::Result<Draft> {
    let Some(provider) = flags
        .provider_ref
        .as_deref()
        .filter(|name| !name.is_empty())
    else {
        bail!("provider ref is required")
    };
    let mut sources = Vec::new();
    for text in &flags.event_source {
        let found = references::reference(text);
        if found.kind.is_empty() {
            bail!("invalid event source '{text}', must be in format <kind>/<name>");
        }
        let mut source = json!({"kind": found.kind, "name": found.name});
        set_text(&mut source, "namespace", Some(&found.namespace));
        sources.push(source);
    }
    if sources.is_empty() {
        bail!("at least one event source is required");
    }
    let mut spec = json!({"providerRef": {"name": provider}, "eventSources": sources});
    set_text(&mut spec, "eventSeverity", flags.event_severity.as_deref());
    Ok(draft(FluxKind::Alert, spec))
}

/// The Provider that the flags describe.
pub(super) fn provider(flags: &ProviderFlags) -> anyhow::Result<Draft> {
    let Some(word) = flags
        .provider_type
        .as_deref()
        .filter(|word| !word.is_empty())
    else {
        bail!("Provider type is required")
    };
    let mut spec = json!({"type": word});
    set_text(&mut spec, "channel", flags.channel.as_deref());
    set_text(&mut spec, "username", flags.username.as_deref());
    set_text(&mut spec, "address", flags.address.as_deref());
    set_reference(&mut spec, "secretRef", flags.secret_ref.as_deref());
    Ok(draft(FluxKind::Provider, spec))
}

/// Refuses a sort of receiver that is not known.
pub(super) fn check_receiver_type(word: Option<&str>) -> anyhow::Result<()> {
    references::one_of(
        word,
        &Known {
            flag: "--type",
            words: &RECEIVER_TYPES,
            refusal: ("receiver type", " is not supported"),
            missing: "no receiver type given, please specify the receiver type",
        },
    )
}

/// The Receiver that the flags describe.
pub(super) fn receiver(flags: &ReceiverFlags) -> anyhow::Result<Draft> {
    check_receiver_type(flags.receiver_type.as_deref())?;
    let Some(word) = &flags.receiver_type else {
        bail!("Receiver type is required")
    };
    let Some(secret) = flags.secret_ref.as_deref().filter(|name| !name.is_empty()) else {
        bail!("secret ref is required")
    };
    let mut resources = Vec::new();
    for text in &flags.resource {
        let (kind, name) = references::kind_and_name(text);
        if kind.is_empty() {
            bail!("invalid event source '{text}', must be in format <kind>/<name>");
        }
        resources.push(json!({"kind": kind, "name": name}));
    }
    if resources.is_empty() {
        bail!("atleast one resource is required");
    }
    let mut spec = json!({
        "type": word, "secretRef": {"name": secret}, "resources": resources,
    });
    if !flags.event.is_empty() {
        spec["events"] = flags.event.clone().into();
    }
    Ok(draft(FluxKind::Receiver, spec))
}
