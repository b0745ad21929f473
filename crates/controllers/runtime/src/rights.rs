//! What impersonated accounts may do: seen in earlier writes, or asked once per account and namespace.
//!
//! Without knowing it a dry run has to tell before anything is written, and a read has to be made in the account's name. What is
//! known may be outdated; then the API server refuses the apply, and everything known of the account is forgotten.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Value, json};
use skein_cluster::{ApiError, ApiResource, Cluster};
use skein_object::{GroupVersionKind, Object};
use tokio::sync::OnceCell;

/// Rights that are remembered, and as many answers.
const RIGHTS_MAX: usize = 50_000;
/// How long an answer holds: rights that were given since are found out by dry runs meanwhile.
const ANSWER_AGE: Duration = Duration::from_secs(300);

/// An account of one cluster.
type Account = (String, String);

/// Rights of impersonated accounts.
#[derive(Default)]
pub struct Rights {
    /// Kinds that an account wrote in a namespace.
    seen: Mutex<HashSet<(Account, String, String)>>,
    /// What the API server told of an account in a namespace.
    told: Mutex<HashMap<(Account, String), Told>>,
}

#[derive(Clone)]
struct Told {
    rules: Arc<OnceCell<Rules>>,
    at: Instant,
}

impl Rights {
    /// Whether an object of this kind may be written in this namespace: the connection's own identity may do everything,
    /// others what they have done before or what the API server says they may.
    pub async fn known(
        &self,
        cluster: &Cluster,
        resource: &ApiResource,
        namespace: &str,
        is_new: bool,
    ) -> bool {
        let Some(account) = account(cluster) else {
            return true;
        };
        let right = (
            account.clone(),
            resource.qualified_name(),
            namespace.to_owned(),
        );
        if self.seen.lock().contains(&right) {
            return true;
        }
        let allows = |rules: &Rules| {
            rules.allow("patch", resource) && (!is_new || rules.allow("create", resource))
        };
        self.told(cluster, account, namespace, allows).await
    }

    /// Whether objects of this kind may be read in this namespace, as the API server tells: our own identity may.
    pub async fn may_read(
        &self,
        cluster: &Cluster,
        resource: &ApiResource,
        namespace: &str,
    ) -> bool {
        let Some(account) = account(cluster) else {
            return true;
        };
        let allows = |rules: &Rules| rules.allow("get", resource);
        self.told(cluster, account, namespace, allows).await
    }

    async fn told(
        &self,
        cluster: &Cluster,
        account: Account,
        namespace: &str,
        allows: impl Fn(&Rules) -> bool,
    ) -> bool {
        if namespace.is_empty() {
            // Rights in the whole cluster are not told.
            return false;
        }
        let cell = self.cell((account, namespace.to_owned()));
        // An error is no answer: the next who asks tries again.
        let rules = cell.get_or_try_init(|| ask(cluster, namespace)).await;
        rules.is_ok_and(allows)
    }

    fn cell(&self, key: (Account, String)) -> Arc<OnceCell<Rules>> {
        let mut told = self.told.lock();
        if told.len() >= RIGHTS_MAX {
            told.clear();
        }
        let fresh = || Told {
            rules: Arc::default(),
            at: Instant::now(),
        };
        let entry = told.entry(key).or_insert_with(fresh);
        if entry.at.elapsed() > ANSWER_AGE {
            *entry = fresh();
        }
        entry.rules.clone()
    }

    /// A write went well.
    pub fn note(&self, cluster: &Cluster, resource: &ApiResource, namespace: &str) {
        let Some(account) = account(cluster) else {
            return;
        };
        let mut seen = self.seen.lock();
        if seen.len() >= RIGHTS_MAX {
            seen.clear();
        }
        seen.insert((account, resource.qualified_name(), namespace.to_owned()));
    }

    /// A refusal: what was known of the account may not hold any more.
    pub fn forget(&self, cluster: &Cluster) {
        let Some(account) = account(cluster) else {
            return;
        };
        self.seen.lock().retain(|(known, _, _)| *known != account);
        self.told.lock().retain(|(known, _), _| *known != account);
    }
}

fn account(cluster: &Cluster) -> Option<Account> {
    let user = cluster.impersonation()?.user.clone();
    Some((cluster.server().to_owned(), user))
}

/// What an account may do in a namespace, as far as it does not depend on names.
#[derive(Debug, Default)]
struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    verbs: Vec<String>,
    groups: Vec<String>,
    resources: Vec<String>,
}

impl Rules {
    /// Reads a SelfSubjectRulesReview. Its list may be incomplete; what it holds is granted.
    fn of(review: &Object) -> Self {
        let rules = review.at(&["status", "resourceRules"]);
        let rules = rules.and_then(Value::as_array).into_iter().flatten();
        let texts = |rule: &Value, field: &str| -> Vec<String> {
            let list = rule.get(field).and_then(Value::as_array);
            let texts = list.into_iter().flatten().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        };
        let general = rules.filter(|rule| texts(rule, "resourceNames").is_empty());
        let read = |rule: &Value| Rule {
            verbs: texts(rule, "verbs"),
            groups: texts(rule, "apiGroups"),
            resources: texts(rule, "resources"),
        };
        Self(general.map(read).collect())
    }

    fn allow(&self, verb: &str, resource: &ApiResource) -> bool {
        let has = |list: &[String], text: &str| list.iter().any(|held| held == "*" || held == text);
        self.0.iter().any(|rule| {
            has(&rule.verbs, verb)
                && has(&rule.groups, &resource.group)
                && has(&rule.resources, &resource.plural)
        })
    }
}

async fn ask(cluster: &Cluster, namespace: &str) -> Result<Rules, ApiError> {
    const KIND: &str = "SelfSubjectRulesReview";
    let gvk = GroupVersionKind::new("authorization.k8s.io", "v1", KIND);
    let resource = ApiResource::new(&gvk, "selfsubjectrulesreviews", false);
    let mut review = Object::new(&gvk, "", "");
    review.remove(&["metadata"]);
    review.set(&["spec"], json!({"namespace": namespace}));
    let answer = cluster.create(&resource, &review, "").await?;
    Ok(Rules::of(&answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_grant_what_they_name_and_nothing_by_name() {
        let review = Object::from_value(json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "metadata": {},
            "status": {"incomplete": true, "resourceRules": [
                {"verbs": ["patch", "create"], "apiGroups": [""], "resources": ["configmaps", "secrets/status"]},
                {"verbs": ["*"], "apiGroups": ["apps"], "resources": ["*"]},
                {"verbs": ["patch"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"]},
            ]},
        }))
        .unwrap();
        let rules = Rules::of(&review);
        let resource = |group: &str, kind: &str, plural: &str| {
            ApiResource::new(&GroupVersionKind::new(group, "v1", kind), plural, true)
        };
        let config_map = resource("", "ConfigMap", "configmaps");
        assert!(rules.allow("patch", &config_map) && rules.allow("create", &config_map));
        assert!(!rules.allow("delete", &config_map));
        assert!(rules.allow("patch", &resource("apps", "Deployment", "deployments")));
        assert!(!rules.allow("patch", &resource("", "Secret", "secrets")));
        assert!(!rules.allow("patch", &resource("batch", "Job", "jobs")));
    }
}
