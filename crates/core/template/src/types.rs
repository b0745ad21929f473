//! Go's types as far as templates see them: in `%T`, in error texts, and in what a parameter accepts.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Signed integer types, with the named ones of package time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntKind {
    /// `int`, 64 bits.
    Int,
    /// `int8`.
    Int8,
    /// `int16`.
    Int16,
    /// `int32`, also characters.
    Int32,
    /// `int64`.
    Int64,
    /// `time.Duration`, nanoseconds.
    Duration,
    /// `time.Month`, from 1.
    Month,
    /// `time.Weekday`, Sunday is 0.
    Weekday,
}

impl IntKind {
    /// The name that Go prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Duration => "time.Duration",
            Self::Month => "time.Month",
            Self::Weekday => "time.Weekday",
        }
    }

    /// The name of the kind below a named type.
    pub fn kind_name(self) -> &'static str {
        match self {
            Self::Duration => "int64",
            Self::Month | Self::Weekday => "int",
            plain => plain.name(),
        }
    }
}

/// Unsigned integer types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UintKind {
    /// `uint`, 64 bits.
    Uint,
    /// `uint8`, also `byte`.
    Uint8,
    /// `uint16`.
    Uint16,
    /// `uint32`.
    Uint32,
    /// `uint64`.
    Uint64,
    /// `uintptr`.
    Uintptr,
}

impl UintKind {
    /// The name that Go prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Uintptr => "uintptr",
        }
    }
}

/// What a value's kind is, in `reflect`'s words (`kindOf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing.
    Invalid,
    /// `bool`.
    Bool,
    /// Signed integers.
    Int(IntKind),
    /// Unsigned integers.
    Uint(UintKind),
    /// `float32`.
    Float32,
    /// `float64`.
    Float64,
    /// `complex128`.
    Complex128,
    /// `string`.
    String,
    /// `slice`.
    Slice,
    /// `array`.
    Array,
    /// `map`.
    Map,
    /// `struct`.
    Struct,
    /// `ptr`.
    Pointer,
    /// `func`.
    Func,
}

impl Kind {
    /// The name that Go prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int(kind) => kind.kind_name(),
            Self::Uint(kind) => kind.name(),
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Array => "array",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Pointer => "ptr",
            Self::Func => "func",
        }
    }
}

/// A static type: of a parameter, of a result, of the elements of a list or map.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `interface {}`.
    Any,
    /// `bool`.
    Bool,
    /// Signed integers.
    Int(IntKind),
    /// Unsigned integers.
    Uint(UintKind),
    /// `float32`.
    Float32,
    /// `float64`.
    Float64,
    /// `complex128`.
    Complex128,
    /// `string`.
    String,
    /// A slice of this.
    List(Arc<Type>),
    /// A map from strings to this.
    Map(Arc<Type>),
    /// `time.Time`.
    Time,
    /// `reflect.Value`: builtin functions look at the value itself.
    Value,
    /// A type with this name: objects with methods, functions.
    Named(Cow<'static, str>),
}

impl Type {
    /// `[]interface {}`.
    pub fn list_of_any() -> Self {
        Self::List(Arc::new(Self::Any))
    }

    /// `map[string]interface {}`.
    pub fn map_of_any() -> Self {
        Self::Map(Arc::new(Self::Any))
    }

    /// Whether nil can be given for it.
    pub fn can_be_nil(&self) -> bool {
        matches!(
            self,
            Self::Any | Self::List(_) | Self::Map(_) | Self::Value | Self::Named(_)
        )
    }

    /// Whether it is an integer type.
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Uint(_))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("interface {}"),
            Self::Bool => f.write_str("bool"),
            Self::Int(kind) => f.write_str(kind.name()),
            Self::Uint(kind) => f.write_str(kind.name()),
            Self::Float32 => f.write_str("float32"),
            Self::Float64 => f.write_str("float64"),
            Self::Complex128 => f.write_str("complex128"),
            Self::String => f.write_str("string"),
            Self::List(item) => write!(f, "[]{item}"),
            Self::Map(item) => write!(f, "map[string]{item}"),
            Self::Time => f.write_str("time.Time"),
            Self::Value => f.write_str("reflect.Value"),
            Self::Named(name) => f.write_str(name),
        }
    }
}
