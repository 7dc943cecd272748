//! Any snapshot comes back as it was, whole or as a change; and nothing that the network sends panics.

use super::message as m;
use super::*;
use crate::config::rate::{Rate, RateLimits};
use crate::config::revision;
use crate::config::snapshot::{
    Branding, DeclaredUser, GroupsConfig, IdentityProviderConfig, LdapConfig, Linking, NestedGroups, PasswordRules, Position, Revision,
    RoleConfig, SigningAlgorithm, SigningPolicy, Snapshot, UserStoreConfig, UserStoreKind, UsersConfig,
};
use crate::oauth::cel::Expression;
use crate::oauth::claim_rules::{ClaimPlace, ClaimRule, ClaimSource};
use crate::oauth::client::{AccessTokenFormat, Client, ClientSecret, ClientType, Limits};
use crate::oauth::grant_type::{ClientAuthMethod, GrantType, ResponseType};
use crate::oauth::ids::{ClientId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::oauth::two_factor::{FactorMethod, TwoFactor};
use jiff::Timestamp;
use proptest::prelude::*;
use prost::Message;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// With every field set.
fn directory() -> LdapConfig {
    LdapConfig {
        servers: vec!["ldaps://a.example.org".to_owned(), "ldap://b.example.org:1389".to_owned()],
        start_tls: true,
        authorities: Some("-----BEGIN CERTIFICATE-----".to_owned()),
        bind_dn: "cn=reader,dc=x".to_owned(),
        bind_password: "HUNTER2".into(),
        users: UsersConfig {
            base_dn: "ou=people,dc=x".to_owned(),
            filter: "(objectClass=person)".to_owned(),
            username_attribute: "uid".to_owned(),
        },
        groups: Some(GroupsConfig {
            base_dn: "ou=groups,dc=x".to_owned(),
            filter: "(objectClass=groupOfNames)".to_owned(),
            name_attribute: "cn".to_owned(),
            member_attribute: "member".to_owned(),
            nested: NestedGroups::Walk(8),
        }),
        attributes: [
            ("name".to_owned(), "displayName".to_owned()),
            ("email".to_owned(), "mail".to_owned()),
        ]
        .into(),
        connect_timeout: Duration::from_secs(3),
        operation_timeout: Duration::from_millis(1500),
        page_size: 500,
        pool_max: 16,
        cache_ttl: Duration::from_secs(60),
    }
}

/// With every field set.
fn identity_provider() -> IdentityProviderConfig {
    IdentityProviderConfig {
        id: UserStoreId::new("idp:identity/corp"),
        name: "corp".to_owned(),
        display_name: "Corp – ü".to_owned(),
        issuer: "https://id.example.org/".to_owned(),
        client_id: "us".to_owned(),
        client_secret: "HUNTER3".into(),
        authorities: Some("-----BEGIN CERTIFICATE-----".to_owned()),
        scopes: vec!["openid".to_owned(), "groups".to_owned()],
        attributes: [("groups".to_owned(), "roles".to_owned())].into(),
        linking: Linking::VerifiedEmail,
        allowed_email_domains: vec!["example.org".to_owned()],
        logout: true,
    }
}

fn client(id: &str, seed: u8) -> Client {
    let some = |odd: bool| (seed % 2 == 1) == odd;
    Client {
        id: ClientId::new(id),
        resource: format!("team/{id}"),
        display_name: format!("Shop {seed} – ü"),
        client_type: [ClientType::Confidential, ClientType::Public, ClientType::Workload][usize::from(seed % 3)],
        redirect_uris: (0..seed % 4).map(|n| format!("https://shop.example.org/{n}")).collect(),
        post_logout_redirect_uris: vec!["https://shop.example.org/bye".to_owned()],
        backchannel_logout_uri: Some("https://shop.example.org/backchannel".to_owned()),
        grant_types: GrantType::ALL.iter().copied().skip(usize::from(seed % 9)).collect(),
        response_types: some(true).then_some(ResponseType::Code).into_iter().collect(),
        scopes: ["openid", "orders:read"].into_iter().take(usize::from(seed % 3)).collect(),
        auth_method: ClientAuthMethod::ALL[usize::from(seed) % ClientAuthMethod::ALL.len()],
        secrets: (0..seed % 3)
            .map(|n| ClientSecret {
                hash: TokenHash::of(&format!("{id} {n}")),
                not_after: (n > 0).then(|| Timestamp::new(1_800_000_000, 5).unwrap()),
            })
            .collect(),
        audiences: vec!["https://api.example.org".to_owned()],
        access_token_format: if some(true) {
            AccessTokenFormat::Jwt
        } else {
            AccessTokenFormat::Opaque
        },
        require_consent: some(false),
        allowed_groups: some(true).then(|| BTreeSet::from(["staff".to_owned()])),
        limits: Limits {
            access_token_ttl: Duration::new(900, u32::from(seed)),
            refresh_token_ttl: Duration::from_secs(86_400),
            id_token_ttl: Duration::from_secs(300),
            require_pkce: some(true),
            max_session_age: some(false).then(|| Duration::from_secs(3600)),
            two_factor: TwoFactor {
                required: some(false),
                methods: some(false).then_some(FactorMethod::Webauthn).into_iter().collect(),
                remember: Duration::from_secs(if some(false) { 86_400 } else { 0 }),
            },
        },
    }
}

fn user(name: &str, seed: u8) -> DeclaredUser {
    DeclaredUser {
        store: UserStoreId::new("identity/staff"),
        username: name.to_owned(),
        email: Some(format!("{name}@example.org")),
        email_verified: seed.is_multiple_of(2),
        display_name: None,
        given_name: Some("Ada".to_owned()),
        family_name: None,
        attributes: (0..seed % 3)
            .map(|n| (format!("a{n}"), vec!["Sales".to_owned(); usize::from(n) + 1]))
            .collect(),
        groups: vec!["staff".to_owned(); usize::from(seed % 3)],
        disabled: seed.is_multiple_of(5),
        password: (seed % 2 == 1).then(|| SecretString::from(format!("correct horse {seed}"))),
        must_change_password: seed.is_multiple_of(3),
    }
}

fn claim(name: &str, source: ClaimSource) -> Arc<ClaimRule> {
    Arc::new(ClaimRule {
        name: name.to_owned(),
        source,
        places: BTreeSet::from([ClaimPlace::IdToken]),
        mapper: "identity/mapper".to_owned(),
    })
}

/// A snapshot with these clients, users and roles; the same seed, the same content.
fn snapshot(parts: &[(u8, u8)]) -> Snapshot {
    let of_kind = |kind: u8| parts.iter().filter(move |(name, _)| name % 3 == kind);
    let clients = of_kind(0).map(|(name, seed)| {
        let client = client(&format!("client-{name}"), *seed);
        (client.id.clone(), Arc::new(client))
    });
    let mut users: Vec<_> = of_kind(1)
        .map(|(name, seed)| Arc::new(user(&format!("user-{name}"), *seed)))
        .collect();
    users.sort_by(|a, b| (&a.username, a.email_verified).cmp(&(&b.username, b.email_verified)));
    users.dedup_by(|a, b| a.username == b.username);
    let mut roles: Vec<_> = of_kind(2)
        .map(|(name, seed)| {
            Arc::new(RoleConfig {
                store: UserStoreId::new("identity/staff"),
                name: format!("role-{name}"),
                groups: BTreeSet::from([format!("group-{seed}")]),
                users: BTreeSet::new(),
            })
        })
        .collect();
    roles.sort();
    roles.dedup_by(|a, b| a.name == b.name);
    let mut snapshot = Snapshot {
        revision: Revision(String::new()),
        server: "identity/main".to_owned(),
        issuer: "https://login.example.org".to_owned(),
        signing: SigningPolicy {
            algorithms: vec![SigningAlgorithm::ES256, SigningAlgorithm::EdDSA],
            rotate_every: Duration::from_secs(3600),
            overlap: Duration::from_millis(1500),
        },
        clients: clients.collect(),
        user_stores: vec![
            Arc::new(UserStoreConfig {
                id: UserStoreId::new("identity/staff"),
                kind: UserStoreKind::Local,
            }),
            Arc::new(UserStoreConfig {
                id: UserStoreId::new("identity/ldap"),
                kind: UserStoreKind::Ldap(Box::new(directory())),
            }),
        ],
        users,
        roles,
        identity_providers: vec![Arc::new(identity_provider())],
        claim_rules: vec![
            Arc::new(ClaimRule {
                name: "tenant".to_owned(),
                source: ClaimSource::Static(serde_json::json!({"id": 7})),
                places: BTreeSet::from([ClaimPlace::IdToken]),
                mapper: String::new(),
            }),
            claim(
                "apps",
                ClaimSource::Cel(Expression::compile("user.groups.filter(g, g.startsWith('app-'))").unwrap()),
            ),
            claim("dept", ClaimSource::Further("department".to_owned())),
        ],
        departed: parts
            .iter()
            .take(1)
            .map(|(name, _)| ClientId::new(format!("gone-{name}")))
            .collect(),
        branding: Branding {
            product_name: Some("Example".to_owned()),
            logo_url: None,
            primary_color: Some("#112233".to_owned()),
        },
        rate_limits: RateLimits {
            per_address: None,
            per_client: Some(Rate::new(50, Duration::from_secs(1), 100).unwrap()),
        },
        passwords: PasswordRules { min_length: 15 },
    };
    snapshot.revision = revision::of(&snapshot);
    snapshot
}

fn receive(prepared: &Prepared, base: Option<&Held>) -> Result<Held, Vec<Fault>> {
    let mut assembly = Assembly::new(prepared.server.clone(), prepared.revision.clone(), base);
    for portion in &prepared.portions {
        assembly.add(portion).map_err(|fault| vec![fault])?;
    }
    assembly.finish()
}

fn parts() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((0_u8..40, any::<u8>()), 0..60)
}

