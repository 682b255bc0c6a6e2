//! The reader of all models.
//!
//! It reads values into the fields in the order of the keys. A value that does not fit its field
//! goes to [`Extra`](super::Extra) with its JSON text. One property that differs from the
//! description must not make a page unreadable, and no data may be lost.
//!
//! A model is read from its JSON text, of which serde_json finds the end and checks the syntax.
//! serde_json's own reader cannot continue after a number beyond `f64` or half a surrogate pair,
//! and it returns a number without its digits. Reading from text also compiles once, and not once
//! for each deserializer.

use std::fmt;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::declared;
use super::edm::binary;
use super::json::{Kept, MAX_DEPTH, Text};
use super::object::Object;
use super::place::{Step, within};
use super::scan::{Quoted, Scanner, malformed};
use super::{ListSlot, Model, Slot};

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
    /// Reads the model from its text.
    fn read<'de, D: Deserializer<'de>>(self, json: D, is_item: bool) -> Result<(), D::Error> {
        let text = Text::deserialize(json)?;
        read(text.as_str(), self.0, is_item).map_err(D::Error::custom)
    }
}

impl<'de> Visitor<'de> for ModelVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        declared::expecting(self.0.info(), f)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.read(deserializer, false)
    }

    /// Reads an item for [`Item`](super::lists::Item). The list keeps an item that is not an
    /// object.
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.read(deserializer, true)
    }

    /// Reads from a deserializer of another format, which has no JSON text.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(map))?;
        read(&value.to_string(), self.0, false).map_err(A::Error::custom)
    }

    /// Refuses the string of a deserializer of another format. serde's own error would print it.
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(refuse(self.0, Some(b'"')))
    }
}

/// Reads the text of a value into an object.
fn read(text: &str, object: &mut dyn Object, is_item: bool) -> Result<(), serde_json::Error> {
    let mut reader = Reader {
        json: Scanner::new(text),
        depth: 0,
    };
    match reader.json.peek() {
        Some(b'{') => reader.object(object),
        _ if is_item => {
            object.extra_mut().set_instead(Kept::read(text)?);
            Ok(())
        }
        first => Err(refuse(object, first)),
    }
}

/// Reads the text of a value into a slot. Returns `false` if the value is `null`, or not of the
/// slot's type.
pub(super) fn read_into(text: &str, slot: Slot<'_>) -> bool {
    let mut reader = Reader {
        json: Scanner::new(text),
        depth: 0,
    };
    let is_null = reader.json.peek() == Some(b'n');
    let fit = reader.value(slot);
    !is_null && matches!(fit, Ok(Fit::Fits | Fit::Repaired))
}

/// Returns the error for a value that is not an object, by its first byte. The error leaves out the
/// value, because it may be a secret or a whole file, and errors end up in logs.
#[cold]
fn refuse<E: Error>(object: &dyn Object, first: Option<u8>) -> E {
    let name = object.info().name;
    let found = match first {
        Some(b'"') => "a string",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    };
    E::custom(format_args!("expected an object ({name}), found {found}"))
}

struct Reader<'t> {
    json: Scanner<'t>,
    /// The number of objects and lists around the place.
    depth: usize,
}

/// The result of fitting a value to its slot.
#[derive(Clone, Copy, PartialEq)]
enum Fit {
    Fits,
    /// The value is an empty text where another type was expected. It reads as `null`, but a list
    /// cannot hold `null`.
    Empty,
    /// The value is in its slot, but the slot does not hold all of it.
    Repaired,
    /// The value is not of the slot's type.
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

impl<'t> Reader<'t> {
    fn enter(&mut self) -> Result<(), serde_json::Error> {
        self.json.pass();
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(Error::custom("recursion limit exceeded")),
            false => Ok(()),
        }
    }

    fn leave(&mut self) {
        self.json.pass();
        self.depth -= 1;
    }

    /// Reads an object, at whose first brace the reader is.
    fn object(&mut self, object: &mut dyn Object) -> Result<(), serde_json::Error> {
        self.enter()?;
        let names = object.info().names;
        let mut next = 0;
        let mut has_mismatches = false;
        while let Some(key) = self.key()? {
            let (key, _) = key.read()?;
            let Some(number) = find(names, next, &key) else {
                let kept = self.json.value().and_then(Kept::read);
                let kept = kept.map_err(|error| within(Step::Name(&key), error))?;
                object.extra_mut().keep(key, kept);
                continue;
            };
            next = number + 1;
            let name = names[number];
            self.json.peek();
            let start = self.json.place();
            let fit = self.value(object.slot(number).0);
            match fit.map_err(|error| within(Step::Name(name), error))? {
                Fit::Fits | Fit::Empty => {
                    // If a name occurs twice, the last value counts.
                    if has_mismatches {
                        object.extra_mut().remove(name);
                    }
                    continue;
                }
                Fit::Repaired => {}
                Fit::Mismatched => object.slot(number).0.clear(),
            }
            has_mismatches = true;
            let kept = Kept::read(self.json.since(start));
            let kept = kept.map_err(|error| within(Step::Name(name), error))?;
            object.extra_mut().keep(name, kept);
        }
        self.leave();
        Ok(())
    }

