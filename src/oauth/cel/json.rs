//! What an expression comes to, as the value of a claim.

use super::{Failure, LONGEST_VALUE};
use cel::Value as Cel;
use cel::objects::{Key, OptionalValue};
use serde_json::{Map, Number, Value};

/// A claim's value; `None` for null, and for an optional that is not there.
///
/// # Errors
/// If it is nothing that JSON has, or too long.
pub fn claim(value: Cel) -> Result<Option<Value>, Failure> {
    let value = match <&OptionalValue>::try_from(&value) {
        Ok(optional) => optional.value().cloned().unwrap_or(Cel::Null),
        Err(_) => value,
    };
    let value = json(&value)?;
    if value.is_null() {
        return Ok(None);
    }
    if value.to_string().len() > LONGEST_VALUE {
        return Err(Failure::new("its value is too long for a claim"));
    }
    Ok(Some(value))
}

fn json(value: &Cel) -> Result<Value, Failure> {
    Ok(match value {
        Cel::Null => Value::Null,
        Cel::Bool(value) => Value::from(*value),
        Cel::Int(number) => Value::from(*number),
        Cel::UInt(number) => Value::from(*number),
        // JSON has neither infinity nor "not a number".
        Cel::Float(number) => Value::Number(Number::from_f64(*number).ok_or_else(not_json)?),
        Cel::String(text) => Value::from(text.as_str()),
        Cel::List(list) => Value::Array(list.iter().map(json).collect::<Result<_, _>>()?),
        Cel::Map(map) => {
            let mut object = Map::new();
            for (key, value) in map.map.iter() {
                let Key::String(key) = key else {
                    return Err(not_json());
                };
                object.insert(key.as_str().to_owned(), json(value)?);
            }
            Value::Object(object)
        }
        _ => return Err(not_json()),
    })
}

fn not_json() -> Failure {
    Failure::new("its value is nothing that JSON has")
}
