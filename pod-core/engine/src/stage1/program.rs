//! The last step: from a process set up to the program that it was set up for.

use std::ffi::{CString, OsStr};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use pod_core::pod::Process;
use rustix::fs::{Access, AtFlags, CWD, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use super::confine;
use super::identity::{self, Identity};
use super::inside::{Inside, Kind};
use super::report::{Doing, Failure, Report, Reporter};
use super::seccomp::Filter;
use crate::plan::Confinement;
use crate::sys;

/// What becomes of a process that is in its root directory.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) process: &'a Process,
    pub(crate) confinement: &'a Confinement,
    /// The system call filter of the confinement.
    pub(crate) filter: Option<Filter>,
    /// Whether the standard streams are a terminal, to be made the controlling one.
    pub(crate) terminal: bool,
}

impl Ending<'_> {
    /// Becomes the program. Comes back only when that fails.
    pub(crate) fn run(self, reporter: &Reporter) -> Failure {
        self.prepare_and_run(reporter).err().unwrap_or_else(|| Failure::config("the process has no program"))
    }

    fn prepare_and_run(self, reporter: &Reporter) -> Result<(), Failure> {
        let Ending { process, confinement, filter, terminal } = self;
        let identity = identity::resolve(&process.user)?;
        rustix::process::setsid().doing(|| "beginning a session".to_owned())?;
        if terminal {
            rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())
                .doing(|| "taking control of the terminal".to_owned())?;
        }
        own_streams(&identity, terminal)?;
        enter_directory(&process.working_dir)?;
        rustix::process::umask(Mode::from_raw_mode(0o022));
        // Kernels without keyrings have none to leave.
        match sys::new_session_keyring() {
            Ok(()) | Err(Errno::NOSYS) => {}
            Err(errno) => return Err(Failure::create("leaving the session keyring", errno)),
        }

        let strings = Strings::of(process, &identity)?;
        // Without no_new_privs only CAP_SYS_ADMIN may install a filter: before it is given up. Else as late as can be, so that
        // the filter need not allow what is done before (as runc does).
        let (early, late) = if confinement.no_new_privileges { (None, filter) } else { (filter, None) };
        if let Some(filter) = early {
            filter.install()?;
        }
        confine::become_user(&identity, confinement, reporter)?;
        let program = find(process)?;
        if confinement.no_new_privileges {
            rustix::thread::set_no_new_privs(true).doing(|| "giving up new privileges".to_owned())?;
        }
        reporter.say(&Report::Ready);
        if let Some(filter) = late {
            filter.install()?;
        }
        Err(failed(process, sys::execve(&program, &strings.argv, &strings.env)))
    }
}

/// Arguments and environment as the kernel takes them.
struct Strings {
    argv: Vec<CString>,
    env: Vec<CString>,
}

impl Strings {
    fn of(process: &Process, identity: &Identity) -> Result<Self, Failure> {
        let text = |text: String, what: &str| {
            CString::new(text).map_err(|_| Failure::config(format!("{what} of the process has a NUL byte")))
        };
        let argv =
            process.argv.iter().map(|word| text(word.clone(), "an argument")).collect::<Result<_, _>>()?;
        let mut env = process
            .env
            .iter()
            .map(|(name, value)| text(format!("{name}={value}"), "the environment"))
            .collect::<Result<Vec<_>, _>>()?;
        // As Docker and containerd do: the image's accounts say where a user is at home.
        if !process.env.iter().any(|(name, _)| name == "HOME") {
            env.push(text(format!("HOME={}", identity.home), "the environment")?);
        }
        Ok(Self { argv, env })
    }
}

/// Pipes, sockets and the terminal become the user's own, so that it can open them again as `/dev/stdout` (as runc does).
fn own_streams(identity: &Identity, terminal: bool) -> Result<(), Failure> {
    let own = |stream: BorrowedFd<'_>| -> Result<(), Errno> {
        let stat = rustix::fs::fstat(stream)?;
        let ours = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Fifo | FileType::Socket => true,
            FileType::CharacterDevice => terminal,
            _ => false,
        };
        if ours && stat.st_uid != identity.uid {
            match rustix::fs::fchown(stream, Some(Uid::from_raw(identity.uid)), None::<Gid>) {
                // Somebody else's stream in a user namespace, or nobody's there: it can be used, only not opened again.
                Err(Errno::PERM | Errno::INVAL) => {}
                owned => owned?,
            }
        }
        Ok(())
    };
    for stream in [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()] {
        own(stream).doing(|| "giving the standard streams to the user".to_owned())?;
    }
    Ok(())
}

/// Goes to the working directory, which is made when absent (as Docker does).
fn enter_directory(path: &str) -> Result<(), Failure> {
    let action = || format!("entering the working directory `{path}`");
    let root = rustix::fs::openat(CWD, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).doing(action)?;
    let dir = Inside::new(std::os::fd::AsFd::as_fd(&root)).make(path, Kind::Directory).doing(action)?;
    rustix::process::fchdir(&dir).doing(action)
}

/// The file to execute: the program's name when it has a slash, else the first executable of that name on the process's `PATH`.
fn find(process: &Process) -> Result<CString, Failure> {
    let Some(name) = process.argv.first() else {
        return Err(Failure::config("the process has no program"));
    };
    if name.contains('/') {
        return CString::new(name.as_str()).map_err(|_| failed(process, Errno::NOENT));
    }
    let path = process.env.iter().find(|(name, _)| name == "PATH").map_or("", |(_, path)| path.as_str());
    path.split(':')
        .map(|dir| Path::new(if dir.is_empty() { "." } else { dir }).join(name))
        .find(|file| is_executable(file.as_os_str()))
        .and_then(|file| CString::new(file.as_os_str().as_bytes()).ok())
        .ok_or_else(|| {
            Failure::new(
                pod_core::lifecycle::StartFailure::Run,
                format!("exec: \"{name}\": executable file not found in $PATH"),
                None,
            )
        })
}

fn is_executable(file: &OsStr) -> bool {
    let is_file = rustix::fs::stat(file)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
    is_file && rustix::fs::accessat(CWD, file, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

fn failed(process: &Process, errno: Errno) -> Failure {
    Failure::run(format!("exec: \"{}\"", process.argv.first().map_or("", String::as_str)), errno)
}
