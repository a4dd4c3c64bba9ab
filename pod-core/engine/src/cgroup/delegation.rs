//! What of the hierarchies an ordinary user may use.

use std::fs;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::{Controller, Hierarchy, Version};
use crate::error::{Doing, Error};
use crate::mounts::Mount;

/// The hierarchies in which this process's own group may be written to, with that group as their base.
pub(super) fn of(hierarchies: Vec<Hierarchy>, mounts: &[Mount]) -> Result<Vec<Hierarchy>, Error> {
    let path = "/proc/self/cgroup";
    let own = fs::read_to_string(path).doing("read", path)?;
    let delegated = |mut hierarchy: Hierarchy| {
        let inside = own_group(&own, &hierarchy)?;
        let mount = mounts.iter().find(|mount| mount.target == hierarchy.base)?;
        // What is mounted may itself be a part of the hierarchy, as in a container.
        hierarchy.base.push(Path::new(inside).strip_prefix(&mount.root).ok()?);
        if !(is_ours(&hierarchy.base) && is_ours(&hierarchy.base.join("cgroup.procs"))) {
            return None;
        }
        if hierarchy.version == Version::V2 {
            let listed = fs::read_to_string(hierarchy.base.join("cgroup.controllers")).unwrap_or_default();
            hierarchy.controllers = listed.split_ascii_whitespace().filter_map(Controller::parse).collect();
        }
        Some(hierarchy)
    };
    Ok(hierarchies.into_iter().filter_map(delegated).collect())
}

/// The path of a process's group by its `/proc/PID/cgroup` (cgroups(7)): `4:memory:/user`, and `0::/user` for version 2.
fn own_group<'a>(text: &'a str, hierarchy: &Hierarchy) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let found = match hierarchy.version {
            Version::V2 => controllers.is_empty(),
            Version::V1 => {
                let mut named = controllers.split(',').filter_map(Controller::parse);
                named.any(|controller| hierarchy.controllers.contains(&controller))
            }
        };
        found.then_some(path)
    })
}

fn is_ours(path: &Path) -> bool {
    accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_in_each_hierarchy() {
        let text = "5:devices:/\n4:memory:/user/ann:x\n2:cpu,cpuacct:/c\n1:name=systemd:/s\n0::/unified\n";
        let hierarchy = |version, controllers: &[Controller]| Hierarchy {
            base: "".into(),
            version,
            controllers: controllers.to_vec(),
        };
        let group = |version, controllers| own_group(text, &hierarchy(version, controllers));
        assert_eq!(group(Version::V1, &[Controller::Memory]), Some("/user/ann:x"));
        assert_eq!(group(Version::V1, &[Controller::Cpu]), Some("/c"));
        assert_eq!(group(Version::V1, &[Controller::Pids]), None);
        assert_eq!(group(Version::V2, &[]), Some("/unified"));
    }
}
