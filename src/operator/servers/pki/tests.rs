use super::pair::Pair;
use super::*;
use crate::config::input::Key;
use crate::grpc::identity::Pem;
use crate::operator::servers::names::Names;
use crate::operator::world::SecretView;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::collections::{BTreeMap, VecDeque};

struct Scene {
    names: Names,
    secrets: BTreeMap<String, SecretView>,
    /// All that there ever were
    authorities: Vec<Pair>,
    /// What was there in the last ten minutes
    there: VecDeque<(Pem, Pem)>,
    now: Timestamp,
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const ALL: [&str; 3] = ["main-config-ca", "main-config-server", "main-config-operator"];

impl Scene {
    /// Handshakes are judged by the real clock: what is issued within the next two hours of the scene counts by then.
    fn new() -> Self {
        Self {
            names: Names::of(&Key::new("identity", "main")),
            secrets: BTreeMap::new(),
            authorities: Vec::new(),
            there: VecDeque::new(),
            now: Timestamp::now() - SignedDuration::from_hours(2),
        }
    }

    /// Plans and writes; what was written, and why.
    fn round(&mut self) -> Vec<(String, &'static str)> {
        let sides = Sides {
            authority: self.secrets.get(ALL[0]),
            server: self.secrets.get(ALL[1]),
            operator: self.secrets.get(ALL[2]),
        };
        let plan = plan(&self.names, sides, self.now).unwrap();
        assert!(plan.again > self.now);
        let mut done = Vec::new();
        for write in plan.writes {
            let mut view = SecretView::new(write.data.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
            view.annotations = write
                .annotations
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            done.push((write.name.clone(), write.why));
            if write.name == ALL[0] {
                self.authorities.extend(Pair::of(&view));
            }
            self.secrets.insert(write.name, view);
        }
        done
    }

    fn names_of(&mut self) -> Vec<String> {
        self.round().into_iter().map(|(name, _)| name).collect()
    }

    fn later(&mut self, by: SignedDuration) {
        self.now += by;
    }

    fn pem(&self, name: &str) -> Pem {
        let bytes = |key: &str| self.secrets[name].bytes(key).unwrap().to_vec();
        Pem {
            certificate: bytes("tls.crt"),
            key: bytes("tls.key"),
            authorities: bytes("ca.crt"),
        }
    }

    /// Whether pods that have read `server` and an operator that has read `operator` can talk to each other.
    fn can_talk(&self, server: &Pem, operator: &Pem) -> bool {
        let server = server.server_config(&self.names.operator_identity()).unwrap();
        let client = operator.client_config().unwrap();
        let name = ServerName::try_from(self.names.server_identity()).unwrap();
        let mut client = rustls::ClientConnection::new(client.into(), name).unwrap();
        let mut server = rustls::ServerConnection::new(server.into()).unwrap();
        for _ in 0..10 {
            let mut wire = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            while server.read_tls(&mut wire.as_slice()).unwrap() > 0 && server.process_new_packets().is_ok() {
                wire.clear();
            }
            let mut wire = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            while client.read_tls(&mut wire.as_slice()).unwrap() > 0 && client.process_new_packets().is_ok() {
                wire.clear();
            }
        }
        !client.is_handshaking() && !server.is_handshaking()
    }

    /// Whether who reads `trusts` trusts who shows `shows`. Unlike a handshake it does not ask what day it is.
    fn is_trusted(&self, trusts: &Pem, shows: &Pem) -> bool {
        let shown = Pair::read(&shows.certificate, &shows.key).unwrap();
        let trusted: Vec<_> = CertificateDer::pem_slice_iter(&trusts.authorities).map(Result::unwrap).collect();
        let signed_by = self.authorities.iter().filter(|authority| authority.signed(&shown));
        signed_by.clone().count() == 1 && signed_by.into_iter().all(|authority| trusted.contains(authority.certificate()))
    }

    fn both_trust(&self, server: &Pem, operator: &Pem) -> bool {
        self.is_trusted(server, operator) && self.is_trusted(operator, server)
    }

    /// An hour, minute by minute; how often something was written. Each side reads when it likes, and has read what is there ten minutes
    /// later: whatever the two have at hand, they agree.
    fn an_hour(&mut self, agree: impl Fn(&Self, &Pem, &Pem) -> bool) -> usize {
        let mut writes = 0;
        self.there.push_back((self.pem(ALL[1]), self.pem(ALL[2])));
        for _ in 0..60 {
            let written = self.round();
            writes += usize::from(!written.is_empty());
            self.there.push_back((self.pem(ALL[1]), self.pem(ALL[2])));
            while self.there.len() > 10 {
                self.there.pop_front();
            }
            let (mut servers, mut operators): (Vec<Pem>, Vec<Pem>) = self.there.iter().cloned().unzip();
            servers.dedup();
            operators.dedup();
            for (server, operator) in servers
                .iter()
                .flat_map(|server| operators.iter().map(move |operator| (server, operator)))
            {
                assert!(agree(self, server, operator), "after {written:?}");
            }
            self.later(MINUTE);
        }
        writes
    }

    fn both_talk(&self) -> bool {
        self.can_talk(&self.pem(ALL[1]), &self.pem(ALL[2]))
    }
}

#[test]
fn from_nothing_both_sides_get_what_the_other_trusts_and_then_nothing_is_written() {
    let mut scene = Scene::new();
    assert_eq!(scene.names_of(), ALL);
    assert!(scene.both_talk());
    assert_eq!(scene.round(), []);
    scene.later(DAY);
    assert_eq!(scene.round(), []);
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life_by_the_same_authority() {
    let mut scene = Scene::new();
    scene.round();
    let authority = scene.pem(ALL[0]);
    scene.later(DAY * 59);
    assert_eq!(scene.round(), []);
    scene.later(DAY * 2);
    assert_eq!(scene.names_of(), ALL[1..]);
    assert!(scene.pem(ALL[0]) == authority);
    assert_eq!(scene.round(), []);
}

#[test]
fn a_new_authority_cuts_nobody_off_at_any_step() {
    let mut scene = Scene::new();
    scene.round();
    scene.secrets.remove(ALL[0]);
    assert_eq!(scene.an_hour(Scene::can_talk), 3, "trust, show, drop");
    let authorities = String::from_utf8(scene.pem(ALL[1]).authorities).unwrap();
    assert_eq!(authorities.matches("BEGIN").count(), 1);
}

#[test]
fn a_time_that_somebody_wrote_and_that_is_yet_to_come_is_no_harm() {
    let mut scene = Scene::new();
    scene.round();
    for authority_is_there in [true, false] {
        if !authority_is_there {
            scene.secrets.remove(ALL[0]);
            scene.round();
        }
        for name in &ALL[1..] {
            let both = [scene.pem(ALL[1]).authorities, scene.pem(ALL[0]).authorities].concat();
            let pem = scene.pem(name);
            let data = [("tls.crt", pem.certificate), ("tls.key", pem.key), ("ca.crt", both)];
            let mut view = SecretView::new(data.map(|(key, value)| (key.to_owned(), value)).into());
            for annotation in ["auth.nauthera.io/trusts-since", "auth.nauthera.io/shows-since"] {
                view.annotations.insert(annotation.to_owned(), Timestamp::MAX.to_string());
            }
            scene.secrets.insert((*name).to_owned(), view);
        }
        scene.round();
        assert!(scene.both_talk());
    }
}

#[test]
fn an_authority_is_renewed_at_two_thirds_of_its_life_and_cuts_nobody_off_at_any_step() {
    let mut scene = Scene::new();
    scene.round();
    let first = scene.pem(ALL[0]);
    // Until a few days before, with each side's certificates renewed on their way
    let renewed_on = scene.now + DAY * (3650 * 2 / 3);
    while scene.now + DAY * 5 < renewed_on {
        scene.later(DAY * 5);
        scene.round();
    }
    assert!(scene.pem(ALL[0]) == first);
    let mut hours = 0;
    while scene.pem(ALL[0]) == first && hours < 7 * 24 {
        hours += 1;
        scene.an_hour(Scene::both_trust);
    }
    scene.an_hour(Scene::both_trust);
    assert!(scene.pem(ALL[0]) != first);
    let only = String::from_utf8(scene.pem(ALL[1]).authorities).unwrap();
    assert_eq!(only.matches("BEGIN").count(), 1);
    assert_eq!(only.into_bytes(), scene.pem(ALL[0]).certificate);
}

#[test]
fn a_certificate_that_expired_while_no_operator_ran_is_issued_anew() {
    let mut scene = Scene::new();
    scene.round();
    scene.later(DAY * 100);
    assert_eq!(scene.names_of(), ALL[1..]);
    // And though the authority was lost too: nobody need trust both who cannot show anything.
    scene.later(DAY * 100);
    scene.secrets.remove(ALL[0]);
    assert_eq!(scene.names_of(), ALL);
    assert!(scene.both_trust(&scene.pem(ALL[1]), &scene.pem(ALL[2])));
}

#[test]
fn what_somebody_spoilt_is_issued_anew() {
    let mut scene = Scene::new();
    scene.round();
    let mut spoilt = BTreeMap::from([("tls.crt".to_owned(), b"?".to_vec()), ("tls.key".to_owned(), b"?".to_vec())]);
    scene.secrets.insert(ALL[2].to_owned(), SecretView::new(spoilt.clone()));
    assert_eq!(scene.names_of(), ALL[2..]);
    assert!(scene.both_talk());
    // A key that belongs to another certificate
    spoilt.insert("tls.crt".to_owned(), scene.pem(ALL[1]).certificate);
    spoilt.insert("tls.key".to_owned(), scene.pem(ALL[2]).key);
    scene.secrets.insert(ALL[1].to_owned(), SecretView::new(spoilt));
    assert_eq!(scene.names_of(), ALL[1..2]);
    assert!(scene.both_talk());
}

#[test]
fn a_certificate_of_another_name_is_not_used() {
    let mut scene = Scene::new();
    scene.round();
    let operator = scene.secrets[ALL[2]].clone();
    scene.secrets.insert(ALL[1].to_owned(), operator);
    assert_eq!(scene.names_of(), ALL[1..2]);
}

#[test]
fn what_an_authority_that_is_gone_signed_is_orphaned_where_cert_manager_made_another() {
    let mut scene = Scene::new();
    scene.round();
    let orphaned = |scene: &Scene| {
        let sides = Sides {
            authority: scene.secrets.get(ALL[0]),
            server: scene.secrets.get(ALL[1]),
            operator: scene.secrets.get(ALL[2]),
        };
        orphaned(&scene.names, sides)
    };
    let issued = |scene: &mut Scene| {
        let authority = scene.secrets.get_mut(ALL[0]).unwrap();
        authority
            .annotations
            .insert("cert-manager.io/certificate-name".to_owned(), ALL[0].to_owned());
    };
    issued(&mut scene);
    assert!(orphaned(&scene).is_empty());
    scene.secrets.remove(ALL[0]);
    assert!(orphaned(&scene).is_empty(), "it is being issued");
    scene.round();
    assert!(orphaned(&scene).is_empty(), "the operator's own new one takes over step by step");
    issued(&mut scene);
    assert_eq!(orphaned(&scene), ALL[1..]);
}

#[test]
fn no_key_is_shown() {
    let mut scene = Scene::new();
    scene.round();
    let pair = Pair::of(&scene.secrets[ALL[0]]).unwrap();
    assert!(!format!("{pair:?}").contains("PRIVATE"));
}
