//! The outside of what a directory sends (ITU-T X.690, as RFC 4511 §5.1 restricts it): where a message ends, and how deep it is nested.
//!
//! ldap3 buffers a message whole, however long it says it is, and parses it by recursion: a hostile server could fill the memory, or the
//! stack. So nothing reaches it that was not looked at here first.

/// A message of a directory is at most this long, bytes.
pub const MAX_MESSAGE: usize = 4 * 1024 * 1024;
/// Nothing in LDAP is nested deeper than nine; controls of the future may be.
pub const MAX_DEPTH: usize = 24;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not the definite form of RFC 4511, or parts that do not fit into one another
    #[error("what it sends is not LDAP")]
    Encoding,
    /// Longer than [`MAX_MESSAGE`]
    #[error("it sends a message of more than {MAX_MESSAGE} bytes")]
    TooLong,
    /// Deeper than [`MAX_DEPTH`]
    #[error("it sends a message that is nested deeper than {MAX_DEPTH}")]
    TooDeep,
}

/// Tag and length at the start of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The identifier octet
    pub tag: u8,
    /// Bytes of the header itself
    pub length: usize,
    /// Bytes that follow it
    pub content: usize,
}

impl Header {
    /// Reads one; `None`: more bytes are needed to tell.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let (Some(&tag), first) = (bytes.first(), bytes.get(1)) else {
            return Ok(None);
        };
        // LDAP has no tag number above 30.
        if tag & 0x1f == 0x1f {
            return Err(Malformed::Encoding);
        }
        let Some(&first) = first else {
            return Ok(None);
        };
        if first < 0x80 {
            return Ok(Some(Self {
                tag,
                length: 2,
                content: usize::from(first),
            }));
        }
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 8 {
            return Err(Malformed::Encoding);
        }
        let Some(octets) = bytes.get(2..2 + count) else {
            return Ok(None);
        };
        let content = octets.iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
        match usize::try_from(content) {
            Ok(content) if content <= MAX_MESSAGE => Ok(Some(Self {
                tag,
                length: 2 + count,
                content,
            })),
            _ => Err(Malformed::TooLong),
        }
    }

    const fn is_constructed(self) -> bool {
        self.tag & 0x20 != 0
    }

    /// Bytes of the whole element.
    pub const fn total(self) -> usize {
        self.length + self.content
    }
}

/// How long the message is that these bytes begin with, once it is there whole and was looked at.
///
/// # Errors
/// [`Malformed`], as soon as it is known.
pub fn message(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(header) = Header::read(bytes)? else {
        return Ok(None);
    };
    if header.tag != 0x30 {
        return Err(Malformed::Encoding);
    }
    let Some(whole) = bytes.get(..header.total()) else {
        return Ok(None);
    };
    check(whole)?;
    Ok(Some(header.total()))
}

/// Walks an element without recursion.
fn check(whole: &[u8]) -> Result<(), Malformed> {
    // The ends of the elements that are open.
    let mut open: Vec<usize> = Vec::with_capacity(MAX_DEPTH);
    let mut at = 0;
    while at < whole.len() {
        let rest = whole.get(at..).ok_or(Malformed::Encoding)?;
        let header = Header::read(rest)?.ok_or(Malformed::Encoding)?;
        let end = at + header.total();
        if end > open.last().copied().unwrap_or(whole.len()) {
            return Err(Malformed::Encoding);
        }
        if header.is_constructed() {
            if open.len() == MAX_DEPTH {
                return Err(Malformed::TooDeep);
            }
            open.push(end);
            at += header.length;
        } else {
            at = end;
        }
        while open.last() == Some(&at) {
            open.pop();
        }
    }
    if open.is_empty() { Ok(()) } else { Err(Malformed::Encoding) }
}

/// The result code of a response of one kind (`tag`) to the message 1: what StartTLS is answered with, before ldap3 is there to read it.
/// `None` if it is another message.
pub fn result_code(message: &[u8], tag: u8) -> Option<u8> {
    let outer = Header::read(message).ok()??;
    let id = message.get(outer.length..)?;
    let id_header = Header::read(id).ok()??;
    if id_header.tag != 0x02 || id.get(id_header.length..id_header.total())? != [1] {
        return None;
    }
    let response = id.get(id_header.total()..)?;
    let response_header = Header::read(response).ok()??;
    let code = response.get(response_header.length..)?;
    let code_header = Header::read(code).ok()??;
    match code.get(code_header.length..code_header.total())? {
        [value] if response_header.tag == tag && code_header.tag == 0x0a => Some(*value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// BindResponse, success.
    const BOUND: &[u8] = &[0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00];

    fn nested(depth: usize) -> Vec<u8> {
        let mut bytes = vec![0x04, 0x00];
        for _ in 0..depth {
            let mut outer = vec![0x30, 0x82];
            outer.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
            outer.append(&mut bytes);
            bytes = outer;
        }
        bytes
    }

    #[test]
    fn a_message_ends_where_its_length_says() {
        let mut two = BOUND.to_vec();
        two.extend_from_slice(BOUND);
        assert_eq!(message(&two), Ok(Some(BOUND.len())));
        for cut in 0..BOUND.len() {
            assert_eq!(message(&BOUND[..cut]), Ok(None), "{cut} bytes");
        }
        assert_eq!(
            message(&[0x30, 0x81, 0x02, 0x04, 0x00]),
            Ok(Some(5)),
            "the long form of a short length"
        );
    }

    #[test]
    fn a_message_that_would_fill_the_memory_is_refused_by_its_header() {
        assert_eq!(message(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), Err(Malformed::TooLong));
        assert_eq!(message(&[0x30, 0x88, 1, 0, 0, 0, 0, 0, 0, 0]), Err(Malformed::TooLong));
    }

    #[test]
    fn a_message_that_would_fill_the_stack_is_refused() {
        assert!(message(&nested(MAX_DEPTH)).unwrap().is_some());
        assert_eq!(message(&nested(MAX_DEPTH + 1)), Err(Malformed::TooDeep));
        assert_eq!(message(&nested(5000)), Err(Malformed::TooDeep));
    }

    #[test]
    fn what_does_not_fit_into_one_another_is_refused() {
        for bytes in [
            &[0x30, 0x80, 0x00, 0x00][..],
            &[0x04, 0x00],
            &[0x3f, 0x00],
            &[0x30, 0x03, 0x30, 0x05, 0x00],
            &[0x30, 0x03, 0x30, 0x01, 0x04],
            b"HTTP/1.1 400 Bad Request",
        ] {
            assert_eq!(message(bytes), Err(Malformed::Encoding), "{bytes:?}");
        }
    }

    #[test]
    fn reads_the_result_code_of_a_response_to_the_first_message() {
        assert_eq!(result_code(BOUND, 0x61), Some(0));
        assert_eq!(result_code(BOUND, 0x78), None);
        let mut other = BOUND.to_vec();
        other[4] = 2;
        assert_eq!(result_code(&other, 0x61), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = message(&bytes);
            let _ = result_code(&bytes, 0x78);
        }

        #[test]
        fn what_ldap3_parses_is_let_through_if_it_is_small(content in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut bytes = vec![0x30, 0x82];
            let inner = u16::try_from(content.len() + 4).unwrap().to_be_bytes();
            bytes.extend(inner);
            bytes.extend([0x04, 0x82]);
            bytes.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
            bytes.extend(&content);
            prop_assert_eq!(message(&bytes), Ok(Some(bytes.len())));
        }
    }
}
