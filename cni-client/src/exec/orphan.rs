//! Plugins whose caller was killed: they go on without it.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::name::ContainerId;

/// How long an orphan may go on: what it does is done best when it comes to its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a killed one may take to vanish.
const VANISH: Duration = Duration::from_secs(2);

/// Waits until no plugin works on a container any more; after a while they are killed.
///
/// They are known by what they were started with, `CNI_CONTAINERID` in the environment, and not by a number that was written
/// down: no process that came later by the same number is ever touched. A daemon that a plugin has left on purpose has a session
/// of its own, and is left alone.
///
/// # Errors
///
/// When `/proc` cannot be read, and when one does not vanish.
pub(crate) fn settle(container: &ContainerId) -> io::Result<()> {
    let wanted = format!("CNI_CONTAINERID={container}");
    let started = Instant::now();
    loop {
        let orphans = orphans(wanted.as_bytes())?;
        if orphans.is_empty() {
            return Ok(());
        }
        let kill = started.elapsed() >= PATIENCE;
        if started.elapsed() >= PATIENCE + VANISH {
            let message = format!("a plugin that works on container `{container}` cannot be killed");
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        for orphan in orphans {
            if kill {
                tracing::warn!(%container, "a plugin whose caller is gone takes too long: it is killed");
                // One that has just ended needs no signal.
                let _ = pidfd_send_signal(&orphan, Signal::KILL);
            }
            let _ = poll(&mut [PollFd::new(&orphan, PollFlags::IN)], Some(&pause()));
        }
    }
}

const fn pause() -> Timespec {
    Timespec { tv_sec: 0, tv_nsec: 200_000_000 }
}

/// Handles of the processes that were started with this variable.
fn orphans(variable: &[u8]) -> io::Result<Vec<OwnedFd>> {
    let mut orphans = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        // The handle first: what is read then is of that process, or the handle tells that it is over.
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        let folder = format!("/proc/{pid}");
        let environment = fs::read(format!("{folder}/environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|entry| entry == variable)
            && is_in_a_callers_session(&fs::read_to_string(format!("{folder}/stat")).unwrap_or_default())
        {
            orphans.push(handle);
        }
    }
    Ok(orphans)
}

/// Whether a process runs in a group that is not a session's first: so plugins are started, and no daemon is.
fn is_in_a_callers_session(stat: &str) -> bool {
    // The name in parentheses may hold anything (proc_pid_stat(5)): state, parent, group and session come after it.
    let mut fields =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_ascii_whitespace()).into_iter().flatten();
    let (state, _parent, group, session) = (fields.next(), fields.next(), fields.next(), fields.next());
    state.is_some_and(|state| !matches!(state, "Z" | "X")) && group.is_some() && group != session
}
