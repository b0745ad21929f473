//! `create kustomization` and `create helmrelease`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, Value, json};
use skein_api::FluxKind;
use skein_object::GoDuration;

use super::references::{self, Words as Known};
use super::{Draft, Finished, Generating, Making, Words, set_text};

/// Flags of `create kustomization`.
#[derive(Args, Clone, Debug)]
pub struct KustomizationFlags {
    /// Name of the Kustomization
    pub(super) name: Option<String>,
    /// Where the manifests are: [KIND/]NAME[.NAMESPACE] of an OCIRepository, GitRepository or Bucket
    #[arg(long)]
    source: Option<String>,
    /// Directory of the manifests in the source
    #[arg(long, default_value = "./")]
    path: String,
    /// Delete what the source no longer has
    #[arg(long)]
    prune: bool,
    /// Wait until all objects are healthy
    #[arg(long)]
    wait: bool,
    /// Workloads that must be healthy: KIND/NAME.NAMESPACE
    #[arg(long, value_delimiter = ',')]
    health_check: Vec<String>,
    /// How long objects may take to become healthy
    #[arg(long, default_value = "2m0s")]
    health_check_timeout: GoDuration,
    /// Kustomizations that must be ready first: [NAMESPACE/]NAME
    #[arg(long, value_delimiter = ',')]
    depends_on: Vec<String>,
    /// Service account to act as
    #[arg(long)]
    service_account: Option<String>,
    /// How Secrets are decrypted: sops
    #[arg(long)]
    decryption_provider: Option<String>,
    /// Secret with the keys of the decryption
    #[arg(long)]
    decryption_secret: Option<String>,
    /// Namespace of all objects
    #[arg(long)]
    target_namespace: Option<String>,
    /// Secret with the kubeconfig of another cluster
    #[arg(long)]
    kubeconfig_secret_ref: Option<String>,
    /// When a failed run is tried again
    #[arg(long)]
    retry_interval: Option<GoDuration>,
    /// Has no effect
    #[arg(long, hide = true)]
    validation: Option<String>,
}

/// Flags of `create helmrelease`.
#[derive(Args, Clone, Debug)]
pub struct HelmReleaseFlags {
    /// Name of the HelmRelease
    pub(super) name: Option<String>,
    /// Name of the release; by default made of target namespace and name
    #[arg(long)]
    release_name: Option<String>,
    /// Where the chart is: KIND/NAME[.NAMESPACE] of a HelmRepository, GitRepository or Bucket
    #[arg(long)]
    source: Option<String>,
    /// Name or path of the chart
    #[arg(long)]
    chart: Option<String>,
    /// Version of the chart, or a range
    #[arg(long)]
    chart_version: Option<String>,
    /// An object that has the chart: KIND/NAME[.NAMESPACE] of an OCIRepository or HelmChart
    #[arg(long)]
    chart_ref: Option<String>,
    /// HelmReleases that must be ready first: [NAMESPACE/]NAME
    #[arg(long, value_delimiter = ',')]
    depends_on: Vec<String>,
    /// Namespace to install into
    #[arg(long)]
    target_namespace: Option<String>,
    /// Namespace of Helm's records; by default the target namespace
    #[arg(long)]
    storage_namespace: Option<String>,
    /// Create the target namespace
    #[arg(long)]
    create_target_namespace: bool,
    /// Service account to act as
    #[arg(long)]
    service_account: Option<String>,
    /// When a chart is new: ChartVersion or Revision
    #[arg(long, default_value = "ChartVersion")]
    reconcile_strategy: String,
    /// How often to look for new charts
    #[arg(long)]
    chart_interval: Option<GoDuration>,
    /// Files with values
    #[arg(long, value_delimiter = ',')]
    values: Vec<PathBuf>,
    /// Objects with values: Secret/NAME or ConfigMap/NAME
    #[arg(long, value_delimiter = ',')]
    values_from: Vec<String>,
    /// What upgrades do with definitions: Skip, Create or CreateReplace
    #[arg(long)]
    crds: Option<String>,
    /// Secret with the kubeconfig of another cluster
    #[arg(long)]
    kubeconfig_secret_ref: Option<String>,
}

fn words(subject: &'static str) -> Words {
    Words {
        subject,
        generating: Generating::WhenApplied,
        made: subject,
        finished: Finished::Ready,
    }
}

