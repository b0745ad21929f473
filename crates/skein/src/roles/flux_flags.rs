//! Flags of Flux's controllers beyond those that all roles share: what they set, and those that are taken and have no effect here.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use skein_artifact::DigestAlgorithm;
use skein_git::SshAlgorithms;
use skein_object::{GoDuration, GroupKind, NamespacedName};
use skein_source_controller::ChartLimits;

/// Flags of single controllers that have an effect.
#[derive(Args, Clone, Debug)]
pub struct FluxArguments {
    /// Field manager whose fields are taken over; may be given several times
    #[arg(long, value_name = "MANAGER")]
    pub override_manager: Vec<String>,
    /// Field manager whose fields are taken over before the dry run, by its exact name; may be given several times
    #[arg(long, value_name = "MANAGER")]
    pub override_manager_before_dry_run: Vec<String>,
    /// Objects applied at a time, per Kustomization
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrent_ssa: u16,
    /// Kinds that are applied in a stage of their own, after definitions: Group/Kind,Group/Kind
    #[arg(long, default_value = "", value_name = "KINDS")]
    pub custom_apply_stage_kinds: String,
    /// Secret in the controllers' namespace with age keys, for Kustomizations that decrypt and name no Secret
    #[arg(long, default_value = "", value_name = "NAME")]
    pub sops_age_secret: String,
    /// Times that a failed download of an artifact is repeated
    #[arg(long, default_value_t = skein_artifact::download::DEFAULT_RETRIES)]
    pub http_retry: u32,
    /// How long one request for an artifact may take (Flux: 30s)
    #[arg(long, default_value = "5m")]
    pub http_timeout: GoDuration,
    /// Largest index of a chart repository, in bytes
    #[arg(long, default_value_t = skein_registry::chart_repository::MAX_INDEX_BYTES)]
    pub helm_index_max_size: u64,
    /// Largest package of a chart, in bytes
    #[arg(long, default_value_t = ChartLimits::default().package_bytes)]
    pub helm_chart_max_size: u64,
    /// Largest file of a chart, in bytes
    #[arg(long, default_value_t = ChartLimits::default().file_bytes)]
    pub helm_chart_file_max_size: u64,
    /// Key exchanges that Git servers behind ssh are offered, most preferred first; default: those that are safe
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub ssh_kex_algos: Vec<String>,
    /// Algorithms of host keys that Git servers behind ssh are offered; default: those of the known hosts
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub ssh_hostkey_algos: Vec<String>,
    /// Algorithm of the digests of artifacts: sha256, sha384 or sha512
    #[arg(long, default_value = "sha256", value_parser = digest_algorithm)]
    pub artifact_digest_algo: DigestAlgorithm,
    /// How long objects in work may take to finish after a signal
    #[arg(long, default_value = "30s")]
    pub graceful_shutdown_timeout: GoDuration,
    /// How long a Lease holds without renewal
    #[arg(long, default_value = "35s")]
    pub leader_election_lease_duration: GoDuration,
    /// How long the leader tries to renew its Lease
    #[arg(long, default_value = "30s")]
    pub leader_election_renew_deadline: GoDuration,
    /// Pause between tries to get or renew the Lease
    #[arg(long, default_value = "5s")]
    pub leader_election_retry_period: GoDuration,
    /// Give the Lease back at the end, so that another process need not wait
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub leader_election_release_on_cancel: bool,
    /// Flags that are taken and have no effect
    #[command(flatten)]
    pub ignored: IgnoredArguments,
}

impl FluxArguments {
    /// The kinds of `--custom-apply-stage-kinds`.
    pub fn stage_kinds(&self) -> Result<BTreeSet<GroupKind>> {
        let text = &self.custom_apply_stage_kinds;
        if text.is_empty() {
            return Ok(BTreeSet::new());
        }
        let kinds = text.split(',').map(|item| {
            let item = item.trim();
            let (group, kind) = item.split_once('/').unwrap_or(("", item));
            if kind.is_empty() || kind.contains('/') {
                bail!(
                    "--custom-apply-stage-kinds {text:?}: {item:?} is not of the form Group/Kind"
                );
            }
            Ok(GroupKind::new(group, kind))
        });
        kinds.collect()
    }

