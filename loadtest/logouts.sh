#!/usr/bin/env bash
# `make loadtest-logouts`: how soon an application is told of a logout, what that costs whoever logs out, and how fast many are told at once.
#
# A release server on loopback, with an application that is told, one that hangs, and one that did not ask. Ends by itself, after some minutes.
#   ROUNDS=300 SESSIONS=1000 loadtest/logouts.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

export ROUNDS=${ROUNDS:-300} SESSIONS=${SESSIONS:-1000}
PROFILE=${PROFILE:-release}

command -v node >/dev/null || fail "node is missing: run scripts/setup, which installs it."
say "building the $PROFILE"
if [[ $PROFILE == release ]]; then cargo build --release --quiet --bin nauthera; else cargo build --quiet --bin nauthera; fi

work=$(mktemp -d)
server=
cleanup() {
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    wait 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
export APP_PORT; APP_PORT=$(free_port)
export ISSUER=http://127.0.0.1:$port CROWD=$work/manifests/crowd.yaml
mkdir "$work/manifests"
sed "s|ISSUER|$ISSUER|; s|ALGORITHMS|ES256|" loadtest/manifests/platform.yaml >"$work/manifests/platform.yaml"
for name in told hangs; do
    printf -- '---\napiVersion: auth.nauthera.io/v1alpha1\nkind: AuthClient\nmetadata: {name: %s, namespace: load}\nspec:\n  clientType: public\n  authServerRef: {name: main, namespace: identity}\n  redirectUris: ["http://127.0.0.1/callback"]\n  scopes: [openid]\n  requireConsent: false\n  backchannelLogoutUri: http://127.0.0.1:%s/%s\n' \
        "$name" "$APP_PORT" "$name"
done >"$work/manifests/told.yaml"
printf 'apiVersion: auth.nauthera.io/v1alpha1\nkind: User\nmetadata: {name: crowd, namespace: identity}\nspec: {username: crowd, disabled: false, credentialSecretRef: {name: load, key: password}}\n' >"$CROWD"
"$TARGET/$PROFILE/nauthera" serve --listen "127.0.0.1:$port" --manifests "$work/manifests" --data "$work/data" >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 1200); do
    curl -sf -o /dev/null "$ISSUER/readyz" && break
    kill -0 "$server" 2>/dev/null || fail "the server did not start: $(tail -n 20 "$work/server.log")"
    sleep 0.1
done
node loadtest/logouts.mjs
