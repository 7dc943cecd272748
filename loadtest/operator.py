"""Called by operator.sh: operator.py FOLDER BINARY. Prints tables for docs/performance.md."""

import base64, datetime, http.client, json, os, re, ssl, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

FOLDER, BINARY = sys.argv[1], os.path.abspath(sys.argv[2])
CHANGES = int(os.environ.get("CHANGES", "200"))
SIZES = [int(size) for size in os.environ.get("SIZES", "1 100 5000").split()]
ADDRESS, PODS = "10.244.78.1", ["a", "b", "c"]
OURS = "/apis/auth.nauthera.io/v1alpha1"
HOST, PORT = re.search(r"https://([^:]+):(\d+)", open(f"{FOLDER}/admin.kubeconfig").read()).groups()
TLS = ssl.create_default_context(cafile=f"{FOLDER}/pki/ca.crt")
TLS.load_cert_chain(f"{FOLDER}/pki/admin.crt", f"{FOLDER}/pki/admin.key")
LOCAL = threading.local()
PROCESSES = []


def call(method, path, body=None, kind="application/json"):
    """One request to the API server, over this thread's connection."""
    if not hasattr(LOCAL, "connection"):
        LOCAL.connection = http.client.HTTPSConnection(HOST, int(PORT), context=TLS)
    LOCAL.connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": kind})
    answer = LOCAL.connection.getresponse()
    data = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {data[:300]}")
    return json.loads(data)


def wait_for(what, look, patience=600):
    """The first answer of `look` that is something."""
    end = time.time() + patience
    while time.time() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise RuntimeError(f"no {what} within {patience} s")


def start(name, arguments, environment):
    log = f"{FOLDER}/{name}.log"
    with open(log, "wb") as out:
        process = subprocess.Popen([BINARY, *arguments], stdout=out, stderr=out, env={**os.environ, **environment})
    PROCESSES.append(process)
    return process, log


def lines(log, message):
    """Log entries with this message."""
    with open(log) as file:
        return [json.loads(line) for line in file if message in line and line.endswith("\n")]


def secret(name):
    def look():
        try:
            return call("GET", f"/api/v1/namespaces/identity/secrets/{name}")["data"]
        except RuntimeError:
            return None

    return wait_for(f"Secret {name}", look)


def replica(pod):
    """A process with what its pod would have mounted, and the EndpointSlice that tells of it."""
    for folder, name in [("tls", "main-config-server"), ("kek", "main-kek")]:
        os.makedirs(f"{FOLDER}/{pod}/{folder}")
        for key, value in secret(name).items():
            with open(f"{FOLDER}/{pod}/{folder}/{key}", "wb") as file:
                file.write(base64.b64decode(value))
    process, log = start(
        f"replica-{pod}",
        ["serve"],
        {
            "NAUTHERA_LISTEN": "127.0.0.1:0",
            "NAUTHERA_DATA": f"{FOLDER}/{pod}/data",
            "NAUTHERA_AUTH_SERVER": "identity/main",
            "NAUTHERA_CONFIG_LISTEN": f"{ADDRESS}:0",
            "NAUTHERA_CONFIG_TLS": f"{FOLDER}/{pod}/tls",
            "NAUTHERA_CONFIG_CLIENT_NAME": "operator.main-config.identity.svc",
            "NAUTHERA_KEK": f"{FOLDER}/{pod}/kek",
            "NAUTHERA_WORKERS": "1",
        },
    )
    address = wait_for("config service", lambda: lines(log, '"config_address"'))[0]["config_address"]
    slice = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"main-config-{pod}",
            "labels": {
                "kubernetes.io/service-name": "main-config",
                "app.kubernetes.io/instance": "main",
                "app.kubernetes.io/managed-by": "nauthera",
            },
        },
        "addressType": "IPv4",
        "ports": [{"name": "config", "port": int(address.split(":")[1])}],
        "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": True, "serving": True}, "targetRef": {"kind": "Pod", "name": pod, "uid": pod}}],
    }
    call("POST", "/apis/discovery.k8s.io/v1/namespaces/identity/endpointslices", slice)
    return process


def client(number):
    return {
        "apiVersion": "auth.nauthera.io/v1alpha1",
        "kind": "AuthClient",
        "metadata": {"name": f"client-{number}", "namespace": "team"},
        "spec": {
            "authServerRef": {"name": "main", "namespace": "identity"},
            "grantTypes": ["client_credentials"],
            "scopes": ["orders:read"],
        },
    }