    /// How large charts may be.
    pub fn chart_limits(&self) -> ChartLimits {
        ChartLimits {
            package_bytes: self.helm_chart_max_size,
            file_bytes: self.helm_chart_file_max_size,
        }
    }

    /// What `--ssh-kex-algos` and `--ssh-hostkey-algos` choose; the log names what nobody knows.
    pub fn ssh_algorithms(&self) -> Result<SshAlgorithms> {
        let chosen = SshAlgorithms::new(&self.ssh_kex_algos, &self.ssh_hostkey_algos)
            .context("--ssh-kex-algos, --ssh-hostkey-algos")?;
        for name in chosen.unknown() {
            tracing::warn!(name, "an algorithm of ssh is not supported and left out");
        }
        Ok(chosen)
    }

    /// The Secret of `--sops-age-secret` in a namespace.
    pub fn sops_age_secret(&self, namespace: &str) -> Option<NamespacedName> {
        let name = &self.sops_age_secret;
        (!name.is_empty() && !namespace.is_empty()).then(|| NamespacedName::new(namespace, name))
    }
}

fn digest_algorithm(name: &str) -> Result<DigestAlgorithm, String> {
    DigestAlgorithm::of(name).ok_or_else(|| "sha256, sha384 and sha512 are supported".to_owned())
}

/// Declares flags that the arguments of an existing Deployment may hold: they are accepted, and the log says that they do nothing.
macro_rules! ignored {
    ($($field:ident, $flag:literal, $why:literal;)+) => {
        /// Flags of Flux's controllers that have no effect here.
        #[derive(Args, Clone, Debug, Default)]
        pub struct IgnoredArguments {
            $(
                #[arg(long, hide = true, value_name = "VALUE", num_args = 0..=1, default_missing_value = "true", help = $why)]
                $field: Option<String>,
            )+
        }

        impl IgnoredArguments {
            /// The flags that were given, and why they do nothing.
            pub fn given(&self) -> Vec<(&'static str, &'static str)> {
                let all = [$((&self.$field, $flag, $why)),+];
                let given = all.into_iter().filter(|(value, ..)| value.is_some());
                given.map(|(_, flag, why)| (flag, why)).collect()
            }
        }
    };
}

