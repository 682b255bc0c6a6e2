//! Models for tests, written like generated ones.

use std::fmt;

use super::edm::DateTimeOffset;
use super::object::{self, Fields, Object, TypeInfo};
use super::slot::{Item, Ref, Slot, slot, word_slot};
use super::{Extra, Flags, Model, OpenEnum, Property, open_enum, read, write};

/// Writes a model: its fields, and the code that each generated model has.
macro_rules! model {
    ($name:ident $(
        $number:literal $constant:ident $field:ident $graph:literal:
            $of:ty, $held:ty, $show:ident $slot:ident;
    )*) => {
        pub(crate) struct $name {
            $(pub(crate) $field: Option<$held>,)*
            pub(crate) extra: Extra,
        }

        impl $name {
            $(pub(crate) const $constant: Property<Self, $of> = Property::new($graph);)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: None,)* extra: Extra::new() }
            }
        }

        impl Object for $name {
            fn parts(&self) -> (&'static TypeInfo, &Extra) {
                (
                    &TypeInfo {
                        name: concat!("microsoft.graph.", stringify!($name)),
                        names: &[$($graph),*],
                        derived: &[],
                        secrets: &[],
                    },
                    &self.extra,
                )
            }

            fn show<'s>(&'s self, fields: Fields<'_, 's>) {
                fields$(.$show(&self.$field))*;
            }

            fn slot(&mut self, number: usize) -> (Slot<'_>, &mut Extra) {
                (
                    match number {
                        $($number => $slot(&mut self.$field),)*
                        _ => Slot::None,
                    },
                    &mut self.extra,
                )
            }
        }

        impl Model for $name {}

        impl Clone for $name {
            fn clone(&self) -> Self {
                object::clone(self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                object::debug(self, f)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                object::eq(self, other)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                write::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read::deserialize(deserializer)
            }
        }
    };
}

model! {
    Body
    0 CONTENT content "content": String, String, field slot;
    1 KIND kind "kind": Kind, Kind, word word_slot;
}

model! {
    Meeting
    0 ID id "id": String, String, field slot;
    1 SUBJECT subject "subject": String, String, field slot;
    2 BODY body "body": Body, Box<Body>, field slot;
    3 BODIES bodies "bodies": Vec<Body>, Vec<Body>, field slot;
    4 TAGS tags "tags": Vec<String>, Vec<String>, field slot;
    5 KIND kind "kind": Kind, Kind, word word_slot;
    6 KINDS kinds "kinds": Vec<Kind>, Vec<Kind>, field slot;
    7 DAYS days "days": Flags<Kind>, Flags<Kind>, field slot;
    8 START start "start": DateTimeOffset, DateTimeOffset, field slot;
    9 SIZE size "size": i64, i64, field slot;
    10 RANK rank "rank": i16, i16, field slot;
    11 RATIO ratio "ratio": f64, f64, field slot;
    12 IS_OPEN is_open "isOpen": bool, bool, field slot;
    13 MORE more "more": serde_json::Value, serde_json::Value, field slot;
}

impl From<&str> for Body {
    fn from(content: &str) -> Self {
        Self::new().set(Self::CONTENT, content)
    }
}

/// An enum with two members.
pub(crate) enum Kind {
    Html,
    Text,
    Unknown(String),
}

impl OpenEnum for Kind {
    fn words() -> &'static [&'static str] {
        &["html", "text"]
    }

    fn member(index: usize) -> Option<Self> {
        match index {
            0 => Some(Self::Html),
            1 => Some(Self::Text),
            _ => None,
        }
    }

    fn unknown_word(&self) -> Option<&str> {
        match self {
            Self::Unknown(word) => Some(word),
            _ => None,
        }
    }

    fn unknown(word: String) -> Self {
        Self::Unknown(word)
    }
}

impl Clone for Kind {
    fn clone(&self) -> Self {
        open_enum::clone(self)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        open_enum::eq(self, other)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        open_enum::display(self, f)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        open_enum::display(self, f)
    }
}

impl Item for Kind {
    fn value(&self) -> Ref<'_> {
        Ref::Scalar(self)
    }

    fn place(this: &mut Option<Self>) -> Slot<'_> {
        Slot::Scalar(this)
    }
}
