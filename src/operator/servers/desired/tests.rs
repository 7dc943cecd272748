use super::*;
use crate::config::input::Key;
use crate::operator::servers::drift::differences;
use crate::operator::servers::kinds::Made;
use serde_json::{Value, json};

const POSTGRES: &str = "login-db";

struct Scene {
    subject: Subject,
    names: Names,
    spec: Value,
    database: Database,
    cache: Option<Cache>,
    cert_manager: bool,
    gateway_api: bool,
    restart: &'static str,
}

impl Scene {
    /// An AuthServer with PostgreSQL and these fields in its spec.
    fn new(fields: Value) -> Self {
        let mut spec = json!({"issuerUrl": "https://login.example.org"});
        for (name, value) in fields.as_object().unwrap() {
            spec[name] = value.clone();
        }
        let key = Key::new("identity", "main");
        Self {
            names: Names::of(&key),
            subject: Subject { key, uid: "u1".to_owned() },
            spec,
            database: Database::Postgres {
                secret: POSTGRES.to_owned(),
                authority: false,
                client: false,
            },
            cache: None,
            cert_manager: false,
            gateway_api: true,
            restart: "",
        }
    }

    fn embedded(fields: Value) -> Self {
        Self {
            database: Database::Embedded,
            ..Self::new(fields)
        }
    }

    fn objects(&self) -> Vec<Object> {
        let spec: AuthServerSpec = serde_json::from_value(self.spec.clone()).unwrap();
        let circumstances = Circumstances {
            operator_namespace: "nauthera-system",
            server_image: "nauthera:test",
            cert_manager: self.cert_manager,
            gateway_api: self.gateway_api,
            database: self.database.clone(),
            cache: self.cache.clone(),
            restart: self.restart,
        };
        objects(&Asked {
            subject: &self.subject,
            names: &self.names,
            spec: &spec,
            circumstances: &circumstances,
        })
    }

    fn find(&self, kind: Made, name: &str) -> Option<Value> {
        let found = self.objects().into_iter().find(|object| object.kind == kind && object.name == name);
        found.map(|object| object.value)
    }

    fn get(&self, kind: Made, name: &str) -> Value {
        self.find(kind, name).unwrap_or_else(|| panic!("no {} {name}", kind.as_str()))
    }

    fn deployment(&self) -> Value {
        self.get(Made::Deployment, "main")["spec"].clone()
    }

    fn pod(&self) -> Value {
        self.deployment()["template"]["spec"].clone()
    }

    fn container(&self) -> Value {
        self.pod()["containers"][0].clone()
    }

    fn arguments(&self) -> Vec<String> {
        serde_json::from_value(self.container()["args"].clone()).unwrap()
    }

    fn restarts_with(&self) -> Value {
        self.deployment()["template"]["metadata"]["annotations"]["auth.nauthera.io/restart"].clone()
    }

    fn kinds(&self) -> Vec<Made> {
        self.objects().into_iter().map(|object| object.kind).collect()
    }
}

#[test]
fn everything_has_the_labels_and_the_owner_and_no_null() {
    let mut scene = Scene::new(json!({
        "autoscaling": {"maxReplicas": 5},
        "tls": {"issuerRef": {"name": "letsencrypt"}},
        "exposure": {"ingress": {}},
    }));
    scene.cert_manager = true;
    for object in scene.objects() {
        let metadata = &object.value["metadata"];
        assert_eq!(metadata["labels"], scene.subject.labels());
        assert_eq!(metadata["ownerReferences"][0]["uid"], "u1");
        assert_eq!(metadata["ownerReferences"][0]["controller"], true);
        assert!(!object.value.to_string().contains("null"), "{}", object.value);
    }
}

#[test]
fn a_pod_has_no_right_that_it_does_not_need() {
    let scene = Scene::new(json!({}));
    let pod = scene.pod();
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["enableServiceLinks"], false);
    assert_eq!(pod["securityContext"]["runAsUser"], 65532);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let container = &scene.container()["securityContext"];
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["capabilities"]["drop"], json!(["ALL"]));
    assert_eq!(scene.get(Made::ServiceAccount, "main")["automountServiceAccountToken"], false);
}

