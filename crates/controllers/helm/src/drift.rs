//! Drift: what others changed in the objects of a release, told and, where asked for, corrected.

mod patch;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use skein_api::helm_release::HelmRelease;
use skein_api::names::{DISABLED, DRIFT_DETECTION_SETTING};
use skein_cluster::ApplyOptions;
use skein_helm::release::Release;
use skein_object::{Object, pointer};
use skein_plan::ignore::{self, IgnoreRule, IgnoreRules};
use skein_plan::normalize::normalize;
use skein_plan::takeover::Predecessor;
use skein_plan::{Action as Done, ChangeEntry, order};
use skein_runtime::dry_run_refused;

use crate::controller::FIELD_MANAGER;
use crate::resources::{self, Resource};
use crate::update::{Writer, is_settled};

/// How one object differs.
pub(crate) enum Difference {
    /// It is gone.
    Removed,
    /// A JSON patch makes it right.
    Changed(Vec<Value>),
}

/// An object that differs.
pub(crate) struct Drifted {
    resource: Resource,
    difference: Difference,
}

/// What was found: objects that differ, and what could not be looked at.
#[derive(Default)]
pub(crate) struct Drift {
    /// Objects that differ.
    pub(crate) objects: Vec<Drifted>,
    /// What is said of them, and of objects that rules or annotations leave out.
    lines: Vec<String>,
    /// Errors.
    pub(crate) problems: Vec<String>,
}

impl Drift {
    /// One line per object that differs or was left out.
    pub(crate) fn summary(&self) -> String {
        self.lines.join("\n")
    }
}

impl Difference {
    /// What is said of it, behind the object's name.
    fn words(&self) -> String {
        match self {
            Self::Removed => "removed".to_owned(),
            Self::Changed(patch) => {
                let count = |op: &str| patch.iter().filter(|step| step["op"] == op).count();
                format!(
                    "changed ({} additions, {} changes, {} removals)",
                    count("add"),
                    count("replace"),
                    count("remove")
                )
            }
        }
    }
}

/// The rules of `spec.driftDetection.ignore`. As in Flux a path that is no JSON pointer ignores nothing.
pub(crate) fn rules(release: &HelmRelease) -> Result<IgnoreRules, String> {
    let rules = release
        .spec
        .drift_detection
        .iter()
        .flat_map(|drift| &drift.ignore);
    let rules: Vec<IgnoreRule> = rules
        .map(|rule| {
            let value = serde_json::to_value(rule).map_err(|e| e.to_string())?;
            let mut rule: IgnoreRule = serde_json::from_value(value).map_err(|e| e.to_string())?;
            rule.paths.retain(|path| pointer::tokens(path).is_ok());
            Ok(rule)
        })
        .collect::<Result<_, String>>()?;
    IgnoreRules::compile(&rules).map_err(|error| error.to_string())
}

/// An object of a release as it should be.
struct Wanted {
    /// In the form in which it is compared.
    resource: Resource,
    /// In the form in which Helm sends it, which is what the fields of its manager tell.
    sent: Object,
}

/// What of a record is compared with the cluster: charts and hooks, which are most of it, are not.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    name: String,
    namespace: String,
    manifest: String,
}

impl Recorded {
    /// The part of a record.
    pub(crate) fn of(record: &Release) -> Self {
        Self {
            name: record.name.clone(),
            namespace: record.namespace.clone(),
            manifest: record.manifest.clone(),
        }
    }
}

/// The objects of a release as they should be. Those of kinds that are not served are problems, and keep nobody from looking at the rest.
async fn desired(
    writer: &Writer<'_>,
    record: &Recorded,
    problems: &mut Vec<String>,
) -> Result<Vec<Wanted>, String> {
    let cluster = &writer.target.cluster;
    let (mut wanted, mut of_comparison) = (Vec::new(), Vec::new());
    for value in resources::parse(&record.manifest)? {
        let object = Object::from_value(value).map_err(|error| error.to_string())?;
        match cluster.resource(&object.gvk()).await {
            Ok(served) => {
                let mut resource = resources::placed(object, served, &record.namespace);
                resources::mark(&mut resource.object, &record.name, &record.namespace);
                let sent = resource.object.clone();
                normalize(&mut resource.object);
                wanted.push(Wanted { resource, sent });
            }
            // As in Flux it is told twice where the object names no namespace: by who looks for one, and by the comparison.
            Err(error) => {
                if object.namespace().is_empty() {
                    problems.push(format!(
                        "failed to determine if {} is namespace scoped: failed to get restmapping: {error}",
                        object.kind()
                    ));
                }
                of_comparison.push(error.to_string());
            }
        }
    }
    problems.extend(of_comparison);
    Ok(wanted)
}

