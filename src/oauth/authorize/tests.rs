//! The checks and the decision, as a specification.

use super::decision::{Decision, Done, Person, decide};
use super::*;
use crate::oauth::client::{AccessTokenFormat, ClientType, Limits};
use crate::oauth::grant_type::{ClientAuthMethod, GrantType, ResponseType};
use crate::oauth::ids::{ClientId, SessionId, UserId};
use crate::oauth::two_factor::{FactorMethod, Standing, TwoFactor};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client() -> Client {
    Client {
        id: ClientId::new("shop"),
        resource: "team-a/shop".into(),
        display_name: "Shop".into(),
        client_type: ClientType::Public,
        redirect_uris: vec!["https://shop.example/cb".into()],
        post_logout_redirect_uris: vec![],
        backchannel_logout_uri: None,
        grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
        response_types: [ResponseType::Code].into(),
        scopes: Scopes::from_iter(["openid", "profile", "offline_access"]),
        auth_method: ClientAuthMethod::None,
        secrets: vec![],
        audiences: vec!["https://api.example".into()],
        access_token_format: AccessTokenFormat::Jwt,
        require_consent: true,
        allowed_groups: None,
        limits: Limits {
            access_token_ttl: Duration::from_secs(900),
            refresh_token_ttl: Duration::from_secs(86400),
            id_token_ttl: Duration::from_secs(300),
            require_pkce: true,
            max_session_age: None,
            two_factor: TwoFactor::default(),
        },
    }
}

