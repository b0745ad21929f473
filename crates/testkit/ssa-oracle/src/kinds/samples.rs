//! Built-in kinds whose bodies are good objects, varied at random.

use anyhow::{Context, Result};
use serde_json::Value;
use skein_object::Object;
use skein_schema::builtin;

use super::{Body, Kind, NAMESPACE, Version};

const GOOD: &str = include_str!("../refusals.yaml");

/// Samples that cannot be used: the two servers give them names, addresses or helpers of their own.
const LEFT_OUT: [&str; 8] = [
    "CustomResourceDefinition/wheels.refusals.skein.dev",
    "Namespace/good",
    "Service/good",
    "Service/balanced",
    "Service/node",
    "PriorityClass/good",
    "ValidatingWebhookConfiguration/good",
    "MutatingWebhookConfiguration/good",
];

/// One kind per usable sample.
pub fn kinds() -> Result<Vec<Kind>> {
    let mut out = Vec::new();
    for document in skein_yaml::documents(GOOD.as_bytes())? {
        let object = Object::from_value(document.value)?;
        let title = format!("{}/{}", object.kind(), object.name());
        if !LEFT_OUT.contains(&title.as_str()) {
            out.push(kind(&object, title)?);
        }
    }
    Ok(out)
}

fn kind(object: &Object, title: String) -> Result<Kind> {
    let gvk = object.gvk();
    let resource = builtin::resources()
        .iter()
        .find(|resource| resource.parts().1.is_none() && resource.gvk() == gvk)
        .with_context(|| format!("no resource for {gvk}"))?;
    let version = |api_version: &str| {
        let root = if api_version.contains('/') {
            "apis"
        } else {
            "api"
        };
        let namespace = match resource.namespaced {
            true => format!("/namespaces/{NAMESPACE}"),
            false => String::new(),
        };
        Version {
            api_version: api_version.to_owned(),
            collection: format!("/{root}/{api_version}{namespace}/{}", resource.name),
        }
    };
    let mut sample = object.to_value();
    if let Value::Object(map) = &mut sample {
        for field in ["apiVersion", "kind", "metadata"] {
            map.remove(field);
        }
    }
    Ok(Kind {
        title,
        name: gvk.kind.clone(),
        group: "",
        plural: resource.name.clone(),
        versions: vec![version(&gvk.api_version())],
        builtin: true,
        has_status: false,
        body: Body::Sample(sample),
    })
}
