//! What to do about a broken link, in a sentence.

use skein_object::Object;

use super::{Broken, Cause, Part};
use crate::links::connection_of;

/// What to do; says fields, objects and commands by name.
pub(super) fn remedy(broken: &Broken, object: Option<&Object>) -> String {
    let what = broken
        .place
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let url = object.and_then(|object| object.str_at(&["spec", "url"]));
    match &broken.cause {
        Cause::ClusterLost => format!(
            "check that cluster {} runs and that its address and credentials are good; what is shown of it is of the past",
            broken.cluster
        ),
        Cause::Missing { by, elsewhere } => missing(broken, by, elsewhere),
        Cause::Cycle => "remove one spec.dependsOn of the circle".into(),
        Cause::Unattended { shard, observed } => unattended(shard.as_deref(), *observed),
        Cause::Suspended => resume(broken),
        Cause::Deleting => {
            "let what its finalizers stand for finish; a finalizer that nobody attends must be removed by hand".into()
        }
        Cause::Unauthorised => credentials(object, url),
        Cause::Unreachable => match url {
            Some(url) => format!("check that {url} answers from where the controller runs"),
            None => "check the network between the controller and what it asks".into(),
        },
        Cause::NotAtOrigin => "check spec.url, and the branch, tag, version or chart that the spec names".into(),
        Cause::Untrusted => "check spec.verify and its keys; if they are right, do not use what is there".into(),
        Cause::NoArtifact => format!("reconcile {what}; if it stays so, look at the log of the source controller"),
        Cause::InvalidSpec => format!("correct the spec of {what}; it is not tried again before"),
        Cause::Forbidden => forbidden(object),
        Cause::PathMissing => "correct spec.path, or commit the folder".into(),
        Cause::Build => match broken.part {
            Part::Source => "correct the chart or the files that the message names, and commit".into(),
            _ => "correct the file that the message names, and commit; `skein build` shows the same without a cluster".into(),
        },
        Cause::Decryption => "check spec.decryption: its Secret must hold a key that the file was encrypted for".into(),
        Cause::Values => "correct the Secret, ConfigMap or key that the message names".into(),
        Cause::Apply => "correct the object that the message names; what was applied before stays".into(),
        Cause::Prune => "delete what the message names by hand, or give the account the right to".into(),
        Cause::Release => "correct the values or the chart; after the last retry, reconcile it with --reset".into(),
        Cause::Unhealthy => unhealthy(broken),
        Cause::Expression => "look at spec.dependsOn[].readyExpr, and at what the dependency's status says".into(),
        Cause::Behind { .. } => format!("wait for it, or reconcile {what} now"),
        Cause::Progressing { overdue: true } => {
            "it takes longer than its timeout: look at its events and at the log of its controller".into()
        }
        Cause::Progressing { overdue: false } => "wait: work is going on".into(),
        Cause::Other => format!("look at the conditions and events of {what}"),
    }
}

fn missing(broken: &Broken, by: &crate::Place, elsewhere: &[String]) -> String {
    let Some(place) = &broken.place else {
        return String::new();
    };
    if !elsewhere.is_empty() {
        let field = match broken.part {
            Part::Dependency => "spec.dependsOn[].namespace",
            _ => "the namespace of its reference",
        };
        return format!(
            "there is a {} {} in {}: set {field} of {by}, or make one in {}",
            place.key.kind,
            place.key.name,
            elsewhere.join(", "),
            place.key.namespace
        );
    }
    match broken.part {
        Part::Object => format!("reconcile {by}, which makes it again"),
        _ => format!("create it, or correct the reference of {by}"),
    }
}

fn unattended(shard: Option<&str>, observed: Option<i64>) -> String {
    match (shard, observed) {
        (Some(shard), _) => format!(
            "run a controller with --watch-label-selector=sharding.fluxcd.io/key={shard}, or remove that label"
        ),
        (None, None) => {
            "check that a controller for this kind runs, and that it watches this namespace".into()
        }
        (None, Some(_)) => "wait for the controller; if it stays so, check that it runs".into(),
    }
}

fn resume(broken: &Broken) -> String {
    let Some(place) = &broken.place else {
        return String::new();
    };
    format!(
        "`skein resume {} {} -n {}`",
        command_word(&place.key.kind),
        place.key.name,
        place.key.namespace
    )
}

/// The words that the command line has for a kind.
fn command_word(kind: &str) -> String {
    match kind {
        "GitRepository" => "source git".into(),
        "OCIRepository" => "source oci".into(),
        "Bucket" => "source bucket".into(),
        "HelmRepository" => "source helm".into(),
        "HelmChart" => "source chart".into(),
        other => other.to_lowercase(),
    }
}

fn credentials(object: Option<&Object>, url: Option<&str>) -> String {
    let secret = object.and_then(|object| object.str_at(&["spec", "secretRef", "name"]));
    let url = url.unwrap_or("the origin");
    match secret {
        Some(secret) => format!("check what the Secret {secret} holds for {url}"),
        None => format!("give spec.secretRef: {url} wants credentials"),
    }
}

fn forbidden(object: Option<&Object>) -> String {
    let account = object.and_then(|object| object.str_at(&["spec", "serviceAccountName"]));
    let remote = object.is_some_and(|object| connection_of(object).is_some());
    match (account, remote) {
        (Some(account), _) => format!(
            "give the ServiceAccount {account} the right that the message names, or use another account"
        ),
        (None, true) => {
            "give the account of spec.kubeConfig the right that the message names".into()
        }
        (None, false) => {
            "move the reference into the same namespace, or allow what the message names".into()
        }
    }
}

/// What helps with the usual problems of Pods.
fn unhealthy(broken: &Broken) -> String {
    let place = broken.place.as_ref();
    let at = |place: &crate::Place| match place.key.namespace.as_str() {
        "" => place.key.name.clone(),
        namespace => format!("{} -n {namespace}", place.key.name),
    };
    match broken.reason.as_str() {
        "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" | "ErrImageNeverPull" => {
            "check the image's name and tag, and that the node may pull it (imagePullSecrets)"
                .into()
        }
        "CrashLoopBackOff" | "Error" | "OOMKilled" | "StartError" => {
            let pod = place.map(at).unwrap_or_default();
            format!("`kubectl logs --previous {pod}` tells why it ended")
        }
        "CreateContainerConfigError" | "CreateContainerError" => {
            "create the ConfigMap, Secret or key that the message names".into()
        }
        "Unschedulable" | "PodUnschedulable" => {
            "give the Pod a node that fits: resources, taints, affinity, volumes".into()
        }
        "FailedCreate" | "FailedQuota" => {
            "change the quota, the policy or the account that the message names".into()
        }
        _ => {
            let what = place.map(ToString::to_string).unwrap_or_default();
            format!("look at the events of {what}")
        }
    }
}