#[test]
fn an_image_is_the_operators_unless_the_server_names_one() {
    assert_eq!(Scene::new(json!({})).container()["image"], "nauthera:test");
    let own = Scene::new(json!({"image": "registry.example.org/nauthera@sha256:0"}));
    assert_eq!(own.container()["image"], "registry.example.org/nauthera@sha256:0");
    assert_eq!(own.container()["imagePullPolicy"], "IfNotPresent");
}

#[test]
fn why_a_pod_does_not_start_is_in_its_description() {
    assert_eq!(
        Scene::new(json!({})).container()["terminationMessagePolicy"],
        "FallbackToLogsOnError"
    );
}

#[test]
fn pods_spread_and_roll_one_at_a_time_with_none_missing() {
    let scene = Scene::new(json!({"replicas": 3}));
    let deployment = scene.deployment();
    assert_eq!(deployment["replicas"], 3);
    assert_eq!(
        deployment["strategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
    );
    let pod = scene.pod();
    let spread: Vec<&Value> = (0..2)
        .map(|index| &pod["topologySpreadConstraints"][index]["topologyKey"])
        .collect();
    assert_eq!(spread, ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]);
    let before_term = scene.container()["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
    let drain = scene.get(Made::ConfigMap, "main")["data"]["NAUTHERA_DRAIN_SECONDS"].clone();
    let drain: u64 = drain.as_str().unwrap().parse().unwrap();
    let ends = before_term + drain + u64::from(crate::operator::settings::ENDS_WITHIN_SECONDS);
    assert_eq!(pod["terminationGracePeriodSeconds"], ends);
}

#[test]
fn without_a_database_it_is_one_pod_that_goes_before_its_successor_comes() {
    let scene = Scene::embedded(json!({"replicas": 3, "autoscaling": {"maxReplicas": 5}}));
    assert_eq!(scene.deployment()["replicas"], 1);
    assert_eq!(scene.deployment()["strategy"], json!({"type": "Recreate"}));
    assert!(!scene.arguments().iter().any(|argument| argument.starts_with("--database")));
    assert!(!scene.kinds().contains(&Made::HorizontalPodAutoscaler));
    assert!(!scene.kinds().contains(&Made::PodDisruptionBudget));
}

#[test]
fn a_database_is_mounted_and_has_a_schema_of_this_server() {
    let mut scene = Scene::new(json!({}));
    let schema = format!("--database-schema={}", scene.names.schema());
    let arguments = scene.arguments();
    assert!(arguments.contains(&schema) && arguments.contains(&"--database-url-file=/var/run/nauthera/database/url".to_owned()));
    assert!(!arguments.iter().any(|argument| argument.starts_with("--database-ca")));
    let volume = scene.pod()["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|volume| volume["name"] == "database")
        .cloned();
    assert_eq!(volume.unwrap()["secret"]["secretName"], POSTGRES);
    scene.database = Database::Postgres {
        secret: POSTGRES.to_owned(),
        authority: true,
        client: true,
    };
    let arguments = scene.arguments();
    for expected in [
        "--database-ca=FOLDER/ca.crt",
        "--database-cert=FOLDER/tls.crt",
        "--database-key=FOLDER/tls.key",
    ] {
        let expected = expected.replace("FOLDER", "/var/run/nauthera/database");
        assert!(arguments.contains(&expected), "{expected}: {arguments:?}");
    }
}

#[test]
fn a_cache_is_mounted_with_what_its_secret_holds() {
    let mut scene = Scene::new(json!({}));
    assert!(!scene.arguments().iter().any(|argument| argument.starts_with("--cache")));
    assert!(!scene.pod().to_string().contains(r#""cache""#));
    let cache = |authority: bool, client: bool| Cache {
        secret: "login-cache".to_owned(),
        authority,
        client,
    };
    let arguments_of = |scene: &Scene| -> Vec<String> {
        let arguments = scene.arguments().into_iter();
        arguments.filter(|argument| argument.starts_with("--cache")).collect()
    };
    scene.cache = Some(cache(false, false));
    assert_eq!(arguments_of(&scene), ["--cache-url-file=/var/run/nauthera/cache/url"]);
    scene.cache = Some(cache(true, true));
    assert_eq!(
        arguments_of(&scene),
        [
            "--cache-url-file=/var/run/nauthera/cache/url",
            "--cache-ca=/var/run/nauthera/cache/ca.crt",
            "--cache-cert=/var/run/nauthera/cache/tls.crt",
            "--cache-key=/var/run/nauthera/cache/tls.key",
        ]
    );
    let named = |list: &Value| {
        list.as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["name"] == "cache")
            .cloned()
            .unwrap()
    };
    assert_eq!(named(&scene.pod()["volumes"])["secret"]["secretName"], "login-cache");
    let mount = named(&scene.container()["volumeMounts"]);
    assert_eq!(
        (&mount["mountPath"], &mount["readOnly"]),
        (&json!("/var/run/nauthera/cache"), &json!(true))
    );
}

#[test]
fn arguments_are_those_that_serve_takes() {
    let scene = Scene::new(json!({"tls": {"certSecretRef": {"name": "login-tls"}}}));
    let arguments = scene.arguments();
    for expected in [
        "serve",
        "--auth-server=identity/main",
        "--listen=0.0.0.0:8443",
        "--config-listen=0.0.0.0:9443",
        "--config-tls=/var/run/nauthera/config-tls",
        "--config-client-name=operator.main-config.identity.svc",
        "--kek=/var/run/nauthera/kek",
        "--data=/var/lib/nauthera",
        "--tls-cert=/var/run/nauthera/tls/tls.crt",
        "--tls-key=/var/run/nauthera/tls/tls.key",
    ] {
        assert!(arguments.contains(&expected.to_owned()), "{expected}: {arguments:?}");
    }
    let mounts = scene.container()["volumeMounts"].clone();
    for mount in mounts.as_array().unwrap() {
        let writable = mount["readOnly"] != true;
        assert_eq!(writable, ["data", "tmp"].contains(&mount["name"].as_str().unwrap()), "{mount}");
    }
}

#[test]
fn a_pod_believes_the_proxies_that_its_server_names_and_nobody_else() {
    let arguments = Scene::new(json!({"exposure": {"ingress": {}}})).arguments();
    assert!(
        !arguments
            .iter()
            .any(|argument| argument.contains("prox") || argument.contains("forwarded"))
    );
    let networks = json!(["10.0.0.0/8", "2001:db8::/32"]);
    let arguments = Scene::new(json!({"trustedProxies": {"networks": networks}})).arguments();
    assert!(
        arguments.contains(&"--trusted-proxies=10.0.0.0/8,2001:db8::/32".to_owned()),
        "{arguments:?}"
    );
    assert!(!arguments.iter().any(|argument| argument.contains("--forwarded-by")));
    let arguments = Scene::new(json!({"trustedProxies": {"networks": networks, "header": "Forwarded"}})).arguments();
    assert!(arguments.contains(&"--forwarded-by=forwarded".to_owned()), "{arguments:?}");
}

#[test]
fn with_a_certificate_ports_and_probes_are_https() {
    let plain = Scene::new(json!({}));
    let secure = Scene::new(json!({"tls": {"certSecretRef": {"name": "login-tls"}}}));
    for (scene, name, scheme, port, pod_port) in [(plain, "http", "HTTP", 80, 8080), (secure, "https", "HTTPS", 443, 8443)] {
        let service = &scene.get(Made::Service, "main")["spec"]["ports"][0];
        assert_eq!(
            (&service["name"], &service["port"], &service["targetPort"]),
            (&json!(name), &json!(port), &json!(name))
        );
        assert_eq!(scene.container()["ports"][0]["containerPort"], pod_port);
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let get = &scene.container()[probe]["httpGet"];
            assert_eq!((&get["scheme"], &get["port"]), (&json!(scheme), &json!(name)), "{probe}");
        }
        assert_eq!(scene.container()["readinessProbe"]["httpGet"]["path"], "/readyz");
        assert_eq!(scene.container()["livenessProbe"]["httpGet"]["path"], "/healthz");
    }
}

#[test]
fn the_config_service_shows_pods_that_are_not_ready_yet() {
    let spec = Scene::new(json!({})).get(Made::Service, "main-config")["spec"].clone();
    assert_eq!(
        (&spec["clusterIP"], &spec["publishNotReadyAddresses"]),
        (&json!("None"), &json!(true))
    );
    assert_eq!(
        (&spec["ports"][0]["name"], &spec["ports"][0]["port"]),
        (&json!("config"), &json!(9443))
    );
}

#[test]
fn only_the_operators_namespace_reaches_the_config_port() {
    let rules = Scene::new(json!({})).get(Made::NetworkPolicy, "main")["spec"].clone();
    assert_eq!(rules["policyTypes"], json!(["Ingress"]), "what goes out is not limited");
    assert_eq!(
        (&rules["ingress"][0]["ports"][0]["port"], &rules["ingress"][0]["from"]),
        (&json!("http"), &Value::Null)
    );
    let config = &rules["ingress"][1];
    assert_eq!(config["ports"][0]["port"], "config");
    let labels = &config["from"][0]["namespaceSelector"]["matchLabels"];
    assert_eq!(labels["kubernetes.io/metadata.name"], "nauthera-system");
}

#[test]
fn an_autoscaler_owns_the_number_of_pods() {
    let scene = Scene::new(json!({"replicas": 3, "autoscaling": {"minReplicas": 3, "maxReplicas": 9}}));
    assert_eq!(scene.deployment()["replicas"], Value::Null);
    let autoscaler = scene.get(Made::HorizontalPodAutoscaler, "main")["spec"].clone();
    assert_eq!((&autoscaler["minReplicas"], &autoscaler["maxReplicas"]), (&json!(3), &json!(9)));
    assert_eq!(autoscaler["metrics"][0]["resource"]["target"]["averageUtilization"], 80);
    // However many there are, that is no drift.
    let wanted = scene.get(Made::Deployment, "main");
    let mut live = wanted.clone();
    live["spec"]["replicas"] = json!(7);
    assert!(differences(&wanted, &live).is_empty());
}

#[test]
fn a_budget_is_for_several_pods() {
    let least = |fields: Value| {
        let budget = Scene::new(fields).find(Made::PodDisruptionBudget, "main");
        budget.map(|budget| budget["spec"]["minAvailable"].clone())
    };
    assert_eq!(least(json!({})), Some(json!(1)));
    assert_eq!(least(json!({"replicas": 3, "disruption": {"minAvailable": 2}})), Some(json!(2)));
    assert_eq!(least(json!({"replicas": 1})), None);
    assert_eq!(least(json!({"disruption": {"minAvailable": 0}})), None);
}

#[test]
fn an_ingress_is_for_the_issuers_host_and_path() {
    let scene = Scene::new(json!({
        "issuerUrl": "https://example.org/login",
        "exposure": {"ingress": {"className": "nginx", "annotations": {"a": "b"}, "tlsSecretRef": {"name": "edge"}}},
    }));
    let ingress = scene.get(Made::Ingress, "main");
    assert_eq!(ingress["metadata"]["annotations"]["a"], "b");
    assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
    assert_eq!(ingress["spec"]["tls"], json!([{"hosts": ["example.org"], "secretName": "edge"}]));
    let rule = &ingress["spec"]["rules"][0];
    assert_eq!(
        (&rule["host"], &rule["http"]["paths"][0]["path"]),
        (&json!("example.org"), &json!("/login"))
    );
    assert_eq!(
        rule["http"]["paths"][0]["backend"]["service"],
        json!({"name": "main", "port": {"name": "http"}})
    );
    assert_eq!(scene.get(Made::ConfigMap, "main")["data"]["NAUTHERA_TRUSTED_PROXIES"], "1");
    let alone = Scene::new(json!({}));
    assert_eq!(alone.get(Made::ConfigMap, "main")["data"]["NAUTHERA_TRUSTED_PROXIES"], "0");
}

#[test]
fn a_route_attaches_to_the_gateways_where_there_are_gateways() {
    let mut scene =
        Scene::new(json!({"exposure": {"gateway": {"parentRefs": [{"name": "edge", "namespace": "infra", "sectionName": "https"}]}}}));
    let route = scene.get(Made::HttpRoute, "main")["spec"].clone();
    assert_eq!(route["hostnames"], json!(["login.example.org"]));
    assert_eq!(
        (&route["parentRefs"][0]["name"], &route["parentRefs"][0]["namespace"]),
        (&json!("edge"), &json!("infra"))
    );
    assert_eq!(
        (
            &route["rules"][0]["backendRefs"][0]["name"],
            &route["rules"][0]["backendRefs"][0]["port"]
        ),
        (&json!("main"), &json!(80))
    );
    scene.gateway_api = false;
    assert_eq!(scene.find(Made::HttpRoute, "main"), None);
}

#[test]
fn an_address_is_no_host_name_of_an_ingress() {
    let scene = Scene::new(json!({"issuerUrl": "http://127.0.0.1:8080", "exposure": {"ingress": {"tlsSecretRef": {"name": "edge"}}}}));
    let spec = scene.get(Made::Ingress, "main")["spec"].clone();
    assert_eq!(
        (&spec["rules"][0]["host"], &spec["rules"][0]["http"]["paths"][0]["path"]),
        (&Value::Null, &json!("/"))
    );
}

#[test]
fn cert_manager_is_asked_for_both_sides_and_keeps_the_authoritys_key() {
    let mut scene = Scene::new(json!({"tls": {"issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"}}}));
    assert!(!scene.kinds().contains(&Made::Certificate));
    scene.cert_manager = true;
    let of = |name: &str| scene.get(Made::Certificate, name)["spec"].clone();
    let authority = of("main-config-ca");
    assert_eq!(
        (&authority["isCA"], &authority["privateKey"]["rotationPolicy"]),
        (&json!(true), &json!("Never"))
    );
    // The name that the operator's own authority has: either goes on with what the other made.
    assert_eq!(authority["commonName"], "main-config");
    for (name, identity) in [
        ("main-config-server", "main-config.identity.svc"),
        ("main-config-operator", "operator.main-config.identity.svc"),
    ] {
        let certificate = of(name);
        assert_eq!(certificate["dnsNames"], json!([identity]));
        assert_eq!(certificate["issuerRef"]["name"], "main-config");
        assert_eq!(certificate["privateKey"]["rotationPolicy"], "Always");
        assert_eq!(
            certificate["secretTemplate"]["labels"],
            scene.subject.labels(),
            "or the operator does not see it"
        );
    }
    let public = of("main-tls");
    assert_eq!(public["dnsNames"], json!(["login.example.org"]));
    assert_eq!(
        public["issuerRef"],
        json!({"name": "letsencrypt", "kind": "ClusterIssuer", "group": "cert-manager.io"})
    );
    let issuers: Vec<String> = scene
        .objects()
        .into_iter()
        .filter(|object| object.kind == Made::Issuer)
        .map(|object| object.name)
        .collect();
    assert_eq!(issuers, ["main-config-selfsigned", "main-config"]);
}

#[test]
fn pods_start_anew_for_another_database_and_not_for_another_replica_count() {
    let before = Scene::new(json!({}));
    assert_eq!(before.restarts_with(), Scene::new(json!({"replicas": 5})).restarts_with());
    let after = Scene {
        restart: "another address",
        ..Scene::new(json!({}))
    };
    assert_ne!(before.restarts_with(), after.restarts_with());
}

#[test]
fn what_is_asked_for_twice_is_the_same_twice() {
    let scene = Scene::new(json!({"exposure": {"ingress": {}}}));
    assert_eq!(scene.objects(), scene.objects());
    let other = Scene::new(json!({"exposure": {"ingress": {"className": "nginx"}}}));
    let applied = |scene: &Scene| scene.get(Made::Ingress, "main")["metadata"]["annotations"][APPLIED].clone();
    assert_ne!(applied(&scene), applied(&other));
}
