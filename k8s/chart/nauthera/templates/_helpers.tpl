{{/* What everything of a release is named after. */}}
{{- define "nauthera.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The operator's Deployment, Lease, roles and so on. */}}
{{- define "nauthera.operator" -}}
{{- printf "%s-operator" (include "nauthera.fullname" .) -}}
{{- end -}}

{{- define "nauthera.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "nauthera.operator" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed with serviceAccount.create=false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What selects the operator's Pods. A Deployment's selector cannot change: nothing that a value can change is in it but the release. */}}
{{- define "nauthera.selectorLabels" -}}
app.kubernetes.io/name: nauthera
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "nauthera.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: nauthera
{{- end -}}

{{- define "nauthera.labels" -}}
{{ include "nauthera.selectorLabels" . }}
{{ include "nauthera.commonLabels" . }}
{{- end -}}

{{- define "nauthera.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- printf "%s:%s@%s" .Values.image.repository $tag .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}

{{/* The Secret of the default database in the operator's namespace; empty if there is none. */}}
{{- define "nauthera.defaultDatabaseSecret" -}}
{{- with .Values.defaultDatabase -}}
{{- if and .secretRef .url -}}
{{- fail "defaultDatabase: name a secretRef or a url, not both" -}}
{{- end -}}
{{- if .secretRef -}}
{{- .secretRef -}}
{{- else if .url -}}
{{- printf "%s-default-database" (include "nauthera.fullname" $) -}}
{{- end -}}
{{- if and (or .secretRef .url) (not .namespaces) -}}
{{- fail "defaultDatabase.namespaces: list the namespaces whose AuthServers may use the default database, or \"*\" for all: its Secret is copied there" -}}
{{- end -}}
{{- end -}}
{{- end -}}
