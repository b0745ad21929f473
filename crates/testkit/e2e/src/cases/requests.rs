//! Requests are the cost: what a changed and what an unchanged Kustomization may send, counted by the API server's audit log.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::place::{Files, Place};
use crate::world::World;

/// Kustomizations of the fleet.
const FLEET: usize = 10;
/// Requests for a changed Kustomization of four objects: four applies, a status while it waits and one at the end, three events.
const CHANGED_MAX: usize = 9;
/// Requests for ten unchanged ones.
const TEN_UNCHANGED_MAX: usize = 1;
/// Interval of the Kustomizations while nothing changes.
const INTERVAL: Duration = Duration::from_secs(10);
/// Events and statuses that are under way are sent by then.
const SETTLE: Duration = Duration::from_secs(3);

/// A commit that changes all of a fleet, then intervals in which nothing changes.
pub async fn counts_requests(world: &mut World) -> Result<()> {
    let mut place = world.place("requests").await?;
    let first = commit(&mut place, 1)?;
    place.create_all(&account(&place)).await?;
    place.create_all(&[place.source(&json!({}))]).await?;
    place.create_all(&fleet(&place)).await?;
    all_at(&place, &first).await?;
    sleep(SETTLE).await;

    let mut log = Log::at_end(world, &place.namespace, "kustomize-controller")?;
    let second = commit(&mut place, 2)?;
    place.reconcile("GitRepository", "app").await?;
    all_at(&place, &second).await?;
    sleep(SETTLE).await;
    let changed = log.take()?;
    let applies: usize = changed
        .iter()
        .filter(|(what, _)| what.starts_with("apply "))
        .map(|(_, count)| count)
        .sum();
    ensure!(
        applies == FLEET * 4,
        "not each object was applied once: {changed:?}"
    );
    ensure!(
        total(&changed) <= FLEET * CHANGED_MAX,
        "changed: {changed:?}"
    );

    // The change of the spec is a run of its own; the next one is due an interval after it.
    for number in 0..FLEET {
        let interval = json!({"spec": {"interval": format!("{}s", INTERVAL.as_secs())}});
        place
            .patch("Kustomization", &name(number), &interval)
            .await?;
    }
    sleep(SETTLE).await;
    let before = looks(world, "kustomize", "kustomization").await?;
    log.take()?;
    sleep(INTERVAL).await;
    let (unchanged, looked) = (
        log.take()?,
        looks(world, "kustomize", "kustomization").await? - before,
    );
    ensure!(looked >= FLEET, "only {looked} were looked at");
    ensure!(
        total(&unchanged) <= TEN_UNCHANGED_MAX,
        "unchanged: {unchanged:?}"
    );
    let reads = ["get", "list", "watch"];
    let writes = unchanged
        .keys()
        .find(|what| !reads.iter().any(|verb| what.starts_with(verb)));
    ensure!(
        writes.is_none(),
        "unchanged work was written: {unchanged:?}"
    );
    Ok(())
}

fn name(number: usize) -> String {
    format!("app-{number}")
}

/// Four objects for each Kustomization, all of which differ between two releases.
fn commit(place: &mut Place<'_>, release: u32) -> Result<String> {
    let files: BTreeMap<String, String> = (0..FLEET)
        .map(|number| {
            (
                format!("{0}/{0}.yaml", name(number)),
                objects(&name(number), release),
            )
        })
        .collect();
    let files: Files<'_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), Some(text.as_str())))
        .collect();
    place.commit(&files)
}

fn objects(name: &str, release: u32) -> String {
    let metadata =
        json!({"name": name, "annotations": {"example.com/release": release.to_string()}});
    let labels = json!({"app": name});
    let container =
        json!({"name": "main", "image": format!("registry.example.com/main:{release}")});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}});
    let spec = json!({"replicas": 0, "selector": {"matchLabels": labels}, "template": template});
    let objects = [
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"release": release.to_string()}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"release": release.to_string()}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}),
    ];
    objects.map(|object| format!("---\n{object}\n")).concat()
}

/// The account that the Kustomizations act as.
fn account(place: &Place<'_>) -> [Value; 3] {
    let api = "rbac.authorization.k8s.io/v1";
    let metadata = json!({"name": "tenant"});
    let rule = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]});
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"});
    let subject = json!({"kind": "ServiceAccount", "name": "tenant", "namespace": place.namespace});
    [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": api, "kind": "Role", "metadata": metadata, "rules": [rule]}),
        json!({"apiVersion": api, "kind": "RoleBinding", "metadata": metadata, "roleRef": role, "subjects": [subject]}),
    ]
}

