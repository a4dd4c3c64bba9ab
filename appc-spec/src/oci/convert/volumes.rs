//! `Volumes`: paths, whose names must be made.

use std::collections::BTreeSet;

use super::{NotCarried, clean};
use crate::{AcName, MountPoint, Strength};

/// A mount point for each path, in the order of the paths. Of several paths that give one name the first has it, and the others a number.
pub(super) fn mount_points(
    written: impl Iterator<Item = String>,
    not_carried: &mut Vec<NotCarried>,
) -> Vec<MountPoint> {
    let mut paths = BTreeSet::new();
    for text in written {
        match clean(&text) {
            path if path.is_empty() => {
                let field = format!("config.Volumes[{}]", text.escape_debug());
                not_carried.push(NotCarried::new(field, "a volume cannot be the root directory"));
            }
            path => drop(paths.insert(path)),
        }
    }
    let mut taken = BTreeSet::new();
    let mut points = Vec::new();
    for path in paths {
        let stem = format!("volume-{}", words(&path));
        let stem = stem.trim_end_matches('-');
        let names =
            std::iter::once(stem.to_owned()).chain((2..).map(|number: u32| format!("{stem}-{number}")));
        let name = names
            .filter_map(|name| AcName::parse(&name, Strength::Strict).ok())
            .find(|name| !taken.contains(name));
        if let Some(name) = name {
            taken.insert(name.clone());
            points.push(MountPoint { name, path: format!("/{path}"), read_only: false });
        }
    }
    points
}

/// The path with single dashes where a name has no such character.
fn words(path: &str) -> String {
    let mut words = String::with_capacity(path.len());
    for c in path.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            words.push(c);
        } else if !words.is_empty() && !words.ends_with('-') {
            words.push('-');
        }
    }
    words
}
