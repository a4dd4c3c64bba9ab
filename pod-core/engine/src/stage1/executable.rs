//! Our own program, held so that nobody inside a pod can write to it or reach the host's file through it (CVE-2019-5736).

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, MemfdFlags, Mode, OFlags, SealFlags, StatxFlags};
use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};

const OWN: &str = "/proc/self/exe";

/// A descriptor of our own program that can be executed and never written to.
///
/// An overlay without an upper layer, mounted nowhere, costs no memory and shares the page cache of the file; where that
/// cannot be made, the program is copied into a sealed memory file.
pub(crate) fn sealed() -> io::Result<OwnedFd> {
    Ok(through_overlay().or_else(|_| in_memory())?)
}

fn through_overlay() -> Result<OwnedFd, Errno> {
    let path = rustix::fs::readlink(OWN, Vec::new())?;
    let path = Path::new(std::str::from_utf8(path.as_bytes()).map_err(|_| Errno::ILSEQ)?);
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::NOENT) };

    // An overlay without an upper layer must have two lower ones: the other one is empty.
    let empty = rustix::mount::fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_create(empty.as_fd())?;
    let empty =
        rustix::mount::fsmount(empty.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())?;

    let overlay = rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(overlay.as_fd(), "lowerdir+", dir)?;
    rustix::mount::fsconfig_set_string(
        overlay.as_fd(),
        "lowerdir+",
        format!("/proc/self/fd/{}", empty.as_raw_fd()),
    )?;
    rustix::mount::fsconfig_create(overlay.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV;
    let root = rustix::mount::fsmount(overlay.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    let exe =
        rustix::fs::openat(&root, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;

    // The file of that name may have been replaced since we were started: then it is not ours.
    let wanted = StatxFlags::INO | StatxFlags::SIZE | StatxFlags::MTIME | StatxFlags::CTIME;
    let seen = rustix::fs::statx(&exe, "", AtFlags::EMPTY_PATH, wanted)?;
    let own = rustix::fs::statx(CWD, OWN, AtFlags::empty(), wanted)?;
    let same = seen.stx_ino == own.stx_ino
        && seen.stx_size == own.stx_size
        && (seen.stx_mtime.tv_sec, seen.stx_mtime.tv_nsec) == (own.stx_mtime.tv_sec, own.stx_mtime.tv_nsec)
        && (seen.stx_ctime.tv_sec, seen.stx_ctime.tv_nsec) == (own.stx_ctime.tv_sec, own.stx_ctime.tv_nsec);
    if same { Ok(exe) } else { Err(Errno::STALE) }
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
    use std::os::fd::AsRawFd;

    /// Both ways: the kernel refuses to write, and the content is ours.
    #[test]
    fn cannot_be_written() {
        let own = std::fs::read("/proc/self/exe").unwrap();
        let mut ways = vec![super::in_memory().unwrap()];
        if rustix::process::geteuid().is_root() {
            ways.push(super::through_overlay().unwrap());
        }
        for exe in ways {
            let path = format!("/proc/self/fd/{}", exe.as_raw_fd());
            assert_eq!(std::fs::read(&path).unwrap(), own);
            let refused = std::fs::OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, b"x"));
            let kind = refused.unwrap_err().raw_os_error();
            // EPERM is the seal's, EROFS the overlay's, ETXTBSY that of a program that runs.
            assert!(matches!(kind, Some(1 | 30 | 26)), "{kind:?}");
            assert_eq!(std::fs::read("/proc/self/exe").unwrap(), own);
        }
    }
}
