//! A server that is behind with its work is told to end at once: what had reached it before is answered.

use crate::cluster::manifests::{self, STEADY_KEYS};
use crate::process::Process;
use std::io::{Read, Write};
use std::net::TcpStream;

/// More than its workers take up at once.
const WAITING: usize = 40;

#[test]
fn requests_that_wait_to_be_taken_up_are_answered_before_the_end() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    manifests::write(folder.path(), "http://127.0.0.1:9", STEADY_KEYS);
    let manifests = manifests::folder(folder.path());
    let settings = [
        ("NAUTHERA_LISTEN", "127.0.0.1:0"),
        ("NAUTHERA_MANIFESTS", manifests.to_str().unwrap()),
        ("NAUTHERA_DATA", data.path().to_str().unwrap()),
        ("NAUTHERA_WORKERS", "2"),
    ];
    let mut process = Process::start(&["serve"], &settings);
    let line = process.line("its address", |line| line.contains(r#""address":"#));
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = line["address"].as_str().unwrap();
    process.line("that it is ready", |line| line.contains(r#""message":"ready""#));

    process.signal("STOP");
    let waiting: Vec<TcpStream> = (0..WAITING)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET /jwks HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
            stream
        })
        .collect();
    process.signal("TERM");
    process.signal("CONT");
    let answered = waiting
        .into_iter()
        .map(|mut stream| {
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            answer
        })
        .filter(|answer| answer.starts_with("HTTP/1.1 200"))
        .count();
    let (status, said) = process.ended();
    assert_eq!((answered, status.code()), (WAITING, Some(0)), "{said}");
}
