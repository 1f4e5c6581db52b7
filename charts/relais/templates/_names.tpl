{{- define "relais.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* Labels by which a component's pods are chosen; (list $ "mail") */ -}}
{{- define "relais.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: relais
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "relais.labels" -}}
{{- $root := index . 0 -}}
{{ include "relais.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "relais.image" -}}
{{- with .Values.image -}}
{{- $repository := .repository -}}
{{- with $.Values.global.imageRegistry }}{{ $repository = printf "%s/%s" . $repository }}{{ end -}}
{{- $tag := default $.Chart.AppVersion .tag -}}
{{- if eq $tag "latest" }}{{ fail "image.tag: latest is no version: name the one you mean" }}{{ end -}}
{{- if .digest }}{{ $repository }}@{{ .digest }}{{ else }}{{ $repository }}:{{ $tag }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "relais.serviceAccount" -}}
{{- default (include "relais.name" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- /* Secret with a service's own certificate; (list $ "mail") */ -}}
{{- define "relais.tlsSecret" -}}
{{- $root := index . 0 -}}
{{- default (printf "%s-tls" (include "relais.name" $root)) $root.Values.tls.secretPrefix }}-{{ index . 1 -}}
{{- end -}}

{{- /* One object: what is merged over it, then printed; (list $ "template's name" its-argument) */ -}}
{{- define "relais.object" -}}
{{- $root := index . 0 -}}
{{- $object := include (index . 1) (index . 2) | fromYaml -}}
{{- with $object.Error }}{{ fail (printf "%s: %s" (index $ 1) .) }}{{ end -}}
{{- $short := trimPrefix (printf "%s-" (include "relais.name" $root)) $object.metadata.name -}}
{{- with index $root.Values.merge (printf "%s/%s" $object.kind $short) }}{{ $object = mustMergeOverwrite $object (deepCopy .) }}{{ end -}}
{{- with $root.Values.commonAnnotations -}}
{{- $_ := set $object.metadata "annotations" (mustMerge (default dict $object.metadata.annotations) .) -}}
{{- end -}}
---
{{ toYaml $object }}
{{ end -}}
