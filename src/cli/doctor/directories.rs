//! The directories of the manifests: each server, as a login would use it. A server starts without them, but their people cannot log in.

use super::finding::{Finding, Verdict};
use crate::actors::ldap_connector::settings;
use crate::cli::serve::ServeArgs;
use crate::config::directory_health::{Ailment, directories};
use crate::config::input::Options;
use crate::config::snapshot::{LdapConfig, Snapshot};
use crate::directory::ldap::ailment::Failure;
use crate::directory::ldap::examine::{Examination, Seen, Sight, examine};
use crate::source::Loader;
use std::sync::Arc;

const SUBJECT: &str = "directory";

/// Looks at them. Says nothing if the operator brings the configuration, or if no directory is in it.
pub async fn look(args: &ServeArgs) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(snapshot) = snapshot(args) {
        for (store, ldap) in directories(&snapshot) {
            findings.extend(look_at(store.id.as_str(), ldap).await);
        }
    }
    findings
}

/// What is wrong with the manifests is told where they are looked at.
fn snapshot(args: &ServeArgs) -> Option<Arc<Snapshot>> {
    let configuration = &args.configuration;
    let folder = configuration.manifests.clone()?;
    let options = Options {
        server: configuration.auth_server.clone(),
        ..Options::default()
    };
    Loader::new(&[folder], None, options).load().snapshot.ok()
}

async fn look_at(store: &str, ldap: &LdapConfig) -> Vec<Finding> {
    let Some(settings) = settings::of(ldap) else {
        return Vec::new();
    };
    match examine(Arc::new(settings)).await {
        Ok(servers) => judge(store, ldap, &servers),
        Err(fault) => vec![Finding::fault(SUBJECT, format!("UserStore {store}: {fault}"))],
    }
}

fn judge(store: &str, ldap: &LdapConfig, servers: &[Examination]) -> Vec<Finding> {
    let is_served = servers.iter().any(|server| server.seen.is_ok());
    let mut findings = Vec::new();
    for server in servers {
        let name = format!("UserStore {store}, {}", server.server);
        match &server.seen {
            Ok(seen) => findings.extend(seen_at(&name, ldap, server.encrypted, seen)),
            Err(failure) => findings.push(gone(&name, failure, is_served)),
        }
    }
    findings
}

fn gone(name: &str, Failure { ailment, why }: &Failure, is_served: bool) -> Finding {
    let advice = Ailment::named(ailment.as_str()).says;
    let text = format!("{name}: {advice} ({why})");
    if is_served {
        Finding::warning(SUBJECT, format!("{text}. Until then another server is used"))
    } else {
        Finding::fault(SUBJECT, format!("{text}. Until then its people cannot log in"))
    }
}

fn seen_at(name: &str, ldap: &LdapConfig, encrypted: bool, seen: &Seen) -> Vec<Finding> {
    let users = &ldap.users;
    let people = match &seen.people {
        Sight::NoBase => Err(format!(
            "{:?} (userSearch.baseDN) is not there, or the reader may not see it: nobody can log in",
            users.base_dn
        )),
        Sight::Nothing => Err(format!(
            "below {:?} nobody fits {} that the reader may see: nobody can log in. Look at userSearch.filter, and at the reader's rights",
            users.base_dn, users.filter
        )),
        Sight::Some { has_name: false, .. } => Err(format!(
            "somebody was found who has no {}, or the reader may not see it: look at userSearch.usernameAttribute",
            users.username_attribute
        )),
        Sight::Some { has_id: false, .. } => Err(
            "somebody was found without entryUUID, objectGUID, nsUniqueId or ipaUniqueID: without one nobody can log in. Let the reader read it"
                .to_owned(),
        ),
        Sight::Some { .. } => Ok("people"),
        Sight::Failed(why) => Err(format!("people cannot be searched: {why}")),
    };
    let groups = ldap.groups.as_ref().zip(seen.groups.as_ref()).map(|(groups, sight)| match sight {
        Sight::NoBase => Err((
            Verdict::Fault,
            format!(
                "{:?} (groupSearch.baseDN) is not there, or the reader may not see it: nobody can log in",
                groups.base_dn
            ),
        )),
        Sight::Nothing => Err((
            Verdict::Warning,
            format!(
                "below {:?} no group fits {} that the reader may see: people will have no groups",
                groups.base_dn, groups.filter
            ),
        )),
        Sight::Some { has_name: false, .. } => Err((
            Verdict::Warning,
            format!(
                "a group was found that has no {}: look at groupSearch.nameAttribute",
                groups.name_attribute
            ),
        )),
        Sight::Some { .. } => Ok("groups"),
        Sight::Failed(why) => Err((Verdict::Fault, format!("groups cannot be searched: {why}"))),
    });
    let mut findings = Vec::new();
    if !encrypted {
        let text = format!("{name}: passwords travel without TLS: write ldaps://, or startTLS: true");
        findings.push(Finding::warning(SUBJECT, text));
    }
    let people = people
        .map_err(|why| findings.push(Finding::fault(SUBJECT, format!("{name}: {why}"))))
        .ok();
    let groups = groups.and_then(|groups| {
        let told = |(verdict, why): (Verdict, String)| {
            let text = format!("{name}: {why}");
            findings.push(match verdict {
                Verdict::Fault => Finding::fault(SUBJECT, text),
                Verdict::Warning | Verdict::Well => Finding::warning(SUBJECT, text),
            });
        };
        groups.map_err(told).ok()
    });
    let there: Vec<&str> = people.into_iter().chain(groups).collect();
    if !there.is_empty() {
        findings.push(Finding::well(
            SUBJECT,
            format!("{name} lets the reader in, who sees {}", there.join(" and ")),
        ));
    }
    findings
}
