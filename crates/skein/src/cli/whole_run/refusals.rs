//! Bad Flux objects get the same answer from the embedded API server as from a real kube-apiserver.

use skein_cluster::{ApiError, ApiResource};

use super::*;

/// One line per bad object: `object`, and `code` and `message` of kube-apiserver 1.36 with our CRDs; with `subresource`, the
/// status of the object is reported to one that is there. `@a*N` stands for N letters.
const REFUSALS: &str = include_str!("../../../../core/api/tests/refusals.jsonl");

#[tokio::test(flavor = "multi_thread")]
async fn bad_objects_are_refused_in_the_words_of_kubernetes() {
    let world = World::start().await;
    let (mut count, mut differences) = (0, Vec::new());
    for line in REFUSALS.lines() {
        let refusal: Value = serde_json::from_str(line).expect("JSON");
        let mut object = refusal["object"].clone();
        spell_out(&mut object);
        let object = Object::from_value(object).expect("an object");
        let resource = world
            .cluster
            .resource(&object.gvk())
            .await
            .expect("a known kind");
        let answer = if refusal["subresource"] == "status" {
            report(&world, &resource, &object).await
        } else {
            world.cluster.create(&resource, &object, "test").await
        };
        let (code, message) = match answer {
            Ok(_) => (201, "accepted".to_owned()),
            Err(ApiError::Status(status)) => (status.code, status.message.clone()),
            Err(error) => (0, error.to_string()),
        };
        count += 1;
        if refusal["code"] != code || refusal["message"] != message {
            differences.push(format!(
                "{} {}\n  ours   {code} {message}\n  theirs {}",
                refusal["case"], refusal["field"], refusal["message"]
            ));
        }
    }
    println!("{} of {count} answers equal", count - differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Reports a status to an object that is good but for that.
async fn report(
    world: &World,
    resource: &ApiResource,
    object: &Object,
) -> Result<Object, ApiError> {
    let mut good = object.clone();
    let status = good.remove(&["status"]);
    match world.cluster.create(resource, &good, "test").await {
        Ok(_) => {}
        Err(ApiError::Status(status)) if status.code == 409 => {}
        Err(error) => return Err(error),
    }
    let patch = serde_json::json!({"status": status});
    let target = (object.namespace(), object.name());
    let cluster = &world.cluster;
    cluster
        .merge_patch(resource, target, Some("status"), &patch, "test")
        .await
}

/// Puts in the letters that `@a*N` stands for.
fn spell_out(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(spell_out),
        Value::Array(list) => list.iter_mut().for_each(spell_out),
        Value::String(text) => {
            let count = text
                .strip_prefix("@a*")
                .and_then(|count| count.parse().ok());
            if let Some(count) = count {
                *text = "a".repeat(count);
            }
        }
        _ => {}
    }
}
