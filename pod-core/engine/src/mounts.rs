//! What is mounted below a directory of ours, and getting rid of it.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};

use crate::error::{Doing, Error, Kind};

/// A line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Which directory of its file system is mounted.
    pub(crate) root: PathBuf,
    /// Where it is mounted.
    pub(crate) target: PathBuf,
    /// The type of file system.
    pub(crate) kind: String,
    /// The options of the file system itself, such as the controllers of a cgroup hierarchy.
    pub(crate) super_options: String,
}

/// All mounts of this process's namespace, in the order that they were made.
pub(crate) fn all() -> Result<Vec<Mount>, Error> {
    let path = Path::new("/proc/self/mountinfo");
    // With room for all of it: each read has the kernel write its list anew.
    let mut text = Vec::with_capacity(16 * 1024);
    fs::File::open(path).and_then(|mut file| file.read_to_end(&mut text)).doing("read", path)?;
    Ok(parse(&text))
}

/// How often what is mounted is looked at again: what one mount hid shows when that one is gone.
const PASSES: usize = 16;

/// Unmounts everything at or below a directory, the last mount first; what is mounted in a mount goes with it, in one step.
pub(crate) fn unmount_below(dir: &Path) -> Result<(), Error> {
    for _ in 0..PASSES {
        let below: Vec<Mount> = all()?.into_iter().filter(|mount| mount.target.starts_with(dir)).collect();
        if below.is_empty() {
            return Ok(());
        }
        let is_in = |inner: &Mount, outer: &Mount| {
            inner.target != outer.target && inner.target.starts_with(&outer.target)
        };
        for mount in below.iter().rev().filter(|mount| !below.iter().any(|outer| is_in(mount, outer))) {
            tracing::debug!(path = %mount.target.display(), kind = mount.kind, "unmount");
            let carries = below.iter().any(|inner| is_in(inner, mount));
            let plain =
                if carries { Err(Errno::BUSY) } else { unmount(&mount.target, UnmountFlags::NOFOLLOW) };
            let done = match plain {
                Err(Errno::BUSY) => unmount(&mount.target, UnmountFlags::NOFOLLOW | UnmountFlags::DETACH),
                other => other,
            };
            match done {
                // Somebody else was faster.
                Ok(()) | Err(Errno::INVAL | Errno::NOENT) => {}
                Err(error) => return Err(Error::io("unmount", &mount.target, error)),
            }
        }
    }
    Err(Kind::Stays { what: "a mount below", path: dir.to_owned() }.into())
}

fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|byte| *byte == b'\n').filter_map(parse_line).collect()
}

/// `36 35 98:0 /root /target rw,noatime shared:1 - ext4 /dev/root rw`: optional fields end with a lone `-`.
fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let (root, target) = (unescape(fields.nth(3)?), unescape(fields.next()?));
    let mut rest = fields.skip_while(|field| *field != b"-").skip(1);
    let kind = String::from_utf8_lossy(rest.next()?).into_owned();
    let super_options = String::from_utf8_lossy(rest.nth(1)?).into_owned();
    Some(Mount { root, target, kind, super_options })
}

/// Space, tab, newline and backslash stand there as three octal digits after a backslash.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, tail)) = rest.split_first() {
        let octal = (*first == b'\\').then(|| tail.get(..3)).flatten();
        let value = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn lines_of_mountinfo() {
        let text =
            b"36 35 98:0 /mnt1 /mnt\\0402 rw,noatime shared:1 master:2 - ext4 /dev/root rw,errors=continue\n\
            33 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
            a broken line\n";
        let mounts = parse(text);
        assert_eq!(mounts.len(), 2);
        assert_eq!((&*mounts[0].root, &*mounts[0].target), (Path::new("/mnt1"), Path::new("/mnt 2")));
        assert_eq!(mounts[0].target.as_os_str().as_bytes(), b"/mnt 2");
        assert_eq!((mounts[1].kind.as_str(), mounts[1].super_options.as_str()), ("cgroup", "rw,cpu,cpuacct"));
    }
}
