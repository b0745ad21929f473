-- dep.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: main
        image: nginx:1.20
        ports:
        - containerPort: 80
        env:
        - name: A
          value: a
        volumeMounts:
        - name: cfg
          mountPath: /cfg
      - name: side
        image: registry.example.com:5000/team/side@sha256:abc
      volumes:
      - name: cfg
        configMap:
          name: cfg
      - name: sec
        secret:
          secretName: sec
-- svc.yaml --
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 8080
    protocol: TCP
    name: http
  - port: 443
    name: https
-- cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: cfg
data:
  a: "1"
  b: two
-- sec.yaml --
apiVersion: v1
kind: Secret
metadata:
  name: sec
type: Opaque
data:
  k: dg==
-- kustomization.yaml --
resources:
- dep.yaml
- svc.yaml
- cm.yaml
- sec.yaml
images:
- name: n.*
  newName: a/b
  newTag: v1
  digest: sha256:2
