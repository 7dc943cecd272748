//! Certificates that are renewed while the replica runs.

use super::authority::Authority;
use super::stand::{FIRST, OPERATOR, REPLICA, Stand, send, taken, two};
use nauthera::grpc::identity::Pem;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::time::Duration;

/// The replica looks at its files by then.
const A_LOOK: Duration = Duration::from_secs(2);

/// The certificate that a new connection is shown.
async fn shown(stand: &Stand, as_whom: &Pem) -> Option<Vec<u8>> {
    let stream = stand.tls(as_whom.client_config().unwrap()).await.ok()?;
    Some(stream.get_ref().1.peer_certificates()?[0].to_vec())
}

fn der(pem: &Pem) -> Vec<u8> {
    CertificateDer::from_pem_slice(&pem.certificate).unwrap().to_vec()
}

/// Waits until new connections are shown this certificate.
async fn in_use(stand: &Stand, pem: &Pem, as_whom: &Pem) {
    stand.passes(A_LOOK).await;
    while shown(stand, as_whom).await != Some(der(pem)) {
        tokio::task::yield_now().await;
    }
}

#[actix_rt::test]
async fn a_connection_lives_on_and_new_ones_get_the_new_certificate() {
    let stand = Stand::start().await;
    let operator = stand.authority.issue(OPERATOR);
    let mut old = stand.link().await;
    let renewed = stand.authority.issue(REPLICA);
    assert_ne!(shown(&stand, &operator).await, Some(der(&renewed)));
    stand.renew(&renewed);
    in_use(&stand, &renewed, &operator).await;
    assert_eq!(send(&mut old, &two(), FIRST).await, taken(&two()));
    assert!(stand.link_as(&operator).await.is_ok());
    stand.stop().await;
}

#[actix_rt::test]
async fn what_cannot_be_used_changes_nothing_until_something_usable_comes() {
    let stand = Stand::start().await;
    let operator = stand.authority.issue(OPERATOR);
    let first = shown(&stand, &operator).await;
    let (one, other) = (stand.authority.issue(REPLICA), stand.authority.issue(REPLICA));
    let of_two_halves = Pem {
        key: other.key,
        ..one.clone()
    };
    let half_written = Pem {
        certificate: one.certificate[..one.certificate.len() / 2].to_vec(),
        ..one.clone()
    };
    let empty = Pem {
        authorities: Vec::new(),
        ..one.clone()
    };
    for unusable in [of_two_halves, half_written, empty] {
        stand.renew(&unusable);
        stand.passes(A_LOOK).await;
        assert_eq!(shown(&stand, &operator).await, first);
        assert!(stand.link_as(&operator).await.is_ok());
    }
    stand.renew(&one);
    in_use(&stand, &one, &operator).await;
    stand.stop().await;
}

#[actix_rt::test]
async fn with_another_authority_only_its_clients_are_let_in() {
    let stand = Stand::start().await;
    let (before, after) = (stand.authority.issue(OPERATOR), Authority::new());
    let renewed = after.issue(REPLICA);
    stand.renew(&renewed);
    let operator = after.issue(OPERATOR);
    in_use(&stand, &renewed, &operator).await;
    assert!(stand.link_as(&operator).await.is_ok());
    // It trusts the new certificate of the replica, but has only its old one to show.
    let old = Pem {
        authorities: operator.authorities,
        ..before
    };
    assert!(stand.link_as(&old).await.is_err());
    stand.stop().await;
}
