use super::Replicas;
use super::fixtures::{Fleet, Mood, Replica, identity, main_server, snapshot};
use super::identity_secret;
use crate::config::directory_health::DirectoryHealth;
use crate::config::input::{Key, Kind};
use crate::config::snapshot::Snapshot;
use crate::operator::context::{Context, Controller};
use crate::operator::leader::{self, Leadership};
use crate::operator::metrics::Metrics;
use crate::operator::overlay::{Board, ReplicaState};
use crate::operator::settings::{Scope, Settings};
use crate::operator::world::{self, World};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::codegen::http;

/// A running controller, its replicas, and the world that it sees.
struct Scene {
    fleet: Fleet,
    world: watch::Sender<Arc<World>>,
    board: watch::Receiver<Arc<Board>>,
    leadership: Leadership,
    context: Context,
    task: JoinHandle<Result<(), String>>,
}

fn in_memory_client() -> kube::Client {
    let refuse = tower::service_fn(|_: http::Request<kube::client::Body>| async {
        Err::<http::Response<kube::client::Body>, _>(std::io::Error::other("no API server here"))
    });
    kube::Client::new(refuse, "default")
}

fn settings() -> Settings {
    Settings {
        namespace: "nauthera".to_owned(),
        lease_name: "nauthera-operator".to_owned(),
        identity: "operator-0".to_owned(),
        scope: Scope::Cluster,
        cluster_policies: true,
        server_image: String::new(),
        default_database_secret: None,
        default_database_namespaces: Vec::new(),
        metrics_listen: ([127, 0, 0, 1], 0).into(),
    }
}

impl Scene {
    /// Replicas `a`, `b`, `c` of one AuthServer.
    fn new() -> Self {
        let fleet = Fleet::default();
        let (world, world_reader) = watch::channel(Arc::default());
        let (board, board_reader) = watch::channel(Arc::default());
        let (leadership, leader) = leader::channel();
        leadership.begin(3, std::time::Instant::now() + std::time::Duration::from_secs(600));
        let (events, _) = crate::operator::events::channel();
        let context = Context {
            client: in_memory_client(),
            settings: Arc::new(settings()),
            world: world_reader,
            leader,
            metrics: Metrics::new(),
            events,
            stop: CancellationToken::new(),
        };
        let replicas = Replicas::new(board, fleet.clone());
        let task = tokio::spawn({
            let context = context.clone();
            async move { replicas.run(context).await }
        });
        let scene = Self {
            fleet,
            world,
            board: board_reader,
            leadership,
            context,
            task,
        };
        scene.edit(|world| {
            Arc::make_mut(&mut world.secrets).insert(identity_secret(&main_server()), identity("first"));
            Arc::make_mut(&mut world.replicas).insert(main_server(), ["a", "b", "c"].map(pod).to_vec());
            world.objects.insert(Kind::AuthServer, main_server(), Arc::default());
        });
        scene
    }

    fn edit(&self, change: impl FnOnce(&mut World)) {
        self.world.send_modify(|world| {
            let world = Arc::make_mut(world);
            world.sequence += 1;
            change(world);
        });
    }

    fn want(&self, snapshot: &Arc<Snapshot>) {
        self.edit(|world| {
            Arc::make_mut(&mut world.compiled)
                .snapshots
                .insert(main_server(), Arc::clone(snapshot));
        });
    }

    fn replica(&self, pod: &str) -> Replica {
        self.fleet.replica(pod)
    }

    fn state(&self, pod: &str) -> Option<ReplicaState> {
        self.board.borrow().replica(&main_server(), &format!("uid-{pod}")).cloned()
    }

    /// Waits until the board says so of a replica.
    async fn until(&mut self, pod: &str, says: impl Fn(&ReplicaState) -> bool) {
        let uid = format!("uid-{pod}");
        let waited = self.board.wait_for(|board| board.replica(&main_server(), &uid).is_some_and(&says));
        tokio::time::timeout(Duration::from_secs(3600), waited)
            .await
            .expect("within an hour")
            .unwrap();
    }

    async fn until_runs(&mut self, pods: &[&str], snapshot: &Arc<Snapshot>) {
        for pod in pods {
            self.until(pod, |state| state.acked.as_ref().is_some_and(|acked| Arc::ptr_eq(acked, snapshot)))
                .await;
        }
    }
}

fn pod(name: &str) -> world::Replica {
    world::Replica {
        pod: name.to_owned(),
        uid: format!("uid-{name}"),
        address: [10, 0, 0, 1].into(),
        port: 9443,
        ready: true,
        serving: true,
        terminating: false,
    }
}

