//! Which identifiers of users and groups there are in this process's user namespace.

use std::fs;

use crate::error::{Doing, Error};

/// A line of `uid_map` or `gid_map` (user_namespaces(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    /// The first identifier here.
    inside: u32,
    /// How many there are.
    count: u32,
}

/// The identifiers that exist here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maps {
    users: Vec<Extent>,
    groups: Vec<Extent>,
}

impl Maps {
    /// Those of this process.
    pub(crate) fn own() -> Result<Self, Error> {
        let read = |path: &str| fs::read_to_string(path).doing("read", path).map(|text| parse(&text));
        Ok(Self { users: read("/proc/self/uid_map")?, groups: read("/proc/self/gid_map")? })
    }

    pub(crate) fn has_user(&self, uid: u32) -> bool {
        has(&self.users, uid)
    }

    pub(crate) fn has_group(&self, gid: u32) -> bool {
        has(&self.groups, gid)
    }
}

/// Which identifiers this process can give files and apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identifiers {
    /// All of the machine.
    All,
    /// Those of a user namespace, 0 among them.
    Ranges,
    /// 0 only.
    One,
}

/// Finds out which identifiers this process can give: what becomes of the owners of an image's files depends on it.
///
/// Where `/proc` cannot be read there is only one.
#[must_use]
pub fn identifiers() -> Identifiers {
    let one = |extents: &[Extent]| extents.iter().map(|extent| u64::from(extent.count)).sum::<u64>() <= 1;
    match Maps::own() {
        _ if is_initial() => Identifiers::All,
        Ok(maps) if !one(&maps.users) && !one(&maps.groups) => Identifiers::Ranges,
        _ => Identifiers::One,
    }
}

/// Whether this process is in the machine's first user namespace, where root has all rights.
pub(crate) fn is_initial() -> bool {
    // The kernel gives exactly this map to the first one; a later one with the same map would need a root that maps all identifiers.
    fs::read_to_string("/proc/self/uid_map").is_ok_and(|text| {
        let mut fields = text.split_ascii_whitespace();
        [fields.next(), fields.next(), fields.next()] == [Some("0"), Some("0"), Some("4294967295")]
    })
}

fn has(extents: &[Extent], id: u32) -> bool {
    extents.iter().any(|extent| id.checked_sub(extent.inside).is_some_and(|offset| offset < extent.count))
}

fn parse(text: &str) -> Vec<Extent> {
    let extent = |line: &str| {
        let mut fields = line.split_ascii_whitespace().map(str::parse::<u32>);
        let (inside, _outside, count) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
        Some(Extent { inside, count })
    };
    text.lines().filter_map(extent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mapped() {
        let extents = parse("         0       1000          1\n         1     100000      65536\n");
        for (id, there) in [(0, true), (1, true), (65536, true), (65537, false), (u32::MAX, false)] {
            assert_eq!(has(&extents, id), there, "{id}");
        }
        assert!(!has(&parse(""), 0));
        let all = parse("         0          0 4294967295\n");
        assert!(has(&all, 0) && has(&all, u32::MAX - 1) && !has(&all, u32::MAX));
    }
}