class Watch(threading.Thread):
    """Which AuthClients are Ready now, as the API server tells it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ready = set()
        self.start()

    def run(self):
        while True:
            listed = call("GET", f"{OURS}/namespaces/team/authclients")
            self.ready = {client["metadata"]["name"] for client in listed["items"] if self.holds(client)}
            self.follow(listed["metadata"]["resourceVersion"])

    def follow(self, version):
        """Until the API server ends the watch, as it does with one that reads too slowly."""
        connection = http.client.HTTPSConnection(HOST, int(PORT), context=TLS)
        connection.request("GET", f"{OURS}/namespaces/team/authclients?watch=true&timeoutSeconds=3600&resourceVersion={version}")
        for line in connection.getresponse():
            event = json.loads(line)
            if event["type"] == "ERROR":
                return
            there = event["type"] != "DELETED" and self.holds(event["object"])
            (self.ready.add if there else self.ready.discard)(event["object"]["metadata"]["name"])

    @staticmethod
    def holds(client):
        conditions = client.get("status", {}).get("conditions", [])
        return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def rss(process, field):
    status = open(f"/proc/{process.pid}/status").read()
    return int(re.search(rf"{field}:\s+(\d+) kB", status).group(1)) / 1024


def requests(metrics):
    """Requests to the API server so far, by verb and resource."""
    connection = http.client.HTTPConnection(*metrics.split(":"))
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    found = re.findall(r'^\w*api_requests_total\{([^}]*)\} (\d+)', text, re.M)
    return {tuple(re.findall(r'"([^"]*)"', labels)): int(count) for labels, count in found}


def acknowledged(log, since, position):
    """When the last of the replicas acknowledged something after `position` of the log."""
    found = {}
    with open(log) as file:
        file.seek(position)
        for line in file:
            if '"a replica runs on the configuration"' in line and line.endswith("\n"):
                entry = json.loads(line)
                at = datetime.datetime.fromisoformat(entry["timestamp"].replace("Z", "+00:00")).timestamp()
                if at > since:
                    found.setdefault(entry["revision"], {})[entry["pod"]] = at
    for pods in found.values():
        if len(pods) == len(PODS):
            return max(pods.values())
    return None


def propagation(log, path, body):
    """How long each of so many changes took until every replica had acknowledged it, in milliseconds, shortest first."""
    took = []
    for change in range(CHANGES):
        position, since = os.path.getsize(log), time.time()
        call("PATCH", path, body(change), "application/merge-patch+json")
        took.append((wait_for("acknowledgement", lambda: acknowledged(log, since, position), 60) - since) * 1000)
    return sorted(took)


def main():
    for namespace in ["nauthera-system", "identity", "team"]:
        call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    # Not as administrator: whose requests the API server lets pass before all others.
    call("POST", "/api/v1/namespaces/nauthera-system/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator"}})
    call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "load"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": "nauthera-system"}],
    })
    token = call("POST", "/api/v1/namespaces/nauthera-system/serviceaccounts/operator/token",
                 {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}})["status"]["token"]
    config = re.sub(r"users: .*", f'users: [{{name: u, user: {{token: {token}}}}}]', open(f"{FOLDER}/admin.kubeconfig").read())
    with open(f"{FOLDER}/operator.kubeconfig", "w") as file:
        file.write(config)
    # As the chart and the kustomize base have it.
    operator, log = start("operator", ["operator", "--kubeconfig", f"{FOLDER}/operator.kubeconfig", "--metrics-listen", "127.0.0.1:0"], {"MALLOC_ARENA_MAX": "2"})
    call("POST", f"{OURS}/namespaces/identity/authservers", {
        "apiVersion": "auth.nauthera.io/v1alpha1", "kind": "AuthServer", "metadata": {"name": "main"},
        "spec": {"issuerUrl": "https://login.example.org", "policySelector": {}},
    })
    call("POST", f"{OURS}/namespaces/identity/authpolicies", {
        "apiVersion": "auth.nauthera.io/v1alpha1", "kind": "AuthPolicy", "metadata": {"name": "all"},
        "spec": {"allowedScopes": ["openid", "orders:read"], "allowedGrantTypes": ["client_credentials"]},
    })
    metrics = wait_for("operator", lambda: lines(log, '"metrics_address"'))[0]["metrics_address"]
    for pod in PODS:
        replica(pod)
    watch = Watch()
    rows = []
    there = 0
    for size in SIZES:
        if there:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda number: call("DELETE", f"{OURS}/namespaces/team/authclients/client-{number}"), range(there)))
            wait_for("end of the clients", lambda: not call("GET", f"{OURS}/namespaces/team/authclients?limit=1")["items"])
        before, begun = requests(metrics), time.time()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: call("POST", f"{OURS}/namespaces/team/authclients", client(number)), range(size)))
        written = time.time() - begun
        wait_for("readiness of all", lambda: len(watch.ready) == size, 1800)
        took, there = time.time() - begun, size
        made = {what: count - before.get(what, 0) for what, count in requests(metrics).items() if count > before.get(what, 0)}
        print(f"{size} clients from nothing: written after {written:.1f} s, all Ready after {took:.1f} s; operator {rss(operator, 'VmRSS'):.0f} MiB, at most {rss(operator, 'VmHWM'):.0f} MiB; "
              f"{sum(made.values())} API requests {dict(sorted((' '.join(what), count) for what, count in made.items()))}", flush=True)
        policy = propagation(log, f"{OURS}/namespaces/identity/authpolicies/all", lambda change: {"spec": {"token": {"accessTokenTTL": f"{60 + change}s"}}})
        one = propagation(log, f"{OURS}/namespaces/team/authclients/client-0", lambda change: {"spec": {"displayName": f"Client {change}"}})
        for what, sample in [("policy that governs all", policy), ("one client", one)]:
            p50, p99 = sample[len(sample) // 2], sample[min(len(sample) - 1, len(sample) * 99 // 100)]
            rows.append(f"| {size:,} | {what} | {p50:.0f} | {p99:.0f} | {sample[-1]:.0f} |")
            print(rows[-1], flush=True)
    print(f"\n{CHANGES} changes each, {len(PODS)} replicas; operator {rss(operator, 'VmHWM'):.0f} MiB at most\n")
    print("| clients | what is edited | p50 ms | p99 ms | longest ms |\n| ---: | --- | ---: | ---: | ---: |")
    print("\n".join(rows))


try:
    main()
finally:
    for process in PROCESSES:
        process.kill()
        process.wait()
