//! The reader of all models.
//!
//! It reads values into the fields in the order of the keys. A value that does not fit its field
//! goes to [`Extra`] with its JSON text. One property that differs from the description must not
//! make a page unreadable, and no data may be lost.
//!
//! Objects, and lists of objects, are read as a stream. Any other value is read from its text,
//! because serde_json's reader cannot continue after a number beyond `f64` or half a surrogate
//! pair. An error says where in the JSON it is, see [`place`](super::place).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::declared;
use super::edm::binary;
use super::json::{Kept, Text, from_wtf8, lossy_string, plain_string};
use super::object::{Object, TypeInfo, with_slots};
use super::place::{Step, within};
use super::{ElementSlot, Extra, Field, ListSlot, Model, Slot};

/// The name by which a model asks its deserializer whether it is an item of a list. See
/// [`lists`](super::lists).
pub(super) const MODEL: &str = "$msgraph::Model";

/// Implements `Deserialize` for all models.
///
/// # Errors
///
/// Returns an error when the value is not an object, unless it is an item of a list, and when it is
/// nested too deeply.
pub fn deserialize<'de, T: Model, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut object = T::default();
    deserializer.deserialize_newtype_struct(MODEL, ModelVisitor(&mut object))?;
    Ok(object)
}

struct ModelVisitor<'o>(&'o mut dyn Object);

impl ModelVisitor<'_> {
    #[cold]
    fn refuse<E: Error>(&self, found: &str) -> E {
        let name = self.0.info().name;
        E::custom(format_args!("expected an object ({name}), found {found}"))
    }
}

