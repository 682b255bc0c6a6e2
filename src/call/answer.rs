//! What responses are read into.
//!
//! What arrives decides, not the status that the description declares (`sendMail` declares 204 and sends 202, PATCH declares
//! an entity and sends 204). Whether it is a success at all is decided in [`success`](super::success).

use std::marker::PhantomData;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::success::{ExpectedBody, Place};
use super::{Content, Response};
use crate::delta::{self, DeltaEvent};
use crate::error::{DecodeError, RequestContext};
use crate::model::Model;
use crate::model::lists::Listed;
use crate::{Page, Result};

/// What a call's answer is read into: the first parameter of [`Call`](super::Call).
///
/// Its implementations are the kinds of answers that Graph has; there are no others.
pub trait Answer: sealed::Sealed {
    /// What awaiting the call gives.
    type Output;
    /// The model whose properties the call's options name.
    type Model;
    /// Whether it is bytes and no JSON.
    #[doc(hidden)]
    const IS_CONTENT: bool = false;

    /// The body that a success has to have; `None` where it may have any.
    #[doc(hidden)]
    fn expected_body() -> Option<ExpectedBody> {
        None
    }

    #[doc(hidden)]
    fn read(answered: Answered) -> Result<Self::Output>;
}

/// A response whose status is a success, before it is decoded.
#[doc(hidden)]
#[derive(Debug)]
pub struct Answered {
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
    /// One value, `T`; an empty answer is an error.
    Entity<T>;
    /// One value or nothing, `Option<T>`: PATCH and PUT answer either.
    MaybeEntity<T>;
    /// A page of a collection, [`Page<T>`]; [`stream`](super::Call::stream) and its like give all of them.
    Collection<T>;
    /// A page of changes, [`Page<DeltaEvent<T>>`](DeltaEvent); [`changes`](super::Call::changes) gives those of all pages.
    Delta<T>;
    /// `X`, sent as `{"value": X}`.
    Value<X>;
}

/// Nothing but success, `()`.
#[derive(Debug)]
pub enum Nothing {}

/// A number of items, `i64`: what `/$count` answers as plain text.
#[derive(Debug)]
pub enum CountOf {}

impl sealed::Sealed for Nothing {}
impl sealed::Sealed for CountOf {}
impl sealed::Sealed for Content {}
impl sealed::Sealed for Response {}

impl<T: DeserializeOwned> Answer for Entity<T> {
    type Output = T;
    type Model = T;

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::json::<T>())
    }

    fn read(answered: Answered) -> Result<T> {
        let Some(body) = answered.body() else {
            return Err(answered.empty());
        };
        answered.refuse::<T>(body, Place::Root)?;
        answered.response.decode::<T, T>(body)
    }
}

impl<T: DeserializeOwned> Answer for MaybeEntity<T> {
    type Output = Option<T>;
    type Model = T;

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::json::<T>().or_empty())
    }

    fn read(answered: Answered) -> Result<Option<T>> {
        let is_accepted = answered.response.status == StatusCode::ACCEPTED;
        match answered.body() {
            None => Ok(None),
            // Graph goes on working and sends no entity, which is what an empty body says as well.
            Some(b"{}") if is_accepted => Ok(None),
            Some(_) => Entity::<T>::read(answered).map(Some),
        }
    }
}

impl<T: DeserializeOwned> Answer for Collection<T> {
    type Output = Page<T>;
    type Model = T;

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::json::<T>())
    }

    fn read(answered: Answered) -> Result<Page<T>> {
        answered.page::<T, T>()
    }
}

impl<T: Model> Answer for Delta<T> {
    type Output = Page<DeltaEvent<T>>;
    type Model = T;

    fn expected_body() -> Option<ExpectedBody> {
        Collection::<T>::expected_body()
    }

    fn read(answered: Answered) -> Result<Page<DeltaEvent<T>>> {
        delta::read_page(answered)
    }
}

impl<X: DeserializeOwned> Answer for Value<X> {
    type Output = X;
    type Model = X;

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::json::<X>())
    }

    fn read(answered: Answered) -> Result<X> {
        #[derive(Deserialize)]
        #[serde(bound = "X: Deserialize<'de>")]
        struct Wrapped<X> {
            value: Option<Listed<X>>,
        }
        let Some(body) = answered.body() else {
            return Err(answered.empty());
        };
        answered.refuse::<X>(body, Place::Value)?;
        let response = &answered.response;
        let value = match body.starts_with(b"{") {
            true => response.decode::<Wrapped<X>, X>(body)?.value,
            false => Some(response.decode::<Listed<X>, X>(body)?),
        };
        value
            .map(|Listed(value)| value)
            .ok_or_else(|| answered.empty())
    }
}

impl Answer for Nothing {
    type Output = ();
    type Model = ();

    fn read(answered: Answered) -> Result<()> {
        answered.response.refuse_any_error()
    }
}

impl Answer for CountOf {
    type Output = i64;
    type Model = ();

    fn expected_body() -> Option<ExpectedBody> {
        Some(ExpectedBody::text::<i64>())
    }

    fn read(answered: Answered) -> Result<i64> {
        let Some(body) = answered.body() else {
            return Err(answered.empty());
        };
        answered.response.refuse_any_error()?;
        let number = std::str::from_utf8(body)
            .ok()
            .and_then(|text| text.parse::<i64>().ok());
        let message = match number {
            Some(number) if number >= 0 => return Ok(number),
            // Some services count so where counting would take too long.
            Some(_) => "the server does not know the number of items: it counts a negative one",
            None => "the response to `$count` is not a number",
        };
        let error = DecodeError::new(String::new(), "i64", message.to_owned());
        Err(answered.response.not_decoded(error, body).into())
    }
}

impl Answer for Content {
    type Output = Content;
    type Model = ();
    const IS_CONTENT: bool = true;

    fn read(answered: Answered) -> Result<Content> {
        Ok(Content {
            content_type: answered.response.content_type(),
            bytes: answered.response.body,
        })
    }
}

impl Answer for Response {
    type Output = Response;
    type Model = ();

    fn read(answered: Answered) -> Result<Response> {
        Ok(answered.response)
    }
}

impl Answered {
    pub(crate) fn new(response: Response) -> Self {
        Self { response }
    }

    /// The call that it is for.
    pub(crate) fn context(&self) -> &RequestContext {
        &self.response.context
    }
}
