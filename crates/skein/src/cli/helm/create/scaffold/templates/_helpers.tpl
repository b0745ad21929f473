{{/* The name of the chart, at most 63 characters long. */}}
{{- define "CHART_NAME.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of the objects: the release's and the chart's, which is not said twice. */}}
{{- define "CHART_NAME.fullname" -}}
{{- $name := include "CHART_NAME.name" . }}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- .Values.fullnameOverride | default $both | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Chart and version, as a label. */}}
{{- define "CHART_NAME.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What Pods are found by: it must not change between versions. */}}
{{- define "CHART_NAME.selectorLabels" -}}
app.kubernetes.io/name: {{ include "CHART_NAME.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of every object. */}}
{{- define "CHART_NAME.labels" -}}
helm.sh/chart: {{ include "CHART_NAME.chart" . }}
{{ include "CHART_NAME.selectorLabels" . }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The ServiceAccount of the Pods. */}}
{{- define "CHART_NAME.serviceAccountName" -}}
{{- $own := .Values.serviceAccount.create | ternary (include "CHART_NAME.fullname" .) "default" }}
{{- .Values.serviceAccount.name | default $own }}
{{- end }}
