//! What a peer that may speak cannot do all the same.

use super::stand::{FIRST, Stand, send, taken, two};
use nauthera::grpc::server::MESSAGE_BYTES;
use nauthera::wire::message::{self as m, apply_request::Part, apply_response::Outcome};
use nauthera::wire::{MAX_BYTES, Prepared};
use prost::Message;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_stream::StreamExt;
use tonic::{Code, Status};

/// A call that does not end is cut off by then.
const CALL_WITHIN: Duration = Duration::from_secs(30);
/// So many may put a configuration together at once.
const APPLYING: usize = 4;

fn request(part: Part) -> m::ApplyRequest {
    m::ApplyRequest { part: Some(part) }
}

fn header() -> m::ApplyRequest {
    request(Part::Header(Prepared::whole(&two()).header(FIRST)))
}

fn nack(answer: Result<tonic::Response<m::ApplyResponse>, Status>) -> String {
    match answer.unwrap().into_inner().outcome {
        Some(Outcome::Nack(nack)) => nack.faults[0].reason.clone(),
        other => panic!("{other:?}"),
    }
}

/// The replica is as it was, and takes what is right.
async fn is_well(stand: Stand) {
    assert!(stand.current().is_none());
    assert_eq!(send(&mut stand.link().await, &two(), FIRST).await, taken(&two()));
    stand.stop().await;
}

#[actix_rt::test]
async fn a_message_that_is_too_large_is_refused() {
    let stand = Stand::start().await;
    let large = request(Part::Portion(vec![0; MESSAGE_BYTES + 1].into()));
    let refused = stand.raw().await.apply(tokio_stream::iter([header(), large])).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused}");
    Box::pin(is_well(stand)).await;
}

#[actix_rt::test]
async fn an_endless_configuration_is_cut_off() {
    let stand = Stand::start().await;
    let portion = m::Portion {
        removed: vec!["x".repeat(1024 * 1024)],
        ..m::Portion::default()
    };
    let portion = request(Part::Portion(portion.encode_to_vec().into()));
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let endless = tokio_stream::once(header()).chain(tokio_stream::iter(std::iter::repeat_with(move || {
        count.fetch_add(1, Ordering::SeqCst);
        portion.clone()
    })));
    let said = nack(stand.raw().await.apply(endless).await);
    assert!(said.contains("more than"), "{said}");
    // What was on its way when it said no: the windows of HTTP/2
    let taken = sent.load(Ordering::SeqCst) * 1024 * 1024;
    assert!(taken < MAX_BYTES + 32 * 1024 * 1024, "{taken} bytes");
    Box::pin(is_well(stand)).await;
}

#[actix_rt::test]
async fn garbage_is_refused_at_the_first_portion() {
    let stand = Stand::start().await;
    let garbage = request(Part::Portion(vec![0xff; 1024].into()));
    let endless = tokio_stream::once(header()).chain(tokio_stream::iter(std::iter::repeat(garbage)));
    let said = nack(stand.raw().await.apply(endless).await);
    assert!(said.contains("cannot be read"), "{said}");
    Box::pin(is_well(stand)).await;
}

#[actix_rt::test]
async fn messages_out_of_order_are_refused() {
    let stand = Stand::start().await;
    let portion = || request(Part::Portion(Prepared::whole(&two()).portions[0].clone()));
    let no_position = m::Header {
        position: None,
        ..Prepared::whole(&two()).header(FIRST)
    };
    for wrong in [
        vec![],
        vec![m::ApplyRequest { part: None }],
        vec![portion(), header()],
        vec![header(), header()],
        vec![header(), portion(), m::ApplyRequest { part: None }],
        vec![request(Part::Header(no_position)), portion()],
    ] {
        let shown = format!("{wrong:?}");
        let refused = stand.raw().await.apply(tokio_stream::iter(wrong)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{shown}: {refused}");
    }
    Box::pin(is_well(stand)).await;
}

/// A call whose header goes out, and after which nothing more comes.
async fn stalled(stand: &Stand) -> tokio::task::JoinHandle<Status> {
    let mut client = stand.raw().await;
    let (begun, beginning) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let silence = tokio_stream::once(header()).chain(futures::stream::poll_fn(move |_| {
        begun.take().map(|begun| begun.send(()));
        std::task::Poll::Pending
    }));
    let call = tokio::task::spawn_local(async move { client.apply(silence).await.unwrap_err() });
    beginning.await.unwrap();
    call
}

#[actix_rt::test]
async fn who_stalls_is_cut_off_and_holds_up_nobody() {
    let stand = Stand::start().await;
    let first = stalled(&stand).await;
    let mut link = stand.link().await;
    assert_eq!(send(&mut link, &two(), FIRST).await, taken(&two()));

    let mut calls = vec![first];
    for _ in 1..APPLYING {
        calls.push(stalled(&stand).await);
    }
    // Every place is taken: whoever comes now is told so, and not left waiting.
    let refused = loop {
        match link.apply(&Prepared::whole(&two()), FIRST).await {
            Err(refused) => break refused.to_string(),
            // The last of them had not been heard yet.
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert!(refused.contains("try again"), "{refused}");

    stand.passes(CALL_WITHIN).await;
    for call in calls {
        let cut_off = call.await.unwrap();
        assert!(matches!(cut_off.code(), Code::Cancelled | Code::DeadlineExceeded), "{cut_off}");
    }
    assert!(link.apply(&Prepared::whole(&two()), FIRST).await.is_ok());
    stand.stop().await;
}
