//! What is said to a replica's config service, and who says it.

use nauthera::config::snapshot::{Position, Snapshot};
use nauthera::grpc::client::{Link, Outcome};
use nauthera::wire::Prepared;

/// The AuthServer, and the names that its operator and its replicas prove.
pub const SERVER: &str = "identity/main";
pub const OPERATOR: &str = "operator.main-config.identity.svc";
pub const REPLICA: &str = "main-config.identity.svc";

/// Sends everything.
pub async fn send(link: &mut Link, snapshot: &Snapshot, at: Position) -> Outcome {
    link.apply(&Prepared::whole(snapshot), at).await.unwrap()
}

/// What a configuration is answered with that is in force from then on.
pub fn taken(snapshot: &Snapshot) -> Outcome {
    Outcome::Ack {
        revision: snapshot.revision.clone(),
        changed: true,
    }
}
