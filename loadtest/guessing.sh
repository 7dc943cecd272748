#!/usr/bin/env bash
# `make loadtest-guessing`: passwords are guessed at a real server, and its people log in afterwards, and meanwhile.
#
# A release server with 200 accounts on loopback believes one proxy, so that the guesser may come from many addresses. All of it ends by itself, after some
# six minutes: a wait of five is part of it.
#   ATTEMPTS=20000 ACCOUNTS=200 PAIRS=400 SIEGE=120 loadtest/guessing.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. loadtest/lib.sh

export ATTEMPTS=${ATTEMPTS:-20000} ACCOUNTS=${ACCOUNTS:-200} PAIRS=${PAIRS:-400} SIEGE=${SIEGE:-120}
build
export ISSUER; ISSUER=http://127.0.0.1:$(free_port)
mkdir "$work/manifests"
sed "s|ISSUER|$ISSUER|; s|ALGORITHMS|ES256|" loadtest/manifests/platform.yaml >"$work/manifests/platform.yaml"
# user-000 … and, with another half of them on top, the disabled ones.
for number in $(seq 0 $((ACCOUNTS + ACCOUNTS / 2 - 1))); do
    name=$(printf 'user-%03d' "$number")
    disabled=$(((number >= ACCOUNTS)) && echo true || echo false)
    printf -- '---\napiVersion: auth.nauthera.io/v1alpha1\nkind: User\nmetadata: {name: %s, namespace: identity}\nspec: {username: %s, disabled: %s, credentialSecretRef: {name: load, key: password}}\n' \
        "$name" "$name" "$disabled"
done >"$work/manifests/people.yaml"
serve --trusted-proxies 127.0.0.0/8
node loadtest/guessing.mjs
