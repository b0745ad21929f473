//! `create source`: Git, OCI and Helm repositories, charts, buckets.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use skein_api::FluxKind;
use skein_object::GoDuration;

use super::references::{self, Words as Known};
use super::secrets::{self, KeyFlags};
use super::{Draft, Finished, Generating, Making, SecretDraft, Words, set_reference, set_text};

/// The kinds of sources.
#[derive(Subcommand, Clone, Debug)]
pub enum SourceWhat {
    /// A GitRepository
    Git(GitFlags),
    /// An OCIRepository
    Oci(OciFlags),
    /// A HelmRepository
    Helm(HelmFlags),
    /// A HelmChart
    Chart(ChartFlags),
    /// A Bucket
    Bucket(BucketFlags),
}

impl SourceWhat {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Git(flags) => flags.name.as_deref(),
            Self::Oci(flags) => flags.name.as_deref(),
            Self::Helm(flags) => flags.name.as_deref(),
            Self::Chart(flags) => flags.name.as_deref(),
            Self::Bucket(flags) => flags.name.as_deref(),
        }
    }
}

/// Flags of `create source git`.
#[derive(Args, Clone, Debug)]
pub struct GitFlags {
    name: Option<String>,
    /// Address of the repository
    #[arg(long)]
    url: Option<String>,
    /// Branch
    #[arg(long)]
    branch: Option<String>,
    /// Tag
    #[arg(long)]
    tag: Option<String>,
    /// Range of versions that tags must lie in
    #[arg(long)]
    tag_semver: Option<String>,
    /// Name of a reference
    #[arg(long)]
    ref_name: Option<String>,
    /// Commit
    #[arg(long)]
    commit: Option<String>,
    /// User name
    #[arg(short, long)]
    username: Option<String>,
    /// Password, or the pass phrase of the key file
    #[arg(short, long)]
    password: Option<String>,
    #[command(flatten)]
    key: KeyFlags,
    /// Secret with credentials that exists already
    #[arg(long)]
    secret_ref: Option<String>,
    /// Secret with the proxy
    #[arg(long)]
    proxy_secret_ref: Option<String>,
    /// Provider of credentials: generic, github, aws or azure
    #[arg(long)]
    provider: Option<String>,
    /// File with the certificate authority of the server
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// Fetch submodules too
    #[arg(long)]
    recurse_submodules: bool,
    /// Do not ask whether the key was added to the repository
    #[arg(short, long)]
    silent: bool,
    /// Paths to leave out
    #[arg(long, value_delimiter = ',')]
    ignore_paths: Vec<String>,
    /// Paths to check out, alone
    #[arg(long, value_delimiter = ',')]
    sparse_checkout_paths: Vec<String>,
}

/// How signatures are checked.
#[derive(Args, Clone, Debug)]
struct VerifyFlags {
    /// How signatures are checked: cosign
    #[arg(long)]
    verify_provider: Option<String>,
    /// Secret with the keys of signers
    #[arg(long)]
    verify_secret_ref: Option<String>,
    /// Expression that the subject of a signer must match
    #[arg(long)]
    verify_subject: Option<String>,
    /// Expression that the issuer of a signer must match
    #[arg(long)]
    verify_issuer: Option<String>,
}

/// Flags of `create source oci`.
#[derive(Args, Clone, Debug)]
pub struct OciFlags {
    name: Option<String>,
    /// Address of the repository
    #[arg(long)]
    url: Option<String>,
    /// Provider of credentials: generic, aws, azure or gcp
    #[arg(long, default_value = "generic")]
    provider: String,
    /// Tag
    #[arg(long)]
    tag: Option<String>,
    /// Range of versions that tags must lie in
    #[arg(long)]
    tag_semver: Option<String>,
    /// Digest
    #[arg(long)]
    digest: Option<String>,
    /// Secret with credentials
    #[arg(long)]
    secret_ref: Option<String>,
    /// Secret with the proxy
    #[arg(long)]
    proxy_secret_ref: Option<String>,
    /// Service account with image pull secrets
    #[arg(long)]
    service_account: Option<String>,
    /// Secret with certificates
    #[arg(long)]
    cert_ref: Option<String>,
    #[command(flatten)]
    verify: VerifyFlags,
    /// Paths to leave out
    #[arg(long, value_delimiter = ',')]
    ignore_paths: Vec<String>,
    /// Allow plain HTTP
    #[arg(long)]
    insecure: bool,
    /// Which layer is taken and how: MEDIA-TYPE:extract or MEDIA-TYPE:copy
    #[arg(long)]
    layer_selector: Option<String>,
}

