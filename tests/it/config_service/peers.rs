//! Who may talk to whom.

use super::authority::Authority;
use super::stand::{FIRST, OPERATOR, REPLICA, Stand, send, taken, two};
use nauthera::grpc::identity::Pem;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Settings for TLS in these versions, without a certificate of one's own.
fn anonymous(authorities: &Pem, versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(&authorities.authorities).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

#[actix_rt::test]
async fn a_client_of_another_name_is_refused_though_the_same_authority_signed_it() {
    let stand = Stand::start().await;
    for name in [
        REPLICA,
        "operator.other-config.identity.svc",
        "operator.main-config.team-b.svc",
        "identity.svc",
        "*.main-config.identity.svc.example.org",
    ] {
        let refused = stand.link_as(&stand.authority.issue(name)).await;
        assert!(refused.is_err(), "{name}");
    }
    assert!(stand.link_as(&stand.authority.issue(OPERATOR)).await.is_ok());
    stand.stop().await;
}

#[actix_rt::test]
async fn a_client_of_another_authority_is_refused_though_the_name_is_right() {
    let stand = Stand::start().await;
    let forged = Pem {
        authorities: stand.authority.issue(OPERATOR).authorities,
        ..Authority::new().issue(OPERATOR)
    };
    assert!(stand.link_as(&forged).await.is_err());
    stand.stop().await;
}

#[actix_rt::test]
async fn a_client_without_a_certificate_is_refused() {
    let stand = Stand::start().await;
    let config = anonymous(&stand.authority.issue(OPERATOR), &[&rustls::version::TLS13]);
    // The handshake ends on the client's side before the server says no.
    let mut stream = stand.tls(config).await.unwrap();
    let refused = stream.read_u8().await.unwrap_err().to_string();
    assert!(refused.contains("CertificateRequired"), "{refused}");
    stand.stop().await;
}

#[actix_rt::test]
async fn a_client_whose_certificate_has_expired_is_refused() {
    let stand = Stand::start().await;
    assert!(stand.link_as(&stand.authority.issue_expired(OPERATOR)).await.is_err());
    stand.stop().await;
}

#[actix_rt::test]
async fn a_certificate_for_servers_makes_no_client() {
    let stand = Stand::start().await;
    assert!(stand.link_as(&stand.authority.issue_for_servers_only(OPERATOR)).await.is_err());
    stand.stop().await;
}

#[actix_rt::test]
async fn the_operator_talks_to_no_one_but_the_replica_that_it_means() {
    let stand = Stand::start().await;
    let operator = stand.authority.issue(OPERATOR);
    let other = stand
        .link_to("other-config.identity.svc", &operator)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(other.contains("certificate"), "{other}");
    // Its authority is another: whoever took the address is not trusted.
    let stranger = Pem {
        authorities: Authority::new().issue(OPERATOR).authorities,
        ..operator
    };
    let unknown = stand.link_as(&stranger).await.err().unwrap().to_string();
    assert!(unknown.contains("certificate"), "{unknown}");
    stand.stop().await;
}

#[actix_rt::test]
async fn nothing_below_tls_1_3_is_spoken() {
    let stand = Stand::start().await;
    let config = anonymous(&stand.authority.issue(OPERATOR), &[&rustls::version::TLS12]);
    let refused = stand.tls(config).await.unwrap_err().to_string();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    stand.stop().await;
}

/// A session that is taken up again skips the certificate: it would outlive it.
#[actix_rt::test]
async fn every_connection_proves_itself_anew() {
    let stand = Stand::start().await;
    let mut config = stand.authority.issue(OPERATOR).client_config().unwrap();
    config.resumption = rustls::client::Resumption::in_memory_sessions(8);
    for _ in 0..2 {
        let mut stream = stand.tls(config.clone()).await.unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        // HTTP/2's preface and an empty SETTINGS frame (RFC 9113 §3.4): tickets come before the answer.
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
            .await
            .unwrap();
        stream.read_exact(&mut [0; 9]).await.unwrap();
    }
    stand.stop().await;
}

#[actix_rt::test]
async fn those_who_were_refused_do_not_stand_in_the_way() {
    let stand = Stand::start().await;
    let wrong = stand.authority.issue("somebody.example.org");
    // More than there are places for
    for _ in 0..40 {
        assert!(stand.link_as(&wrong).await.is_err());
    }
    let mut link = stand.link().await;
    assert_eq!(send(&mut link, &two(), FIRST).await, taken(&two()));
    stand.stop().await;
}
