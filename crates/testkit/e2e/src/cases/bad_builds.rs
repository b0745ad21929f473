//! Bad input in builds: each is named in a condition, nothing of it is applied, and its neighbours go on.

use std::os::unix::fs::symlink;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::place::{Files, Place, config_map, named};

/// One bad folder: what the message must name, and why it is not ready.
struct Bad {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    reason: &'static str,
    words: &'static [&'static str],
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\n";

/// Each folder also has a sound ConfigMap `sentinel-NAME`, which must not appear.
const TABLE: &[Bad] = &[
    Bad {
        name: "broken-yaml",
        files: &[(
            "a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [\n",
        )],
        reason: "BuildFailed",
        words: &["a.yaml", "line "],
    },
    Bad {
        name: "broken-kustomization",
        files: &[
            (
                "kustomization.yaml",
                "resources:\n- sentinel.yaml\n- base\n",
            ),
            ("base/kustomization.yaml", "namePrefx: a\n"),
        ],
        reason: "BuildFailed",
        words: &["broken-kustomization/base", "namePrefx"],
    },
    Bad {
        name: "duplicate",
        files: &[("one.yaml", MAP), ("two.yaml", MAP)],
        reason: "BuildFailed",
        words: &["already registered id", "twice"],
    },
    Bad {
        name: "missing-file",
        files: &[(
            "kustomization.yaml",
            "resources:\n- sentinel.yaml\n- nothing.yaml\n",
        )],
        reason: "BuildFailed",
        words: &["nothing.yaml"],
    },
    Bad {
        name: "parent",
        files: &[(
            "kustomization.yaml",
            "resources:\n- sentinel.yaml\n- ../../../../outside\n",
        )],
        reason: "BuildFailed",
        words: &["../../../../outside"],
    },
    Bad {
        name: "absolute",
        files: &[(
            "kustomization.yaml",
            "resources:\n- sentinel.yaml\n- /etc/passwd\n",
        )],
        reason: "BuildFailed",
        words: &["/etc/passwd"],
    },
    Bad {
        name: "symlink",
        // The link itself is made below.
        files: &[(
            "kustomization.yaml",
            "resources:\n- sentinel.yaml\n- link.yaml\n",
        )],
        reason: "BuildFailed",
        words: &["link.yaml"],
    },
    Bad {
        name: "self-base",
        files: &[(
            "kustomization.yaml",
            "resources:\n- sentinel.yaml\n- ../self-base\n",
        )],
        reason: "BuildFailed",
        words: &["self-base", "cycle"],
    },
    Bad {
        name: "cycle",
        files: &[
            (
                "kustomization.yaml",
                "resources:\n- sentinel.yaml\n- other\n",
            ),
            ("other/kustomization.yaml", "resources:\n- ../../cycle\n"),
        ],
        reason: "BuildFailed",
        words: &["cycle/other", "cycle detected"],
    },
    Bad {
        name: "unknown-kind",
        files: &[(
            "a.yaml",
            "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: a}\n",
        )],
        reason: "ReconciliationFailed",
        words: &[
            "Nothing/",
            "/a",
            "no matches for kind \"Nothing\" in version \"example.com/v1\"",
        ],
    },
    Bad {
        name: "invalid-field",
        files: &[(
            "a.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 70000}]}\n",
        )],
        reason: "ReconciliationFailed",
        words: &["Service/", "/a", "spec.ports[0].port"],
    },
    Bad {
        name: "invalid-duration",
        files: &[(
            "a.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: never}\n\
             spec: {interval: 5 parsecs, prune: true, sourceRef: {kind: GitRepository, name: app}}\n",
        )],
        reason: "ReconciliationFailed",
        words: &["Kustomization/", "/never", "spec.interval"],
    },
];

