//! Compares what was seen with what was recorded, section by section.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::expected::Sections;
use crate::normal::{self, Names};
use crate::scenario::text;

/// How a section compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Equal,
    Differs,
    /// This target cannot show it.
    NotAvailable,
}

/// A section with both sides in the form in which they were compared.
#[derive(Debug)]
pub struct Compared {
    pub verdict: Verdict,
    pub expected: Value,
    pub seen: Value,
}

/// Sections that are compared, in the order of the table.
pub const SECTIONS: &[&str] = &[
    "objects",
    "events",
    "transitions",
    "applied",
    "release",
    "artifact",
    "notifications",
    "requests",
    "remote",
    "rejected",
    "responses",
];

/// Message of a Kustomization that was looked at before its source was.
pub const TOO_EARLY: &str = "Source artifact not found, retrying in";

/// The same of a HelmRelease, in which a recording may end.
const TOO_EARLY_FOR_HELM: &str = "latest generation of object has not been reconciled";

/// Reason of the event about a chart that was looked at before the repository it comes from: which of two controllers is faster is chance.
const SOURCE_NOT_YET: &str = "NoSourceArtifact";

/// How a request begins that changes nothing.
const READ: &str = "get ";

/// Folders of one run, longest first; a message that leaves them out says the same.
const RUN_FOLDERS: &[&str] = &["<tmp>/unpack/", "<tmp>/"];

/// What a step is compared under.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms<'a> {
    /// Whether the target shows requests.
    pub has_requests: bool,
    /// Whether the controller retried while we looked: how often, and up to which step, is chance.
    pub retrying: bool,
    /// What was recorded after the steps before, in order.
    pub before: &'a [Sections],
}

/// Compares all sections of a step.
pub fn step(
    expected: &Sections,
    seen: &Sections,
    terms: Terms<'_>,
) -> BTreeMap<&'static str, Compared> {
    let names = Names::default();
    let side = |sections: &Sections, name: &str| {
        let content = sections
            .get(name)
            .map(|content| without_run_folders(normal::value(content, &names)));
        arranged(name, content.unwrap_or(Value::Null))
    };
    let compared = SECTIONS.iter().map(|name| {
        let (mut expected, mut seen) = (side(expected, name), side(seen, name));
        if terms.retrying && *name == "objects" {
            expected = without_failures(expected);
            seen = without_failures(seen);
        }
        if let (true, Some(before), "events" | "notifications") =
            (terms.retrying, terms.before.last(), *name)
        {
            let before = side(before, name);
            let told = expected.clone();
            expected = without_leftovers(expected, &seen, &before);
            seen = without_leftovers(seen, &told, &before);
        }
        if *name == "events" {
            // An event that is repeated only counts one up, which is not recorded.
            for before in terms.before {
                let before = side(before, name);
                seen = without_leftovers(seen, &expected, &before);
                expected = without_leftovers(expected, &seen, &before);
            }
        }
        if *name == "transitions" {
            let before: Vec<Value> = terms.before.iter().map(|step| side(step, name)).collect();
            seen = without_standing(seen, &expected, &before);
        }
        if let "events" | "notifications" = *name {
            expected = without_first_looks(expected);
            seen = without_first_looks(seen);
        }
        let verdict = match *name {
            "requests" if !terms.has_requests => Verdict::NotAvailable,
            "requests" => equal(within_ceiling(&expected, &seen)),
            "remote" => equal(asks_no_more(&expected, &seen, terms.retrying)),
            "transitions" => equal(is_summary(&expected, &seen, terms.retrying)),
            _ => equal(expected == seen),
        };
        let compared = Compared {
            verdict,
            expected,
            seen,
        };
        (*name, compared)
    });
    compared.collect()
}

fn without_run_folders(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let shorten = |text: String, folder: &&str| text.replace(*folder, "");
            Value::String(RUN_FOLDERS.iter().fold(text, shorten))
        }
        Value::Array(items) => items.into_iter().map(without_run_folders).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(
                fields
                    .map(|(key, field)| (key, without_run_folders(field)))
                    .collect(),
            )
        }
        other => other,
    }
}

/// How often something was tried is chance while it is tried again and again.
fn without_failures(mut objects: Value) -> Value {
    for object in objects.as_object_mut().into_iter().flatten() {
        if let Some(status) = object.1.get_mut("status").and_then(Value::as_object_mut) {
            status.remove("failures");
        }
    }
    objects
}

/// Lines of one side that the other has not, but the step before has: the last retry of it may fall into this one.
fn without_leftovers(seen: Value, expected: &Value, before: &Value) -> Value {
    let has = |lists: &Value, object: &str, line: &Value| {
        let mut lines = lists[object].as_array().into_iter().flatten();
        lines.any(|other| other == line)
    };
    let Value::Object(mut lists) = seen else {
        return seen;
    };
    for (object, lines) in &mut lists {
        if let Value::Array(lines) = lines {
            lines.retain(|line| has(expected, object, line) || !has(before, object, line));
        }
    }
    lists.retain(|_, lines| lines.as_array().is_none_or(|lines| !lines.is_empty()));
    Value::Object(lists)
}

