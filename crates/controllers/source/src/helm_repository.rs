//! HelmRepository: the index of a chart repository; registries of charts are left as they are.

mod human_size;
mod index_cache;

pub(crate) use index_cache::IndexCache;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use skein_api::reference::LocalObjectReference;
use skein_api::source::helm_repository::{HelmRepositorySpec, HelmRepositoryType};
use skein_api::{ConditionType, Resource, SourceReason, SummaryRules, Time};
use skein_artifact::ArtifactLocation;
use skein_registry::chart_repository::{ChartRepository, without_user};
use skein_registry::{Access, ChartIndex, Credentials};

use crate::produced::{
    End, Failure, Found, Observed, Outcome, Rules, Secret, SecretReader, SourceKind, Stored,
    Surroundings, Told,
};
use crate::registry_access::{Tls, basic, certificates, no_client, pem_problem, tls};

/// Time that the index may take when the object names none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the index is fetched when the object does not say.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);
/// Link to the newest index.
const LATEST: &str = "index.yaml";
/// Reason of a fetch that failed.
pub(crate) const FAILED: &str = "Failed";

/// The kind.
pub(crate) struct HelmRepositories {
    /// Indexes that charts look into.
    pub indexes: Arc<IndexCache>,
}

/// What a run looks at.
#[derive(Default)]
pub(crate) struct Inputs {
    /// The Secret of `spec.secretRef`.
    pub credentials: Option<Secret>,
    /// The Secret of `spec.certSecretRef`.
    pub certificates: Option<Secret>,
}

impl Inputs {
    /// Reads the Secrets of a HelmRepository.
    pub async fn read(
        surroundings: &Surroundings,
        repository: &Resource<HelmRepositorySpec>,
    ) -> Self {
        let reader = SecretReader::new(&surroundings.cluster, &repository.metadata.namespace);
        let spec = &repository.spec;
        Self {
            credentials: reader.read_optional(spec.secret_ref.as_ref()).await,
            certificates: reader.read_optional(spec.cert_secret_ref.as_ref()).await,
        }
    }
}

/// The address of an index with its access.
pub(crate) struct Plan {
    repository: ChartRepository,
    timeout: Duration,
}

/// What the Secrets of an object give: credentials, and TLS material (from the Secret of `secretRef` too, as long ago).
pub(crate) fn authentication(
    object: &Resource<HelmRepositorySpec>,
    inputs: &Inputs,
) -> Result<(Credentials, Option<Tls>), Failure> {
    let spec = &object.spec;
    let certificate = secret_name(object, spec.cert_secret_ref.as_ref());
    let mut tls_material = certificates(&certificate, inputs.certificates.as_ref())
        .map_err(|problem| no_client(&certificate, problem))?;
    let Some(secret) = &inputs.credentials else {
        return Ok((Credentials::Anonymous, tls_material));
    };
    let name = secret_name(object, spec.secret_ref.as_ref());
    let failed = |message: String| Failure::fetch(SourceReason::AuthenticationFailed, message);
    let data = secret.data().map_err(|reason| {
        failed(format!(
            "failed to get authentication secret '{name}': {reason}"
        ))
    })?;
    let malformed = |reason: String| {
        failed(format!(
            "failed to detect authentication methods: secret '{name}': {reason}"
        ))
    };
    let credentials = basic(data).map_err(malformed)?;
    // One half of a pair counts as nothing here.
    let own = tls(data).unwrap_or_default();
    if let Some(problem) = own.as_ref().and_then(pem_problem) {
        return Err(failed(format!(
            "failed to detect authentication methods: {problem}"
        )));
    }
    if tls_material.is_none() {
        tls_material = own;
    }
    Ok((credentials, tls_material))
}

/// `namespace/name` of a Secret that an object names.
pub(crate) fn secret_name(
    object: &Resource<HelmRepositorySpec>,
    reference: Option<&LocalObjectReference>,
) -> String {
    let name = reference.map_or("", |reference| reference.name.as_str());
    format!("{}/{name}", object.metadata.namespace)
}

/// Client for the repository of an object.
pub(crate) fn client(
    object: &Resource<HelmRepositorySpec>,
    inputs: &Inputs,
) -> Result<ChartRepository, Failure> {
    let spec = &object.spec;
    let invalid = |reason: &str| {
        let message = format!("invalid Helm repository URL: {reason}");
        Failure::fetch(SourceReason::URLInvalid, message).stalled()
    };
    if spec.url.starts_with(skein_registry::name::OCI_SCHEME) {
        let reason = "'oci' URL scheme cannot be used with 'default' HelmRepository type";
        return Err(invalid(reason));
    }
    if let Some(problem) = skein_template::url_problem(&without_user(&spec.url)) {
        return Err(invalid(&problem));
    }
    let (credentials, tls) = authentication(object, inputs)?;
    let access = Access {
        credentials,
        tls,
        proxy: None,
        insecure: false,
        no_plain_guess: false,
    };
    ChartRepository::new(&spec.url, &access, spec.pass_credentials)
        .map_err(|error| invalid(&error.to_string()))
}

impl SourceKind for HelmRepositories {
    type Spec = HelmRepositorySpec;
    type Inputs = Inputs;
    type Plan = Plan;

    const CONTROLLER: &'static str = "helmrepository";
    const RULES: Rules = Rules {
        summary: SummaryRules {
            summarized: &[
                ConditionType::StorageOperationFailed,
                ConditionType::FetchFailed,
                ConditionType::ArtifactOutdated,
                ConditionType::ArtifactInStorage,
                ConditionType::Stalled,
                ConditionType::Reconciling,
            ],
            negative: &[
                ConditionType::StorageOperationFailed,
                ConditionType::FetchFailed,
                ConditionType::ArtifactOutdated,
                ConditionType::Stalled,
                ConditionType::Reconciling,
            ],
        },
        failures: &[
            ConditionType::FetchFailed,
            ConditionType::StorageOperationFailed,
        ],
    };

