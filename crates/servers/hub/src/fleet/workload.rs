//! Status of objects that are not Flux's.

use skein_object::Object;

use super::node::NodeStatus;

/// Status and message of a workload or of any other object.
pub fn status(object: &Object) -> (NodeStatus, String) {
    let generation = object.generation();
    if object
        .i64_at(&["status", "observedGeneration"])
        .is_some_and(|seen| seen < generation)
    {
        return (
            NodeStatus::Progressing,
            "the last change is not yet observed".into(),
        );
    }
    match object.kind() {
        "Deployment" | "StatefulSet" | "ReplicaSet" => {
            let wanted = object.i64_at(&["spec", "replicas"]).unwrap_or(1);
            let ready = object.i64_at(&["status", "readyReplicas"]).unwrap_or(0);
            let message = format!("{ready} of {wanted} replicas ready");
            let failed = object
                .condition("Progressing")
                .is_some_and(|c| c.get("status").and_then(|s| s.as_str()) == Some("False"));
            if ready >= wanted {
                (NodeStatus::Ready, message)
            } else if failed {
                (NodeStatus::Failed, message)
            } else {
                (NodeStatus::Progressing, message)
            }
        }
        _ => (NodeStatus::Ready, String::new()),
    }
}
