//! Objects, patches and plugin configurations of a generated tree.

use super::{Numbers, scalars};

/// Images that containers use.
pub const IMAGES: [&str; 5] = [
    "nginx",
    "redis",
    "ghcr.io/org/app",
    "registry.local:5000/x",
    "busybox",
];

/// The identity of an object.
#[derive(Clone)]
pub struct Named {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub namespace: Option<String>,
}

impl Named {
    pub fn group_version(&self) -> (&str, &str) {
        self.api_version
            .split_once('/')
            .unwrap_or(("", &self.api_version))
    }
}

type Body = fn(&mut Numbers) -> String;

/// apiVersion, kind, what follows the metadata.
const KINDS: [(&str, &str, Body); 20] = [
    ("apps/v1", "Deployment", workload),
    ("apps/v1", "Deployment", workload),
    ("apps/v1", "StatefulSet", workload),
    ("apps/v1", "DaemonSet", workload),
    ("batch/v1", "CronJob", cron_job),
    ("batch/v1", "Job", workload),
    ("v1", "Service", service),
    ("v1", "ConfigMap", data),
    ("v1", "ConfigMap", data),
    ("v1", "Secret", secret),
    ("v1", "ServiceAccount", nothing),
    ("networking.k8s.io/v1", "Ingress", ingress),
    ("rbac.authorization.k8s.io/v1", "Role", role),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", binding),
    (
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        binding,
    ),
    ("example.com/v1", "Widget", widget),
    ("v1", "Namespace", nothing),
    ("autoscaling/v2", "HorizontalPodAutoscaler", autoscaler),
    ("networking.k8s.io/v1", "NetworkPolicy", network_policy),
    ("v1", "PersistentVolumeClaim", claim),
];

/// An object as text, sometimes within a list or without meaning.
pub fn object(numbers: &mut Numbers, folder: &str, at: usize) -> (Option<Named>, String) {
    if numbers.percent(3) {
        let odd = ["# only a comment\n", "\n", "null\n", "{}\n"];
        return (None, (numbers.pick(&odd)).to_owned());
    }
    let (api_version, kind, body) = numbers.pick(&KINDS);
    let stem = numbers.pick(&["app", "web", "api", "cache"]);
    // Some names are shared, so that ids can collide and references find several objects.
    let name = if numbers.percent(12) || (at == 0 && folder == "base0") {
        stem.to_owned()
    } else {
        format!("{stem}-{folder}-{at}")
    };
    let namespace = numbers.percent(20).then(|| "ns1".to_owned());
    let mut text = String::new();
    if numbers.percent(15) {
        text.push_str("# head comment\n");
    }
    text.push_str(&format!(
        "apiVersion: {api_version}\nkind: {kind}\nmetadata:\n"
    ));
    if numbers.percent(20) {
        text.push_str("  creationTimestamp: null\n");
    }
    text.push_str(&format!("  name: {name}\n"));
    if let Some(namespace) = &namespace {
        text.push_str(&format!("  namespace: {namespace}\n"));
    }
    for field in ["labels", "annotations"] {
        if numbers.percent(30) {
            text.push_str(&format!("  {field}:\n    app: web\n"));
            for at in 0..numbers.below(3) {
                let value = scalars::text(numbers);
                text.push_str(&format!("    k{at}: {value}\n"));
            }
        }
    }
    if numbers.percent(2) {
        text.push_str("  annotations: {config.kubernetes.io/local-config: \"true\"}\n");
    }
    text.push_str(&body(numbers));
    if numbers.percent(10) {
        text.push_str("status: {}\n");
    }
    let named = Named {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name,
        namespace,
    };
    if numbers.percent(4) {
        let items: String = text.lines().map(|l| format!("  {l}\n")).collect();
        let items = items.replacen("  ", "- ", 1);
        let items = if items.starts_with("- #") {
            items
                .replacen("- #", "  #", 1)
                .replacen("  apiVersion", "- apiVersion", 1)
        } else {
            items
        };
        let kind = numbers.pick(&["List", "ConfigMapList", "WidgetList"]);
        return (
            Some(named),
            format!("apiVersion: v1\nkind: {kind}\nitems:\n{items}"),
        );
    }
    (Some(named), text)
}