proptest! {
    #[test]
    fn a_whole_snapshot_comes_back_as_it_was(parts in parts()) {
        let sent = snapshot(&parts);
        let held = receive(&Prepared::whole(&sent), None).unwrap();
        prop_assert_eq!(&held.snapshot.revision, &sent.revision);
        prop_assert_eq!(&held.snapshot.clients, &sent.clients);
        prop_assert_eq!(&held.snapshot.rate_limits, &sent.rate_limits);
        prop_assert_eq!(&held.snapshot.identity_providers, &sent.identity_providers);
        prop_assert_eq!(held.snapshot.passwords, sent.passwords);
        prop_assert_eq!(&held.snapshot.claim_rules, &sent.claim_rules);
        prop_assert_eq!(held.digests.as_ref(), &revision::digests(&sent));
        for (got, meant) in held.snapshot.users.iter().zip(&sent.users) {
            let secret = |user: &DeclaredUser| user.password.as_ref().map(|password| password.expose_secret().to_owned());
            prop_assert_eq!(secret(got), secret(meant));
        }
        let kept = from_bytes(&to_bytes(&sent)).unwrap();
        prop_assert_eq!(&kept.snapshot.revision, &sent.revision);
    }

    #[test]
    fn a_change_makes_one_snapshot_of_the_other(before in parts(), after in parts()) {
        let (base, new) = (snapshot(&before), snapshot(&after));
        let held = Held::new(Arc::new(base));
        let fresh = receive(&Prepared::since(&held.snapshot, &new), Some(&held)).unwrap();
        prop_assert_eq!(&fresh.snapshot.revision, &new.revision);
        let known = Known { revision: held.snapshot.revision.clone(), digests: Arc::clone(&held.digests) };
        let told = receive(&Prepared::against(&known, &new), Some(&held)).unwrap();
        prop_assert_eq!(&told.snapshot.revision, &new.revision);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut assembly = Assembly::new("identity/main".to_owned(), Revision("0".to_owned()), None);
        let _ = assembly.add(&bytes);
        prop_assert!(assembly.finish().is_err());
        prop_assert!(from_bytes(&bytes).is_err());
    }

    #[test]
    fn a_byte_that_was_changed_is_never_taken_for_what_was_meant(parts in parts(), at in any::<usize>(), flip in 1_u8..) {
        let sent = snapshot(&parts);
        let mut bytes = to_bytes(&sent);
        let index = at % bytes.len();
        bytes[index] ^= flip;
        if let Ok(held) = from_bytes(&bytes) {
            // Only what means the same: a header's other fields, say.
            prop_assert_eq!(&revision::of(&held.snapshot), &held.snapshot.revision);
        }
    }
}

