//! The kinds of response that a call can be decoded into.
//!
//! The body that arrives decides how it is decoded, not the status that the description declares.
//! For example, `sendMail` declares 204 and sends 202, and PATCH declares an entity and sends 204.
//! The module [`success`](super::success) decides whether a response is a success at all.

use std::marker::PhantomData;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::success::Place;
use super::{Content, Response};
use crate::Result;
use crate::delta::{self, DeltaEvent};
use crate::error::{DecodeError, ErrorOrigin, PagingError};
use crate::model::Model;
use crate::model::lists::Listed;
use crate::page::Page;
use crate::transport::ExpectedBody;

/// The kind of response that a call is decoded into: the first parameter of [`Call`](super::Call).
///
/// Its implementations are the kinds of response that Graph has. The trait is sealed, so there are
/// no others.
pub trait ResponseKind: sealed::Sealed {
    /// The type that awaiting the call returns.
    type Output;
    /// The model whose properties the call's options name.
    type Model;
    /// Set to `true` if the response is bytes and not JSON.
    #[doc(hidden)]
    const IS_CONTENT: bool = false;

    /// Returns the body that a success has to have, or `None` if any body will do.
    #[doc(hidden)]
    fn expected_body() -> Option<ExpectedBody> {
        None
    }

    #[doc(hidden)]
    fn read(received: ReceivedResponse) -> Result<Self::Output>;
}

/// A response with a success status, before it is decoded.
#[doc(hidden)]
#[derive(Debug)]
pub struct ReceivedResponse {
    pub(super) response: Response,
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident<$parameter:ident>;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<$parameter>(PhantomData<fn() -> $parameter>);

        impl<$parameter> sealed::Sealed for $name<$parameter> {}
    )*};
}

kinds! {
    /// One value, `T`. An empty response is an error.
    Entity<T>;
    /// One value or nothing, `Option<T>`. PATCH and PUT return either.
    MaybeEntity<T>;
    /// A page of a collection, [`Page<T>`]. [`stream`](super::Call::stream) and similar methods
    /// return all pages.
    Collection<T>;
    /// A page of changes, [`Page<DeltaEvent<T>>`](DeltaEvent). [`changes`](super::Call::changes)
    /// returns the changes of all pages.
    Delta<T>;
    /// A value `X`, sent as `{"value": X}`.
    Value<X>;
}

/// A success without a value, `()`.
#[derive(Debug)]
pub enum Nothing {}

/// A number of items, `i64`, which `/$count` returns as plain text.
#[derive(Debug)]
pub enum CountOf {}

impl sealed::Sealed for Nothing {}
impl sealed::Sealed for CountOf {}
impl sealed::Sealed for Content {}
impl sealed::Sealed for Response {}

impl<T: DeserializeOwned> ResponseKind for Entity<T> {
    type Output = T;
    type Model = T;

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::json::<T>())
    }

    fn read(received: ReceivedResponse) -> Result<T> {
        let Some(body) = received.body() else {
            return Err(received.empty());
        };
        received.refuse::<T>(body, Place::Root)?;
        received.response.decode::<T, T>(body)
    }
}

impl<T: DeserializeOwned> ResponseKind for MaybeEntity<T> {
    type Output = Option<T>;
    type Model = T;

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::json::<T>().or_empty())
    }

    fn read(received: ReceivedResponse) -> Result<Option<T>> {
        let is_accepted = received.response.status == StatusCode::ACCEPTED;
        match received.body() {
            None => Ok(None),
            // Graph is still working and sends no entity. An empty body means the same.
            Some(b"{}") if is_accepted => Ok(None),
            Some(_) => Entity::<T>::read(received).map(Some),
        }
    }
}

impl<T: DeserializeOwned> ResponseKind for Collection<T> {
    type Output = Page<T>;
    type Model = T;

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::json::<T>())
    }

    fn read(received: ReceivedResponse) -> Result<Page<T>> {
        received.page::<T, T>()
    }
}

impl<T: Model> ResponseKind for Delta<T> {
    type Output = Page<DeltaEvent<T>>;
    type Model = T;

    fn expected_body() -> Option<ExpectedBody> {
        Collection::<T>::expected_body()
    }

    fn read(received: ReceivedResponse) -> Result<Page<DeltaEvent<T>>> {
        delta::read_page(&received)
    }
}

impl<X: DeserializeOwned> ResponseKind for Value<X> {
    type Output = X;
    type Model = X;

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::json::<X>())
    }

    fn read(received: ReceivedResponse) -> Result<X> {
        #[derive(Deserialize)]
        #[serde(bound = "X: Deserialize<'de>")]
        struct Wrapped<X> {
            value: Option<Listed<X>>,
        }
        let Some(body) = received.body() else {
            return Err(received.empty());
        };
        received.refuse::<X>(body, Place::Value)?;
        let response = &received.response;
        let value = match body.starts_with(b"{") {
            true => response.decode::<Wrapped<X>, X>(body)?.value,
            false => Some(response.decode::<Listed<X>, X>(body)?),
        };
        value
            .map(|Listed(value)| value)
            .ok_or_else(|| received.empty())
    }
}

impl ResponseKind for Nothing {
    type Output = ();
    type Model = ();

    fn read(received: ReceivedResponse) -> Result<()> {
        received.response.refuse_any_error()
    }
}

impl ResponseKind for CountOf {
    type Output = i64;
    type Model = ();

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::text::<i64>())
    }

    fn read(received: ReceivedResponse) -> Result<i64> {
        let Some(body) = received.body() else {
            return Err(received.empty());
        };
        received.response.refuse_any_error()?;
        let number = std::str::from_utf8(body)
            .ok()
            .and_then(|text| text.parse::<i64>().ok());
        let message = match number {
            Some(number) if number >= 0 => return Ok(number),
            // Some services return a negative number where counting would take too long.
            Some(_) => "the server could not count the items: `$count` is negative",
            None => "the response to `$count` is not a number",
        };
        let error = DecodeError::new(String::new(), "i64", message.to_owned());
        Err(received.response.not_decoded(error, body).into())
    }
}

impl ResponseKind for Content {
    type Output = Content;
    type Model = ();
    const IS_CONTENT: bool = true;

    fn read(received: ReceivedResponse) -> Result<Content> {
        Ok(Content {
            content_type: received.response.content_type(),
            bytes: received.response.body,
        })
    }
}

impl ResponseKind for Response {
    type Output = Response;
    type Model = ();

    fn read(received: ReceivedResponse) -> Result<Response> {
        Ok(received.response)
    }
}

impl ReceivedResponse {
    pub(crate) fn new(response: Response) -> Self {
        Self { response }
    }

    /// Adds the response and its call to the error of a part of the body.
    pub(crate) fn not_decoded(&self, error: DecodeError, part: &[u8]) -> DecodeError {
        self.response.not_decoded(error, part)
    }

    /// Returns the error for a page that does not lead on.
    pub(crate) fn paging_error(&self, message: &str) -> PagingError {
        PagingError::new(message.to_owned(), self.origin())
    }

    /// Returns the call and the head of the response, for an error that is about them.
    pub(crate) fn origin(&self) -> ErrorOrigin {
        self.response.origin()
    }
}
