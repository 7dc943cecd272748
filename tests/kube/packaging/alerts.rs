//! Alerts and the dashboard speak of metrics that there are.

use super::{CHART, objects};
use crate::support::tools::repository;
use serde_json::Value;
use std::collections::BTreeSet;

/// The names that a source file registers: `register(` and the first string after it.
fn registered(file: &str, prefix: &str) -> BTreeSet<String> {
    let source = std::fs::read_to_string(repository(file)).unwrap();
    source
        .split("register(")
        .skip(1)
        .filter_map(|call| call.split('"').nth(1))
        .map(|name| format!("{prefix}_{name}"))
        .collect()
}

/// Every word that begins with `nauthera_`, without what Prometheus appends to a counter's or a histogram's name.
fn used(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("nauthera_"))
        .map(|word| {
            ["_bucket", "_total", "_sum", "_count"]
                .iter()
                .find_map(|end| word.strip_suffix(end))
                .unwrap_or(word)
                .to_owned()
        })
        .collect()
}

fn known() -> BTreeSet<String> {
    let mut known = registered("src/telemetry/metrics.rs", "nauthera");
    known.extend(registered("src/operator/metrics.rs", "nauthera_operator"));
    known
}

#[test]
fn every_metric_of_alerts_and_dashboard_is_one_that_the_program_has() {
    for file in ["files/alerts.yaml", "files/dashboard.json"] {
        let text = std::fs::read_to_string(repository(CHART).join(file)).unwrap();
        let used = used(&text);
        assert!(used.len() > 5, "{used:?}");
        let known = known();
        let unknown: Vec<&String> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn every_alert_says_what_it_means_and_how_bad_it_is() {
    let rendered = objects(&["metrics.prometheusRule.enabled=true"]);
    let rule = &rendered["PrometheusRule nauthera-system/nauthera"];
    let mut names = BTreeSet::new();
    for alert in rule["spec"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
    {
        let name = alert["alert"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        for text in ["/annotations/summary", "/annotations/description", "/expr"] {
            assert!(
                alert.pointer(text).and_then(Value::as_str).is_some_and(|text| text.len() > 10),
                "{name}: {text}"
            );
        }
        assert!(
            ["info", "warning", "critical"].contains(&alert["labels"]["severity"].as_str().unwrap()),
            "{name}"
        );
        let expression = alert["expr"].as_str().unwrap();
        for (open, close) in [('(', ')'), ('{', '}'), ('[', ']')] {
            assert_eq!(
                expression.matches(open).count(),
                expression.matches(close).count(),
                "{name}: {expression}"
            );
        }
    }
    assert!(names.len() > 15, "{names:?}");
}

#[test]
fn the_dashboard_is_json_in_which_no_two_panels_overlap() {
    let rendered = objects(&["metrics.dashboard.enabled=true"]);
    let text = rendered["ConfigMap nauthera-system/nauthera-dashboard"]["data"]["nauthera.json"]
        .as_str()
        .unwrap();
    let dashboard: Value = serde_json::from_str(text).unwrap();
    let mut cells = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let at = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(x < 24 && cells.insert((x, y)), "{}", panel["title"]);
            }
        }
    }
}
