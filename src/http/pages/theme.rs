//! The colours of an organisation: one `#rrggbb` from the configuration becomes a style sheet in which text stays readable
//! (WCAG 2.2 §1.4.3, contrast 4.5 : 1).

use crate::config::snapshot::Branding;

type Rgb = [u8; 3];

/// The colour of Nauthera.
const DEFAULT: Rgb = [0x0f, 0x5c, 0x6e];
const WHITE: Rgb = [0xff; 3];
const BLACK: Rgb = [0; 3];
/// The cards of both schemes, as `app.css` has them
const CARD_DARK: Rgb = [0x14, 0x23, 0x2a];
/// Normal text
const READABLE: f64 = 4.5;
/// Text on a dark ground, where thin strokes need more
const BRIGHT: f64 = 7.0;
/// The edge of a button (§1.4.11)
const VISIBLE: f64 = 3.0;

/// `/assets/theme.css` for a branding.
pub fn css(branding: &Branding) -> String {
    let primary = branding.primary_color.as_deref().and_then(parse).unwrap_or(DEFAULT);
    let dark_primary = towards(primary, WHITE, |colour| contrast(colour, CARD_DARK) >= VISIBLE);
    let ink = towards(primary, BLACK, |colour| contrast(colour, WHITE) >= READABLE);
    let dark_ink = towards(primary, WHITE, |colour| contrast(colour, CARD_DARK) >= BRIGHT);
    let panel = towards(primary, BLACK, |colour| contrast(colour, WHITE) >= 9.0);
    let deep = towards(primary, BLACK, |colour| contrast(colour, WHITE) >= 14.0);
    format!(
        ":root{{--primary:{};--on-primary:{};--ink:{};--panel:{};--panel-deep:{}}}\n\
         @media (prefers-color-scheme:dark){{:root{{--primary:{};--on-primary:{};--ink:{}}}}}\n",
        hex(primary),
        hex(text_on(primary)),
        hex(ink),
        hex(panel),
        hex(deep),
        hex(dark_primary),
        hex(text_on(dark_primary)),
        hex(dark_ink),
    )
}

/// White if it can be read, else what can be read best: black or white.
fn text_on(ground: Rgb) -> Rgb {
    if contrast(ground, WHITE) >= READABLE || contrast(ground, WHITE) >= contrast(ground, BLACK) {
        WHITE
    } else {
        BLACK
    }
}

/// Exactly `#rrggbb`; anything else is not written into a style sheet.
fn parse(text: &str) -> Option<Rgb> {
    let digits = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Mixes in the end colour, in steps, until the result will do.
fn towards(from: Rgb, end: Rgb, will_do: impl Fn(Rgb) -> bool) -> Rgb {
    (0..=20)
        .map(|step| mix(from, end, f64::from(step) / 20.0))
        .find(|colour| will_do(*colour))
        .unwrap_or(end)
}

fn mix(from: Rgb, to: Rgb, share: f64) -> Rgb {
    let [r, g, b] = from;
    let [x, y, z] = to;
    [(r, x), (g, y), (b, z)].map(|(from, to)| {
        let value = f64::from(from).mul_add(1.0 - share, f64::from(to) * share).round();
        // Between two bytes there are only bytes.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        {
            value as u8
        }
    })
}

/// WCAG 2.2, contrast ratio.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: Rgb) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    });
    0.0722f64.mul_add(blue, 0.2126f64.mul_add(red, 0.7152 * green))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(colour: &str) -> String {
        css(&Branding {
            primary_color: Some(colour.into()),
            ..Branding::default()
        })
    }

    #[test]
    fn what_is_no_colour_is_not_written() {
        for bad in ["red", "#fff", "#12345g", "#123456;}body{display:none", "", "#１２３４５６"] {
            assert_eq!(of(bad), css(&Branding::default()), "{bad}");
        }
    }

    #[test]
    fn white_reads_as_much_on_black_as_the_standard_says() {
        assert!((contrast(WHITE, BLACK) - 21.0).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn text_is_readable_in_every_colour(red: u8, green: u8, blue: u8) {
            let sheet = of(&hex([red, green, blue]));
            let value = |name: &str, nth: usize| {
                let text = sheet.split(&format!("--{name}:")).nth(nth).unwrap();
                parse(text.get(..7).unwrap()).unwrap()
            };
            prop_assert!(contrast(value("primary", 1), value("on-primary", 1)) >= READABLE);
            prop_assert!(contrast(value("primary", 2), value("on-primary", 2)) >= READABLE);
            prop_assert!(contrast(value("primary", 2), CARD_DARK) >= VISIBLE);
            prop_assert!(contrast(value("ink", 1), WHITE) >= READABLE);
            prop_assert!(contrast(value("ink", 2), CARD_DARK) >= READABLE);
            prop_assert!(contrast(value("panel", 1), WHITE) >= READABLE);
        }
    }
}