fn nothing(_: &mut Numbers) -> String {
    String::new()
}

fn data(numbers: &mut Numbers) -> String {
    let mut text = String::from("data:\n");
    for at in 0..1 + numbers.below(4) {
        let key = numbers.pick(&["key", "key", "a.b", "\"1\"", "yes", "\"no\"", "file.yaml"]);
        let value = scalars::value(numbers, "  ");
        let suffix = if key.ends_with('"') || key == "1" {
            String::new()
        } else {
            at.to_string()
        };
        if suffix.is_empty() && text.contains(&format!("  {key}:")) {
            continue;
        }
        text.push_str(&format!("  {key}{suffix}: {value}\n"));
    }
    if numbers.percent(10) {
        text.push_str("binaryData:\n  bin: AAEC\n");
    }
    text
}

fn secret(numbers: &mut Numbers) -> String {
    match numbers.below(3) {
        0 => "type: Opaque\ndata:\n  password: c2VjcmV0\n  b: \"\"\n".to_owned(),
        1 => format!("stringData:\n  plain: {}\n", scalars::text(numbers)),
        _ => "data: {a: YQ==}\n".to_owned(),
    }
}

fn container(numbers: &mut Numbers, name: &str, indent: &str) -> String {
    let image = numbers.pick(&IMAGES);
    let tag = numbers.pick(&[":1.0", ":latest", "", "@sha256:0123456789abcdef"]);
    let mut text = format!("{indent}- name: {name}\n{indent}  image: {image}{tag}\n");
    if numbers.percent(50) {
        text.push_str(&format!("{indent}  env:\n"));
        for at in 0..1 + numbers.below(2) {
            match numbers.below(4) {
                0 => text.push_str(&format!(
                    "{indent}  - name: REF{at}\n{indent}    valueFrom:\n{indent}      configMapKeyRef: {{name: app, key: a}}\n"
                )),
                1 => text.push_str(&format!(
                    "{indent}  - {{name: V{at}, value: \"$(BASE0_VAR)\"}}\n"
                )),
                _ => {
                    let value = scalars::text(numbers);
                    text.push_str(&format!("{indent}  - name: E{at}\n{indent}    value: {value}\n"));
                }
            }
        }
    }
    if numbers.percent(30) {
        let args = numbers.pick(&["[\"--x\", \"$(BASE0_VAR)\"]", "[a, 'b', \"c\"]", "[]"]);
        text.push_str(&format!("{indent}  args: {args}\n"));
    }
    if numbers.percent(35) {
        text.push_str(&format!(
            "{indent}  ports:\n{indent}  - containerPort: 80\n"
        ));
        if numbers.percent(40) {
            text.push_str(&format!(
                "{indent}  - containerPort: 80\n{indent}    protocol: UDP\n{indent}    name: u\n"
            ));
        }
    }
    if numbers.percent(25) {
        text.push_str(&format!(
            "{indent}  envFrom:\n{indent}  - configMapRef:\n{indent}      name: app\n{indent}  - secretRef: {{name: app}}\n"
        ));
    }
    if numbers.percent(20) {
        text.push_str(&format!(
            "{indent}  resources:\n{indent}    limits: {{cpu: 1, memory: 1Gi}}\n{indent}    requests:\n{indent}      cpu: 100m\n"
        ));
    }
    if numbers.percent(20) {
        text.push_str(&format!(
            "{indent}  volumeMounts:\n{indent}  - mountPath: /x\n{indent}    name: v\n"
        ));
    }
    text
}