/// Flags of `create source helm`.
#[derive(Args, Clone, Debug)]
pub struct HelmFlags {
    name: Option<String>,
    /// Address of the repository
    #[arg(long)]
    url: Option<String>,
    /// User name
    #[arg(short, long)]
    username: Option<String>,
    /// Password
    #[arg(short, long)]
    password: Option<String>,
    /// File with the client certificate
    #[arg(long)]
    cert_file: Option<PathBuf>,
    /// File with the key of the client certificate
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// File with the certificate authority of the server
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// Secret with credentials that exists already
    #[arg(long)]
    secret_ref: Option<String>,
    /// Provider of credentials of an OCI registry
    #[arg(long)]
    oci_provider: Option<String>,
    /// Send credentials to all hosts
    #[arg(long)]
    pass_credentials: bool,
}

/// Flags of `create source chart`.
#[derive(Args, Clone, Debug)]
pub struct ChartFlags {
    name: Option<String>,
    /// Name or path of the chart
    #[arg(long)]
    chart: Option<String>,
    /// Version of the chart, or a range
    #[arg(long)]
    chart_version: Option<String>,
    /// Where the chart is: KIND/NAME of a HelmRepository, GitRepository or Bucket
    #[arg(long)]
    source: Option<String>,
    /// When a chart is new: ChartVersion or Revision
    #[arg(long, default_value = "ChartVersion")]
    reconcile_strategy: String,
    #[command(flatten)]
    verify: VerifyFlags,
}

/// Flags of `create source bucket`.
#[derive(Args, Clone, Debug)]
pub struct BucketFlags {
    name: Option<String>,
    /// Provider of the storage: generic, aws, azure or gcp
    #[arg(long, default_value = "generic")]
    provider: String,
    /// Name of the bucket
    #[arg(long)]
    bucket_name: Option<String>,
    /// Address of the storage
    #[arg(long)]
    endpoint: Option<String>,
    /// Access key
    #[arg(long)]
    access_key: Option<String>,
    /// Secret key
    #[arg(long)]
    secret_key: Option<String>,
    /// Region
    #[arg(long)]
    region: Option<String>,
    /// Allow plain HTTP
    #[arg(long)]
    insecure: bool,
    /// Secret with credentials that exists already
    #[arg(long)]
    secret_ref: Option<String>,
    /// Secret with the proxy
    #[arg(long)]
    proxy_secret_ref: Option<String>,
    /// Paths to leave out
    #[arg(long, value_delimiter = ',')]
    ignore_paths: Vec<String>,
}

/// The source that the flags describe.
pub(super) fn draft(
    what: SourceWhat,
    fetch_timeout: Option<GoDuration>,
    making: &Making,
) -> anyhow::Result<Draft> {
    let mut draft = match what {
        SourceWhat::Git(flags) => git(&flags, making)?,
        SourceWhat::Oci(flags) => oci(&flags, making)?,
        SourceWhat::Helm(flags) => helm(&flags, making)?,
        SourceWhat::Chart(flags) => return chart(&flags, making),
        SourceWhat::Bucket(flags) => bucket(&flags, making)?,
    };
    if let Some(timeout) = fetch_timeout {
        draft.spec["timeout"] = timeout.to_string().into();
    }
    Ok(draft)
}

fn draft_of(kind: FluxKind, spec: Value, words: (&'static str, &'static str, Generating)) -> Draft {
    let (subject, made, generating) = words;
    Draft {
        kind,
        spec,
        words: Words {
            subject,
            generating,
            made,
            finished: Finished::Fetched,
        },
        secret: None,
    }
}

