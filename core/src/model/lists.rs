//! The rules for reading lists: `null` is dropped, and an item that is not an object is kept.
//!
//! A list of Graph's may be a page, the value of an action, an expanded relation, or a change of
//! one. It is read into a `Vec` of any type, so a deserializer applies the rules around the actual
//! reader.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::json::{Text, lossy_string};
use super::read::MODEL;

/// A value that may be a list, read by the rules for lists.
pub struct Listed<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(List(deserializer)).map(Self)
    }
}

/// An item of a list that is read on its own.
pub struct ListItem<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ListItem<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Item(deserializer)).map(Self)
    }
}

/// A deserializer that drops `null` items of lists.
struct List<D>(D);

/// A deserializer that tells a model that it is an item of a list. Such an item stays in the list
/// even if it is not an object.
pub(super) struct Item<D>(D);

macro_rules! forward {
    ($($method:ident($($name:ident: $of:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $of,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            self.0.$method($($name,)* visitor)
        }
    )*};
}

macro_rules! forward_to_inner {
    () => {
        type Error = D::Error;

        forward! {
            deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16()
            deserialize_i32() deserialize_i64() deserialize_i128() deserialize_u8()
            deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
            deserialize_f32() deserialize_f64() deserialize_char() deserialize_bytes()
            deserialize_byte_buf()
            deserialize_option() deserialize_unit() deserialize_map() deserialize_identifier()
            deserialize_ignored_any() deserialize_unit_struct(name: &'static str)
            deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
            deserialize_struct(name: &'static str, fields: &'static [&'static str])
            deserialize_enum(name: &'static str, variants: &'static [&'static str])
        }

        fn is_human_readable(&self) -> bool {
            self.0.is_human_readable()
        }
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for List<D> {
    forward_to_inner!();
    forward! {
        deserialize_newtype_struct(name: &'static str) deserialize_str() deserialize_string()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_seq(WithoutNulls(visitor))
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Item<D> {
    forward_to_inner!();
    forward! { deserialize_seq() }

    /// Reads a string. Any other value becomes its JSON text, like numbers in the text fields of
    /// models.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let json = Text::deserialize(self.0)?;
        let json = json.as_str();
        visitor.visit_string(match json.starts_with('"') {
            true => lossy_string(json).map_err(D::Error::custom)?,
            false => json.to_owned(),
        })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        match name {
            MODEL => visitor.visit_some(self.0),
            name => self.0.deserialize_newtype_struct(name, visitor),
        }
    }
}

struct WithoutNulls<I>(I);

impl<'de, V: Visitor<'de>> Visitor<'de> for WithoutNulls<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(WithoutNulls(seq))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for WithoutNulls<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let mut seed = Some(seed);
        loop {
            match self.0.next_element_seed(UnlessNull(&mut seed))? {
                None => return Ok(None),
                Some(None) => {}
                Some(item) => return Ok(item),
            }
        }
    }
}

/// A seed that reads an item, and stays unused if the item is `null`.
struct UnlessNull<'s, S>(&'s mut Option<S>);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for UnlessNull<'_, S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for UnlessNull<'_, S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item of a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0.take() {
            Some(seed) => seed.deserialize(Item(deserializer)).map(Some),
            // A deserializer calls a visitor once.
            None => Err(D::Error::custom("the item was already read")),
        }
    }
}