    fn is_static(spec: &Self::Spec) -> bool {
        spec.repository_type == Some(HelmRepositoryType::Oci)
    }

    fn is_suspended(spec: &Self::Spec) -> bool {
        spec.suspend
    }

    fn interval(spec: &Self::Spec) -> Duration {
        spec.interval
            .map_or(DEFAULT_INTERVAL, |interval| interval.as_std())
    }

    async fn observe(
        &self,
        surroundings: &Surroundings,
        source: &Resource<Self::Spec>,
    ) -> Self::Inputs {
        if source.spec.suspend {
            return Inputs::default();
        }
        Inputs::read(surroundings, source).await
    }

    fn decide(&self, observed: &Observed<Self>) -> Result<Plan, Failure> {
        let timeout = observed.source.spec.timeout;
        Ok(Plan {
            repository: client(&observed.source, &observed.inputs)?,
            timeout: timeout.map_or(DEFAULT_TIMEOUT, |timeout| timeout.as_std()),
        })
    }

    async fn act(
        &self,
        surroundings: &Surroundings,
        observed: &Observed<Self>,
        plan: Plan,
    ) -> Outcome<Self> {
        let limit = surroundings.options.helm_index_max_bytes;
        let fetch = plan.repository.fetch_index(limit);
        let fetched = match tokio::time::timeout(plan.timeout, fetch).await {
            Ok(fetched) => fetched.map_err(|error| error.about_index()),
            Err(_) => Err(format!(
                "Get \"{}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                plan.repository.index_url()
            )),
        };
        let bytes = match fetched {
            Ok(bytes) => bytes,
            Err(reason) => {
                let message = format!(
                    "failed to fetch Helm repository index: failed to cache index to temporary file: {reason}"
                );
                return Outcome::failed(Failure::fetch(FAILED, message));
            }
        };
        self.store(surroundings, observed, bytes).await
    }
}

impl HelmRepositories {
    async fn store(
        &self,
        surroundings: &Surroundings,
        observed: &Observed<Self>,
        bytes: Vec<u8>,
    ) -> Outcome<Self> {
        let sum = hex::encode(Sha256::digest(&bytes));
        let revision = format!("sha256:{sum}");
        let told = Told::new(
            SourceReason::Succeeded,
            format!("stored artifact: revision '{revision}'"),
        );
        let same = observed
            .artifact()
            .is_some_and(|artifact| artifact.revision == revision);
        let url = &observed.source.spec.url;
        let event = |bytes: u64| {
            let size = human_size::human_size(bytes);
            format!("stored fetched index of size {size} from '{url}'")
        };
        if same {
            let size = observed.artifact().and_then(|artifact| artifact.size);
            let size = size.and_then(|size| u64::try_from(size).ok());
            return Outcome::new(End::Unchanged {
                told,
                recovery: Told::new(SourceReason::Succeeded, event(size.unwrap_or_default())),
                trace: None,
            });
        }
        let index = match read(observed, bytes).await {
            Ok(index) => index,
            Err(failure) => return Outcome::failed(failure),
        };
        let found = Found {
            reason: Some(SourceReason::NewRevision),
            message: format!("new index revision '{revision}'"),
        };
        let location = ArtifactLocation {
            kind: "HelmRepository".into(),
            namespace: observed.source.metadata.namespace.clone(),
            name: observed.source.metadata.name.clone(),
            file: format!("index-{sum}.yaml"),
        };
        let storage = surroundings.storage.clone();
        let (indexes, url) = (self.indexes.clone(), observed.source.spec.url.clone());
        let stored = tokio::task::spawn_blocking(move || {
            let json = index.to_json().map_err(|error| error.to_string())?;
            let now = Time::new(Timestamp::now());
            let artifact = storage
                .store_bytes(&location, &revision, &json, now)
                .map_err(|error| error.to_string())?;
            let link = storage
                .link(&artifact, LATEST)
                .map_err(|error| error.to_string())?;
            indexes.put(&artifact.digest, Arc::new(index), json.len());
            let size = human_size::human_size(json.len() as u64);
            let message = format!("stored fetched index of size {size} from '{url}'");
            Ok::<_, String>(Stored {
                artifact,
                url: link,
                event: Told::new(SourceReason::NewArtifact, message),
            })
        })
        .await
        .unwrap_or_else(|error| Err(error.to_string()));
        match stored {
            Ok(stored) => Outcome::stored(stored, told),
            Err(reason) => {
                let message = format!("unable to write artifact to storage: {reason}");
                let reason = SourceReason::ArchiveOperationFailed;
                Outcome::failed(Failure::storage(reason, message)).with_found(Some(found))
            }
        }
    }
}

/// Reads an index off the async workers; what is wrong with single entries goes to the log.
async fn read(
    observed: &Observed<HelmRepositories>,
    bytes: Vec<u8>,
) -> Result<ChartIndex, Failure> {
    let parsed = tokio::task::spawn_blocking(move || ChartIndex::parse(&bytes)).await;
    let reason = match parsed {
        Ok(Ok(read)) => {
            let name = observed.source.namespaced_name();
            for warning in read.warnings {
                tracing::warn!(%name, warning, "an entry of the index was skipped");
            }
            return Ok(read.index);
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    let message =
        format!("failed to load Helm repository from index YAML: failed to load index: {reason}");
    Err(Failure::fetch(SourceReason::IndexationFailed, message))
}
