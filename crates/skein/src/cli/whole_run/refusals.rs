//! Bad Flux objects get the same answer from the embedded API server as from a real kube-apiserver.

use skein_cluster::ApiError;

use super::*;

/// One line per bad object: `object`, and `code` and `message` of kube-apiserver 1.36 with our CRDs.
const REFUSALS: &str = include_str!("../../../../core/api/tests/refusals.jsonl");

#[tokio::test(flavor = "multi_thread")]
async fn bad_objects_are_refused_in_the_words_of_kubernetes() {
    let world = World::start().await;
    let (mut count, mut differences) = (0, Vec::new());
    for line in REFUSALS.lines() {
        let refusal: Value = serde_json::from_str(line).expect("JSON");
        let object = Object::from_value(refusal["object"].clone()).expect("an object");
        let resource = world
            .cluster
            .resource(&object.gvk())
            .await
            .expect("a known kind");
        let (code, message) = match world.cluster.create(&resource, &object, "test").await {
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
