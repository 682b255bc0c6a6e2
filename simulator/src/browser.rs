//! A minimal browser for signing in.

use std::collections::HashMap;

use bytes::Bytes;
use http::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use http::{Request, StatusCode};

use crate::local::{local, send};

/// The number of redirects that browsers follow.
const REDIRECTS: usize = 20;

/// A browser that opens addresses of this machine. It follows redirects and keeps a cookie jar for
/// each host.
///
/// A user signs in with it as with a real one. The user at the simulator's browser
/// ([`Simulator::browser_user`](crate::Simulator::browser_user)) agrees at once:
///
/// ```
/// use msgraph_simulator::{Browser, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
/// let simulator = Simulator::start().await?;
/// let address = format!("{}/common/oauth2/v2.0/logout", simulator.login_url());
/// let page = Browser::default().open(&address).await.expect("the simulator answers");
/// assert_eq!(page.status, 200);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Browser {
    /// The cookies: by host and port, then by name.
    cookies: HashMap<String, HashMap<String, String>>,
}

/// The page that a browser shows.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page {
    /// The address after all redirects.
    pub url: String,
    /// The status of the response.
    pub status: StatusCode,
    /// The headers of the response.
    pub headers: HeaderMap,
    /// The body of the response, as text.
    pub text: String,
}

impl Browser {
    /// Opens an address and follows its redirects. Returns `None` if the server does not respond,
    /// and for addresses of other machines.
    pub async fn open(&mut self, url: &str) -> Option<Page> {
        let mut url = url.to_owned();
        for _ in 0..REDIRECTS {
            let (host, _) = local(&url)?;
            let host = host.to_owned();
            let mut request = Request::get("/").body(Bytes::new()).ok()?;
            if let Some(cookies) = self.written(&host) {
                request.headers_mut().insert(COOKIE, cookies.parse().ok()?);
            }
            let (head, body) = send(&url, request).await?.into_parts();
            self.keep(&host, &head.headers);
            let location = head.headers.get(LOCATION).and_then(|to| to.to_str().ok());
            match location.filter(|_| head.status.is_redirection()) {
                Some(path) if path.starts_with('/') => url = format!("http://{host}{path}"),
                Some(elsewhere) => url = elsewhere.to_owned(),
                None => {
                    return Some(Page {
                        url,
                        status: head.status,
                        headers: head.headers,
                        text: String::from_utf8_lossy(&body).into_owned(),
                    });
                }
            }
        }
        None
    }

    fn written(&self, host: &str) -> Option<String> {
        let cookies = self.cookies.get(host)?.iter();
        let pairs: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps the cookies that a response sets, and removes those that it sets to an empty value.
    /// Paths and times are ignored.
    fn keep(&mut self, host: &str, headers: &HeaderMap) {
        let jar = self.cookies.entry(host.to_owned()).or_default();
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie
                .to_str()
                .ok()
                .and_then(|cookie| cookie.split(';').next()?.split_once('='));
            match pair {
                Some((name, "")) => {
                    jar.remove(name.trim());
                }
                Some((name, value)) => {
                    jar.insert(name.trim().to_owned(), value.to_owned());
                }
                None => {}
            }
        }
    }
}
