//! The future that sends a call.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::header::ACCEPT;

use super::response_kind::ReceivedResponse;
use super::{Advanced, Call, Options, RequestBuilder, Response, ResponseKind, advanced};
use crate::Result;
use crate::download::Expected;
use crate::transport::ExpectedBody;

pub(crate) type Sending = BoxFuture<'static, Result<Response>>;

/// A future that sends a call and decodes its response. `.await` of a [`Call`] creates it.
///
/// Sending is one future for all calls, compiled once. Only decoding the response is compiled for
/// each type.
pub struct CallFuture<A> {
    sending: Sending,
    response: PhantomData<fn() -> A>,
}

impl<A: ResponseKind> Future for CallFuture<A> {
    type Output = Result<A::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.sending
            .as_mut()
            .poll(context)
            .map(|response| A::read(ReceivedResponse::new(response?)))
    }
}

impl<A: ResponseKind, O: Options> IntoFuture for Call<A, O> {
    type Output = Result<A::Output>;
    type IntoFuture = CallFuture<A>;

    fn into_future(self) -> CallFuture<A> {
        CallFuture {
            sending: match A::IS_CONTENT {
                true => send_for_content(self.operation, advanced::<O>()),
                false => send(self.operation, advanced::<O>(), A::expected_body()),
            },
            response: PhantomData,
        }
    }
}

impl<A: ResponseKind, O: Options> Call<A, O> {
    /// Sends the call, and returns its response before it is decoded.
    pub(crate) async fn receive(self) -> Result<ReceivedResponse> {
        let response = send(self.operation, advanced::<O>(), A::expected_body()).await?;
        Ok(ReceivedResponse::new(response))
    }
}

impl<A> fmt::Debug for CallFuture<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}

/// Sends a call.
pub(crate) fn send(
    operation: RequestBuilder,
    advanced: Advanced,
    expected: Option<ExpectedBody>,
) -> Sending {
    let graph = operation.graph().clone();
    match operation.finish(advanced) {
        Ok(request) => graph.send(request, expected),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    }
}

/// Sends a call for content. Refuses an HTML page that arrived in place of the content.
fn send_for_content(operation: RequestBuilder, advanced: Advanced) -> Sending {
    let graph = operation.graph().clone();
    let request = operation.finish(advanced);
    Box::pin(async move {
        let request = request?;
        let (url, accept) = (request.url.clone(), request.headers.get(ACCEPT).cloned());
        let response = graph.send(request, None).await?;
        Expected::default()
            .check(&url, accept.as_ref(), &response.headers)
            .map_err(|error| error.with_origin(response.origin()))?;
        Ok(response)
    })
}