fn fleet(place: &Place<'_>) -> Vec<Value> {
    let one = |number: usize| {
        let fields = json!({"path": name(number), "wait": true, "serviceAccountName": "tenant"});
        let mut kustomization = place.kustomization(&fields);
        kustomization["metadata"]["name"] = name(number).into();
        kustomization
    };
    (0..FLEET).map(one).collect()
}

/// Waits until all are Ready at this commit.
async fn all_at(place: &Place<'_>, commit: &str) -> Result<()> {
    for number in 0..FLEET {
        let name = name(number);
        place
            .until(&format!("{name} is ready at {commit}"), || async {
                let object = place
                    .find("Kustomization", &name)
                    .await?
                    .unwrap_or_default();
                let status = &object["status"];
                let conditions = status["conditions"].as_array().into_iter().flatten();
                let mut ready = conditions.filter(|condition| condition["type"] == "Ready");
                let revision = status["lastAppliedRevision"].as_str().unwrap_or_default();
                Ok(revision.ends_with(commit)
                    && ready.any(|condition| condition["status"] == "True"))
            })
            .await?;
    }
    Ok(())
}

/// Looks at objects so far, by the controller's own count.
pub async fn looks(world: &World, component: &str, controller: &str) -> Result<usize> {
    let text = world.controllers.metrics_of(component).await?;
    let controller = format!("{controller:?}");
    let lines = text.lines().filter(|line| {
        line.starts_with("controller_runtime_reconcile_total") && line.contains(&controller)
    });
    let numbers = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok());
    Ok(numbers.sum())
}

/// A controller's requests by verb and resource; forced applies and dry runs are told apart from patches.
pub type Requests = BTreeMap<String, usize>;

/// How many they are.
pub fn total(requests: &Requests) -> usize {
    requests.values().sum()
}

/// The audit log from some place on.
pub struct Log {
    file: std::fs::File,
    namespace: String,
    user: String,
    /// Time of the last event that was read, whoever asked; nothing was read yet when empty.
    read_until: String,
}

impl Log {
    /// What this controller asks from now on about a namespace.
    pub fn at_end(world: &World, namespace: &str, controller: &str) -> Result<Self> {
        let path = world.target.audit_log().context("no audit log")?;
        let mut file = std::fs::File::open(path).context("opening the audit log")?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self {
            file,
            namespace: namespace.to_owned(),
            user: format!("system:serviceaccount:flux-system:{controller}"),
            read_until: String::new(),
        })
    }

    /// What the controller asked since the last call. A watch is logged when it ends, and counts when it was also asked for since then:
    /// one from before ends because its time is up, whatever happens meanwhile.
    pub fn take(&mut self) -> Result<Requests> {
        let mut text = String::new();
        self.file.read_to_string(&mut text)?;
        let mut requests = Requests::new();
        let since = self.read_until.clone();
        for line in text.lines() {
            // The last line may be half written; its request is then counted in no step.
            let Ok(event) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            // Times are of one width and in UTC: their order is that of their letters.
            let ended = event["stageTimestamp"].as_str().unwrap_or_default();
            if self.read_until.as_str() < ended {
                ended.clone_into(&mut self.read_until);
            }
            if event["user"]["username"] != self.user.as_str() || self.is_of_another_case(&event) {
                continue;
            }
            let asked = event["requestReceivedTimestamp"].as_str();
            if event["verb"] == "watch" && asked.unwrap_or_default() < since.as_str() {
                continue;
            }
            let uri = event["requestURI"].as_str().unwrap_or_default();
            let verb = match event["verb"].as_str().unwrap_or_default() {
                _ if uri.contains("dryRun=") => "dry-run",
                "patch" if uri.contains("force=") => "apply",
                verb => verb,
            };
            let about = &event["objectRef"];
            let mut what = format!("{verb} {}", about["resource"].as_str().unwrap_or(uri));
            if let Some(part) = about["subresource"].as_str() {
                what.push_str(&format!("/{part}"));
            }
            *requests.entry(what).or_insert(0) += 1;
        }
        Ok(requests)
    }

    /// Earlier cases leave work behind: retries, and namespaces that are going. Requests without a namespace count, unless they are made as
    /// an account of elsewhere.
    fn is_of_another_case(&self, event: &Value) -> bool {
        let namespace = event["objectRef"]["namespace"].as_str().unwrap_or_default();
        let account = event["impersonatedUser"]["username"].as_str();
        let own_account = format!("system:serviceaccount:{}:", self.namespace);
        match namespace {
            "" => account.is_some_and(|account| !account.starts_with(&own_account)),
            namespace => namespace != self.namespace,
        }
    }
}