fn pod(numbers: &mut Numbers, indent: &str) -> String {
    let mut text = format!("{indent}spec:\n");
    if numbers.percent(25) {
        text.push_str(&format!("{indent}  serviceAccountName: app\n"));
    }
    let deeper = format!("{indent}  {}", numbers.pick(&["", "  "]));
    text.push_str(&format!("{indent}  containers:\n"));
    text.push_str(&container(numbers, "main", &deeper));
    if numbers.percent(40) {
        text.push_str(&container(numbers, "side", &deeper));
    }
    if numbers.percent(20) {
        text.push_str(&format!("{indent}  initContainers:\n"));
        text.push_str(&container(numbers, "init", &deeper));
    }
    if numbers.percent(40) {
        text.push_str(&format!(
            "{indent}  volumes:\n{indent}  - name: v\n{indent}    configMap:\n{indent}      name: app\n"
        ));
        if numbers.percent(50) {
            text.push_str(&format!(
                "{indent}  - name: w\n{indent}    emptyDir: {{}}\n"
            ));
        }
    }
    if numbers.percent(15) {
        text.push_str(&format!(
            "{indent}  tolerations:\n{indent}  - key: a\n{indent}    operator: Exists\n"
        ));
    }
    if numbers.percent(15) {
        text.push_str(&format!("{indent}  imagePullSecrets: [{{name: app}}]\n"));
    }
    text
}

fn workload(numbers: &mut Numbers) -> String {
    let mut text = String::from("spec:\n");
    if numbers.percent(60) {
        text.push_str(&format!("  replicas: {}\n", numbers.below(4)));
    }
    if numbers.percent(20) {
        text.push_str("  strategy:\n    type: RollingUpdate\n    rollingUpdate: {maxSurge: 1}\n");
    }
    if numbers.percent(60) {
        text.push_str("  selector:\n    matchLabels:\n      app: web\n");
    }
    text.push_str("  template:\n");
    if numbers.percent(60) {
        text.push_str("    metadata:\n      labels:\n        app: web\n");
    }
    text.push_str(&pod(numbers, "    "));
    if numbers.percent(15) {
        text.push_str(
            "  volumeClaimTemplates:\n  - metadata:\n      name: d\n    spec:\n      accessModes: [ReadWriteOnce]\n",
        );
    }
    text
}

fn cron_job(numbers: &mut Numbers) -> String {
    let mut text = String::from(
        "spec:\n  schedule: \"*/5 * * * *\"\n  jobTemplate:\n    spec:\n      template:\n",
    );
    text.push_str(&pod(numbers, "        "));
    text
}

fn service(numbers: &mut Numbers) -> String {
    let mut text = String::from("spec:\n");
    if numbers.percent(70) {
        text.push_str("  selector:\n    app: web\n");
    }
    text.push_str("  ports:\n  - port: 80\n");
    if numbers.percent(50) {
        text.push_str("    targetPort: http\n    name: http\n");
    }
    if numbers.percent(40) {
        text.push_str("  - port: 80\n    protocol: UDP\n");
    }
    text
}

fn ingress(numbers: &mut Numbers) -> String {
    let mut text = String::from("spec:\n");
    if numbers.percent(50) {
        text.push_str("  tls:\n  - hosts: [a.example.com]\n    secretName: app\n");
    }
    text.push_str("  rules:\n  - host: a.example.com\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n            name: web\n            port: {number: 80}\n");
    text
}

fn role(_: &mut Numbers) -> String {
    "rules:\n- apiGroups: [\"\"]\n  resources: [configmaps]\n  resourceNames: [app]\n  verbs: [\"get\", 'list']\n".to_owned()
}

fn binding(numbers: &mut Numbers) -> String {
    let name = numbers.pick(&["default", "app"]);
    let mut text = String::from(
        "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: app\n",
    );
    text.push_str(&format!(
        "subjects:\n- kind: ServiceAccount\n  name: {name}\n"
    ));
    if numbers.percent(50) {
        text.push_str("  namespace: ns1\n");
    }
    if numbers.percent(30) {
        text.push_str("- {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}\n");
    }
    text
}

