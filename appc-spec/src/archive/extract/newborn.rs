//! What new files have without being told: often it is what the archive says, and then two system calls for each file are spared.
#![expect(clippy::disallowed_methods, reason = "it asks what this process makes files with")]

use std::os::fd::BorrowedFd;

use rustix::fs;
use rustix::io::Errno;

/// What a file has that this process makes in some tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newborn {
    /// Its user and group, where that is known.
    owner: Option<(u32, u32)>,
    /// The bits of a mode that it does not get, where that is known.
    umask: Option<u32>,
}

impl Newborn {
    /// In a new tree under this directory, in which nobody but us makes anything.
    pub(super) fn under(root: BorrowedFd<'_>) -> Self {
        let user = rustix::process::geteuid().as_raw();
        let group = rustix::process::getegid().as_raw();
        // Where directories hand their group down, by mount option or by their set-group-ID bit, they all have the root's.
        let handed_down = fs::fstat(root).is_ok_and(|stat| stat.st_gid == group);
        let has_acl = !matches!(
            fs::fgetxattr(root, "system.posix_acl_default", &mut [0_u8; 0][..]),
            Err(Errno::NODATA | Errno::NOTSUP)
        );
        Self { owner: handed_down.then_some((user, group)), umask: umask().filter(|_| !has_acl) }
    }

    /// Whether a new file belongs to this user and group.
    pub(super) fn belongs_to(self, user: u32, group: u32) -> bool {
        self.owner == Some((user, group))
    }

    /// Whether a new file that is made with this mode has it.
    pub(super) fn has_mode(self, mode: u32) -> bool {
        mode & 0o7000 == 0 && self.umask.is_some_and(|umask| mode & umask == 0)
    }
}

/// The bits that this process keeps from new files (proc_pid_status(5), since Linux 4.7). umask(2) would have to change them to tell.
fn umask() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/thread-self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"))?;
    u32::from_str_radix(line.trim(), 8).ok()
}