/// All of them in one commit, beside a good one, which goes on.
pub async fn names_what_is_wrong_in_a_build(mut place: Place<'_>) -> Result<()> {
    let good = config_map("good", "blue");
    let mut owned: Vec<(String, String)> = vec![("good/one.yaml".into(), good)];
    for bad in TABLE {
        let sentinel = config_map(&format!("sentinel-{}", bad.name), "blue");
        owned.push((format!("bad/{}/sentinel.yaml", bad.name), sentinel));
        for (file, text) in bad.files {
            owned.push((format!("bad/{}/{file}", bad.name), (*text).to_owned()));
        }
    }
    let folder = place.repository()?.work_tree().join("bad/symlink");
    std::fs::create_dir_all(&folder)?;
    symlink("/etc/passwd", folder.join("link.yaml"))?;
    let files = owned.iter();
    let files: Files<'_> = files
        .map(|(file, text)| (file.as_str(), Some(text.as_str())))
        .collect();
    place.commit(&files)?;

    let mut objects = vec![
        place.source(&json!({})),
        place.kustomization(&json!({"path": "./good"})),
    ];
    for bad in TABLE {
        let path = format!("./bad/{}", bad.name);
        objects.push(named(place.kustomization(&json!({"path": path})), bad.name));
    }
    objects.push(named(
        place.kustomization(&json!({"path": "./bad/not-there"})),
        "missing-path",
    ));
    place.create_all(&objects).await?;

    let mut wrong = Vec::new();
    for bad in TABLE {
        match place.refused("Kustomization", bad.name, bad.words).await {
            Ok((reason, message)) if reason != bad.reason => {
                wrong.push(format!("{}: reason {reason}: {message}", bad.name));
            }
            Ok(_) => {}
            Err(error) => {
                let told = place.message("Kustomization", bad.name).await?;
                wrong.push(format!("{}: {told:?} ({})", bad.name, first_words(&error)));
            }
        }
        let sentinel = format!("sentinel-{}", bad.name);
        if place.find("ConfigMap", &sentinel).await?.is_some() {
            wrong.push(format!("{}: half of it was applied", bad.name));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let words = ["path not found", "bad/not-there"];
    let (reason, _) = place
        .refused("Kustomization", "missing-path", &words)
        .await?;
    ensure!(reason == "ArtifactFailed", "reason {reason}");

    let red = config_map("good", "red");
    let commit = place.commit(&Files::from([("good/one.yaml", Some(red.as_str()))]))?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&commit).await?;
    ensure!(place.value("good", "key").await?.as_deref() == Some("red"));
    Ok(())
}

fn first_words(error: &anyhow::Error) -> String {
    error.to_string().chars().take(120).collect()
}

/// A namespace where none belongs is left out, as the API server does.
pub async fn forgives_a_namespace_of_a_cluster_object(mut place: Place<'_>) -> Result<()> {
    let name = &place.namespace;
    let role = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {name}\n  namespace: {name}\nrules: []\n"
    );
    let one = config_map("one", "blue");
    place.commit(&Files::from([
        ("role.yaml", Some(role.as_str())),
        ("one.yaml", Some(one.as_str())),
    ]))?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.ready("Kustomization", "True").await?;
    let id = format!("_{}_rbac.authorization.k8s.io_ClusterRole", place.namespace);
    let inventory = place.inventory("app").await?;
    ensure!(inventory.contains(&id), "inventory {inventory:?}");

    let path = format!(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/{}",
        place.namespace
    );
    ensure!(place.world.api.find(&path).await?.is_some(), "no role");
    let commit = place.commit(&Files::from([("role.yaml", None)]))?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&commit).await?;
    ensure!(
        place.world.api.find(&path).await?.is_none(),
        "the role stays"
    );
    Ok(())
}