fn widget(numbers: &mut Numbers) -> String {
    let mut text =
        String::from("spec:\n  configRef: app\n  image: nginx:1.0\n  text: $(BASE0_VAR)\n");
    for at in 0..numbers.below(5) {
        let value = scalars::value(numbers, "  ");
        text.push_str(&format!("  f{at}: {value}\n"));
    }
    if numbers.percent(30) {
        text.push_str("  list:\n    - a\n    - b: 1\n      # inside\n      c: [1, 2,\n        3]\n    - - x\n      - y\n");
    }
    if numbers.percent(20) {
        text.push_str("  shared: &s {x: 1, y: \"2\"}\n  again: *s\n");
    }
    if numbers.percent(12) {
        text.push_str(
            "  merged:\n    <<: &m {p: 1, q: 2}\n    q: 3\n  more:\n    <<: *m\n    r: 4\n",
        );
    }
    if numbers.percent(1) {
        text.push_str("  1: number\n  true: bool\n  2.5: float\n");
    }
    if numbers.percent(10) {
        text.push_str(
            "  empty:\n  none: ~\n  nothing: {}\n  list0: []\n  nested: {a: {b: [c, {d: e}]}}\n",
        );
    }
    if numbers.percent(10) {
        text.push_str("  template:\n    kind: Deployment\n    apiVersion: apps/v1\n    spec:\n      template:\n        spec:\n          containers: [{name: main, image: nginx}]\n");
    }
    if numbers.percent(10) {
        text.push_str("  values: |\n    # top\n    image: x # side\n    nested:\n      port: 80\n      name: a-b\n");
    }
    if numbers.percent(8) {
        text.push_str("  json: '{\"a\": {\"b\": \"c-d\"}, \"n\": 1}'\n");
    }
    text
}

fn autoscaler(_: &mut Numbers) -> String {
    "spec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: app\n  minReplicas: 1\n  metrics:\n  - type: Resource\n    resource: {name: cpu}\n".to_owned()
}

fn network_policy(_: &mut Numbers) -> String {
    "spec:\n  podSelector:\n    matchLabels: {app: web}\n  ingress:\n  - from:\n    - podSelector:\n        matchLabels:\n          app: api\n    ports: [{port: 80}]\n".to_owned()
}

fn claim(_: &mut Numbers) -> String {
    "spec:\n  accessModes:\n  - ReadWriteOnce\n  resources:\n    requests:\n      storage: 1Gi\n  volumeName: app\n".to_owned()
}

