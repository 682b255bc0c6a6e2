//! One reader for all models.
//!
//! It reads into the fields as the keys come: nothing is kept aside but what there is no field for, and what does not fit
//! its field: one property that is not as described must not take a whole page with it, and nothing may be lost. An error
//! says where in the JSON it is, see [`place`](super::place).

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::declared;
use super::edm::{Decimal, binary};
use super::object::{Object, TypeInfo, with_slots};
use super::place::{Step, within};
use super::{Extra, Field, Model, Slot};

/// `Deserialize` of all models.
pub fn deserialize<'de, T: Model, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut object = T::default();
    deserializer.deserialize_map(ObjectVisitor(&mut object))?;
    Ok(object)
}

struct ObjectVisitor<'o>(&'o mut dyn Object);

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        declared::expecting(self.0.info(), f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        read_object(map, self.0)
    }
}

fn read_object<'de, A: MapAccess<'de>>(map: A, object: &mut dyn Object) -> Result<(), A::Error> {
    let info = object.info();
    let read = with_slots(object, |fields, extra| {
        read_fields(map, info, fields, extra)
    });
    match read {
        Some(read) => read,
        // Generated code hands out its fields once and always.
        None => Err(A::Error::custom("the model has handed out no fields")),
    }
}

fn read_fields<'de, A: MapAccess<'de>>(
    mut map: A,
    info: &'static TypeInfo,
    fields: &mut [&mut dyn Field],
    extra: &mut Extra,
) -> Result<(), A::Error> {
    let mut next = 0;
    let names = info.names;
    while let Some(key) = map.next_key_seed(KeySeed { names, next })? {
        match key {
            Key::Known(number) => {
                next = number + 1;
                let Some(field) = fields.get_mut(number) else {
                    return Err(A::Error::custom("the model has fewer fields than names"));
                };
                let (name, of) = (names[number], info.name);
                let slot = field.slot();
                let is_item = false;
                let misfit = map
                    .next_value_seed(SlotSeed { slot, of, is_item })
                    .map_err(|error| within(Step::Name(name), error))?;
                if let Some(value) = misfit {
                    field.slot().clear();
                    extra.insert(name, value);
                }
            }
            Key::Other(name) => {
                let value = map
                    .next_value::<Value>()
                    .map_err(|error| within(Step::Name(&name), error))?;
                extra.insert(name, value);
            }
        }
    }
    Ok(())
}

enum Key {
    Known(usize),
    Other(String),
}

/// Finds a key among the names. Graph mostly keeps to one order, so the name after the last one is tried first.
struct KeySeed {
    names: &'static [&'static str],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a property")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        let (before, after) = self.names.split_at(self.next.min(self.names.len()));
        if let Some(number) = after.iter().position(|name| *name == key) {
            return Ok(Key::Known(before.len() + number));
        }
        if let Some(number) = before.iter().position(|name| *name == key) {
            return Ok(Key::Known(number));
        }
        Ok(Key::Other(key.to_owned()))
    }
}

/// Reads a value into a slot. What does not fit it comes back.
struct SlotSeed<'s> {
    slot: Slot<'s>,
    of: &'static str,
    /// An item of a list, which has no place for what does not fit: that is an error then.
    is_item: bool,
}

impl<'de> DeserializeSeed<'de> for SlotSeed<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        match self.slot {
            Slot::Untyped(slot) => {
                let value = Value::deserialize(deserializer)?;
                *slot = Some(value).filter(|value| !value.is_null());
                Ok(None)
            }
            Slot::Decimal(slot) => {
                *slot = Option::<Decimal>::deserialize(deserializer)?;
                Ok(None)
            }
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl SlotSeed<'_> {
    /// Takes a whole number, in whichever form it came.
    fn integer<E: Error>(mut self, value: i64) -> Result<Option<Value>, E> {
        let read = match &mut self.slot {
            Slot::Int16(slot) => fit(value, slot),
            Slot::Int32(slot) => fit(value, slot),
            Slot::Int64(slot) => fit(value, slot),
            Slot::Uint8(slot) => fit(value, slot),
            Slot::Float(slot) => put(value as f32, slot),
            Slot::Double(slot) => put(value as f64, slot),
            // Documented answers have numbers and truth values where text is declared, such as `0` for an identifier.
            Slot::String(slot) => put(value.to_string(), slot),
            _ => false,
        };
        match read {
            true => Ok(None),
            false => self.misfit("a number", value),
        }
    }

    /// What becomes of a value that is none of the type. An error says what was found, and not the value: that may be a secret
    /// or a whole file, and errors end up in logs.
    #[cold]
    fn misfit<E: Error>(&self, found: &str, value: impl Into<Value>) -> Result<Option<Value>, E> {
        if self.is_item {
            return Err(self.refuse(found));
        }
        Ok(Some(value.into()))
    }

    #[cold]
    fn refuse<E: Error>(&self, found: &str) -> E {
        let wanted = self.wanted();
        E::custom(format_args!(
            "expected {wanted}, found {found}, in {}",
            self.of
        ))
    }

