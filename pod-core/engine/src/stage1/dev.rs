//! An app's `/dev`.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::MountAttrFlags;

use super::attach;
use super::inside::{Inside, Kind};
use super::policy::devices::{CONSOLE, CONSOLE_LIKE, DEVICES, LINKS, OWN_DIRECTORIES};
use super::report::{Doing, Failure};
use crate::plan::AppPlan;

/// The deepest directory of the host's `/dev` that is looked into.
const MAX_DEPTH: u32 = 8;

/// Mounts and fills `/dev`; the result is its root directory. The host's `/dev` must still be there.
pub(crate) fn mount(root: Inside<'_>, plan: &AppPlan) -> Result<OwnedFd, Failure> {
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_STRICTATIME;
    let dev = attach::new("tmpfs", &[("mode", "0755"), ("size", "64m")], attributes)
        .doing(|| "making the app's `/dev`".to_owned())?;
    attach_plain(root, "/dev", dev.as_fd())?;
    let inside = Inside::new(dev.as_fd());

    for (name, major, minor) in DEVICES {
        device(inside, name, rustix::fs::makedev(*major, *minor), name)?;
    }
    for (name, target) in LINKS {
        rustix::fs::symlinkat(*target, &dev, *name).doing(|| format!("making `/dev/{name}`"))?;
    }
    let plain = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let no_devices = plain | MountAttrFlags::MOUNT_ATTR_NODEV;
    terminals(inside, plain)?;
    message_queues(inside, no_devices)?;
    // The apps of a pod share their memory files: then a mount of the plan is there.
    if plan.mounts.iter().any(|mount| Path::new(&mount.target) == Path::new("/dev/shm")) {
        directory(inside, "shm")?;
    } else {
        own(inside, "shm", "tmpfs", &[("mode", "1777"), ("size", "64m")], no_devices)?;
    }
    console(inside, plan.terminal)?;
    if plan.all_devices {
        let host = rustix::fs::openat(
            CWD,
            "/dev",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .doing(|| "opening the host's `/dev`".to_owned())?;
        host_devices(host, &dev, 0).doing(|| "making the host's devices in the app's `/dev`".to_owned())?;
    }
    Ok(dev)
}

/// Attaches one of the kernel's file systems to a directory of the image, which is made when absent and must not be a link.
pub(crate) fn attach_plain(root: Inside<'_>, target: &str, mount: BorrowedFd<'_>) -> Result<(), Failure> {
    let place = match root.open_plain(target, OFlags::PATH | OFlags::DIRECTORY) {
        Err(Errno::NOENT) => root
            .make(target, Kind::Directory)
            .and_then(|_| root.open_plain(target, OFlags::PATH | OFlags::DIRECTORY)),
        found => found,
    };
    let place = match place {
        Err(Errno::LOOP) => {
            return Err(Failure::create(format!("`{target}` of the image is a symbolic link"), Errno::LOOP));
        }
        place => place.doing(|| format!("opening `{target}` of the image"))?,
    };
    attach::at(mount, place.as_fd()).doing(|| format!("mounting `{target}`"))
}

fn own(
    dev: Inside<'_>,
    name: &str,
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<(), Failure> {
    let mount = attach::new(kind, options, attributes).doing(|| mounting(name))?;
    place(dev, name, &mount)
}

fn place(dev: Inside<'_>, name: &str, mount: &OwnedFd) -> Result<(), Failure> {
    let place = directory(dev, name)?;
    attach::at(mount.as_fd(), place.as_fd()).doing(|| mounting(name))
}

fn mounting(name: &str) -> String {
    format!("mounting `/dev/{name}`")
}

/// Group 5 is `tty` by agreement of the distributions; grantpt(3) expects it to own terminals. A user namespace may not have it.
fn terminals(dev: Inside<'_>, attributes: MountAttrFlags) -> Result<(), Failure> {
    let options = [("ptmxmode", "0666"), ("mode", "0620"), ("gid", "5")];
    let mount = match attach::new("devpts", &options, attributes) {
        Err(Errno::INVAL) => attach::new("devpts", &options[..2], attributes),
        mount => mount,
    };
    place(dev, "pts", &mount.doing(|| mounting("pts"))?)
}

/// Those of the IPC namespace. The host's are not for a user namespace to mount: then they are the host's own mount, if it has one.
fn message_queues(dev: Inside<'_>, attributes: MountAttrFlags) -> Result<(), Failure> {
    let mount = match attach::new("mqueue", &[], attributes) {
        Err(Errno::PERM) => match host("/dev/mqueue") {
            Err(Errno::NOENT) => return directory(dev, "mqueue").map(drop),
            mount => mount,
        },
        mount => mount,
    };
    place(dev, "mqueue", &mount.doing(|| mounting("mqueue"))?)
}

/// A second mount of something of the host.
fn host(path: impl AsRef<Path>) -> Result<OwnedFd, Errno> {
    let host = rustix::fs::openat(CWD, path.as_ref(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    attach::copy(host.as_fd(), false)
}

fn directory(dev: Inside<'_>, name: &str) -> Result<OwnedFd, Failure> {
    dev.make(name, Kind::Directory).doing(|| format!("making `/dev/{name}`"))
}

/// A device with that number, which the host has under the name `same`.
fn device(dev: Inside<'_>, name: &str, number: u64, same: &str) -> Result<(), Failure> {
    let action = || format!("making `/dev/{name}`");
    let at = dev.open("/", OFlags::PATH).doing(action)?;
    match rustix::fs::mknodat(&at, name, FileType::CharacterDevice, Mode::from_raw_mode(0o666), number) {
        // Not for us in a user namespace, or by a cgroup: the host's own device does it.
        Err(Errno::PERM) => bind_host(dev, name, Path::new("/dev").join(same).as_path()).doing(action),
        made => made.doing(action),
    }
}

fn bind_host(dev: Inside<'_>, name: &str, path: &Path) -> Result<(), Errno> {
    let mount = host(path)?;
    attach::at(mount.as_fd(), dev.make(name, Kind::File)?.as_fd())
}

/// With a terminal it is `/dev/console`, by its own name as far as the app can see.
fn console(dev: Inside<'_>, terminal: bool) -> Result<(), Failure> {
    if !terminal {
        return device(dev, "console", rustix::fs::makedev(CONSOLE.0, CONSOLE.1), CONSOLE_LIKE);
    }
    let action = || "making `/dev/console` of the terminal".to_owned();
    let name = rustix::fs::readlink("/proc/self/fd/0", Vec::new()).doing(action)?;
    let name = Path::new(name.to_str().map_err(|_| Errno::ILSEQ).doing(action)?).to_owned();
    bind_host(dev, "console", &name).doing(action)
}

/// Makes all devices of the host but those that are there, with their owners and modes.
fn host_devices(host: OwnedFd, dev: &OwnedFd, depth: u32) -> Result<(), Errno> {
    let mut listing = Dir::new(host)?;
    while let Some(entry) = listing.read() {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_bytes();
        let ours = depth == 0 && OWN_DIRECTORIES.iter().any(|own| own.as_bytes() == text);
        if matches!(text, b"." | b"..") || ours {
            continue;
        }
        match entry.file_type() {
            FileType::Directory if depth < MAX_DEPTH => {
                let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let below = rustix::fs::openat(listing.fd()?, name, flags, Mode::empty())?;
                ignore_existing(rustix::fs::mkdirat(dev, name, Mode::from_raw_mode(0o755)))?;
                let own = rustix::fs::openat(dev, name, flags, Mode::empty())?;
                host_devices(below, &own, depth + 1)?;
            }
            kind @ (FileType::CharacterDevice | FileType::BlockDevice) => {
                let stat = rustix::fs::statat(listing.fd()?, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
                let mode = Mode::from_raw_mode(stat.st_mode);
                match rustix::fs::mknodat(dev, name, kind, mode, stat.st_rdev) {
                    Err(Errno::EXIST) => {}
                    Err(Errno::PERM) => {
                        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                        let device = rustix::fs::openat(listing.fd()?, name, flags, Mode::empty())?;
                        bind_device(device.as_fd(), dev, name)?;
                    }
                    made => {
                        made?;
                        let (uid, gid) =
                            (rustix::fs::Uid::from_raw(stat.st_uid), rustix::fs::Gid::from_raw(stat.st_gid));
                        rustix::fs::chownat(
                            dev,
                            name,
                            Some(uid),
                            Some(gid),
                            rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
                        )?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// In a user namespace no device can be made; the host's own do it.
fn bind_device(device: BorrowedFd<'_>, dev: &OwnedFd, name: &CStr) -> Result<(), Errno> {
    let mount = attach::copy(device, false)?;
    rustix::fs::mknodat(dev, name, FileType::RegularFile, Mode::from_raw_mode(0o600), 0)?;
    let place =
        rustix::fs::openat(dev, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    attach::at(mount.as_fd(), place.as_fd())
}

fn ignore_existing(made: Result<(), Errno>) -> Result<(), Errno> {
    match made {
        Err(Errno::EXIST) => Ok(()),
        made => made,
    }
}