/// The Kustomization that the flags describe.
pub(super) fn kustomization(flags: &KustomizationFlags, making: &Making) -> anyhow::Result<Draft> {
    references::one_of(
        flags.decryption_provider.as_deref(),
        &Known {
            flag: "--decryption-provider",
            words: &["sops"],
            refusal: ("unsupported decryption provider", ""),
            missing: "no decryption provider given, must be one of: sops",
        },
    )?;
    let Some(source) = &flags.source else {
        bail!("source is required")
    };
    let source = references::kustomization_source(source)?;
    let mut spec = json!({
        "interval": making.interval(),
        "path": references::safe_relative_path(&flags.path),
        "prune": flags.prune,
        "sourceRef": {"kind": source.kind, "name": source.name},
    });
    set_text(&mut spec["sourceRef"], "namespace", Some(&source.namespace));
    set_text(
        &mut spec,
        "targetNamespace",
        flags.target_namespace.as_deref(),
    );
    set_text(
        &mut spec,
        "serviceAccountName",
        flags.service_account.as_deref(),
    );
    if !flags.depends_on.is_empty() {
        spec["dependsOn"] = references::dependencies(&flags.depends_on);
    }
    set_kubeconfig(&mut spec, flags.kubeconfig_secret_ref.as_deref());
    if flags.wait {
        spec["wait"] = true.into();
    } else if !flags.health_check.is_empty() {
        let checks: anyhow::Result<Vec<Value>> = flags
            .health_check
            .iter()
            .map(|text| health_check(text))
            .collect();
        spec["healthChecks"] = checks?.into();
    }
    if flags.wait || !flags.health_check.is_empty() {
        spec["timeout"] = flags.health_check_timeout.to_string().into();
    }
    if let Some(provider) = &flags.decryption_provider {
        spec["decryption"] = json!({"provider": provider});
        super::set_reference(
            &mut spec["decryption"],
            "secretRef",
            flags.decryption_secret.as_deref(),
        );
    }
    if let Some(interval) = flags.retry_interval {
        spec["retryInterval"] = interval.to_string().into();
    }
    Ok(Draft {
        kind: FluxKind::Kustomization,
        spec,
        words: words("Kustomization"),
        secret: None,
    })
}

/// `KIND/NAME.NAMESPACE` of a workload.
fn health_check(text: &str) -> anyhow::Result<Value> {
    const KINDS: [&str; 4] = ["Deployment", "DaemonSet", "StatefulSet", "HelmRelease"];
    let parts: Vec<&str> = text.split('/').collect();
    let [kind, place] = parts[..] else {
        bail!(
            "invalid health check '{text}' must be in the format 'kind/name.namespace' [{}]",
            parts.join(" ")
        )
    };
    if !KINDS.contains(&kind) {
        bail!(
            "invalid health check kind '{kind}' can be HelmRelease, Deployment, DaemonSet or StatefulSet"
        );
    }
    let [name, namespace] = place.split('.').collect::<Vec<_>>()[..] else {
        bail!("invalid health check '{text}' must be in the format 'kind/name.namespace'")
    };
    let mut check = json!({"kind": kind, "name": name, "namespace": namespace});
    if kind == "HelmRelease" {
        check["apiVersion"] = FluxKind::HelmRelease.definition().api_version().into();
    }
    Ok(check)
}

fn set_kubeconfig(spec: &mut Value, secret: Option<&str>) {
    if let Some(secret) = secret.filter(|name| !name.is_empty()) {
        spec["kubeConfig"] = json!({"secretRef": {"name": secret}});
    }
}

