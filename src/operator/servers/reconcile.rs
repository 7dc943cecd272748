//! One look at one AuthServer: what is there, what is wanted, and the writes between the two.

use super::apply::{self, apply};
use super::database::{self, Choice};
use super::desired::{self, APPLIED, Asked, Circumstances, Database, Object, Subject, least_replicas, tls_secret};
use super::entry::{COMES_BACK_WITHIN, Entry};
use super::facts::{self, Certificate, Fault, Sources, fact};
use super::failure::Failure;
use super::kinds::{Extra, Made};
use super::live::Live;
use super::names::Names;
use super::secrets::{self, Content};
use super::step::{Belongs, Cause, Step, belongs, past, step};
use super::watch::Shared;
use crate::config::input::Kind;
use crate::operator::context::Context;
use crate::operator::overlay::Fact;
use crate::operator::world::{SecretView, World};
use crate::resources::AuthServerSpec;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

mod cache;
mod certificates;
mod kek;
mod store;

/// Everything is looked at this often.
const LOOK_AT_LEAST: Duration = Duration::from_secs(300);
/// Secrets of people are not watched; they are looked at this often…
const LOOK_AT_UNWATCHED: Duration = Duration::from_secs(60);
/// …and this often as long as something is missing.
const LOOK_FOR_MISSING: Duration = Duration::from_secs(10);

/// A look at one AuthServer.
pub struct Round<'a> {
    context: &'a Context,
    shared: &'a Shared,
    world: &'a World,
    entry: &'a mut Entry,
    subject: Subject,
    names: Names,
    spec: &'a AuthServerSpec,
    faults: Vec<Fault>,
    /// Nothing about its pods is changed: what they need is not there
    held: bool,
    failed: bool,
    writes: usize,
    again: Duration,
}

/// Where its data is, and whether that is there.
struct Data {
    database: Database,
    stamp: String,
    embedded: Option<&'static str>,
}

impl<'a> Round<'a> {
    /// Begins one.
    pub fn new(
        context: &'a Context,
        shared: &'a Shared,
        world: &'a World,
        entry: &'a mut Entry,
        subject: Subject,
        spec: &'a AuthServerSpec,
    ) -> Self {
        let names = Names::of(&subject.key);
        Self {
            context,
            shared,
            world,
            entry,
            subject,
            names,
            spec,
            faults: Vec::new(),
            held: false,
            failed: false,
            writes: 0,
            again: LOOK_AT_LEAST,
        }
    }

    /// Does it. What the status has to say, and how long until the next look at most.
    pub async fn run(mut self) -> (Fact, Duration) {
        if let Some(why) = self.names.fault() {
            return (facts::nothing(Fault::new("InvalidName", why)), LOOK_AT_LEAST);
        }
        let cert_manager = self.shared.lock().serves(Extra::CertManager);
        let gateway_api = self.shared.lock().serves(Extra::GatewayApi);
        let kek = self.kek().await;
        let data = self.data(kek.as_deref()).await;
        let (cache, caching) = self.cache(&data.database, kek.as_deref()).await;
        let mut restart = data.stamp;
        if let Some((_, stamp)) = &cache {
            restart.push_str(stamp);
        }
        let certificate = self.public_certificate(cert_manager).await;
        let operator_namespace = self.context.settings.namespace.clone();
        let server_image = self.context.settings.server_image.clone();
        let circumstances = Circumstances {
            operator_namespace: &operator_namespace,
            server_image: &server_image,
            cert_manager,
            gateway_api,
            database: data.database.clone(),
            cache: cache.map(|(cache, _)| cache),
            restart: &restart,
        };
        let (subject, names) = (self.subject.clone(), self.names.clone());
        let wanted = desired::objects(&Asked {
            subject: &subject,
            names: &names,
            spec: self.spec,
            circumstances: &circumstances,
        });
        for object in wanted.iter().filter(|object| object.kind < Made::Deployment) {
            if object.kind != Made::Certificate || self.may_issue(&object.name).await {
                self.object(object).await;
            }
        }
        self.config_certificates(cert_manager).await;
        if self.spec.exposure.as_ref().is_some_and(|exposure| exposure.gateway.is_some()) && !gateway_api {
            self.fault(Fault::new(
                "GatewayApiMissing",
                "exposure.gateway needs the Gateway API (gateway.networking.k8s.io/v1, HTTPRoute), which this cluster does not have",
            ));
        }
        for object in wanted.iter().filter(|object| object.kind >= Made::Deployment) {
            if !(self.held && object.kind == Made::Deployment) {
                self.object(object).await;
            }
        }
        self.prune(&wanted, &data.database).await;
        if self.writes > 0 {
            self.context.metrics.reconciled("servers");
        }
        if self.failed {
            self.again = self.again.min(self.entry.retries.longer());
        } else {
            self.entry.retries.reset();
        }
        if self.entry.awaits_secrets() {
            self.again = self.again.min(COMES_BACK_WITHIN);
        }
        let deployment = self.deployment();
        let fact = fact(&Sources {
            server: &subject.key,
            spec: self.spec,
            database: &data.database,
            embedded: data.embedded,
            caching,
            deployment: deployment.as_deref(),
            certificate,
            least: least_replicas(self.spec, &data.database),
            faults: &self.faults,
            now: Timestamp::now(),
        });
        (fact, self.again)
    }

