{{/*
What the operator may do where it works: in every namespace (ClusterRole), or in one (Role). One list, so that the two modes cannot drift apart.
*/}}
{{- define "nauthera.operatorRules" -}}
# What people declare: read, and compiled.
- apiGroups: [auth.nauthera.io]
  resources: [authservers, authclients, authpolicies, userstores, users, groups, roles, claimmappers, identityproviders]
  verbs: [get, list, watch]
# The verdicts. Nobody but the operator writes status.
- apiGroups: [auth.nauthera.io]
  resources:
    - authservers/status
    - authclients/status
    - authpolicies/status
    - userstores/status
    - users/status
    - groups/status
    - roles/status
    - claimmappers/status
    - identityproviders/status
  verbs: [patch]
# The finalizer that takes a deleted client off the servers. A finalizer is metadata, and RBAC cannot part that from the spec.
- apiGroups: [auth.nauthera.io]
  resources: [authclients]
  verbs: [patch]
# To name them as owners that block deletion, where the API server asks for that right (OwnerReferencesPermissionEnforcement, as in OpenShift).
- apiGroups: [auth.nauthera.io]
  resources: [authservers/finalizers, authclients/finalizers]
  verbs: [update]
# What a server runs as. `create` and `patch` are server-side apply; `delete` is for what an edit of the AuthServer no longer asks for.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
# How it is reached, as whom it runs, its settings.
- apiGroups: [""]
  resources: [services, serviceaccounts, configmaps]
  verbs: [get, list, watch, create, patch, delete]
# How many of its replicas may be gone at once when nodes are drained.
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
# How many replicas it has, when the AuthServer asks for autoscaling.
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
# The network policy around a server; its way in by an Ingress, when the AuthServer asks for one.
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [get, list, watch, create, patch, delete]
# The same by a Gateway.
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list, watch, create, patch, delete]
# Certificates of the servers, where cert-manager is installed.
- apiGroups: [cert-manager.io]
  resources: [issuers, certificates]
  verbs: [get, list, watch, create, patch, delete]
# Written: generated client secrets, in the AuthClient's namespace; a server's key-encryption key, certificates and database address, in the AuthServer's.
# Read: those, and what a resource names in its own namespace (database.secretRef, certSecretRef, existingRef, credentialSecretRef, bindPasswordSecretRef).
# The watches ask for the operator's labels only; RBAC knows no labels, so the rule is wider than the use (docs/kubernetes.md).
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
# Which replicas a server has, and where its configuration is to be sent.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
# What a person would want to know.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