#[test]
fn only_what_changed_is_sent() {
    let base = snapshot(&[(0, 1), (3, 1), (6, 1), (1, 1)]);
    let mut new = base.clone();
    let mut changed = client("client-3", 1);
    changed.limits.access_token_ttl = Duration::from_secs(1);
    new.clients.insert(changed.id.clone(), Arc::new(changed));
    new.clients.remove(&ClientId::new("client-6"));
    new.revision = revision::of(&new);
    let prepared = Prepared::since(&base, &new);
    let portion = m::Portion::decode(prepared.portions[0].clone()).unwrap();
    assert_eq!(prepared.portions.len(), 1);
    assert_eq!(
        portion.clients.iter().map(|client| client.id.as_str()).collect::<Vec<_>>(),
        ["client-3"]
    );
    assert_eq!(portion.removed, ["client/client-6"]);
    assert!(portion.users.is_empty() && portion.roles.is_empty());
}

#[test]
fn thousands_of_clients_travel_in_portions() {
    let mut large = snapshot(&[]);
    for number in 0..5000 {
        let client = client(&format!("client-{number}"), 7);
        large.clients.insert(client.id.clone(), Arc::new(client));
    }
    large.revision = revision::of(&large);
    let prepared = Prepared::whole(&large);
    assert!(prepared.portions.len() > 4, "{}", prepared.portions.len());
    assert!(prepared.portions.iter().all(|portion| portion.len() < 1024 * 1024));
    assert_eq!(receive(&prepared, None).unwrap().snapshot.clients.len(), 5000);
}

