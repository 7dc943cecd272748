# What load tests have in common. Sourced, from the root of the repository; not a program. `work` is a folder for their files, `server` is ended with them.
# shellcheck shell=bash disable=SC2154
. scripts/lib.sh

PROFILE=${PROFILE:-release}
work=$(mktemp -d)
server=
cleanup() {
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    wait 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

build() {
    command -v node >/dev/null || fail "node is missing: run scripts/setup, which installs it."
    say "building the $PROFILE"
    if [[ $PROFILE == release ]]; then cargo build --release --quiet --bin nauthera; else cargo build --quiet --bin nauthera; fi
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Serves at ISSUER what lies in $work/manifests, with these further flags, and waits until it is ready.
serve() {
    "$TARGET/$PROFILE/nauthera" serve --listen "${ISSUER#http://}" --manifests "$work/manifests" --data "$work/data" "$@" >"$work/server.log" 2>&1 &
    server=$!
    for _ in $(seq 1200); do
        curl -sf -o /dev/null "$ISSUER/readyz" && break
        kill -0 "$server" 2>/dev/null || fail "the server did not start: $(tail -n 20 "$work/server.log")"
        sleep 0.1
    done
}
