//! What of the host, or of the pod, is mounted in an app.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use pod_core::pod::Propagation;
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::MountAttrFlags;

use super::attach;
use super::inside::{self, Inside, Kind};
use super::report::{Doing, Failure};
use crate::plan::MountPlan;

/// Magic number of procfs (linux/magic.h).
const PROC_SUPER_MAGIC: i64 = 0x9fa0;

/// A volume in hand, mounted nowhere yet.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    plan: &'a MountPlan,
    mount: OwnedFd,
    kind: Kind,
}

/// Takes hold of a volume. Do this while this mount namespace still has its ties with the host's: only then can mounts pass later.
pub(crate) fn hold(plan: &MountPlan) -> Result<Held<'_>, Failure> {
    let action = || format!("opening the volume `{}` for `{}`", plan.source.display(), plan.target);
    let source =
        rustix::fs::openat(CWD, &plan.source, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).doing(action)?;
    let source = match &plan.sub_path {
        Some(sub_path) => part(&source, sub_path).doing(|| {
            format!("opening `{sub_path}` of the volume `{}` for `{}`", plan.source.display(), plan.target)
        })?,
        None => source,
    };
    let kind = match FileType::from_raw_mode(rustix::fs::fstat(&source).doing(action)?.st_mode) {
        FileType::Directory => Kind::Directory,
        _ => Kind::File,
    };
    if plan.propagation != Propagation::Private && !is_shared(&source).doing(action)? {
        return Err(Failure::config(format!(
            "`{}` is not on a shared mount of the host: no later mount can pass to `{}`",
            plan.source.display(),
            plan.target
        )));
    }
    let mount = attach::copy(source.as_fd(), plan.recursive).doing(action)?;
    let propagation = match plan.propagation {
        Propagation::Private => libc::MS_PRIVATE,
        Propagation::HostToContainer => libc::MS_SLAVE,
        Propagation::Bidirectional => 0,
    };
    let mut attributes = MountAttrFlags::empty();
    attributes.set(MountAttrFlags::MOUNT_ATTR_RDONLY, plan.read_only);
    attributes.set(MountAttrFlags::MOUNT_ATTR_NODEV, plan.no_devices && kind == Kind::Directory);
    crate::sys::mount_setattr(mount.as_fd(), plan.recursive, u64::from(attributes.bits()), propagation)
        .doing(action)?;
    Ok(Held { plan, mount, kind })
}

/// A part of a volume, made as a directory with the volume's own mode when absent (as the kubelet's `SafeMakeDir`).
fn part(volume: &OwnedFd, path: &str) -> Result<OwnedFd, Errno> {
    let mode = Mode::from_raw_mode(rustix::fs::fstat(volume)?.st_mode & 0o7777);
    match inside::open_beneath(volume.as_fd(), path, OFlags::PATH) {
        Err(Errno::NOENT) => {}
        found => return found,
    }
    let mut dir = inside::open_beneath(volume.as_fd(), ".", OFlags::PATH)?;
    let mut prefix = std::path::PathBuf::new();
    for name in std::path::Path::new(path) {
        prefix.push(name);
        dir = match inside::open_beneath(volume.as_fd(), &prefix, OFlags::PATH) {
            Err(Errno::NOENT) => {
                match rustix::fs::mkdirat(&dir, name, mode) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(errno),
                }
                inside::open_beneath(volume.as_fd(), &prefix, OFlags::PATH)?
            }
            found => found?,
        };
    }
    Ok(dir)
}

/// Whether a file is on a mount that shares what is mounted on it (`shared:` of mountinfo, proc_pid_mountinfo(5)).
fn is_shared(file: &OwnedFd) -> Result<bool, Errno> {
    let read = |path: &str| -> Result<String, Errno> {
        let mut text = String::new();
        std::fs::File::open(path)
            .and_then(|mut file| std::io::Read::read_to_string(&mut file, &mut text))
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok(text)
    };
    let info = read(&format!("/proc/self/fdinfo/{}", file.as_raw_fd()))?;
    let id = info.lines().find_map(|line| line.strip_prefix("mnt_id:")).map(str::trim).ok_or(Errno::IO)?;
    let mounts = read("/proc/self/mountinfo")?;
    Ok(mounts.lines().filter_map(|line| line.split_once(" - ")).any(|(mount, _)| {
        mount.split(' ').next() == Some(id) && mount.split(' ').any(|field| field.starts_with("shared:"))
    }))
}

impl Held<'_> {
    /// Mounts it where the plan says.
    pub(crate) fn mount(self, root: Inside<'_>) -> Result<(), Failure> {
        let target = &self.plan.target;
        let action = || format!("mounting the volume `{}` at `{target}`", self.plan.source.display());
        let place = root.make(target, self.kind).doing(action)?;
        if rustix::fs::fstatfs(&place).doing(action)?.f_type == PROC_SUPER_MAGIC {
            // runc's rule (`checkProcMount`): it could replace what hides or guards other parts of the host.
            return Err(Failure::config(format!(
                "a volume cannot be mounted at `{target}`, which is in `/proc`"
            )));
        }
        attach::at(self.mount.as_fd(), place.as_fd()).doing(action)
    }
}
