//! QR codes, drawn as one path of an SVG, so that no page needs a script or a picture from elsewhere.

use fast_qr::{ECL, QRBuilder};

/// A code as a path of unit squares.
pub struct Code {
    /// Units of a side, with the quiet zone that readers need (ISO/IEC 18004 §9.1: four)
    pub size: usize,
    /// The dark squares
    pub path: String,
}

const QUIET: usize = 4;

/// Draws a text; `None` if it is too long for a code.
pub fn code(text: &str) -> Option<Code> {
    let drawn = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let mut path = String::new();
    for y in 0..drawn.size {
        let mut run = 0;
        for x in 0..=drawn.size {
            let dark = x < drawn.size && drawn.data.get(y * drawn.size + x).is_some_and(|module| module.value());
            if dark {
                run += 1;
            } else if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x - run + QUIET, y + QUIET));
                run = 0;
            }
        }
    }
    Some(Code {
        size: drawn.size + 2 * QUIET,
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_quiet_zone() {
        let code = code("otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example").unwrap();
        assert!(code.path.starts_with("M4 4h7v1h-7z"), "{}", &code.path[..40]);
        assert!(code.path.contains(&format!("M{} 4h7v1h-7z", code.size - QUIET - 7)));
        assert!(code.size >= 21 + 2 * QUIET);
        assert!(super::code(&"x".repeat(10_000)).is_none());
    }
}
