//! Faults that users of other SDKs reported: the hosts that calls and tokens are sent to, and those
//! that they are not sent to.

use super::*;

#[tokio::test]
async fn case_5_6_a_download_is_followed_to_its_own_host_without_the_token() {
    let storage = Recorder::always(
        Answer::status(200)
            .header("Content-Type", "text/csv")
            .body("a,b\n1,2\n"),
    )
    .await;
    // The redirect is chunked, and has a body that the client does not read.
    let location = format!("{}/content?tempauth=x", storage.url());
    let (url, served) = once(format!(
        "HTTP/1.1 302 Found\r\nLocation: {location}\r\nTransfer-Encoding: \
         chunked\r\n\r\n5\r\nmoved\r\n0\r\n\r\n"
    ))
    .await;
    let client = Graph::builder(AccessTokenCredential::new("token"))
        .base_url(&url)
        .build()
        .unwrap();
    let call = client.request(Method::GET, "/me/drive/items/1/content");
    let response = call
        .header("Cookie", "c=1")
        .header("Range", "bytes=0-99")
        .await
        .unwrap();
    assert_eq!(response.bytes().as_ref(), b"a,b\n1,2\n");

    let first = served.await.unwrap().to_ascii_lowercase();
    assert!(
        first.contains("authorization: bearer token") && first.contains("cookie: c=1"),
        "{first}"
    );
    let second = storage.only();
    assert_eq!(second.target, "/content?tempauth=x");
    assert_eq!(second.header("host"), storage.url().strip_prefix("http://"));
    assert_eq!(second.header("range"), Some("bytes=0-99"));
    for name in [
        "authorization",
        "cookie",
        "client-request-id",
        "sdkversion",
        "referer",
    ] {
        assert_eq!(second.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn case_5_6_a_401_of_another_host_is_its_own() {
    let (asked, provider) = counting();
    let storage = Recorder::always(Answer::status(401).body("<html>")).await;
    let graph = Recorder::always(redirect(302, storage.url())).await;
    let client = Graph::builder(provider)
        .base_url(graph.url())
        .build()
        .unwrap();
    let error = client
        .request(Method::GET, "/me/photo/$value")
        .await
        .unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!(
        (
            asked.load(Ordering::SeqCst),
            storage.requests().len(),
            graph.requests().len()
        ),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn case_5_7_what_was_dropped_on_a_hop_does_not_come_back() {
    let graph = Recorder::new(|request| match request.target.split_once("?to=") {
        Some((_, to)) => redirect(
            302,
            &format!(
                "http://{to}/evil?back={}",
                request.header("host").unwrap_or_default()
            ),
        ),
        None => Answer::json("{}"),
    })
    .await;
    let evil = Recorder::new(|request| {
        let back = request
            .target
            .split_once("?back=")
            .map_or("", |(_, back)| back);
        redirect(302, &format!("http://{back}/v1.0/home"))
    })
    .await;
    let client = client(&graph);
    let to = evil.url().strip_prefix("http://").unwrap();
    let call = client.request(Method::GET, format!("/me?to={to}"));
    call.header("x-api-key", "key")
        .header("Cookie", "c=1")
        .header("Proxy-Authorization", "Basic x")
        .await
        .unwrap();

    let [first, third] = graph.requests().try_into().expect("two requests to Graph");
    let second = evil.only();
    for name in [
        "authorization",
        "x-api-key",
        "cookie",
        "proxy-authorization",
    ] {
        assert!(first.header(name).is_some(), "{name}");
        assert_eq!(
            (second.header(name), third.header(name)),
            (None, None),
            "{name}"
        );
    }
    // The next call is an ordinary call.
    client.request(Method::GET, "/me").await.unwrap();
    assert_eq!(
        graph.requests()[2].header("authorization"),
        Some("Bearer token")
    );
}

#[tokio::test]
async fn case_5_7_http_elsewhere_is_refused() {
    for location in [
        "http://evil.example/",
        "http://graph.microsoft.com/",
        "ftp://127.0.0.1/",
        "https://u:p@a.example/",
    ] {
        let graph = Recorder::always(redirect(302, location)).await;
        refused(client(&graph).request(Method::GET, "/me").await);
        assert_eq!(graph.requests().len(), 1);
    }
}

#[tokio::test]
async fn case_5_7_there_are_ten_hops_at_most() {
    let graph = Recorder::new(|request| match request.target.rsplit_once('/') {
        Some((path, left)) if left != "0" => {
            let left: usize = left.parse().expect("a number of hops");
            redirect(302, &format!("{path}/{}", left - 1))
        }
        _ => Answer::json("{}"),
    })
    .await;
    let client = client(&graph);
    client.request(Method::GET, "/hops/10").await.unwrap();
    assert_eq!(graph.requests().len(), 11);
    let requests = graph.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.header("authorization") == Some("Bearer token"))
    );
    let error = client.request(Method::GET, "/hops/11").await.unwrap_err();
    assert!(
        matches!(&error, Error::Transport(_)) && !error.is_retryable(),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("stopped after 10 redirects"),
        "{error}"
    );
}
