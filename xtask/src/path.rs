//! Names in paths.

/// Returns the first segment of a path, without its arguments. This is approximately the workload
/// in Graph's reference.
pub fn workload(path: &str) -> &str {
    let segment = path.split('/').nth(1).unwrap_or_default();
    segment.split('(').next().unwrap_or(segment)
}

/// Returns the last segment of a path, without its namespace and arguments: `copy` of
/// `/drives/{drive-id}/microsoft.graph.copy`.
pub fn own_name(path: &str) -> &str {
    let segment = path.rsplit('/').next().unwrap_or(path);
    let name = segment.split('(').next().unwrap_or(segment);
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{own_name, workload};

    #[test]
    fn workload_is_first_path_segment() {
        assert_eq!(workload("/users/{user-id}/messages"), "users");
        assert_eq!(
            workload("/applications(appId='{appId}')/owners"),
            "applications"
        );
        assert_eq!(workload("/"), "");
    }

    #[test]
    fn own_name_is_last_segment_without_namespace() {
        assert_eq!(own_name("/me/sendMail"), "sendMail");
        assert_eq!(own_name("/drives/{drive-id}/microsoft.graph.copy"), "copy");
        assert_eq!(own_name("/reports/getTeams(period='{period}')"), "getTeams");
        assert_eq!(own_name("microsoft.graph.security.alert"), "alert");
    }
}
