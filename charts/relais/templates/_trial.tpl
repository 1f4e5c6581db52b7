{{- define "relais.trialName" -}}
{{- include "relais.name" . }}-trial
{{- end -}}

{{- /* In trial mode the servers are the chart's own: what says where they are is settled before anything is rendered. */ -}}
{{- define "relais.settle" -}}
{{- if .Values.trial.enabled -}}
{{- $v := .Values -}}
{{- $trial := include "relais.trialName" . -}}
{{- $_ := mustMergeOverwrite $v.log (dict "kind" "jetstream" "url" (printf "nats://%s-nats:4222" $trial) "replicas" 1 "port" 4222 "monitoring" (list (printf "http://%s-nats:8222" $trial))) -}}
{{- $_ := mustMergeOverwrite $v.rows (dict "port" 5432 "urlSecret" (dict "name" $trial "key" "rows-url")) -}}
{{- $_ := mustMergeOverwrite $v.blobs (dict "kind" "s3" "endpoint" (printf "http://%s-s3:7070" $trial) "port" 7070 "bucket" "relais" "region" "us-east-1" "accessKeySecret" (dict "name" $trial "key" "access-key") "secretKeySecret" (dict "name" $trial "key" "secret-key")) -}}
{{- if not $v.secrets.credentialKey.name }}{{ $_ := set $v.secrets "credentialKey" (dict "name" $trial "key" "credential-key") }}{{ end -}}
{{- if not $v.secrets.adminToken.name }}{{ $_ := set $v.secrets "adminToken" (dict "name" $trial "key" "admin-token") }}{{ end -}}
{{- $_ := set $v.tls.certManager "enabled" false -}}
{{- $_ := set $v.tls "secretPrefix" (printf "%s-tls" $trial) -}}
{{- if not $v.tls.public.secret }}{{ $_ := set $v.tls.public "secret" (printf "%s-tls-public" $trial) }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "relais.trialSelector" -}}
app.kubernetes.io/name: relais-trial
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "relais.trialHead" -}}
metadata:
  name: {{ include "relais.trialName" .root }}{{ with .component }}-{{ . }}{{ end }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "relais.trialSelector" (dict "root" .root "component" (default "secrets" .component)) | nindent 4 }}
    relais/trial: not-for-production
{{- end -}}
