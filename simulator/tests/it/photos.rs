//! Tests of profile photos.

use http::{Method, StatusCode};

use crate::client::{Client, start};

/// The start of a JPEG of 240 × 300 pixels.
const JPEG: [u8; 18] = [
    0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8, 1, 0x2c, 0, 0xf0, 3,
];

#[tokio::test]
async fn photo_is_written_described_and_removed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let group = client.get("/groups").await.names("id").remove(0);
    for owner in [
        "/me".to_owned(),
        format!("/groups/{group}"),
        format!("/teams/{group}"),
    ] {
        let photo = format!("{owner}/photo");
        let content = format!("{photo}/$value");
        for path in [&photo, &content] {
            let missing = client.get(path).await;
            assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(missing.error().0, "ImageNotFound", "{path}");
        }
        let headers = [("content-type", "image/jpeg")];
        let put = client
            .send(Method::PUT, &content, &headers, JPEG.to_vec())
            .await;
        assert_eq!(put.status, StatusCode::NO_CONTENT, "{:?}", put.body);
        let described = client.get(&photo).await.json();
        assert_eq!(
            (described["width"].as_u64(), described["height"].as_u64()),
            (Some(240), Some(300))
        );
        assert_eq!(described["id"], "240X300");
        assert_eq!(described["@odata.mediaContentType"], "image/jpeg");
        let read = client.get(&content).await;
        assert_eq!(
            (read.header("content-type"), &*read.body),
            ("image/jpeg", &JPEG[..])
        );
        if !owner.starts_with("/teams") {
            let sizes = client.get(&format!("{owner}/photos")).await.names("id");
            assert_eq!(sizes, ["48x48", "64x64", "96x96", "120x120", "240x240"]);
            let small = client.get(&format!("{owner}/photos/48x48/$value")).await;
            assert_eq!((small.status, &*small.body), (StatusCode::OK, &JPEG[..]));
            let large = client.get(&format!("{owner}/photos/648x648/$value")).await;
            assert_eq!(large.status, StatusCode::NOT_FOUND);
        }
        let removed = client.delete(&content).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT);
        assert_eq!(client.get(&photo).await.status, StatusCode::NOT_FOUND);
        let put = client
            .send(Method::PUT, &content, &headers, JPEG.to_vec())
            .await;
        assert_eq!(put.status, StatusCode::NO_CONTENT, "it is written again");
    }
}