    /// What is expected, for an error.
    fn wanted(&self) -> &'static str {
        match &self.slot {
            Slot::String(_) => "a string",
            Slot::Bool(_) => "true or false",
            Slot::Int16(_) => "a number (Edm.Int16)",
            Slot::Int32(_) => "a number (Edm.Int32)",
            Slot::Int64(_) => "a number (Edm.Int64)",
            Slot::Uint8(_) => "a number (Edm.Byte)",
            Slot::Float(_) => "a number (Edm.Single)",
            Slot::Double(_) => "a number (Edm.Double)",
            Slot::Scalar(slot) => slot.expected(),
            Slot::Decimal(_) => "a number (Edm.Decimal)",
            Slot::Binary(_) => "base64 (Edm.Binary)",
            Slot::Untyped(_) => "any value",
            Slot::Object(_) | Slot::Element(_) => "an object",
            Slot::List(_) => "an array",
        }
    }
}

impl<'de> Visitor<'de> for SlotSeed<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wanted())
    }

    /// `null` is no value: it reads as if the property were absent.
    fn visit_unit<E: Error>(self) -> Result<Option<Value>, E> {
        self.slot.clear();
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Option<Value>, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<Value>, E> {
        match self.slot {
            Slot::Bool(slot) => *slot = Some(value),
            Slot::String(slot) => *slot = Some(value.to_string()),
            slot => return Self { slot, ..self }.misfit("true or false", value),
        }
        Ok(None)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<Value>, E> {
        self.integer(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<Value>, E> {
        if let Ok(value) = i64::try_from(value) {
            return self.integer(value);
        }
        match self.slot {
            Slot::Float(slot) => *slot = Some(value as f32),
            Slot::Double(slot) => *slot = Some(value as f64),
            Slot::String(slot) => *slot = Some(value.to_string()),
            slot => return Self { slot, ..self }.misfit("a number", value),
        }
        Ok(None)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<Value>, E> {
        /// Up to here every whole number is one of `f64` too.
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        match self.slot {
            Slot::Float(slot) => *slot = Some(value as f32),
            Slot::Double(slot) => *slot = Some(value),
            Slot::String(slot) => *slot = Some(value.to_string()),
            // Some services write whole numbers with a fraction of zero.
            slot @ (Slot::Int16(_) | Slot::Int32(_) | Slot::Int64(_) | Slot::Uint8(_))
                if value.fract() == 0.0 && value.abs() <= WHOLE =>
            {
                return Self { slot, ..self }.integer(value as i64);
            }
            slot => return Self { slot, ..self }.misfit("a number", value),
        }
        Ok(None)
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<Option<Value>, E> {
        let read = match &mut self.slot {
            Slot::String(slot) => put(text.to_owned(), slot),
            Slot::Scalar(slot) => slot.parse(text),
            Slot::Binary(slot) => {
                **slot = binary::decode(text).map(Into::into);
                slot.is_some()
            }
            // Some services write numbers and truth values as text.
            Slot::Bool(slot) => parse_into(&text.to_ascii_lowercase(), slot),
            Slot::Int16(slot) => parse_into(text, slot),
            Slot::Int32(slot) => parse_into(text, slot),
            Slot::Int64(slot) => parse_into(text, slot),
            Slot::Uint8(slot) => parse_into(text, slot),
            Slot::Float(slot) => parse_into(odata_number(text), slot),
            Slot::Double(slot) => parse_into(odata_number(text), slot),
            _ => false,
        };
        match read {
            true => Ok(None),
            false => self.misfit("a string", text),
        }
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Option<Value>, E> {
        match self.slot {
            Slot::String(slot) => {
                *slot = Some(text);
                Ok(None)
            }
            slot => Self { slot, ..self }.visit_str(&text),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Value>, A::Error> {
        match self.slot {
            Slot::Object(slot) => read_object(map, slot.start())?,
            Slot::Element(slot) => read_object(map, slot.start())?,
            slot if self.is_item => return Err(Self { slot, ..self }.refuse("an object")),
            _ => return Value::deserialize(MapAccessDeserializer::new(map)).map(Some),
        }
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<Value>, A::Error> {
        let of = self.of;
        let list = match self.slot {
            Slot::List(list) => list,
            slot if self.is_item => return Err(Self { slot, ..self }.refuse("an array")),
            _ => return Value::deserialize(SeqAccessDeserializer::new(seq)).map(Some),
        };
        list.start();
        for number in 0.. {
            let mut read = Ok(None);
            list.add(&mut |slot| {
                read = seq.next_element_seed(SlotSeed {
                    slot,
                    of,
                    is_item: true,
                });
            });
            if read
                .map_err(|error| within(Step::Item(number), error))?
                .is_none()
            {
                break;
            }
        }
        Ok(None)
    }
}

fn put<T>(value: T, slot: &mut Option<T>) -> bool {
    *slot = Some(value);
    true
}

fn fit<T: TryFrom<i64>>(value: i64, slot: &mut Option<T>) -> bool {
    *slot = value.try_into().ok();
    slot.is_some()
}

fn parse_into<T: std::str::FromStr>(text: &str, slot: &mut Option<T>) -> bool {
    *slot = text.parse().ok();
    slot.is_some()
}

/// Rust's spelling of OData's words for what JSON has no number for.
fn odata_number(text: &str) -> &str {
    match text {
        "INF" => "inf",
        "-INF" => "-inf",
        other => other,
    }
}