ignored! {
    kube_api_qps, "--kube-api-qps", "requests are not throttled here: the API server's fairness does it";
    kube_api_burst, "--kube-api-burst", "requests are not throttled here: the API server's fairness does it";
    helm_cache_max_size, "--helm-cache-max-size", "indexes in use are kept in memory, bounded by their size";
    helm_cache_ttl, "--helm-cache-ttl", "indexes in use are kept in memory, bounded by their size";
    helm_cache_purge_interval, "--helm-cache-purge-interval", "indexes in use are kept in memory, bounded by their size";
    token_cache_max_size, "--token-cache-max-size", "logins of cloud providers are not supported";
    token_cache_max_duration, "--token-cache-max-duration", "logins of cloud providers are not supported";
    default_decryption_service_account, "--default-decryption-service-account", "logins of cloud providers are not supported";
    sops_vault_configmap, "--sops-vault-configmap", "keys of Vault are not supported";
    snapshot_digest_algo, "--snapshot-digest-algo", "digests are SHA-256";
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::controllers::ControllersArguments;
    use super::{DigestAlgorithm, SshAlgorithms};

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: ControllersArguments,
    }

    fn parse(words: &[&str]) -> ControllersArguments {
        let words = ["skein"].iter().chain(words);
        Command::try_parse_from(words).unwrap().arguments
    }

    /// The arguments that Flux's own manifests give the three controllers, and those that its documentation adds.
    #[test]
    fn arguments_of_existing_deployments_are_taken() {
        let common = [
            "--events-addr=http://notification-controller.flux-system.svc.cluster.local./",
            "--watch-all-namespaces=true",
            "--log-level=info",
            "--log-encoding=json",
            "--enable-leader-election",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--leader-election-release-on-cancel=false",
            "--leader-election-lease-duration=60s",
        ];
        let source = [
            "--storage-path=/data",
            "--storage-adv-addr=source-controller.$(RUNTIME_NAMESPACE).svc.cluster.local.",
            "--helm-cache-max-size=10",
            "--helm-cache-ttl=60m",
            "--helm-cache-purge-interval=5m",
            "--helm-index-max-size=1000",
            "--helm-chart-max-size=2000",
            "--ssh-kex-algos=curve25519-sha256,ecdh-sha2-nistp256",
            "--ssh-hostkey-algos=ssh-ed25519",
            "--artifact-digest-algo=sha512",
        ];
        let kustomize = [
            "--no-remote-bases=true",
            "--concurrent-ssa=8",
            "--override-manager=argocd-controller",
            "--override-manager=terraform",
            "--override-manager-before-dry-run=old",
            "--custom-apply-stage-kinds=rbac.authorization.k8s.io/Role, Secret",
            "--sops-age-secret=keys",
            "--http-retry=3",
            "--http-timeout=7s",
            "--insecure-kubeconfig-exec=true",
            "--feature-gates=DisableCommitStatusEvent=true",
        ];
        let helm = [
            "--oom-watch-interval=1s",
            "--graceful-shutdown-timeout=600s",
        ];
        let all: Vec<&str> = [&common[..], &source, &kustomize, &helm].concat();
        let arguments = parse(&all);
        assert!(arguments.enable_leader_election && arguments.no_remote_bases);
        let flux = &arguments.flux;
        assert_eq!(flux.override_manager, ["argocd-controller", "terraform"]);
        assert!(!flux.leader_election_release_on_cancel);
        assert_eq!(flux.chart_limits().package_bytes, 2000);
        assert_eq!(flux.chart_limits().file_bytes, 5 << 20);
        assert_eq!(flux.http_timeout.as_std().as_secs(), 7);
        assert_eq!(flux.artifact_digest_algo, DigestAlgorithm::Sha512);
        assert_ne!(flux.ssh_algorithms().unwrap(), SshAlgorithms::default());
        let kinds = flux.stage_kinds().unwrap();
        let kinds: Vec<(&str, &str)> = kinds
            .iter()
            .map(|kind| (kind.group.as_str(), kind.kind.as_str()))
            .collect();
        assert_eq!(
            kinds,
            [("", "Secret"), ("rbac.authorization.k8s.io", "Role")]
        );
        assert_eq!(
            flux.sops_age_secret("flux-system").unwrap().to_string(),
            "flux-system/keys"
        );
        let ignored: Vec<&str> = flux.ignored.given().iter().map(|(flag, _)| *flag).collect();
        assert_eq!(
            ignored,
            [
                "--kube-api-qps",
                "--kube-api-burst",
                "--helm-cache-max-size",
                "--helm-cache-ttl",
                "--helm-cache-purge-interval",
            ]
        );
    }

    #[test]
    fn flags_have_the_defaults_of_flux() {
        let arguments = parse(&[]);
        let flux = &arguments.flux;
        assert_eq!((flux.concurrent_ssa, flux.http_retry), (4, 9));
        assert!(flux.leader_election_release_on_cancel);
        assert_eq!(flux.chart_limits().package_bytes, 10 << 20);
        assert_eq!(flux.ssh_algorithms().unwrap(), SshAlgorithms::default());
        assert!(flux.ignored.given().is_empty() && flux.stage_kinds().unwrap().is_empty());
        assert!(arguments.watch_all_namespaces && !arguments.enable_leader_election);
        assert!(parse(&["--enable-leader-election=true"]).enable_leader_election);
        assert!(!parse(&["--watch-all-namespaces=false"]).watch_all_namespaces);
    }
}
