//! Reads a question: bounded in size and time, and in what all of them take together. The endpoint cannot tell the API server from any
//! other pod, so what strangers send must not be the operator's end.

use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use futures::{Stream, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A question holds the object twice, and the API server takes objects of up to 1.5 MiB.
pub const LONGEST: usize = 4 << 20;
/// A question that is not complete by then is given up. The API server waits for an answer about as long.
const WITHIN: Duration = Duration::from_secs(3);
/// What questions that are being read, or wait to be judged, may take together.
const TOGETHER: usize = 16 << 20;
/// What a permit stands for.
const KIB: usize = 1024;

/// Why there is no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// More than [`LONGEST`]
    #[error("the question is longer than 4 MiB")]
    TooLong,
    /// It did not arrive in time
    #[error("the question did not arrive in time")]
    TooSlow,
    /// Others take all the memory that there is for questions
    #[error("too many questions at once; try again")]
    TooMany,
    /// The connection broke
    #[error("the question is incomplete")]
    Broken,
}

impl Unread {
    /// The status that tells it.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// A question, and the room that it takes.
pub struct Body {
    /// The text
    pub bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

/// The room for questions. Clones share it.
#[derive(Clone)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(TOGETHER / KIB)))
    }
}

impl Room {
    /// Reads a question.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn read(&self, payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin) -> Result<Body, Unread> {
        timeout(WITHIN, self.collect(payload)).await.unwrap_or(Err(Unread::TooSlow))
    }

    async fn collect(&self, mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin) -> Result<Body, Unread> {
        let (mut bytes, mut room, mut held) = (Vec::new(), None::<OwnedSemaphorePermit>, 0);
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Unread::Broken)?;
            let length = bytes.len() + chunk.len();
            if length > LONGEST {
                return Err(Unread::TooLong);
            }
            let wanted = u32::try_from(length.div_ceil(KIB)).unwrap_or(u32::MAX);
            if wanted > held {
                let more = Arc::clone(&self.0)
                    .try_acquire_many_owned(wanted - held)
                    .map_err(|_| Unread::TooMany)?;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
                held = wanted;
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Body { bytes, _room: room })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    fn chunks(number: usize, length: usize) -> impl Stream<Item = Result<Bytes, PayloadError>> + Unpin {
        stream::iter((0..number).map(move |_| Ok(Bytes::from(vec![b' '; length]))))
    }

    #[tokio::test]
    async fn a_question_is_what_was_sent_and_its_room_is_free_again() {
        let room = Room::default();
        for _ in 0..20 {
            let body = room.read(chunks(64, 65_536)).await.ok().unwrap();
            assert_eq!(body.bytes.len(), LONGEST);
        }
        assert_eq!(room.0.available_permits(), TOGETHER / KIB);
    }

    #[tokio::test]
    async fn one_that_is_too_long_is_not_read_to_its_end() {
        let endless = stream::repeat_with(|| Ok(Bytes::from_static(&[b' '; 65_536])));
        assert_eq!(Room::default().read(endless).await.err(), Some(Unread::TooLong));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_stalls_is_given_up() {
        let stalled = chunks(1, 100).chain(stream::pending());
        assert_eq!(Room::default().read(stalled).await.err(), Some(Unread::TooSlow));
    }

    #[tokio::test]
    async fn questions_that_take_all_the_room_keep_the_next_out_and_small_ones_take_little() {
        let room = Room::default();
        let mut held = Vec::new();
        for _ in 0..TOGETHER / LONGEST {
            held.push(room.read(chunks(64, 65_536)).await.ok().unwrap());
        }
        assert_eq!(room.read(chunks(1, 100)).await.err(), Some(Unread::TooMany));
        held.pop();
        let small: Vec<_> = stream::iter(0..1000).then(|_| room.read(chunks(1, 100))).collect().await;
        assert!(small.iter().all(Result::is_ok));
    }
}
