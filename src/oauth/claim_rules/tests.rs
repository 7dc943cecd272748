//! What claims come to, where they appear, and what is left out.

use super::*;
use serde_json::json;

fn rule(name: &str, source: ClaimSource) -> Arc<ClaimRule> {
    Arc::new(ClaimRule {
        name: name.to_owned(),
        source,
        places: BTreeSet::from([ClaimPlace::AccessToken, ClaimPlace::Userinfo]),
        mapper: String::new(),
    })
}

fn alice() -> Profile {
    Profile {
        username: "alice".to_owned(),
        given_name: Some("Alice".to_owned()),
        groups: vec!["staff".to_owned()],
        roles: vec!["buyer".to_owned()],
        ..Profile::default()
    }
}

fn all() -> Vec<Arc<ClaimRule>> {
    vec![
        rule("login", ClaimSource::Attribute(PersonAttribute::Username)),
        rule("mail", ClaimSource::Attribute(PersonAttribute::Email)),
        rule("teams", ClaimSource::Groups),
        rule("roles", ClaimSource::Roles),
        rule("tenant", ClaimSource::Static(json!({"id": 7}))),
    ]
}

fn access_token() -> AccessTokenClaims {
    let required = json!({"iss": "i", "sub": "s", "aud": "a", "exp": 2, "iat": 1, "jti": "j", "client_id": "c", "groups": ["staff"]});
    serde_json::from_value(required).unwrap()
}

#[test]
fn a_claim_has_its_value_and_one_of_which_nothing_is_known_is_left_out() {
    let mut claims = access_token();
    let left_out = into_access_token(&all(), Some(&alice()), None, &mut claims);
    assert_eq!(left_out, []);
    let expected = json!({"login": "alice", "teams": ["staff"], "roles": ["buyer"], "tenant": {"id": 7}});
    assert_eq!(Value::Object(claims.further), expected);
}

#[test]
fn a_token_without_a_person_has_the_static_claims_only() {
    let mut claims = access_token();
    let _ = into_access_token(&all(), None, None, &mut claims);
    assert_eq!(Value::Object(claims.further), json!({"tenant": {"id": 7}}));
}

#[test]
fn an_exchanged_token_carries_what_its_subject_token_said_as_far_as_there_are_rules() {
    let mut claims = access_token();
    let carried = json!({"roles": ["buyer"], "tenant": "old", "gone": true});
    let _ = into_access_token(&all(), None, carried.as_object(), &mut claims);
    assert_eq!(Value::Object(claims.further), json!({"roles": ["buyer"], "tenant": {"id": 7}}));
}

#[test]
fn a_claim_appears_in_its_places_only_and_once() {
    let mut person = PersonClaims::for_scopes(&alice(), &crate::oauth::scope::Scopes::parse("groups profile").unwrap());
    let rules = [rule("groups", ClaimSource::Roles)];
    let (further, _) = for_userinfo(&rules, &alice(), "c", &mut person);
    assert_eq!(Value::Object(further), json!({"groups": ["buyer"]}));
    assert_eq!((person.groups, person.given_name.as_deref()), (None, Some("Alice")));

    let mut claims = access_token();
    let _ = into_access_token(&rules, Some(&alice()), None, &mut claims);
    let text = serde_json::to_string(&claims).unwrap();
    assert_eq!(text.matches("\"groups\"").count(), 1, "{text}");
    let read: AccessTokenClaims = serde_json::from_str(&text).unwrap();
    assert_eq!(read.groups, Some(vec!["buyer".to_owned()]));
    assert!(
        Made::new(&rules, ClaimPlace::IdToken, &Subject::new(Some(&alice()), "c"))
            .claims
            .is_empty()
    );
}

fn cel(text: &str) -> ClaimSource {
    ClaimSource::Cel(Expression::compile(text).unwrap())
}

#[test]
fn an_expression_sees_the_person_and_the_client() {
    let rules = [rule("badge", cel("user.givenName + '@' + client.id")), rule("none", cel("null"))];
    let mut claims = access_token();
    assert_eq!(into_access_token(&rules, Some(&alice()), None, &mut claims), []);
    assert_eq!(Value::Object(claims.further), json!({"badge": "Alice@c"}));
}

#[test]
fn an_expression_that_fails_leaves_its_claim_out_and_tells_nothing_of_the_person() {
    let failing = ClaimRule {
        mapper: "identity/m".to_owned(),
        ..ClaimRule::clone(&rule("badge", cel("user.groups[7] + user.givenName")))
    };
    let rules = [Arc::new(failing), rule("login", cel("user.username"))];
    let mut claims = access_token();
    let left_out = into_access_token(&rules, Some(&alice()), None, &mut claims);
    assert_eq!(Value::Object(claims.further), json!({"login": "alice"}));
    let [one] = left_out.as_slice() else { panic!("{left_out:?}") };
    assert_eq!((one.mapper.as_str(), one.claim.as_str()), ("identity/m", "badge"));
    let told = one.failure.to_string();
    assert!(!told.contains("Alice") && !told.contains("staff"), "{told}");
}