#[test]
fn what_this_release_does_not_know_is_a_fault_that_names_the_resource() {
    let sent = snapshot(&[(0, 1)]);
    let prepared = Prepared::whole(&sent);
    let spoil = |change: &dyn Fn(&mut m::Client)| {
        let mut portion = m::Portion::decode(prepared.portions[0].clone()).unwrap();
        change(&mut portion.clients[0]);
        let mut assembly = Assembly::new(prepared.server.clone(), prepared.revision.clone(), None);
        assembly.add(&portion.encode_to_vec()).unwrap();
        assembly.finish().unwrap_err().remove(0).to_string()
    };
    let said = spoil(&|client| client.grant_types.push("telepathy".to_owned()));
    assert_eq!(
        said,
        "AuthClient team/client-0: grant type \"telepathy\" is not known to this release"
    );
    assert!(spoil(&|client| client.access_token_ttl = None).contains("access_token_ttl is missing"));
    assert!(
        spoil(&|client| client.access_token_ttl = Some(m::Span {
            seconds: u64::MAX,
            nanos: u32::MAX
        }))
        .contains("thousand years")
    );
    assert!(spoil(&|client| client.auth_method = String::new()).contains("authentication method"));
    assert!(spoil(&|client| client.require_consent = !client.require_consent).contains("digest"));
    assert!(
        spoil(&|client| client.secrets.push(m::Secret {
            hash: vec![1],
            not_after: None
        }))
        .contains("32 bytes")
    );
}

#[test]
fn a_rate_that_no_manifest_could_name_is_a_fault() {
    let prepared = Prepared::whole(&snapshot(&[]));
    for (requests, seconds, burst) in [(0, 1, 1), (1, 0, 1), (1, 1, 0), (u32::MAX, 1, 1), (1, u64::MAX, 1), (1, 3601, 1)] {
        let mut portion = m::Portion::decode(prepared.portions[0].clone()).unwrap();
        portion.settings.as_mut().unwrap().rate_per_address = Some(m::Rate {
            requests,
            per: Some(m::Span { seconds, nanos: 0 }),
            burst,
        });
        let mut assembly = Assembly::new(prepared.server.clone(), prepared.revision.clone(), None);
        assembly.add(&portion.encode_to_vec()).unwrap();
        let said = assembly.finish().unwrap_err().remove(0).to_string();
        assert!(said.contains("rateLimits.perAddress: "), "{said}");
    }
}

