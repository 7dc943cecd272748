#!/usr/bin/env bash
# `make loadtest-logouts`: how soon an application is told of a logout, what that costs whoever logs out, and how fast many are told at once.
#
# A release server on loopback, with an application that is told, one that hangs, and one that did not ask. Ends by itself, after some minutes.
#   ROUNDS=300 SESSIONS=1000 loadtest/logouts.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. loadtest/lib.sh

export ROUNDS=${ROUNDS:-300} SESSIONS=${SESSIONS:-1000}
build
export APP_PORT ISSUER CROWD=$work/manifests/crowd.yaml
APP_PORT=$(free_port)
ISSUER=http://127.0.0.1:$(free_port)
mkdir "$work/manifests"
sed "s|ISSUER|$ISSUER|; s|ALGORITHMS|ES256|" loadtest/manifests/platform.yaml >"$work/manifests/platform.yaml"
for name in told hangs; do
    printf -- '---\napiVersion: auth.nauthera.io/v1alpha1\nkind: AuthClient\nmetadata: {name: %s, namespace: load}\nspec:\n  clientType: public\n  authServerRef: {name: main, namespace: identity}\n  redirectUris: ["http://127.0.0.1/callback"]\n  scopes: [openid]\n  requireConsent: false\n  backchannelLogoutUri: http://127.0.0.1:%s/%s\n' \
        "$name" "$APP_PORT" "$name"
done >"$work/manifests/told.yaml"
printf 'apiVersion: auth.nauthera.io/v1alpha1\nkind: User\nmetadata: {name: crowd, namespace: identity}\nspec: {username: crowd, disabled: false, credentialSecretRef: {name: load, key: password}}\n' >"$CROWD"
serve
node loadtest/logouts.mjs
