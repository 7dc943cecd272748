//! The validating webhook's listener: from when its certificate is there. cert-manager issues it when the operator's Pod runs already, and
//! the operator's own work does not wait for it.

use crate::cli::{listen, tls};
use crate::operator::webhook::{self, Webhook};
use actix_web::dev::ServerHandle;
use anyhow::Context;
use std::cell::OnceCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a certificate that is missing is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Serves the webhook, if it is asked for: where, and with the certificate of which folder. `handle` is there as long as it is served.
/// Never ends well.
///
/// # Errors
/// The address cannot be used, or the server ended.
pub async fn serve(place: Option<(SocketAddr, PathBuf)>, webhook: Webhook, handle: &OnceCell<ServerHandle>) -> anyhow::Result<()> {
    let Some((address, folder)) = place else {
        return std::future::pending().await;
    };
    let tls = certificate(&folder).await;
    // Not before: an API server that is refused goes on at once, and one that is left waiting does not.
    let listener = listen::bind(address, "--webhook-listen")?;
    let address = listener.local_addr()?;
    let server = webhook::serve(listener, tls, webhook).context("the webhook does not start")?;
    handle.set(server.handle()).ok();
    tracing::info!(%address, "the validating webhook is served");
    actix_rt::spawn(server).await.context("the webhook ended")??;
    std::future::pending().await
}

/// The certificate, as soon as it can be used. Says what is wrong with it each time that this is something else.
async fn certificate(folder: &Path) -> rustls::ServerConfig {
    let mut said = String::new();
    loop {
        match tls::server_config(&folder.join("tls.crt"), &folder.join("tls.key")) {
            Ok(config) => return config,
            Err(error) => {
                let error = format!("{error:#}");
                if error != said {
                    tracing::warn!(error, "the validating webhook is not served yet: it waits for its certificate");
                    said = error;
                }
            }
        }
        actix_rt::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::settings::Scope;
    use crate::operator::world::World;
    use std::net::TcpStream;
    use std::sync::Arc;
    use tokio::sync::watch;

    #[actix_rt::test]
    async fn a_certificate_that_comes_later_than_the_process_is_waited_for() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let address = listen::bind("127.0.0.1:0".parse().unwrap(), "").unwrap().local_addr().unwrap();
        let (_keeper, world) = watch::channel(Arc::new(World::default()));
        let webhook = Webhook {
            world,
            scope: Scope::Cluster,
        };
        let handle = OnceCell::new();
        let serving = serve(Some((address, folder.path().to_owned())), webhook, &handle);
        tokio::pin!(serving);
        assert!(futures::poll!(&mut serving).is_pending());
        assert!(TcpStream::connect(address).is_err(), "nobody is left waiting for an answer");

        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(folder.path().join("tls.crt"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
        let served = async {
            while TcpStream::connect(address).is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = served => {}
            ended = &mut serving => panic!("{ended:?}"),
        }
        handle.get().unwrap().stop(false).await;
    }
}
