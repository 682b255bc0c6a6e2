//! The path that a request builder holds.

use std::fmt;

use http::Method;

use super::argument::{Argument, push_arguments, push_parts, push_quoted};
use super::encode::push_value;
use super::{Id, RequestBuilder};
use crate::Graph;

/// A path through Graph's resources: the client and the path so far, as a URL and as a template for
/// errors and traces.
///
/// Building a path cannot fail. The first invalid value is remembered, and the call that is made at
/// the end returns the error.
#[derive(Clone)]
pub struct Path {
    graph: Graph,
    /// The encoded URL, from `https://` on.
    url: String,
    /// The template, such as `/users/{user-id}`. It holds no value from the caller.
    template: String,
    /// Set to `true` if the URL ends in `root:/a/b`, so that a colon is needed before the next
    /// segment.
    open: bool,
    /// Set to `true` if the template ends in `root:/{path}`, so that a colon is needed before the
    /// next segment.
    template_open: bool,
    /// The reason for the first invalid value.
    invalid: Option<Box<str>>,
}

impl Path {
    /// Returns the root of the version that the client uses.
    pub fn root(graph: &Graph) -> Self {
        Self {
            graph: graph.clone(),
            url: graph.root().to_owned(),
            template: String::new(),
            open: false,
            template_open: false,
            invalid: None,
        }
    }

    /// Returns the root of the given version, independent of the client's version.
    pub fn root_of(graph: &Graph, version: &str) -> Self {
        Self {
            url: format!("{}/{version}", graph.host_root()),
            ..Self::root(graph)
        }
    }

    /// Adds a segment that the description spells out: `users`, `delta()`, `$count`.
    pub fn segment(&self, name: &'static str) -> Self {
        let mut path = self.extended(name.len() + 1, name.len() + 1);
        path.url.push('/');
        path.url.push_str(name);
        path.template.push('/');
        path.template.push_str(name);
        path
    }

    /// Returns the encoded address, and the reason why it is not valid if it is not.
    pub fn address(&self) -> (&str, Option<&str>) {
        (&self.url, self.invalid.as_deref())
    }

    /// Adds a key, encoded as one segment.
    ///
    /// Graph reads a user principal name that begins with a dollar sign as an OData option when it
    /// is a plain segment. <https://learn.microsoft.com/graph/api/user-get> requires it in
    /// parentheses.
    pub fn key(&self, name: &'static str, id: &dyn Id) -> Self {
        let id = &*id.id_text();
        let mut path = self.extended(id.len() + 1, name.len() + 3);
        if name == "user-id" && id.starts_with('$') {
            path.url.push('(');
            push_quoted(&mut path.url, id);
            path.url.push(')');
            push_all(&mut path.template, &["('{", name, "}')"]);
            return path;
        }
        path.url.push('/');
        push_value(&mut path.url, id);
        push_all(&mut path.template, &["/{", name, "}"]);
        if let Some(reason) = wrong_name(id) {
            path.refuse(&["{", name, "} ", reason]);
        }
        path
    }