/// An object that is written while its status stands as the last recorded step left it shows that status first, once more.
fn without_standing(seen: Value, expected: &Value, before: &[Value]) -> Value {
    let Value::Object(mut lists) = seen else {
        return seen;
    };
    for (object, states) in &mut lists {
        let mut earlier = before
            .iter()
            .rev()
            .filter_map(|step| step[object].as_array());
        let standing = earlier.next().and_then(|states| states.last());
        let told = expected[object].as_array();
        let is_told = |state: &Value| told.is_some_and(|states| states.contains(state));
        if let Value::Array(states) = states
            && states
                .first()
                .is_some_and(|first| Some(first) == standing && !is_told(first))
        {
            states.remove(0);
        }
    }
    lists.retain(|_, states| states.as_array().is_none_or(|states| !states.is_empty()));
    Value::Object(lists)
}

fn equal(is_equal: bool) -> Verdict {
    if is_equal {
        Verdict::Equal
    } else {
        Verdict::Differs
    }
}

/// The form in which order that means nothing does not count, and what may differ between two right runs is left out.
fn arranged(section: &str, content: Value) -> Value {
    match section {
        "objects" | "applied" => by_key(without_going(content), |object| {
            let metadata = &object["metadata"];
            format!(
                "{}/{}/{}",
                text(&object["kind"]),
                text(&metadata["namespace"]),
                text(&metadata["name"])
            )
        }),
        "release" => by_key(as_newer_helm(content), |item| {
            format!("{}/{}", text(&item["namespace"]), text(&item["secret"]))
        }),
        "artifact" => by_key(without_old_files(content), |item| text(&item["object"])),
        "remote" => match remote_lines(&content) {
            // Nothing to compare is not counted.
            lines if lines.is_empty() => json!({}),
            lines => Value::Array(lines),
        },
        "events" | "notifications" => without_collections(content),
        _ => match content {
            Value::Null => json!({}),
            other => other,
        },
    }
}

fn by_key(items: Value, key: impl Fn(&Value) -> String) -> Value {
    let Value::Array(items) = items else {
        return json!({});
    };
    let pairs = items.into_iter().map(|item| (key(&item), item));
    Value::Object(pairs.collect())
}

/// A source that was not there yet is no more told of where the object got over it in the same step.
fn without_first_looks(content: Value) -> Value {
    let Value::Object(mut lists) = content else {
        return content;
    };
    let is_early = |line: &Value| line["reason"] == SOURCE_NOT_YET;
    for lines in lists.values_mut().filter_map(Value::as_array_mut) {
        if lines.last().is_some_and(|last| !is_early(last)) {
            lines.retain(|line| !is_early(line));
        }
    }
    Value::Object(lists)
}

/// What is being deleted is gone a moment later.
fn without_going(mut items: Value) -> Value {
    if let Value::Array(items) = &mut items {
        items.retain(|item| {
            item["metadata"]["deletionTimestamp"].is_null() || item["kind"] != "Namespace"
        });
    }
    items
}

/// Replaced files go one minute later, at the next run.
fn without_old_files(mut items: Value) -> Value {
    for item in items.as_array_mut().into_iter().flatten() {
        let path = text(&item["path"]);
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        if let Some(Value::Array(lines)) = item.get_mut("folder") {
            lines.retain(|line| text(line).starts_with(&name) || text(line).contains(" -> "));
        }
    }
    items
}

/// The recorded controller has Helm 4.2.2, ours writes what 4.3 does: the revision that a rollback went back to, and a line
/// between documents of one template.
fn as_newer_helm(mut items: Value) -> Value {
    for item in items.as_array_mut().into_iter().flatten() {
        if let Some(managers) = item.get_mut("managers").and_then(Value::as_array_mut) {
            // Their order is that of the seconds in which they wrote.
            managers.sort_by_key(text);
        }
        let release = &mut item["release"];
        if let Some(info) = release["info"].as_object_mut() {
            info.remove("rollback_revision");
        }
        release["manifest"] = json!(
            text(&release["manifest"])
                .replace("\n\n---", "\n---")
                .trim_end()
        );
        for hook in release["hooks"].as_array_mut().into_iter().flatten() {
            hook["manifest"] = json!(text(&hook["manifest"]).trim_end());
        }
    }
    items
}

