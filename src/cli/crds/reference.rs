//! The fields in docs/resources.md are those of the types. `make crds` writes them.

use crate::resources::crd;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool};
use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- fields: written by `make crds` -->\n";
const END: &str = "<!-- end of fields -->\n";

/// `NAUTHERA_WRITE_CRDS=1 cargo test --lib crds` writes them (`make crds`).
#[test]
fn the_fields_in_docs_are_what_the_types_have() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/resources.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (there, after) = rest.split_once(END).unwrap();
    let generated = fields();
    if std::env::var_os("NAUTHERA_WRITE_CRDS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{generated}{END}{after}")).unwrap();
    } else {
        assert!(generated == there, "docs/resources.md is out of date: run `make crds`");
    }
}

fn fields() -> String {
    let mut out = String::new();
    for crd in crd::all() {
        let names = &crd.spec.names;
        let short = names.short_names.iter().flatten().next().unwrap();
        let scope = if crd.spec.scope == "Namespaced" { "" } else { ", cluster-wide" };
        let _ = writeln!(out, "\n### {} (`{short}`{scope})\n", names.kind);
        let schema = crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        let spec = &schema.properties.as_ref().unwrap()["spec"];
        let _ = writeln!(out, "{}\n", one_line(spec.description.as_deref().unwrap_or_default()));
        let _ = writeln!(out, "| field | type | default | meaning |\n|---|---|---|---|");
        rows(&mut out, "", spec);
    }
    out.push('\n');
    out
}

fn rows(out: &mut String, prefix: &str, schema: &JSONSchemaProps) {
    let required = schema.required.clone().unwrap_or_default();
    for (name, property) in schema.properties.iter().flatten() {
        let path = format!("{prefix}{name}");
        let default = match &property.default {
            Some(default) if !default.0.is_object() => format!("`{}`", default.0.to_string().replace('|', "\\|")),
            None if required.contains(name) => "*required*".to_owned(),
            _ => String::new(),
        };
        let meaning = one_line(property.description.as_deref().unwrap_or_default()).replace('|', "\\|");
        let _ = writeln!(out, "| `{path}` | {} | {default} | {meaning} |", kind(property));
        rows(out, &format!("{path}."), property);
        if let Some(JSONSchemaPropsOrArray::Schema(item)) = &property.items {
            rows(out, &format!("{path}[]."), item);
        }
    }
}

fn kind(schema: &JSONSchemaProps) -> String {
    if let Some(values) = &schema.enum_ {
        let values: Vec<String> = values
            .iter()
            .filter_map(|value| value.0.as_str())
            .map(|value| format!("`{value}`"))
            .collect();
        return values.join(", ");
    }
    if schema.pattern.as_deref().is_some_and(|pattern| pattern.starts_with("^([0-9]+h)")) {
        return "time span".to_owned();
    }
    match schema.type_.as_deref() {
        Some("array") => match &schema.items {
            Some(JSONSchemaPropsOrArray::Schema(item)) => format!("list of {}", kind(item)),
            _ => "list".to_owned(),
        },
        Some("object") => match &schema.additional_properties {
            Some(JSONSchemaPropsOrBool::Schema(value)) => format!("map to {}", kind(value)),
            _ => "object".to_owned(),
        },
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