fn applies(calls: &[String]) -> Vec<&str> {
    let calls = calls.iter().map(String::as_str);
    calls.filter(|call| call.starts_with("full") || call.starts_with("delta")).collect()
}

#[tokio::test(start_paused = true)]
async fn gives_every_replica_the_whole_configuration_and_then_what_changes() {
    let mut scene = Scene::new();
    let (one, two) = (snapshot(&["shop"]), snapshot(&["shop", "blog"]));
    scene.want(&one);
    scene.until_runs(&["a", "b", "c"], &one).await;
    scene.want(&two);
    scene.until_runs(&["a", "b", "c"], &two).await;
    for name in ["a", "b", "c"] {
        assert_eq!(scene.replica(name).calls(), ["dial first", "describe", "full 1", "delta 2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_hangs_delays_no_other_and_is_not_called_again_and_again() {
    let mut scene = Scene::new();
    scene.replica("b").mood(Mood::Hangs);
    let (one, two) = (snapshot(&["shop"]), snapshot(&["shop", "blog"]));
    scene.want(&one);
    scene.until_runs(&["a", "c"], &one).await;
    scene.want(&two);
    scene.until_runs(&["a", "c"], &two).await;
    scene
        .until("b", |state| {
            state.error.as_ref().is_some_and(|error| error.contains("not answered"))
        })
        .await;
    scene.replica("b").calls();
    sleep(Duration::from_secs(600)).await;
    let calls = scene.replica("b").calls().len();
    assert!((60..=260).contains(&calls), "{calls} calls within ten minutes");
    scene.replica("b").mood(Mood::Well);
    scene.until_runs(&["b"], &two).await;
    assert_eq!(scene.state("b").unwrap().error, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_queues_up_behind_a_slow_replica() {
    let mut scene = Scene::new();
    scene.replica("a").mood(Mood::Down);
    scene.want(&snapshot(&["shop"]));
    scene.until("a", |state| state.error.is_some()).await;
    for number in 0..20 {
        scene.want(&snapshot(&[&format!("client-{number}")]));
        sleep(Duration::from_millis(5)).await;
    }
    let last = snapshot(&["last", "of", "all"]);
    scene.want(&last);
    scene.replica("a").mood(Mood::Well);
    scene.until_runs(&["a"], &last).await;
    assert_eq!(applies(&scene.replica("a").calls()), ["full 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_with_its_reasons_and_is_not_repeated_hot() {
    let mut scene = Scene::new();
    let (good, bad, better) = (snapshot(&["shop"]), snapshot(&["shop", "bad"]), snapshot(&["a", "b", "c"]));
    scene.want(&good);
    scene.until_runs(&["a", "b", "c"], &good).await;
    scene.replica("b").mood(Mood::Refuses);
    scene.replica("b").calls();
    scene.want(&bad);
    scene.until_runs(&["a", "c"], &bad).await;
    scene.until("b", |state| state.nack.is_some()).await;
    let state = scene.state("b").unwrap();
    assert_eq!(state.nack.unwrap().faults[0].2, "no");
    assert!(Arc::ptr_eq(state.acked.as_ref().unwrap(), &good), "it still runs on the one before");
    assert_eq!(
        applies(&scene.replica("b").calls()),
        ["delta 2", "full 2"],
        "a refused delta is tried once as a whole"
    );
    sleep(Duration::from_secs(600)).await;
    let tries = applies(&scene.replica("b").calls()).len();
    assert!((2..=20).contains(&tries), "{tries} tries within ten minutes");
    scene.replica("b").mood(Mood::Well);
    scene.want(&better);
    let at = tokio::time::Instant::now();
    scene.until_runs(&["b"], &better).await;
    assert!(
        at.elapsed() < Duration::from_secs(1),
        "another configuration does not wait for the pause"
    );
    assert_eq!(scene.state("b").unwrap().nack, None);
}

#[tokio::test(start_paused = true)]
async fn a_refused_or_unknown_delta_is_sent_as_a_whole() {
    for mood in [Mood::RefusesDeltas, Mood::Forgets] {
        let mut scene = Scene::new();
        let (one, two) = (snapshot(&["shop"]), snapshot(&["shop", "blog"]));
        scene.want(&one);
        scene.until_runs(&["a"], &one).await;
        scene.replica("a").mood(mood);
        scene.want(&two);
        scene.until_runs(&["a"], &two).await;
        let calls = scene.replica("a").calls();
        assert_eq!(applies(&calls), ["full 1", "delta 2", "full 2"]);
        assert_eq!(scene.state("a").unwrap().nack, None);
    }
}

#[tokio::test(start_paused = true)]
async fn finds_a_replica_that_lost_its_configuration() {
    let mut scene = Scene::new();
    let one = snapshot(&["shop"]);
    scene.want(&one);
    scene.until_runs(&["a", "b", "c"], &one).await;
    scene.replica("a").calls();
    scene.replica("a").restart_empty();
    sleep(Duration::from_secs(16)).await;
    assert!(Arc::ptr_eq(&scene.replica("a").runs().unwrap(), &one));
    assert_eq!(scene.replica("a").calls(), ["describe", "full 1"]);
    sleep(Duration::from_secs(16)).await;
    assert_eq!(scene.replica("a").calls(), ["describe"], "all is well: nothing is sent");
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_is_made_anew_and_goes_on_with_a_delta() {
    let mut scene = Scene::new();
    let (one, two) = (snapshot(&["shop"]), snapshot(&["shop", "blog"]));
    scene.want(&one);
    scene.until_runs(&["a"], &one).await;
    scene.replica("a").calls();
    scene.replica("a").cut();
    scene.want(&two);
    scene.until_runs(&["a"], &two).await;
    assert_eq!(scene.replica("a").calls(), ["delta 2", "dial first", "describe", "delta 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_renewed_certificate_is_used_at_once() {
    let mut scene = Scene::new();
    let one = snapshot(&["shop"]);
    scene.want(&one);
    scene.until_runs(&["a"], &one).await;
    scene.replica("a").calls();
    scene.edit(|world| {
        Arc::make_mut(&mut world.secrets).insert(identity_secret(&main_server()), identity("second"));
    });
    sleep(Duration::from_millis(1)).await;
    assert_eq!(
        scene.replica("a").calls(),
        ["dial second", "describe"],
        "what it runs on is known: nothing is sent"
    );
    scene.edit(|world| {
        Arc::make_mut(&mut world.secrets).insert(identity_secret(&main_server()), identity("second"));
    });
    sleep(Duration::from_millis(1)).await;
    assert!(scene.replica("a").calls().is_empty(), "the Secret was written, but says the same");
}

#[tokio::test(start_paused = true)]
async fn says_that_the_certificate_is_missing_and_goes_on_when_it_comes() {
    let mut scene = Scene::new();
    let one = snapshot(&["shop"]);
    scene.edit(|world| {
        Arc::make_mut(&mut world.secrets).clear();
    });
    scene.want(&one);
    scene
        .until("a", |state| state.error.as_ref().is_some_and(|error| error.contains("certificate")))
        .await;
    scene.edit(|world| {
        Arc::make_mut(&mut world.secrets).insert(identity_secret(&main_server()), identity("first"));
    });
    scene.until_runs(&["a", "b", "c"], &one).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_leader_announces_itself_even_where_nothing_changed_and_an_old_one_is_refused() {
    let mut scene = Scene::new();
    let (one, two) = (snapshot(&["shop"]), snapshot(&["shop", "blog"]));
    scene.want(&one);
    scene.until_runs(&["a", "b", "c"], &one).await;
    assert_eq!(scene.replica("a").0.lock().unwrap().position.unwrap().fence, 3);
    // Another operator took over, and spoke to replica a.
    scene.replica("a").0.lock().unwrap().position.as_mut().unwrap().fence = 4;
    scene.want(&two);
    scene.until_runs(&["b", "c"], &two).await;
    scene
        .until("a", |state| {
            state.error.as_ref().is_some_and(|error| error.contains("later leader"))
        })
        .await;
    assert_eq!(scene.replica("a").runs().unwrap().clients.len(), 1);
    scene.replica("a").calls();
    sleep(Duration::from_secs(600)).await;
    assert!(applies(&scene.replica("a").calls()).len() <= 20);

    // This one leads again, with nothing to say that is new to b and c.
    scene.task.abort();
    scene
        .leadership
        .begin(5, std::time::Instant::now() + std::time::Duration::from_secs(600));
    for name in ["b", "c"] {
        scene.replica(name).calls();
    }
    let (board, reader) = watch::channel(Arc::default());
    scene.board = reader;
    let (replicas, context) = (Replicas::new(board, scene.fleet.clone()), scene.context.clone());
    scene.task = tokio::spawn(async move { replicas.run(context).await });
    scene.until_runs(&["a", "b", "c"], &two).await;
    assert_eq!(applies(&scene.replica("b").calls()), ["delta 2"]);
    assert_eq!(scene.replica("b").0.lock().unwrap().position.unwrap().fence, 5);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_is_not_ready_is_configured_and_one_that_is_gone_is_forgotten() {
    let mut scene = Scene::new();
    let one = snapshot(&["shop"]);
    scene.want(&one);
    let starting = world::Replica {
        ready: false,
        serving: false,
        ..pod("d")
    };
    scene.edit(|world| {
        let replicas = Arc::make_mut(&mut world.replicas);
        replicas.insert(main_server(), vec![pod("a"), starting]);
    });
    scene.until_runs(&["a", "d"], &one).await;
    assert_eq!(scene.board.borrow().servers[&main_server()].len(), 2);
    scene.edit(|world| {
        Arc::make_mut(&mut world.replicas).clear();
    });
    scene.board.wait_for(|board| board.servers.is_empty()).await.unwrap();
    scene.replica("a").calls();
    sleep(Duration::from_secs(60)).await;
    assert!(scene.replica("a").calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_link_ends_with_its_controller() {
    let mut scene = Scene::new();
    let one = snapshot(&["shop"]);
    scene.want(&one);
    scene.until_runs(&["a"], &one).await;
    scene.task.abort();
    let _ = (&mut scene.task).await;
    scene.replica("a").calls();
    scene.want(&snapshot(&["other"]));
    sleep(Duration::from_secs(60)).await;
    assert!(scene.replica("a").calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn measures_how_long_a_change_takes_to_every_serving_replica() {
    let mut scene = Scene::new();
    let (one, two) = (snapshot(&["shop"]), snapshot(&["shop", "blog"]));
    scene.want(&one);
    scene.until_runs(&["a", "b", "c"], &one).await;
    scene.want(&two);
    scene.until_runs(&["a", "b", "c"], &two).await;
    sleep(Duration::from_secs(1)).await;
    let metrics = scene.context.metrics.render().unwrap();
    assert!(metrics.contains("nauthera_operator_propagation_seconds_count 1"), "{metrics}");
}

#[test]
fn a_servers_names_are_those_of_its_headless_service() {
    assert_eq!(super::server_name(&main_server()), "main-config.identity.svc");
    let secrets: BTreeMap<_, _> = [(identity_secret(&main_server()), ())].into();
    assert_eq!(secrets.keys().next().unwrap().to_string(), "identity/main-config-operator");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_dialled_for_a_server_that_is_not_there() {
    let mut scene = Scene::new();
    let one = snapshot(&["shop"]);
    scene.want(&one);
    scene.until_runs(&["a"], &one).await;
    let nowhere = Key::new("elsewhere", "main");
    scene.edit(|world| {
        Arc::make_mut(&mut world.secrets).insert(identity_secret(&nowhere), identity("theirs"));
        Arc::make_mut(&mut world.replicas).insert(nowhere.clone(), vec![pod("theirs")]);
    });
    sleep(Duration::from_secs(60)).await;
    assert!(scene.replica("theirs").calls().is_empty());
    assert!(!scene.board.borrow().servers.contains_key(&nowhere));
}

#[tokio::test(start_paused = true)]
async fn what_a_replica_says_of_its_directories_is_on_the_board_for_as_long_as_it_can_be_reached() {
    let mut scene = Scene::new();
    let says = vec![DirectoryHealth::named("identity/staff", ["silent"])];
    scene.replica("a").0.lock().unwrap().directories.clone_from(&says);
    scene.want(&snapshot(&["shop"]));
    let told = |state: &ReplicaState| state.directories.as_ref().is_some_and(|said| **said == says);
    scene.until("a", told).await;
    scene.replica("a").mood(Mood::Down);
    scene.replica("a").cut();
    scene.until("a", |state| state.directories.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn a_replica_whose_configuration_changes_all_the_time_is_asked_all_the_same() {
    let mut scene = Scene::new();
    scene.want(&snapshot(&["shop"]));
    let says = vec![DirectoryHealth::named("identity/staff", ["silent"])];
    scene.replica("a").0.lock().unwrap().directories.clone_from(&says);
    for number in 0..12 {
        let wanted = snapshot(&[&format!("client-{number}")]);
        scene.want(&wanted);
        scene.until_runs(&["a"], &wanted).await;
        sleep(Duration::from_secs(5)).await;
    }
    let described = scene.replica("a").calls().iter().filter(|call| *call == "describe").count();
    assert!((3..=6).contains(&described), "{described} times within a minute");
    assert_eq!(scene.state("a").unwrap().directories, Some(Arc::new(says)));
}