/// A field that cannot be changed: told with the object and the field, and the rest of the commit waits.
pub async fn names_immutable_fields(mut place: Place<'_>) -> Result<()> {
    let job = |image: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: job}}\nspec:\n  suspend: true\n  template:\n    spec:\n      \
             restartPolicy: Never\n      containers: [{{name: main, image: {image}}}]\n"
        )
    };
    let (one, first, second) = (config_map("one", "blue"), job("a"), job("b"));
    let files = Files::from([
        ("one.yaml", Some(one.as_str())),
        ("job.yaml", Some(first.as_str())),
    ]);
    place.commit(&files)?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.ready("Kustomization", "True").await?;

    let red = config_map("one", "red");
    let commit = place.commit(&Files::from([
        ("one.yaml", Some(red.as_str())),
        ("job.yaml", Some(second.as_str())),
    ]))?;
    place.reconcile("GitRepository", "app").await?;
    let words = ["Job/", "/job", "spec.template", "field is immutable"];
    let (reason, _) = place.refused("Kustomization", "app", &words).await?;
    ensure!(reason == "ReconciliationFailed", "reason {reason}");
    ensure!(
        place.value("one", "key").await?.as_deref() == Some("blue"),
        "half applied"
    );

    // The remedy.
    let force: Value = json!({"spec": {"force": true}});
    place.patch("Kustomization", "app", &force).await?;
    place.applied(&commit).await?;
    place.ready("Kustomization", "True").await?;
    Ok(())
}

/// What a kubeconfig of a stranger may not make us do.
pub async fn refuses_dangerous_kubeconfigs(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let file = |user: &str, cluster: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
             clusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:1', {cluster}}}}}]\nusers: [{{name: a, user: {{{user}}}}}]\n"
        )
    };
    let authority = "certificate-authority: /etc/ssl/ca.pem";
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/true, interactiveMode: Never}";
    let table = [
        ("exec", file(exec, ""), "exec plugin"),
        (
            "token-file",
            file("tokenFile: /etc/hostname", ""),
            "tokenFile",
        ),
        (
            "client-file",
            file("client-certificate: /etc/hostname", ""),
            "client-certificate",
        ),
        (
            "authority-file",
            file("token: a", authority),
            "certificate-authority",
        ),
    ];
    place.create_all(&[place.source(&json!({}))]).await?;
    for (name, text, _) in &table {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"value": text},
        });
        let fields = json!({"kubeConfig": {"secretRef": {"name": name}}});
        let kustomization = named(place.kustomization(&fields), name);
        place.create_all(&[secret, kustomization]).await?;
    }
    for (name, _, word) in &table {
        let (reason, message) = place.refused("Kustomization", name, &[word]).await?;
        ensure!(reason == "ReconciliationFailed", "{name}: {reason}");
        ensure!(
            message.contains("use ") || message.contains("give "),
            "{name}: no remedy in {message}"
        );
    }
    ensure!(
        place.find("ConfigMap", "one").await?.is_none(),
        "applied here"
    );
    Ok(())
}

/// A variable that nobody set; strict is the default.
pub async fn names_unset_variables(mut place: Place<'_>) -> Result<()> {
    let (one, two) = (config_map("one", "blue"), config_map("two", "${color}"));
    place.commit(&Files::from([
        ("one.yaml", Some(one.as_str())),
        ("two.yaml", Some(two.as_str())),
    ]))?;
    let fields = json!({"postBuild": {"substitute": {"size": "1"}}});
    let objects = [place.source(&json!({})), place.kustomization(&fields)];
    place.create_all(&objects).await?;
    let words = ["ConfigMap", "/two", "color", "variable not set"];
    let (reason, message) = place.refused("Kustomization", "app", &words).await?;
    ensure!(reason == "BuildFailed", "{reason}: {message}");
    ensure!(
        place.find("ConfigMap", "one").await?.is_none(),
        "half applied"
    );
    let set = json!({"spec": {"postBuild": {"substitute": {"color": "red"}}}});
    place.patch("Kustomization", "app", &set).await?;
    place.ready("Kustomization", "True").await?;
    ensure!(place.value("two", "key").await?.as_deref() == Some("red"));
    Ok(())
}
