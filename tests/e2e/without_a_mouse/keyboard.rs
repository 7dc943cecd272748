//! Keys, and what has to be true of the page after each. Scripts look here; they touch nothing.

use crate::support::browser::Browser;
use crate::support::pages::{PASSWORD_FIELD, USERNAME_FIELD};
use crate::support::platform::USERNAME;
use serde_json::{Value, json};
use thirtyfour::Key;

/// Where the focus is, among all that Tab should reach in the page's own order, and what somebody sees of it.
const LOOK: &str = "
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
      .filter((e) => e.tabIndex >= 0 && !e.disabled && e.type !== 'hidden' && e.checkVisibility());
    const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const at = all.indexOf(e), line = parseFloat(style.outlineWidth) + Math.max(0, parseFloat(style.outlineOffset));
    const middle = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    return {
      at, count: all.length, what: at < 0 ? e.localName : e.outerHTML.slice(0, 200),
      odd: [...document.querySelectorAll('[tabindex]')].filter((e) => e.tabIndex > 0).map((e) => e.outerHTML),
      whole: box.width > 0 && box.height > 0 && box.top >= line && box.left >= line && box.bottom + line <= innerHeight && box.right + line <= innerWidth,
      uncovered: e.contains(middle),
      marked: e.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
        && !/^rgba\\(.*, 0\\)$|^transparent$/.test(style.outlineColor),
      left: box.left, top: box.top + scrollY, bottom: box.bottom + scrollY, window: [scrollY, scrollY + innerHeight],
    }";

/// What is looked at. What has the focus must be marked, in the window with its whole outline, and under nothing else.
async fn look(browser: &Browser) -> Value {
    let seen = browser.run(LOOK).await;
    assert_eq!(seen["odd"], json!([]), "an order of its own: {seen:#}");
    if seen["at"] != -1 {
        for what in ["whole", "uncovered", "marked"] {
            assert_eq!(seen[what], true, "the focus is not {what}: {seen:#}");
        }
    }
    seen
}

fn number(seen: &Value, what: &str) -> f64 {
    seen[what].as_f64().unwrap()
}

/// Below what came before, or in its line and further on.
fn is_after(before: &Value, seen: &Value) -> bool {
    let same_line = number(seen, "top") < number(before, "bottom") && number(before, "top") < number(seen, "bottom");
    if same_line {
        number(seen, "left") > number(before, "left")
    } else {
        number(seen, "top") > number(before, "top")
    }
}

/// Tab to the page's end and Shift+Tab to its beginning: everything is reached, one after the other, in the order in which one sees it.
pub async fn walk(browser: &Browser) {
    let mut before = look(browser).await;
    let last = before["count"].as_i64().unwrap() - 1;
    while before["at"].as_i64().unwrap() < last {
        browser.press(Key::Tab + "").await;
        let seen = look(browser).await;
        assert_eq!(
            seen["at"].as_i64(),
            before["at"].as_i64().map(|at| at + 1),
            "after {before:#}: {seen:#}"
        );
        assert!(before["at"] == -1 || is_after(&before, &seen), "after {before:#}: {seen:#}");
        before = seen;
    }
    while before["at"].as_i64().unwrap() > 0 {
        browser.press_with_shift(Key::Tab).await;
        let seen = look(browser).await;
        assert_eq!(
            seen["at"].as_i64(),
            before["at"].as_i64().map(|at| at - 1),
            "back from {before:#}: {seen:#}"
        );
        assert!(is_after(&seen, &before), "back from {before:#}: {seen:#}");
        before = seen;
    }
}

/// Whether what the selector finds has the focus.
pub async fn is_at(browser: &Browser, css: &str) -> bool {
    let script = format!("return document.activeElement.matches({})", json!(css));
    browser.run(&script).await == true
}

/// Presses Tab until what the selector finds has the focus.
pub async fn reach(browser: &Browser, css: &str) {
    browser.see(css).await;
    let mut passed = Vec::new();
    while !is_at(browser, css).await {
        let seen = look(browser).await;
        assert!(
            i64::try_from(passed.len()).unwrap() <= seen["count"].as_i64().unwrap(),
            "Tab does not get to `{css}`; it passed {passed:#?}"
        );
        passed.push(seen["what"].clone());
        browser.press(Key::Tab + "").await;
    }
    look(browser).await;
}

/// Goes to a link or a button and presses Enter.
pub async fn enter(browser: &Browser, css: &str) {
    reach(browser, css).await;
    browser.press(Key::Enter + "").await;
}

/// Goes to a button and presses Space.
pub async fn space(browser: &Browser, css: &str) {
    reach(browser, css).await;
    browser.press(" ").await;
}

/// Goes to a field and types.
pub async fn fill(browser: &Browser, css: &str, text: &str) {
    reach(browser, css).await;
    browser.press(text).await;
}

/// Ada's name, unless the page knows it, and her password, and Enter.
pub async fn log_in(browser: &Browser, password: &str) {
    browser.see(PASSWORD_FIELD).await;
    walk(browser).await;
    if browser.focused().await["value"] != USERNAME {
        fill(browser, USERNAME_FIELD, USERNAME).await;
    }
    fill(browser, PASSWORD_FIELD, password).await;
    browser.press(Key::Enter + "").await;
}
