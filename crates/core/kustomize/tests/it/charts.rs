//! Helm charts: what is asked of the caller's Helm, and what becomes of its answer.

use std::cell::RefCell;

use serde_json::Value;
use skein_kustomize::{
    ChartPlace, ChartPull, ChartTemplate, Charts, FileTree, Options, Problem, build,
};

const CHART_OBJECTS: &str = "---
# Source: app/templates/cm.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: app
---
apiVersion: v1
kind: Service
metadata:
  name: app
";

/// Remembers what it was asked.
#[derive(Default)]
struct Helm {
    pulled: RefCell<Vec<ChartPull>>,
    rendered: RefCell<Vec<ChartTemplate>>,
}

impl Charts for Helm {
    fn pull(&self, chart: &ChartPull) -> Result<FileTree, String> {
        self.pulled.borrow_mut().push(chart.clone());
        Ok(tree(&[("values.yaml", "from: repository\n")]))
    }

    fn template(&self, chart: &ChartTemplate) -> Result<Vec<u8>, String> {
        self.rendered.borrow_mut().push(chart.clone());
        Ok(CHART_OBJECTS.into())
    }
}

impl Helm {
    fn values(&self, at: usize) -> Value {
        let text = self.rendered.borrow()[0].values[at].clone();
        skein_yaml::from_slice(&text).expect("values are YAML")
    }
}

fn tree(files: &[(&str, &str)]) -> FileTree {
    let mut tree = FileTree::new();
    for (path, text) in files {
        tree.insert(path, text.as_bytes()).expect("fits");
    }
    tree
}

fn run(files: &[(&str, &str)], root: &str) -> (Helm, Vec<Value>) {
    let helm = Helm::default();
    let options = Options {
        charts: Some(&helm),
        ..Options::default()
    };
    let built = build(&tree(files), root, &options).expect("builds");
    (helm, built.values)
}

const VALUES: &str = "a: {b: 1, c: 2}\nlist: [1, 2]\ngone: x\n";

fn with_merge(merge: &str) -> Value {
    let text = format!(
        "helmCharts:\n- name: app\n  valuesInline: {{a: {{b: 3, d: 4}}, list: [9], gone: null}}\n{merge}"
    );
    let (helm, _) = run(
        &[
            ("kustomization.yaml", &text),
            ("charts/app/values.yaml", VALUES),
        ],
        "",
    );
    helm.values(0)
}

#[test]
fn inline_values_override_give_way_or_stand_alone() {
    let overridden = serde_json::json!({"a": {"b": 3, "c": 2, "d": 4}, "list": [9]});
    assert_eq!(with_merge(""), overridden);
    assert_eq!(with_merge("  valuesMerge: override\n"), overridden);
    assert_eq!(
        with_merge("  valuesMerge: merge\n"),
        serde_json::json!({"a": {"b": 1, "c": 2, "d": 4}, "list": [1, 2], "gone": "x"})
    );
    assert_eq!(
        with_merge("  valuesMerge: replace\n"),
        serde_json::json!({"a": {"b": 3, "d": 4}, "list": [9], "gone": null})
    );
}

#[test]
fn the_fields_reach_helm_and_the_namespace_comes_from_above() {
    let (helm, values) = run(
        &[
            (
                "top/kustomization.yaml",
                "namespace: prod\nresources: [../base]\nnamePrefix: p-\n",
            ),
            (
                "base/kustomization.yaml",
                "helmGlobals: {chartHome: ../home}\nhelmCharts:\n- name: app\n  releaseName: r\n  nameTemplate: t\n  valuesFile: v.yaml\n  additionalValuesFiles: [w.yaml]\n  includeCRDs: true\n  skipHooks: true\n  skipTests: true\n  apiVersions: [a/v1]\n  kubeVersion: v1.30.0\n",
            ),
            ("base/v.yaml", "x: 1\n"),
            ("base/w.yaml", "z: 2\n"),
            ("home/app/values.yaml", ""),
        ],
        "top",
    );
    let asked = helm.rendered.borrow();
    let chart = &asked[0];
    assert!(matches!(&chart.chart, ChartPlace::Directory(path) if path == "home/app"));
    assert_eq!(
        (chart.release_name.as_str(), chart.namespace.as_str()),
        ("r", "prod")
    );
    assert_eq!(
        (chart.name_template.as_str(), chart.kube_version.as_str()),
        ("t", "v1.30.0")
    );
    assert_eq!(chart.api_versions, ["a/v1"]);
    assert!(chart.include_crds && chart.skip_hooks && chart.skip_tests && !chart.debug);
    assert_eq!(helm.values(1), serde_json::json!({"z": 2}));
    // The namespace of what a chart makes is Helm's business; names are not.
    assert_eq!(values[0]["metadata"], serde_json::json!({"name": "p-app"}));
}