/// A request that passes, with some parameters replaced (`Some`) or left out (`None`).
fn params(changes: &[(&str, Option<&str>)]) -> Params {
    let base = [
        ("client_id", "shop"),
        ("redirect_uri", "https://shop.example/cb"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = base.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let added = changes.iter().filter_map(|(name, value)| value.map(|value| (*name, value)));
    let pairs: Vec<_> = kept
        .copied()
        .chain(added)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Params::from(pairs)
}

fn run(changes: &[(&str, Option<&str>)], client: Client) -> Result<AuthorizationRequest, Refusal> {
    validate(&params(changes), |id| (id == "shop").then(|| Arc::new(client)))
}

fn told_client(changes: &[(&str, Option<&str>)], client: Client) -> ErrorCode {
    match run(changes, client) {
        Err(Refusal::Client(_, error)) => error.code,
        other => panic!("{changes:?}: {other:?}"),
    }
}

#[test]
fn a_plain_request_passes() {
    let request = run(&[], client()).unwrap();
    assert_eq!(request.target.state.as_deref(), Some("s"));
    assert_eq!(request.code_challenge.as_deref(), Some(CHALLENGE));
    assert!(request.redirect_uri_was_sent);
}

#[test]
fn every_mode_and_prompt_that_discovery_names_is_taken() {
    for mode in super::response::ResponseMode::NAMES {
        assert!(run(&[("response_mode", Some(mode))], client()).is_ok(), "{mode}");
    }
    for prompt in super::prompt::Prompts::NAMES {
        assert!(run(&[("prompt", Some(prompt))], client()).is_ok(), "{prompt}");
    }
}

#[test]
fn nothing_is_redirected_before_client_and_uri_are_verified() {
    for changes in [
        [("client_id", None)],
        [("client_id", Some("other"))],
        [("redirect_uri", None)],
        [("redirect_uri", Some("https://shop.example/cb/"))],
        [("redirect_uri", Some("javascript:alert(1)"))],
    ] {
        assert!(matches!(run(&changes, client()), Err(Refusal::Page(_))), "{changes:?}");
    }
    for twice in [
        vec![("client_id", Some("shop")), ("client_id", Some("shop"))],
        vec![
            ("redirect_uri", Some("https://shop.example/cb")),
            ("redirect_uri", Some("https://evil.example/")),
        ],
    ] {
        assert!(matches!(run(&twice, client()), Err(Refusal::Page(_))), "{twice:?}");
    }
}

#[test]
fn the_client_hears_what_is_wrong_with_the_rest() {
    for (changes, code) in [
        (vec![("response_type", None)], "invalid_request"),
        (vec![("response_type", Some("token"))], "unsupported_response_type"),
        (vec![("response_type", Some("code id_token"))], "unsupported_response_type"),
        (vec![("response_mode", Some("jwt"))], "invalid_request"),
        (vec![("scope", None)], "invalid_scope"),
        (vec![("scope", Some("openid admin"))], "invalid_scope"),
        (vec![("scope", Some("openid \"x\""))], "invalid_scope"),
        (vec![("code_challenge", None)], "invalid_request"),
        (vec![("code_challenge", None), ("code_challenge_method", None)], "invalid_request"),
        (vec![("code_challenge_method", None)], "invalid_request"),
        (vec![("code_challenge_method", Some("plain"))], "invalid_request"),
        (vec![("code_challenge_method", Some("s256"))], "invalid_request"),
        (vec![("code_challenge", Some("short"))], "invalid_request"),
        (vec![("prompt", Some("none login"))], "invalid_request"),
        (vec![("prompt", Some("create"))], "invalid_request"),
        (vec![("max_age", Some("-1"))], "invalid_request"),
        (vec![("max_age", Some("+1"))], "invalid_request"),
        (vec![("max_age", Some("99999999999"))], "invalid_request"),
        (vec![("request", Some("x.y.z"))], "request_not_supported"),
        (vec![("request_uri", Some("https://x.example"))], "request_uri_not_supported"),
        (vec![("registration", Some("{}"))], "registration_not_supported"),
        (vec![("resource", Some("https://other.example"))], "invalid_target"),
        (vec![("state", Some("a")), ("state", Some("b"))], "invalid_request"),
        (vec![("nonce", Some("a")), ("nonce", Some("a"))], "invalid_request"),
        (vec![("unknown", Some("a")), ("unknown", Some("a"))], "invalid_request"),
        (vec![("nonce", Some("line\nbreak"))], "invalid_request"),
    ] {
        assert_eq!(told_client(&changes, client()).as_str(), code, "{changes:?}");
    }
    let long = "x".repeat(5000);
    assert_eq!(told_client(&[("state", Some(&long))], client()), ErrorCode::InvalidRequest);
}

#[test]
fn an_error_goes_back_in_the_mode_and_with_the_state_that_were_asked_for() {
    let Err(Refusal::Client(target, _)) = run(&[("response_mode", Some("form_post")), ("scope", Some("admin"))], client()) else {
        panic!("refused")
    };
    assert_eq!((target.mode, target.state.as_deref()), (ResponseMode::FormPost, Some("s")));
}

#[test]
fn a_client_without_the_grant_is_told_before_anybody_logs_in() {
    let mut other = client();
    other.grant_types = [GrantType::ClientCredentials].into();
    assert_eq!(told_client(&[], other), ErrorCode::UnauthorizedClient);
    let mut other = client();
    other.response_types.clear();
    assert_eq!(told_client(&[], other), ErrorCode::UnauthorizedClient);
}

#[test]
fn pkce_may_be_left_out_only_where_policy_and_type_allow() {
    let without = [("code_challenge", None), ("code_challenge_method", None)];
    let mut confidential = client();
    confidential.client_type = ClientType::Confidential;
    assert_eq!(told_client(&without, confidential.clone()), ErrorCode::InvalidRequest);
    confidential.limits.require_pkce = false;
    assert!(run(&without, confidential).is_ok());
    let mut public = client();
    public.limits.require_pkce = false;
    assert_eq!(told_client(&without, public), ErrorCode::InvalidRequest);
}

#[test]
fn the_redirect_uri_may_be_left_out_in_plain_oauth_when_there_is_one() {
    let request = run(&[("redirect_uri", None), ("scope", Some("profile"))], client()).unwrap();
    assert_eq!(request.target.redirect_uri, "https://shop.example/cb");
    assert!(!request.redirect_uri_was_sent);
    let mut two = client();
    two.redirect_uris.push("https://shop.example/cb2".into());
    assert!(matches!(
        run(&[("redirect_uri", None), ("scope", Some("profile"))], two),
        Err(Refusal::Page(_))
    ));
}

#[test]
fn offline_access_without_refresh_tokens_is_ignored() {
    let mut plain = client();
    plain.grant_types = [GrantType::AuthorizationCode].into();
    let request = run(&[("scope", Some("openid offline_access"))], plain).unwrap();
    assert_eq!(request.scopes.to_string(), "openid");
}

#[test]
fn resources_may_be_repeated_and_count_once() {
    let api = Some("https://api.example");
    let request = run(&[("resource", api), ("resource", api)], client()).unwrap();
    assert_eq!(request.resources, ["https://api.example"]);
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000 + seconds)
}

fn alice() -> Person {
    Person {
        user: UserId::new("alice"),
        session: SessionId::new("sid"),
        auth_time: at(0),
        groups: vec!["staff".into()],
        consented: Scopes::from_iter(["openid"]),
        standing: Standing {
            amr: vec!["pwd".to_owned()],
            ..Standing::default()
        },
    }
}

fn ask(changes: &[(&str, Option<&str>)], person: Option<&Person>, done: Done, now: i64) -> Decision {
    decide(&run(changes, client()).unwrap(), person, None, done, at(now))
}

fn error_of(decision: Decision) -> &'static str {
    match decision {
        Decision::Refuse(error) => error.code.as_str(),
        other => panic!("{other:?}"),
    }
}