fn set_ignore(spec: &mut Value, paths: &[String]) {
    if !paths.is_empty() {
        spec["ignore"] = paths.join("\n").into();
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// The part of an address before `://`.
fn scheme_of(url: &str) -> &str {
    url.split_once("://").map_or("", |(scheme, _)| scheme)
}

/// Host and port of an address.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

fn git(flags: &GitFlags, making: &Making) -> anyhow::Result<Draft> {
    const PROVIDERS: [&str; 4] = ["generic", "github", "aws", "azure"];
    if let Some(provider) = &flags.provider
        && !PROVIDERS.contains(&provider.as_str())
    {
        let why = format!(
            "source Git provider '{provider}' is not supported, must be one of: {}",
            PROVIDERS.join("|")
        );
        return Err(references::refused("--provider", provider, &why));
    }
    flags.key.check()?;
    let Some(url) = given(flags.url.as_ref()) else {
        bail!("url is required")
    };
    let scheme = scheme_of(url);
    if !["ssh", "http", "https"].contains(&scheme) {
        bail!("git URL scheme '{scheme}' not supported, can be: ssh, http and https");
    }
    let reference = git_reference(flags)?;
    if flags.ca_file.is_some() && scheme == "ssh" {
        bail!("specifying a CA file is not supported for Git over SSH");
    }
    let mut spec = json!({"interval": making.interval(), "url": url, "ref": reference});
    if flags.recurse_submodules {
        spec["recurseSubmodules"] = true.into();
    }
    set_ignore(&mut spec, &flags.ignore_paths);
    if !flags.sparse_checkout_paths.is_empty() {
        spec["sparseCheckout"] = flags.sparse_checkout_paths.clone().into();
    }
    set_reference(&mut spec, "secretRef", flags.secret_ref.as_deref());
    set_reference(
        &mut spec,
        "proxySecretRef",
        flags.proxy_secret_ref.as_deref(),
    );
    set_text(&mut spec, "provider", flags.provider.as_deref());
    let words = (
        "GitRepository source",
        "GitRepository source",
        Generating::WhenApplied,
    );
    let mut draft = draft_of(FluxKind::GitRepository, spec, words);
    if !making.export && given(flags.secret_ref.as_ref()).is_none() {
        draft.secret = git_secret(flags, making, scheme)?;
    }
    Ok(draft)
}

fn git_reference(flags: &GitFlags) -> anyhow::Result<Value> {
    let fields = [
        ("commit", &flags.commit),
        ("name", &flags.ref_name),
        ("semver", &flags.tag_semver),
        ("tag", &flags.tag),
        ("branch", &flags.branch),
    ];
    let found = fields
        .iter()
        .find_map(|(field, text)| Some((*field, given(text.as_ref())?)));
    let Some((field, text)) = found else {
        bail!(
            "a Git ref is required, use one of the following: --branch, --tag, --commit, --ref-name or --tag-semver"
        );
    };
    let mut reference = json!({field: text});
    if field == "commit" {
        set_text(&mut reference, "branch", flags.branch.as_deref());
    }
    Ok(reference)
}

/// The Secret with the credentials that stand in the flags.
fn git_secret(
    flags: &GitFlags,
    making: &Making,
    scheme: &str,
) -> anyhow::Result<Option<SecretDraft>> {
    if scheme == "ssh" {
        bail!(
            "give the Secret with the SSH key of the repository as --secret-ref; `create secret git` with --private-key-file makes one"
        );
    }
    let mut data = json!({});
    if let (Some(username), Some(password)) = (
        given(flags.username.as_ref()),
        given(flags.password.as_ref()),
    ) {
        data = json!({"username": username, "password": password});
    }
    if let Some(file) = &flags.ca_file
        && scheme == "https"
    {
        data["ca.crt"] = secrets::read_text(file, "unable to read TLS CA file")?.into();
    }
    Ok(secret_draft(
        making,
        &making.name,
        data,
        "applying secret with repository credentials",
    ))
}

fn secret_draft(
    making: &Making,
    name: &str,
    data: Value,
    action: &'static str,
) -> Option<SecretDraft> {
    let is_empty = data.as_object().is_none_or(serde_json::Map::is_empty);
    (!is_empty).then(|| SecretDraft {
        object: json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": making.namespace},
            "stringData": data,
        }),
        action,
    })
}