/// Events of the garbage collection come at any time.
fn without_collections(content: Value) -> Value {
    let Value::Object(lists) = content else {
        return json!({});
    };
    let mut kept = Map::new();
    for (object, mut lines) in lists {
        if let Value::Array(lines) = &mut lines {
            lines.retain(|line| line["reason"] != "GarbageCollectionSucceeded");
            if lines.is_empty() {
                continue;
            }
        }
        kept.insert(object, lines);
    }
    Value::Object(kept)
}

/// No list of requests is longer than the recorded one.
fn within_ceiling(expected: &Value, seen: &Value) -> bool {
    if is_nothing(seen) {
        // Nothing asked for means nothing done, unless there was nothing to do but to look.
        let lists = expected.as_object().into_iter().flatten();
        let mut lines = lists.flat_map(|(_, lines)| lines.as_array().into_iter().flatten());
        return lines.all(|line| text(line).starts_with(READ));
    }
    let count = |lists: &Value, name: &str| lists[name].as_array().map_or(0, Vec::len);
    let names = seen.as_object().into_iter().flatten().map(|(name, _)| name);
    names
        .into_iter()
        .all(|name| count(seen, name) <= count(expected, name))
}

/// Requests to chart servers and registries without the user agent, which is ours; Git's are left out, since ours negotiates packs
/// in another way.
fn remote_lines(content: &Value) -> Vec<Value> {
    let lines = content.as_array().into_iter().flatten().map(text);
    lines
        .filter(|line| !line.starts_with("git"))
        .map(|line| match line.split_once(" ua=") {
            Some((request, _)) => json!(request),
            None => json!(line),
        })
        .collect()
}

/// Every request is one that was recorded, with the same credentials and answer, and none is made more often.
fn asks_no_more(expected: &Value, seen: &Value, retrying: bool) -> bool {
    let mut left = expected.as_array().cloned().unwrap_or_default();
    let mut seen = seen.as_array().into_iter().flatten();
    seen.all(|line| match left.iter().position(|other| other == line) {
        Some(_) if retrying => true,
        Some(at) => {
            left.remove(at);
            true
        }
        None => false,
    })
}

fn is_nothing(lists: &Value) -> bool {
    lists.as_object().is_none_or(Map::is_empty)
}

/// Ours may leave states out, but adds none, keeps the order and ends in the same one.
fn is_summary(expected: &Value, seen: &Value, retrying: bool) -> bool {
    let names: BTreeSet<&String> = [expected, seen]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .collect();
    names.into_iter().all(|name| {
        let list = |lists: &Value| lists[name].as_array().cloned().unwrap_or_default();
        let (expected, mut seen) = (list(expected), list(seen));
        let last = seen.pop();
        seen.retain(|state| expected.contains(state) || !is_too_early(state));
        seen.extend(last);
        if retrying {
            // Repeated states count once, so that the last one may be any of them.
            return seen.is_empty() == expected.is_empty()
                && seen.iter().all(|state| expected.contains(state));
        }
        expected.last() == seen.last() && is_subsequence(&seen, &expected)
    })
}

