//! The files of `templates/`, in the binary: pages, words, style sheet, pictures.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::RustEmbed;
use std::sync::LazyLock;

/// Everything below `templates/`.
#[derive(RustEmbed)]
#[folder = "templates/"]
pub struct Templates;

impl Templates {
    /// A text file; empty if there is none, which tests exclude.
    pub fn text(path: &str) -> String {
        Self::get(path)
            .map(|file| String::from_utf8_lossy(&file.data).into_owned())
            .unwrap_or_default()
    }
}

/// A file that browsers fetch, under a name that changes with its content, so that it may be cached for ever.
pub struct Asset {
    /// `app.1a2b3c4d.css`
    pub name: String,
    /// `text/css; charset=utf-8`
    pub content_type: &'static str,
    /// What it holds
    pub content: String,
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str) -> Self {
        Self::of(
            stem,
            extension,
            content_type,
            Templates::text(&format!("assets/{stem}.{extension}")),
        )
    }

    fn of(stem: &str, extension: &str, content_type: &'static str, content: String) -> Self {
        Self {
            name: format!("{stem}.{}.{extension}", fingerprint(content.as_bytes())),
            content_type,
            content,
        }
    }
}

/// The style sheet.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let sheet = Templates::text("assets/app.css").replace("chart.svg", &CHART.name);
    Asset::of("app", "css", "text/css; charset=utf-8", sheet)
});
/// The sea chart behind the brand; the style sheet names it.
pub static CHART: LazyLock<Asset> = LazyLock::new(|| Asset::new("chart", "svg", "image/svg+xml"));
/// The mark of Nauthera.
pub static MARK: LazyLock<Asset> = LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml"));
/// Submits the form of a `form_post` response; without it the person presses the button.
pub static SUBMIT: LazyLock<Asset> = LazyLock::new(|| Asset::new("submit", "js", "text/javascript; charset=utf-8"));

/// Asks a passkey or a security key what its page says.
pub static KEYS: LazyLock<Asset> = LazyLock::new(|| Asset::new("keys", "js", "text/javascript; charset=utf-8"));

/// The asset of this name.
pub fn find(name: &str) -> Option<&'static Asset> {
    [&*STYLE, &*CHART, &*MARK, &*SUBMIT, &*KEYS]
        .into_iter()
        .find(|asset| asset.name == name)
}

/// A short digest, safe in a file name.
pub fn fingerprint(content: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, content);
    URL_SAFE_NO_PAD.encode(digest.as_ref().get(..9).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_there_and_is_found_by_its_name() {
        for asset in [&STYLE, &CHART, &MARK, &SUBMIT, &KEYS] {
            assert!(!asset.content.is_empty(), "{}", asset.name);
            assert!(find(&asset.name).is_some());
        }
        assert!(find("app.css").is_none() && find("../app.css").is_none());
    }

    #[test]
    fn no_page_brings_style_or_script_of_its_own() {
        for name in Templates::iter().filter(|name| name.starts_with("pages/")) {
            let text = Templates::text(&name);
            for inline in ["<style", "style=", "onclick", "onload", "javascript:", "|safe", "autoescape"] {
                assert!(!text.contains(inline), "{name} holds {inline}");
            }
            assert_eq!(text.matches("<script").count(), text.matches("<script src=").count(), "{name}");
        }
    }
}
