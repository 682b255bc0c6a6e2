//! The copy of a request that is kept while the request is sent.

use std::sync::Arc;

use reqwest::Request;

/// The copy of a request that is kept while the request is sent: for another attempt, for a
/// redirect, and for a new token. All layers share the one copy.
#[derive(Clone)]
pub struct RequestCopy {
    request: Arc<Request>,
    /// Set to `false` for a body that can be sent only once.
    has_body: bool,
}

impl RequestCopy {
    /// Keeps a request, so that each attempt sends a copy of it. A request whose body can be sent
    /// only once is returned as well, for the only attempt.
    pub fn keep(request: Request) -> (Self, Option<Box<Request>>) {
        let has_body = request.body().is_none_or(|body| body.as_bytes().is_some());
        let (request, once) = match has_body {
            true => (request, None),
            false => (bare(&request), Some(Box::new(request))),
        };
        let request = Arc::new(request);
        (Self { request, has_body }, once)
    }

    /// Returns a copy of a request that is about to be sent.
    pub fn of(request: &Request) -> Self {
        let whole = request.try_clone();
        Self {
            has_body: whole.is_some(),
            request: Arc::new(whole.unwrap_or_else(|| bare(request))),
        }
    }

    /// Returns the request, possibly without its body.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the request to send it again, or `None` if the body can be sent only once.
    pub fn again(&self) -> Option<Request> {
        match self.has_body {
            true => self.request.try_clone(),
            false => None,
        }
    }

    /// Returns the request to send it again without its body.
    pub fn without_body(&self) -> Request {
        bare(&self.request)
    }
}

fn bare(request: &Request) -> Request {
    let mut bare = Request::new(request.method().clone(), request.url().clone());
    *bare.headers_mut() = request.headers().clone();
    *bare.timeout_mut() = request.timeout().copied();
    bare
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http::Method;
    use reqwest::Body;
    use url::Url;

    use super::*;

    fn put(body: Body) -> Request {
        let url = Url::parse("https://graph.microsoft.com/v1.0/me").unwrap();
        let mut request = Request::new(Method::PUT, url);
        *request.body_mut() = Some(body);
        request
    }

    #[test]
    fn one_shot_body_is_sent_only_once() {
        let body = || Body::wrap_stream(stream::iter([Ok::<_, std::io::Error>("a")]));
        let (copy, once) = RequestCopy::keep(put(body()));
        assert!(once.is_some_and(|request| request.body().is_some()));
        for copy in [copy, RequestCopy::of(&put(body()))] {
            assert!(copy.again().is_none());
            assert_eq!(copy.without_body().url().path(), "/v1.0/me");
        }
    }

    #[test]
    fn whole_body_is_sent_with_each_copy() {
        let (copy, once) = RequestCopy::keep(put("a".into()));
        assert!(once.is_none());
        for _ in 0..2 {
            let again = copy.again().unwrap();
            assert_eq!(again.body().and_then(Body::as_bytes), Some(&b"a"[..]));
        }
    }
}
