//! Search filters (RFC 4515). What a person typed is a value in them, never syntax.

use super::identity::ExternalId;
use super::settings::{GroupSearch, Membership, Nested, UserSearch};
use ldap3::ldap_escape;

/// Active Directory follows groups within groups itself by this rule (`LDAP_MATCHING_RULE_IN_CHAIN`).
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// Who has this name.
pub fn by_username(users: &UserSearch, username: &str) -> String {
    format!("(&{}({}={}))", users.filter, users.username_attribute, ldap_escape(username))
}

/// Who has this stable id.
pub fn by_id(users: &UserSearch, id: &ExternalId) -> String {
    format!("(&{}({}={}))", users.filter, id.attribute(), id.in_filter())
}

/// Groups that one of these is a member of: DNs, or usernames where the directory writes those down.
pub fn groups_of<'a>(groups: &GroupSearch, attribute: &str, members: impl IntoIterator<Item = &'a str>) -> String {
    let rule = match (groups.nested, &groups.membership) {
        (Nested::InChain, Membership::OfGroup(_)) => format!(":{IN_CHAIN}:"),
        _ => String::new(),
    };
    let alternatives: Vec<String> = members
        .into_iter()
        .map(|member| format!("({attribute}{rule}={})", ldap_escape(member)))
        .collect();
    match alternatives.as_slice() {
        [one] => format!("(&{}{one})", groups.filter),
        _ => format!("(&{}(|{}))", groups.filter, alternatives.concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ldap3::parse_filter;
    use proptest::prelude::*;

    fn users() -> UserSearch {
        UserSearch {
            base_dn: "ou=people,dc=example,dc=org".to_owned(),
            filter: "(objectClass=inetOrgPerson)".to_owned(),
            username_attribute: "uid".to_owned(),
        }
    }

    fn groups(nested: Nested) -> GroupSearch {
        GroupSearch {
            base_dn: "ou=groups,dc=example,dc=org".to_owned(),
            filter: "(objectClass=groupOfNames)".to_owned(),
            name_attribute: "cn".to_owned(),
            membership: Membership::of("member"),
            nested,
        }
    }

    #[test]
    fn a_name_is_a_value_and_no_syntax() {
        for (name, wanted) in [
            ("alice", "alice"),
            ("*", "\\2a"),
            ("a)(uid=*", "a\\29\\28uid=\\2a"),
            ("a\\b", "a\\5cb"),
            ("müller", "müller"),
        ] {
            assert_eq!(
                by_username(&users(), name),
                format!("(&(objectClass=inetOrgPerson)(uid={wanted}))"),
                "{name}"
            );
        }
    }

    #[test]
    fn a_binary_id_is_written_byte_by_byte() {
        let id = ExternalId::parse("objectGUID:3f2504e0-4f89-11d3-9a0c-0305e82c3301").unwrap();
        assert_eq!(
            by_id(&users(), &id),
            r"(&(objectClass=inetOrgPerson)(objectGUID=\e0\04\25\3f\89\4f\d3\11\9a\0c\03\05\e8\2c\33\01))"
        );
    }

    #[test]
    fn groups_are_asked_for_by_member() {
        let one = groups_of(&groups(Nested::No), "member", ["cn=A\\, B,dc=x"]);
        assert_eq!(one, r"(&(objectClass=groupOfNames)(member=cn=A\5c, B,dc=x))");
        let two = groups_of(&groups(Nested::Walk { depth: 8 }), "member", ["a", "b"]);
        assert_eq!(two, "(&(objectClass=groupOfNames)(|(member=a)(member=b)))");
        let chain = groups_of(&groups(Nested::InChain), "member", ["a"]);
        assert_eq!(chain, "(&(objectClass=groupOfNames)(member:1.2.840.113556.1.4.1941:=a))");
    }

    proptest! {
        #[test]
        fn any_name_makes_one_comparison_with_that_name(name in "\\PC{1,40}") {
            let built = by_username(&users(), &name);
            prop_assert!(parse_filter(&built).is_ok(), "{}", built);
            // What is not escaped has no brackets of its own.
            prop_assert_eq!(built.matches('(').count(), 3);
            prop_assert_eq!(built.matches('*').count(), 0);
        }
    }
}
