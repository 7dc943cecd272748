//! Rendered YAML as values.

use serde_json::Value;
use std::collections::BTreeMap;

/// Each document of a stream that is not empty.
#[track_caller]
pub fn documents(stream: &str) -> Vec<Value> {
    stream
        .split("\n---")
        .map(|text| serde_saphyr::from_str::<Value>(text.trim_start_matches("---")).unwrap_or_else(|error| panic!("{error}\n{text}")))
        .filter(|value| !value.is_null())
        .collect()
}

/// `Kind namespace/name` of an object.
pub fn id(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    format!("{} {}/{}", text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// Objects by their id, each of which is there once.
#[track_caller]
pub fn by_id(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let count = objects.len();
    let map: BTreeMap<String, Value> = objects.into_iter().map(|object| (id(&object), object)).collect();
    assert_eq!(map.len(), count, "an object is there twice");
    map
}
