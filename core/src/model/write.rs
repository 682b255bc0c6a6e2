//! The writer of all models.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::Ref;
use super::edm::binary;
use super::object::{Object, each_field};

/// The annotation that Graph wants first in its object.
const TYPE: &str = "@odata.type";

/// Implements `Serialize` for all models.
pub fn serialize<S: Serializer>(object: &dyn Object, serializer: S) -> Result<S::Ok, S::Error> {
    let (info, extra) = object.parts();
    if let Some(kept) = extra.kept_instead()
        && !has_fields(object)
    {
        return kept.serialize(serializer);
    }
    let mut map = serializer.serialize_map(None)?;
    if let Some((_, of)) = extra.kept().find(|(name, _)| *name == TYPE) {
        map.serialize_entry(TYPE, of)?;
    }
    // Annotations are not fields, and are in `extra` of nearly every entity.
    let has_sources = extra.kept().any(|(name, _)| !name.contains('@'));
    let mut replaced = Vec::new();
    let mut written = Ok(());
    each_field(object, |number, value| {
        let Some(name) = info.names.get(number).filter(|_| written.is_ok()) else {
            return;
        };
        if has_sources {
            // A field has priority over the value of the same name in `extra`: a value set after
            // `clear` is written, and the `null` is not. The exception is the text that the field
            // was read from, if the field does not hold all of it. That text is written in place
            // of the field.
            if extra.is_source_of(name, value) {
                return;
            }
            replaced.push(*name);
        }
        written = match value {
            // The most frequent values need no other match.
            Ref::String(text) => map.serialize_entry(name, text),
            value => map.serialize_entry(name, &Written(value)),
        };
    });
    written?;
    for (name, kept) in extra.kept() {
        if name != TYPE && !replaced.contains(&name) {
            map.serialize_entry(name, kept)?;
        }
    }
    map.end()
}

/// Checks whether a field is set.
pub(super) fn has_fields(object: &dyn Object) -> bool {
    let mut has_fields = false;
    each_field(object, |_, _| has_fields = true);
    has_fields
}

/// A value as it is written.
pub(super) struct Written<'a>(pub(super) Ref<'a>);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Ref::Absent => serializer.serialize_unit(),
            Ref::String(value) => serializer.serialize_str(value),
            Ref::Bool(value) => serializer.serialize_bool(value),
            Ref::Integer(value) => serializer.serialize_i64(value),
            Ref::Float(value) if is_whole(value.into()) => serializer.serialize_i64(value as i64),
            Ref::Float(value) if value.is_finite() => serializer.serialize_f32(value),
            Ref::Float(value) => serializer.serialize_str(not_finite(value.into())),
            Ref::Double(value) if is_whole(value) => serializer.serialize_i64(value as i64),
            Ref::Double(value) if value.is_finite() => serializer.serialize_f64(value),
            Ref::Double(value) => serializer.serialize_str(not_finite(value)),
            Ref::Scalar(value) => serializer.collect_str(value),
            Ref::Decimal(value) => value.serialize(serializer),
            Ref::Binary(value) => serializer.serialize_str(&binary::encode(value)),
            Ref::Untyped(value) => value.serialize(serializer),
            Ref::Object(value) => serialize(value, serializer),
            Ref::List(value) => {
                let mut seq = serializer.serialize_seq(Some(value.len()))?;
                for number in 0..value.len() {
                    seq.serialize_element(&Written(value.item(number)))?;
                }
                seq.end()
            }
        }
    }
}

/// Checks whether a number is written without a fraction, as Graph mostly writes it. `-0` keeps its
/// fraction, because it would lose its sign.
fn is_whole(value: f64) -> bool {
    const MOST: f64 = 1e15;
    value.fract() == 0.0 && value.abs() < MOST && (value != 0.0 || value.is_sign_positive())
}

/// Returns OData's word for a number that JSON cannot express.
fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "INF"
    } else {
        "-INF"
    }
}
