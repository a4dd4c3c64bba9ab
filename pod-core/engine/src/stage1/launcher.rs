//! The monitor's side: makes stage1 processes.

use std::ffi::CString;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use pod_core::pod::Uuid;
use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use super::executable;
use super::report::Reports;
use crate::plan::Plan;
use crate::sys;

/// Makes stage1 processes out of this program itself, which must call [`super::run_if_asked`] first in its `main`.
///
/// It keeps one descriptor and next to no memory. Making one needs no privilege, launching does (as root, all but `CAP_SYS_RESOURCE`).
#[derive(Debug)]
pub struct Launcher {
    exe: OwnedFd,
    mark: Option<CString>,
}

/// The standard streams of a new process.
#[derive(Debug, Clone, Copy)]
pub struct Stdio<'a> {
    /// Descriptor 0.
    pub stdin: BorrowedFd<'a>,
    /// Descriptor 1.
    pub stdout: BorrowedFd<'a>,
    /// Descriptor 2.
    pub stderr: BorrowedFd<'a>,
}

/// The PID namespace of a new process.
#[derive(Debug, Clone, Copy)]
pub enum Pids<'a> {
    /// The launching process's own.
    Host,
    /// A new one, whose PID 1 it is.
    New,
    /// That of a process, given by its pidfd. For an exec plan it is the app, whose other namespaces are joined too.
    Of(BorrowedFd<'a>),
}

/// A stage1 process: a child of the launching one, which must wait for it.
#[derive(Debug)]
pub struct Launched {
    /// Its number in the launching process's PID namespace.
    pub pid: i32,
    /// Itself: readable when it has ended.
    pub pidfd: OwnedFd,
    /// What it says.
    pub reports: Reports,
}

/// Why no stage1 process could be made.
#[derive(Debug)]
pub struct LaunchError {
    action: &'static str,
    cause: io::Error,
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action)
    }
}

impl std::error::Error for LaunchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

fn failed<E: Into<io::Error>>(action: &'static str) -> impl FnOnce(E) -> LaunchError {
    move |cause| LaunchError { action, cause: cause.into() }
}

impl Launcher {
    /// Seals this program's executable for launching.
    ///
    /// # Errors
    ///
    /// When `/proc` is not mounted, or there is neither a mount of its own for it nor memory for a copy.
    pub fn new() -> Result<Self, LaunchError> {
        let exe = executable::sealed().map_err(failed("cannot seal this program's own executable"))?;
        Ok(Self { exe, mark: None })
    }

    /// The same for one pod: every process bears the pod's identifier as an argument while it is stage1, so that a garbage
    /// collector finds it whatever else is known of it.
    ///
    /// # Errors
    ///
    /// As [`Launcher::new`].
    pub fn for_pod(uid: Uuid) -> Result<Self, LaunchError> {
        let mark = CString::new(uid.to_string()).map_err(failed("cannot write the pod's identifier"))?;
        Ok(Self { mark: Some(mark), ..Self::new()? })
    }

    /// Makes a process that carries out a plan. It comes back when that process runs stage1; how it goes is then read from
    /// [`Launched::reports`].
    ///
    /// Everything that the process has is given here: the streams, the plan, the pipe of its reports. The environment is empty.
    ///
    /// # Errors
    ///
    /// When the process cannot be made: no permission for a namespace (`EPERM`), too many processes (`EAGAIN`), the process
    /// whose PID namespace is wanted has ended (`ESRCH`), no descriptors are left (`EMFILE`). [`Plan::Exec`] needs
    /// [`Pids::Of`] the app (`EINVAL`).
    pub fn launch(&self, plan: &Plan, stdio: Stdio<'_>, pids: Pids<'_>) -> Result<Launched, LaunchError> {
        let plan_file = write_plan(plan).map_err(failed("cannot write the plan for stage1"))?;
        let (reading, writing) =
            rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(failed("cannot make a pipe for stage1"))?;
        rustix::fs::fcntl_setfl(&reading, OFlags::NONBLOCK)
            .map_err(failed("cannot make a pipe for stage1"))?;

        let mut fds = vec![stdio.stdin, stdio.stdout, stdio.stderr, plan_file.as_fd(), writing.as_fd()];
        let mut namespaces = namespaces(plan);
        match (plan, pids) {
            (Plan::Exec(_), Pids::Of(app)) => fds.push(app),
            (Plan::Exec(_), _) => {
                return Err(failed("an exec plan needs the process of its app")(Errno::INVAL));
            }
            _ => {}
        }
        if matches!(pids, Pids::New) {
            namespaces |= libc::CLONE_NEWPID;
        }

        let pids_of = match pids {
            Pids::Of(process) => Some(process),
            Pids::New | Pids::Host => None,
        };
        let (exe, name, mark) = (self.exe.as_fd(), super::NAME_C, self.mark.as_deref());
        let cgroup = unified(cgroups(plan)).map_err(failed("cannot open the control group of stage1"))?;
        let cgroup = cgroup.as_ref().map(AsFd::as_fd);
        let spawn = sys::Spawn { exe, name, mark, namespaces, pids_of, cgroup, fds: &fds };
        let action = match pids {
            Pids::Of(_) => "cannot start stage1 in the PID namespace of the app",
            Pids::New | Pids::Host => "cannot start stage1",
        };
        let (pid, pidfd) = sys::spawn(&spawn).map_err(failed(action))?;
        Ok(Launched { pid: pid.as_raw_nonzero().get(), pidfd, reports: Reports::new(reading) })
    }
}

/// The namespaces that a plan's process begins, besides that of processes.
const fn namespaces(plan: &Plan) -> libc::c_int {
    match plan {
        Plan::App(_) | Plan::Reaper(_) => libc::CLONE_NEWNS,
        Plan::Exec(_) | Plan::Probe(_) | Plan::Hook(_) => 0,
    }
}

fn cgroups(plan: &Plan) -> &[PathBuf] {
    match plan {
        Plan::App(plan) => &plan.cgroups,
        Plan::Exec(plan) => &plan.cgroups,
        Plan::Reaper(plan) => &plan.cgroups,
        Plan::Probe(_) | Plan::Hook(_) => &[],
    }
}

/// The one of version 2, which a process is born in. Stage1 enters the others itself.
fn unified(cgroups: &[PathBuf]) -> Result<Option<OwnedFd>, Errno> {
    /// `CGROUP2_SUPER_MAGIC` (statfs(2)).
    const CGROUP2: i64 = 0x6367_7270;
    for cgroup in cgroups {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = match rustix::fs::open(cgroup, flags, Mode::empty()) {
            // Stage1 will say so.
            Err(Errno::NOENT) => continue,
            dir => dir?,
        };
        if rustix::fs::fstatfs(&dir)?.f_type == CGROUP2 {
            return Ok(Some(dir));
        }
    }
    Ok(None)
}

fn write_plan(plan: &Plan) -> io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("plan", MemfdFlags::CLOEXEC)?);
    file.write_all(&serde_json::to_vec(plan)?)?;
    Ok(file)
}
