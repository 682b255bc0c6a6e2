//! A browser, as far as signing in needs one.

use std::collections::HashMap;

use bytes::Bytes;
use http::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use http::{Request, StatusCode};

use crate::local::{local, send};

/// As many redirects as browsers follow.
const REDIRECTS: usize = 20;

/// A browser that goes to addresses of this machine: it follows redirects and keeps cookies, a jar for each host.
///
/// A user signs in with it as with a real one, and whoever is at the simulator's browser
/// ([`Simulator::browser_user`](crate::Simulator::browser_user)) agrees at once:
///
/// ```
/// use simulator::{Browser, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), simulator::Error> {
/// let simulator = Simulator::start().await?;
/// let address = format!("{}/common/oauth2/v2.0/logout", simulator.login_url());
/// let page = Browser::default().open(&address).await.expect("the simulator answers");
/// assert_eq!(page.status, 200);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Browser {
    /// By host and port, the cookies by name.
    cookies: HashMap<String, HashMap<String, String>>,
}

/// What a browser shows.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page {
    /// Where it has come to.
    pub url: String,
    /// The status of the answer.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as text.
    pub text: String,
}

impl Browser {
    /// Goes to an address, and wherever it leads. `None` where nobody answers, and for addresses of other machines.
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

    /// Keeps what an answer sets, and drops what it sets to nothing. Paths and times are not looked at.
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
