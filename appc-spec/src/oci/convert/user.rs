//! `User`: in Docker's words the group may be left to the image's `/etc/passwd`; an App Container manifest must name it.

use std::io::Read;

use crate::oci::layer::Layer;
use crate::oci::squash::content;
use crate::oci::tree::Tree;
use crate::oci::{OciError, OciErrorKind};

/// How much is read of `/etc/passwd` and `/etc/group`, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// User, group and further groups of `user`, `uid`, `user:group`, `uid:gid`, `uid:group`, `user:gid` (OCI image specification, `User`).
/// Without a group it is the user's own, or 0 when the image does not know the user, and the user's further groups count.
pub(super) fn resolve(
    written: &str,
    tree: &Tree,
    layers: &[Layer],
) -> Result<(String, String, Vec<i64>), OciError> {
    let (user, group) = written.split_once(':').unwrap_or((written, ""));
    let wrong = [user, group].into_iter().find(|text| text.starts_with('/') || text.contains(':'));
    if let Some(text) = wrong {
        let detail = format!("`{}` is no name of a user or group", text.escape_debug());
        return Err(OciError::new(OciErrorKind::Unsupported, "cannot carry over config.User", detail));
    }
    let user = if user.is_empty() { "0" } else { user };
    if !group.is_empty() {
        return Ok((user.to_owned(), group.to_owned(), Vec::new()));
    }
    let passwd = text(tree, layers, b"etc/passwd")?;
    let rows = || passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let by = |column: usize| rows().find(|row| row.len() > 3 && row.get(column) == Some(&user));
    let row = by(0).or_else(|| by(2));
    let number = |text: Option<&&str>| text.and_then(|text| text.trim().parse::<u32>().ok());
    let known = row.as_ref().and_then(|row| Some((*row.first()?, number(row.get(3))?)));
    match known {
        Some((name, gid)) => {
            let gids = further_groups(&text(tree, layers, b"etc/group")?, name, gid);
            Ok((user.to_owned(), gid.to_string(), gids))
        }
        // Who is not known has no groups; a name that is not known will not do when the app starts.
        None if user.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok((user.to_owned(), "0".to_owned(), Vec::new()))
        }
        None => Ok((user.to_owned(), user.to_owned(), Vec::new())),
    }
}

/// The groups that list a user, but for its own.
fn further_groups(group: &str, user: &str, own: u32) -> Vec<i64> {
    let mut gids: Vec<i64> = group
        .lines()
        .filter_map(|line| {
            let row: Vec<&str> = line.split(':').collect();
            let gid: u32 = row.get(2)?.trim().parse().ok()?;
            let members = row.get(3)?;
            (gid != own && members.split(',').any(|member| member.trim() == user)).then_some(i64::from(gid))
        })
        .collect();
    gids.sort_unstable();
    gids.dedup();
    gids
}

/// A small file of the image; empty when it is no file, or none that can be read as text.
fn text(tree: &Tree, layers: &[Layer], path: &[u8]) -> Result<String, OciError> {
    let mut bytes = Vec::new();
    if let Some(inode) = tree.file(path) {
        content(inode, layers)
            .take(MAX_FILE)
            .read_to_end(&mut bytes)
            .map_err(|error| OciError::io("cannot read the image's users", error))?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
