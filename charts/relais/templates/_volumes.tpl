{{- /* Folders that a service sees: Secrets whole, never by subPath, so that a renewed one is seen; (dict "root" $ "service" one) */ -}}
{{- define "relais.secretsOf" -}}
{{- $v := .root.Values -}}
- {name: tls, secret: {{ include "relais.tlsSecret" (list .root .service.name) }}}
{{- if include "relais.speaksPublicTls" . }}
- {name: public-tls, secret: {{ required "tls.public.secret: the certificate that clients from outside see" $v.tls.public.secret }}}
{{- end }}
{{- if eq .service.name "directory" }}
- {name: credential-key, secret: {{ required "secrets.credentialKey.name: a Secret with at least 32 random characters" $v.secrets.credentialKey.name }}}
{{- end }}
{{- if eq .service.name "administration" }}
- {name: admin-token, secret: {{ required "secrets.adminToken.name: a Secret with at least 32 random characters" $v.secrets.adminToken.name }}}
{{- end }}
{{- if .service.log }}
{{- with $v.log.credentialsSecret.name }}
- {name: log-credentials, secret: {{ . }}}
{{- end }}
{{- with $v.log.caSecret.name }}
- {name: log-ca, secret: {{ . }}}
{{- end }}
{{- end }}
{{- if .service.rows }}
{{- with $v.rows.caSecret.name }}
- {name: rows-ca, secret: {{ . }}}
{{- end }}
{{- end }}
{{- if and .service.blobs (eq $v.blobs.kind "s3") }}
{{- with $v.blobs.caSecret.name }}
- {name: blobs-ca, secret: {{ . }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "relais.volumes" -}}
{{- $v := .root.Values -}}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
{{- range include "relais.secretsOf" . | fromYamlArray }}
- name: {{ .name }}
  secret: {secretName: {{ .secret }}, defaultMode: 0440}
{{- end }}
{{- if eq .service.name "mail-transport" }}
- name: spool
  emptyDir: {sizeLimit: {{ $v.mailTransport.spoolSize }}}
{{- end }}
{{- if and .service.blobs (eq $v.blobs.kind "file") }}
- name: blobs
  persistentVolumeClaim: {claimName: {{ required "blobs.claim: the volume that all services share" $v.blobs.claim }}}
{{- end }}
{{- end -}}

{{- define "relais.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
{{- range include "relais.secretsOf" . | fromYamlArray }}
- {name: {{ .name }}, mountPath: /secrets/{{ .name }}, readOnly: true}
{{- end }}
{{- if eq .service.name "mail-transport" }}
- {name: spool, mountPath: /spool}
{{- end }}
{{- if and .service.blobs (eq .root.Values.blobs.kind "file") }}
- {name: blobs, mountPath: /blobs}
{{- end }}
{{- end -}}
