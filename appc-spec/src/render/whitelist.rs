//! Which paths an image leaves (specification, image manifest: `pathWhitelist`).

use std::collections::BTreeSet;
use std::ops::Bound;

/// Which paths an image leaves of itself and its dependencies.
///
/// ```
/// use appc_spec::render::Whitelist;
///
/// let list = Whitelist::new(["/usr/bin/app", "/etc/app/"]);
/// assert!(list.keeps(b"usr/bin/app", false));
/// assert!(list.keeps(b"usr/bin", true));
/// assert!(list.keeps(b"etc/app/conf.d/x", false));
/// assert!(!list.keeps(b"usr/bin/other", false));
/// // Without the slash at its end a path is itself and nothing below it.
/// assert!(!list.keeps(b"usr/bin/app/x", false));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whitelist {
    /// Without slashes at the ends, and the parts `.` and empty ones.
    paths: BTreeSet<Vec<u8>>,
    /// Those of them that ended in a slash.
    trees: BTreeSet<Vec<u8>>,
}

impl Whitelist {
    /// A whitelist of these paths; a relative path is meant from the root. None at all keeps everything.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut list = Self::default();
        for path in paths {
            let clean = clean(path);
            if path.ends_with('/') {
                list.trees.insert(clean.clone());
            }
            list.paths.insert(clean);
        }
        list
    }

    /// Whether everything is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether a path (relative to the root, no slash at its ends) is kept: it is named, it is below a directory that is named
    /// with a slash at its end, or it is a directory above something that is named. The root itself always is.
    #[must_use]
    pub fn keeps(&self, path: &[u8], is_directory: bool) -> bool {
        if self.is_empty() || path.is_empty() || self.paths.contains(path) {
            return true;
        }
        if self.trees.contains(&b""[..]) {
            return true;
        }
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (at, _) in slashes {
            if path.get(..at).is_some_and(|above| self.trees.contains(above)) {
                return true;
            }
        }
        is_directory && self.names_below(path)
    }

    fn names_below(&self, path: &[u8]) -> bool {
        let start = [path, b"/"].concat();
        let first = self.paths.range::<[u8], _>((Bound::Included(start.as_slice()), Bound::Unbounded)).next();
        first.is_some_and(|first| first.starts_with(&start))
    }
}

/// The path from the root without empty parts, `.` and `..`, which does not lead above the root.
fn clean(path: &str) -> Vec<u8> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/").into_bytes()
}
