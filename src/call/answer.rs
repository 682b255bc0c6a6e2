//! What answers are read into.
//!
//! What arrives decides, not the status that the description declares: any 2xx is success (`sendMail` declares 204 and
//! sends 202, PATCH declares an entity and sends 204).

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::decode::{decode, type_name, without_bom};
use super::{Content, Response};
use crate::error::{DecodeError, EmptyResponseError, Error, PagingError, RequestContext};
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

    #[doc(hidden)]
    fn read(answered: Answered) -> Result<Self::Output>;
}

/// An answer and the call that it is for.
#[doc(hidden)]
#[derive(Debug)]
pub struct Answered {
    pub(super) response: Response,
    pub(super) context: RequestContext,
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
    /// A page of changes, [`Page<T>`]; [`changes`](super::Call::changes) gives those of all pages.
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

    fn read(answered: Answered) -> Result<T> {
        match answered.body() {
            Some(body) => answered.decode::<T, T>(body),
            None => Err(answered.empty()),
        }
    }
}

impl<T: DeserializeOwned> Answer for MaybeEntity<T> {
    type Output = Option<T>;
    type Model = T;

    fn read(answered: Answered) -> Result<Option<T>> {
        answered
            .body()
            .map(|body| answered.decode::<T, T>(body))
            .transpose()
    }
}

impl<T: DeserializeOwned> Answer for Collection<T> {
    type Output = Page<T>;
    type Model = T;

    fn read(answered: Answered) -> Result<Page<T>> {
        match answered.body() {
            Some(body) if body.starts_with(b"{") => answered.decode::<Page<T>, T>(body),
            Some(_) => Err(PagingError::new(
                answered.context.template,
                "the answer is no page: it is no JSON object".to_owned(),
            )
            .into()),
            None => Err(answered.empty()),
        }
    }
}

impl<T: DeserializeOwned> Answer for Delta<T> {
    type Output = Page<T>;
    type Model = T;

    fn read(answered: Answered) -> Result<Page<T>> {
        Collection::<T>::read(answered)
    }
}

impl<X: DeserializeOwned> Answer for Value<X> {
    type Output = X;
    type Model = X;

    fn read(answered: Answered) -> Result<X> {
        #[derive(Deserialize)]
        struct Wrapped<X> {
            value: Option<X>,
        }
        let value = match answered.body() {
            Some(body) if body.starts_with(b"{") => answered.decode::<Wrapped<X>, X>(body)?.value,
            Some(body) => Some(answered.decode::<X, X>(body)?),
            None => None,
        };
        value.ok_or_else(|| answered.empty())
    }
}

impl Answer for Nothing {
    type Output = ();
    type Model = ();

    fn read(_: Answered) -> Result<()> {
        Ok(())
    }
}

impl Answer for CountOf {
    type Output = i64;
    type Model = ();

    fn read(answered: Answered) -> Result<i64> {
        let Some(body) = answered.body() else {
            return Err(answered.empty());
        };
        let count = std::str::from_utf8(body)
            .ok()
            .and_then(|text| text.parse().ok());
        count.ok_or_else(|| {
            let message = "the answer to `$count` is no number".to_owned();
            DecodeError::new(String::new(), "i64", message)
                .of(&answered.context)
                .into()
        })
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
    pub(crate) fn new(response: Response, context: RequestContext) -> Self {
        Self { response, context }
    }

    /// The call that it is for.
    pub(crate) fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The body without what may surround it; `None` when nothing is there, `null` included.
    fn body(&self) -> Option<&[u8]> {
        match without_bom(&self.response.body).trim_ascii() {
            b"" | b"null" => None,
            body => Some(body),
        }
    }

    /// Reads the body; an error says that it should have been a `T`.
    fn decode<Body: DeserializeOwned, T>(&self, body: &[u8]) -> Result<Body> {
        decode(body, type_name::<T>()).map_err(|error| error.of(&self.context).into())
    }

    pub(crate) fn empty(&self) -> Error {
        EmptyResponseError::new(
            self.context.method.clone(),
            self.context.template.clone(),
            self.response.status,
            &self.response.headers,
        )
        .into()
    }
}
