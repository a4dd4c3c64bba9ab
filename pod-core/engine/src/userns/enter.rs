//! The step into a user namespace.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, getegid, geteuid};
use rustix::thread::ThreadNameSpaceType;

use super::ranges::{self, Range};
use crate::sys;

/// What [`enter`] came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entered {
    /// This process was root already, and nothing was done.
    Root,
    /// It is root of a user namespace that has the user's ranges of identifiers.
    Ranges,
    /// It is root of a user namespace in which there is no other user and no other group: apps run as user 0 only, and files of
    /// an image belong to it, whoever the image names.
    Single {
        /// Why there are no ranges, and what would give some.
        why: String,
    },
}

/// Why this process cannot become root of a user namespace.
#[derive(Debug)]
pub struct EnterError {
    action: String,
    cause: io::Error,
}

impl fmt::Display for EnterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.action)
    }
}

impl std::error::Error for EnterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

fn failed(action: impl Into<String>) -> impl FnOnce(Errno) -> EnterError {
    |errno| EnterError { action: action.into(), cause: errno.into() }
}

/// Makes this process root of a user namespace of its own, unless it is root already.
///
/// Call it once, after [`crate::stage1::run_if_asked`] and before there are threads. The user is mapped to 0, its ranges from 1. Whoever
/// enters twice with the same ranges finds the same owners again, so that a pod's files can be removed by another process later.
///
/// The groups that the user has beside its own stay with this process; with ranges they are given up when an app starts, without them
/// the kernel forbids that (`/proc/self/setgroups`).
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use pod_engine::userns::{Entered, enter};
///
/// pod_engine::stage1::run_if_asked();
/// if let Entered::Single { why } = enter()? {
///     eprintln!("apps can run as user 0 only: {why}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When the machine does not let ordinary users make user namespaces; the text names the switch that forbids it, where one is known:
/// `user.max_user_namespaces` is 0, `kernel.unprivileged_userns_clone` is 0, `kernel.apparmor_restrict_unprivileged_userns` is 1. Also in a
/// chroot, and in a process with several threads.
pub fn enter() -> Result<Entered, EnterError> {
    if geteuid().is_root() {
        return Ok(Entered::Root);
    }
    let (holder, entered) = match Allowance::of_user() {
        Ok(allowance) => {
            let holder = hold()?;
            match allowance.map(holder.pid()) {
                Ok(()) => (holder, Entered::Ranges),
                // One of the two maps may be written: only a new namespace can still have another one.
                Err(why) => single(why)?,
            }
        }
        Err(why) => single(why)?,
    };
    rustix::thread::move_into_thread_name_spaces(holder.pidfd(), ThreadNameSpaceType::USER)
        .map_err(failed("cannot enter the new user namespace"))?;
    drop(holder);
    sys::unshare_mounts().map_err(|errno| forbidden("cannot make a mount namespace", errno))?;
    tracing::debug!(?entered, "in a user namespace");
    Ok(entered)
}

fn hold() -> Result<sys::Holder, EnterError> {
    sys::Holder::new(libc::CLONE_NEWUSER).map_err(|errno| forbidden("cannot make a user namespace", errno))
}

/// A namespace with one identifier, which needs nobody's help.
fn single(why: String) -> Result<(sys::Holder, Entered), EnterError> {
    let holder = hold()?;
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    let files = [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {uid} 1")),
        ("gid_map", format!("0 {gid} 1")),
    ];
    for (name, text) in files {
        let path = format!("/proc/{}/{name}", holder.pid().as_raw_nonzero());
        fs::write(&path, text).map_err(|cause| {
            let errno = Errno::from_io_error(&cause).unwrap_or(Errno::IO);
            forbidden(&format!("cannot map the user in a new user namespace (`{name}`)"), errno)
        })?;
    }
    Ok((holder, Entered::Single { why }))
}

/// What the machine gives the user, and the programs that apply it.
struct Allowance {
    users: Vec<Range>,
    groups: Vec<Range>,
}

impl Allowance {
    fn of_user() -> Result<Self, String> {
        let uid = geteuid().as_raw();
        let name = ranges::user_name(uid);
        let user = name.clone().unwrap_or_else(|| uid.to_string());
        let of = |path: &str| {
            let found = ranges::of_user(Path::new(path), uid, name.as_deref());
            if found.is_empty() {
                let add = "`usermod --add-subuids 100000-165535 --add-subgids 100000-165535`";
                return Err(format!(
                    "`{path}` gives no range of identifiers to user `{user}` (root adds one by {add})"
                ));
            }
            Ok(found)
        };
        Ok(Self { users: of("/etc/subuid")?, groups: of("/etc/subgid")? })
    }

    /// Writes both maps of a process's namespace, as only programs of root can.
    fn map(&self, process: Pid) -> Result<(), String> {
        run("newuidmap", process, &ranges::arguments(geteuid().as_raw(), &self.users))?;
        run("newgidmap", process, &ranges::arguments(getegid().as_raw(), &self.groups))
    }
}

fn run(program: &str, process: Pid, arguments: &[String]) -> Result<(), String> {
    let output = Command::new(program)
        .arg(process.as_raw_nonzero().to_string())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                format!("`{program}` is not installed (Debian's package `uidmap` has it)")
            }
            _ => format!("`{program}` cannot be run: {error}"),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{program}` failed: {}", said.trim().lines().last().unwrap_or("it did not say why")))
}

/// Says in plain words what stands in the way, where it is known.
fn forbidden(action: &str, errno: Errno) -> EnterError {
    let is = |path: &str, value: &str| fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
    let switch = match errno {
        Errno::PERM | Errno::ACCESS if is("/proc/sys/kernel/unprivileged_userns_clone", "0") => Some(
            "`kernel.unprivileged_userns_clone` is 0: this machine has user namespaces switched off for ordinary users",
        ),
        Errno::PERM | Errno::ACCESS if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") => {
            Some(
                "`kernel.apparmor_restrict_unprivileged_userns` is 1: this machine lets only programs with an AppArmor profile of their own do it",
            )
        }
        Errno::NOSPC if is("/proc/sys/user/max_user_namespaces", "0") => {
            Some("`user.max_user_namespaces` is 0: this machine has user namespaces switched off")
        }
        Errno::NOSPC => Some("`user.max_user_namespaces` are there already, or they are nested too deeply"),
        Errno::USERS => Some("they are nested too deeply"),
        Errno::PERM => Some("not in a chroot, and not where a container forbids it"),
        Errno::INVAL => Some("either this kernel has none, or this process has several threads"),
        _ => None,
    };
    let action = switch.map_or_else(|| action.to_owned(), |switch| format!("{action}: {switch}"));
    EnterError { action, cause: errno.into() }
}
