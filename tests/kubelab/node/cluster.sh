#!/bin/bash
# cluster.sh DIR: a control plane and a real node (containerd, kubelet, kube-proxy), in namespaces of their own, for as long as standard input stays open.
#
# Says KUBECONFIG=, INIT= (the pid to nsenter), HOST= (this machine's address for Pods), PODS=, SERVICES=, and `ready`. Then it waits for the end of its input, which comes however
# the starting process ends, and leaves nothing behind: every process and mount, bridge and nftables rule is in the namespaces, which end with their first process.
# Where the machine does not allow it, it says `impossible: WHY` and exits 3.
#
# Environment: IMAGES="a.tar b.tar" to import; CERTMANAGER=1, APISERVER_ARGS and whatever else up.sh takes.
set -euo pipefail
trap '' INT TERM HUP
HERE=$(cd "$(dirname "$0")" && pwd)
export BIN=${BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/kubelab/bin} CTR_ROOT=${CTR_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/kubelab/ctr}
mkdir -p "$1"
D=$(realpath "$1")
exec 3<&0 </dev/null

impossible() { echo "impossible: $1"; rm -rf "$D"; exit 3; }
(($(id -u) == 0)) || impossible "a node needs root"
for tool in unshare nsenter ip python3 openssl curl; do command -v $tool >/dev/null || impossible "there is no $tool"; done
[ -x "$CTR_ROOT/usr/bin/containerd" ] || impossible "there is no containerd below $CTR_ROOT (tests/kubelab/node/get.sh unpacks it, from a Debian mirror)"
why=$(unshare --net --mount --pid --fork --kill-child --mount-proc true 2>&1) || impossible "no namespaces: $why"

# Processes, mounts and network of their own: INIT is the first process in there, and with it all others end.
mkfifo "$D/uplink"
unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private "$HERE/inside.sh" "$D" <&3 &
UNSHARE=$!
HOST_LINK=nk$UNSHARE
INIT=
down() {
    set +e
    # The kernel ends every process of the namespaces before their first one counts as gone, and with it `unshare`. The link would go with the network, some time later.
    kill -KILL ${INIT:-$UNSHARE} 2>/dev/null
    wait $UNSHARE 2>/dev/null
    ip link del "$HOST_LINK" 2>/dev/null
    # Cgroups have no owner but their names: the containers' ids.
    for container in "$D"/ctrd/run/io.containerd.runtime.v2.task/k8s.io/*; do rmdir /sys/fs/cgroup/*/k8s.io/"${container##*/}"; done 2>/dev/null
    rmdir /sys/fs/cgroup/*/k8s.io 2>/dev/null
    rm -rf "$D"
}
trap down EXIT
for _ in $(seq 200); do
    INIT=$(cat /proc/$UNSHARE/task/$UNSHARE/children 2>/dev/null | tr -d ' ') && [ -n "$INIT" ] && break
    sleep 0.02
done
why=$(ip link add "$HOST_LINK" type veth peer name uplink netns "$INIT" 2>&1) || impossible "no virtual network card: $why"

# A network for this cluster: 128 of them fit into the range that RFC 2544 set aside for tests and no network uses. A route can be added once: who adds it has the range.
for ((try = 0; ; try++)); do
    ((try < 200)) || impossible "all of 198.18.0.0/15 is routed already"
    slot=$((RANDOM % 128))
    prefix=198.$((18 + slot / 64)) third=$((slot % 64 * 4))
    HOST=$prefix.$third.1
    ip addr replace "$HOST/30" dev "$HOST_LINK" && ip link set "$HOST_LINK" up
    ip route add "$prefix.$third.0/22" via "$prefix.$third.2" dev "$HOST_LINK" 2>/dev/null && break
    ip addr flush dev "$HOST_LINK"
done
echo "$prefix.$third $prefix.$((third + 1)) $prefix.$((third + 2))" >"$D/uplink"
printf '%s\n' "KUBECONFIG=$D/admin.kubeconfig" "INIT=$INIT" "HOST=$HOST" "PODS=$prefix.$((third + 1)).0/24" "SERVICES=$prefix.$((third + 2)).0/24"
wait "$UNSHARE" || { status=$?; [ -s "$D/said" ] && tail -n 30 "$D/said" >&2; exit $status; }
