//! Access to a property's value for reading and writing, independent of its type.

use std::any::Any;
use std::fmt;

use serde_json::Value;

use super::edm::{Binary, Date, DateTimeOffset, Decimal, Duration, Exact, Guid, TimeOfDay};
use super::object::{Object, copy_fields};
use super::{Flags, Model, OpenEnum};

/// The value of a property, as it is written.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
#[doc(hidden)]
pub enum Ref<'a> {
    /// No value.
    Absent,
    String(&'a str),
    Bool(bool),
    Integer(i64),
    Float(f32),
    Double(f64),
    /// A value that is text in JSON: a date, a duration, an identifier, an enum.
    Scalar(&'a dyn Scalar),
    Decimal(&'a Decimal),
    Binary(&'a Binary),
    Untyped(&'a Value),
    Object(&'a (dyn Object + 'static)),
    List(&'a (dyn List + 'static)),
}

/// The destination of a property's value when it is read.
#[allow(missing_docs)]
#[doc(hidden)]
pub enum Slot<'a> {
    String(&'a mut Option<String>),
    Bool(&'a mut Option<bool>),
    Int16(&'a mut Option<i16>),
    Int32(&'a mut Option<i32>),
    Int64(&'a mut Option<i64>),
    Uint8(&'a mut Option<u8>),
    Float(&'a mut Option<f32>),
    Double(&'a mut Option<f64>),
    Scalar(&'a mut dyn ScalarSlot),
    Decimal(&'a mut Option<Decimal>),
    Binary(&'a mut Option<Binary>),
    Untyped(&'a mut Option<Value>),
    Object(&'a mut dyn ObjectSlot),
    /// An object in a collection.
    Element(&'a mut dyn ElementSlot),
    List(&'a mut (dyn ListSlot + 'static)),
    /// No field.
    None,
}

/// A type that a field can hold, inside its `Option`. Enums are not among them, because the
/// generated code passes them to functions of their own. They need no implementation each.
#[doc(hidden)]
pub trait Held: Sized {
    /// Returns the value.
    fn value(&self) -> Ref<'_>;
    /// Returns the destination for the value.
    fn place(this: &mut Option<Self>) -> Slot<'_>;
}

/// Returns the destination for the value of a field.
#[inline]
pub fn slot<T: Held>(field: &mut Option<T>) -> Slot<'_> {
    T::place(field)
}

/// Returns the destination for the value of a field that holds an enum.
#[inline]
pub fn word_slot<E: OpenEnum>(field: &mut Option<E>) -> Slot<'_> {
    Slot::Scalar(field)
}

/// A type that a collection can hold.
#[doc(hidden)]
pub trait Item: Sized + 'static {
    /// Set to `true` if the item is an object.
    const IS_OBJECT: bool = false;
    /// Returns the value.
    fn value(&self) -> Ref<'_>;
    /// Returns the destination for the value.
    fn place(this: &mut Option<Self>) -> Slot<'_>;
    /// Adds the value that `read` puts into the slot, if it puts one there.
    fn add(list: &mut Vec<Self>, read: &mut dyn FnMut(Slot<'_>)) {
        let mut item = None;
        read(Self::place(&mut item));
        list.extend(item);
    }
}

/// A value that is text in JSON.
#[doc(hidden)]
pub trait Scalar: Any + fmt::Display {
    /// Returns the value for comparison and copying.
    fn as_any(&self) -> &dyn Any;
    /// Checks whether both values are of the same type and equal.
    fn same(&self, other: &dyn Scalar) -> bool;
}

impl<T: Any + fmt::Display + PartialEq> Scalar for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn same(&self, other: &dyn Scalar) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}

/// The destination of a value that is text in JSON.
#[doc(hidden)]
pub trait ScalarSlot {
    /// Reads the value. Returns `false` when the text is not of the type.
    fn parse(&mut self, text: &str) -> bool;
    /// Checks whether the value that was read holds all of the text, so that the text can be
    /// dropped.
    fn holds_all_of(&self, text: &str) -> bool;
    /// Removes the value.
    fn clear(&mut self);
    /// Copies a value of the same type. Removes the value if the type is another one, and then
    /// returns `false`.
    fn copy(&mut self, from: &dyn Any) -> bool;
}

/// The destination of an object.
#[doc(hidden)]
pub trait ObjectSlot {
    /// Puts an empty object there and returns it.
    fn start(&mut self) -> &mut (dyn Object + 'static);
    /// Removes the object.
    fn clear(&mut self);
}

/// The destination of an object in a collection. It is a separate trait because a collection's
/// objects are not boxed.
#[doc(hidden)]
pub trait ElementSlot {
    /// Puts an empty object there and returns it.
    fn start(&mut self) -> &mut (dyn Object + 'static);
    /// Removes the object.
    fn clear(&mut self);
}

/// A collection.
#[doc(hidden)]
pub trait List: Any {
    /// Returns the number of items.
    fn len(&self) -> usize;
    /// Checks whether there are no items.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Returns the item of a number.
    fn item(&self, number: usize) -> Ref<'_>;
}

/// The destination of a collection.
#[doc(hidden)]
pub trait ListSlot: Any {
    /// Checks whether the items are objects.
    fn holds_objects(&self) -> bool;
    /// Puts an empty collection there.
    fn start(&mut self);
    /// Removes the collection.
    fn clear(&mut self);
    /// Adds the value that `read` puts into the slot, if it puts one there.
    fn add(&mut self, read: &mut dyn FnMut(Slot<'_>));
}

/// Copies a value to a destination of the same type.
pub(super) fn copy(from: Ref<'_>, to: Slot<'_>) {
    match (from, to) {
        (Ref::Absent, to) => to.clear(),
        (Ref::String(from), Slot::String(to)) => *to = Some(from.to_owned()),
        (Ref::Bool(from), Slot::Bool(to)) => *to = Some(from),
        (Ref::Integer(from), Slot::Int16(to)) => *to = from.try_into().ok(),
        (Ref::Integer(from), Slot::Int32(to)) => *to = from.try_into().ok(),
        (Ref::Integer(from), Slot::Int64(to)) => *to = Some(from),
        (Ref::Integer(from), Slot::Uint8(to)) => *to = from.try_into().ok(),
        (Ref::Float(from), Slot::Float(to)) => *to = Some(from),
        (Ref::Double(from), Slot::Double(to)) => *to = Some(from),
        (Ref::Scalar(from), Slot::Scalar(to)) => {
            to.copy(from.as_any());
        }
        (Ref::Decimal(from), Slot::Decimal(to)) => *to = Some(from.clone()),
        (Ref::Binary(from), Slot::Binary(to)) => *to = Some(from.clone()),
        (Ref::Untyped(from), Slot::Untyped(to)) => *to = Some(from.clone()),
        (Ref::Object(from), Slot::Object(to)) => copy_fields(from, to.start()),
        (Ref::Object(from), Slot::Element(to)) => copy_fields(from, to.start()),
        (Ref::List(from), Slot::List(to)) => {
            to.start();
            for number in 0..from.len() {
                to.add(&mut |slot| copy(from.item(number), slot));
            }
        }
        // Both values are of one type, so other pairs do not occur.
        _ => {}
    }
}

impl Slot<'_> {
    /// Removes the value.
    pub fn clear(self) {
        match self {
            Slot::String(slot) => *slot = None,
            Slot::Bool(slot) => *slot = None,
            Slot::Int16(slot) => *slot = None,
            Slot::Int32(slot) => *slot = None,
            Slot::Int64(slot) => *slot = None,
            Slot::Uint8(slot) => *slot = None,
            Slot::Float(slot) => *slot = None,
            Slot::Double(slot) => *slot = None,
            Slot::Scalar(slot) => slot.clear(),
            Slot::Decimal(slot) => *slot = None,
            Slot::Binary(slot) => *slot = None,
            Slot::Untyped(slot) => *slot = None,
            Slot::Object(slot) => slot.clear(),
            Slot::Element(slot) => slot.clear(),
            Slot::List(slot) => slot.clear(),
            Slot::None => {}
        }
    }
}

impl PartialEq for Ref<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Ref::Absent, Ref::Absent) => true,
            (Ref::String(one), Ref::String(other)) => one == other,
            (Ref::Bool(one), Ref::Bool(other)) => one == other,
            (Ref::Integer(one), Ref::Integer(other)) => one == other,
            (Ref::Float(one), Ref::Float(other)) => one == other,
            (Ref::Double(one), Ref::Double(other)) => one == other,
            (Ref::Scalar(one), Ref::Scalar(other)) => one.same(other),
            (Ref::Decimal(one), Ref::Decimal(other)) => one == other,
            (Ref::Binary(one), Ref::Binary(other)) => one == other,
            (Ref::Untyped(one), Ref::Untyped(other)) => one == other,
            (Ref::Object(one), Ref::Object(other)) => one == other,
            (Ref::List(one), Ref::List(other)) => {
                one.len() == other.len()
                    && (0..one.len()).all(|number| one.item(number) == other.item(number))
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Ref<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Ref::Absent => f.write_str("None"),
            Ref::String(value) => fmt::Debug::fmt(&crate::redact::Text(value), f),
            Ref::Bool(value) => fmt::Debug::fmt(&value, f),
            Ref::Integer(value) => fmt::Debug::fmt(&value, f),
            Ref::Float(value) => fmt::Debug::fmt(&value, f),
            Ref::Double(value) => fmt::Debug::fmt(&value, f),
            Ref::Scalar(value) => write!(f, "{value}"),
            Ref::Decimal(value) => fmt::Display::fmt(value, f),
            Ref::Binary(value) => write!(f, "{} bytes", value.len()),
            Ref::Untyped(value) => crate::redact::Json { name: "", value }.fmt(f),
            Ref::Object(value) => value.fmt(f),
            Ref::List(value) => f
                .debug_list()
                .entries((0..value.len()).map(|number| value.item(number)))
                .finish(),
        }
    }
}

/// Implements fields and items of a concrete type, with the given value and slot.
macro_rules! plain {
    ($($type:ty: |$value:ident| $get:expr, $slot:ident;)*) => {$(
        impl Held for $type {
            fn value(&self) -> Ref<'_> {
                let $value = self;
                $get
            }

            fn place(this: &mut Option<Self>) -> Slot<'_> {
                Slot::$slot(this)
            }
        }

        impl Item for $type {
            fn value(&self) -> Ref<'_> {
                let $value = self;
                $get
            }

            fn place(this: &mut Option<Self>) -> Slot<'_> {
                Slot::$slot(this)
            }
        }
    )*};
}

plain! {
    String: |value| Ref::String(value), String;
    bool: |value| Ref::Bool(*value), Bool;
    i16: |value| Ref::Integer((*value).into()), Int16;
    i32: |value| Ref::Integer((*value).into()), Int32;
    i64: |value| Ref::Integer(*value), Int64;
    u8: |value| Ref::Integer((*value).into()), Uint8;
    f32: |value| Ref::Float(*value), Float;
    f64: |value| Ref::Double(*value), Double;
    Decimal: |value| Ref::Decimal(value), Decimal;
    Binary: |value| Ref::Binary(value), Binary;
    Value: |value| Ref::Untyped(value), Untyped;
    DateTimeOffset: |value| Ref::Scalar(value), Scalar;
    Date: |value| Ref::Scalar(value), Scalar;
    TimeOfDay: |value| Ref::Scalar(value), Scalar;
    Duration: |value| Ref::Scalar(value), Scalar;
    Guid: |value| Ref::Scalar(value), Scalar;
}

/// Implements slots of types that are text in JSON.
macro_rules! scalar {
    ($($type:ty;)*) => {$(
        impl ScalarSlot for Option<$type> {
            fn parse(&mut self, text: &str) -> bool {
                *self = text.parse().ok();
                self.is_some()
            }

            fn holds_all_of(&self, text: &str) -> bool {
                self.as_ref().is_some_and(|value| value.holds_all_of(text))
            }

            fn clear(&mut self) {
                *self = None;
            }

            fn copy(&mut self, from: &dyn Any) -> bool {
                *self = from.downcast_ref::<$type>().cloned();
                self.is_some()
            }
        }
    )*};
}

scalar! {
    DateTimeOffset;
    Date;
    TimeOfDay;
    Duration;
    Guid;
}

/// Implements slots of enums and flags, which keep every text: words that the description does not
/// have are kept as they came.
macro_rules! words {
    ($($type:ty: $read:expr;)*) => {$(
        impl<E: OpenEnum> ScalarSlot for Option<$type> {
            fn parse(&mut self, text: &str) -> bool {
                *self = Some($read(text));
                true
            }

            fn holds_all_of(&self, _: &str) -> bool {
                true
            }

            fn clear(&mut self) {
                *self = None;
            }

            fn copy(&mut self, from: &dyn Any) -> bool {
                *self = from.downcast_ref::<$type>().cloned();
                self.is_some()
            }
        }
    )*};
}

words! {
    E: super::open_enum::parse;
    Flags<E>: Flags::from_text;
}

impl<E: OpenEnum> Held for Flags<E> {
    fn value(&self) -> Ref<'_> {
        Ref::Scalar(self)
    }

    fn place(this: &mut Option<Self>) -> Slot<'_> {
        Slot::Scalar(this)
    }
}

impl<E: OpenEnum> Item for Flags<E> {
    fn value(&self) -> Ref<'_> {
        Ref::Scalar(self)
    }

    fn place(this: &mut Option<Self>) -> Slot<'_> {
        Slot::Scalar(this)
    }
}

impl<T: Model> Held for Box<T> {
    fn value(&self) -> Ref<'_> {
        Ref::Object(&**self)
    }

    fn place(this: &mut Option<Self>) -> Slot<'_> {
        Slot::Object(this)
    }
}

impl<T: Model> ObjectSlot for Option<Box<T>> {
    fn start(&mut self) -> &mut (dyn Object + 'static) {
        &mut **self.insert(Box::default())
    }

    fn clear(&mut self) {
        *self = None;
    }
}

impl<T: Model> ElementSlot for Option<T> {
    fn start(&mut self) -> &mut (dyn Object + 'static) {
        self.insert(T::default())
    }

    fn clear(&mut self) {
        *self = None;
    }
}

/// An object of a collection is filled in its place, because models are large and are not moved.
impl<T: Model> ElementSlot for Vec<T> {
    fn start(&mut self) -> &mut (dyn Object + 'static) {
        let place = self.len();
        self.push(T::default());
        &mut self[place]
    }

    fn clear(&mut self) {}
}

impl<T: Model> Item for T {
    const IS_OBJECT: bool = true;

    fn value(&self) -> Ref<'_> {
        Ref::Object(self)
    }

    fn place(this: &mut Option<Self>) -> Slot<'_> {
        Slot::Element(this)
    }

    fn add(list: &mut Vec<Self>, read: &mut dyn FnMut(Slot<'_>)) {
        read(Slot::Element(list));
    }
}

impl<T: Item> Held for Vec<T> {
    fn value(&self) -> Ref<'_> {
        Ref::List(self)
    }

    fn place(this: &mut Option<Self>) -> Slot<'_> {
        Slot::List(this)
    }
}

impl<T: Item> List for Vec<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn item(&self, number: usize) -> Ref<'_> {
        self.get(number).map_or(Ref::Absent, Item::value)
    }
}

impl<T: Item> ListSlot for Option<Vec<T>> {
    fn holds_objects(&self) -> bool {
        T::IS_OBJECT
    }

    fn start(&mut self) {
        *self = Some(Vec::new());
    }

    fn clear(&mut self) {
        *self = None;
    }

    fn add(&mut self, read: &mut dyn FnMut(Slot<'_>)) {
        T::add(self.get_or_insert_default(), read);
    }
}