#[test]
fn an_expression_needs_a_person_and_an_exchanged_token_carries_what_it_came_to() {
    let rules = [rule("login", cel("user.username"))];
    let mut claims = access_token();
    assert_eq!(into_access_token(&rules, None, None, &mut claims), []);
    assert!(claims.further.is_empty());
    let carried = json!({"login": "bob"});
    let _ = into_access_token(&rules, Some(&alice()), carried.as_object(), &mut claims);
    assert_eq!(Value::Object(claims.further), json!({"login": "bob"}));
}

#[test]
fn a_further_attribute_is_text_or_a_list_and_absent_if_nothing_is_known() {
    let person = Profile {
        attributes: [
            ("department".to_owned(), vec!["Sales".to_owned()]),
            ("phones".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
        ]
        .into(),
        ..alice()
    };
    let further = |name: &str| ClaimSource::Further(name.to_owned());
    let rules = [
        rule("dept", further("department")),
        rule("phones", further("phones")),
        rule("gone", further("gone")),
    ];
    let mut claims = access_token();
    assert_eq!(into_access_token(&rules, Some(&person), None, &mut claims), []);
    assert_eq!(Value::Object(claims.further), json!({"dept": "Sales", "phones": ["1", "2"]}));
}

#[test]
fn a_claim_of_the_standard_keeps_its_type_whatever_it_comes_from() {
    let person = Profile {
        attributes: [("nicks".to_owned(), vec!["a".to_owned(), "b".to_owned()])].into(),
        ..alice()
    };
    for (name, source) in [
        ("groups", cel("'staff'")),
        ("groups", cel("[1]")),
        ("email", cel("['a@b']")),
        ("email_verified", cel("'true'")),
        ("updated_at", cel("1.5")),
        ("preferred_username", cel("{'a': 1}")),
        ("name", ClaimSource::Further("nicks".to_owned())),
    ] {
        let rules = [rule(name, source)];
        let mut claims = PersonClaims::default();
        let (further, left_out) = for_userinfo(&rules, &person, "c", &mut claims);
        assert!(further.is_empty(), "{name}");
        assert!(left_out[0].failure.to_string().contains("has to be"), "{name}");
    }
    let fine = [
        rule("groups", cel("user.groups.map(g, 'app:' + g)")),
        rule("email_verified", cel("'staff' in user.groups")),
        rule("updated_at", cel("1700000000")),
    ];
    let (further, _) = for_userinfo(&fine, &person, "c", &mut PersonClaims::default());
    let expected = json!({"groups": ["app:staff"], "email_verified": true, "updated_at": 1_700_000_000});
    assert_eq!(Value::Object(further), expected);
}

#[test]
fn a_rule_goes_over_the_wire_as_text_and_one_that_cannot_be_parsed_is_refused_there() {
    let rules = [
        rule("a", cel("user.username")),
        rule("b", ClaimSource::Further("department".to_owned())),
    ];
    for rule in rules {
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<ClaimRule>(&text).unwrap(), *rule, "{text}");
    }
    let broken = r#"{"name":"a","source":{"cel":"user."},"places":["id_token"]}"#;
    let error = serde_json::from_str::<ClaimRule>(broken).unwrap_err().to_string();
    assert!(error.contains("line 1, column"), "{error}");
    let endless = format!(
        r#"{{"name":"a","source":{{"cel":"{}"}},"places":["id_token"]}}"#,
        "(".repeat(100_000)
    );
    assert!(serde_json::from_str::<ClaimRule>(&endless).is_err());
}

#[test]
fn the_protocol_keeps_its_claims() {
    for name in ["iss", "sub", "aud", "exp", "scope", "client_id", "act", "sid", "cnf", "grant_id"] {
        assert!(is_protocol_claim(name), "{name}");
    }
    assert!(!is_protocol_claim("department"));
}

#[test]
fn what_an_expression_keeps_back_does_not_come_from_the_scope_instead() {
    let everything = crate::oauth::scope::Scopes::parse("groups email profile").unwrap();
    for text in ["null", "user.groups[7]", "'staff'"] {
        let rules = [rule("groups", cel(text))];
        let mut claims = PersonClaims::for_scopes(&alice(), &everything);
        let (further, _) = for_userinfo(&rules, &alice(), "c", &mut claims);
        assert_eq!((further.get("groups"), claims.groups), (None, None), "{text}");
        let mut claims = access_token();
        let _ = into_access_token(&rules, Some(&alice()), None, &mut claims);
        assert_eq!((claims.further.get("groups"), claims.groups), (None, None), "{text}");
    }
    // Of an attribute nothing is known: nobody says that there is to be nothing.
    let rules = [rule("given_name", ClaimSource::Further("nick".to_owned()))];
    let mut claims = PersonClaims::for_scopes(&alice(), &everything);
    let _ = for_userinfo(&rules, &alice(), "c", &mut claims);
    assert_eq!(claims.given_name.as_deref(), Some("Alice"));
}