/// A strategic patch for an object.
pub fn strategic_patch(numbers: &mut Numbers, named: &Named) -> String {
    let mut text = format!(
        "apiVersion: {}\nkind: {}\nmetadata:\n  name: {}\n",
        named.api_version, named.kind, named.name
    );
    if let Some(namespace) = &named.namespace {
        text.push_str(&format!("  namespace: {namespace}\n"));
    }
    if numbers.percent(5) {
        text.insert_str(0, "$patch: delete\n");
        return text;
    }
    if numbers.percent(30) {
        let field = numbers.pick(&["labels", "annotations"]);
        let value = numbers.pick(&["new", "null", "\"1\"", "\"yes\"", "plain"]);
        text.push_str(&format!("  {field}:\n    app: {value}\n    added: \"x\"\n"));
    }
    text.push_str(&match named.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => workload_patch(numbers),
        "CronJob" => {
            let inner = workload_patch(numbers);
            let inner: String = inner.lines().map(|l| format!("    {l}\n")).collect();
            format!("spec:\n  jobTemplate:\n{inner}")
        }
        "ConfigMap" => {
            let value = scalars::value(numbers, "  ");
            let directive = numbers.pick(&["", "", "", "  $patch: replace\n"]);
            format!("data:\n{directive}  key0: {value}\n  a.b1: null\n  fresh: \"x\"\n")
        }
        "Secret" => "stringData:\n  plain: changed\ndata:\n  password:\n".to_owned(),
        "Service" => {
            let list = [
                "  - port: 80\n    name: renamed\n",
                "  - port: 80\n    protocol: UDP\n    nodePort: 30000\n",
                "  - port: 443\n    name: tls\n",
                "  - port: 80\n    $patch: delete\n",
                "  - $patch: replace\n  - port: 1\n",
            ];
            format!("spec:\n  type: NodePort\n  ports:\n{}", numbers.pick(&list))
        }
        "Widget" => {
            let value = scalars::value(numbers, "  ");
            format!(
                "spec:\n  f0: {value}\n  f1:\n  deep: {{x: [1, {{y: 2}}]}}\n  list: [replaced]\n"
            )
        }
        "Role" => {
            "rules:\n- apiGroups: [apps]\n  resources: [\"*\"]\n  verbs: [\"*\"]\n".to_owned()
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            "subjects:\n- kind: ServiceAccount\n  name: other\n  namespace: ns1\n".to_owned()
        }
        "Ingress" => {
            "spec:\n  ingressClassName: nginx\n  rules:\n  - host: b.example.com\n".to_owned()
        }
        "ServiceAccount" => "imagePullSecrets:\n- name: app\nsecrets: [{name: app}]\n".to_owned(),
        "PersistentVolumeClaim" => {
            "spec:\n  resources:\n    requests:\n      storage: 2Gi\n".to_owned()
        }
        "HorizontalPodAutoscaler" => "spec:\n  maxReplicas: 5\n  metrics: null\n".to_owned(),
        _ => String::new(),
    });
    text
}

fn workload_patch(numbers: &mut Numbers) -> String {
    let specs = [
        "spec:\n  replicas: 5\n",
        "spec:\n  replicas: null\n  strategy:\n    $patch: replace\n    type: Recreate\n",
        "spec:\n  strategy:\n    $retainKeys: [type]\n    type: Recreate\n",
        "spec:\n  selector: null\n",
        "spec:\n  revisionHistoryLimit: 3\n",
    ];
    let pods = [
        "containers:\n- name: main\n  image: patched:2\n  env:\n  - name: E0\n    value: changed\n  - name: NEW\n    value: \"1\"\n",
        "containers:\n- name: side\n  $patch: delete\n",
        "containers:\n- name: third\n  image: busybox\n- name: main\n  args: [x]\n",
        "$setElementOrder/containers:\n- name: side\n- name: main\ncontainers:\n- name: main\n  image: ordered\n",
        "containers:\n- name: main\n  ports:\n  - containerPort: 80\n    protocol: UDP\n    name: dns\n  - containerPort: 81\n",
        "containers:\n- $patch: replace\n- name: only\n  image: one\n",
        "volumes:\n- name: v\n  configMap: null\n  secret:\n    secretName: app\n",
        "volumes:\n- name: v\n  $patch: delete\n- name: z\n  emptyDir: {}\n",
        "imagePullSecrets:\n- name: app\n- name: more\n",
        "$deleteFromPrimitiveList/finalizers: [a]\ntolerations:\n- key: b\n  operator: Exists\n",
        "initContainers: []\ncontainers: []\n",
        "containers:\n- name: main\n  resources:\n    limits:\n      cpu: \"2\"\n    requests: {}\n  volumeMounts:\n  - mountPath: /x\n    readOnly: true\n  - mountPath: /y\n    name: w\n",
        "containers:\n- name: main\n  env: []\n  args:\n  - \"--new\"\n  - $(BASE0_VAR)\n  envFrom:\n  - configMapRef:\n      name: app\n",
        "hostAliases:\n- ip: 127.0.0.1\n  hostnames: [a]\n",
    ];
    let mut text = (numbers.pick(&specs)).to_owned();
    if numbers.percent(75) {
        let pod = numbers.pick(&pods);
        let inner: String = pod.lines().map(|l| format!("      {l}\n")).collect();
        text.push_str(&format!("  template:\n    spec:\n{inner}"));
    }
    text
}

