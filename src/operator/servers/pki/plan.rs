//! What has to be written so that both sides have certificates that the other trusts. Pure but for the keys that are made.
//!
//! A new authority comes in three steps, so that at no moment one side shows what the other does not trust yet: first both sides are
//! told to trust it too; when both have read that, they get certificates of it; when both show those, the authority before is dropped.

use super::issue::{self, IssueError, Side};
use super::pair::Pair;
use crate::operator::servers::names::Names;
use crate::operator::world::SecretView;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::collections::BTreeMap;

/// By then every node has brought a changed Secret to its pods, and every pod has read it.
const BOTH_HAVE_READ_IT: SignedDuration = SignedDuration::from_mins(10);
/// Since when a side trusts the present authority (RFC 3339).
const TRUSTS_SINCE: &str = "auth.nauthera.io/trusts-since";
/// Since when a side shows what it shows (RFC 3339).
const SHOWS_SINCE: &str = "auth.nauthera.io/shows-since";

/// The Secrets as they are.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// Of the authority
    pub authority: Option<&'a SecretView>,
    /// Of the pods
    pub server: Option<&'a SecretView>,
    /// Of the operator
    pub operator: Option<&'a SecretView>,
}

/// A Secret as it should be.
#[derive(Clone)]
pub struct Write {
    /// Its name
    pub name: String,
    /// Its values
    pub data: BTreeMap<&'static str, Vec<u8>>,
    /// Its annotations
    pub annotations: BTreeMap<&'static str, String>,
    /// Why it is written, for a log line
    pub why: &'static str,
    /// What was there before could not be used
    pub spoilt: bool,
}

/// What to write, and when to look again if nothing happens before.
pub struct Plan {
    /// In this order
    pub writes: Vec<Write>,
    /// By then there is more to do
    pub again: Timestamp,
}

/// One side, as it is.
struct Leaf<'a> {
    side: Side,
    name: String,
    pair: Option<Pair>,
    trusted: Vec<CertificateDer<'static>>,
    secret: Option<&'a SecretView>,
    now: Timestamp,
}

impl Leaf<'_> {
    fn since(&self, annotation: &str) -> Timestamp {
        let since = self.secret.and_then(|secret| secret.annotations.get(annotation));
        let since = since.and_then(|since| since.parse().ok());
        // What cert-manager issued has been there for long. People can write annotations, so this may be any time: none is to come.
        since.unwrap_or(Timestamp::UNIX_EPOCH).min(self.now)
    }

    fn trusts(&self, authority: &Pair) -> bool {
        self.trusted.contains(authority.certificate())
    }
}

/// What has to be written.
///
/// # Errors
/// The system's random generator fails.
pub fn plan(names: &Names, sides: Sides<'_>, now: Timestamp) -> Result<Plan, IssueError> {
    let mut writes = Vec::new();
    let known = sides.authority.and_then(Pair::of);
    let good = known.filter(|pair| pair.is_authority(&names.config()) && now < pair.renew_at());
    let authority = match good {
        Some(authority) => authority,
        None => {
            let authority = issue::authority(names, now)?;
            let spoilt = sides.authority.and_then(Pair::of).is_none();
            writes.push(write_authority(names, &authority, spoilt));
            authority
        }
    };
    let leaves = [
        read(names, Side::Server, names.config_server(), sides.server, now),
        read(names, Side::Operator, names.config_operator(), sides.operator, now),
    ];
    let mut round = Round {
        names,
        authority: &authority,
        leaves: &leaves,
        now,
        writes,
        again: authority.renew_at(),
    };
    for leaf in &leaves {
        round.look(leaf)?;
    }
    Ok(Plan {
        writes: round.writes,
        again: round.again,
    })
}

/// What cert-manager writes on a Secret that it issued.
const ISSUED: &str = "cert-manager.io/certificate-name";

/// The Secrets of sides that show what the authority of now did not sign, where that is cert-manager's.
pub fn orphaned(names: &Names, sides: Sides<'_>) -> Vec<String> {
    let issued = sides.authority.filter(|secret| secret.annotations.contains_key(ISSUED));
    let Some(authority) = issued.and_then(Pair::of).filter(|pair| pair.is_authority(&names.config())) else {
        return Vec::new();
    };
    let leaves = [(names.config_server(), sides.server), (names.config_operator(), sides.operator)];
    let others = leaves
        .into_iter()
        .filter(|(_, secret)| secret.and_then(Pair::of).is_some_and(|pair| !authority.signed(&pair)));
    others.map(|(name, _)| name).collect()
}

fn write_authority(names: &Names, authority: &Pair, spoilt: bool) -> Write {
    let pem = authority.certificate_pem().as_bytes().to_vec();
    Write {
        name: names.authority(),
        data: BTreeMap::from([
            ("tls.crt", pem.clone()),
            ("tls.key", authority.key_pem().as_bytes().to_vec()),
            ("ca.crt", pem),
        ]),
        annotations: BTreeMap::new(),
        why: "a new authority",
        spoilt,
    }
}

