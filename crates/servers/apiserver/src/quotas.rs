//! ResourceQuotas at work: what a write counts for is added to the quotas of its namespace, or the write is refused.

use std::sync::Arc;

use serde_json::Value;
use skein_object::Object;
use skein_store::{ResourceId, Stored};
use skein_validation::resource_quotas::{self, Classes, Kind};

use crate::api::Api;
use crate::failure::{Failure, Outcome};
use crate::resource::Resource;
use crate::write::{self, Change, Proposal};

/// Who says what is used.
const MANAGER: &str = "kube-apiserver";
const USED: [&str; 2] = ["status", "used"];

pub(crate) fn id() -> ResourceId {
    ResourceId::new("", "resourcequotas")
}

/// The classes of devices of the cluster.
pub(crate) fn classes(api: &Api) -> Classes {
    let id = ResourceId::new("resource.k8s.io", "deviceclasses");
    let named = |class: &Arc<Stored>| {
        let resource = class.object.str_at(&["spec", "extendedResourceName"]);
        (class.object.name().to_owned(), resource.map(str::to_owned))
    };
    api.store.list(&id, None).items.iter().map(named).collect()
}

/// Refuses a write for which a quota of its namespace has no room; else notes what it uses, unless it is a dry run.
pub(crate) async fn admit(
    api: &Arc<Api>,
    resource: &Resource,
    subresource: &str,
    old: Option<&Object>,
    new: &Object,
    dry_run: bool,
) -> Outcome<()> {
    let kind: Kind<'_> = (&resource.group, &resource.plural);
    if api.store.count(&id()) == 0
        || !resource.namespaced
        || !resource_quotas::is_counted(kind, subresource, old, new)
    {
        return Ok(());
    }
    let refuse = |why: &str| Failure::forbidden(resource, new.name(), why);
    let classes = classes(api);
    let mut charged: Vec<Arc<Stored>> = Vec::new();
    for quota in api.store.list(&id(), Some(new.namespace())).items {
        let used = resource_quotas::charge(&quota.object, kind, &classes, old, new);
        if used.map_err(|why| refuse(&why))?.is_some() {
            charged.push(quota);
        }
    }
    let Some(quotas) = api.registry.current().find("", "v1", "resourcequotas") else {
        return Ok(());
    };
    if dry_run {
        return Ok(());
    }
    let options = write::own_options(MANAGER);
    for quota in charged {
        let change = Change {
            resource: &quotas,
            subresource: "status",
            options: &options,
            call: None,
        };
        // Others may have used it meanwhile: it is looked at again.
        let propose = |quota: &Object| {
            let mut object = quota.clone();
            let used = resource_quotas::charge(quota, kind, &classes, old, new);
            if let Some(used) = used.map_err(|why| refuse(&why))? {
                object.set(&USED, Value::Object(used));
            }
            Ok(Proposal {
                object,
                warnings: Vec::new(),
                owned: false,
                whole: false,
            })
        };
        // A change may ask for another one, of a quota, which asks for none.
        Box::pin(change.run(api, &quota.key, propose)).await?;
    }
    Ok(())
}
