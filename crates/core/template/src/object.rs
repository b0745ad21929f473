//! Values with methods: Helm's `.Files`, `.Capabilities` and others.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Debug;

use crate::function::{CallError, Signature};
use crate::types::Kind;
use crate::value::{List, Value};

/// A Go struct, or a named Go type with methods.
pub trait Object: Any + Debug + Send + Sync {
    /// Name of the type as `%T` prints it, such as `*common.Capabilities`.
    fn type_name(&self) -> Cow<'static, str>;

    /// Its kind: `Struct`, `Pointer` (to a struct), `Map` or `Slice`.
    fn kind(&self) -> Kind;

    /// For maps and slices: what they hold, so that `range`, `index`, `len`, printing and YAML work.
    fn underlying(&self) -> Value {
        Value::Nil
    }

    /// For slices: one of the same type with these items.
    fn with_items(&self, _items: &List) -> Option<Value> {
        None
    }

    /// For structs: exported fields in declaration order, with Go's names.
    fn fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        Vec::new()
    }

    /// For structs: all fields with those that are not exported, as printing and comparing see them.
    fn printed_fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        self.fields()
    }

    /// For structs: the fields that JSON and YAML show, with the names of their tags.
    fn json_fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        self.fields()
    }

    /// For structs: one field.
    fn field(&self, name: &str) -> Option<Value> {
        let mut fields = self.fields().into_iter();
        fields.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The parameters and result of a method; `None` when there is no such method.
    fn method(&self, _name: &str) -> Option<Signature> {
        None
    }

    /// Calls a method that [`Object::method`] knows; arguments fit its signature.
    fn call(&self, name: &str, _arguments: &[Value]) -> Result<Value, CallError> {
        Err(CallError::new(format!("no method {name}")))
    }

    /// What a function is given in an interface, where that is another value: a copy has no address, and so lacks the methods of its pointer.
    fn without_address(&self) -> Option<Value> {
        None
    }

    /// What `String()` or `Error()` returns, if the type has one: printing uses it.
    fn display(&self) -> Option<String> {
        None
    }

    /// Whether it can be given where a parameter has a type of this name.
    fn implements(&self, type_name: &str) -> bool {
        self.type_name() == type_name
    }

    /// As YAML and JSON see it; `None` for the fields, or what it holds.
    fn to_json(&self) -> Option<serde_json::Value> {
        None
    }

    /// What `MarshalText()` returns, if the type has it.
    fn marshaled_text(&self) -> Option<String> {
        None
    }

    /// A copy as copystructure makes it, where that is another value: fields that are not exported are lost.
    fn deep_copy(&self) -> Option<Value> {
        None
    }

    /// Whether it is a nil pointer.
    fn is_nil(&self) -> bool {
        false
    }
}
