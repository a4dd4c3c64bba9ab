//! Our own program, held so that nobody inside a pod can write to it or reach the host's file through it (CVE-2019-5736).

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{CWD, MemfdFlags, Mode, OFlags, SealFlags};
use rustix::io::Errno;
use rustix::mount::{MountAttrFlags, OpenTreeFlags};

const OWN: &str = "/proc/self/exe";

/// A descriptor of our own program that can be executed and never written to.
///
/// It is the file behind a read-only mount of its own, which costs no memory and no time; where that cannot be made, the program is copied
/// into a sealed memory file.
pub(crate) fn sealed() -> io::Result<OwnedFd> {
    Ok(read_only_mount().or_else(|_| in_memory())?)
}

/// A mount that is in no namespace any more: nobody can find it by a path, and the kernel changes attributes only of mounts that are in the
/// caller's namespace or in one that was made for a detached mount (mount_setattr(2), `EINVAL`). So who reaches the program through
/// `/proc/PID/exe` cannot make it writable, whatever capabilities a pod has.
fn read_only_mount() -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = rustix::mount::open_tree(CWD, OWN, flags)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV;
    crate::sys::mount_setattr(tree.as_fd(), false, u64::from(attributes.bits()), libc::MS_PRIVATE)?;
    let path = format!("/proc/self/fd/{}", tree.as_raw_fd());
    // Closing the tree takes the mount out of its namespace; this descriptor keeps it.
    rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
}

fn in_memory() -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Linux 6.3 wants to be told that it is a program; older ones do not know the flag.
    let copy = rustix::fs::memfd_create(super::NAME, flags | MemfdFlags::EXEC)
        .or_else(|_| rustix::fs::memfd_create(super::NAME, flags))?;
    let own = rustix::fs::open(OWN, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    while rustix::fs::sendfile(&copy, &own, None, 1 << 30)? > 0 {}
    rustix::fs::fcntl_add_seals(
        &copy,
        SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL,
    )?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, AsRawFd};

    /// Both ways: the kernel refuses to write, and the content is ours.
    #[test]
    fn cannot_be_written() {
        let own = std::fs::read("/proc/self/exe").unwrap();
        let mut ways = vec![super::in_memory().unwrap()];
        if rustix::process::geteuid().is_root() {
            ways.push(super::read_only_mount().unwrap());
        }
        for exe in ways {
            let path = format!("/proc/self/fd/{}", exe.as_raw_fd());
            assert_eq!(std::fs::read(&path).unwrap(), own);
            let refused = std::fs::OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, b"x"));
            let kind = refused.unwrap_err().raw_os_error();
            // EPERM is the seal's, EROFS the mount's, ETXTBSY that of a program that runs.
            assert!(matches!(kind, Some(1 | 30 | 26)), "{kind:?}");
            assert_eq!(std::fs::read("/proc/self/exe").unwrap(), own);
        }
    }

    /// Not even root takes the mark off again: neither through the descriptor, nor through what it leads to.
    #[test]
    fn stays_read_only() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let exe = super::read_only_mount().unwrap();
        let path = format!("/proc/self/fd/{}", exe.as_raw_fd());
        let again = rustix::fs::open(path, super::OFlags::PATH, super::Mode::empty()).unwrap();
        for fd in [exe.as_fd(), again.as_fd()] {
            assert_eq!(crate::sys::clear_read_only(fd), Err(super::Errno::INVAL));
            let flags = super::OpenTreeFlags::OPEN_TREE_CLONE | super::OpenTreeFlags::AT_EMPTY_PATH;
            assert_eq!(rustix::mount::open_tree(fd, "", flags).err(), Some(super::Errno::INVAL));
        }
    }
}
