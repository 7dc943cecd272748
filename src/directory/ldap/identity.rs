//! What a directory knows an entry by for ever: so a renamed person stays the same.

use super::entry::Entry;

/// Active Directory; a GUID whose first three fields are little-endian (MS-DTYP §2.3.4.2).
const OBJECT_GUID: &str = "objectGUID";
/// Attributes that never change and are never used again, by directory: Active Directory; OpenLDAP and others (RFC 4530); 389 Directory
/// Server; FreeIPA.
const STABLE: [&str; 4] = [OBJECT_GUID, "entryUUID", "nsUniqueId", "ipaUniqueID"];

/// The attributes to ask for.
pub fn attributes() -> impl Iterator<Item = &'static str> {
    STABLE.into_iter()
}

/// A stable id, with the attribute that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalId {
    attribute: &'static str,
    value: String,
}

impl ExternalId {
    /// Of an entry. `None`: the directory does not say, or says nonsense.
    pub fn of(entry: &Entry) -> Option<Self> {
        STABLE.into_iter().find_map(|attribute| {
            let value = if attribute == OBJECT_GUID {
                guid_text(entry.bytes(attribute)?)?
            } else {
                entry.text(attribute).filter(|text| is_plain(text))?.to_ascii_lowercase()
            };
            Some(Self { attribute, value })
        })
    }

    /// As it is kept: `entryUUID:…`.
    pub fn parse(kept: &str) -> Option<Self> {
        let (name, value) = kept.split_once(':')?;
        let attribute = STABLE.into_iter().find(|known| *known == name)?;
        let is_good = if attribute == OBJECT_GUID {
            guid_bytes(value).is_some()
        } else {
            is_plain(value)
        };
        is_good.then(|| Self {
            attribute,
            value: value.to_owned(),
        })
    }

    /// The attribute that holds it.
    pub const fn attribute(&self) -> &'static str {
        self.attribute
    }

    /// As a filter's value.
    pub fn in_filter(&self) -> String {
        match guid_bytes(&self.value) {
            Some(bytes) if self.attribute == OBJECT_GUID => bytes.iter().map(|byte| format!("\\{byte:02x}")).collect(),
            _ => self.value.clone(),
        }
    }
}

impl std::fmt::Display for ExternalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.attribute, self.value)
    }
}

/// Ids are hexadecimal digits and hyphens in all of these directories; nothing else needs escaping anywhere.
fn is_plain(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn guid_text(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some(uuid::Uuid::from_bytes_le(bytes).to_string())
}

fn guid_bytes(text: &str) -> Option<[u8; 16]> {
    Some(uuid::Uuid::try_parse(text).ok()?.to_bytes_le())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(attribute: &str, value: &[u8]) -> Entry {
        Entry::new("cn=a,dc=x", [(attribute, vec![value.to_vec()])])
    }

    #[test]
    fn a_guid_is_written_as_active_directory_writes_it() {
        let bytes = [
            0xe0, 0x04, 0x25, 0x3f, 0x89, 0x4f, 0xd3, 0x11, 0x9a, 0x0c, 0x03, 0x05, 0xe8, 0x2c, 0x33, 0x01,
        ];
        let id = ExternalId::of(&entry("objectGUID", &bytes)).unwrap();
        assert_eq!(id.to_string(), "objectGUID:3f2504e0-4f89-11d3-9a0c-0305e82c3301");
        assert_eq!(ExternalId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn a_guid_that_happens_to_be_text_is_a_guid_all_the_same() {
        let id = ExternalId::of(&entry("objectguid", b"ABCDEFGHIJKLMNOP")).unwrap();
        assert_eq!(id.to_string(), "objectGUID:44434241-4645-4847-494a-4b4c4d4e4f50");
    }

    #[test]
    fn an_entry_uuid_is_text() {
        let id = ExternalId::of(&entry("entryUUID", b"597AE2F6-16A6-1027-98F4-ABCDEFABCDEF")).unwrap();
        assert_eq!(id.to_string(), "entryUUID:597ae2f6-16a6-1027-98f4-abcdefabcdef");
        assert_eq!(id.in_filter(), "597ae2f6-16a6-1027-98f4-abcdefabcdef");
    }

    #[test]
    fn an_id_that_could_be_syntax_is_no_id() {
        assert_eq!(ExternalId::of(&entry("entryUUID", b"*)(uid=admin")), None);
        assert_eq!(ExternalId::of(&entry("objectGUID", b"short")), None);
        assert_eq!(ExternalId::of(&entry("cn", b"a")), None);
        for kept in ["entryUUID:*", "cn:abcdefgh", "objectGUID:x", "", "entryUUID"] {
            assert_eq!(ExternalId::parse(kept), None, "{kept}");
        }
    }
}
