#!/usr/bin/env bash
# `make loadtest`: how many tokens one core issues, what each costs, and what a bare handler that only parses and signs would do in the same minute.
#
# A release server is pinned to the first core, the load generator to the second; all of it speaks over loopback and ends by itself.
# The runs alternate, so that whatever else the machine does hits both sides alike; each figure is the median of the rounds.
#   ROUNDS=3 SECONDS_EACH=8 CONNECTIONS=32 loadtest/run.sh
# shellcheck disable=SC2016 # awk programs are quoted so that the shell leaves them alone
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

ROUNDS=${ROUNDS:-3}
SECONDS_EACH=${SECONDS_EACH:-8}
CONNECTIONS=${CONNECTIONS:-32}
K6_VERSION=1.8.1
SERVER_CORE=0
LOAD_CORE=1

(($(nproc) >= 2)) || fail "the load generator needs a core of its own; this machine has only one."
command -v taskset >/dev/null || fail "taskset is missing: install Debian's util-linux."
if ! command -v wrk >/dev/null; then
    say "installing Debian's wrk"
    if (($(id -u) == 0)); then as_root=(env); else as_root=(sudo); fi
    "${as_root[@]}" apt-get install -y --no-install-recommends wrk >/dev/null
fi
k6=$TOOLS/k6-$K6_VERSION/k6
if [[ ! -x $k6 ]]; then
    command -v go >/dev/null || fail "k6 is built from its Go module and there is no go on PATH. Install Go 1.24 or newer."
    say "building k6 $K6_VERSION once for this machine"
    GOBIN=$(dirname "$k6") go install "go.k6.io/k6@v$K6_VERSION"
fi

say "building the release"
cargo build --release --quiet --bin nauthera --example bare_handler

work=$(mktemp -d)
children=()
cleanup() {
    ((${#children[@]})) && kill "${children[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ready() { # ready URL PID
    for _ in $(seq 300); do
        curl -sf -o /dev/null "$1" && return 0
        kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done
    fail "$1 did not get ready; its output: $(tail -n 20 "$work"/*.log)"
}

declare -A url pid
start_server() { # start_server NAME ALGORITHMS
    local port manifests=$work/$1-manifests
    port=$(free_port)
    mkdir -p "$manifests"
    sed "s|ISSUER|http://127.0.0.1:$port|; s|ALGORITHMS|$2|" loadtest/manifests/platform.yaml >"$manifests/platform.yaml"
    taskset -c $SERVER_CORE "$TARGET/release/nauthera" serve --listen "127.0.0.1:$port" --workers 1 \
        --manifests "$manifests" --data "$work/$1-data" >"$work/$1.log" 2>&1 &
    pid[$1]=$!
    children+=($!)
    url[$1]=http://127.0.0.1:$port
    ready "${url[$1]}/readyz" "${pid[$1]}"
}
start_bare() { # start_bare NAME ALGORITHM
    local port
    port=$(free_port)
    taskset -c $SERVER_CORE "$TARGET/release/examples/bare_handler" "127.0.0.1:$port" "$2" >"$work/$1.log" 2>&1 &
    pid[$1]=$!
    children+=($!)
    url[$1]=http://127.0.0.1:$port
    ready "${url[$1]}/healthz" "${pid[$1]}"
}

# Ticks of user and system time, by /proc/PID/stat; the name in parentheses may hold spaces.
cpu_ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
rss() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

# measure NAME: a line `requests seconds failed p50 p99 cpu_seconds` in NAME.runs
measure() {
    local before after line
    before=$(cpu_ticks "${pid[$1]}")
    line=$(taskset -c $LOAD_CORE wrk -t1 -c"$CONNECTIONS" -d"${SECONDS_EACH}s" --timeout 5s -s loadtest/token.lua "${url[$1]}/token" | sed -n 's/^RESULT //p')
    after=$(cpu_ticks "${pid[$1]}")
    [[ -n $line ]] || fail "wrk said nothing about ${url[$1]}"
    awk -v line="$line" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN { print line, ticks / hz }' >>"$work/$1.runs"
}
# median NAME AWK-EXPRESSION
median() { awk "{ print $2 }" "$work/$1.runs" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

start_server ES256 "ES256, RS256"
start_server RS256 RS256
start_bare bare-ES256 ES256
start_bare bare-RS256 RS256
names=(ES256 bare-ES256 RS256 bare-RS256)
idle=$(rss "${pid[ES256]}")

say "load: $ROUNDS rounds of $SECONDS_EACH s for each of ${names[*]}, $CONNECTIONS connections"
for name in "${names[@]}"; do taskset -c $LOAD_CORE wrk -t1 -c4 -d1s -s loadtest/token.lua "${url[$name]}/token" >/dev/null; done
for _ in $(seq "$ROUNDS"); do for name in "${names[@]}"; do measure "$name"; done; done

k6_run() { # k6_run SCENARIO NAME VUS
    local before after out=$work/k6-$1.json
    before=$(cpu_ticks "${pid[$2]}")
    if ! ISSUER=${url[$2]} VUS=$3 DURATION=${SECONDS_EACH}s taskset -c $LOAD_CORE "$k6" run --quiet --no-usage-report --summary-export "$out" "loadtest/$1.js" >"$work/k6-$1.log" 2>&1; then
        tail -n 40 "$work/k6-$1.log"
        fail "k6 $1: a check or a threshold failed"
    fi
    after=$(cpu_ticks "${pid[$2]}")
    python3 - "$out" "$1" $((after - before)) "$(getconf CLK_TCK)" <<'PY'
import json, sys
path, name, ticks, hz = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
metrics = json.load(open(path))["metrics"]
rounds, rate = metrics["iterations"]["count"], metrics["iterations"]["rate"]
took = metrics["login_round" if name == "login" else "http_req_duration"]
print(f"| {name} | {rate:,.0f} | {1e6 * ticks / hz / rounds:,.0f} | {took['med']:.1f} | {took['p(99)']:.1f} |")
PY
}
credentials_row=$(k6_run client_credentials ES256 8)
login_row=$(k6_run login ES256 4)
after=$(rss "${pid[ES256]}")

say ""
say "Token endpoint, client credentials, one core (wrk; medians):"
say ""
say "| | requests/s | CPU µs per request | p50 ms | p99 ms | failed | of the bare handler's requests/s |"
say "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
failed=0
for name in "${names[@]}"; do
    per_second=$(median "$name" '$1 / $2')
    bare=$(median "bare-${name#bare-}" '$1 / $2')
    faults=$(awk '{ sum += $3 } END { print sum }' "$work/$name.runs")
    failed=$((failed + faults))
    awk -v name="$name" -v rate="$per_second" -v bare="$bare" -v cpu="$(median "$name" '1e6 * $6 / $1')" -v p50="$(median "$name" '$4')" -v p99="$(median "$name" '$5')" -v faults="$faults" \
        'BEGIN { printf "| %s | %.0f | %.1f | %.2f | %.2f | %d | %.0f %% |\n", name, rate, cpu, p50, p99, faults, 100 * rate / bare }'
done
say ""
say "k6, ES256 server, same core (a login is the whole round: pages, password, code, tokens):"
say ""
say "| scenario | iterations/s | CPU µs per iteration | median ms | p99 ms |"
say "| --- | ---: | ---: | ---: | ---: |"
say "$credentials_row"
say "$login_row"
say ""
say "Resident memory of the ES256 server: $idle MiB idle, $after MiB after the runs."
((failed == 0)) || fail "$failed requests under load were not answered with a token"