fn oci(flags: &OciFlags, making: &Making) -> anyhow::Result<Draft> {
    references::one_of(Some(&flags.provider), &references::OCI_PROVIDERS)?;
    flags.verify.check_provider()?;
    let Some(url) = given(flags.url.as_ref()) else {
        bail!("url is required")
    };
    let mut reference = json!({});
    set_text(&mut reference, "digest", flags.digest.as_deref());
    set_text(&mut reference, "semver", flags.tag_semver.as_deref());
    set_text(&mut reference, "tag", flags.tag.as_deref());
    if reference.as_object().is_none_or(serde_json::Map::is_empty) {
        bail!("--tag, --tag-semver or --digest is required");
    }
    let mut spec = json!({
        "interval": making.interval(), "url": url, "ref": reference, "provider": flags.provider,
    });
    if flags.insecure {
        spec["insecure"] = true.into();
    }
    set_ignore(&mut spec, &flags.ignore_paths);
    if let Some(selector) = given(flags.layer_selector.as_ref()) {
        spec["layerSelector"] = layer_selector(selector)?;
    }
    set_text(
        &mut spec,
        "serviceAccountName",
        flags.service_account.as_deref(),
    );
    set_reference(&mut spec, "secretRef", flags.secret_ref.as_deref());
    set_reference(
        &mut spec,
        "proxySecretRef",
        flags.proxy_secret_ref.as_deref(),
    );
    set_reference(&mut spec, "certSecretRef", flags.cert_ref.as_deref());
    flags.verify.set(&mut spec)?;
    let words = ("OCIRepository", "OCIRepository", Generating::Never);
    Ok(draft_of(FluxKind::OciRepository, spec, words))
}

fn layer_selector(text: &str) -> anyhow::Result<Value> {
    let Some((media_type, operation)) = text
        .split_once(':')
        .filter(|(media_type, operation)| !media_type.is_empty() && !operation.is_empty())
    else {
        bail!("invalid --layer-selector {text:?}: must be in the format '<media-type>:<operation>'")
    };
    if !["extract", "copy"].contains(&operation) {
        bail!("invalid --layer-selector {text:?}: operation must be \"extract\" or \"copy\"");
    }
    Ok(json!({"mediaType": media_type, "operation": operation}))
}

impl VerifyFlags {
    fn check_provider(&self) -> anyhow::Result<()> {
        references::one_of(
            self.verify_provider.as_deref(),
            &Known {
                flag: "--verify-provider",
                words: &["cosign"],
                refusal: ("source OCI verify provider", " is not supported"),
                missing: "no source OCI verify provider given, please specify the OCI verify provider name to use for signature verification, available options are: (cosign)",
            },
        )
    }

    fn set(&self, spec: &mut Value) -> anyhow::Result<()> {
        let Some(provider) = given(self.verify_provider.as_ref()) else {
            if self.verify_secret_ref.is_some() {
                bail!("a verification provider must be specified when a secret is specified");
            }
            if self.verify_issuer.is_some() || self.verify_subject.is_some() {
                bail!(
                    "a verification provider must be specified when OIDC issuer/subject is specified"
                );
            }
            return Ok(());
        };
        let mut verify = json!({"provider": provider});
        set_reference(&mut verify, "secretRef", self.verify_secret_ref.as_deref());
        if self.verify_issuer.is_some() || self.verify_subject.is_some() {
            let issuer = self.verify_issuer.as_deref().unwrap_or_default();
            let subject = self.verify_subject.as_deref().unwrap_or_default();
            verify["matchOIDCIdentity"] = json!([{"issuer": issuer, "subject": subject}]);
        }
        spec["verify"] = verify;
        Ok(())
    }
}

