//! `.Capabilities`: what templates may know about the cluster and about Helm.

use std::borrow::Cow;

use skein_template::{CallError, Kind, List, Object, Signature, Type, Value};
use thiserror::Error;

/// Version of Helm that templates see.
const HELM_VERSION: &str = "v4.3";
/// Version of Go that templates see: the one that builds Helm 4.3.1.
const GO_VERSION: &str = "go1.26.8";
/// Version of Kubernetes' client that templates see.
const KUBE_CLIENT_VERSION: &str = "v1.37";
/// Version of Kubernetes without a cluster and without `--kube-version`.
pub const DEFAULT_KUBE_VERSION: &str = "v1.37.0";

/// API versions that Helm knows without a cluster, in its order.
pub const DEFAULT_API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// A version of Kubernetes that does not parse.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("could not parse {0:?} as version")]
pub struct KubeVersionError(pub String);

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As given, with a leading `v`: `v1.33.4-gke.1245000`.
    pub version: String,
    /// Numbers only, for ranges: `v1.33.4`.
    pub normalized: String,
    /// First number.
    pub major: String,
    /// Second number.
    pub minor: String,
}

impl KubeVersion {
    /// Reads a version as Kubernetes' generic version parser does: two or more numbers, anything may follow.
    pub fn parse(text: &str) -> Result<Self, KubeVersionError> {
        let refused = || KubeVersionError(text.to_owned());
        let trimmed = text.trim();
        let numbers = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let end = numbers
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(numbers.len());
        let (numbers, rest) = numbers.split_at(end);
        let numbers = numbers.strip_suffix('.').unwrap_or(numbers);
        let parts: Vec<&str> = numbers.split('.').collect();
        let fits = |part: &&str| {
            let leading_zero = part.len() > 1 && part.starts_with('0');
            !leading_zero && part.parse::<u64>().is_ok()
        };
        // What follows the numbers must set itself off.
        let tail = rest.chars().next().is_none_or(|c| !c.is_whitespace());
        if parts.len() < 2 || !parts.iter().all(fits) || !tail {
            return Err(refused());
        }
        let prefix = if text.starts_with('v') { "" } else { "v" };
        Ok(Self {
            version: format!("{prefix}{text}"),
            normalized: format!("v{numbers}"),
            major: parts[0].to_owned(),
            minor: parts[1].to_owned(),
        })
    }
}

impl KubeVersion {
    /// What `String` says; copies have lost what is not exported.
    fn shown(&self) -> &str {
        match self.normalized.as_str() {
            "" => &self.version,
            normalized => normalized,
        }
    }
}

fn field(name: &'static str, text: &str) -> (Cow<'static, str>, Value) {
    (Cow::Borrowed(name), Value::text(text))
}

impl Default for KubeVersion {
    fn default() -> Self {
        Self {
            version: DEFAULT_KUBE_VERSION.to_owned(),
            normalized: DEFAULT_KUBE_VERSION.to_owned(),
            major: "1".to_owned(),
            minor: "37".to_owned(),
        }
    }
}

/// `.Capabilities.KubeVersion`: methods and text belong to what has an address; what a function is given is a copy without.
#[derive(Clone, Debug)]
struct Version {
    version: KubeVersion,
    has_address: bool,
}

impl Object for Version {
    fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed("common.KubeVersion")
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        vec![
            field("Version", &self.version.version),
            field("Major", &self.version.major),
            field("Minor", &self.version.minor),
        ]
    }

    fn printed_fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        let mut fields = self.fields();
        fields.insert(1, field("normalizedVersion", &self.version.normalized));
        fields
    }

    fn without_address(&self) -> Option<Value> {
        self.has_address.then(|| {
            Value::object(Self {
                version: self.version.clone(),
                has_address: false,
            })
        })
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (self.has_address && matches!(name, "String" | "GitVersion"))
            .then(|| Signature::parse("-> string"))
    }

    fn call(&self, name: &str, _arguments: &[Value]) -> Result<Value, CallError> {
        Ok(Value::text(match name {
            "String" => self.version.shown(),
            _ => self.version.version.as_str(),
        }))
    }

    fn display(&self) -> Option<String> {
        self.has_address.then(|| self.version.shown().to_owned())
    }

    fn deep_copy(&self) -> Option<Value> {
        let mut copy = self.clone();
        copy.version.normalized.clear();
        Some(Value::object(copy))
    }
}

/// `.Capabilities.APIVersions`.
#[derive(Clone, Debug)]
struct ApiVersions(Vec<String>);

impl Object for ApiVersions {
    fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed("common.VersionSet")
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn underlying(&self) -> Value {
        Value::strings(self.0.iter().map(String::as_str))
    }

    fn with_items(&self, items: &List) -> Option<Value> {
        let texts = items.items().iter().filter_map(Value::as_text);
        let versions = texts.map(|text| text.lossy().into_owned()).collect();
        Some(Value::object(Self(versions)))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Has").then(|| Signature::parse("string -> bool"))
    }

    fn call(&self, _name: &str, arguments: &[Value]) -> Result<Value, CallError> {
        let wanted = arguments.first().and_then(Value::as_text);
        let has = wanted.is_some_and(|wanted| {
            self.0
                .iter()
                .any(|known| known.as_bytes() == wanted.as_bytes())
        });
        Ok(Value::Bool(has))
    }
}

/// `.Capabilities.HelmVersion`.
#[derive(Clone, Copy, Debug)]
struct HelmVersion;

impl Object for HelmVersion {
    fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed("version.BuildInfo")
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        [
            ("Version", HELM_VERSION),
            ("GitCommit", ""),
            ("GitTreeState", ""),
            ("GoVersion", GO_VERSION),
            ("KubeClientVersion", KUBE_CLIENT_VERSION),
        ]
        .map(|(name, text)| field(name, text))
        .to_vec()
    }

    fn json_fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        [
            ("version", HELM_VERSION),
            ("go_version", GO_VERSION),
            ("kube_client_version", KUBE_CLIENT_VERSION),
        ]
        .map(|(name, text)| field(name, text))
        .to_vec()
    }
}

/// `.Capabilities`.
#[derive(Clone, Debug)]
pub(crate) struct Capabilities {
    kube_version: KubeVersion,
    api_versions: Value,
}

impl Capabilities {
    fn version(&self, has_address: bool) -> Value {
        Value::object(Version {
            version: self.kube_version.clone(),
            has_address,
        })
    }

    pub(crate) fn new(kube_version: KubeVersion, api_versions: Vec<String>) -> Self {
        Self {
            kube_version,
            api_versions: Value::object(ApiVersions(api_versions)),
        }
    }
}

impl Object for Capabilities {
    fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed("*common.Capabilities")
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        vec![
            (Cow::Borrowed("KubeVersion"), self.version(false)),
            (Cow::Borrowed("APIVersions"), self.api_versions.clone()),
            (Cow::Borrowed("HelmVersion"), Value::object(HelmVersion)),
        ]
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(self.version(true)),
            "APIVersions" => Some(self.api_versions.clone()),
            "HelmVersion" => Some(Value::object(HelmVersion)),
            _ => None,
        }
    }

    fn deep_copy(&self) -> Option<Value> {
        let mut copy = self.clone();
        copy.kube_version.normalized.clear();
        Some(Value::object(copy))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Copy").then(|| Signature {
            parameters: Vec::new(),
            variadic: false,
            result: Type::Named(self.type_name()),
            further: Vec::new(),
        })
    }

    fn call(&self, _name: &str, _arguments: &[Value]) -> Result<Value, CallError> {
        Ok(Value::object(self.clone()))
    }
}
