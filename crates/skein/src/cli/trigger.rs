//! `trigger receiver`: calls the webhook of a Receiver; needs no access to the cluster.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use skein_object::GoDuration;

use crate::arguments::ClusterArguments;
use crate::create::webhook_path;
use crate::output::Output;

/// Variable with the token of an identity provider.
const TOKEN_VARIABLE: &str = "FLUX_TRIGGER_RECEIVER_OIDC_TOKEN";

/// Audience of a token when none is given.
const DEFAULT_AUDIENCE: &str = "notification-controller";

/// Sorts of receivers that can be triggered.
const TYPES: [&str; 3] = ["generic", "generic-hmac", "generic-oidc"];

/// Longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// `trigger`.
#[derive(Args, Clone, Debug)]
pub struct TriggerArguments {
    #[command(subcommand)]
    what: TriggerWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum TriggerWhat {
    /// Call the webhook of a Receiver
    Receiver(Box<ReceiverFlags>),
}

#[derive(Args, Clone, Debug)]
struct ReceiverFlags {
    /// Name of the Receiver
    name: Option<String>,
    /// Token of the Receiver
    #[arg(long)]
    token: Option<String>,
    /// Address of the webhooks
    #[arg(long, default_value = "", hide_default_value = true)]
    url: String,
    /// Sort of receiver: generic, generic-hmac or generic-oidc
    #[arg(long = "type", default_value = "generic")]
    receiver_type: String,
    /// Where the identity token comes from: github or forgejo
    #[arg(long, default_value = "", hide_default_value = true)]
    oidc_provider: String,
    /// Identity token; also FLUX_TRIGGER_RECEIVER_OIDC_TOKEN
    #[arg(long, default_value = "", hide_default_value = true)]
    oidc_token: String,
    /// Audience of the identity token
    #[arg(long, default_value = "", hide_default_value = true)]
    oidc_audience: String,
    /// What is sent, JSON
    #[arg(long, default_value = "{}")]
    payload: String,
    /// How often to try again
    #[arg(long, default_value_t = 10)]
    retries: u32,
    /// Time between two tries
    #[arg(long, default_value = "10s")]
    retry_delay: GoDuration,
}

/// Runs `trigger`.
pub(crate) async fn run(arguments: TriggerArguments, output: &mut Output) -> anyhow::Result<()> {
    let TriggerWhat::Receiver(flags) = arguments.what;
    let Some(name) = &flags.name else {
        bail!("accepts 1 arg(s), received 0")
    };
    if flags.url.is_empty() {
        bail!("--url is required");
    }
    flags.check()?;
    let namespace = arguments.cluster.plain_namespace();
    let deadline = arguments.cluster.timeout.as_std();
    match tokio::time::timeout(deadline, trigger(&flags, name, &namespace, output)).await {
        Ok(outcome) => outcome,
        Err(_) => bail!("context deadline exceeded"),
    }
}

impl ReceiverFlags {
    fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// Refuses flags that do not go together.
    fn check(&self) -> anyhow::Result<()> {
        let sort = self.receiver_type.as_str();
        if !TYPES.contains(&sort) {
            bail!(
                "invalid --type {sort:?}, must be one of: {}",
                TYPES.join(", ")
            );
        }
        let identity = [&self.oidc_provider, &self.oidc_token, &self.oidc_audience];
        if sort != "generic-oidc" {
            if self.token().is_empty() {
                bail!("--token is required for --type={sort}");
            }
            if identity.iter().any(|text| !text.is_empty()) {
                bail!(
                    "--oidc-provider, --oidc-token and --oidc-audience can only be set for --type=generic-oidc"
                );
            }
            return Ok(());
        }
        if !self.token().is_empty() {
            bail!(
                "--token must not be set for --type=generic-oidc, the Receiver of this type has no secret"
            );
        }
        if !self.oidc_provider.is_empty() {
            if !self.oidc_token.is_empty() {
                bail!("--oidc-provider and --oidc-token are mutually exclusive");
            }
            if !["github", "forgejo"].contains(&self.oidc_provider.as_str()) {
                bail!(
                    "invalid --oidc-provider {:?}, must be one of: github, forgejo",
                    self.oidc_provider
                );
            }
        } else if !self.oidc_audience.is_empty() {
            bail!("--oidc-audience can only be set together with --oidc-provider");
        }
        Ok(())
    }
}

/// What is sent, and why a try failed.
struct Call {
    client: reqwest::Client,
    url: String,
    payload: String,
    header: Option<(&'static str, String)>,
}

struct Failure {
    error: anyhow::Error,
    may_pass: bool,
}

async fn trigger(
    flags: &ReceiverFlags,
    name: &str,
    namespace: &str,
    output: &mut Output,
) -> anyhow::Result<()> {
    let client = skein_http::client(&skein_http::ClientOptions {
        user_agent: concat!("skein/", env!("CARGO_PKG_VERSION")),
        ..skein_http::ClientOptions::default()
    })?;
    let path = webhook_path(flags.token(), name, namespace);
    let header = match flags.receiver_type.as_str() {
        "generic-hmac" => {
            let signature = signature(flags.token(), &flags.payload)?;
            Some(("X-Signature", format!("sha256={signature}")))
        }
        "generic-oidc" => {
            let token = identity_token(flags, &client).await?;
            Some(("Authorization", format!("Bearer {token}")))
        }
        _ => None,
    };
    let call = Call {
        client,
        url: format!("{}{path}", flags.url.trim_end_matches('/')),
        payload: flags.payload.clone(),
        header,
    };
    output.action(&format!("triggering Receiver {namespace}/{name}"))?;
    let delay: Duration = flags.retry_delay.as_std();
    for attempt in 0.. {
        let Err(failure) = call.send().await else {
            break;
        };
        if !failure.may_pass || attempt >= flags.retries {
            return Err(failure.error);
        }
        output.waiting(&format!(
            "{:#}; retrying in {} ({}/{})",
            failure.error,
            flags.retry_delay,
            attempt + 1,
            flags.retries
        ))?;
        tokio::time::sleep(delay).await;
    }
    output.success(&format!("Receiver {namespace}/{name} triggered"))?;
    Ok(())
}

impl Call {
    async fn send(&self) -> Result<(), Failure> {
        let url = &self.url;
        let mut request = self
            .client
            .post(url)
            .header("Content-Type", "application/json")
            .body(self.payload.clone());
        if let Some((name, value)) = &self.header {
            request = request.header(*name, value);
        }
        let answer = request.send().await.map_err(|error| {
            let reason = skein_http::reason_of(&error);
            Failure {
                error: anyhow::anyhow!("request to {url} failed: {reason}"),
                may_pass: true,
            }
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let body = skein_http::read_body(answer, MAX_ANSWER_BYTES)
            .await
            .unwrap_or_default();
        let text = String::from_utf8_lossy(&body).trim().to_owned();
        let mut message = format!("request to {url} failed with status {status}");
        if !text.is_empty() {
            message.push_str(&format!(": {text}"));
        }
        // 404 passes too: a webhook is served when the Receiver was reconciled.
        let may_pass = matches!(status.as_u16(), 404 | 408 | 429 | 500 | 502 | 503 | 504);
        Err(Failure {
            error: anyhow::anyhow!(message),
            may_pass,
        })
    }
}

fn signature(token: &str, payload: &str) -> anyhow::Result<String> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(token.as_bytes()).context("the token is no key")?;
    mac.update(payload.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The token of an identity provider: from the flag, the environment, or the service of a CI job.
async fn identity_token(flags: &ReceiverFlags, client: &reqwest::Client) -> anyhow::Result<String> {
    if flags.oidc_provider.is_empty() {
        if !flags.oidc_token.is_empty() {
            return Ok(flags.oidc_token.clone());
        }
        return match std::env::var(TOKEN_VARIABLE) {
            Ok(token) if !token.is_empty() => Ok(token),
            _ => bail!(
                "no OIDC token provided: set --oidc-provider, --oidc-token or the {TOKEN_VARIABLE} environment variable"
            ),
        };
    }
    let variable = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|text| !text.is_empty())
            .with_context(|| {
                format!("{name} is not set: the job needs the right to identity tokens")
            })
    };
    let address = variable("ACTIONS_ID_TOKEN_REQUEST_URL")?;
    let bearer = variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?;
    let audience = match flags.oidc_audience.as_str() {
        "" => DEFAULT_AUDIENCE,
        audience => audience,
    };
    let separator = if address.contains('?') { '&' } else { '?' };
    let answer = client
        .get(format!("{address}{separator}audience={audience}"))
        .bearer_auth(bearer)
        .send()
        .await
        .map_err(|error| {
            anyhow::anyhow!("asking for a token: {}", skein_http::reason_of(&error))
        })?;
    if !answer.status().is_success() {
        bail!("asking for a token: status {}", answer.status());
    }
    let body = skein_http::read_body(answer, MAX_ANSWER_BYTES).await?;
    let value: serde_json::Value =
        serde_json::from_slice(&body).context("the answer with the token is no JSON")?;
    let token = value["value"]
        .as_str()
        .context("the answer holds no token")?;
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_signed() {
        // RFC 4231, test case 2.
        assert_eq!(
            signature("Jefe", "what do ya want for nothing?").unwrap(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
