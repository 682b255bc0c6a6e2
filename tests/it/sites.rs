//! Sites by path.

use msgraph::Error;

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

/// Checks a fault that was reported at <https://github.com/Softeria/ms-365-mcp-server/issues/606>
#[tokio::test]
async fn site_by_path_is_sent_with_colons() {
    let recorder = Recorder::always(Answer::json(r#"{"id":"1","value":[]}"#)).await;
    let graph = graph(&recorder);
    let site = |path| {
        let site = graph.sites().id("contoso.sharepoint.com");
        site.get_by_path_with_path(path)
    };
    site("/sites/hr").get().await.unwrap();
    site("sites/hr/").lists().list().await.unwrap();
    site("/sites/hr").drives().list().top(5).await.unwrap();
    site("/teams/R&D 100%/O'Brien #1/å").get().await.unwrap();
    site("/").get().await.unwrap();
    let item = site("/sites/hr").drive().root().path("a b.txt");
    item.get().await.unwrap();
    let of_group = graph.groups().id("g").sites().id("root");
    of_group.get_by_path_with_path("/sub").get().await.unwrap();
    assert_eq!(
        recorder.targets(),
        [
            "/v1.0/sites/contoso.sharepoint.com:/sites/hr",
            "/v1.0/sites/contoso.sharepoint.com:/sites/hr:/lists",
            "/v1.0/sites/contoso.sharepoint.com:/sites/hr:/drives?$top=5",
            "/v1.0/sites/contoso.sharepoint.com:/teams/R%26D%20100%25/O%27Brien%20%231/%C3%A5",
            "/v1.0/sites/contoso.sharepoint.com",
            "/v1.0/sites/contoso.sharepoint.com:/sites/hr:/drive/root:/a%20b.txt",
            "/v1.0/groups/g/sites/root:/sub",
        ]
    );
}

#[tokio::test]
async fn site_by_path_does_not_lead_above() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let graph = graph(&recorder);
    for path in ["/sites/../hr", "..", "/sites//hr", "/sites/./hr"] {
        let site = graph.sites().id("root").get_by_path_with_path(path);
        let error = site.lists().list().await.unwrap_err();
        assert!(matches!(error, Error::Request(_)), "{path}: {error}");
    }
    assert!(recorder.requests().is_empty());
}
