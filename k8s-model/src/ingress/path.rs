//! How the path of a request is compared.

use crate::networking::PathType;

/// Whether the path of a request is one that a rule is about. The path of the request is without its query.
///
/// `Exact` is the same text. `Prefix` compares element by element, and a slash at the end counts on neither side: `/foo` is a prefix of
/// `/foo/` and `/foo/bar`, but not of `/foobar`. An empty path, which `ImplementationSpecific` allows, is a prefix of all.
///
/// ```
/// use k8s_model::ingress::path_matches;
/// use k8s_model::networking::PathType;
///
/// assert!(path_matches(&PathType::Prefix, "/aaa/bbb", "/aaa/bbb/ccc"));
/// assert!(!path_matches(&PathType::Prefix, "/aaa/bbb", "/aaa/bbbxyz"));
/// ```
#[must_use]
pub fn path_matches(path_type: &PathType, path: &str, request: &str) -> bool {
    match path_type {
        PathType::Exact => path == request,
        _ => {
            let mut wanted = elements(path);
            let mut given = elements(request);
            wanted.all(|element| given.next() == Some(element))
        }
    }
}

/// What stands between the slashes.
fn elements(path: &str) -> impl Iterator<Item = &str> {
    let trimmed = path.strip_prefix('/').unwrap_or(path);
    let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
    trimmed.split('/').filter(move |_| !trimmed.is_empty())
}

/// How exactly a rule is about a path: the longer the better, then the stricter kind.
pub(super) fn rank(path_type: &PathType, path: &str) -> (usize, u8) {
    let kind = match path_type {
        PathType::Exact => 2,
        PathType::Prefix => 1,
        _ => 0,
    };
    (path.trim_end_matches('/').len(), kind)
}
