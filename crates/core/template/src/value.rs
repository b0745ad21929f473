//! Values as Go's templates see them.

mod json;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::function::Function;
use crate::object::Object;
use crate::text::Text;
use crate::time::GoTime;
use crate::types::{IntKind, Kind, Type, UintKind};

pub(crate) use json::zero;
pub use json::{Integers, JsonError, MAX_VALUE_DEPTH_LEVELS, MAX_VALUE_PARTS};

/// A value. Clones are cheap and share maps: what `set` does to one is seen through all.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Nothing at all.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// A signed integer.
    Int(IntKind, i64),
    /// An unsigned integer.
    Uint(UintKind, u64),
    /// `float64`, which numbers of YAML and JSON are.
    Float(f64),
    /// `float32`.
    Float32(f32),
    /// `complex128`, real and imaginary part.
    Complex(f64, f64),
    /// `string`.
    String(Text),
    /// `[]byte`.
    Bytes(Arc<[u8]>),
    /// A slice. It never changes.
    List(List),
    /// A map from strings, shared between its clones.
    Map(Map),
    /// `time.Time`.
    Time(GoTime),
    /// A function, for `call`.
    Function(Arc<Function>),
    /// Something with methods or with the fields of a Go struct.
    Object(Arc<dyn Object>),
}

impl Value {
    /// An `int`.
    pub fn int(value: i64) -> Self {
        Self::Int(IntKind::Int, value)
    }

    /// An `int64`.
    pub fn int64(value: i64) -> Self {
        Self::Int(IntKind::Int64, value)
    }

