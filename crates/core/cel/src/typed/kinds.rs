//! Types of expressions, and which fits where another is asked for.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::shape::{Form, Shape};

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Only known when it runs.
    Dyn,
    /// Something that has been refused already; it fits everywhere.
    Error,
    Null,
    Bool,
    Bytes,
    Double,
    Int,
    String,
    Uint,
    Timestamp,
    Duration,
    List(Box<Kind>),
    Map(Box<Kind>, Box<Kind>),
    Optional(Box<Kind>),
    /// A type of a library, such as `net.IP`.
    Opaque(&'static str),
    Record(Arc<Record>),
    /// The type of types.
    Type(Box<Kind>),
    /// Not known yet: the checker finds out.
    Param(u32),
}

/// An object with fields.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) fields: BTreeMap<String, Kind>,
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The type of values of a shape. Objects are named by their place.
pub(super) fn of_shape(shape: &Shape, name: &str) -> Kind {
    match &shape.form {
        Form::Dyn => Kind::Dyn,
        Form::Bool => Kind::Bool,
        Form::Bytes => Kind::Bytes,
        Form::Double => Kind::Double,
        Form::Int => Kind::Int,
        Form::String => Kind::String,
        Form::Duration => Kind::Duration,
        Form::Timestamp => Kind::Timestamp,
        Form::List(items) => Kind::List(Box::new(of_shape(items, &format!("{name}.@idx")))),
        Form::Map(values) => {
            let values = of_shape(values, &format!("{name}.@elem"));
            Kind::Map(Box::new(Kind::String), Box::new(values))
        }
        Form::Object(fields) => {
            let field = |(field, shape): (&String, &Shape)| {
                (field.clone(), of_shape(shape, &format!("{name}.{field}")))
            };
            Kind::Record(Arc::new(Record {
                name: name.to_owned(),
                fields: fields.iter().map(field).collect(),
            }))
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn => f.write_str("dyn"),
            Self::Error => f.write_str("!error!"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Bytes => f.write_str("bytes"),
            Self::Double => f.write_str("double"),
            Self::Int => f.write_str("int"),
            Self::String => f.write_str("string"),
            Self::Uint => f.write_str("uint"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(items) => write!(f, "list({items})"),
            Self::Map(keys, values) => write!(f, "map({keys}, {values})"),
            Self::Optional(value) => write!(f, "optional_type({value})"),
            Self::Opaque(name) => f.write_str(name),
            Self::Record(record) => f.write_str(&record.name),
            Self::Type(of) => write!(f, "type({of})"),
            Self::Param(number) => write!(f, "_var{number}"),
        }
    }
}

impl Kind {
    pub(super) fn is_dyn_or_error(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// Whether null may stand for it.
    fn is_nullable(&self) -> bool {
        matches!(
            self,
            Self::Null
                | Self::Optional(_)
                | Self::Opaque(_)
                | Self::Record(_)
                | Self::Duration
                | Self::Timestamp
        )
    }

    /// The types that it is made of.
    fn parts(&self) -> Vec<&Kind> {
        match self {
            Self::List(part) | Self::Optional(part) | Self::Type(part) => vec![part],
            Self::Map(keys, values) => vec![keys, values],
            _ => Vec::new(),
        }
    }

    /// The same with every part rewritten.
    pub(super) fn mapped(&self, change: &mut impl FnMut(&Kind) -> Kind) -> Kind {
        match self {
            Self::List(part) => Self::List(Box::new(change(part))),
            Self::Optional(part) => Self::Optional(Box::new(change(part))),
            Self::Type(part) => Self::Type(Box::new(change(part))),
            Self::Map(keys, values) => Self::Map(Box::new(change(keys)), Box::new(change(values))),
            other => other.clone(),
        }
    }
}

/// What has been found out about the types that were not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Bindings(HashMap<u32, Kind>);

impl Bindings {
    /// A type with what is known put in; the rest becomes `dyn` when told so.
    pub(super) fn apply(&self, kind: &Kind, rest_to_dyn: bool) -> Kind {
        match kind {
            Kind::Param(number) => match self.0.get(number) {
                Some(found) => self.apply(found, rest_to_dyn),
                None if rest_to_dyn => Kind::Dyn,
                None => kind.clone(),
            },
            other => other.mapped(&mut |part| self.apply(part, rest_to_dyn)),
        }
    }

    /// Whether `given` may stand where `wanted` is asked for; learns from it if so.
    pub(super) fn assign(&mut self, given: &Kind, wanted: &Kind) -> bool {
        self.assign_all(&[(given, wanted)])
    }

    /// As [`Self::assign`] for several at once: all or none.
    pub(super) fn assign_all(&mut self, pairs: &[(&Kind, &Kind)]) -> bool {
        let mut trial = self.clone();
        let fits = pairs
            .iter()
            .all(|(given, wanted)| trial.fits(given, wanted));
        if fits {
            *self = trial;
        }
        fits
    }

    fn fits(&mut self, given: &Kind, wanted: &Kind) -> bool {
        if let Kind::Param(number) = wanted {
            let (valid, is_bound) = self.stands_for(given, *number);
            if valid {
                return true;
            }
            if is_bound {
                return false;
            }
        }
        if let Kind::Param(number) = given {
            return self.stands_for(wanted, *number).0;
        }
        if given.is_dyn_or_error() || wanted.is_dyn_or_error() {
            return true;
        }
        match (given, wanted) {
            (Kind::Null, other) | (other, Kind::Null) => other.is_nullable(),
            (Kind::Type(_), Kind::Type(_)) => true,
            (Kind::List(a), Kind::List(b)) | (Kind::Optional(a), Kind::Optional(b)) => {
                self.fits(a, b)
            }
            (Kind::Map(a, b), Kind::Map(c, d)) => self.fits(a, c) && self.fits(b, d),
            (a, b) => a == b,
        }
    }

    /// Whether a type may be what a parameter stands for, and whether that was known already.
    fn stands_for(&mut self, kind: &Kind, number: u32) -> (bool, bool) {
        let parameter = Kind::Param(number);
        if *kind == parameter {
            return (true, true);
        }
        if let Some(known) = self.0.get(&number).cloned() {
            if *kind == known {
                return (true, true);
            }
            if !self.fits(kind, &known) {
                return (false, true);
            }
            let general = most_general(kind, &known);
            if !self.occurs(number, &general) {
                self.0.insert(number, general);
            }
            return (true, true);
        }
        if self.occurs(number, kind) {
            return (false, false);
        }
        self.0.insert(number, kind.clone());
        (true, false)
    }

    /// Whether the parameter is part of a type, so that it cannot stand for it.
    fn occurs(&self, number: u32, within: &Kind) -> bool {
        match within {
            Kind::Param(other) if *other == number => true,
            Kind::Param(other) => self
                .0
                .get(other)
                .is_some_and(|known| self.occurs(number, known)),
            other => other.parts().iter().any(|part| self.occurs(number, part)),
        }
    }
}

/// The one of two types that says less.
pub(super) fn most_general(a: &Kind, b: &Kind) -> Kind {
    if says_less(a, b) {
        a.clone()
    } else {
        b.clone()
    }
}

fn says_less(a: &Kind, b: &Kind) -> bool {
    match (a, b) {
        (Kind::Dyn | Kind::Param(_), _) => true,
        (_, Kind::Dyn | Kind::Param(_)) => false,
        (Kind::List(a), Kind::List(b)) | (Kind::Optional(a), Kind::Optional(b)) => says_less(a, b),
        (Kind::Map(a, b), Kind::Map(c, d)) => says_less(a, c) && says_less(b, d),
        (Kind::Type(_), Kind::Type(_)) => true,
        (a, b) => a == b,
    }
}
