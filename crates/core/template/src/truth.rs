//! Which values are true: those that are not the zero of their type.

use crate::types::Kind;
use crate::value::Value;

/// Whether `if` takes the value for true.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Nil => false,
        Value::Bool(value) => *value,
        Value::Int(_, int) => *int != 0,
        Value::Uint(_, uint) => *uint != 0,
        Value::Float(float) => *float != 0.0,
        Value::Float32(float) => *float != 0.0,
        Value::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::List(list) => !list.items().is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Time(_) | Value::Function(_) => true,
        Value::Object(object) => match object.kind() {
            Kind::Pointer | Kind::Func => !object.is_nil(),
            Kind::Map | Kind::Slice | Kind::Array => is_true(&object.underlying()),
            _ => true,
        },
    }
}
