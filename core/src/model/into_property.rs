//! The values that convert into the types of properties.

use bytes::Bytes;
use serde_json::Value;

use super::edm::{Date, DateTimeOffset, Decimal, Duration, Guid, TimeOfDay};
use super::value::kind::{Boxed, Many, Maybe, Nothing, Object, Plain, Word};
use super::{Flags, Model, OpenEnum};
use crate::query::Null;

/// A value that converts into the type `T` of a property.
///
/// | property | values |
/// |---|---|
/// | text | what converts into a `String`: `&str`, `String`, `Uuid`, … |
/// | number, Boolean, identifier | the type itself |
/// | time | [`DateTimeOffset`], a `DateTime` of chrono, `SystemTime`, a `Date`, … |
/// | enum | a member; for a set of members also an array of them |
/// | object | the model, a box of it, or what converts into it, such as a derived type |
/// | collection | any iterator of values that convert into an item |
///
/// An `Option` of these is a value, too: `None` leaves the property out. [`Null`] is an explicit
/// `null`, which tells Graph to clear the property.
///
/// The compiler infers `K`, the kind of the conversion.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value for a property of type `{T}`",
    label = "expected a value that converts into `{T}`",
    note = "a collection takes an iterator of its items; `None` leaves the property out, and \
            `msgraph::query::Null` clears it"
)]
pub trait IntoProperty<T, K> {
    /// Converts the value.
    #[doc(hidden)]
    fn into_property(self) -> Setting<T>;
}

/// The new state of a property.
#[doc(hidden)]
#[derive(Debug)]
pub enum Setting<T> {
    /// The property has a value.
    Value(T),
    /// The property is an explicit `null`.
    Null,
    /// The property is left out.
    Absent,
}

impl<T> Setting<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Null | Self::Absent => None,
        }
    }
}

/// Implements the conversions that `Into` has.
macro_rules! into {
    ($($type:ty)*) => {$(
        impl<V: Into<$type>> IntoProperty<$type, Plain> for V {
            fn into_property(self) -> Setting<$type> {
                Setting::Value(self.into())
            }
        }
    )*};
}

into!(String DateTimeOffset TimeOfDay Duration Decimal Bytes);

/// Implements the conversion of a type into itself alone. A number that is written out then has the
/// property's type.
macro_rules! itself {
    ($($type:ty)*) => {$(
        impl IntoProperty<$type, Plain> for $type {
            fn into_property(self) -> Setting<$type> {
                Setting::Value(self)
            }
        }
    )*};
}

itself!(bool i16 i32 i64 u8 f32 f64 Date Guid);

/// Implements conversions by `From`, for types that have more of them than a program may use.
macro_rules! from {
    ($($type:ty: $($from:ty)*;)*) => {$($(
        impl IntoProperty<$type, Plain> for $from {
            fn into_property(self) -> Setting<$type> {
                Setting::Value(self.into())
            }
        }
    )*)*};
}

from! {
    f64: i32;
    Value: Value String &str bool i64 f64;
}

// With the bound of models, `Into`, a value of a wrong type fails for both, and the compiler
// reports the trait's own message.
impl<E: OpenEnum, V: Into<E>> IntoProperty<E, Word> for V {
    fn into_property(self) -> Setting<E> {
        Setting::Value(self.into())
    }
}

impl<E: OpenEnum> IntoProperty<Flags<E>, Plain> for Flags<E> {
    fn into_property(self) -> Setting<Flags<E>> {
        Setting::Value(self)
    }
}

impl<E: OpenEnum> IntoProperty<Flags<E>, Word> for E {
    fn into_property(self) -> Setting<Flags<E>> {
        Setting::Value(self.into())
    }
}

impl<E: OpenEnum, const N: usize> IntoProperty<Flags<E>, Many<Word>> for [E; N] {
    fn into_property(self) -> Setting<Flags<E>> {
        Setting::Value(self.into())
    }
}

impl<M: Model, V: Into<M>> IntoProperty<M, Object> for V {
    fn into_property(self) -> Setting<M> {
        Setting::Value(self.into())
    }
}

impl<M: Model> IntoProperty<M, Boxed> for Box<M> {
    fn into_property(self) -> Setting<M> {
        Setting::Value(*self)
    }
}

/// Converts each item. An item that is `None` or [`Null`] is left out, because Graph's lists have
/// no `null`.
impl<X, K, I: IntoIterator<Item: IntoProperty<X, K>>> IntoProperty<Vec<X>, Many<K>> for I {
    fn into_property(self) -> Setting<Vec<X>> {
        let items = self.into_iter().map(IntoProperty::into_property);
        Setting::Value(items.filter_map(Setting::value).collect())
    }
}

impl<T, K, V: IntoProperty<T, K>> IntoProperty<T, Maybe<K>> for Option<V> {
    fn into_property(self) -> Setting<T> {
        self.map_or(Setting::Absent, V::into_property)
    }
}

impl<T> IntoProperty<T, Nothing> for Null {
    fn into_property(self) -> Setting<T> {
        Setting::Null
    }
}