    /// Moves to the value of the next property, and returns the key. Returns `None` at the end of
    /// the object.
    fn key(&mut self) -> Result<Option<Quoted<'t>>, serde_json::Error> {
        if self.json.peek() == Some(b',') {
            self.json.pass();
        }
        match self.json.peek() {
            Some(b'"') => {}
            Some(b'}') => return Ok(None),
            _ => return Err(malformed()),
        }
        let key = self.json.string()?;
        match self.json.peek() {
            Some(b':') => self.json.pass(),
            _ => return Err(malformed()),
        }
        Ok(Some(key))
    }

    /// Reads a value into its slot.
    fn value(&mut self, slot: Slot<'_>) -> Result<Fit, serde_json::Error> {
        match (self.json.peek(), slot) {
            // `null` means that there is no value. It reads as if the property, or the item of a
            // list, were absent.
            (Some(b'n'), slot) => {
                self.json.word()?;
                slot.clear();
                Ok(Fit::Fits)
            }
            (_, Slot::Untyped(slot)) => {
                let kept = Kept::read(self.json.value()?)?;
                let is_exact = kept.is_exact();
                *slot = Some(kept.value);
                Ok(match is_exact {
                    true => Fit::Fits,
                    false => Fit::Repaired,
                })
            }
            (Some(b'"'), Slot::String(slot)) => {
                let (content, is_exact) = self.json.string()?.read()?;
                *slot = Some(content.into_owned());
                Ok(match is_exact {
                    true => Fit::Fits,
                    false => Fit::Repaired,
                })
            }
            (Some(b'{'), Slot::Object(slot)) => self.object(slot.start()).map(|()| Fit::Fits),
            (Some(b'{'), Slot::Element(slot)) => self.object(slot.start()).map(|()| Fit::Fits),
            // The list keeps an item for it, so that the list is not shorter than it was sent.
            (_, Slot::Element(slot)) => {
                let kept = Kept::read(self.json.value()?)?;
                slot.start().extra_mut().set_instead(kept);
                Ok(Fit::Fits)
            }
            (Some(b'['), Slot::List(list)) => self.list(list),
            (Some(b'"'), slot) => read_string(self.json.string()?, slot),
            (Some(b't' | b'f'), slot) => {
                let word = self.json.word()?;
                Ok(Fit::of(match slot {
                    Slot::Bool(slot) => put(word == "true", slot),
                    Slot::String(slot) => put(word.to_owned(), slot),
                    _ => false,
                }))
            }
            (Some(b'-' | b'0'..=b'9'), slot) => Ok(Fit::of(read_number(self.json.word()?, slot))),
            _ => {
                self.json.value()?;
                Ok(Fit::Mismatched)
            }
        }
    }

    /// Reads a list, at whose first bracket the reader is. A list of anything but objects is taken
    /// completely or not at all. A list that is silently shorter than the one that was sent would
    /// look as if items had been removed.
    fn list(&mut self, list: &mut dyn ListSlot) -> Result<Fit, serde_json::Error> {
        self.enter()?;
        list.start();
        let mut whole = Fit::Fits;
        for number in 0.. {
            if self.json.peek() == Some(b',') {
                self.json.pass();
            }
            if self.json.peek() == Some(b']') {
                break;
            }
            let mut fit = Ok(Fit::Fits);
            list.add(&mut |slot| fit = self.value(slot));
            match fit.map_err(|error| within(Step::Item(number), error))? {
                Fit::Fits => {}
                Fit::Repaired if whole == Fit::Fits => whole = Fit::Repaired,
                Fit::Repaired => {}
                Fit::Empty | Fit::Mismatched => whole = Fit::Mismatched,
            }
        }
        self.leave();
        Ok(whole)
    }
}

/// Returns the number of a key among the names. Graph mostly keeps to one order, so the names after
/// the previous one are tried first.
fn find(names: &[&str], next: usize, key: &str) -> Option<usize> {
    let (before, after) = names.split_at_checked(next)?;
    // Most names differ in their length or first letter. Comparing these is faster than a call that
    // compares the bytes.
    let first = key.as_bytes().first();
    let is =
        |name: &&str| name.len() == key.len() && name.as_bytes().first() == first && *name == key;
    match after.iter().position(is) {
        Some(number) => Some(before.len() + number),
        None => before.iter().position(is),
    }
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

/// Reads a string into a slot that is not for text.
fn read_string(quoted: Quoted<'_>, mut slot: Slot<'_>) -> Result<Fit, serde_json::Error> {
    let (content, is_exact) = quoted.read()?;
    if !is_exact {
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
