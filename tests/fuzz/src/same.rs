//! Compares JSON that was read with JSON that was written.
//!
//! The reader here shares no code with the library's. It keeps numbers as text and strings as
//! UTF-16, so that it can hold everything that JSON can.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// UTF-16, which can hold half a surrogate pair.
    Text(Vec<u16>),
    List(Vec<Json>),
    /// The last value of each name.
    Object(Vec<(Vec<u16>, Json)>),
}

/// Parses JSON. Returns `None` if the text is not JSON by RFC 8259.
pub(crate) fn parse(text: &[u8]) -> Option<Json> {
    read(text).map(|(value, _)| value)
}

/// Checks whether JSON has an object with two members of one name.
pub(crate) fn has_repeated_names(text: &[u8]) -> bool {
    read(text).is_some_and(|(_, has_repeated_names)| has_repeated_names)
}

fn read(text: &[u8]) -> Option<(Json, bool)> {
    std::str::from_utf8(text).ok()?;
    let mut reader = Reader {
        text,
        at: 0,
        has_repeated_names: false,
    };
    let value = reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some((value, reader.has_repeated_names))
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    has_repeated_names: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        let end = self.at + word.len();
        (self.text.get(self.at..end) == Some(word.as_bytes())).then(|| {
            self.at = end;
            value
        })
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > 2000 {
            return None;
        }
        self.space();
        match self.peek()? {
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'"' => self.text().map(Json::Text),
            b'[' => self.list(depth),
            b'{' => self.object(depth),
            _ => self.number(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        self.take(b'[')?;
        let mut items = Vec::new();
        self.space();
        if self.take(b']').is_some() {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']').is_some() {
                return Some(Json::List(items));
            }
            self.take(b',')?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        self.take(b'{')?;
        let mut entries: Vec<(Vec<u16>, Json)> = Vec::new();
        self.space();
        if self.take(b'}').is_some() {
            return Some(Json::Object(entries));
        }
        loop {
            self.space();
            let name = self.text()?;
            self.space();
            self.take(b':')?;
            let value = self.value(depth + 1)?;
            let distinct = entries.len();
            entries.retain(|(other, _)| *other != name);
            self.has_repeated_names |= entries.len() < distinct;
            entries.push((name, value));
            self.space();
            if self.take(b'}').is_some() {
                return Some(Json::Object(entries));
            }
            self.take(b',')?;
        }
    }

    fn number(&mut self) -> Option<Json> {
        let begin = self.at;
        let _ = self.take(b'-');
        let digits = |this: &mut Self| {
            let begin = this.at;
            while matches!(this.peek(), Some(b'0'..=b'9')) {
                this.at += 1;
            }
            (this.at > begin).then_some(this.at - begin)
        };
        let is_zero = self.peek() == Some(b'0');
        let count = digits(self)?;
        if is_zero && count > 1 {
            return None;
        }
        if self.take(b'.').is_some() {
            digits(self)?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            digits(self)?;
        }
        let text = std::str::from_utf8(&self.text[begin..self.at]).ok()?;
        Some(Json::Number(text.to_owned()))
    }

    fn text(&mut self) -> Option<Vec<u16>> {
        self.take(b'"')?;
        let mut units = Vec::new();
        let mut begin = self.at;
        loop {
            match self.peek()? {
                b'"' => {
                    units.extend(self.plain(begin)?.encode_utf16());
                    self.at += 1;
                    return Some(units);
                }
                b'\\' => {
                    units.extend(self.plain(begin)?.encode_utf16());
                    self.at += 1;
                    let escape = self.peek()?;
                    self.at += 1;
                    units.push(match escape {
                        b'"' | b'\\' | b'/' => u16::from(escape),
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => 10,
                        b'r' => 13,
                        b't' => 9,
                        b'u' => {
                            let digits = self.text.get(self.at..self.at + 4)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            self.at += 4;
                            u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
                        }
                        _ => return None,
                    });
                    begin = self.at;
                }
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
    }

    fn plain(&self, begin: usize) -> Option<&str> {
        std::str::from_utf8(&self.text[begin..self.at]).ok()
    }
}

impl Json {
    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(entries) = self else {
            return None;
        };
        let name: Vec<u16> = name.encode_utf16().collect();
        entries
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or_default(),
            Self::Object(entries) => {
                1 + entries
                    .iter()
                    .map(|(_, value)| value.depth())
                    .max()
                    .unwrap_or_default()
            }
            _ => 0,
        }
    }

    /// Returns `true` if a page, or one of its items, is an OData error.
    pub(crate) fn holds_an_error(&self) -> bool {
        let is_error = |of: &Self| {
            let code = of.get("error").and_then(|error| error.get("code"));
            matches!(code, Some(Self::Text(_)))
        };
        let items = self.get("value").and_then(Self::items).unwrap_or_default();
        is_error(self) || items.iter().any(is_error)
    }

    /// Checks whether this has the form of a page: a list of items, and links that are text.
    pub(crate) fn is_page(&self) -> bool {
        let is_link = |name| match self.get(name) {
            None | Some(Self::Null) => true,
            Some(link) => matches!(link, Self::Text(_)),
        };
        let is_list = self
            .get("value")
            .is_some_and(|value| value.items().is_some());
        is_list && is_link("@odata.nextLink") && is_link("@odata.deltaLink")
    }

    fn string(&self) -> Option<String> {
        match self {
            Self::Text(units) => String::from_utf16(units).ok(),
            _ => None,
        }
    }

    /// Returns a number, or text that is a number.
    fn digits(&self) -> Option<String> {
        match self {
            Self::Number(text) => Some(text.clone()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Text(_) => self.string().map(|text| text.trim().to_ascii_lowercase()),
            _ => None,
        }
    }
}

/// Returns the path to the first value that was lost or changed.
///
/// Values that the models read leniently, as their documentation promises, are equal. These are a
/// number as text, a date without an offset, base64 in either alphabet, `null` in a list, and an
/// empty date.
pub(crate) fn difference(came: &Json, written: &Json) -> Option<String> {
    match (came, written) {
        (Json::Object(came), Json::Object(written)) => {
            for (name, value) in came {
                let label = String::from_utf16_lossy(name);
                match written.iter().find(|(other, _)| other == name) {
                    Some((_, other)) => {
                        if let Some(place) = difference(value, other) {
                            return Some(format!("{label}.{place}"));
                        }
                    }
                    // `null` and absent both read as `None`, and an empty date reads as none.
                    None if value.is_null() => {}
                    None if value.string().is_some_and(|text| text.is_empty()) => {}
                    None => return Some(format!("{label} (lost)")),
                }
            }
            written
                .iter()
                .find(|(name, _)| !came.iter().any(|(other, _)| other == name))
                .map(|(name, _)| format!("{} (invented)", String::from_utf16_lossy(name)))
        }
        (Json::List(came), Json::List(written)) => {
            let all = list_difference(came, written);
            let without_nulls: Vec<Json> = came
                .iter()
                .filter(|item| !item.is_null())
                .cloned()
                .collect();
            all.and_then(|_| list_difference(&without_nulls, written))
        }
        (came, written) if came == written => None,
        (came, written) => (!is_same_scalar(came, written)).then(|| "value".to_owned()),
    }
}

fn list_difference(came: &[Json], written: &[Json]) -> Option<String> {
    if came.len() != written.len() {
        return Some(format!("({} items of {})", written.len(), came.len()));
    }
    came.iter()
        .zip(written)
        .enumerate()
        .find_map(|(index, (came, written))| {
            difference(came, written).map(|place| format!("[{index}].{place}"))
        })
}

fn is_same_scalar(came: &Json, written: &Json) -> bool {
    let (Some(one), Some(other)) = (came.digits(), written.digits()) else {
        return false;
    };
    if one == other {
        return true;
    }
    let integers = (one.parse::<i128>(), other.parse::<i128>());
    if let (Ok(one), Ok(other)) = integers {
        return one == other;
    }
    if let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) {
        // A single-precision property has no more digits.
        return one == other || (one as f32 == other as f32 && other.is_finite());
    }
    let (Some(one), Some(other)) = (came.string(), written.string()) else {
        return false;
    };
    if let (Some(one), Some(other)) = (moment(&one), moment(&other)) {
        // Dates are written with at most seven digits of a second.
        let ticks = |time: DateTime<Utc>| (time.timestamp(), time.timestamp_subsec_nanos() / 100);
        return ticks(one) == ticks(other);
    }
    matches!((base64(&one), base64(&other)), (Some(one), Some(other)) if one == other)
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(&text.replace(' ', "T")) {
        return Some(time.to_utc());
    }
    // An offset without a colon, or without minutes.
    if let Ok(time) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z") {
        return Some(time.to_utc());
    }
    let naive: Result<NaiveDateTime, _> = text.parse();
    let date: Result<NaiveDate, _> = text.parse();
    naive
        .ok()
        .or_else(|| date.ok()?.and_hms_opt(0, 0, 0))
        .map(|time| time.and_utc())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let text = text.replace('-', "+").replace('_', "/");
    GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(text)
        .ok()
}
