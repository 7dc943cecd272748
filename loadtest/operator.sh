#!/usr/bin/env bash
# How long a change takes from the API server to the last replica's acknowledgement, and how long 5,000 AuthClients take from nothing to Ready.
#
# A real API server (tests/kubelab), the release binary as operator and as three replicas on this machine. Needs root: the replicas get an
# address on the loopback interface that EndpointSlices may hold. CHANGES (200) and SIZES ("1 100 5000") change its size.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet
# It goes by itself: another run may be using it when this one ends.
ip address replace 10.244.78.1/32 dev lo valid_lft 14400 preferred_lft 14400
folder=$(mktemp -d /tmp/nauthera-load.XXXXXX)
finish() {
  tests/kubelab/down.sh "$folder" >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap finish EXIT
tests/kubelab/up.sh "$folder" >/dev/null
KUBECONFIG="$folder/admin.kubeconfig" "${XDG_CACHE_HOME:-$HOME/.cache}/kubelab/bin/kubectl" apply --server-side -k k8s/crds >/dev/null
python3 loadtest/operator.py "$folder" "${CARGO_TARGET_DIR:-target}/release/nauthera"
