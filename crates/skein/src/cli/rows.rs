//! The columns of each kind: what `get` shows about an object.

use serde_json::Value;
use skein_api::FluxKind;
use skein_object::Object;

use crate::objects::is_suspended;
use crate::table::short_checksums;

/// What rows show.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowOptions {
    /// The namespace comes first.
    pub with_namespace: bool,
    /// The name has the kind before it.
    pub with_kind: bool,
    /// Appliers show where they take their files from.
    pub with_source: bool,
}

/// The columns of a kind after namespace and name.
fn columns(kind: FluxKind) -> &'static [&'static str] {
    match kind {
        FluxKind::ExternalArtifact => &["Revision", "Source", "Ready", "Message"],
        FluxKind::ArtifactGenerator | FluxKind::Alert | FluxKind::Receiver => {
            &["Suspended", "Ready", "Message"]
        }
        FluxKind::Provider => &["Ready", "Message"],
        FluxKind::ImagePolicy => &["Image", "Tag", "Ready", "Message"],
        FluxKind::ImageRepository => &["Last scan", "Suspended", "Ready", "Message"],
        FluxKind::ImageUpdateAutomation => &["Last run", "Suspended", "Ready", "Message"],
        _ => &["Revision", "Suspended", "Ready", "Message"],
    }
}

fn shows_source(kind: FluxKind, options: RowOptions) -> bool {
    options.with_source && matches!(kind, FluxKind::Kustomization | FluxKind::HelmRelease)
}

/// The heading of a table of that kind.
pub(crate) fn heading(kind: FluxKind, options: RowOptions) -> Vec<String> {
    let mut out = Vec::new();
    if options.with_namespace {
        out.push("Namespace".to_owned());
    }
    out.push("Name".to_owned());
    if shows_source(kind, options) {
        out.push("Source".to_owned());
    }
    out.extend(columns(kind).iter().map(|column| (*column).to_owned()));
    out
}

/// The row of an object.
pub(crate) fn row(kind: FluxKind, object: &Object, options: RowOptions) -> Vec<String> {
    let mut out = Vec::new();
    if options.with_namespace {
        out.push(object.namespace().to_owned());
    }
    out.push(if options.with_kind {
        format!("{}/{}", object.kind().to_lowercase(), object.name())
    } else {
        object.name().to_owned()
    });
    if shows_source(kind, options) {
        out.push(source(kind, object));
    }
    let (ready, message) = ready(kind, object);
    out.extend(columns(kind).iter().map(|column| {
        match *column {
            "Revision" => revision(kind, object),
            "Source" => source(kind, object),
            "Suspended" => if is_suspended(kind, object) {
                "True"
            } else {
                "False"
            }
            .to_owned(),
            "Image" => text(object, &["status", "latestRef", "name"]),
            "Tag" => text(object, &["status", "latestRef", "tag"]),
            "Last scan" => text(object, &["status", "lastScanResult", "scanTime"]),
            "Last run" => text(object, &["status", "lastAutomationRunTime"]),
            "Ready" => ready.clone(),
            _ => message.clone(),
        }
    }));
    out
}

fn text(object: &Object, path: &[&str]) -> String {
    object.str_at(path).unwrap_or_default().to_owned()
}

/// Status and message of Ready.
fn ready(kind: FluxKind, object: &Object) -> (String, String) {
    let fixed = match kind {
        FluxKind::Alert => Some("Alert is Ready"),
        FluxKind::Provider => Some("Provider is Ready"),
        FluxKind::HelmRepository if object.str_at(&["spec", "type"]) == Some("oci") => {
            Some("Helm repository is Ready")
        }
        _ => None,
    };
    if let Some(message) = fixed {
        return ("True".to_owned(), message.to_owned());
    }
    let Some(condition) = object.condition("Ready") else {
        return ("False".to_owned(), "waiting to be reconciled".to_owned());
    };
    let field = |name: &str| {
        condition
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    // Messages of Helm releases, notifications and images name no commit that could be cut.
    let message = match kind {
        FluxKind::HelmRelease
        | FluxKind::Receiver
        | FluxKind::ArtifactGenerator
        | FluxKind::ImageRepository
        | FluxKind::ImagePolicy
        | FluxKind::ImageUpdateAutomation => field("message").to_owned(),
        _ => short_checksums(field("message")),
    };
    (field("status").to_owned(), message)
}

fn revision(kind: FluxKind, object: &Object) -> String {
    match kind {
        FluxKind::Kustomization => {
            short_checksums(&text(object, &["status", "lastAppliedRevision"]))
        }
        FluxKind::HelmRelease => object
            .at(&["status", "history"])
            .and_then(|history| history.pointer("/0/chartVersion"))
            .and_then(Value::as_str)
            .map_or_else(
                || text(object, &["status", "lastAttemptedRevision"]),
                str::to_owned,
            ),
        FluxKind::HelmChart => text(object, &["status", "artifact", "revision"]),
        _ => short_checksums(&text(object, &["status", "artifact", "revision"])),
    }
}

/// `Kind/namespace/name` of where an object takes its files from.
fn source(kind: FluxKind, object: &Object) -> String {
    let path: &[&str] = match kind {
        FluxKind::HelmRelease if object.at(&["spec", "chartRef"]).is_some() => {
            &["spec", "chartRef"]
        }
        FluxKind::HelmRelease => &["spec", "chart", "spec", "sourceRef"],
        _ => &["spec", "sourceRef"],
    };
    let Some(reference) = object.at(path) else {
        return String::new();
    };
    let field = |name: &str| {
        reference
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let namespace = match field("namespace") {
        "" if kind != FluxKind::ExternalArtifact => object.namespace(),
        namespace => namespace,
    };
    format!("{}/{namespace}/{}", field("kind"), field("name"))
}

/// A condition that objects are chosen by: `ready=false`, `ready!=true`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusSelector {
    condition: String,
    status: String,
    negated: bool,
}

impl StatusSelector {
    /// Reads a selector.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let negated = text.contains("!=");
        let separator = if negated { "!=" } else { "=" };
        let Some((condition, status)) = text.split_once(separator) else {
            anyhow::bail!(
                "expected status selector in type=status or type!=status format, but found: {text}"
            );
        };
        Ok(Self {
            condition: condition.to_owned(),
            status: status.to_owned(),
            negated,
        })
    }

    /// Whether an object has the status.
    pub(crate) fn matches(&self, kind: FluxKind, object: &Object) -> bool {
        let found = if matches!(kind, FluxKind::Alert | FluxKind::Provider) {
            self.condition
                .eq_ignore_ascii_case("Ready")
                .then(|| "True".to_owned())
        } else {
            self.status_of(object)
        };
        found.is_some_and(|status| status.eq_ignore_ascii_case(&self.status)) != self.negated
    }

    fn status_of(&self, object: &Object) -> Option<String> {
        let conditions = object.at(&["status", "conditions"])?.as_array()?;
        let field = |condition: &Value, name: &str| {
            condition
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        conditions
            .iter()
            .rev()
            .find(|condition| field(condition, "type").eq_ignore_ascii_case(&self.condition))
            .map(|condition| field(condition, "status"))
    }
}

#[cfg(test)]
mod tests;