const NOTHING: Done = Done {
    login: false,
    consent: false,
};
const LOGIN: Done = Done {
    login: true,
    consent: false,
};
const CONSENT: Done = Done {
    login: false,
    consent: true,
};

#[test]
fn a_stranger_logs_in_and_a_known_person_who_allowed_it_gets_a_code() {
    assert_eq!(ask(&[], None, NOTHING, 1), Decision::Login);
    assert_eq!(ask(&[], Some(&alice()), NOTHING, 1), Decision::Issue);
}

#[test]
fn prompt_none_never_asks() {
    let none = ("prompt", Some("none"));
    assert_eq!(error_of(ask(&[none], None, NOTHING, 1)), "login_required");
    assert_eq!(ask(&[none], Some(&alice()), NOTHING, 1), Decision::Issue);
    let wider = [none, ("scope", Some("openid profile"))];
    assert_eq!(error_of(ask(&wider, Some(&alice()), NOTHING, 1)), "consent_required");
    let old = [none, ("max_age", Some("10"))];
    assert_eq!(error_of(ask(&old, Some(&alice()), NOTHING, 11)), "login_required");
}

#[test]
fn prompt_login_and_select_account_want_a_login_made_for_this_request() {
    for prompt in ["login", "select_account"] {
        let changes = [("prompt", Some(prompt))];
        assert_eq!(ask(&changes, Some(&alice()), NOTHING, 0), Decision::Login);
        assert_eq!(ask(&changes, Some(&alice()), LOGIN, 0), Decision::Issue);
    }
}

#[test]
fn max_age_counts_from_the_last_login() {
    let changes = [("max_age", Some("60"))];
    assert_eq!(ask(&changes, Some(&alice()), NOTHING, 60), Decision::Issue);
    assert_eq!(ask(&changes, Some(&alice()), NOTHING, 61), Decision::Login);
    assert_eq!(ask(&changes, Some(&alice()), LOGIN, 61), Decision::Issue);
    assert_eq!(ask(&[("max_age", Some("0"))], Some(&alice()), NOTHING, 0), Decision::Login);
    assert_eq!(ask(&[("max_age", Some("0"))], Some(&alice()), LOGIN, 5), Decision::Issue);
}

#[test]
fn a_policy_bounds_the_age_of_a_login_too() {
    let mut strict = client();
    strict.limits.max_session_age = Some(Duration::from_secs(30));
    let request = run(&[("max_age", Some("60"))], strict).unwrap();
    assert_eq!(decide(&request, Some(&alice()), None, NOTHING, at(31)), Decision::Login);
}

#[test]
fn consent_is_asked_for_what_is_new_and_when_the_client_wants_it() {
    let wider = [("scope", Some("openid profile"))];
    assert_eq!(ask(&wider, Some(&alice()), NOTHING, 1), Decision::Consent);
    assert_eq!(ask(&wider, Some(&alice()), CONSENT, 1), Decision::Issue);
    assert_eq!(ask(&[("prompt", Some("consent"))], Some(&alice()), NOTHING, 1), Decision::Consent);
    let mut trusted = client();
    trusted.require_consent = false;
    let request = run(&wider, trusted).unwrap();
    assert_eq!(decide(&request, Some(&alice()), None, NOTHING, at(1)), Decision::Issue);
}

