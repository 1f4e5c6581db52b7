{{- define "relais.fromSecret" -}}
{{- $ref := index . 1 -}}
- name: {{ index . 0 }}
  valueFrom: {secretKeyRef: {name: {{ $ref.name }}, key: {{ $ref.key }}}}
{{- end -}}

{{- /* A service's settings (docs/reference/pods.md); (dict "root" $ "service" one) */ -}}
{{- define "relais.environment" -}}
{{- $v := .root.Values -}}
{{- $name := include "relais.name" .root -}}
{{- $service := .service -}}
{{- $own := index $v .service.key -}}
- {name: RELAIS_TLS_CERTIFICATE, value: /secrets/tls/tls.crt}
- {name: RELAIS_TLS_KEY, value: /secrets/tls/tls.key}
- {name: RELAIS_TLS_CA, value: /secrets/tls/ca.crt}
- {name: RELAIS_LOG_LEVEL, value: {{ $v.logLevel }}}
- {name: RELAIS_GRACE_SECONDS, value: {{ $own.graceSeconds | quote }}}
{{- with $v.telemetry.endpoint }}
- {name: RELAIS_TELEMETRY_ENDPOINT, value: {{ . | quote }}}
- {name: RELAIS_TELEMETRY_SAMPLE_RATIO, value: {{ $v.telemetry.sampleRatio | quote }}}
{{- end }}
{{- range .service.peers }}
- {name: RELAIS_PEERS_{{ . | upper | replace "-" "_" }}, value: "{{ $name }}-{{ . }}{{ if eq . "device-sync" }}-each{{ end }}:7400"}
{{- end }}
{{- if .service.log }}
- {name: RELAIS_LOG_KIND, value: {{ $v.log.kind }}}
{{- if $v.log.urlSecret.name }}
{{ include "relais.fromSecret" (list "RELAIS_LOG_URL" $v.log.urlSecret) }}
{{- else }}
- {name: RELAIS_LOG_URL, value: {{ required "log.url or log.urlSecret.name: where the event log is" $v.log.url | quote }}}
{{- end }}
- {name: RELAIS_LOG_STREAM, value: {{ $v.log.stream | quote }}}
{{- if eq $v.log.kind "jetstream" }}
- {name: RELAIS_LOG_REPLICAS, value: {{ $v.log.replicas | quote }}}
{{- with $v.log.monitoring }}
- {name: RELAIS_LOG_MONITORING, value: {{ join "," . | quote }}}
{{- end }}
{{- if $v.log.credentialsSecret.name }}
- {name: RELAIS_LOG_CREDENTIALS_FILE, value: /secrets/log-credentials/{{ $v.log.credentialsSecret.key }}}
{{- end }}
{{- end }}
{{- if $v.log.caSecret.name }}
- {name: RELAIS_LOG_CA_FILE, value: /secrets/log-ca/{{ $v.log.caSecret.key }}}
{{- end }}
{{- if $v.log.allowUnsynced }}
- {name: RELAIS_LOG_ALLOW_UNSYNCED, value: "true"}
{{- end }}
{{- end }}
{{- if .service.rows }}
{{- $_ := required "rows.urlSecret.name: a Secret with the address of the rows' PostgreSQL" $v.rows.urlSecret.name }}
{{ include "relais.fromSecret" (list "RELAIS_ROWS_URL" $v.rows.urlSecret) }}
{{- if $v.rows.caSecret.name }}
- {name: RELAIS_ROWS_CA_FILE, value: /secrets/rows-ca/{{ $v.rows.caSecret.key }}}
{{- end }}
{{- end }}
{{- if .service.blobs }}
- {name: RELAIS_BLOBS_KIND, value: {{ $v.blobs.kind }}}
{{- if eq $v.blobs.kind "s3" }}
{{- $_ := required "blobs.accessKeySecret.name: a Secret with the access key of the S3 server" $v.blobs.accessKeySecret.name }}
{{- $_ := required "blobs.secretKeySecret.name: a Secret with the secret key of the S3 server" $v.blobs.secretKeySecret.name }}
- {name: RELAIS_BLOBS_ENDPOINT, value: {{ required "blobs.endpoint: URL of the S3 server" $v.blobs.endpoint | quote }}}
- {name: RELAIS_BLOBS_BUCKET, value: {{ $v.blobs.bucket | quote }}}
- {name: RELAIS_BLOBS_REGION, value: {{ $v.blobs.region | quote }}}
{{ include "relais.fromSecret" (list "RELAIS_BLOBS_ACCESS_KEY" $v.blobs.accessKeySecret) }}
{{ include "relais.fromSecret" (list "RELAIS_BLOBS_SECRET_KEY" $v.blobs.secretKeySecret) }}
{{- if $v.blobs.caSecret.name }}
- {name: RELAIS_BLOBS_CA_FILE, value: /secrets/blobs-ca/{{ $v.blobs.caSecret.key }}}
{{- end }}
{{- else }}
- {name: RELAIS_BLOBS_FOLDER, value: /blobs}
{{- end }}
{{- end }}
{{- include "relais.ownEnvironment" . }}
{{- with $own.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* What only this service is told. */ -}}
{{- define "relais.ownEnvironment" -}}
{{- $v := .root.Values -}}
{{- $is := .service.name -}}
{{- if eq $is "directory" }}
- {name: RELAIS_CREDENTIAL_KEY_FILE, value: /secrets/credential-key/{{ $v.secrets.credentialKey.key }}}
{{- else if ne $is "administration" }}
- {name: RELAIS_MAX_MESSAGE_BYTES, value: {{ $v.maxMessageBytes | int64 | quote }}}
{{- end }}
{{- if eq $is "device-sync" }}
{{- /* Phones wait in it: a small young generation, and large buffers given back at once (docs/adr/0004). In others that is time and no memory. */}}
- {name: NODE_OPTIONS, value: --max-semi-space-size=4}
- {name: MALLOC_MMAP_THRESHOLD_, value: "16384"}
- {name: MALLOC_TOP_PAD_, value: "0"}
{{- with $v.deviceSync }}
- {name: RELAIS_INCARNATION, value: {{ .incarnation | int64 | quote }}}
{{- with .publicUrl }}
- {name: RELAIS_PUBLIC_URL, value: {{ . | quote }}}
{{- end }}
{{- with .trustedProxies }}
- {name: RELAIS_TRUSTED_PROXIES, value: {{ join "," . | quote }}}
{{- end }}
{{- end }}
{{- end }}
{{- if eq $is "mail-transport" }}
- {name: RELAIS_SPOOL_FOLDER, value: /spool}
{{- with $v.mailService.proxyProtocolFrom }}
- {name: RELAIS_PROXY_PROTOCOL_FROM, value: {{ join "," . | quote }}}
{{- end }}
{{- with $v.mailTransport.serverName }}
- {name: RELAIS_SERVER_NAME, value: {{ . | quote }}}
{{- end }}
{{- if $v.secrets.smarthost.name }}
{{ include "relais.fromSecret" (list "RELAIS_SMARTHOST" $v.secrets.smarthost) }}
{{- end }}
{{- end }}
{{- if eq $is "administration" }}
- {name: RELAIS_TOKEN_FILE, value: /secrets/admin-token/{{ $v.secrets.adminToken.key }}}
{{- end }}
{{- if include "relais.speaksPublicTls" . }}
- {name: RELAIS_PUBLIC_TLS_CERTIFICATE, value: /secrets/public-tls/tls.crt}
- {name: RELAIS_PUBLIC_TLS_KEY, value: /secrets/public-tls/tls.key}
{{- end }}
{{- end -}}

{{- define "relais.speaksPublicTls" -}}
{{- $v := .root.Values -}}
{{- if or (eq .service.name "administration") (and (eq .service.name "mail-transport") $v.tls.public.secret) (and (eq .service.name "device-sync") $v.deviceSync.tls) -}}
yes
{{- end -}}
{{- end -}}
