//! What random charts are made of; much of it is odd on purpose.

type Words = &'static [&'static str];

/// Names of charts below a chart.
pub const NAMES: Words = &["alpha", "beta", "gamma"];
/// Keys of values.
pub const KEYS: Words = &[
    "a", "b", "enabled", "global", "alpha", "beta", "gamma", "exports", "tags", "data", "x-y", "0",
    "one", "front", "back", "imported", "t",
];
/// Values without parts, as JSON.
pub const LEAVES: Words = &[
    "null",
    "null",
    "true",
    "false",
    "0",
    "1",
    "-7",
    "2.5",
    "1e21",
    "1000000",
    "9007199254740993",
    "\"\"",
    "\"text\"",
    "\"1\"",
    "\"true\"",
    "\"a: b\"",
    "\"two\\nlines\\n\"",
    "\" blank \"",
    "\"{{ .Chart.Name }}\"",
    "\"é\"",
    "[]",
    "{}",
];
/// YAML behind the values.
pub const YAML: Words = &[
    "anchor: &x {a: 1}\nalias: *x\n",
    "merged:\n  <<: {a: 1, b: 2}\n  b: 3\n",
    "octal: 0o17\nold: 017\nhex: 0x1F\nyes: yes\nn: no\n",
    "date: 2024-01-01\nfloat: 1.0\nexponent: 1e3\nunderscore: 1_000\n",
    "block: |\n  a\n   b\n\nfold: >-\n  a\n  b\n",
    "1: number\ntrue: boolean\nnull: nothing\n1.5: float\n",
    "twice: 1\ntwice: 2\n",
    "---\nb: second document\n",
    "# only a comment\n",
    "tilde: ~\nempty:\n",
    "not closed: [\n",
    "binary: !!binary aGVsbG8=\nstring: !!str 1\nint: !!int \"3\"\n",
    "? complex\n: value\n",
    "\ttab: 1\n",
];
/// Further lines of Chart.yaml.
pub const CHART_LINES: Words = &[
    "type: library\n",
    "type: application\n",
    "type: other\n",
    "kubeVersion: '>=1.30.0-0'\n",
    "kubeVersion: '<1.20'\n",
    "appVersion: 1.10\n",
    "appVersion: \"2.0\"\ndeprecated: true\n",
    "keywords: [a, b]\nmaintainers:\n- {name: me, email: me@example.com}\n",
    "annotations: {k: v}\nhome: https://example.com\nsources: [https://example.com/s]\n",
    "unknown: field\n",
    "annotations: {k: 1}\n",
    "maintainers:\n-\n",
    "icon: \"bad\\u0001icon\"\n",
    "version: 1.0\n",
    "version: not-a-version\n",
    "description: |\n  two\n  lines\n",
    "condition: a\ntags: b\n",
];
/// Ranges of versions that dependencies ask for.
pub const VERSIONS: Words = &[
    "*",
    "*",
    "^0",
    ">=0.1.0",
    "0.1.1",
    "0.x",
    "~9",
    "not a range",
    "",
];
/// Conditions; CHILD is the chart's name.
pub const CONDITIONS: Words = &[
    "CHILD.enabled",
    "CHILD.enabled,global.enabled",
    "enabled",
    " CHILD.enabled , enabled",
    "x-y.b",
    "a.b.c",
    "global.CHILD.enabled",
    "CHILD",
];
/// Entries of import-values, as JSON.
pub const IMPORTS: Words = &[
    "\"data\"",
    "\"missing\"",
    "{\"child\": \"a\", \"parent\": \"imported\"}",
    "{\"child\": \"data\", \"parent\": \"imported\"}",
    "{\"child\": \"exports.data\", \"parent\": \".\"}",
    "{\"child\": \"global\", \"parent\": \"b\"}",
    "{\"child\": \"data\", \"parent\": \"a.b\"}",
    "{\"child\": \"alpha.data\", \"parent\": \"imported\"}",
    "{\"child\": \"none\", \"parent\": \"x\"}",
    "{\"child\": \"data\"}",
    "3",
];
/// Schemas of values.
pub const SCHEMAS: Words = &[
    "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"string\"}, \"enabled\": {\"type\": \"boolean\"}}}",
    "{\"required\": [\"a\", \"b\"]}",
    "{\"additionalProperties\": false, \"properties\": {\"global\": {}, \"a\": {\"type\": [\"integer\", \"null\"]}}}",
    "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"properties\": {\"a\": {\"enum\": [\"text\", 1, null]}, \"b\": {\"minimum\": 1}}}",
    "{\"$schema\": \"http://json-schema.org/draft-04/schema#\", \"properties\": {\"a\": {\"type\": \"number\", \"minimum\": 0, \"exclusiveMinimum\": true}}}",
    "{\"$schema\": \"https://json-schema.org/draft/2019-09/schema\", \"propertyNames\": {\"pattern\": \"^[a-z]+$\"}}",
    "{\"oneOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}], \"$defs\": {\"x\": {}}}",
    "{\"anyOf\": [{\"properties\": {\"a\": {\"const\": 1}}, \"required\": [\"a\"]}, {\"minProperties\": 3}]}",
    "{\"if\": {\"required\": [\"a\"]}, \"then\": {\"required\": [\"b\"]}, \"else\": {\"maxProperties\": 2}}",
    "{\"properties\": {\"global\": {\"$ref\": \"#/$defs/g\"}}, \"$defs\": {\"g\": {\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\", \"minLength\": 2}}}}",
    "{\"not\": {\"required\": [\"t\"]}, \"dependentRequired\": {\"a\": [\"b\"]}}",
    "{\"properties\": {\"a\": {\"type\": \"wrong\"}}}",
    "{\"unevaluatedProperties\": false, \"allOf\": [{\"properties\": {\"a\": true, \"global\": true}}]}",
    "{\"properties\": {\"data\": {\"type\": \"array\", \"uniqueItems\": true, \"items\": {\"type\": \"string\"}, \"contains\": {\"const\": \"x\"}}}}",
    "not json",
    "true",
];
/// Files outside of templates/.
pub const FILES: Words = &[
    "files/a.txt",
    "files/b.yaml",
    "files/deep/c.conf",
    "README.md",
    "notes.bak",
];
/// Lines of .helmignore.
pub const IGNORE: Words = &[
    "*.bak",
    "files/",
    "files/*.txt",
    "/README.md",
    "# comment",
    "!files/a.txt",
    "templates/t1.yaml",
    "**/c.conf",
    "charts/alpha",
    "a?txt",
    "  README.md  ",
    "[",
    "files/deep/*",
];
/// Kinds of objects.
pub const KINDS: Words = &[
    "ConfigMap",
    "Secret",
    "Service",
    "Deployment",
    "Namespace",
    "Role",
    "ClusterRole",
    "Job",
    "CronJob",
    "Ingress",
    "CustomResourceDefinition",
    "APIService",
    "Pod",
    "Unknown",
    "Another",
    "PriorityClass",
    "ServiceAccount",
    "StatefulSet",
    "List",
    "\"\"",
];
/// Annotations.
pub const HOOKS: Words = &[
    "    helm.sh/hook: pre-install\n",
    "    helm.sh/hook: post-install,post-upgrade\n",
    "    \"helm.sh/hook\": test\n",
    "    helm.sh/hook: test-success, PRE-DELETE\n",
    "    helm.sh/hook: nonsense\n",
    "    helm.sh/hook: ' pre-rollback ,pre-upgrade'\n",
    "    helm.sh/hook: crd-install\n",
    "    helm.sh/hook-weight: \"5\"\n",
    "    helm.sh/hook-weight: \"-5\"\n",
    "    helm.sh/hook-weight: 3\n",
    "    helm.sh/hook-weight: x\n",
    "    helm.sh/hook-delete-policy: hook-succeeded,before-hook-creation\n",
    "    helm.sh/resource-policy: keep\n",
    "    other: value\n",
];
/// Documents without rules.
pub const DOCUMENTS: Words = &[
    "# only a comment\n",
    "\n",
    "null\n",
    "{}\n",
    "just text\n",
    "- a\n- list\n",
    "a: 1\n",
    "kind: A\nmetadata: {name: [x\n",
    "kind: A\n metadata: 1\n",
    "metadata:\n  name: no-kind\n",
    "kind: A\nkind: B\n",
    "kind: ConfigMap\ndata:\n  a: |\n    ---\n    inside\n",
    "kind: ConfigMap # comment\nmetadata: {name: c}\n\n\n",
    "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\"}\n",
    "kind: ConfigMap\nmetadata:\n  annotations: null\n",
    "kind: ConfigMap\nmetadata:\n  annotations: {helm.sh/hook: null}\n",
    "kind: 1\napiVersion: 2\n",
    "%YAML 1.1\n---\nkind: A\n",
];
/// Documents with actions.
pub const TEMPLATES: Words = &[
    "{{- if .Values.enabled }}\nkind: Enabled\n{{- end }}\n",
    "kind: Shared\nvalue: {{ include \"shared\" . | quote }}\n",
    "kind: Nil\nvalue: {{ .Values.a.b.c }}\n",
    "kind: Need\nvalue: {{ required \"a is needed\" .Values.a }}\n",
    "kind: Tpl\nvalue: {{ tpl (.Values.t | default \"x\" | toString) . | quote }}\n",
    "{{- range $key, $value := .Values }}\n---\nkind: {{ kindOf $value }}\nmetadata:\n  name: {{ $key }}\n{{- end }}\n",
    "kind: Files\ndata:\n  {{- (.Files.Glob \"files/**\").AsConfig | nindent 2 }}\n",
    "kind: Files\ndata:\n  {{- (.Files.Glob \"{README,*}.{md,bak}\").AsSecrets | nindent 2 }}\n",
    "kind: Files\nlines: {{ .Files.Lines \"files/a.txt\" | toJson }}\ntext: {{ .Files.Get \"files/b.yaml\" | quote }}\nbytes: {{ .Files.GetBytes \"notes.bak\" | len }}\n",
    "kind: Sub\nvalue: {{ (.Subcharts.alpha).Values | toJson }}\n",
    "kind: Sub\nvalue: {{ with .Subcharts.beta }}{{ include \"shared\" . }}{{ end }}\n",
    "kind: Capabilities\nhas: {{ .Capabilities.APIVersions.Has \"apps/v1/Deployment\" }} {{ .Capabilities.APIVersions.Has \"x/v1\" }}\nkube: {{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Minor }} {{ .Capabilities.HelmVersion.Version }}\n",
    "kind: Default\nvalue: {{ .Values.a | default .Values.global.a | default \"none\" | quote }}\n",
    "kind: Merge\nvalue: {{ mergeOverwrite (deepCopy .Values) (dict \"a\" nil \"new\" 1) | toJson }}\n",
    "kind: Set\nvalue: {{ $_ := set .Values \"added\" .Chart.Name }}{{ .Values.added }}\n",
    "kind: Walk\nvalue: {{ range .Subcharts }}{{ .Chart.Name }}:{{ .Values.global | toJson }},{{ end }}\n",
    "kind: Lookup\nvalue: {{ lookup \"v1\" \"Secret\" \"n\" \"x\" | toJson }}\n",
    "kind: Fail\n{{ fail (printf \"in %s\" .Template.Name) }}\n",
    "kind: Unknown\n{{ include \"nothing\" . }}\n",
    "kind: Syntax\n{{ if }}\n",
    "kind: Root\nroot: {{ .Chart.IsRoot }} type: {{ .Chart.Type }} {{ .Chart.AppVersion }} {{ .Release.IsUpgrade }}{{ .Release.IsInstall }}\n",
    "kind: Yaml\nvalue: {{ toYaml .Values.data | nindent 2 }}\n",
];
/// What stands between documents.
pub const SEPARATORS: Words = &[
    "---\n",
    "---\n",
    "\n---\n",
    "--- \n",
    "---\n---\n",
    " ---\n",
    "# c\n---\n",
    "---# c\n",
    "--- # c\n",
    "\n",
    "...\n---\n",
];
/// Where `--set` writes.
pub const SET_PATHS: Words = &[
    "a",
    "b",
    "a.b",
    "global.a",
    "alpha.a",
    "alpha.enabled",
    "beta.enabled",
    "gamma.alpha.a",
    "data[0]",
    "data[1].x",
    "data[2][1]",
    "x\\.y",
    "tags.front",
    "tags.back",
    "enabled",
    "one.enabled",
    "exports.data.a",
    "a[",
    "a..b",
    "",
    "data[-1]",
    "data[x]",
    "0",
    "alpha",
    "global",
];
/// What `--set` writes.
pub const SET_VALUES: Words = &[
    "1",
    "true",
    "false",
    "null",
    "x",
    "",
    "{a,b}",
    "{}",
    "{a,{b}}",
    "[]",
    "1.5",
    "a\\,b",
    "0x1",
    "007",
    "-5",
    "9223372036854775808",
    "a=b",
    "{null,1,true}",
    "\"quoted\"",
    "{",
    "a,b",
    " sp ",
    "1e3",
    "é",
];
/// Shows everything that templates see.
pub const SHOW: &str = "kind: Show
metadata:
  name: {{ .Chart.Name }}
json: {{ .Values | toJson }}
yaml:
{{ .Values | toYaml | indent 2 }}
chart: {{ .Chart | toJson }}
sub: {{ keys .Subcharts | sortAlpha | toJson }}
release: {{ .Release | toJson }}
template: {{ .Template | toJson }}
print: {{ printf \"%v\" .Values | quote }}
";