    /// Adds a function with arguments: `reminderView(startDateTime='…',endDateTime='…')`.
    pub fn function(&self, name: &'static str, arguments: &[(&'static str, Argument)]) -> Self {
        let mut path = self.segment(name);
        push_arguments(&mut path.url, &mut path.template, arguments);
        path
    }

    /// Adds an alternate key, which selects the item of this collection that has it:
    /// `applications(appId='…')`.
    pub fn alternate_key(&self, parts: &[(&'static str, Argument)]) -> Self {
        let mut path = self.clone();
        push_arguments(&mut path.url, &mut path.template, parts);
        path
    }

    /// Adds a segment that is a key of several properties: `id='…',policyId='…'`.
    pub fn composite_key(&self, parts: &[(&'static str, Argument)]) -> Self {
        let mut path = self.extended(1, 1);
        path.url.push('/');
        path.template.push('/');
        push_parts(&mut path.url, &mut path.template, parts);
        path
    }

    /// Adds the path below an item: `root:/Reports/2026.xlsx`, `sites/contoso.com:/sites/hr`.
    ///
    /// Each name is encoded separately, so the name in the path is the name of the item. Slashes at
    /// either end are ignored, and an empty path is the item itself.
    /// <https://learn.microsoft.com/graph/onedrive-addressing-driveitems>
    pub fn path(&self, relative: &str) -> Self {
        let mut path = self.clone();
        if path.push_relative(relative) {
            if !path.template_open {
                path.template.push(':');
                path.template_open = true;
            }
            path.template.push_str("/{path}");
        }
        path
    }

    /// Adds the same text to the URL as [`path`](Self::path), where the description has a function:
    /// `getByPath(path='…')`.
    ///
    /// Graph responds to the function with 400, whether the slashes are encoded or not
    /// (<https://github.com/Softeria/ms-365-mcp-server/issues/606>,
    /// <https://github.com/microsoftgraph/msgraph-sdk-python/issues/279>). It documents the address
    /// with colons: <https://learn.microsoft.com/graph/api/site-getbypath>. The template stays the
    /// description's, because errors and permissions are looked up by it.
    pub fn by_path(&self, function: &'static str, relative: &str) -> Self {
        let mut path = self.clone();
        path.push_relative(relative);
        if path.template_open {
            path.template.push(':');
            path.template_open = false;
        }
        push_all(&mut path.template, &["/", function, "(path='{path}')"]);
        path
    }

    /// Adds a path to the URL, name by name. Returns `false` if the path is empty.
    fn push_relative(&mut self, relative: &str) -> bool {
        let relative = relative.trim_matches('/');
        if relative.is_empty() {
            return false;
        }
        if !self.open {
            self.url.push(':');
            self.open = true;
        }
        for name in relative.split('/') {
            self.url.push('/');
            push_value(&mut self.url, name);
            if let Some(reason) = wrong_name(name) {
                self.refuse(&["a name in the path ", reason]);
            }
        }
        true
    }

    /// Returns a `GET` of this path.
    pub fn get(&self) -> RequestBuilder {
        self.operation(Method::GET)
    }

    /// Returns a `POST` to this path.
    pub fn post(&self) -> RequestBuilder {
        self.operation(Method::POST)
    }

    /// Returns a `PATCH` of this path.
    pub fn patch(&self) -> RequestBuilder {
        self.operation(Method::PATCH)
    }

    /// Returns a `PUT` of this path.
    pub fn put(&self) -> RequestBuilder {
        self.operation(Method::PUT)
    }

    /// Returns a `DELETE` of this path.
    pub fn delete(&self) -> RequestBuilder {
        self.operation(Method::DELETE)
    }

    fn operation(&self, method: Method) -> RequestBuilder {
        RequestBuilder::new(
            self.graph.clone(),
            method,
            self.url.clone(),
            self.template.clone(),
            self.invalid.clone(),
        )
    }

    /// Returns a copy with room for more text. If a path below an item is open, the copy closes it
    /// with a colon.
    fn extended(&self, url: usize, template: usize) -> Self {
        let mut path = Self {
            graph: self.graph.clone(),
            url: String::with_capacity(self.url.len() + url + 1),
            template: String::with_capacity(self.template.len() + template + 1),
            open: false,
            template_open: false,
            invalid: self.invalid.clone(),
        };
        path.url.push_str(&self.url);
        path.template.push_str(&self.template);
        if self.open {
            path.url.push(':');
        }
        if self.template_open {
            path.template.push(':');
        }
        path
    }

    fn refuse(&mut self, reason: &[&str]) {
        self.invalid.get_or_insert_with(|| reason.concat().into());
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&self.template).finish()
    }
}

fn push_all(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

/// Returns the reason why a name cannot be a segment, or `None` if it can.
///
/// Dots are unreserved, so `.` and `..` cannot be told apart from the segments for the current and
/// the parent directory, even when encoded. A URL parser reads `%2E%2E` as `..` and removes the
/// segment before it (<https://url.spec.whatwg.org/#double-dot-path-segment>). The call would then
/// go to a different address than intended.
fn wrong_name(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("is empty"),
        "." => Some("is `.`, which a URL resolves to the current segment"),
        ".." => Some("is `..`, which a URL resolves to the parent segment"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::AccessTokenCredential;
    use crate::call::Advanced;

    fn root() -> Path {
        let graph = Graph::builder(AccessTokenCredential::new("token"))
            .build()
            .expect("a client");
        Path::root(&graph)
    }

    /// Returns the URL of a path without the root.
    fn url(path: &Path) -> String {
        let request = path.get().finish(Advanced::default()).expect("a request");
        let root = "https://graph.microsoft.com/v1.0";
        request
            .url
            .strip_prefix(root)
            .expect("below the root")
            .to_owned()
    }

    fn refusal(path: &Path) -> String {
        path.get()
            .finish(Advanced::default())
            .expect_err("a refusal")
            .to_string()
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#147, microsoftgraph/msgraph-sdk-dotnet#487.
    #[test]
    fn each_path_name_is_encoded_once() {
        let drive = root().segment("me").segment("drive").segment("root");
        let content = |path: &str| url(&drive.path(path).segment("content"));
        assert_eq!(
            content("C# Files/50% off & more/a+b's [x].txt"),
            "/me/drive/root:/C%23%20Files/50%25%20off%20%26%20more/a%2Bb%27s%20%5Bx%5D.txt:/content"
        );
        assert_eq!(content("A%2FB.zip"), "/me/drive/root:/A%252FB.zip:/content");
        assert_eq!(content("//a/b/"), "/me/drive/root:/a/b:/content");
        assert_eq!(content("a:b/c"), "/me/drive/root:/a%3Ab/c:/content");
        for nothing in ["", "/", "//"] {
            assert_eq!(content(nothing), "/me/drive/root/content");
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#147, microsoftgraph/msgraph-sdk-dotnet#487.
    #[test]
    fn path_with_dot_segments_is_refused() {
        let drive = root().segment("drive").segment("root");
        for path in ["..", "a/../b", "./a", "a//b"] {
            let refusal = refusal(&drive.path(path).segment("content"));
            assert!(
                refusal.contains("/drive/root:/{path}:/content"),
                "{refusal}"
            );
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#1290, microsoftgraph/msgraph-sdk-dotnet#1848.
    #[test]
    fn item_path_is_closed_only_before_a_tail() {
        let drive = root().segment("drive").segment("root");
        assert_eq!(
            url(&drive.path("a/b").segment("children")),
            "/drive/root:/a/b:/children"
        );
        assert_eq!(url(&drive.path("a")), "/drive/root:/a");
        assert_eq!(url(&drive.path("")), "/drive/root");
        assert_eq!(
            url(&drive.path("a").path("b").segment("children")),
            "/drive/root:/a/b:/children"
        );
        let item = root()
            .segment("drive")
            .segment("items")
            .key("driveItem-id", &"x");
        assert_eq!(
            url(&item.path("a/b").segment("content")),
            "/drive/items/x:/a/b:/content"
        );
        let function = [("q", Argument::quoted("x"))];
        assert_eq!(
            url(&drive.path("a").function("search", &function)),
            "/drive/root:/a:/search(q='x')"
        );
    }

    #[test]
    fn site_is_addressed_by_path() {
        let site = root()
            .segment("sites")
            .key("site-id", &"contoso.sharepoint.com")
            .path("/sites/hr");
        assert_eq!(url(&site), "/sites/contoso.sharepoint.com:/sites/hr");
        assert_eq!(
            url(&site.segment("lists")),
            "/sites/contoso.sharepoint.com:/sites/hr:/lists"
        );
    }

    #[test]
    fn function_by_path_is_sent_with_colons() {
        let site = root().segment("sites").key("site-id", &"contoso.com");
        let by_path = |path: &str| site.by_path("getByPath", path);
        for (path, wanted) in [
            ("/sites/hr", "/sites/contoso.com:/sites/hr"),
            ("sites/hr/", "/sites/contoso.com:/sites/hr"),
            ("/", "/sites/contoso.com"),
            ("", "/sites/contoso.com"),
            (
                "/sites/R&D 100%/O'Brien#1/år?",
                "/sites/contoso.com:/sites/R%26D%20100%25/O%27Brien%231/%C3%A5r%3F",
            ),
            ("/a%2Fb:c", "/sites/contoso.com:/a%252Fb%3Ac"),
        ] {
            assert_eq!(url(&by_path(path)), wanted);
        }
        let lists = by_path("/sites/hr").segment("lists");
        assert_eq!(url(&lists), "/sites/contoso.com:/sites/hr:/lists");
        assert_eq!(
            format!("{lists:?}"),
            r#"Path("/sites/{site-id}/getByPath(path='{path}')/lists")"#
        );
        assert_eq!(
            url(&by_path("").segment("lists")),
            "/sites/contoso.com/lists"
        );
        let nested = site.path("a").by_path("getByPath", "b").segment("lists");
        assert_eq!(url(&nested), "/sites/contoso.com:/a/b:/lists");
        assert_eq!(
            format!("{nested:?}"),
            r#"Path("/sites/{site-id}:/{path}:/getByPath(path='{path}')/lists")"#
        );
    }

    #[test]
    fn function_by_path_refuses_dot_segments() {
        let site = root().segment("sites").key("site-id", &"contoso.com");
        for path in ["..", "/sites/../hr", "/sites/./hr", "/sites//hr"] {
            let refusal = refusal(&site.by_path("getByPath", path).segment("lists"));
            assert!(refusal.contains("a name in the path is "), "{refusal}");
            assert!(
                refusal.contains("/sites/{site-id}/getByPath(path='{path}')/lists"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn template_contains_no_values() {
        let path = root()
            .segment("users")
            .key("user-id", &"secret")
            .segment("drive")
            .segment("root")
            .path("secret/secret")
            .function("search", &[("q", Argument::quoted("secret"))]);
        assert_eq!(
            format!("{path:?}"),
            r#"Path("/users/{user-id}/drive/root:/{path}:/search(q='{q}')")"#
        );
        let key = root()
            .segment("applications")
            .alternate_key(&[("appId", Argument::quoted("secret"))]);
        assert_eq!(
            format!("{key:?}"),
            r#"Path("/applications(appId='{appId}')")"#
        );
        assert_eq!(url(&key), "/applications(appId='secret')");
    }

    #[test]
    fn a_key_of_several_properties_is_one_segment() {
        let states = root().segment("me").segment("states");
        let key = states.composite_key(&[
            ("id", Argument::quoted("a/b")),
            ("policyId", Argument::quoted("O'Brien")),
        ]);
        assert_eq!(
            url(&key.segment("x")),
            "/me/states/id='a%2Fb',policyId='O%27%27Brien'/x"
        );
        assert_eq!(
            format!("{key:?}"),
            r#"Path("/me/states/id='{id}',policyId='{policyId}'")"#
        );
    }

    #[test]
    fn version_of_call_replaces_the_clients_version() {
        let graph = Graph::builder(AccessTokenCredential::new("token"))
            .base_url("http://127.0.0.1:8080/v1.0")
            .build()
            .expect("a client");
        let beta = Path::root_of(&graph, "beta")
            .segment("groups")
            .key("group-id", &"1");
        let request = beta.segment("members/$ref").post().reference(&"2");
        let request = request.finish(Advanced::default()).expect("a request");
        assert_eq!(
            request.url,
            "http://127.0.0.1:8080/beta/groups/1/members/$ref"
        );
        let body = request.body.expect("a body");
        assert_eq!(
            body,
            r#"{"@odata.id":"http://127.0.0.1:8080/beta/directoryObjects/2"}"#
        );
    }

    #[test]
    fn first_path_fault_is_reported() {
        let path = root()
            .segment("users")
            .key("user-id", &"")
            .segment("messages")
            .key("message-id", &"..");
        let refusal = refusal(&path);
        assert!(refusal.contains("{user-id} is empty"), "{refusal}");
        assert!(
            refusal.contains("GET /users/{user-id}/messages/{message-id}"),
            "{refusal}"
        );
    }
}