/// A JSON patch for an object.
pub fn json_patch(numbers: &mut Numbers, named: &Named) -> String {
    let general = [
        "- op: add\n  path: /metadata/labels\n  value: {set: \"1\"}\n",
        "- op: add\n  path: /metadata/labels\n  value: {\"on\": \"off\", \"y\": \"n\", num: \"1\"}\n",
        "- op: replace\n  path: /metadata/name\n  value: renamed\n",
        "- op: add\n  path: /metadata/annotations\n  value:\n    note: hi\n    num: \"5\"\n",
        "- op: add\n  path: /metadata/labels\n  value: {a: b, app: c}\n- op: remove\n  path: /metadata/labels/app\n",
        "- op: copy\n  from: /metadata/name\n  path: /metadata/copied\n",
        "[{\"op\": \"add\", \"path\": \"/extra\", \"value\": {\"b\": 1.50, \"a\": [true, null, \"x\"]}}]\n",
        "- op: add\n  path: /big\n  value: 9007199254740993\n",
        "- op: add\n  path: /other\n  value: [1, {a: 2}]\n- op: move\n  from: /other/1\n  path: /moved\n- op: test\n  path: /moved/a\n  value: 2\n",
        "- op: test\n  path: /metadata/absent\n  value: null\n",
    ];
    let own: &[&str] = match named.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" => &[
            "- op: replace\n  path: /spec/replicas\n  value: 7\n",
            "- op: add\n  path: /spec/template/spec/containers/-\n  value: {name: added, image: \"busybox:1\"}\n",
            "- op: add\n  path: /spec/template/spec/containers/0/env/-\n  value: {name: J, value: \"on\"}\n",
            "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: json:1\n- op: remove\n  path: /spec/template/spec/containers/1\n",
            "- op: add\n  path: /spec/template/spec/containers/0/command\n  value: [\"sh\", \"-c\", \"echo 1\\n\"]\n",
            "- op: add\n  path: /spec/template/spec/containers/-1\n  value: {name: neg}\n",
        ],
        "ConfigMap" => &[
            "- op: add\n  path: /data/new\n  value: \"true\"\n",
            "- op: add\n  path: /data/multi\n  value: |\n    one\n    two\n",
            "- op: remove\n  path: /data\n",
        ],
        "Service" => &["- op: replace\n  path: /spec/ports/0/port\n  value: 8080\n"],
        "Widget" => &[
            "- op: add\n  path: /spec/f0\n  value: 1e3\n",
            "- op: add\n  path: /spec/tail\n  value: {z: 1, a: 2, M: [x]}\n",
        ],
        _ => &[],
    };
    let mut text = String::new();
    let count = 1 + numbers.below(2);
    for _ in 0..count {
        let part = if !own.is_empty() && numbers.percent(65) {
            numbers.pick(own)
        } else {
            numbers.pick(&general)
        };
        if part.starts_with('[') {
            return part.to_owned();
        }
        text.push_str(part);
    }
    text
}

