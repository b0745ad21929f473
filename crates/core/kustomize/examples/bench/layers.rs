//! A kustomization of three layers with as many objects as wanted: applications of five objects that refer to each other.

use skein_kustomize::FileTree;

const APPLICATION: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-N
  labels:
    app: app-N
spec:
  replicas: 1
  selector:
    matchLabels:
      app: app-N
  template:
    metadata:
      labels:
        app: app-N
    spec:
      serviceAccountName: app-N
      containers:
      - name: main
        image: registry.example.com/team/app:1.0
        ports:
        - containerPort: 8080
          name: http
        envFrom:
        - configMapRef:
            name: app-N
        resources:
          limits: {cpu: 500m, memory: 128Mi}
      volumes:
      - name: config
        configMap:
          name: app-N
---
apiVersion: v1
kind: Service
metadata:
  name: app-N
spec:
  selector:
    app: app-N
  ports:
  - port: 80
    targetPort: http
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-N
data:
  key: value
  other: \"1\"
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: app-N
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: app-N
spec:
  rules:
  - host: app-N.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: app-N
            port:
              number: 80
";

const MIDDLE: &str = "resources: [../base]
namePrefix: team-
labels:
- pairs: {team: core}
  includeTemplates: true
configMapGenerator:
- name: shared
  literals: [a=b]
";

const TOP: &str = "resources: [../middle]
namespace: production
commonAnnotations: {owner: platform}
images:
- name: registry.example.com/team/app
  newTag: \"2.0\"
patches:
- target: {kind: Deployment}
  patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: any
    spec:
      replicas: 3
- target: {kind: Ingress, name: app-1}
  patch: |-
    - op: add
      path: /spec/ingressClassName
      value: nginx
";

/// The files; the root to build is `top`.
pub fn tree(objects: usize) -> Result<FileTree, String> {
    let applications = objects / 5;
    let mut tree = FileTree::new();
    let mut base = String::from("resources:\n");
    let mut put = |path: &str, text: String| {
        tree.insert(path, text.into_bytes())
            .map_err(|e| e.to_string())
    };
    for number in 0..applications {
        base.push_str(&format!("- app-{number}.yaml\n"));
        let text = APPLICATION.replace("app-N", &format!("app-{number}"));
        put(&format!("base/app-{number}.yaml"), text)?;
    }
    put("base/kustomization.yaml", base)?;
    put("middle/kustomization.yaml", MIDDLE.to_owned())?;
    put("top/kustomization.yaml", TOP.to_owned())?;
    Ok(tree)
}
