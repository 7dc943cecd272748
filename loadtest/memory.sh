#!/usr/bin/env bash
# `make loadtest-memory`: how much memory one replica takes, idle and after a million requests in one go, on a PostgreSQL and a Redis of its own.
#
# A release server is pinned to the first core, the load generator to the second; all of it speaks over loopback and ends by itself.
#   REQUESTS=1000000 VUS=16 IDLE_SECONDS=60 loadtest/memory.sh
# BINARY=… measures another build instead of making a release.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

REQUESTS=${REQUESTS:-1000000}
VUS=${VUS:-16}
IDLE_SECONDS=${IDLE_SECONDS:-60}
K6_VERSION=1.8.1
SERVER_CORE=0
LOAD_CORE=1
MOST_IDLE_MB=40
MOST_AFTER_MB=150

(($(nproc) >= 2)) || fail "the load generator needs a core of its own; this machine has only one."
k6=$TOOLS/k6-$K6_VERSION/k6
if [[ ! -x $k6 ]]; then
    command -v go >/dev/null || fail "k6 is built from its Go module and there is no go on PATH. Install Go 1.24 or newer."
    say "building k6 $K6_VERSION once for this machine"
    GOBIN=$(dirname "$k6") go install "go.k6.io/k6@v$K6_VERSION"
fi
postgres=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1 || true)
[[ -n $postgres ]] || postgres=$(dirname "$(command -v initdb || fail "there is no PostgreSQL server here: run scripts/setup, which installs it.")")
redis=$(command -v redis-server || command -v valkey-server || fail "there is no Redis server here: run scripts/setup, which installs it.")
binary=${BINARY:-}
if [[ -z $binary ]]; then
    say "building the release"
    cargo build --release --quiet --bin nauthera
    binary=$TARGET/release/nauthera
fi

work=$(mktemp -d)
children=()
ordinary=()
cleanup() {
    ((${#children[@]})) && kill "${children[@]}" 2>/dev/null
    [[ -e $work/postgres/data/postmaster.pid ]] && "${ordinary[@]}" "$postgres/pg_ctl" -D "$work/postgres/data" -m immediate stop >/dev/null 2>&1
    wait 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# Megabytes of the server: VmRSS now, VmHWM at most until now.
megabytes() { awk -v field="$1:" '$1 == field { printf "%.1f", $2 * 1024 / 1e6 }' "/proc/$server/status"; }

# PostgreSQL refuses to run as root.
mkdir "$work/postgres" && chmod 711 "$work"
if (($(id -u) == 0)); then
    ordinary=(setpriv --reuid=postgres --regid=postgres --clear-groups env)
    chown postgres:postgres "$work/postgres"
else
    ordinary=(env)
fi
database_port=$(free_port)
(
    cd "$work/postgres"
    "${ordinary[@]}" "$postgres/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C -D data &&
        "${ordinary[@]}" "$postgres/pg_ctl" -D data -l log -w -o "-c listen_addresses=127.0.0.1 -c port=$database_port -c unix_socket_directories=$work/postgres" start
) >"$work/postgres.log" 2>&1 </dev/null || fail "PostgreSQL did not start: $(tail -n 20 "$work/postgres.log")"
cache_port=$(free_port)
"$redis" --bind 127.0.0.1 --port "$cache_port" --save '' --appendonly no --maxmemory 64mb --maxmemory-policy allkeys-lru --dir "$work" >"$work/redis.log" 2>&1 &
children+=($!)

port=$(free_port)
url=http://127.0.0.1:$port
mkdir "$work/manifests" "$work/kek"
head -c 32 /dev/urandom >"$work/kek/1"
for name in platform office; do sed "s|ISSUER|$url|; s|ALGORITHMS|ES256|" "loadtest/manifests/$name.yaml" >"$work/manifests/$name.yaml"; done
taskset -c $SERVER_CORE "$binary" serve --listen "127.0.0.1:$port" --manifests "$work/manifests" --data "$work/data" --kek "$work/kek" --auth-server identity/main \
    --database-url "postgres://postgres@127.0.0.1:$database_port/postgres" --cache-url "redis://127.0.0.1:$cache_port" >"$work/server.log" 2>&1 &
server=$!
children+=("$server")
for _ in $(seq 300); do
    curl -sf -o /dev/null "$url/readyz" && break
    kill -0 "$server" 2>/dev/null || fail "the server ended: $(tail -n 20 "$work/server.log")"
    sleep 0.1
done
curl -sf -o /dev/null "$url/readyz" || fail "the server did not get ready: $(tail -n 20 "$work/server.log")"

say "idle for $IDLE_SECONDS s"
sleep "$IDLE_SECONDS"
idle=$(megabytes VmRSS)

# A turn in a hundred is three requests.
turns=$(((REQUESTS * 100 + 101) / 102))
say "load: $REQUESTS requests, $VUS at once"
if ! ISSUER=$url VUS=$VUS TURNS=$turns taskset -c $LOAD_CORE "$k6" run --quiet --no-usage-report --summary-export "$work/k6.json" loadtest/memory.js >"$work/k6.log" 2>&1; then
    tail -n 40 "$work/k6.log"
    fail "a check or a threshold failed"
fi
after=$(megabytes VmRSS)
most=$(megabytes VmHWM)
cache=$(curl -sf "$url/metrics" | awk '/^nauthera_cache_total\{.*outcome="hit"/ { sum += $NF } END { printf "%d", sum }')

python3 - "$work/k6.json" "$cache" <<'PY'
import json, sys
metrics = json.load(open(sys.argv[1]))["metrics"]
requests, took = metrics["http_reqs"], metrics["http_req_duration"]
print(f"\n{requests['count']:,.0f} requests, {requests['rate']:,.0f} a second, none failed; {int(sys.argv[2]):,} answers came by way of the cache; half took less than {took['med']:.1f} ms.")
PY
say "Resident memory of the replica: $idle MB idle, $after MB after them, $most MB at most."
awk -v idle="$idle" -v after="$after" -v most_idle=$MOST_IDLE_MB -v most_after=$MOST_AFTER_MB 'BEGIN { exit !(idle < most_idle && after < most_after) }' ||
    fail "that is more than $MOST_IDLE_MB MB idle or $MOST_AFTER_MB MB after"
