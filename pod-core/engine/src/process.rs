//! Processes of ours that another process must find again: by number, start time and boot, never by the number alone.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::dir::{Durability, make_dir, read_json, write_json};
use crate::error::{Doing, Error};

/// Who works on a pod.
const OWNER: &str = "owner.json";

/// How long a killed process may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// What tells a process from any other, at any time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessRecord {
    pid: i32,
    /// Since boot, in clock ticks (proc_pid_stat(5), field 22).
    start_time: u64,
    boot_id: String,
}

impl ProcessRecord {
    /// The record of a live child, or of one that ended and was not waited for yet.
    pub(crate) fn of(pid: Pid) -> Result<Self, Error> {
        let pid = pid.as_raw_nonzero().get();
        Ok(Self { pid, start_time: start_time(pid)?, boot_id: boot_id()? })
    }

    /// The process, when it is still there.
    pub(crate) fn open(&self) -> Result<Option<OwnedFd>, Error> {
        if self.boot_id != boot_id()? {
            return Ok(None);
        }
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(None) };
        let fd = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => fd,
            // INVAL: a thread's number by now.
            Err(Errno::SRCH | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(Error::io("open process", self.pid.to_string(), error)),
        };
        // The descriptor was opened first: if the number belongs to the recorded process now, it did so then.
        Ok(start_time(self.pid).is_ok_and(|time| time == self.start_time).then_some(fd))
    }
}

/// Writes down that this process works on a pod.
pub(crate) fn sign(dir: &Path) -> Result<(), Error> {
    let own = ProcessRecord::of(rustix::process::getpid())?;
    write_json(&dir.join(OWNER), &own, Durability::Volatile)
}

/// Whether whoever signed a pod last is dead. Nobody knows when nobody signed.
pub(crate) fn owner_is_dead(dir: &Path) -> bool {
    let Ok(Some(owner)) = read_json::<ProcessRecord>(&dir.join(OWNER)) else { return false };
    match owner.open() {
        Ok(None) => true,
        // Readable once it has ended, also while its parent has not waited for it.
        Ok(Some(fd)) => poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&Timespec::default()))
            .is_ok_and(|ready| ready > 0),
        Err(_) => false,
    }
}

/// Kills every process that a pod directory has a record of, and waits until they are gone.
pub(crate) fn kill_recorded(dir: &Path) -> Result<(), Error> {
    let mut killed = Vec::new();
    for record in recorded(dir)? {
        if let Some(fd) = record.open()? {
            tracing::debug!(pid = record.pid, "kill");
            kill(&fd)?;
            killed.push(fd);
        }
    }
    let start = Instant::now();
    for fd in &killed {
        let left = PATIENCE.saturating_sub(start.elapsed());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        // A process that the kernel holds up longer is left to it: its control group, which must go, has the last word.
        let _ = rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout)));
    }
    Ok(())
}

fn recorded(dir: &Path) -> Result<Vec<ProcessRecord>, Error> {
    let records = dir.join("processes");
    let entries = match fs::read_dir(&records) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", records, error)),
    };
    let mut list = Vec::new();
    for entry in entries {
        let path = entry.doing("list", &records)?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match read_json(&path) {
            Ok(record) => list.extend(record),
            // Records are replaced in one step, so only a power loss leaves a part of one; and that ended the process, too.
            Err(error) => tracing::warn!(error = error.chain(), "a record of a process is passed over"),
        }
    }
    Ok(list)
}

/// Sends SIGKILL; a process that is gone is killed already.
pub(crate) fn kill(process: &OwnedFd) -> Result<(), Error> {
    match pidfd_send_signal(process, Signal::KILL) {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(Error::io("kill", "a process", error)),
    }
}

/// Writes down a process, so that a garbage collector can end it when its monitor dies.
pub(crate) fn remember(dir: &Path, name: &str, pid: Pid) -> Result<(), Error> {
    let records = dir.join("processes");
    make_dir(&records, 0o700)?;
    write_json(&records.join(format!("{name}.json")), &ProcessRecord::of(pid)?, Durability::Volatile)
}

/// Takes the record of a process that was waited for away again.
pub(crate) fn forget(dir: &Path, name: &str) {
    let path = dir.join("processes").join(format!("{name}.json"));
    if let Err(error) = fs::remove_file(&path) {
        tracing::debug!(path = %path.display(), %error, "no record of a process to remove");
    }
}

fn boot_id() -> Result<String, Error> {
    let path = "/proc/sys/kernel/random/boot_id";
    Ok(fs::read_to_string(path).doing("read", path)?.trim().to_owned())
}

fn start_time(pid: i32) -> Result<u64, Error> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).doing("read", &path)?;
    parse_start_time(&stat).ok_or_else(|| Error::io("understand", path, Errno::INVAL))
}

/// The name of the program, in parentheses, may hold anything; the fields are counted from its end.
fn parse_start_time(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_after_any_program_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 8675309 1 1";
        assert_eq!(parse_start_time(stat), Some(8_675_309));
        assert_eq!(parse_start_time("7 (a) S 1"), None);
    }

    #[test]
    fn a_number_alone_finds_nobody() {
        let own = ProcessRecord::of(rustix::process::getpid()).unwrap();
        assert!(own.open().unwrap().is_some());
        assert!(ProcessRecord { start_time: own.start_time + 1, ..own.clone() }.open().unwrap().is_none());
        assert!(ProcessRecord { boot_id: "another".to_owned(), ..own }.open().unwrap().is_none());
    }
}
