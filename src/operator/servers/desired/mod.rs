//! What an AuthServer comes to in the cluster: every object as it should be, but for Secrets. Pure.

mod access;
mod certificates;
mod deployment;
mod exposure;
mod object;
mod pod;
mod scaling;
#[cfg(test)]
mod tests;

pub use object::{APPLIED, Object, SERVER, Subject, digest_of};
pub use scaling::{least_replicas, replicas};

use super::names::Names;
use crate::resources::AuthServerSpec;

/// Where a server's data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// In PostgreSQL
    Postgres {
        /// The Secret with its address, in the AuthServer's namespace
        secret: String,
        /// That Secret has a `ca.crt`
        authority: bool,
        /// It has a `tls.crt` and a `tls.key`
        client: bool,
    },
    /// In SQLite, within its one pod
    Embedded,
}

/// Where a server caches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// The Secret with its address, in the AuthServer's namespace
    pub secret: String,
    /// That Secret has a `ca.crt` that counts
    pub authority: bool,
    /// It has a `tls.crt` and a `tls.key` that count
    pub client: bool,
}

/// Everything beside the AuthServer itself that decides what is made.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    /// The namespace from which configuration may be sent
    pub operator_namespace: &'a str,
    /// The image of servers whose AuthServer names none
    pub server_image: &'a str,
    /// cert-manager issues the certificates
    pub cert_manager: bool,
    /// There are HTTPRoutes
    pub gateway_api: bool,
    /// Where its data is
    pub database: Database,
    /// Where it caches, if it does
    pub cache: Option<Cache>,
    /// Changes when pods have to be started anew for something that their own form does not show, such as the database's address
    pub restart: &'a str,
}

/// One AuthServer, with everything that decides what is made for it.
pub struct Asked<'a> {
    /// Which
    pub subject: &'a Subject,
    /// What belongs to it is called so
    pub names: &'a Names,
    /// Its spec, in the form that is in force
    pub spec: &'a AuthServerSpec,
    /// Everything else
    pub circumstances: &'a Circumstances<'a>,
}

impl Asked<'_> {
    /// Whether pods serve HTTPS themselves.
    fn https(&self) -> bool {
        self.spec.tls.is_some()
    }

    /// The name of the port that people come in by.
    fn port_name(&self) -> &'static str {
        if self.https() { "https" } else { "http" }
    }

    /// The port of the Service.
    fn service_port(&self) -> u16 {
        if self.https() { 443 } else { 80 }
    }

    /// The port of the pods.
    fn pod_port(&self) -> u16 {
        if self.https() { 8443 } else { 8080 }
    }

    /// The Secret with the certificate of its HTTPS.
    fn tls_secret(&self) -> Option<String> {
        tls_secret(self.spec, self.names)
    }
}

/// The Secret with the certificate of a server's HTTPS, if it serves that.
pub fn tls_secret(spec: &AuthServerSpec, names: &Names) -> Option<String> {
    let tls = spec.tls.as_ref()?;
    Some(match &tls.cert_secret_ref {
        Some(reference) => reference.name.clone(),
        None => names.tls(),
    })
}

/// Every object, in the order in which they are made.
pub fn objects(asked: &Asked<'_>) -> Vec<Object> {
    let mut objects = access::objects(asked);
    objects.extend(certificates::objects(asked));
    objects.push(deployment::object(asked));
    objects.extend(scaling::objects(asked));
    objects.extend(exposure::object(asked));
    objects
}