    /// A string.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::String(text.into())
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(items))
    }

    /// A `[]string`.
    pub fn strings<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(Self::text).collect();
        Self::List(List::typed(Type::String, items))
    }

    /// An object.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Arc::new(object))
    }

    /// Whether it is nothing, or a list or map that was never made.
    pub fn is_nil(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            Self::Object(object) => object.is_nil(),
            _ => false,
        }
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Its kind in `reflect`'s words.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(kind, _) => Kind::Int(*kind),
            Self::Uint(kind, _) => Kind::Uint(*kind),
            Self::Float(_) => Kind::Float64,
            Self::Float32(_) => Kind::Float32,
            Self::Complex(..) => Kind::Complex128,
            Self::String(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Time(_) => Kind::Struct,
            Self::Function(_) => Kind::Func,
            Self::Object(object) => object.kind(),
        }
    }

    /// Its type, as `%T` prints it. Nil has none: `<nil>`.
    pub fn type_name(&self) -> Cow<'static, str> {
        match self {
            Self::Nil => Cow::Borrowed("<nil>"),
            Self::Map(map) => map.type_name(),
            other => match other.static_type() {
                Type::Named(name) => name,
                kind => Cow::Owned(kind.to_string()),
            },
        }
    }

    /// Its type; nil has `interface {}`.
    pub fn static_type(&self) -> Type {
        match self {
            Self::Nil => Type::Any,
            Self::Bool(_) => Type::Bool,
            Self::Int(kind, _) => Type::Int(*kind),
            Self::Uint(kind, _) => Type::Uint(*kind),
            Self::Float(_) => Type::Float64,
            Self::Float32(_) => Type::Float32,
            Self::Complex(..) => Type::Complex128,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::List(Arc::new(Type::Uint(UintKind::Uint8))),
            Self::List(list) => Type::List(Arc::clone(&list.0.item)),
            Self::Map(map) => Type::Map(Arc::clone(&map.data.item)),
            Self::Time(_) => Type::Time,
            Self::Function(function) => Type::Named(Cow::Owned(function.signature().to_string())),
            Self::Object(object) => Type::Named(object.type_name()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::list(items)
    }
}

/// A slice with the type of its elements.
#[derive(Clone)]
pub struct List(Arc<ListData>);

struct ListData {
    item: Arc<Type>,
    /// Go's nil slice: prints and counts as empty, but is JSON's null.
    nil: bool,
    items: Vec<Value>,
}

impl List {
    /// Where it is, to tell it from others.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// A `[]interface {}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::typed(Type::Any, items)
    }

    /// A slice of this type.
    pub fn typed(item: Type, items: Vec<Value>) -> Self {
        Self(Arc::new(ListData {
            item: Arc::new(item),
            nil: false,
            items,
        }))
    }

    /// A nil slice of this type.
    pub fn nil(item: Type) -> Self {
        Self(Arc::new(ListData {
            item: Arc::new(item),
            nil: true,
            items: Vec::new(),
        }))
    }

    /// Whether it is Go's nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Type of the elements.
    pub fn item_type(&self) -> &Type {
        &self.0.item
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

/// Entries of a map, in the order in which Go prints and ranges over them.
pub type Entries = BTreeMap<Text, Value>;

/// A map from strings, shared between clones.
#[derive(Clone)]
pub struct Map {
    data: Arc<MapData>,
    /// Whether it is seen as Helm's `common.Values`.
    values: bool,
}

/// The name of Helm's map type, which has methods.
const VALUES_TYPE: &str = "common.Values";

struct MapData {
    item: Arc<Type>,
    nil: bool,
    entries: RwLock<Entries>,
}

impl Map {
    /// An empty `map[string]interface {}`.
    pub fn new() -> Self {
        Self::from_entries(Entries::new())
    }

    /// A `map[string]interface {}` of these.
    pub fn from_entries(entries: Entries) -> Self {
        Self::build(Type::Any, false, entries)
    }

    /// A map to this type.
    pub fn typed(item: Type, entries: Entries) -> Self {
        Self::build(item, false, entries)
    }

    /// The same map with the type `common.Values`: what is set in one is set in the other.
    pub fn as_values(&self) -> Self {
        Self {
            data: Arc::clone(&self.data),
            values: true,
        }
    }

    /// Whether its type is `common.Values`.
    pub fn is_values(&self) -> bool {
        self.values
    }

    /// A nil map to this type.
    pub fn nil(item: Type) -> Self {
        Self::build(item, true, Entries::new())
    }

    fn build(item: Type, nil: bool, entries: Entries) -> Self {
        Self {
            data: Arc::new(MapData {
                item: Arc::new(item),
                nil,
                entries: RwLock::new(entries),
            }),
            values: false,
        }
    }

    /// The same map with the type `map[string]interface {}`: what is set in one is set in the other.
    pub fn as_plain(&self) -> Self {
        Self {
            data: Arc::clone(&self.data),
            values: false,
        }
    }

    /// Whether it is Go's nil map.
    pub fn is_nil(&self) -> bool {
        self.data.nil
    }

    /// Type of the elements.
    pub fn item_type(&self) -> &Type {
        &self.data.item
    }

    /// The name of its type, as `%T` prints it.
    pub fn type_name(&self) -> Cow<'static, str> {
        match self.values {
            true => Cow::Borrowed(VALUES_TYPE),
            false => Cow::Owned(format!("map[string]{}", self.data.item)),
        }
    }

    /// A map of the same type with other entries.
    pub fn with_entries(&self, entries: Entries) -> Self {
        Self {
            data: Arc::new(MapData {
                item: Arc::clone(&self.data.item),
                nil: false,
                entries: RwLock::new(entries),
            }),
            values: self.values,
        }
    }

    /// Where it is, to tell it from others.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.data) as usize
    }

    /// Whether both are the same map, not merely equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.data, &other.data)
    }

    /// Its entries, for reading. Do not hold it while other values are evaluated.
    pub fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.data
            .entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.data
            .entries
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of its entries.
    pub fn entries(&self) -> Entries {
        self.read().clone()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.get_bytes(key.as_bytes())
    }

    /// The value of a key.
    pub fn get_bytes(&self, key: &[u8]) -> Option<Value> {
        self.read().get(key).cloned()
    }

    /// Sets a key, for all that share the map.
    pub fn insert(&self, key: impl Into<Text>, value: impl Into<Value>) {
        self.write().insert(key.into(), value.into());
    }

    /// Removes a key, for all that share the map.
    pub fn remove(&self, key: &[u8]) -> Option<Value> {
        self.write().remove(key)
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Maps may hold themselves: the keys alone are safe to print.
        f.debug_set().entries(self.read().keys()).finish()
    }
}

/// What an expression yields: the value, and whether its static type is `interface {}`, which error texts and nil depend on.
#[derive(Clone, Debug, Default)]
pub struct Operand {
    /// The value.
    pub value: Value,
    /// Whether it sits in an interface, as elements of maps and lists do. A boxed nil is a valid value, a bare one is not.
    pub boxed: bool,
}

impl Operand {
    /// A value whose static type is its own.
    pub fn plain(value: Value) -> Self {
        Self {
            value,
            boxed: false,
        }
    }

    /// A value in an interface.
    pub fn boxed(value: Value) -> Self {
        Self { value, boxed: true }
    }

    /// `reflect`'s zero value: no value at all.
    pub fn invalid() -> Self {
        Self::default()
    }

    /// An element of a list or map with elements of this type.
    pub fn element(value: Value, item: &Type) -> Self {
        Self {
            value,
            boxed: *item == Type::Any,
        }
    }

    /// Whether there is a value, be it a nil in an interface.
    pub fn is_valid(&self) -> bool {
        self.boxed || !matches!(self.value, Value::Nil)
    }

    /// The value taken out of its interface.
    pub fn unboxed(mut self) -> Self {
        self.boxed = false;
        self
    }

    /// Its static type as error texts name it.
    pub fn type_name(&self) -> Cow<'static, str> {
        if self.boxed {
            return Cow::Borrowed("interface {}");
        }
        self.value.type_name()
    }
}

impl From<Value> for Operand {
    fn from(value: Value) -> Self {
        Self::plain(value)
    }
}
