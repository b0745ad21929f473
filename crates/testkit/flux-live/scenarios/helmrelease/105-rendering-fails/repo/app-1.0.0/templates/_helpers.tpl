{{- define "deep" }}{{ required "value needed" .need }}{{ end -}}
