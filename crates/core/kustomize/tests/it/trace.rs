//! Where fields come from, in builds that note it.

use skein_kustomize::{Build, FileTree, Options, build};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: main
        image: nginx:1.0
        envFrom:
        - configMapRef:
            name: config
";

const BASE: &str = "resources:
- deployment.yaml
configMapGenerator:
- name: config
  literals:
  - a=b
";

const OVERLAY: &str = "namePrefix: prod-
resources:
- ../base
patches:
- path: replicas.yaml
- target:
    kind: Deployment
  patch: |-
    - op: replace
      path: /spec/replicas
      value: 3
    - op: add
      path: /spec/template/spec/containers/0/args
      value:
      - --fast
images:
- name: nginx
  newTag: \"2.0\"
labels:
- pairs:
    env: prod
";

const PATCH: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: side
        image: busybox
";

fn traced() -> Build {
    let mut tree = FileTree::new();
    for (path, text) in [
        ("base/deployment.yaml", DEPLOYMENT),
        ("base/kustomization.yaml", BASE),
        ("overlay/kustomization.yaml", OVERLAY),
        ("overlay/replicas.yaml", PATCH),
    ] {
        tree.insert(path, text.as_bytes()).expect("fits");
    }
    let options = Options {
        trace: true,
        ..Options::default()
    };
    build(&tree, "overlay", &options).expect("builds")
}

/// The history of a field of the Deployment: what, where, value.
fn history(built: &Build, path: &str) -> Vec<String> {
    let fields = &built.histories[0].fields;
    let field = fields.iter().find(|f| f.path_text() == path);
    let Some(field) = field else {
        return vec![format!("no history of {path}")];
    };
    let show = |c: &skein_kustomize::Change| format!("{c} = {}", c.value.as_deref().unwrap_or("-"));
    field.changes.iter().map(show).collect()
}

#[test]
fn each_change_of_a_field_names_its_file_and_line() {
    let built = traced();
    assert_eq!(
        history(&built, "spec.replicas"),
        [
            "base/deployment.yaml:6 resources[0] = 1",
            "overlay/replicas.yaml:6 patches[0] = 2",
            "overlay/kustomization.yaml:9 patches[1] = 3",
        ]
    );
    assert_eq!(
        history(&built, "metadata.name"),
        [
            "base/deployment.yaml:4 resources[0] = app",
            "overlay/kustomization.yaml:1 namePrefix = prod-app",
        ]
    );
    assert_eq!(
        history(&built, "metadata.labels.env"),
        ["overlay/kustomization.yaml:20 labels[0] = prod"]
    );
}

#[test]
fn items_of_lists_keep_their_history_when_they_move() {
    let built = traced();
    // The patch's container stands first: JSON patches count from there.
    assert_eq!(
        history(&built, "spec.template.spec.containers[0].name"),
        ["overlay/replicas.yaml:10 patches[0] = side"]
    );
    assert_eq!(
        history(&built, "spec.template.spec.containers[0].args[0]"),
        ["overlay/kustomization.yaml:12 patches[1] = --fast"]
    );
    assert_eq!(
        history(&built, "spec.template.spec.containers[1].image"),
        [
            "base/deployment.yaml:11 resources[0] = nginx:1.0",
            "overlay/kustomization.yaml:17 images[0] = nginx:2.0",
        ]
    );
    let name = "spec.template.spec.containers[1].envFrom[0].configMapRef.name";
    let changes = history(&built, name);
    assert_eq!(changes[0], "base/deployment.yaml:14 resources[0] = config");
    assert!(
        changes[1].starts_with("reference to a renamed object = prod-config-"),
        "{changes:?}"
    );
}

#[test]
fn generated_data_names_the_source_of_each_key() {
    let files = [
        (
            "base/kustomization.yaml",
            "configMapGenerator:\n- name: c\n  literals:\n  - one=1\n  files: [text.txt, other=dir/f.bin]\n  envs: [e.env]\n",
        ),
        ("base/text.txt", "hello"),
        ("base/dir/f.bin", "there"),
        ("base/e.env", "# comment\nfirst=1\n\nSECOND=2\n"),
        (
            "top/kustomization.yaml",
            "resources: [../base]\nconfigMapGenerator:\n- name: c\n  behavior: merge\n  literals: [one=2]\n",
        ),
    ];
    let mut tree = FileTree::new();
    for (path, text) in files {
        tree.insert(path, text.as_bytes()).expect("fits");
    }
    let options = Options {
        trace: true,
        ..Options::default()
    };
    let built = build(&tree, "top", &options).expect("builds");
    for (field, wanted) in [
        ("data.first", vec!["base/e.env:2 configMapGenerator[0] = 1"]),
        (
            "data.SECOND",
            vec!["base/e.env:4 configMapGenerator[0] = 2"],
        ),
        (
            "data[\"text.txt\"]",
            vec!["base/text.txt configMapGenerator[0] = hello"],
        ),
        (
            "data.other",
            vec!["base/dir/f.bin configMapGenerator[0] = there"],
        ),
        (
            "data.one",
            vec![
                "base/kustomization.yaml:4 configMapGenerator[0] = 1",
                "top/kustomization.yaml:5 configMapGenerator[0] = 2",
            ],
        ),
    ] {
        assert_eq!(history(&built, field), wanted);
    }
}

#[test]
fn a_build_is_the_same_with_and_without_a_trace() {
    for case in crate::corpus::cases() {
        let tree = case.tree();
        for (root, _) in &case.wanted {
            let text = |trace: bool| {
                let options = Options {
                    trace,
                    ..Options::default()
                };
                build(&tree, root, &options).map_err(|e| e.problem)
            };
            let (plain, traced) = (text(false), text(true));
            match (plain, traced) {
                (Ok(plain), Ok(traced)) => {
                    assert_eq!(plain.to_yaml(), traced.to_yaml(), "{}", case.name);
                    assert_eq!(traced.histories.len(), traced.values.len());
                    assert!(plain.histories.is_empty());
                    for (value, history) in traced.values.iter().zip(&traced.histories) {
                        check_complete(&case.name, value, history);
                    }
                }
                (plain, traced) => {
                    assert_eq!(plain.is_err(), traced.is_err(), "{}", case.name);
                }
            }
        }
    }
}

/// Every leaf of the object has a history that ends with its value.
fn check_complete(case: &str, value: &serde_json::Value, history: &skein_kustomize::History) {
    let leaves = leaves(value);
    let known = history.fields.iter().filter(|f| f.is_present).count();
    assert_eq!(known, leaves, "{case}: {value}");
}

fn leaves(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Object(map) if !map.is_empty() => map.values().map(leaves).sum(),
        serde_json::Value::Array(list) if !list.is_empty() => list.iter().map(leaves).sum(),
        _ => 1,
    }
}