fn helm(flags: &HelmFlags, making: &Making) -> anyhow::Result<Draft> {
    let Some(url) = given(flags.url.as_ref()) else {
        bail!("url is required")
    };
    let scheme = scheme_of(url);
    if !["http", "https", "oci"].contains(&scheme) {
        bail!("url scheme '{scheme}' not supported, can be: http, https and oci");
    }
    if host_of(url).is_empty() {
        bail!("url host is required");
    }
    let mut spec = json!({"interval": making.interval(), "url": url});
    if scheme == "oci" {
        spec["type"] = "oci".into();
        set_text(&mut spec, "provider", flags.oci_provider.as_deref());
    }
    set_reference(&mut spec, "secretRef", flags.secret_ref.as_deref());
    if given(flags.secret_ref.as_ref()).is_some() && flags.pass_credentials {
        spec["passCredentials"] = true.into();
    }
    let words = ("HelmRepository source", "source", Generating::WhenApplied);
    let mut draft = draft_of(FluxKind::HelmRepository, spec, words);
    if !making.export && given(flags.secret_ref.as_ref()).is_none() {
        let read = |file: &Option<PathBuf>, what: &str| {
            file.as_ref()
                .map(|file| secrets::read_text(file, what))
                .transpose()
        };
        let parts = secrets::HelmParts {
            username: flags.username.clone().unwrap_or_default(),
            password: flags.password.clone().unwrap_or_default(),
            ca: read(&flags.ca_file, "unable to read TLS CA file")?.unwrap_or_default(),
            certificate: read(&flags.cert_file, "failed to read cert file")?.unwrap_or_default(),
            key: read(&flags.key_file, "failed to read key file")?.unwrap_or_default(),
        };
        let (data, secret_type) = parts.data()?;
        let name = format!("helm-{}", making.name);
        draft.secret = secret_draft(
            making,
            &name,
            data,
            "applying secret with repository credentials",
        );
        if let (Some(secret), Some(secret_type)) = (&mut draft.secret, secret_type) {
            secret.object["type"] = secret_type.into();
        }
        if draft.secret.is_some() && flags.pass_credentials {
            draft.spec["passCredentials"] = true.into();
        }
    }
    Ok(draft)
}

fn chart(flags: &ChartFlags, making: &Making) -> anyhow::Result<Draft> {
    flags.verify.check_provider()?;
    let Some(source) = given(flags.source.as_ref()) else {
        bail!("chart source is required")
    };
    let source = references::chart_source(source)?;
    let Some(chart) = given(flags.chart.as_ref()) else {
        bail!("chart name or path is required")
    };
    let mut spec = json!({
        "chart": chart,
        "interval": making.interval(),
        "reconcileStrategy": flags.reconcile_strategy,
        "sourceRef": {"kind": source.kind, "name": source.name},
    });
    set_text(&mut spec, "version", flags.chart_version.as_deref());
    flags.verify.set(&mut spec)?;
    let words = ("HelmChart source", "source", Generating::Always);
    Ok(draft_of(FluxKind::HelmChart, spec, words))
}

fn bucket(flags: &BucketFlags, making: &Making) -> anyhow::Result<Draft> {
    references::one_of(
        Some(&flags.provider),
        &Known {
            flag: "--provider",
            words: &["generic", "aws", "azure", "gcp"],
            refusal: ("source bucket provider", " is not supported"),
            missing: "no source bucket provider given, please specify the S3 compatible storage provider name",
        },
    )?;
    let name = given(flags.bucket_name.as_ref()).context("bucket-name is required")?;
    let endpoint = given(flags.endpoint.as_ref()).context("endpoint is required")?;
    let mut spec = json!({
        "interval": making.interval(),
        "bucketName": name,
        "endpoint": endpoint,
        "provider": flags.provider,
    });
    if flags.insecure {
        spec["insecure"] = true.into();
    }
    set_text(&mut spec, "region", flags.region.as_deref());
    set_ignore(&mut spec, &flags.ignore_paths);
    set_reference(&mut spec, "secretRef", flags.secret_ref.as_deref());
    set_reference(
        &mut spec,
        "proxySecretRef",
        flags.proxy_secret_ref.as_deref(),
    );
    let words = ("Bucket source", "Bucket source", Generating::WhenApplied);
    let mut draft = draft_of(FluxKind::Bucket, spec, words);
    if let (Some(access), Some(secret), None) = (
        given(flags.access_key.as_ref()),
        given(flags.secret_key.as_ref()),
        given(flags.secret_ref.as_ref()),
    ) && !making.export
    {
        let data = json!({"accesskey": access, "secretkey": secret});
        let name = format!("bucket-{}", making.name);
        draft.secret = secret_draft(
            making,
            &name,
            data,
            "applying secret with the bucket credentials",
        );
    }
    Ok(draft)
}
