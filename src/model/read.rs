//! One reader for all models.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::edm::{Decimal, binary};
use super::object::{Object, TypeInfo, with_slots};
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
        write!(f, "an object ({})", self.0.info().name)
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
                map.next_value_seed(SlotSeed {
                    slot: field.slot(),
                    name: names[number],
                    of: info.name,
                })?;
            }
            Key::Other(name) => {
                extra.insert(name, map.next_value::<Value>()?);
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

/// Reads a value into a slot.
struct SlotSeed<'s> {
    slot: Slot<'s>,
    name: &'static str,
    of: &'static str,
}

impl<'de> DeserializeSeed<'de> for SlotSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.slot {
            Slot::Untyped(slot) => {
                let value = Value::deserialize(deserializer)?;
                *slot = Some(value).filter(|value| !value.is_null());
                Ok(())
            }
            Slot::Decimal(slot) => {
                *slot = Option::<Decimal>::deserialize(deserializer)?;
                Ok(())
            }
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl SlotSeed<'_> {
    /// Takes a number where the slot is one, in whichever form it came.
    fn integer<E: Error>(self, value: i64) -> Result<(), E> {
        fn fit<T: TryFrom<i64>, E: Error>(
            value: i64,
            what: &dyn fmt::Display,
        ) -> Result<Option<T>, E> {
            T::try_from(value)
                .map(Some)
                .map_err(|_| E::custom(format_args!("{value} is too large for {what}")))
        }
        let what = format_args!("`{}` of {}", self.name, self.of).to_string();
        match self.slot {
            Slot::Int16(slot) => *slot = fit(value, &what)?,
            Slot::Int32(slot) => *slot = fit(value, &what)?,
            Slot::Int64(slot) => *slot = Some(value),
            Slot::Uint8(slot) => *slot = fit(value, &what)?,
            Slot::Float(slot) => *slot = Some(value as f32),
            Slot::Double(slot) => *slot = Some(value as f64),
            Slot::String(slot) => *slot = Some(value.to_string()),
            _ => {
                return Err(E::invalid_type(serde::de::Unexpected::Signed(value), &self));
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for SlotSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.slot {
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
        };
        write!(f, "{what} in `{}` of {}", self.name, self.of)
    }

    /// `null` is no value: it reads as if the property were absent.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.slot.clear();
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.slot {
            Slot::Bool(slot) => *slot = Some(value),
            Slot::String(slot) => *slot = Some(value.to_string()),
            _ => return Err(E::invalid_type(serde::de::Unexpected::Bool(value), &self)),
        }
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match (i64::try_from(value), self.slot) {
            (Ok(value), slot) => Self { slot, ..self }.integer(value),
            (Err(_), Slot::Float(slot)) => {
                *slot = Some(value as f32);
                Ok(())
            }
            (Err(_), Slot::Double(slot)) => {
                *slot = Some(value as f64);
                Ok(())
            }
            (Err(_), Slot::String(slot)) => {
                *slot = Some(value.to_string());
                Ok(())
            }
            (Err(_), slot) => Err(E::invalid_value(
                serde::de::Unexpected::Unsigned(value),
                &Self { slot, ..self },
            )),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        match self.slot {
            Slot::Float(slot) => *slot = Some(value as f32),
            Slot::Double(slot) => *slot = Some(value),
            Slot::String(slot) => *slot = Some(value.to_string()),
            // Some services write whole numbers with a fraction of zero.
            slot if value.fract() == 0.0 && value.abs() < 9.0e15 => {
                return Self { slot, ..self }.integer(value as i64);
            }
            slot => {
                return Err(E::invalid_value(
                    serde::de::Unexpected::Float(value),
                    &Self { slot, ..self },
                ));
            }
        }
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        let read = match &mut self.slot {
            Slot::String(slot) => {
                **slot = Some(text.to_owned());
                true
            }
            Slot::Scalar(slot) => slot.parse(text),
            Slot::Binary(slot) => match binary::decode(text) {
                Some(bytes) => {
                    **slot = Some(bytes.into());
                    true
                }
                None => false,
            },
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
        if read {
            Ok(())
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }

    fn visit_string<E: Error>(self, text: String) -> Result<(), E> {
        match self.slot {
            Slot::String(slot) => {
                *slot = Some(text);
                Ok(())
            }
            slot => Self { slot, ..self }.visit_str(&text),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        match self.slot {
            Slot::Object(slot) => read_object(map, slot.start()),
            Slot::Element(slot) => read_object(map, slot.start()),
            slot => Err(A::Error::invalid_type(
                serde::de::Unexpected::Map,
                &Self { slot, ..self },
            )),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Slot::List(list) = self.slot else {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        };
        list.start();
        let (name, of) = (self.name, self.of);
        loop {
            let mut read = Ok(None);
            list.add(&mut |slot| read = seq.next_element_seed(SlotSeed { slot, name, of }));
            if read?.is_none() {
                return Ok(());
            }
        }
    }
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
