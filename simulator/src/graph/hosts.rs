//! The URLs by which a client refers to entities of this service.

/// The hosts of Graph in its clouds. A client that runs against the simulator still writes them
/// into `@odata.id` and `@odata.bind`, as Graph's documentation does, so they mean this service.
///
/// <https://learn.microsoft.com/graph/deployments>
const HOSTS: [&str; 8] = [
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
    "graph.svc.sovcloud.fr",
    "graph.svc.sovcloud.de",
    "graph.svc.sovcloud.sg",
    "graph.microsoft.de",
];

/// Returns the path below the service root that a URL names. The URL is absolute, at the host of
/// this service or of Graph, or relative to the service root. Returns `None` for other hosts.
pub(super) fn path_of<'u>(root: &str, url: &'u str) -> Option<&'u str> {
    if let Some(path) = url.strip_prefix(root) {
        return Some(path);
    }
    let Some((_, rest)) = url.split_once("://") else {
        let path = url.trim_start_matches('/');
        return Some(below_version(path).unwrap_or(path));
    };
    let (host, path) = rest.split_once('/')?;
    let own = root.split_once("://")?.1.split('/').next()?;
    let mut hosts = std::iter::once(own).chain(HOSTS);
    hosts
        .any(|known| known.eq_ignore_ascii_case(host))
        .then(|| below_version(path.trim_start_matches('/')))?
}

/// Returns the path after its version.
fn below_version(path: &str) -> Option<&str> {
    let (version, path) = path.split_once('/')?;
    let known = ["v1.0", "beta"];
    known
        .iter()
        .any(|known| version.eq_ignore_ascii_case(known))
        .then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_graph_name_paths_below_version() {
        let root = "http://127.0.0.1:1/v1.0";
        for url in [
            "http://127.0.0.1:1/v1.0/users/1",
            "http://127.0.0.1:1/beta/users/1",
            "https://graph.microsoft.com/v1.0/users/1",
            "https://GRAPH.microsoft.com/beta/users/1",
            "https://graph.microsoft.com/v1.0//users/1",
            "https://dod-graph.microsoft.us/v1.0/users/1",
            "https://microsoftgraph.chinacloudapi.cn/v1.0/users/1",
            "users/1",
            "/users/1",
            "/v1.0/users/1",
        ] {
            let path = path_of(root, url).map(|path| path.trim_start_matches('/'));
            assert_eq!(path, Some("users/1"), "{url}");
        }
        for url in [
            "https://graph.contoso.com/v1.0/users/1",
            "https://graph.microsoft.com/v2.0/users/1",
            "https://graph.microsoft.com",
            "http://127.0.0.1:2/v1.0/users/1",
        ] {
            assert_eq!(path_of(root, url), None, "{url}");
        }
    }
}
