//! Provider: where notifications go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::{ALERT_VERSIONS, NOTIFICATION_GROUP};
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::LocalObjectReference;
use crate::resource::{KindSpec, NoStatus, Resource};
use crate::shape::{self, is_unset};

/// A Provider object.
pub type Provider = Resource<ProviderSpec>;

/// A service that is told, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.type == 'github' || self.type == 'gitlab' || self.type == 'gitea' || self.type == 'bitbucketserver' || self.type == 'bitbucket' || self.type == 'azuredevops' || !has(self.commitStatusExpr)",
        "message": "spec.commitStatusExpr is only supported for the 'github', 'gitlab', 'gitea', 'bitbucketserver', 'bitbucket', 'azuredevops' provider types",
    },
]))]
pub struct ProviderSpec {
    /// What the service is.
    #[serde(rename = "type")]
    pub provider_type: ProviderType,
    /// Without effect; kept for old objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub interval: Option<GoDuration>,
    /// Channel, room, topic or environment, as the type has it.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 2048))]
    pub channel: String,
    /// Name under which messages appear.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 2048))]
    pub username: String,
    /// Address of the service; the key `address` of the Secret wins.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 2048))]
    pub address: String,
    /// Time that one notification may take; 15 seconds when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::short_duration")]
    pub timeout: Option<GoDuration>,
    /// Address of a proxy; replaced by `proxySecretRef`.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 2048))]
    #[schemars(regex(pattern = r"^(http|https)://.*$"))]
    pub proxy: String,
    /// Secret with address and credentials of a proxy.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// Secret with token, user name, password, address and headers.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// ServiceAccount whose identity is used with services of clouds.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub service_account_name: String,
    /// Secret with TLS certificates for the service.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Stops telling; events are dropped.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
    /// CEL expression over `event`, `alert` and `provider` that gives the id of a commit status.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub commit_status_expr: String,
}

/// Services that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderType {
    /// Slack.
    Slack,
    /// Discord.
    Discord,
    /// Microsoft Teams.
    Msteams,
    /// Rocket.Chat.
    Rocket,
    /// A webhook that takes the event.
    Generic,
    /// A webhook that takes the signed event.
    #[serde(rename = "generic-hmac")]
    GenericHmac,
    /// GitHub commit statuses.
    Github,
    /// GitLab commit statuses.
    Gitlab,
    /// Gitea commit statuses.
    Gitea,
    /// Comments of Gitea pull requests.
    GiteaPullRequestComment,
    /// Bitbucket Server commit statuses.
    BitbucketServer,
    /// Bitbucket commit statuses.
    Bitbucket,
    /// Azure DevOps commit statuses.
    AzureDevops,
    /// Google Chat.
    GoogleChat,
    /// Google Cloud Pub/Sub.
    GooglePubsub,
    /// Webex.
    Webex,
    /// Sentry.
    Sentry,
    /// Azure Event Hubs.
    AzureEventHub,
    /// Telegram.
    Telegram,
    /// Lark.
    Lark,
    /// Matrix.
    Matrix,
    /// Opsgenie.
    Opsgenie,
    /// Prometheus Alertmanager.
    Alertmanager,
    /// Grafana annotations.
    Grafana,
    /// GitHub repository dispatches.
    GithubDispatch,
    /// Comments of GitHub pull requests.
    GithubPullRequestComment,
    /// Comments of GitLab merge requests.
    GitlabMergeRequestComment,
    /// PagerDuty.
    Pagerduty,
    /// Datadog.
    Datadog,
    /// NATS.
    Nats,
    /// Zulip.
    Zulip,
    /// An OpenTelemetry collector.
    Otel,
    /// Zoom (Flux 2.10).
    Zoom,
    /// incident.io (Flux 2.10).
    #[serde(rename = "incident.io")]
    IncidentIo,
    /// Mastodon (Flux 2.10).
    Mastodon,
}

impl KindSpec for ProviderSpec {
    type Status = NoStatus;
    const DEFINITION: Definition = Definition {
        group: NOTIFICATION_GROUP,
        kind: "Provider",
        plural: "providers",
        short_names: &[],
        category: Category::Notification,
        versions: &[
            Version {
                name: "v1",
                storage: false,
                without: &["proxy"],
            },
            ALERT_VERSIONS[1],
        ],
        columns: &[Column::AGE],
        status: StatusShape::Absent,
        description: "A service that is told what happened.",
    };
}
