//! Hears what other servers changed (LISTEN, by the triggers of `0005_notices.sql` and `0006_what_changed.sql`), on a connection of its own.

use super::connect::Connector;
use crate::store::notices::{Change, Heard, Notices};
use backon::{BackoffBuilder, ExponentialBuilder};
use futures::{StreamExt, stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error};
use tokio_util::task::AbortOnDropHandle;

/// How often the connection is asked for a sign of life, and how long that may take: one that is cut is noticed within twice this time.
const BEAT: Duration = Duration::from_millis(400);

/// The channel of the schema that the tables are in, as the triggers name it.
const LISTEN: &str = "DO $$ BEGIN
    EXECUTE format('LISTEN %I', 'nauthera_' || left(encode(sha256(convert_to(
        (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'sessions'::regclass), 'UTF8')), 'hex'), 32));
END $$";

/// Listens until it is dropped.
#[derive(Clone)]
pub(super) struct Listener {
    notices: watch::Receiver<Notices>,
    heard: Heard,
    _task: Arc<AbortOnDropHandle<()>>,
}

impl Listener {
    /// Begins, on the runtime that this is called on.
    pub(super) fn start(connector: Connector, config: Config) -> Self {
        let (told, notices) = watch::channel(Notices::default());
        let heard = Heard::default();
        let task = AbortOnDropHandle::new(tokio::spawn(listen(connector, config, told, heard.clone())));
        Self {
            notices,
            heard,
            _task: Arc::new(task),
        }
    }

    pub(super) fn notices(&self) -> watch::Receiver<Notices> {
        self.notices.clone()
    }

    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }
}

async fn listen(connector: Connector, config: Config, told: watch::Sender<Notices>, heard: Heard) {
    let pauses = || {
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(5))
            .without_max_times()
            .with_jitter()
            .build()
    };
    let mut pause = pauses();
    loop {
        match timeout(connector.deadline(), connect(&connector, &config, &told, &heard)).await {
            Ok(Ok((client, driver))) => {
                heard.begin();
                told.send_modify(|notices| {
                    notices.anything();
                    notices.told = true;
                });
                pause = pauses();
                while !driver.is_finished() && timeout(BEAT, client.simple_query("")).await.is_ok_and(|answer| answer.is_ok()) {
                    heard.forget();
                    tokio::time::sleep(BEAT).await;
                }
                heard.end();
                told.send_modify(|notices| notices.told = false);
                tracing::warn!(
                    "PostgreSQL tells no longer what other servers change: what they end is noticed a second later, until it does again"
                );
            }
            Ok(Err(error)) => tracing::debug!(error = %super::lease::fault(&error), "no connection to hear of changes"),
            Err(_) => tracing::debug!("no connection to hear of changes within the deadline"),
        }
        tokio::time::sleep(pause.next().unwrap_or(BEAT)).await;
    }
}

/// A connection that listens, and what drives it and counts.
async fn connect(
    connector: &Connector,
    config: &Config,
    told: &watch::Sender<Notices>,
    heard: &Heard,
) -> Result<(Client, AbortOnDropHandle<()>), Error> {
    let (client, connection) = connector.dial(config).await?;
    let driver = AbortOnDropHandle::new(tokio::spawn(count(connection, told.clone(), heard.clone())));
    connector.prepare(&client, true).await?;
    client.batch_execute(LISTEN).await?;
    Ok((client, driver))
}

/// Until the connection ends.
async fn count<S, T>(mut connection: Connection<S, T>, told: watch::Sender<Notices>, heard: Heard)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut messages = stream::poll_fn(|context| connection.poll_message(context));
    while let Some(Ok(message)) = messages.next().await {
        if let AsyncMessage::Notification(notification) = message {
            // First which ones, then that there are some: whoever reads anew after that reads what is so.
            match (notification.payload(), Change::read(notification.payload())) {
                (_, Some(change)) => heard.note(change),
                ("sessions", _) => told.send_modify(|notices| notices.sessions += 1),
                ("keys", _) => told.send_modify(|notices| notices.keys += 1),
                // A later release tells of something else that this one has no copies of.
                _ => {}
            }
        }
    }
}