impl<'de> Visitor<'de> for ModelVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        declared::expecting(self.0.info(), f)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    // The errors leave out the value, because it may be a secret or a whole file, and errors end up
    // in logs.

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Err(self.refuse("true or false"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Err(self.refuse("a number"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Err(self.refuse("a number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Err(self.refuse("a number"))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(self.refuse("a string"))
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<(), E> {
        Err(self.refuse("a value that is not an object"))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(self.refuse("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse("an array"))
    }

    /// Reads an item for [`Item`](super::lists::Item). The list keeps an item that is not an
    /// object.
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        struct Place<'o>(&'o mut dyn Object);

        impl ElementSlot for Place<'_> {
            fn start(&mut self) -> &mut dyn Object {
                self.0
            }

            fn clear(&mut self) {}
        }

        let slot = Slot::Element(&mut Place(self.0));
        deserializer.deserialize_any(ContainerVisitor(slot))?;
        Ok(())
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
        // Generated code always passes its fields, and only once.
        None => Err(A::Error::custom("the model provided no fields")),
    }
}

fn read_fields<'de, A: MapAccess<'de>>(
    mut map: A,
    info: &'static TypeInfo,
    fields: &mut [&mut dyn Field],
    extra: &mut Extra,
) -> Result<(), A::Error> {
    let mut next = 0;
    let mut has_mismatches = false;
    let names = info.names;
    while let Some(key) = map.next_key_seed(KeySeed { names, next })? {
        match key {
            Key::Known(number) => {
                next = number + 1;
                let Some(field) = fields.get_mut(number) else {
                    return Err(A::Error::custom("the model has fewer fields than names"));
                };
                let name = names[number];
                let outcome = map
                    .next_value_seed(SlotSeed(field.slot()))
                    .map_err(|error| within(Step::Name(name), error))?;
                let kept = match outcome {
                    // If a name occurs twice, the last value counts.
                    Outcome::Fits if has_mismatches => {
                        extra.remove(name);
                        continue;
                    }
                    Outcome::Fits => continue,
                    Outcome::Repaired(kept) => kept,
                    Outcome::Mismatched(kept) => {
                        field.slot().clear();
                        kept
                    }
                };
                has_mismatches = true;
                extra.keep(name, *kept);
            }
            Key::Other(name) => {
                let kept = map
                    .next_value::<Text<'de>>()
                    .and_then(|text| Kept::read(text.as_str()).map_err(A::Error::custom))
                    .map_err(|error| within(Step::Name(&name), error))?;
                extra.keep(name, kept);
            }
        }
    }
    Ok(())
}

enum Key {
    Known(usize),
    Other(String),
}

/// A seed that finds a key among the names. Graph mostly keeps to one order, so the name after the
/// previous one is tried first.
struct KeySeed {
    names: &'static [&'static str],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        // serde_json checks surrogate pairs in strings, but not in bytes.
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a property")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        self.visit_bytes(key.as_bytes())
    }

    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<Key, E> {
        let (before, after) = self.names.split_at(self.next.min(self.names.len()));
        if let Some(number) = after.iter().position(|name| name.as_bytes() == key) {
            return Ok(Key::Known(before.len() + number));
        }
        if let Some(number) = before.iter().position(|name| name.as_bytes() == key) {
            return Ok(Key::Known(number));
        }
        from_wtf8(key).map(Key::Other)
    }
}

/// The result of reading a property's value. Kept values are rare, and boxed so that this type
/// stays small.
enum Outcome {
    Fits,
    /// The value is in its field, but the field does not hold all of it.
    Repaired(Box<Kept>),
    /// The value is not of the field's type.
    Mismatched(Box<Kept>),
}

/// The result of fitting a text to its slot, as [`Outcome`].
#[derive(Clone, Copy, PartialEq)]
enum Fit {
    Fits,
    /// The value is an empty text where another type was expected. It reads as `null`, but a list
    /// cannot hold `null`.
    Empty,
    Repaired,
    Mismatched,
}

impl Fit {
    fn of(fits: bool) -> Self {
        match fits {
            true => Fit::Fits,
            false => Fit::Mismatched,
        }
    }
}

/// A seed that reads a property's value into its slot.
struct SlotSeed<'s>(Slot<'s>);

impl<'de> DeserializeSeed<'de> for SlotSeed<'_> {
    type Value = Outcome;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome, D::Error> {
        let is_container = match &self.0 {
            Slot::Object(_) | Slot::Element(_) => true,
            Slot::List(list) => list.holds_objects(),
            _ => false,
        };
        if is_container {
            let kept = deserializer.deserialize_any(ContainerVisitor(self.0))?;
            return Ok(kept.map_or(Outcome::Fits, Outcome::Mismatched));
        }
        let text = Text::deserialize(deserializer)?;
        let text = text.as_str();
        let outcome = match read_text(text, self.0) {
            Ok(Fit::Fits | Fit::Empty) => return Ok(Outcome::Fits),
            Ok(Fit::Repaired) => Kept::read(text).map(Box::new).map(Outcome::Repaired),
            Ok(Fit::Mismatched) => Kept::read(text).map(Box::new).map(Outcome::Mismatched),
            Err(error) => Err(error),
        };
        outcome.map_err(D::Error::custom)
    }
}

/// A visitor that reads an object, or a list of objects, into its slot. It returns any other value.
struct ContainerVisitor<'s>(Slot<'s>);

impl ContainerVisitor<'_> {
    fn mismatched(self, kept: Kept) -> Option<Box<Kept>> {
        match self.0 {
            // The list keeps an item for it, so that the list is not shorter than it was sent.
            Slot::Element(slot) => {
                slot.start().extra_mut().set_instead(kept);
                None
            }
            _ => Some(Box::new(kept)),
        }
    }
}

