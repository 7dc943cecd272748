//! What tools ask: health and reflection. They are behind the same certificates.

use super::stand::{Stand, sealed, two};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

const SERVICE: &str = "nauthera.config.v1.ConfigService";

#[actix_rt::test]
async fn says_that_it_serves() {
    let stand = Stand::start().await;
    let mut client = HealthClient::new(stand.channel().await);
    for service in ["", SERVICE] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let status = client.check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service:?}");
    }
    stand.stop().await;
}

async fn reflected(client: &mut ServerReflectionClient<tonic::transport::Channel>, request: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    };
    let answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    answers.into_inner().message().await.unwrap().unwrap().message_response.unwrap()
}

#[actix_rt::test]
async fn describes_itself() {
    let stand = Stand::start().await;
    let mut client = ServerReflectionClient::new(stand.channel().await);
    let MessageResponse::ListServicesResponse(list) = reflected(&mut client, MessageRequest::ListServices(String::new())).await else {
        panic!("no list");
    };
    let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    assert!(names.iter().any(|name| name == SERVICE), "{names:?}");
    assert!(names.iter().any(|name| name == "grpc.health.v1.Health"), "{names:?}");

    let apply = MessageRequest::FileContainingSymbol(format!("{SERVICE}.Apply"));
    let answer = reflected(&mut client, apply).await;
    assert!(matches!(answer, MessageResponse::FileDescriptorResponse(_)), "{answer:?}");
    stand.stop().await;
}

#[actix_rt::test]
async fn tells_how_its_directories_stand() {
    use crate::support::slapd;
    use nauthera::config::directory_health::DirectoryHealth;

    let server = slapd::start(&slapd::Tree::default());
    let stand = Stand::start().await;
    let mut snapshot = two();
    snapshot
        .user_stores
        .insert(0, crate::directory::fixture::store("identity/ldap", &[&server]));
    stand.test.apply(sealed(snapshot)).await;
    let mut told = stand.test.platform.connectors.health();
    let mut link = stand.link().await;
    for ailment in ["", "unreachable"] {
        if !ailment.is_empty() {
            server.kill();
        }
        let wanted = vec![DirectoryHealth::named("identity/ldap", [ailment])];
        told.wait_for(|told| **told == wanted).await.unwrap();
        assert_eq!(link.describe().await.unwrap().directories, wanted);
    }
    stand.stop().await;
}
