{{/* Names. Two things decide: the prefix, and whether an existing operator lives in the same namespace. */}}
{{- define "controller.name" -}}
{{- if and .Values.besideOperator (eq .Values.besideOperator .Values.prefix) -}}
{{- fail "prefix and besideOperator are the same: this release would take the existing operator's names; give it another prefix" -}}
{{- end -}}
{{- if and .Values.settings.controllerRing (include "controller.isOn" .Values.enableLeaderElection) -}}
{{- fail "settings.controllerRing and enableLeaderElection: shards work side by side, none of them leads; set enableLeaderElection=false" -}}
{{- end -}}
{{- if and .Values.settings.controllerRing (not (include "controller.isOn" .Values.settings.allocationLease)) -}}
{{- fail "settings.controllerRing without settings.allocationLease: shards choose drives and ports on the same nodes; leave it on" -}}
{{- end -}}
{{ .Values.prefix }}-controller-manager
{{- end }}

{{- define "controller.maintenanceAccount" -}}
{{ .Values.besideOperator | default .Values.prefix }}-maintenance
{{- end }}

{{/* Beside an existing operator, its Services must not find these pods. */}}
{{- define "controller.selectorLabels" -}}
control-plane: {{ ternary "container-controller" "controller-manager" (not (empty .Values.besideOperator)) }}
app.kubernetes.io/instance: {{ .Values.prefix }}
{{- end }}

{{- define "controller.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Values.prefix }}
{{- end }}

{{/* Of the pods, as the existing operator labels its own. */}}
{{- define "controller.podLabels" -}}
{{ include "controller.selectorLabels" . }}
app: weka-operator
app.kubernetes.io/component: weka-operator
app.kubernetes.io/created-by: weka-operator
{{- end }}

{{/* [host, name] → host/name, or the name where there is no host. */}}
{{- define "controller.hosted" -}}
{{- $host := index . 0 -}}
{{- if $host }}{{ trimSuffix "/" $host }}/{{ end }}{{ index . 1 -}}
{{- end }}

{{- define "controller.image" -}}
{{ .Values.manager.image.repository }}:{{ .Values.manager.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "controller.operatorImage" -}}
{{- $repository := .Values.image.repository | default (include "controller.hosted" (list .Values.registries.weka "weka.io/weka-operator")) -}}
{{ $repository }}:{{ .Values.image.tag | default .Chart.Version }}
{{- end }}

{{/* A flag as the process reads it: not empty when it is on. */}}
{{- define "controller.isOn" -}}
{{- if has (toString .) (list "1" "t" "T" "TRUE" "true" "True") }}on{{ end -}}
{{- end }}

{{/* Port of `host:port` or `:port`; empty where nothing listens. */}}
{{- define "controller.port" -}}
{{ regexFind "[1-9][0-9]*$" (toString .) }}
{{- end }}

{{/* Whole seconds of a Go duration, for which templates have no function: how far it moves a date. */}}
{{- define "controller.seconds" -}}
{{- $from := toDate "2006-01-02" "2000-01-01" -}}
{{ sub ($from | mustDateModify . | unixEpoch) ($from | unixEpoch) }}
{{- end }}

{{- define "controller.tolerations" -}}
{{- with .Values.manager.tolerations | default .Values.tolerations -}}
{{ toYaml . }}
{{- end -}}
{{- end }}

{{/* Requirements of manager and node agent. */}}
{{- define "controller.nodeAffinity" -}}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions:
          - {key: kubernetes.io/arch, operator: In, values: [amd64, arm64]}
          - {key: kubernetes.io/os, operator: In, values: [linux]}
{{- end }}

{{- define "controller.pullSecrets" -}}
{{- with .Values.imagePullSecret -}}
imagePullSecrets:
  - name: {{ . }}
{{- end -}}
{{- end }}

{{/* Pod by pod, what the strictest admission level asks for. */}}
{{- define "controller.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
