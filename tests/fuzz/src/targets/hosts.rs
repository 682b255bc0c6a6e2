//! Links and redirects: no token leaves the cloud's hosts.

use arbitrary::Unstructured;
use msgraph::auth::AccessTokenCredential;
use msgraph::{Graph, RetryPolicy};

use super::{Fault, Outcome, Reply, TOKEN, World, printable};
use crate::input::Choices;
use crate::json::string;

pub(super) async fn run(world: &World, bytes: &[u8]) -> Outcome {
    let mut input = Unstructured::new(bytes);
    let link = link(world, &mut input);
    let mut page = String::from(r#"{"value":[{"id":"1"}],"@odata.nextLink":"#);
    string(&mut page, &link);
    page.push('}');
    let is_redirect = input.once_in(2);
    let reply = match is_redirect {
        true => Reply::json(*input.pick(&[301_u16, 302, 303, 307, 308]), "")
            .header("location", link.as_bytes()),
        false => Reply::json(200, page),
    };
    let further = Reply::json(200, r#"{"value":[]}"#);
    world.server.set([reply, further.clone(), further.clone()]);
    world.elsewhere.set([further.clone(), further]);
    let graph = Graph::builder(AccessTokenCredential::new(TOKEN))
        .base_url(world.server.url())
        .retry(RetryPolicy::none())
        .http_client(world.http.clone())
        .build();
    let graph = graph.map_err(|error| (Fault::Lost, error.to_string()))?;
    let outcome = match input.below(3) {
        0 => graph.users().list().all().await.map(drop),
        1 => graph.me().photo().content().get().await.map(drop),
        _ => {
            let mut changes = graph.users().delta().changes();
            loop {
                match changes.try_next().await {
                    Ok(Some(_)) => {}
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            }
        }
    };
    if world.elsewhere.was_told(TOKEN) {
        return Err((Fault::Leak, format!("the token went to {link}")));
    }
    outcome.or_else(|error| printable(&error))
}

/// Writes an address that looks like the cloud's.
fn link(world: &World, input: &mut Unstructured<'_>) -> String {
    let (ours, other) = (world.server.address(), world.elsewhere.address());
    let port = other.port();
    let hosts = [
        format!("http://{other}"),
        format!("http://{ours}@{other}"),
        format!("http://{ours}:x@{other}"),
        format!("http://localhost:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://127.1:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://0x7f000001:{port}"),
        format!("http:\\\\{other}"),
        format!("http:/{other}"),
        format!("//{other}"),
        format!("\\\\{other}"),
        format!("http://{ours}.evil.example:{port}"),
        format!("http://graph.microsoft.com:{port}"),
        format!("http://evil.example:{port}"),
        "http://evil.example".to_owned(),
        "https://evil.example".to_owned(),
        "https://graph.microsoft.com".to_owned(),
        format!("http://{ours}"),
        format!("HTTP://{ours}"),
        "javascript:alert(1)".to_owned(),
        "file:///etc/passwd".to_owned(),
        String::new(),
    ];
    let mut link = input.pick(&hosts).clone();
    link.push_str(input.word(&["/v1.0/users?$skiptoken=1", "/", "", "/v1.0/../..//", "#@x"]));
    if input.once_in(4) {
        link.push_str(&input.text());
    }
    link
}
