{{/* Printed from deploy/permissions.ts; do not edit it, run: node deploy/permissions.ts */}}

{{- define "controller.clusterRules" -}}
# The containers themselves and their helpers: finalizer, state, ports, self-deletion, labels of a shard.
- apiGroups: ["weka.weka.io"]
  resources: ["wekacontainers"]
  verbs: [get, list, watch, create, patch, delete]
# Status and conditions.
- apiGroups: ["weka.weka.io"]
  resources: ["wekacontainers/status"]
  verbs: [patch]
# No request: clusters that enforce blockOwnerDeletion ask it of whoever owns pods and helpers.
- apiGroups: ["weka.weka.io"]
  resources: ["wekacontainers/finalizers"]
  verbs: [update]
# Owner, join addresses, target of clients. Never written.
- apiGroups: ["weka.weka.io"]
  resources: ["wekaclusters"]
  verbs: [list, watch]
# Owner of client containers. Never written.
- apiGroups: ["weka.weka.io"]
  resources: ["wekaclients"]
  verbs: [list, watch]
# The pod of each container; watched with the label of the operator, and node agents with theirs.
- apiGroups: [""]
  resources: ["pods"]
  verbs: [get, list, watch, create, patch, delete]
# Commands in pods. A WebSocket is opened by GET; Kubernetes 1.35 and later ask for create as well.
- apiGroups: [""]
  resources: ["pods/exec"]
  verbs: [get, create]
# Where containers run; annotations about drives, NICs, drivers and discovery; CSI labels.
- apiGroups: [""]
  resources: ["nodes"]
  verbs: [get, list, watch, patch]
# Extended resources: how many drives a node has.
- apiGroups: [""]
  resources: ["nodes/status"]
  verbs: [patch]
# Which namespaces are ending.
- apiGroups: [""]
  resources: ["namespaces"]
  verbs: [list, watch]
# The copy of the boot scripts in each namespace with containers.
- apiGroups: [""]
  resources: ["configmaps"]
  resourceNames: ["weka-boot-scripts"]
  verbs: [get, list, watch, patch]
# The same copy: a name cannot narrow a create.
- apiGroups: [""]
  resources: ["configmaps"]
  verbs: [create]
# Events about containers, and their series.
- apiGroups: [""]
  resources: ["events"]
  verbs: [create, patch]
# What the pods of traced containers use.
- apiGroups: ["metrics.k8s.io"]
  resources: ["pods"]
  verbs: [get]
{{- if include "controller.isOn" .Values.settings.csiRequireNodePlugin }}
# Where a CSI driver is registered.
- apiGroups: ["storage.k8s.io"]
  resources: ["csinodes"]
  verbs: [list, watch]
{{- end }}
{{- if .Values.kubeProxyImage }}
# The proxy before /metrics asks who it is that asks.
- apiGroups: ["authentication.k8s.io"]
  resources: ["tokenreviews"]
  verbs: [create]
{{- end }}
{{- if .Values.kubeProxyImage }}
# And whether they may.
- apiGroups: ["authorization.k8s.io"]
  resources: ["subjectaccessreviews"]
  verbs: [create]
{{- end }}
{{- end }}

{{- define "controller.namespaceRules" -}}
# Images that build drivers on OpenShift.
- apiGroups: [""]
  resources: ["configmaps"]
  resourceNames: ["ocp-driver-toolkit-images"]
  verbs: [list, watch]
# Token of the node agents: this one Secret, watched with a field selector.
- apiGroups: [""]
  resources: ["secrets"]
  resourceNames: ["weka-node-agent-secret"]
  verbs: [list, watch]
# The same Secret, where nobody has made it.
- apiGroups: [""]
  resources: ["secrets"]
  verbs: [create]
# Clean-up of persistent directories, migration away from claims.
- apiGroups: ["batch"]
  resources: ["jobs"]
  verbs: [get, list, watch, create, delete]
# Owner of the containers that read feature flags.
- apiGroups: ["apps"]
  resources: ["deployments"]
  resourceNames: ["{{ include "controller.name" . }}"]
  verbs: [get]
# No request: blockOwnerDeletion of the same containers.
- apiGroups: ["apps"]
  resources: ["deployments/finalizers"]
  resourceNames: ["{{ include "controller.name" . }}"]
  verbs: [update]
# Which replica works; who chooses drives and ports of a node (a Lease for each node); with shards, when a host of a cluster was last removed (a Lease for each role).
- apiGroups: ["coordination.k8s.io"]
  resources: ["leases"]
  verbs: [get, create, update]
{{- if include "controller.isOn" .Values.settings.collectLeftovers }}
# Leases of nodes that are gone (COLLECT_LEFTOVERS).
- apiGroups: ["coordination.k8s.io"]
  resources: ["leases"]
  verbs: [get, list, delete]
{{- end }}
{{- end }}

{{- define "controller.claimRules" -}}
# A container with spec.pvc is cleaned up where its claim is: in its own namespace.
- apiGroups: ["batch"]
  resources: ["jobs"]
  verbs: [get, create, delete]
{{- end }}