/// Whether the object was looked at before its source was: which of two controllers is faster is chance.
fn is_too_early(state: &Value) -> bool {
    let conditions = state["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .map(text)
        .any(|condition| condition.contains(TOO_EARLY) || condition.contains(TOO_EARLY_FOR_HELM))
}

fn is_subsequence(part: &[Value], whole: &[Value]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|item| rest.any(|other| other == item))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(section: &'static str, expected: Value, seen: Value) -> Verdict {
        let side = |content| Sections::from([(section.to_owned(), content)]);
        let terms = Terms {
            has_requests: true,
            ..Terms::default()
        };
        step(&side(expected), &side(seen), terms)[section].verdict
    }

    #[test]
    fn order_of_objects_does_not_count() {
        let object = |name: &str| json!({"kind": "A", "metadata": {"name": name}});
        let (a, b) = (object("a"), object("b"));
        assert_eq!(
            verdict("objects", json!([a, b]), json!([b, a])),
            Verdict::Equal
        );
        assert_eq!(
            verdict("objects", json!([a, b]), json!([a])),
            Verdict::Differs
        );
    }

    #[test]
    fn transitions_may_be_fewer_but_not_other() {
        let expected = json!({"A/a": [1, 2, 3]});
        for (seen, result) in [
            (json!({"A/a": [1, 3]}), Verdict::Equal),
            (json!({"A/a": [3]}), Verdict::Equal),
            (json!({"A/a": [1, 2]}), Verdict::Differs),
            (json!({"A/a": [2, 1, 3]}), Verdict::Differs),
            (json!({}), Verdict::Differs),
        ] {
            assert_eq!(verdict("transitions", expected.clone(), seen), result);
        }
    }

    #[test]
    fn leftovers_of_the_step_before_do_not_count_while_retrying() {
        let side =
            |lines: Value| Sections::from([("notifications".to_owned(), json!({"A/a": lines}))]);
        let (before, expected) = (side(json!([{"m": 1}])), side(json!([{"m": 2}])));
        let seen = side(json!([{"m": 1}, {"m": 2}]));
        for (retrying, result) in [(true, Verdict::Equal), (false, Verdict::Differs)] {
            let terms = Terms {
                retrying,
                before: std::slice::from_ref(&before),
                ..Terms::default()
            };
            for (expected, seen) in [(&expected, &seen), (&seen, &expected)] {
                assert_eq!(step(expected, seen, terms)["notifications"].verdict, result);
            }
        }
    }

    #[test]
    fn a_repeated_event_is_not_recorded_again() {
        let side = |lines: Value| Sections::from([("events".to_owned(), json!({"A/a": lines}))]);
        let before = [side(json!([{"m": 1}])), side(json!([{"m": 2}]))];
        let terms = Terms {
            before: &before,
            ..Terms::default()
        };
        let verdict = |seen: Value| step(&Sections::new(), &side(seen), terms)["events"].verdict;
        assert_eq!(verdict(json!([{"m": 1}])), Verdict::Equal);
        assert_eq!(verdict(json!([{"m": 3}])), Verdict::Differs);
    }

    #[test]
    fn a_source_that_came_in_time_is_chance_and_one_that_did_not_is_told() {
        let line = |reason: &str| json!({"reason": reason});
        let told = |lines: &[&str]| {
            let lines: Vec<Value> = lines.iter().map(|reason| line(reason)).collect();
            json!({"HelmChart/a": lines})
        };
        let late = told(&[SOURCE_NOT_YET, "ChartPullSucceeded"]);
        let in_time = told(&["ChartPullSucceeded"]);
        assert_eq!(verdict("events", late, in_time), Verdict::Equal);
        let never = told(&[SOURCE_NOT_YET]);
        assert_eq!(verdict("events", never, json!({})), Verdict::Differs);
    }

    #[test]
    fn managers_of_a_record_have_no_order() {
        let record =
            |managers: Value| json!([{"secret": "a", "managers": managers, "release": {}}]);
        let (one, other) = (record(json!(["a", "b"])), record(json!(["b", "a"])));
        assert_eq!(verdict("release", one, other), Verdict::Equal);
    }

    #[test]
    fn requests_have_a_ceiling() {
        let expected = json!({"c": ["get a", "get b"]});
        assert_eq!(
            verdict("requests", expected.clone(), json!({"c": ["patch x"]})),
            Verdict::Equal
        );
        assert_eq!(
            verdict("requests", expected, json!({"d": ["get a"]})),
            Verdict::Differs
        );
    }

    #[test]
    fn looks_that_were_not_needed_are_within_the_ceiling() {
        let looks = json!({"c": ["get a", "get b"]});
        assert_eq!(verdict("requests", looks, json!({})), Verdict::Equal);
        let work = json!({"c": ["get a", "patch b"]});
        assert_eq!(verdict("requests", work, json!({})), Verdict::Differs);
    }

    #[test]
    fn a_status_that_stands_since_the_step_before_does_not_count() {
        let side =
            |states: Value| Sections::from([("transitions".to_owned(), json!({"A/a": states}))]);
        let before = [side(json!([1, 2])), side(json!([3])), Sections::new()];
        let terms = Terms {
            before: &before,
            ..Terms::default()
        };
        for (expected, seen, result) in [
            (json!([4, 5]), json!([3, 5]), Verdict::Equal),
            (json!([4, 5]), json!([2, 5]), Verdict::Differs),
            (json!([4, 5]), json!([3, 2, 5]), Verdict::Differs),
            (json!([4, 5]), json!([4, 3, 5]), Verdict::Differs),
            (json!([4, 5]), json!([3]), Verdict::Differs),
            (json!([4, 3]), json!([3]), Verdict::Equal),
        ] {
            let compared = step(&side(expected), &side(seen.clone()), terms);
            assert_eq!(compared["transitions"].verdict, result, "{seen}");
        }
        let unmoved = step(&Sections::new(), &side(json!([3])), terms);
        assert_eq!(unmoved["transitions"].verdict, Verdict::Equal);
    }

    #[test]
    fn old_files_and_their_collection_do_not_count() {
        let item =
            |folder: Value| json!([{"object": "G/a", "path": "g/a/new.tar.gz", "folder": folder}]);
        let (full, bare) = (
            item(json!(["old.tar.gz 600", "new.tar.gz 600"])),
            item(json!(["new.tar.gz 600"])),
        );
        assert_eq!(verdict("artifact", full, bare), Verdict::Equal);
        let event = json!({"G/a": [{"reason": "GarbageCollectionSucceeded"}]});
        assert_eq!(verdict("events", event, json!({})), Verdict::Equal);
    }
}