/// Looks for drift, after the fields of overridden managers became ours. What is provably as it should be costs no request.
pub(crate) async fn find(
    writer: &Writer<'_>,
    record: &Recorded,
    rules: &IgnoreRules,
    overridden: &[Predecessor],
) -> Result<Drift, String> {
    let found = look(writer, record, rules, overridden).await?;
    if lost_a_kind(writer, &found).await {
        // What is not served is no drift, and cannot be made anew.
        return look(writer, record, rules, overridden).await;
    }
    Ok(found)
}

async fn look(
    writer: &Writer<'_>,
    record: &Recorded,
    rules: &IgnoreRules,
    overridden: &[Predecessor],
) -> Result<Drift, String> {
    let mut drift = Drift::default();
    let all = desired(writer, record, &mut drift.problems).await?;
    for wanted in all.iter().filter(|_| !overridden.is_empty()) {
        let taken = writer.take_fields(&wanted.resource, overridden).await;
        taken.map_err(|error| format!("failed to clean-up disallowed field managers: {error}"))?;
    }
    for wanted in all {
        let key = wanted.resource.key();
        match compare(writer, &wanted, rules).await {
            Ok(Compared::Equal) => {}
            Ok(Compared::Excluded) => drift.lines.push(format!("{key} excluded")),
            Ok(Compared::Different(difference)) => {
                drift.lines.push(format!("{key} {}", difference.words()));
                drift.objects.push(Drifted {
                    resource: wanted.resource,
                    difference,
                });
            }
            Err(problem) => drift.problems.push(problem),
        }
    }
    Ok(drift)
}

/// Whether objects are gone because their kind is: with a definition all objects of it go, and what is known of kinds may be older.
async fn lost_a_kind(writer: &Writer<'_>, drift: &Drift) -> bool {
    let gone = drift.objects.iter().filter(|drifted| {
        // Groups of Kubernetes' own old kinds have no dot, and those kinds do not go.
        matches!(drifted.difference, Difference::Removed)
            && drifted.resource.gvk().group.contains('.')
    });
    let kinds: BTreeSet<_> = gone.map(|drifted| drifted.resource.gvk()).collect();
    let cluster = &writer.target.cluster;
    if kinds.is_empty() {
        return false;
    }
    cluster.renew_discovery();
    if cluster.resources().await.is_err() {
        return false;
    }
    for kind in kinds {
        let served = cluster.resource(&kind).await;
        if served.is_err_and(|error| error.is_no_match()) {
            return true;
        }
    }
    false
}

/// The live Secret with what its data say of the texts that were sent: the server turns those into data, and their owner stays.
fn with_texts(sent: &Object, live: &Object) -> Object {
    let mut live = live.clone();
    let Some(Value::Object(texts)) = sent.as_map().get("stringData") else {
        return live;
    };
    let data = live.at(&["data"]).cloned().unwrap_or_default();
    let as_sent = texts.iter().filter(|(key, text)| {
        let encoded = text.as_str().map(|text| STANDARD.encode(text));
        encoded.is_some() && data[key.as_str()].as_str() == encoded.as_deref()
    });
    let found: serde_json::Map<_, _> = as_sent.map(|(k, v)| (k.clone(), v.clone())).collect();
    live.set(&["stringData"], Value::Object(found));
    live
}

fn is_excluded(object: &Object) -> bool {
    object
        .setting(DRIFT_DETECTION_SETTING)
        .is_some_and(|value| value == DISABLED)
}

/// What a comparison finds.
enum Compared {
    /// It is as it should be.
    Equal,
    /// It is not looked at.
    Excluded,
    /// It differs.
    Different(Difference),
}