/// A path to a field that an object of this kind may have.
pub fn some_path(numbers: &mut Numbers, named: &Named) -> &'static str {
    const GENERAL: [&str; 8] = [
        "metadata.name",
        "metadata.labels.app",
        "metadata.annotations.note",
        "metadata.annotations.[a.b/c]",
        "metadata.namespace",
        "kind",
        "metadata.labels",
        "metadata.annotations.new\\.key",
    ];
    const WORKLOAD: [&str; 9] = [
        "spec.replicas",
        "spec.template.spec.containers.[name=main].image",
        "spec.template.spec.containers.0.image",
        "spec.template.spec.containers.*.image",
        "spec.template.spec.containers.[name=main].env.[name=E0].value",
        "spec.template.metadata.labels.app",
        "spec.template.spec.containers",
        "spec.template.spec.containers.[name=side].args.0",
        "spec.template.spec.serviceAccountName",
    ];
    const WIDGET: [&str; 9] = [
        "spec.f0",
        "spec.f1",
        "spec.configRef",
        "spec.list",
        "spec.list.0",
        "spec.values.nested.port",
        "spec.values.image",
        "spec.json.a.b",
        "spec.nested.a",
    ];
    const DATA: [&str; 4] = ["data.key0", "data.a", "data.file.yaml", "data"];
    let own: &[&'static str] = match named.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => &WORKLOAD,
        "Widget" => &WIDGET,
        "ConfigMap" | "Secret" => &DATA,
        "Service" => &[
            "spec.ports.0.port",
            "spec.selector.app",
            "spec.ports.[name=http].targetPort",
        ],
        _ => &[],
    };
    if !own.is_empty() && numbers.percent(70) {
        numbers.pick(own)
    } else {
        numbers.pick(&GENERAL)
    }
}

/// A plugin configuration, and the field that takes it.
pub fn plugin(numbers: &mut Numbers, named: &Named) -> (&'static str, String) {
    let head =
        |kind: &str| format!("apiVersion: builtin\nkind: {kind}\nmetadata:\n  name: plugin\n");
    match numbers.below(11) {
        0 => (
            "transformers",
            head("LabelTransformer")
                + "labels: {by: plugin}\nfieldSpecs:\n- path: metadata/labels\n  create: true\n",
        ),
        1 => (
            "transformers",
            head("PrefixTransformer") + "prefix: t-\nfieldSpecs:\n- path: metadata/name\n",
        ),
        2 => (
            "transformers",
            head("NamespaceTransformer")
                .replace("  name: plugin\n", "  name: plugin\n  namespace: ns2\n")
                + numbers.pick(&[
                    "unsetOnly: true\n",
                    "setRoleBindingSubjects: allServiceAccounts\n",
                    "setRoleBindingSubjects: none\n",
                    "",
                ])
                + "fieldSpecs:\n- path: metadata/namespace\n  create: true\n",
        ),
        3 => (
            "transformers",
            head("AnnotationsTransformer")
                + "annotations: {by: plugin}\nfieldSpecs:\n- path: metadata/annotations\n  create: true\n",
        ),
        4 => (
            "transformers",
            head("ImageTagTransformer")
                + "imageTag: {name: nginx, newTag: plugged}\nfieldSpecs:\n- path: spec/image\n",
        ),
        5 => {
            let patch = json_patch(numbers, named);
            let patch: String = patch.lines().map(|l| format!("  {l}\n")).collect();
            (
                "transformers",
                format!(
                    "{}patch: |-\n{patch}target:\n  kind: {}\n",
                    head("PatchTransformer"),
                    named.kind
                ),
            )
        }
        6 => (
            "generators",
            head("ConfigMapGenerator") + "literals: [a=b, c=\"d\"]\n",
        ),
        7 => (
            "generators",
            head("SecretGenerator") + "literals: [a=b]\noptions: {disableNameSuffixHash: true}\n",
        ),
        8 => (
            "transformers",
            head("ReplicaCountTransformer")
                + &format!(
                    "replica: {{name: {}, count: 4}}\nfieldSpecs:\n- path: spec/replicas\n  kind: {}\n  create: true\n",
                    named.name, named.kind
                ),
        ),
        9 => (
            "validators",
            head("LabelTransformer")
                + "labels: {app: web}\nfieldSpecs:\n- path: metadata/labels\n  create: false\n",
        ),
        _ => (
            "transformers",
            head("ValueAddTransformer")
                + "value: added\ntargets:\n- fieldPath: metadata/annotations/added\n- selector: {kind: Widget}\n  fieldPath: spec/configRef\n",
        ),
    }
}
