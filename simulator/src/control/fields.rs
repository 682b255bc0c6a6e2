//! The fields of a control request, and the errors about them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Map, Value};

/// An error in a control request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// The field that is wrong, or `None` if the request as a whole is.
    pub(super) field: Option<String>,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            field: None,
            message: message.into(),
        }
    }

    pub(super) fn field(name: &str, message: impl Into<String>) -> Self {
        Self {
            field: Some(name.to_owned()),
            ..Self::new(message)
        }
    }

    pub(super) fn not_found(field: &str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            ..Self::field(field, message)
        }
    }
}

/// The fields of a JSON object, or the options of a query. Each is taken once, and `finish` refuses
/// those that are left.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body. An empty one has no fields.
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Problem::new("the body is not a JSON object")),
            Err(error) => Err(Problem::new(format!("the body is not JSON: {error}"))),
        }
    }

    /// Takes the fields of an object.
    pub(super) fn from_object(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// Takes the options of a query. An option of digits is a number.
    pub(super) fn from_query(pairs: Vec<(String, String)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, text)| {
            let value = text.parse::<u64>().map_or(Value::String(text), Value::from);
            (name, value)
        });
        Self(pairs.collect())
    }

    /// Takes a value. A null counts as missing.
    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Checks whether the field is null.
    pub(super) fn is_null(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_null)
    }

    /// Refuses the request if fields are left.
    pub(super) fn finish(self) -> Result<(), Problem> {
        match self.0.into_iter().find(|(_, value)| !value.is_null()) {
            Some((name, _)) => Err(Problem::field(&name, "the field does not belong here")),
            None => Ok(()),
        }
    }

    /// Takes an object's fields.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(Problem::field(name, "an object was expected")),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::field(name, "a text was expected")),
        }
    }

    pub(super) fn integer(&mut self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let number = value.as_u64().map(Some);
        number.ok_or_else(|| Problem::field(name, "a whole number from 0 was expected"))
    }

    pub(super) fn small(&mut self, name: &str) -> Result<Option<u32>, Problem> {
        let number = self.integer(name)?.map(u32::try_from).transpose();
        number.map_err(|_| Problem::field(name, "the number is too large"))
    }

    pub(super) fn size(&mut self, name: &str) -> Result<Option<usize>, Problem> {
        let number = self.integer(name)?.map(usize::try_from).transpose();
        number.map_err(|_| Problem::field(name, "the number is too large"))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(Problem::field(name, "`true` or `false` was expected")),
        }
    }

    pub(super) fn fraction(&mut self, name: &str) -> Result<Option<f64>, Problem> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let number = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
        let number =
            number.ok_or_else(|| Problem::field(name, "a number from 0 to 1 was expected"));
        number.map(Some)
    }

    /// Takes a number of seconds.
    pub(super) fn seconds(&mut self, name: &str) -> Result<Option<Duration>, Problem> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let duration = value
            .as_f64()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let duration = duration.ok_or_else(|| Problem::field(name, "seconds were expected"));
        duration.map(Some)
    }

    pub(super) fn method(&mut self, name: &str) -> Result<Option<Method>, Problem> {
        let method = self.text(name)?.map(|text| {
            let text = text.to_ascii_uppercase();
            Method::from_bytes(text.as_bytes())
        });
        let method = method.transpose();
        method.map_err(|_| Problem::field(name, "a method such as `GET` was expected"))
    }

    pub(super) fn status(&mut self, name: &str) -> Result<Option<StatusCode>, Problem> {
        let Some(number) = self.integer(name)? else {
            return Ok(None);
        };
        let status = u16::try_from(number)
            .ok()
            .and_then(|number| StatusCode::from_u16(number).ok());
        let status = status.filter(|status| status.as_u16() >= 200);
        let status =
            status.ok_or_else(|| Problem::field(name, "a status such as 503 was expected"));
        status.map(Some)
    }

    pub(super) fn base64(&mut self, name: &str) -> Result<Option<Bytes>, Problem> {
        let decoded = self.text(name)?.map(|text| STANDARD.decode(text));
        let decoded = decoded.transpose();
        let decoded = decoded.map_err(|error| Problem::field(name, error.to_string()))?;
        Ok(decoded.map(Bytes::from))
    }

    /// Takes one of several names.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let found = choices.iter().find(|(known, _)| *known == text);
        match found {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let known = choices.iter().map(|(known, _)| format!("`{known}`"));
                let known: Vec<_> = known.collect();
                let message = format!("`{text}` is none of {}", known.join(", "));
                Err(Problem::field(name, message))
            }
        }
    }

    /// Takes the body of a response: `json`, `text` or `base64`. Returns its media type with it.
    pub(super) fn content(&mut self) -> Result<Option<(&'static str, Bytes)>, Problem> {
        if let Some(json) = self.value("json") {
            return Ok(Some(("application/json", json.to_string().into())));
        }
        if let Some(text) = self.text("text")? {
            return Ok(Some(("text/plain", text.into())));
        }
        let bytes = self.base64("base64")?;
        Ok(bytes.map(|bytes| ("application/octet-stream", bytes)))
    }
}

/// Requires a field.
pub(super) trait Required<T> {
    /// Returns the value, or an error that names the field.
    fn required(self, name: &str) -> Result<T, Problem>;
}

impl<T> Required<T> for Result<Option<T>, Problem> {
    fn required(self, name: &str) -> Result<T, Problem> {
        self?.ok_or_else(|| Problem::field(name, "the field is missing"))
    }
}