#[test]
fn a_provider_that_this_release_does_not_understand_is_a_fault() {
    let prepared = Prepared::whole(&snapshot(&[]));
    for (spoil, word) in [
        (
            (|provider| provider.linking = "by name".to_owned()) as fn(&mut m::IdentityProvider),
            "linking",
        ),
        (|provider| provider.client_secret = String::new(), "who we are to it"),
        (|provider| provider.id = "identity/staff".to_owned(), "UserStore"),
        (|provider| provider.logout = !provider.logout, "digest"),
    ] {
        let mut portion = m::Portion::decode(prepared.portions[0].clone()).unwrap();
        spoil(&mut portion.settings.as_mut().unwrap().identity_providers[0]);
        let mut assembly = Assembly::new(prepared.server.clone(), prepared.revision.clone(), None);
        assembly.add(&portion.encode_to_vec()).unwrap();
        let said = assembly.finish().unwrap_err().remove(0).to_string();
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_claim_that_no_manifest_could_make_is_a_fault() {
    let prepared = Prepared::whole(&snapshot(&[]));
    let cel = |expression: &str| format!(r#"{{"name":"a","source":{{"cel":"{expression}"}},"places":["id_token"]}}"#);
    for (rule, words) in [
        (
            r#"{"name":"sub","source":"groups","places":["id_token"]}"#.to_owned(),
            "the protocol's own",
        ),
        (cel("user."), "line 1, column 6"),
        (cel("user.groups.map(a, user.groups.map(b, a + b))"), "are allowed"),
        (cel(&"[".repeat(1 << 20)), "longer than 4096 bytes"),
        (
            r#"{"name":"a","source":{"python":"x"},"places":["id_token"]}"#.to_owned(),
            "not known to this release",
        ),
    ] {
        let mut portion = m::Portion::decode(prepared.portions[0].clone()).unwrap();
        portion.settings.as_mut().unwrap().claim_rules.push(rule);
        let mut assembly = Assembly::new(prepared.server.clone(), prepared.revision.clone(), None);
        assembly.add(&portion.encode_to_vec()).unwrap();
        let said = assembly.finish().unwrap_err().remove(0).to_string();
        assert!(said.starts_with("AuthServer identity/main: ") && said.contains(words), "{said}");
    }
}

#[test]
fn a_user_whose_attributes_no_manifest_could_name_is_a_fault() {
    let prepared = Prepared::whole(&snapshot(&[(1, 1)]));
    let mut portion = m::Portion::decode(prepared.portions[0].clone()).unwrap();
    let endless = m::Names {
        names: vec!["x".repeat(1024); 10_000],
    };
    portion.users[0].attributes.insert("department".to_owned(), endless);
    let mut assembly = Assembly::new(prepared.server.clone(), prepared.revision, None);
    assembly.add(&portion.encode_to_vec()).unwrap();
    let said = assembly.finish().unwrap_err().remove(0).to_string();
    assert!(said.starts_with("User user-1: attributes: "), "{said}");
}

#[test]
fn an_endless_configuration_is_cut_off() {
    let mut assembly = Assembly::new("identity/main".to_owned(), Revision("0".to_owned()), None);
    let portion = m::Portion {
        removed: vec!["x".repeat(1 << 20)],
        ..m::Portion::default()
    }
    .encode_to_vec();
    let taken = (0..1000).take_while(|_| assembly.add(&portion).is_ok()).count();
    assert!(taken <= MAX_BYTES / portion.len(), "{taken}");
}

#[test]
fn no_password_shows_in_debug() {
    let sent = snapshot(&[(1, 1)]);
    let prepared = Prepared::whole(&sent);
    let portion = m::Portion::decode(prepared.portions[0].clone()).unwrap();
    assert!(portion.users[0].password.is_some(), "there is one to be shown");
    let request = m::ApplyRequest {
        part: Some(m::apply_request::Part::Portion(prepared.portions[0].clone())),
    };
    let shown = format!(
        "{portion:?} {:?} {request:?} {:?}",
        portion.users,
        prepared.header(Position::default())
    );
    let settings = format!("{:?}", portion.settings);
    assert!(settings.contains("idp:identity/corp"), "it is there to be shown: {settings}");
    assert!(!shown.contains("correct horse"), "{shown}");
    assert!(!settings.contains("HUNTER"), "{settings}");
}
