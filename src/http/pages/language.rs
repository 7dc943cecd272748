//! Which language a page is written in: `ui_locales` of the request, then `Accept-Language`, then English.

/// A language that the pages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, the last resort
    En,
    /// German
    De,
    /// French
    Fr,
    /// Spanish
    Es,
    /// Polish
    Pl,
    /// Japanese
    Ja,
}

/// Ranges that are looked at; a longer list is cut.
const MAX_RANGES: usize = 32;

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::En, Self::De, Self::Fr, Self::Es, Self::Pl, Self::Ja];

    /// BCP 47 tag, as in `<html lang>`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::Pl => "pl",
            Self::Ja => "ja",
        }
    }

    /// The first that fits. `ui_locales` is a list of tags by preference (OpenID Connect Core §3.1.2.1), `accept` the header (RFC 9110 §12.5.4).
    pub fn choose(ui_locales: Option<&str>, accept: Option<&str>) -> Self {
        ui_locales
            .and_then(|tags| tags.split(' ').take(MAX_RANGES).find_map(Self::of_tag))
            .or_else(|| accept.and_then(Self::of_header))
            .unwrap_or(Self::En)
    }

    /// By primary subtag: `de-CH` is answered in German.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    fn of_header(header: &str) -> Option<Self> {
        let mut best: Option<(Self, u16)> = None;
        for range in header.split(',').take(MAX_RANGES) {
            let mut parts = range.split(';');
            let weight = parts
                .clone()
                .skip(1)
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(Some(1000), weight);
            let Some((language, weight)) = parts.next().and_then(Self::of_tag).zip(weight) else {
                continue;
            };
            // Of equal weights the first counts.
            if weight > best.map_or(0, |(_, weight)| weight) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// Thousandths of a quality value: `0`, `1`, or up to three decimals.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if !matches!(whole, "0" | "1") || decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    Some(if whole == "1" { 1000 } else { thousandths })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_client_asks_first_then_the_browser() {
        assert_eq!(Language::choose(Some("xx pl en"), Some("de")), Language::Pl);
        assert_eq!(Language::choose(Some("xx"), Some("ja;q=0.1")), Language::Ja);
        assert_eq!(Language::choose(None, Some("nl, sv")), Language::En);
        assert_eq!(Language::choose(None, None), Language::En);
    }

    #[test]
    fn the_header_is_weighed() {
        for (header, language) in [
            ("de-CH,fr;q=0.9", Language::De),
            ("fr;q=0.5, es;q=0.8, en;q=0.1", Language::Es),
            ("en-US,en;q=0.9,de;q=0.8", Language::En),
            ("de;q=0, fr;q=0.2", Language::Fr),
            ("de;q=2, fr;q=0.2", Language::Fr),
            ("*, pl", Language::Pl),
        ] {
            assert_eq!(Language::choose(None, Some(header)), language, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(tags in ".{0,60}", header in ".{0,200}") {
            let _ = Language::choose(Some(&tags), Some(&header));
        }
    }
}
