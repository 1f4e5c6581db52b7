{{- /* The profile "restricted" of Kubernetes, and more. */ -}}
{{- define "relais.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "relais.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* Pods of one version are spread: an update would end up lopsided otherwise. */ -}}
{{- define "relais.spread" -}}
{{- $service := .service -}}
{{- $root := .root -}}
{{- range $key, $when := dict "topology.kubernetes.io/zone" $root.Values.topologySpread.zone "kubernetes.io/hostname" $root.Values.topologySpread.node }}
{{- if ne $when "off" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $when }}
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels: {{- include "relais.selector" (list $root $service.name) | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Three questions, three answers (docs/adr/0011): has it caught up once, would a restart help, can it serve now. */ -}}
{{- define "relais.probes" -}}
startupProbe:
  httpGet: {path: /startupz, port: probes}
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 1800
livenessProbe:
  httpGet: {path: /livez, port: probes}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: probes}
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{- define "relais.isScaled" -}}
{{- $own := index .root.Values .service.key -}}
{{- if or (dig "autoscaling" "enabled" false $own) (ne (dig "autoscaling" "kind" "none" $own) "none") }}yes{{ end -}}
{{- end -}}

{{- define "relais.deployment" -}}
{{- $v := .root.Values -}}
{{- $own := index $v .service.key -}}
{{- $ports := index (include "relais.ports" . | fromYaml) .service.name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "relais.name" .root }}-{{ .service.name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "relais.labels" (list .root .service.name) | nindent 4 }}
spec:
  {{- if not (include "relais.isScaled" .) }}
  replicas: {{ $own.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  # One of mail and of mail-transport works at a time: the next one is ready only when the one before is gone.
  strategy:
    type: RollingUpdate
    rollingUpdate: {{- if has .service.name (list "mail" "mail-transport") }} {maxSurge: 1, maxUnavailable: 1}{{ else }} {maxSurge: 1, maxUnavailable: 0}{{ end }}
  selector:
    matchLabels: {{- include "relais.selector" (list .root .service.name) | nindent 6 }}
  template:
    metadata:
      labels: {{- include "relais.labels" (list .root .service.name) | nindent 8 }}
        {{- with $own.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with $own.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "relais.serviceAccount" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ add $own.graceSeconds $v.terminationGraceExtraSeconds }}
      securityContext: {{- include "relais.podSecurity" . | nindent 8 }}
      {{- with $v.global.imagePullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      {{- with include "relais.spread" . }}
      topologySpreadConstraints: {{- . | nindent 8 }}
      {{- end }}
      {{- with $own.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      containers:
        - name: {{ .service.name }}
          image: {{ include "relais.image" .root | quote }}
          imagePullPolicy: {{ $v.image.pullPolicy }}
          args: [{{ .service.name }}]
          ports:
            - {name: grpc, containerPort: 7400}
            - {name: probes, containerPort: 7480}
            {{- with $ports }}{{ toYaml . | nindent 12 }}{{ end }}
          env: {{- include "relais.environment" . | nindent 12 }}
          {{- include "relais.probes" . | nindent 10 }}
          resources: {{- toYaml $own.resources | nindent 12 }}
          securityContext: {{- include "relais.containerSecurity" . | nindent 12 }}
          volumeMounts: {{- include "relais.volumeMounts" . | nindent 12 }}
      volumes: {{- include "relais.volumes" . | nindent 8 }}
{{- end -}}