fn read<'a>(names: &Names, side: Side, name: String, secret: Option<&'a SecretView>, now: Timestamp) -> Leaf<'a> {
    let pair = secret.and_then(Pair::of);
    let trusted = secret.and_then(|secret| secret.bytes("ca.crt")).unwrap_or_default();
    Leaf {
        side,
        name,
        pair: pair.filter(|pair| pair.is_named(&side.identity(names)) && now < pair.not_after),
        // What cannot be read as a whole is trusted by nobody.
        trusted: CertificateDer::pem_slice_iter(trusted)
            .collect::<Result<_, _>>()
            .unwrap_or_default(),
        secret,
        now,
    }
}

struct Round<'a> {
    names: &'a Names,
    authority: &'a Pair,
    leaves: &'a [Leaf<'a>; 2],
    now: Timestamp,
    writes: Vec<Write>,
    again: Timestamp,
}

impl Round<'_> {
    fn look(&mut self, leaf: &Leaf<'_>) -> Result<(), IssueError> {
        let Some(pair) = &leaf.pair else {
            return self.issue(leaf, "no certificate that can be used was there");
        };
        if !self.authority.signed(pair) {
            return self.change_authority(leaf, pair);
        }
        if self.now >= pair.renew_at() {
            return self.issue(leaf, "two thirds of the certificate's life were over");
        }
        self.look_again(pair.renew_at());
        if !leaf.trusts(self.authority) {
            self.trust(leaf, pair, "it did not trust the authority");
        } else if leaf.trusted.len() > 1 {
            match self.both_show_since() {
                Some(since) if self.passed(since) => self.drop_others(leaf, pair),
                Some(since) => self.look_again(since + BOTH_HAVE_READ_IT),
                None => {}
            }
        }
        Ok(())
    }

    fn change_authority(&mut self, leaf: &Leaf<'_>, pair: &Pair) -> Result<(), IssueError> {
        if !leaf.trusts(self.authority) {
            self.trust(leaf, pair, "there is a new authority");
            self.look_again(self.now + BOTH_HAVE_READ_IT);
            return Ok(());
        }
        match self.both_trust_since() {
            Some(since) if self.passed(since) => self.issue(leaf, "both sides trust the new authority"),
            Some(since) => {
                self.look_again(since + BOTH_HAVE_READ_IT);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn passed(&self, since: Timestamp) -> bool {
        self.now >= since + BOTH_HAVE_READ_IT
    }

    fn look_again(&mut self, at: Timestamp) {
        self.again = self.again.min(at);
    }

    /// Since when both sides trust the authority, if they do. A side without a certificate is about to get one.
    fn both_trust_since(&self) -> Option<Timestamp> {
        let all = self.leaves.iter().filter(|leaf| leaf.pair.is_some());
        let since = all.map(|leaf| leaf.trusts(self.authority).then(|| leaf.since(TRUSTS_SINCE)));
        since.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Since when both sides show what the authority signed, if they do.
    fn both_show_since(&self) -> Option<Timestamp> {
        let shows = |leaf: &Leaf<'_>| leaf.pair.as_ref().is_some_and(|pair| self.authority.signed(pair));
        let since = self.leaves.iter().map(|leaf| shows(leaf).then(|| leaf.since(SHOWS_SINCE)));
        since.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// The authority, and until it is dropped whatever else either side trusts.
    fn bundle(&self) -> Vec<u8> {
        let mut trusted = vec![self.authority.certificate().clone()];
        for known in self.leaves.iter().flat_map(|leaf| &leaf.trusted) {
            if !trusted.contains(known) {
                trusted.push(known.clone());
            }
        }
        pem(&trusted)
    }

    fn issue(&mut self, leaf: &Leaf<'_>, why: &'static str) -> Result<(), IssueError> {
        let pair = issue::leaf(self.names, leaf.side, self.authority, self.now)?;
        self.look_again(pair.renew_at());
        let trusts = if leaf.trusts(self.authority) {
            leaf.since(TRUSTS_SINCE)
        } else {
            self.now
        };
        self.write(leaf, &pair, self.bundle(), (trusts, self.now), why);
        Ok(())
    }

    fn trust(&mut self, leaf: &Leaf<'_>, pair: &Pair, why: &'static str) {
        self.write(leaf, pair, self.bundle(), (self.now, leaf.since(SHOWS_SINCE)), why);
    }

    fn drop_others(&mut self, leaf: &Leaf<'_>, pair: &Pair) {
        let since = (leaf.since(TRUSTS_SINCE), leaf.since(SHOWS_SINCE));
        let bundle = pem(std::slice::from_ref(self.authority.certificate()));
        self.write(leaf, pair, bundle, since, "nobody shows what the authority before signed");
    }

    fn write(&mut self, leaf: &Leaf<'_>, pair: &Pair, bundle: Vec<u8>, (trusts, shows): (Timestamp, Timestamp), why: &'static str) {
        self.writes.push(Write {
            name: leaf.name.clone(),
            data: BTreeMap::from([
                ("tls.crt", pair.certificate_pem().as_bytes().to_vec()),
                ("tls.key", pair.key_pem().as_bytes().to_vec()),
                ("ca.crt", bundle),
            ]),
            annotations: BTreeMap::from([(TRUSTS_SINCE, trusts.to_string()), (SHOWS_SINCE, shows.to_string())]),
            why,
            spoilt: leaf.pair.is_none(),
        });
    }
}

fn pem(certificates: &[CertificateDer<'static>]) -> Vec<u8> {
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in STANDARD.encode(certificate).as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text.into_bytes()
}
