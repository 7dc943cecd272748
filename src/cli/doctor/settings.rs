//! What needs nothing but this machine: addresses, folders, manifests, key-encryption keys.

use super::finding::Finding;
use crate::cli::serve::ServeArgs;
use crate::cli::{kek, listen};
use crate::config::input::Options;
use crate::source::Loader;
use std::net::SocketAddr;
use std::path::Path;

/// Looks at them.
pub fn look(args: &ServeArgs) -> Vec<Finding> {
    let mut findings = vec![address("listen", args.listen, "--listen"), data(&args.data)];
    let configuration = &args.configuration;
    if let Some(config) = configuration.config_listen {
        findings.push(address("config listen", config, "--config-listen"));
    }
    findings.extend(
        configuration
            .manifests
            .as_deref()
            .map(|folder| manifests(folder, configuration.auth_server.clone())),
    );
    if let (Some(folder), Some(server)) = (&configuration.kek, &configuration.auth_server) {
        findings.push(keys(folder, server));
    } else {
        let text = "signing keys lie in the database in the clear; seal them with --kek and --auth-server";
        findings.push(Finding::warning("sealing", text));
    }
    findings
}

fn address(subject: &'static str, address: SocketAddr, flag: &str) -> Finding {
    match listen::bind(address, flag) {
        Ok(_) => Finding::well(subject, format!("{address} is free")),
        Err(error) => Finding::warning(subject, format!("{error:#} (if that is the server itself, all is well)")),
    }
}

fn data(folder: &Path) -> Finding {
    let shown = folder.display();
    if !folder.exists() {
        return Finding::well("data", format!("{shown} is not there yet and will be made"));
    }
    match tempfile_in(folder) {
        Ok(()) => Finding::well("data", format!("{shown} can be written to")),
        Err(error) => Finding::fault(
            "data",
            format!("{shown} cannot be written to: {error}. Give it to the server's user, or name another with --data"),
        ),
    }
}

/// Makes a file and takes it away.
fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let file = folder.join(format!(".nauthera-doctor-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&file)?;
    std::fs::remove_file(file)
}

fn manifests(folder: &Path, server: Option<String>) -> Finding {
    let subject = "manifests";
    if let Err(error) = std::fs::read_dir(folder) {
        return Finding::fault(subject, format!("--manifests {} cannot be read: {error}", folder.display()));
    }
    let options = Options {
        server,
        ..Options::default()
    };
    let update = Loader::new(&[folder.to_owned()], None, options.clone()).load();
    if let Err(error) = update.compiled.chosen(&options) {
        return Finding::fault(subject, error.to_string());
    }
    let complaints = update.complaints();
    match complaints.first() {
        None => Finding::well(subject, format!("{} resources, all accepted", update.compiled.verdicts.len())),
        Some(first) => {
            let text = format!(
                "{first} (and {} more; `nauthera check -f {}` tells all)",
                complaints.len() - 1,
                folder.display()
            );
            Finding::warning(subject, text)
        }
    }
}

fn keys(folder: &Path, server: &str) -> Finding {
    match kek::open_once(folder, server) {
        Ok(sealer) => Finding::well(
            "sealing",
            format!("with {}; opens {}", sealer.keys().newest(), sealer.keys().ids().join(", ")),
        ),
        Err(error) => Finding::fault("sealing", format!("{error:#}")),
    }
}
