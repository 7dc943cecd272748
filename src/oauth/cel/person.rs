//! What expressions see: `user` and `client`.

use super::Failure;
use super::size::Size;
use crate::oauth::attributes;
use crate::oauth::claims::Profile;
use cel::common::types::{CelBool, CelList, CelMap, CelMapKey, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use std::collections::HashMap;

/// Of more groups, or roles, no claim is made by an expression: its cost was worked out for this many.
pub const MOST_NAMES: usize = 2000;
/// Nor of a longer name, bytes.
const LONGEST_NAME: usize = 1024;

/// What the variables of an expression hold at most, by name.
pub fn variable(name: &str) -> Option<Size> {
    let fields = fields(name)?;
    let keys = fields.iter().map(|(field, _)| Size::text(field.len() as u64));
    let parts: Vec<Size> = keys.chain(fields.iter().map(|(_, size)| size.clone())).collect();
    Some(Size::of_all(&parts))
}

/// The fields of a variable.
pub fn fields(variable: &str) -> Option<Vec<(&'static str, Size)>> {
    let text = || Size::text(LONGEST_NAME as u64);
    let names = || Size::list(MOST_NAMES as u64, text());
    match variable {
        "user" => Some(vec![
            ("username", text()),
            ("email", text()),
            ("emailVerified", Size::SCALAR),
            ("displayName", text()),
            ("givenName", text()),
            ("familyName", text()),
            ("groups", names()),
            ("roles", names()),
            ("attributes", attributes_size()),
        ]),
        "client" => Some(vec![("id", text())]),
        _ => None,
    }
}

fn attributes_size() -> Size {
    let bytes = attributes::MOST_BYTES as u64;
    let value = Size::text(attributes::LONGEST_VALUE as u64);
    let values = Size::bounded_list(attributes::MOST_VALUES as u64, bytes, value);
    Size::bounded_list(attributes::MOST as u64, bytes, values)
}

/// A person and a client, as expressions see them. What is not known of the person is not there.
#[derive(Debug)]
pub struct Variables<'a> {
    user: CelMap<'a>,
    client: CelMap<'a>,
}

type Fields<'a> = HashMap<CelMapKey<'a>, Box<dyn Val + 'a>>;

impl<'a> Variables<'a> {
    /// Takes what is known.
    ///
    /// # Errors
    /// If it is more than expressions were checked for.
    pub fn new(person: &'a Profile, client: &'a str) -> Result<Self, Failure> {
        let mut user = Fields::new();
        let texts = [
            ("username", Some(&person.username)),
            ("email", person.email.as_ref()),
            ("displayName", person.name.as_ref()),
            ("givenName", person.given_name.as_ref()),
            ("familyName", person.family_name.as_ref()),
        ];
        for (field, value) in texts {
            if let Some(value) = value {
                user.insert(field.into(), text(value)?);
            }
        }
        user.insert("emailVerified".into(), Box::new(CelBool::from(person.email_verified)));
        user.insert("groups".into(), list(&person.groups)?);
        user.insert("roles".into(), list(&person.roles)?);
        user.insert("attributes".into(), further(&person.attributes)?);
        let client = Fields::from([("id".into(), text(client)?)]);
        Ok(Self {
            user: user.into(),
            client: client.into(),
        })
    }
}

fn text(value: &str) -> Result<Box<dyn Val + '_>, Failure> {
    if value.len() > LONGEST_NAME {
        return Err(Failure::new("a name or an address is longer than expressions are made for"));
    }
    Ok(Box::new(CelString::from(value)))
}

fn list(names: &[String]) -> Result<Box<dyn Val + '_>, Failure> {
    if names.len() > MOST_NAMES {
        return Err(Failure::new("the person has more groups or roles than expressions are made for"));
    }
    let values: Vec<Box<dyn Val + '_>> = names.iter().map(|name| text(name)).collect::<Result<_, _>>()?;
    Ok(Box::new(CelList::from(values)))
}

fn further(known: &attributes::Attributes) -> Result<Box<dyn Val + '_>, Failure> {
    let is_too_much = known.len() > attributes::MOST
        || attributes::bytes(known) > attributes::MOST_BYTES
        || known.values().any(|values| values.len() > attributes::MOST_VALUES);
    if is_too_much {
        return Err(Failure::new("the person has more attributes than expressions are made for"));
    }
    let mut fields = Fields::new();
    for (name, values) in known {
        // As in a claim.
        let value = match values.as_slice() {
            [only] => text(only)?,
            several => list(several)?,
        };
        fields.insert(name.as_str().into(), value);
    }
    Ok(Box::new(CelMap::from(fields)))
}

impl VariableResolver for Variables<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match variable {
            "user" => Some(CowVal::Borrowed(&self.user)),
            "client" => Some(CowVal::Borrowed(&self.client)),
            _ => None,
        }
    }
}
