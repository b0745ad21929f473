//! Values of types that CEL does not have: quantities, addresses, URLs, versions, formats.

use std::any::Any;
use std::fmt::Debug;
use std::sync::LazyLock;

use cel::ExecutionError;
use cel::common::types::{CelBool, CelInt, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};

/// What a Rust type needs to be a CEL value.
pub(crate) trait OpaqueType: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The CEL type.
    fn type_of() -> &'static Type;
    /// The CEL type again, to declare functions with.
    fn new_type() -> Type;
}

/// A Rust value as a CEL value.
#[derive(Clone, Debug)]
pub(crate) struct Opaque<T>(pub T);

impl<T: OpaqueType> Val for Opaque<T> {
    fn get_type(&self) -> &Type {
        T::type_of()
    }

    fn cel_type() -> &'static Type {
        T::type_of()
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.0 == other.0)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl<T: OpaqueType> StaticVal for Opaque<T> {}

/// Declares the CEL type of a Rust type.
macro_rules! opaque_type {
    ($rust:ty, $name:literal) => {
        impl $crate::opaque::OpaqueType for $rust {
            fn type_of() -> &'static cel::common::types::Type {
                static TYPE: $crate::opaque::TypeCell = $crate::opaque::TypeCell::new(|| {
                    cel::common::types::Type::new_opaque_type($name)
                });
                &TYPE
            }

            fn new_type() -> cel::common::types::Type {
                cel::common::types::Type::new_opaque_type($name)
            }
        }
    };
}
pub(crate) use opaque_type;

pub(crate) type TypeCell = LazyLock<Type>;

pub(crate) type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
pub(crate) type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// The Rust value of an argument.
pub(crate) fn opaque<'a, T: OpaqueType>(
    args: &'a Args<'_, '_>,
    index: usize,
) -> Result<&'a T, ExecutionError> {
    let value = args
        .get(index)
        .and_then(|value| value.downcast_ref::<Opaque<T>>());
    value
        .map(|value| &value.0)
        .ok_or_else(|| wrong_type(args, index, T::type_of().name()))
}

/// The text of an argument.
pub(crate) fn text<'a>(args: &'a Args<'_, '_>, index: usize) -> Result<&'a str, ExecutionError> {
    let value = args
        .get(index)
        .and_then(|value| value.downcast_ref::<CelString>());
    value
        .map(CelString::inner)
        .ok_or_else(|| wrong_type(args, index, "string"))
}

/// The whole number of an argument.
pub(crate) fn int(args: &Args<'_, '_>, index: usize) -> Result<i64, ExecutionError> {
    let value = args
        .get(index)
        .and_then(|value| value.downcast_ref::<CelInt>());
    value
        .map(|value| *value.inner())
        .ok_or_else(|| wrong_type(args, index, "int"))
}

/// The truth value of an argument.
pub(crate) fn boolean(args: &Args<'_, '_>, index: usize) -> Result<bool, ExecutionError> {
    let value = args
        .get(index)
        .and_then(|value| value.downcast_ref::<CelBool>());
    value
        .map(|value| *value.inner())
        .ok_or_else(|| wrong_type(args, index, "bool"))
}

/// The elements of a list argument.
pub(crate) fn items<'v>(
    args: &Args<'_, 'v>,
    index: usize,
) -> Result<Vec<Box<dyn Val + 'v>>, ExecutionError> {
    let list = args.get(index).and_then(|value| value.as_iterable());
    let list = list.ok_or_else(|| wrong_type(args, index, "list"))?;
    let mut iterator = list.iter();
    let mut out = Vec::new();
    while let Some(value) = iterator.next() {
        out.push(value.clone_as_boxed());
    }
    Ok(out)
}

fn wrong_type(args: &Args<'_, '_>, index: usize, want: &str) -> ExecutionError {
    let got = args
        .get(index)
        .map(|value| value.get_type().name().to_owned());
    ExecutionError::UnexpectedType {
        got: got.unwrap_or_default(),
        want: want.to_owned(),
    }
}

/// Shorthands for answers.
pub(crate) fn yes_or_no<'b, 'v>(value: bool) -> Answer<'b, 'v> {
    Ok(CowVal::owned(CelBool::from(value)))
}

pub(crate) fn number<'b, 'v>(value: i64) -> Answer<'b, 'v> {
    Ok(CowVal::owned(CelInt::from(value)))
}

pub(crate) fn string<'b, 'v>(value: String) -> Answer<'b, 'v> {
    Ok(CowVal::owned(CelString::from(value)))
}

pub(crate) fn wrapped<'b, 'v, T: OpaqueType>(value: T) -> Answer<'b, 'v> {
    Ok(CowVal::owned(Opaque(value)))
}

/// An ordering as CEL's compareTo gives it.
pub(crate) fn ordering<'b, 'v>(value: std::cmp::Ordering) -> Answer<'b, 'v> {
    number(value as i64)
}