/// The HelmRelease that the flags describe.
pub(super) fn helm_release(flags: &HelmReleaseFlags, making: &Making) -> anyhow::Result<Draft> {
    references::one_of(
        flags.crds.as_deref(),
        &Known {
            flag: "--crds",
            words: &["Skip", "Create", "CreateReplace"],
            refusal: ("unsupported upgrade CRDs policy", ""),
            missing: "no upgrade CRDs policy given, must be one of: Skip, Create, CreateReplace",
        },
    )?;
    let source = flags
        .source
        .as_deref()
        .map(references::chart_source)
        .transpose()?;
    if flags.chart.is_some() && flags.chart_ref.is_some() {
        bail!("cannot use --chart in combination with --chart-ref");
    }
    let mut spec = json!({"interval": making.interval()});
    match (&flags.chart, &flags.chart_ref) {
        (Some(chart), _) => spec["chart"] = chart_template(flags, chart, source.as_ref())?,
        (None, Some(reference)) => spec["chartRef"] = chart_reference(reference)?,
        (None, None) => bail!("chart or chart-ref is required"),
    }
    let storage = flags
        .storage_namespace
        .as_ref()
        .or(flags.target_namespace.as_ref());
    set_text(&mut spec, "releaseName", flags.release_name.as_deref());
    set_text(
        &mut spec,
        "targetNamespace",
        flags.target_namespace.as_deref(),
    );
    set_text(&mut spec, "storageNamespace", storage.map(String::as_str));
    set_text(
        &mut spec,
        "serviceAccountName",
        flags.service_account.as_deref(),
    );
    if !flags.depends_on.is_empty() {
        spec["dependsOn"] = references::dependencies(&flags.depends_on);
    }
    set_kubeconfig(&mut spec, flags.kubeconfig_secret_ref.as_deref());
    if flags.create_target_namespace {
        spec["install"]["createNamespace"] = true.into();
    }
    if let Some(policy) = &flags.crds {
        spec["install"]["crds"] = "Create".into();
        spec["upgrade"]["crds"] = policy.as_str().into();
    }
    if !flags.values.is_empty() {
        spec["values"] = merged_values(&flags.values)?.into();
    }
    if !flags.values_from.is_empty() {
        let references: anyhow::Result<Vec<Value>> = flags
            .values_from
            .iter()
            .map(|text| values_reference(text))
            .collect();
        spec["valuesFrom"] = references?.into();
    }
    Ok(Draft {
        kind: FluxKind::HelmRelease,
        spec,
        words: words("HelmRelease"),
        secret: None,
    })
}

fn chart_template(
    flags: &HelmReleaseFlags,
    chart: &str,
    source: Option<&references::Reference>,
) -> anyhow::Result<Value> {
    let strategy = flags.reconcile_strategy.as_str();
    if !["Revision", "ChartVersion"].contains(&strategy) {
        bail!("'{strategy}' is an invalid reconcile strategy(valid: Revision, ChartVersion)");
    }
    let mut spec = json!({"chart": chart, "reconcileStrategy": strategy});
    spec["sourceRef"] = match source {
        Some(source) => {
            let mut reference = json!({"kind": source.kind, "name": source.name});
            set_text(&mut reference, "namespace", Some(&source.namespace));
            reference
        }
        None => json!({"name": ""}),
    };
    set_text(&mut spec, "version", flags.chart_version.as_deref());
    if let Some(interval) = flags.chart_interval {
        spec["interval"] = interval.to_string().into();
    }
    Ok(json!({"spec": spec}))
}

fn chart_reference(text: &str) -> anyhow::Result<Value> {
    let found = references::reference(text);
    if !["OCIRepository", "HelmChart"].contains(&found.kind.as_str()) {
        bail!(
            "chart reference kind '{}' is not supported, must be one of: OCIRepository, HelmChart",
            found.kind
        );
    }
    let mut reference = json!({"kind": found.kind, "name": found.name});
    set_text(&mut reference, "namespace", Some(&found.namespace));
    Ok(reference)
}

/// The values of all files, later ones over earlier ones.
fn merged_values(files: &[PathBuf]) -> anyhow::Result<Map<String, Value>> {
    let mut merged = Map::new();
    for file in files {
        let shown = file.display();
        let bytes = fs::read(file).map_err(|error| {
            let error = super::file_error(file, &error);
            anyhow::anyhow!("reading values from {shown} failed: {error}")
        })?;
        let value = skein_yaml::from_slice(&bytes)
            .with_context(|| format!("converting values to JSON from {shown} failed"))?;
        match value {
            Value::Object(map) => merge(&mut merged, map),
            Value::Null => {}
            _ => bail!("unmarshaling values from {shown} failed: the file holds no map"),
        }
    }
    Ok(merged)
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn values_reference(text: &str) -> anyhow::Result<Value> {
    const KINDS: [&str; 2] = ["Secret", "ConfigMap"];
    let (kind, name) = references::kind_and_name(text);
    if kind.is_empty() {
        bail!("invalid Kubernetes object reference '{text}', must be in format <kind>/<name>");
    }
    let Some(known) = references::same_word(&KINDS, &kind) else {
        bail!("reference kind '{kind}' is not supported, must be one of: Secret, ConfigMap");
    };
    Ok(json!({"kind": known, "name": name}))
}