#[test]
fn charts_that_are_not_there_are_pulled() {
    let (helm, _) = run(
        &[(
            "kustomization.yaml",
            "helmCharts:\n- name: app\n  repo: https://charts.example.com\n  version: 1.2.3\n  devel: true\n",
        )],
        "",
    );
    assert_eq!(
        helm.pulled.borrow()[0],
        ChartPull {
            name: "app".to_owned(),
            repository: "https://charts.example.com".to_owned(),
            version: "1.2.3".to_owned(),
            devel: true,
            directory: Some("charts/app-1.2.3/app".to_owned()),
        }
    );
    assert_eq!(helm.values(0), serde_json::json!({"from": "repository"}));
}

#[test]
fn generators_and_the_old_field_are_charts_too() {
    let generator = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: any}\nname: app\nreleaseName: g\n";
    let (helm, values) = run(
        &[
            ("kustomization.yaml", "generators: [g.yaml]\n"),
            ("g.yaml", generator),
            ("charts/app/values.yaml", ""),
        ],
        "",
    );
    assert_eq!(helm.rendered.borrow()[0].release_name, "g");
    assert_eq!(values.len(), 2);
    let old = "helmChartInflationGenerator:\n- chartName: app\n  chartHome: home\n  releaseName: o\n  valuesLocal: {a: 1}\n";
    let (helm, _) = run(
        &[
            ("kustomization.yaml", old),
            ("home/app/values.yaml", "b: 2\n"),
        ],
        "",
    );
    assert_eq!(helm.rendered.borrow()[0].release_name, "o");
    assert_eq!(helm.values(0), serde_json::json!({"a": 1, "b": 2}));
}

#[test]
fn charts_are_refused_without_a_helm_and_bad_fields_named() {
    let error = |text: &str, charts: Option<&dyn Charts>| {
        let options = Options {
            charts,
            ..Options::default()
        };
        build(&tree(&[("kustomization.yaml", text)]), "", &options).expect_err("must fail")
    };
    let refused = error("helmCharts:\n- name: app\n", None);
    assert!(matches!(refused.problem, Problem::Refused(_)), "{refused}");
    assert!(
        refused
            .upstream_message("")
            .contains("must specify --enable-helm")
    );
    let helm = Helm::default();
    for (text, wanted) in [
        (
            "helmCharts:\n- version: 1.0.0\n",
            "chart name cannot be empty",
        ),
        ("helmCharts:\n- name: app\n", "no repo specified for pull"),
        (
            "helmCharts:\n- name: app\n  valuesMerge: no\n",
            "valuesMerge",
        ),
        ("helmCharts:\n- name: app\n  unknown: 1\n", "unknown field"),
        (
            "helmCharts:\n- name: app\n  valuesInline: [1]\n",
            "expected a map",
        ),
        (
            "helmCharts:\n- name: etc\n  repo: x\nhelmGlobals: {chartHome: ../..}\n",
            "out of the root",
        ),
        (
            "helmCharts:\n- name: ../../etc\n  repo: x\n",
            "cannot have a slash",
        ),
        (
            "helmCharts:\n- name: app\n  additionalValuesFiles: [no.yaml]\n",
            "no such file",
        ),
    ] {
        let error = error(text, Some(&helm)).to_string();
        assert!(
            error.contains(wanted) && error.contains("kustomization.yaml"),
            "{error}"
        );
    }
}
