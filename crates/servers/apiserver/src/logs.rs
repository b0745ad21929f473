//! Logs of pods: the options, the container that is meant, and the one line that a simulated pod has written.

use std::sync::Arc;

use serde_json::Value;
use skein_object::{GroupVersionKind, Object};

use crate::api::{Api, Call};
use crate::failure::{Cause, Failure, Outcome};
use crate::read;
use crate::resource::Resource;
use crate::respond::{self, Reply};

/// Whole numbers among the options, and the least that each may be.
const NUMBERS: [(&str, i64); 3] = [("tailLines", 0), ("sinceSeconds", 1), ("limitBytes", 1)];

/// Answers a request for the log of a pod.
pub(crate) fn log(api: &Arc<Api>, call: &Call, resource: &Arc<Resource>) -> Outcome<Reply> {
    check_options(call)?;
    let stored = read::find(api, call, resource)?;
    let pod = &stored.object;
    check_container(pod, call.query.text("container"))?;
    if pod.str_at(&["spec", "nodeName"]).is_none_or(str::is_empty) {
        // What runs nowhere has written nothing.
        return Ok(respond::empty(204));
    }
    let text = format!("pod {} is simulated and writes no log\n", pod.name());
    Ok(respond::text(200, text))
}

fn check_options(call: &Call) -> Outcome<()> {
    let mut causes = Vec::new();
    for (name, least) in NUMBERS {
        let Some(number) = call.query.signed(name)?.filter(|number| *number < least) else {
            continue;
        };
        let bound = match least {
            0 => "greater than or equal to 0",
            _ => "greater than 0",
        };
        let text = format!("Invalid value: {number}: must be {bound}");
        causes.push(Cause::new("FieldValueInvalid", name, text));
    }
    if call.query.has("sinceSeconds") && call.query.has("sinceTime") {
        let text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
        causes.push(Cause::new("FieldValueForbidden", "[]", text));
    }
    if causes.is_empty() {
        return Ok(());
    }
    let gvk = GroupVersionKind::new("", "v1", "PodLogOptions");
    Err(Failure::invalid(&gvk, &call.info.name, causes))
}

fn check_container(pod: &Object, wanted: &str) -> Outcome<()> {
    let names = |list: &str| -> Vec<String> {
        let containers = pod.at(&["spec", list]).and_then(Value::as_array);
        let names = containers.into_iter().flatten();
        let names = names.filter_map(|container| container.get("name")?.as_str());
        names.map(str::to_owned).collect()
    };
    let (main, first, late) = (
        names("containers"),
        names("initContainers"),
        names("ephemeralContainers"),
    );
    let pod = pod.name();
    if !wanted.is_empty() {
        let is_known = [&main, &first, &late]
            .iter()
            .any(|list| list.iter().any(|name| name == wanted));
        let text = format!("container {wanted} is not valid for pod {pod}");
        return match is_known {
            true => Ok(()),
            false => Err(Failure::bad_request(text)),
        };
    }
    if main.len() == 1 {
        return Ok(());
    }
    let mut text = format!(
        "a container name must be specified for pod {pod}, choose one of: [{}]",
        main.join(" ")
    );
    for (list, what) in [(first, "init"), (late, "ephemeral")] {
        if !list.is_empty() {
            text += &format!(" or one of the {what} containers: [{}]", list.join(" "));
        }
    }
    Err(Failure::bad_request(text))
}
