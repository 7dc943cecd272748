//! The words of the pages, from `templates/locales/*.ftl` (Project Fluent).

use super::assets::Templates;
use super::language::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<Vec<(Language, Bundle)>> =
    LazyLock::new(|| Language::ALL.into_iter().map(|language| (language, bundle(language))).collect());

/// Reads a language's file. What cannot be read is missing and answered in English; a test holds that nothing is.
fn bundle(language: Language) -> Bundle {
    let locale: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    // All our languages run from left to right, and the marks would end up in titles and attributes.
    bundle.set_use_isolating(false);
    let text = Templates::text(&format!("locales/{}.ftl", language.tag()));
    let resource = match FluentResource::try_new(text) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    // Only a repeated key is refused here, and the first one stays.
    let _ = bundle.add_resource(resource);
    bundle
}

/// A text in a language, with its values put in. Values are plain text: the template engine escapes the whole.
pub fn say(language: Language, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
    let in_language = BUNDLES.iter().find(|(known, _)| *known == language);
    in_language
        .and_then(|(_, bundle)| format(bundle, key, values))
        .or_else(|| BUNDLES.first().and_then(|(_, english)| format(english, key, values)))
        .unwrap_or_else(|| key.to_owned())
}

fn format(bundle: &Bundle, key: &str, values: &[(&str, FluentValue<'_>)]) -> Option<String> {
    let pattern = bundle.get_message(key)?.value()?;
    let args: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
    Some(bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_bundle::types::FluentNumber;
    use std::collections::BTreeSet;

    /// Keys with the names of their values.
    fn keys(language: Language) -> BTreeSet<(String, BTreeSet<String>)> {
        let text = Templates::text(&format!("locales/{}.ftl", language.tag()));
        assert!(
            FluentResource::try_new(text.clone()).is_ok(),
            "{} has a syntax error",
            language.tag()
        );
        let mut found: Vec<(String, BTreeSet<String>)> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                found.push((key.to_owned(), BTreeSet::new()));
            }
            for value in line.split('$').skip(1) {
                let name: String = value.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
                found.last_mut().unwrap().1.insert(name);
            }
        }
        let unique: BTreeSet<_> = found.iter().map(|(key, _)| key.clone()).collect();
        assert_eq!(unique.len(), found.len(), "{} repeats a key", language.tag());
        found.into_iter().collect()
    }

    #[test]
    fn each_language_has_every_key_with_the_same_values() {
        let english = keys(Language::En);
        assert!(english.len() > 50);
        for language in Language::ALL {
            let own = keys(language);
            let differing: Vec<_> = english.symmetric_difference(&own).collect();
            assert!(differing.is_empty(), "{}: {differing:?}", language.tag());
        }
    }

    #[test]
    fn each_key_of_the_templates_exists() {
        let english: BTreeSet<String> = keys(Language::En).into_iter().map(|(key, _)| key).collect();
        let mut used = 0;
        for name in Templates::iter().filter(|name| name.starts_with("pages/")) {
            for call in Templates::text(&name).split("t(\"").skip(1) {
                let key = call.split('"').next().unwrap();
                assert!(english.contains(key), "{name} says {key}");
                used += 1;
            }
        }
        assert!(used > 20);
    }

    #[test]
    fn counts_in_each_language() {
        let seconds = |language, count: f64| say(language, "login-throttled", &[("seconds", FluentNumber::from(count).into())]);
        assert!(seconds(Language::En, 1.0).contains("one second"));
        assert!(seconds(Language::En, 5.0).contains("5 seconds"));
        assert!(seconds(Language::Pl, 2.0).contains("2 sekundy"));
        assert!(seconds(Language::Pl, 5.0).contains("5 sekund "));
        assert!(seconds(Language::Ja, 5.0).contains('5'));
    }
}
