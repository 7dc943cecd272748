//! A server that wants to do us harm.

use super::fixture::{client, named, settings, tree};
use crate::support::slapd;
use nauthera::directory::ldap::fault::LdapFault;
use nauthera::directory::ldap::settings::{LdapSettings, Target};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BOUND: &[u8] = &[0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00];

/// A server that lets the reader in and answers the first search with these bytes, again and again if `for_ever`.
async fn answering(answer: Vec<u8>, for_ever: bool) -> LdapSettings {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let said = speak(&mut stream, &answer, for_ever).await;
                // Waits for the other side to close.
                let _ = (said, stream.read(&mut [0]).await);
            });
        }
    });
    let server = slapd::start(&tree());
    let mut settings = settings(&[&server]);
    settings.servers = vec![Target::parse(&format!("ldap://127.0.0.1:{port}"), false).unwrap()];
    settings.operation_timeout = Duration::from_secs(20);
    settings
}

async fn speak(stream: &mut TcpStream, answer: &[u8], for_ever: bool) -> std::io::Result<()> {
    let mut request = [0; 4096];
    if stream.read(&mut request).await? == 0 {
        return Ok(());
    }
    stream.write_all(BOUND).await?;
    if stream.read(&mut request).await? == 0 {
        return Ok(());
    }
    loop {
        stream.write_all(answer).await?;
        if !for_ever {
            return Ok(());
        }
    }
}

async fn outcome(answer: Vec<u8>, for_ever: bool) -> String {
    let client = client(answering(answer, for_ever).await);
    match named(&client, "alice").await {
        Err(LdapFault::Unavailable(reason) | LdapFault::Nonsense(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_says_it_is_endless_is_not_waited_for() {
    let mut endless = vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff];
    endless.resize(4096, 0);
    let reason = outcome(endless, true).await;
    assert!(reason.contains("more than"), "{reason}");
}

#[tokio::test]
async fn a_message_that_is_nested_without_end_does_not_fill_the_stack() {
    let mut bytes = vec![0x04, 0x00];
    for _ in 0..100_000 {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        let mut outer = vec![0; 0];
        outer.extend([0x30, 0x84]);
        outer.extend(length);
        if bytes.len() > 60_000 {
            break;
        }
        outer.append(&mut bytes);
        bytes = outer;
    }
    let reason = outcome(bytes, false).await;
    assert!(reason.contains("nested"), "{reason}");
}

#[tokio::test]
async fn entries_without_end_do_not_fill_the_memory() {
    // Entries of somebody else's search, each 4 kB, and no end of the search.
    let mut entry = vec![
        0x30, 0x82, 0x10, 0x07, 0x02, 0x01, 0x02, 0x64, 0x82, 0x10, 0x00, 0x04, 0x82, 0x0f, 0xfa,
    ];
    entry.resize(entry.len() + 0x0ffa, b'x');
    entry.extend([0x30, 0x00]);
    let reason = outcome(entry, true).await;
    assert!(reason.contains("more than"), "{reason}");
}

#[tokio::test]
async fn what_is_well_formed_and_yet_nonsense_ends_that_one_question() {
    for answer in [
        // No protocol operation at all; a message id that is no number; a search entry without a name.
        vec![0x30, 0x03, 0x02, 0x01, 0x02],
        vec![0x30, 0x05, 0x04, 0x01, 0x02, 0x65, 0x00],
        vec![0x30, 0x05, 0x02, 0x01, 0x02, 0x64, 0x00],
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        vec![0x30, 0x00],
    ] {
        let shown = format!("{answer:?}");
        let reason = outcome(answer, false).await;
        assert!(!reason.is_empty(), "{shown}");
    }
}