async fn compare(
    writer: &Writer<'_>,
    Wanted { resource, sent }: &Wanted,
    rules: &IgnoreRules,
) -> Result<Compared, String> {
    let paths = rules.paths(&resource.object);
    if is_excluded(&resource.object) || paths.iter().any(|path| path.is_empty()) {
        return Ok(Compared::Excluded);
    }
    let live = writer.live(resource).await.map_err(|e| e.to_string())?;
    let Some(live) = live else {
        return Ok(Compared::Different(Difference::Removed));
    };
    if is_excluded(&live) {
        return Ok(Compared::Excluded);
    }
    if is_settled(sent, &with_texts(sent, &live)) || is_settled(&resource.object, &live) {
        return Ok(Compared::Equal);
    }
    let options = ApplyOptions {
        field_manager: FIELD_MANAGER,
        force: true,
        dry_run: true,
        ..ApplyOptions::default()
    };
    let would = writer
        .target
        .cluster
        .apply(&resource.resource, &resource.object, &options)
        .await
        .map_err(|error| dry_run_refused(&resource.object, &error))?;
    // A watch may be behind; the dry run tells which version it was made against.
    let live = if would.resource_version() == live.resource_version() {
        live
    } else {
        let key = resource.key();
        let cluster = &writer.target.cluster;
        let found = cluster
            .get(&resource.resource, &key.namespace, &key.name)
            .await
            .map_err(|error| error.to_string())?;
        match found {
            Some(live) => live,
            None => return Ok(Compared::Different(Difference::Removed)),
        }
    };
    let (live, would) = if paths.is_empty() {
        (live, would)
    } else {
        (
            ignore::without(&live, &paths),
            ignore::without(&would, &paths),
        )
    };
    let patch = patch::between(&live, &would);
    Ok(match patch.is_empty() {
        true => Compared::Equal,
        false => Compared::Different(Difference::Changed(patch)),
    })
}

/// What a correction did.
#[derive(Default)]
pub(crate) struct Corrected {
    /// What was made right.
    pub(crate) entries: Vec<ChangeEntry>,
    /// What was not.
    pub(crate) problems: Vec<String>,
}

/// Makes drifted objects right: those that are gone first.
pub(crate) async fn correct(writer: &Writer<'_>, drift: Drift) -> Corrected {
    let (mut gone, mut changed): (Vec<_>, Vec<_>) = drift
        .objects
        .into_iter()
        .partition(|drifted| matches!(drifted.difference, Difference::Removed));
    for list in [&mut gone, &mut changed] {
        list.sort_by(|a, b| order::compare(&a.resource.key(), &b.resource.key()));
    }
    let mut corrected = Corrected::default();
    for drifted in gone.into_iter().chain(changed) {
        let resource = &drifted.resource;
        let key = resource.key();
        let cluster = &writer.target.cluster;
        let (outcome, action, what) = match &drifted.difference {
            Difference::Removed => (
                cluster
                    .create(&resource.resource, &resource.object, FIELD_MANAGER)
                    .await,
                Done::Created,
                "creation",
            ),
            Difference::Changed(patch) => {
                let place = (key.namespace.as_str(), key.name.as_str());
                let patch = Value::Array(patch.clone());
                (
                    cluster
                        .json_patch(&resource.resource, place, None, &patch, FIELD_MANAGER)
                        .await,
                    Done::Configured,
                    "patch",
                )
            }
        };
        match outcome {
            Ok(object) => {
                writer.target.observed.wrote(&resource.resource, &object);
                corrected.entries.push(ChangeEntry {
                    version: resource.gvk().version,
                    key,
                    action,
                });
            }
            Err(error) => {
                // The message of a refused Secret may quote its data.
                let text = error.to_string();
                let text = if key.kind == "Secret" && error.is_invalid() {
                    text.rsplit(':')
                        .next()
                        .unwrap_or_default()
                        .trim()
                        .to_owned()
                } else {
                    text
                };
                corrected
                    .problems
                    .push(format!("{key} {what} failure: {text}"));
            }
        }
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_of_a_secret_count_as_sent_where_the_data_say_so() {
        let secret = |fields: Value| {
            let mut object =
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
            for (key, field) in fields.as_object().unwrap() {
                object[key] = field.clone();
            }
            Object::from_value(object).unwrap()
        };
        let sent = secret(json!({"stringData": {"a": "x", "b": "y"}}));
        let live = secret(json!({"data": {"a": "eA==", "b": "b3RoZXI="}}));
        let texts = with_texts(&sent, &live);
        assert_eq!(texts.at(&["stringData"]), Some(&json!({"a": "x"})));
        let plain = secret(json!({"data": {"a": "eA=="}}));
        assert_eq!(with_texts(&plain, &live).at(&["stringData"]), None);
    }
}