    fn is_ours(&self, live: &Live) -> bool {
        belongs(live.owner.as_ref(), |name| live.label(name), &self.subject) == Belongs::Here
    }

    /// Its own Deployment, if it is there.
    fn deployment(&self) -> Option<Arc<Live>> {
        let live = self
            .shared
            .lock()
            .get(&self.subject.key, Made::Deployment, self.names.own())
            .cloned();
        live.filter(|live| self.is_ours(live))
    }

    fn has_deployment(&self) -> bool {
        self.deployment().is_some()
    }

    fn fault(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Something that pods need is missing: it is looked for, and what they are stays as it is.
    fn missing(&mut self, fault: Fault) {
        self.held = true;
        self.again = self.again.min(LOOK_FOR_MISSING);
        self.fault(fault);
    }

    fn failure(&mut self, failure: &Failure) {
        self.failed = true;
        tracing::warn!(server = %self.subject.key, %failure, "something of an AuthServer is not as it should be");
        self.fault(Fault::new(failure.reason(), failure.to_string()));
    }

    /// Told as an Event, too.
    fn put_back(&self, note: String) {
        let (kind, key) = (Kind::AuthServer, &self.subject.key);
        tracing::warn!(server = %key, note, "put back");
        self.context.events.warning(kind, key, "DriftCorrected", "PutBack", note);
    }

    /// Sees to one object.
    async fn object(&mut self, wanted: &Object) {
        let live = self.shared.lock().get(&self.subject.key, wanted.kind, &wanted.name).cloned();
        let known = self.entry.past(wanted.kind, &wanted.name);
        let cause = match step(wanted, live.as_deref(), &self.subject, known) {
            Step::Rest => {
                if let Some(live) = live {
                    self.entry.found(wanted.kind, &wanted.name, || past(wanted, &live));
                }
                return;
            }
            Step::Leaving => {
                self.again = self.again.min(LOOK_FOR_MISSING);
                return self.fault_of(&Failure::Leaving(apply::name(wanted.kind, &wanted.name)));
            }
            Step::Conflict => return self.fault_of(&Failure::Foreign(apply::name(wanted.kind, &wanted.name))),
            Step::Apply(cause) => cause,
        };
        let now = Instant::now();
        if cause.is_drift()
            && let Some(wait) = self.entry.has_to_wait(wanted.kind, &wanted.name, now)
        {
            self.again = self.again.min(wait);
            return;
        }
        self.writes += 1;
        match apply(&self.context.client, &self.subject, wanted, live.as_deref()).await {
            Ok(answer) => {
                let past = past(wanted, &Live::new(answer.clone()));
                self.entry.wrote(wanted.kind, &wanted.name, past, cause.is_drift(), now);
                self.shared.lock().put(wanted.kind, answer);
                let what = apply::name(wanted.kind, &wanted.name);
                match cause {
                    Cause::Wanted => tracing::info!(server = %self.subject.key, what, "applied"),
                    Cause::Deleted => self.put_back(format!("{what} had been deleted or had lost its labels: it was put back")),
                    Cause::Edited(fields) => self.put_back(format!("{what} had been changed ({}): it was put back", fields.join(", "))),
                }
            }
            // What is known may lag behind: the watch will tell.
            Err(Failure::Overtaken(what)) => {
                self.failed = true;
                tracing::debug!(server = %self.subject.key, what, "changed meanwhile; it is looked at again");
            }
            Err(failure) => self.failure(&failure),
        }
    }

    fn fault_of(&mut self, failure: &Failure) {
        self.fault(Fault::new(failure.reason(), failure.to_string()));
    }

    /// Deletes what was made for an earlier form of the AuthServer and is not wanted any more.
    async fn prune(&mut self, wanted: &[Object], database: &Database) {
        let wanted: BTreeSet<(Made, &str)> = wanted.iter().map(|object| (object.kind, object.name.as_str())).collect();
        let stale: Vec<(Made, String, Arc<Live>)> = self
            .shared
            .lock()
            .of(&self.subject.key)
            .filter(|(kind, name, live)| !wanted.contains(&(*kind, name)) && !live.is_leaving())
            .filter(|(_, _, live)| live.annotation(APPLIED).is_some())
            .filter(|(_, _, live)| live.owner.as_ref().is_some_and(|owner| owner.uid == self.subject.uid))
            .map(|(kind, name, live)| (kind, name.to_owned(), Arc::clone(live)))
            .collect();
        for (kind, name, live) in stale {
            self.writes += 1;
            match apply::delete(&self.context.client, &self.subject, kind, &name, &live.uid).await {
                Ok(()) => {
                    tracing::info!(server = %self.subject.key, what = apply::name(kind, &name), "deleted: not asked for any more");
                    self.shared.lock().remove(kind, &self.subject.key.namespace, &name);
                    self.entry.forget(kind, &name);
                }
                Err(failure) => self.failure(&failure),
            }
        }
        let has_copy = matches!(database, Database::Postgres { secret, .. } if *secret == self.names.database());
        if !has_copy {
            self.drop_secret(&self.names.database()).await;
        }
        if tls_secret(self.spec, &self.names).as_deref() != Some(self.names.tls().as_str()) {
            self.drop_secret(&self.names.tls()).await;
        }
    }
}
