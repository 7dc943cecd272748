//! How much memory a JSON text takes when it is read: many times its length, if somebody means it to. Pure.

/// An object with one entry: its table, a first handful of entries, a key, and what reading and copying it takes on the way.
const OBJECT: usize = 1500;
/// An array with one value.
const ARRAY: usize = 800;
/// One entry or value more.
const ITEM: usize = 600;
/// Texts are copied.
const BYTE: usize = 3;

/// Bytes of memory at most, about. The text need not be JSON.
pub fn unfolded(text: &[u8]) -> usize {
    let mut weight = text.len().saturating_mul(BYTE);
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        let more = match byte {
            b'{' => OBJECT,
            b'[' => ARRAY,
            b',' => ITEM,
            b'"' => {
                skip_string(&mut bytes);
                0
            }
            _ => 0,
        };
        weight = weight.saturating_add(more);
    }
    weight
}

/// Goes behind the string's end.
fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_unfolds_is_counted_and_not_what_stands_in_a_string() {
        assert_eq!(unfolded(br#"{"a":[1,2]}"#), 11 * BYTE + OBJECT + ARRAY + ITEM);
        assert_eq!(unfolded(br#""{[,\"{[,\\""#), 12 * BYTE);
        assert_eq!(unfolded(br#""{[,"#), 4 * BYTE, "a string without an end");
    }

    #[test]
    fn a_text_of_nothing_but_small_objects_is_far_heavier_than_one_long_string() {
        let objects = r#"{"a":0},"#.repeat(1000);
        let string = format!("\"{}\"", "x".repeat(8000));
        assert!(unfolded(objects.as_bytes()) > 50 * unfolded(string.as_bytes()));
    }
}
