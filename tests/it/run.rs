//! `nauthera dev` and `nauthera serve` as a person or an init system runs them.

use crate::support::process::{Process, copy_of_samples};
use std::fs;
use std::path::Path;
use std::process::Command;

fn shell(line: &str) -> serde_json::Value {
    let ran = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn is_curl(line: &str) -> bool {
    line.starts_with("curl ")
}

#[test]
fn the_line_that_dev_prints_gives_a_token_when_it_is_pasted_into_a_shell() {
    let (samples, data) = (copy_of_samples(), tempfile::tempdir().unwrap());
    let mut dev = Process::dev(samples.path(), data.path());
    let answer = shell(&dev.line("the curl line", is_curl));
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["access_token"].as_str().unwrap().split('.').count(), 3);
}

#[test]
fn dev_keeps_its_secrets_across_a_restart_and_ends_with_zero_on_a_signal() {
    let (samples, data) = (copy_of_samples(), tempfile::tempdir().unwrap());
    let credentials = |line: &str| line.split('\'').nth(1).unwrap().to_owned();
    let mut seen = Vec::new();
    for signal in ["TERM", "INT"] {
        let mut dev = Process::dev(samples.path(), data.path());
        seen.push(credentials(&dev.line("the curl line", is_curl)));
        dev.line("how to stop", |line| line.contains("Ctrl+C"));
        dev.signal(signal);
        let (status, said) = dev.ended();
        assert_eq!(status.code(), Some(0), "{said}");
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn the_demo_client_answers_and_offers_the_login() {
    let (samples, data) = (copy_of_samples(), tempfile::tempdir().unwrap());
    let mut dev = Process::dev(samples.path(), data.path());
    let demo = dev.row("Try it");
    let issuer = dev.row("Server");
    let page = Command::new("curl").args(["-s", &demo]).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains(r#"href="/login""#), "{page}");
    let login = Command::new("curl")
        .args(["-s", "-o", "/dev/null", "-w", "%{redirect_url}", &format!("{demo}/login")])
        .output()
        .unwrap();
    let to = String::from_utf8(login.stdout).unwrap();
    assert!(
        to.starts_with(&format!("{issuer}/authorize?")) && to.contains("code_challenge_method=S256"),
        "{to}"
    );
}

#[test]
fn dev_is_reached_by_name_at_every_address_that_localhost_stands_for() {
    let (samples, data) = (copy_of_samples(), tempfile::tempdir().unwrap());
    let (manifests, data) = (samples.path().to_str().unwrap(), data.path().to_str().unwrap());
    let places = ["--manifests", manifests, "--data", data];
    let mut dev = Process::start(
        &[&["dev", "--listen", "localhost:0", "--demo-listen", "127.0.0.1:0"], &places[..]].concat(),
        &[],
    );
    let issuer = dev.row("Server");
    let port = issuer.strip_prefix("http://localhost:").expect(&issuer);
    let mut addresses = vec!["localhost", "127.0.0.1"];
    addresses.extend(std::net::TcpListener::bind("[::1]:0").is_ok().then_some("[::1]"));
    for address in addresses {
        let found = shell(&format!("curl -sg http://{address}:{port}/.well-known/openid-configuration"));
        assert_eq!(found["issuer"], issuer.as_str(), "{address}");
    }
    assert_eq!(shell(&dev.line("the curl line", is_curl))["token_type"], "Bearer");
}

#[test]
fn a_port_in_use_is_an_error_that_says_what_to_do() {
    let (samples, data) = (copy_of_samples(), tempfile::tempdir().unwrap());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (manifests, data) = (samples.path().to_str().unwrap(), data.path().to_str().unwrap());
    let dev = Process::start(&["dev", "--listen", &address, "--manifests", manifests, "--data", data], &[]);
    let (status, said) = dev.ended();
    assert_eq!(status.code(), Some(1));
    assert!(
        said.contains(&format!("{address} is in use")) && said.contains("--listen"),
        "{said}"
    );
}

#[test]
fn dev_refuses_to_speak_plain_http_beyond_this_machine() {
    let dev = Process::start(&["dev", "--listen", "0.0.0.0:0"], &[]);
    let (status, said) = dev.ended();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("loopback") && said.contains("nauthera serve"), "{said}");
}

#[test]
fn a_file_that_breaks_is_reported_with_its_line_and_the_last_good_configuration_stays() {
    let (samples, data) = (copy_of_samples(), tempfile::tempdir().unwrap());
    let mut dev = Process::dev(samples.path(), data.path());
    let curl = dev.line("the curl line", is_curl);
    let file = first_file(samples.path());
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{good}\n---\nkind: [unclosed\n")).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let report = dev.line("a report of the broken file", |line| line.contains(&name));
    let line = report
        .split(&format!("{name}:"))
        .nth(1)
        .and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
    assert!(line.is_some_and(|line| line > good.lines().count()), "{report}");
    assert_eq!(shell(&curl)["token_type"], "Bearer", "what was good stays");
    fs::write(&file, good).unwrap();
    dev.line("that all is well again", |line| line.contains(&name) || line.contains("revision"));
}

#[test]
fn dev_starts_on_broken_manifests_says_why_and_goes_on_once_they_are_mended() {
    let (manifests, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(manifests.path().join("platform.yaml"), "kind: [unclosed\n").unwrap();
    let mut dev = Process::dev(manifests.path(), data.path());
    dev.line("a report of the broken file", |line| line.contains("platform.yaml:"));
    let samples = copy_of_samples();
    fs::remove_file(manifests.path().join("platform.yaml")).unwrap();
    for entry in fs::read_dir(samples.path()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, manifests.path().join(path.file_name().unwrap())).unwrap();
    }
    let curl = dev.line("the curl line", is_curl);
    assert_eq!(shell(&curl)["token_type"], "Bearer");
}

fn first_file(folder: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "yaml"))
        .unwrap()
}
