//! What the fuzz targets call: stage1's readers of what an image or a user has written. There only with `--cfg fuzzing`.

use pod_core::pod::User;

use super::{identity, seccomp};

/// Reads a seccomp profile and compiles it; the number of its instructions, `None` when it is no profile or too long.
#[must_use]
pub fn seccomp_profile(text: &[u8]) -> Option<usize> {
    seccomp::compiled(text)
}

/// Finds a user in a `passwd` and a `group`; user and group by number, with the other groups.
#[must_use]
pub fn accounts(user: &User, passwd: &str, group: &str) -> Option<(u32, u32, Vec<u32>)> {
    let found = identity::resolve_in(user, passwd, group).ok()?;
    Some((found.uid, found.gid, found.groups))
}