impl<'de> Visitor<'de> for ContainerVisitor<'_> {
    type Value = Option<Box<Kept>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    /// Reads `null`, which means that there is no value. It reads as if the property, or the item
    /// of a list, were absent.
    fn visit_unit<E: Error>(self) -> Result<Option<Box<Kept>>, E> {
        self.0.clear();
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Option<Box<Kept>>, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Option<Box<Kept>>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<Box<Kept>>, E> {
        Ok(self.mismatched(Value::from(value).into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<Box<Kept>>, E> {
        Ok(self.mismatched(Value::from(value).into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<Box<Kept>>, E> {
        Ok(self.mismatched(Value::from(value).into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<Box<Kept>>, E> {
        Ok(self.mismatched(Value::from(value).into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Box<Kept>>, E> {
        Ok(self.mismatched(Value::from(text).into()))
    }

    /// Reads the JSON text of a value, from a deserializer that reads JSON that serde_json refuses:
    /// see `decode::tolerant`.
    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<Option<Box<Kept>>, E> {
        let text = std::str::from_utf8(text).map_err(E::custom)?;
        Ok(self.mismatched(Kept::read(text).map_err(E::custom)?))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Box<Kept>>, A::Error> {
        match self.0 {
            Slot::Object(slot) => read_object(map, slot.start())?,
            Slot::Element(slot) => read_object(map, slot.start())?,
            slot => return Ok(Self(slot).mismatched(Kept::read_map(map)?)),
        }
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<Box<Kept>>, A::Error> {
        let list = match self.0 {
            Slot::List(list) => list,
            slot => return Ok(Self(slot).mismatched(Kept::read_seq(seq)?)),
        };
        list.start();
        for number in 0.. {
            let mut read = Ok(None);
            list.add(&mut |slot| read = seq.next_element_seed(SlotSeed(slot)));
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

/// Reads the text of a value that is neither an object nor a list of objects.
fn read_text(text: &str, slot: Slot<'_>) -> Result<Fit, serde_json::Error> {
    match (text.as_bytes().first(), slot) {
        (Some(b'n'), slot) => {
            slot.clear();
            Ok(Fit::Fits)
        }
        (_, Slot::Untyped(slot)) => {
            let kept = Kept::read(text)?;
            let is_exact = kept.is_exact();
            *slot = Some(kept.value);
            Ok(match is_exact {
                true => Fit::Fits,
                false => Fit::Repaired,
            })
        }
        (Some(b'['), Slot::List(list)) => read_list(text, list),
        (Some(b'"'), slot) => read_string(text, slot),
        (Some(b't' | b'f'), slot) => Ok(Fit::of(match slot {
            Slot::Bool(slot) => put(text == "true", slot),
            Slot::String(slot) => put(text.to_owned(), slot),
            _ => false,
        })),
        (Some(b'-' | b'0'..=b'9'), slot) => Ok(Fit::of(read_number(text, slot))),
        _ => Ok(Fit::Mismatched),
    }
}

/// Reads a list of anything but objects. The list is taken completely or not at all. A list that is
/// silently shorter than the one that was sent would look as if items had been removed.
fn read_list(text: &str, list: &mut dyn ListSlot) -> Result<Fit, serde_json::Error> {
    struct ListVisitor<'s>(&'s mut dyn ListSlot);

    impl<'de> Visitor<'de> for ListVisitor<'_> {
        type Value = Fit;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Fit, A::Error> {
            let mut whole = Fit::Fits;
            while let Some(item) = seq.next_element::<&RawValue>()? {
                let mut fit = Ok(Fit::Fits);
                self.0.add(&mut |slot| fit = read_text(item.get(), slot));
                match fit.map_err(A::Error::custom)? {
                    Fit::Fits => {}
                    Fit::Repaired if whole == Fit::Fits => whole = Fit::Repaired,
                    Fit::Repaired => {}
                    Fit::Empty | Fit::Mismatched => whole = Fit::Mismatched,
                }
            }
            Ok(whole)
        }
    }

    list.start();
    serde_json::Deserializer::from_str(text).deserialize_seq(ListVisitor(list))
}

fn read_number(text: &str, slot: Slot<'_>) -> bool {
    match slot {
        Slot::Int16(slot) => read_integer(text, slot),
        Slot::Int32(slot) => read_integer(text, slot),
        Slot::Int64(slot) => read_integer(text, slot),
        Slot::Uint8(slot) => read_integer(text, slot),
        Slot::Float(slot) => read_float(text, slot),
        Slot::Double(slot) => read_float(text, slot),
        Slot::Decimal(slot) => parse_into(text, slot),
        // Documented responses have numbers and Booleans where text is declared, such as `0` for an
        // identifier.
        Slot::String(slot) => put(text.to_owned(), slot),
        _ => false,
    }
}

/// Reads a whole number. Some services write whole numbers with a fraction of zero.
fn read_integer<T: TryFrom<i64>>(text: &str, slot: &mut Option<T>) -> bool {
    /// The limit up to which every whole number is exact in `f64`.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    let whole = text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && number.abs() <= WHOLE).then_some(number as i64)
    });
    *slot = whole.and_then(|whole: i64| whole.try_into().ok());
    slot.is_some()
}

/// Reads a number with a fraction. A number beyond the type would read as infinity or as zero, so
/// it does not fit.
fn read_float<T: FromStr + Into<f64> + Copy>(text: &str, slot: &mut Option<T>) -> bool {
    let is_number = text.starts_with(|sign: char| sign == '-' || sign.is_ascii_digit());
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = || !mantissa.contains(|digit: char| matches!(digit, '1'..='9'));
    *slot = text.parse().ok().filter(|number: &T| {
        let number: f64 = (*number).into();
        is_number && number.is_finite() && (number != 0.0 || is_zero())
    });
    slot.is_some()
}

fn read_string(text: &str, mut slot: Slot<'_>) -> Result<Fit, serde_json::Error> {
    let mut fits = Fit::Fits;
    let content = match plain_string(text) {
        Some(content) => Cow::Borrowed(content),
        None => Cow::Owned(match serde_json::from_str(text) {
            Ok(content) => content,
            // The text has half a surrogate pair.
            Err(_) => {
                fits = Fit::Repaired;
                lossy_string(text)?
            }
        }),
    };
    if let Slot::String(slot) = slot {
        *slot = Some(content.into_owned());
        return Ok(fits);
    }
    if fits == Fit::Repaired {
        return Ok(Fit::Mismatched);
    }
    let content = &*content;
    Ok(Fit::of(match &mut slot {
        Slot::Scalar(slot) => {
            let is_read = slot.parse(content);
            // Graph writes an empty text where it has no value.
            if !is_read && content.is_empty() {
                return Ok(Fit::Empty);
            }
            if is_read && !slot.holds_all_of(content) {
                return Ok(Fit::Repaired);
            }
            is_read
        }
        Slot::Binary(slot) => {
            **slot = binary::decode(content).map(Into::into);
            slot.is_some()
        }
        // Some services write numbers and Booleans as text.
        Slot::Bool(slot) => parse_into(&content.to_ascii_lowercase(), slot),
        Slot::Int16(slot) => parse_into(content, slot),
        Slot::Int32(slot) => parse_into(content, slot),
        Slot::Int64(slot) => parse_into(content, slot),
        Slot::Uint8(slot) => parse_into(content, slot),
        Slot::Decimal(slot) => parse_into(content, slot),
        Slot::Float(slot) => match not_finite(content) {
            Some(value) => put(value as f32, slot),
            None => read_float(content, slot),
        },
        Slot::Double(slot) => match not_finite(content) {
            Some(value) => put(value, slot),
            None => read_float(content, slot),
        },
        _ => false,
    }))
}

fn put<T>(value: T, slot: &mut Option<T>) -> bool {
    *slot = Some(value);
    true
}

fn parse_into<T: FromStr>(text: &str, slot: &mut Option<T>) -> bool {
    *slot = text.parse().ok();
    slot.is_some()
}

/// Returns the number for one of OData's words for numbers that JSON cannot express.
fn not_finite(text: &str) -> Option<f64> {
    match text {
        "INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ => None,
    }
}
