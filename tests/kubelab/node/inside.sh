#!/bin/bash
# inside.sh DIR: the first process of a cluster's namespaces; cluster.sh starts it. When it ends, which it does with its input, the kernel ends all others.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); D=$1
exec 3<&0 4>&1 </dev/null >"$D/said" 2>&1

# What containerd, runc, CNI and kubelet write outside of DIR is gone with the mounts: sockets below /run, CNI's cache below /var/lib, links below /var/log.
mount -t tmpfs tmpfs /run
mkdir -p /run/netns "$D/varlib" "$D/varlib.work"
mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$D/varlib,workdir=$D/varlib.work" /var/lib
mount -t tmpfs tmpfs /var/log
# kubelet sets kernel parameters of the whole machine: it gets files to write to instead. The others are read-only, but for the network's, which are its own here.
mkdir "$D/kernel"
for parameter in kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes vm/overcommit_memory vm/panic_on_oom; do
    file=$D/kernel/${parameter//\//-}
    cat "/proc/sys/$parameter" >"$file"
    mount --bind "$file" "/proc/sys/$parameter"
done
mount --rbind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys
mount --bind /proc/sys/net /proc/sys/net && mount -o remount,rw,bind /proc/sys/net
echo 1 >/proc/sys/net/ipv4/ip_forward

read -r link pods services <"$D/uplink"
ip link set lo up
ip addr add "$link.2/30" dev uplink
ip link set uplink up
ip route add default via "$link.1"
export NODE_IP=$link.2 PODS=$pods.0/24 GATEWAY=$pods.1 BIND=$link.2 SERVICES=$services.0/24 SERVICE_IP=$services.1 SCHEDULER=1
ip link add kubelab0 type bridge
ip addr add "$GATEWAY/24" dev kubelab0
ip link set kubelab0 up

# Side by side: the control plane takes three seconds, containerd and the import of images two.
"$HERE/containerd.sh" "$D/ctrd" &
containerd=$!
"$HERE/../up.sh" "$D"
wait $containerd
"$HERE/kubelet.sh" "$D"
"$HERE/kube-proxy.sh" "$D"
node_is_ready() { "$BIN/kubectl" --kubeconfig="$D/admin.kubeconfig" get nodes --no-headers 2>/dev/null | grep -q ' Ready'; }
for ((try = 0; ; try++)); do
    node_is_ready && break
    ((try < 600)) || { tail -n 20 "$D/log/kubelet.log" "$D/ctrd/log/containerd.log"; exit 1; }
    sleep 0.1
done
echo ready >&4
read -r _ <&3 || true