#[test]
fn a_second_factor_is_asked_for_where_a_policy_or_the_request_wants_one() {
    let mut strict = client();
    strict.limits.two_factor.required = true;
    let request = run(&[], strict.clone()).unwrap();
    let step = |person: &Person, done, now| decide(&request, Some(person), None, done, at(now));
    let all = FactorMethod::ALL.into();
    assert_eq!(
        step(&alice(), NOTHING, 1),
        Decision::Enrol(all),
        "she has none, and has just logged in"
    );
    assert_eq!(step(&alice(), NOTHING, 301), Decision::Login, "a session alone adds no factor");
    let mut with_app = alice();
    with_app.standing.has = [FactorMethod::Totp].into();
    assert_eq!(step(&with_app, NOTHING, 301), Decision::Prove([FactorMethod::Totp].into()));
    with_app.standing.amr = ["pwd", "otp", "mfa"].map(str::to_owned).into();
    assert_eq!(step(&with_app, NOTHING, 301), Decision::Issue);

    let silent = run(&[("prompt", Some("none"))], strict).unwrap();
    assert_eq!(error_of(decide(&silent, Some(&alice()), None, NOTHING, at(1))), "login_required");
    let wants = |acr| run(&[("acr_values", Some(acr))], client()).unwrap();
    assert_eq!(
        decide(&wants("urn:nauthera:acr:2fa"), Some(&with_app), None, NOTHING, at(1)),
        Decision::Issue
    );
    assert_eq!(
        decide(&wants("phr"), Some(&with_app), None, NOTHING, at(1)),
        Decision::Enrol([FactorMethod::Webauthn].into())
    );
    assert_eq!(decide(&wants("unknown"), Some(&alice()), None, NOTHING, at(1)), Decision::Issue);
    let mut apps_only = client();
    apps_only.limits.two_factor.methods = [FactorMethod::Totp].into();
    let unattainable = run(&[("acr_values", Some("phr"))], apps_only).unwrap();
    assert_eq!(
        error_of(decide(&unattainable, Some(&alice()), None, NOTHING, at(1))),
        "unmet_authentication_requirements"
    );
}

#[test]
fn outsiders_of_the_allowed_groups_are_refused() {
    let mut closed = client();
    closed.allowed_groups = Some(["admins".to_owned()].into());
    let request = run(&[], closed).unwrap();
    assert_eq!(error_of(decide(&request, Some(&alice()), None, NOTHING, at(1))), "access_denied");
    let mut admin = alice();
    admin.groups.push("admins".into());
    assert_eq!(decide(&request, Some(&admin), None, NOTHING, at(1)), Decision::Issue);
}

#[test]
fn an_id_token_hint_of_someone_else_asks_for_a_login_once() {
    let request = run(&[], client()).unwrap();
    let bob = UserId::new("bob");
    assert_eq!(decide(&request, Some(&alice()), Some(&bob), NOTHING, at(1)), Decision::Login);
    assert_eq!(
        error_of(decide(&request, Some(&alice()), Some(&bob), LOGIN, at(1))),
        "login_required"
    );
    let silent = run(&[("prompt", Some("none"))], client()).unwrap();
    assert_eq!(
        error_of(decide(&silent, Some(&alice()), Some(&bob), NOTHING, at(1))),
        "login_required"
    );
}

proptest! {
    #[test]
    fn no_request_panics_and_none_is_redirected_elsewhere(
        pairs in proptest::collection::vec((
            prop_oneof![
                Just("client_id"), Just("redirect_uri"), Just("response_type"), Just("scope"), Just("state"), Just("prompt"),
                Just("max_age"), Just("response_mode"), Just("code_challenge"), Just("code_challenge_method"), Just("resource"),
            ],
            prop_oneof![Just("shop".to_owned()), Just("https://shop.example/cb".to_owned()), Just("code".to_owned()), ".{0,40}"],
        ), 0..12)
    ) {
        let params = Params::from(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>());
        let target = match validate(&params, |id| (id == "shop").then(|| Arc::new(client()))) {
            Ok(request) => Some(request.target),
            Err(Refusal::Client(target, _)) => Some(*target),
            Err(Refusal::Page(_)) => None,
        };
        if let Some(target) = target {
            prop_assert_eq!(target.redirect_uri, "https://shop.example/cb");
        }
    }
}
