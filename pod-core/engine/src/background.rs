//! A pod whose monitor is another process, started from here and living on without us.

use std::fs::File;
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pod_core::lifecycle::{AppState, PodPhase, PodStatus};
use pod_core::pod::Uuid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::control::{Call, Request};
use crate::dir::PodState;
use crate::engine::{Engine, PodEntry, Prepared};
use crate::error::{Doing, Error, Kind};

/// What a monitor in the background says on its standard error.
const LOG: &str = "monitor.log";

/// As much of that as an error tells.
const MAX_MESSAGE: u64 = 4096;

/// How often we look until the monitor can be called: it takes some milliseconds.
const LOOK: Duration = Duration::from_millis(2);

impl Engine {
    /// Runs a prepared pod by a monitor in the background: another process, which lives on when this one and its terminal are gone.
    ///
    /// `command` is that process: a program that begins a session of its own (setsid(2)), takes the pod up by [`Engine::handed_over`]
    /// and runs it by [`Engine::run`]; it had better leave its working directory. Its standard input carries the lock of the pod, so that at no moment anybody else can take
    /// the pod; its standard output is nowhere, and its standard error is the file `monitor.log` in the pod's directory.
    ///
    /// Returns when the pod runs: one of its apps has begun, or cannot begin, or its namespaces or network could not be made at the
    /// first try; the last is among its events ([`PodEntry::events`]).
    ///
    /// # Errors
    ///
    /// When the process cannot be started, or ends before the pod runs; the error has what it said.
    pub fn start(&self, prepared: Prepared, command: &mut Command) -> Result<PodStatus, Error> {
        let uid = prepared.uid();
        let path = prepared.dir.join(LOG);
        let mut log = File::options()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .doing("create", &path)?;
        let lock = prepared.dir.lock().fd().try_clone().doing("hand over", prepared.dir.path())?;
        let theirs = log.try_clone().doing("open", &path)?;
        let mut child = command
            .stdin(Stdio::from(lock))
            .stdout(Stdio::null())
            .stderr(Stdio::from(theirs))
            .spawn()
            .doing("start the monitor", command.get_program())?;
        let started = self.await_start(uid, &mut child);
        // Until now it was ours as well as the child's.
        drop(prepared);
        match started? {
            Some(status) => {
                // Of a pod that is over already the monitor ends too, and who has heard of it may remove the pod.
                if matches!(status.phase, PodPhase::Succeeded | PodPhase::Failed) {
                    child.wait().doing("wait for", "the monitor")?;
                }
                Ok(status)
            }
            None => Err(Kind::Lost { uid, message: said(&mut log) }.into()),
        }
    }

    /// The status of a pod once it runs; `None` when its monitor ended before.
    fn await_start(&self, uid: Uuid, child: &mut Child) -> Result<Option<PodStatus>, Error> {
        let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let pid =
            pid.ok_or_else(|| Error::io("know process", child.id().to_string(), rustix::io::Errno::SRCH))?;
        let ended = pidfd_open(pid, PidfdFlags::empty()).doing("open process", child.id().to_string())?;
        let mut watch: Option<Call> = None;
        loop {
            let is_over = child.try_wait().doing("wait for", "the monitor")?.is_some();
            let entry = match self.pod(&uid.to_string()) {
                Ok(entry) => Some(entry),
                Err(error) if error.is_not_found() => None,
                Err(error) => return Err(error),
            };
            if let Some(entry) = entry {
                if entry.status.as_ref().is_some_and(has_begun) || has_failed(&entry)? {
                    return Ok(entry.status);
                }
                if watch.is_none() && entry.state == PodState::Running {
                    watch = Call::ask(&entry.dir, &Request::Watch, &[])?;
                }
            }
            if is_over {
                return Ok(None);
            }
            let (timeout, mut fds) = match &watch {
                Some(watch) => {
                    (None, vec![PollFd::new(&ended, PollFlags::IN), PollFd::new(watch, PollFlags::IN)])
                }
                None => (Some(LOOK), vec![PollFd::new(&ended, PollFlags::IN)]),
            };
            let timeout = timeout.map(|time| Timespec { tv_sec: 0, tv_nsec: time.subsec_nanos().into() });
            rustix::io::retry_on_intr(|| poll(&mut fds, timeout.as_ref()))
                .doing("wait for", "the monitor")?;
            let told = fds.get(1).is_some_and(|fd| !fd.revents().is_empty());
            drop(fds);
            if let Some(call) = watch.take_if(|_| told) {
                watch = call.reply()?.map(|_| call);
            }
        }
    }

    /// Takes up the pod that [`Engine::start`] hands over, in the process that it has started. Its standard input is `/dev/null` from
    /// then on.
    ///
    /// # Errors
    ///
    /// When standard input is not the lock of that pod.
    pub fn handed_over(&self, uid: Uuid) -> Result<Prepared, Error> {
        let lock = take_stdin()?;
        let dir = self.data.adopt(uid, lock)?;
        let spec = dir.spec()?;
        Ok(Prepared { dir, spec })
    }
}

/// Whether an app has begun, or cannot.
fn has_begun(status: &PodStatus) -> bool {
    status.apps.iter().any(|app| match &app.state {
        AppState::Waiting { reason, .. } => {
            !matches!(reason.as_str(), "PodInitializing" | "ContainerCreating")
        }
        AppState::Running { .. } | AppState::Terminated { .. } => true,
    })
}

/// Whether its namespaces or its network could not be made; that is tried again and again.
fn has_failed(entry: &PodEntry) -> Result<bool, Error> {
    let mut failed = false;
    if entry.state == PodState::Running {
        entry.events(false, &mut |notice| {
            failed |= notice.reason == "FailedCreatePodSandBox";
            ControlFlow::Continue(())
        })?;
    }
    Ok(failed)
}

/// What a monitor has said before its end.
fn said(log: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = log.rewind().and_then(|()| log.take(MAX_MESSAGE).read_to_end(&mut bytes));
    if let Err(error) = read {
        tracing::warn!(%error, "what the monitor said cannot be read");
    }
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

/// Standard input as a descriptor of its own; nothing takes its place.
fn take_stdin() -> Result<OwnedFd, Error> {
    let path = Path::new("/dev/null");
    let lock =
        rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin().as_fd(), 3).doing("open", "standard input")?;
    let null = File::open(path).doing("open", path)?;
    rustix::stdio::dup2_stdin(&null).doing("close", "standard input")?;
    Ok(lock)
}
