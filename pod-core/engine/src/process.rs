//! Processes of ours that another process must find again: by number, start time and boot, never by the number alone.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pod_core::pod::Uuid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, Uid, dumpable_behavior, pidfd_open, pidfd_send_signal, set_dumpable_behavior,
};
use rustix::thread::set_thread_res_uid;
use serde::{Deserialize, Serialize};

use crate::dir::{Durability, read_json, records, write_json};
use crate::error::{Doing, Error, Kind};
use crate::userns;

/// Who works on a pod.
const OWNER: &str = "owner.json";
/// What the names of the records of other processes begin with.
const PROCESS: &str = "process-";

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

/// Takes that back: nobody works on it.
pub(crate) fn resign(dir: &Path) {
    if let Err(error) = fs::remove_file(dir.join(OWNER)) {
        tracing::debug!(%error, "no owner's record to remove");
    }
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

/// Processes that were killed, to be waited for. Each is named by its descriptor; the number is for messages.
#[derive(Debug, Default)]
pub(crate) struct Dying(Vec<(i32, OwnedFd)>);

impl Dying {
    /// As many are waited for one by one; of more, their control group tells.
    pub(crate) const MOST: usize = 512;

    pub(crate) fn add(&mut self, pid: i32, process: OwnedFd) {
        if self.0.len() < Self::MOST && self.0.iter().all(|(known, _)| *known != pid) {
            self.0.push((pid, process));
        }
    }

    /// One that has not ended yet; those that have are forgotten. What a parent has not taken note of yet counts as ended.
    pub(crate) fn first(&mut self) -> Result<Option<i32>, Error> {
        let now = Timespec::default();
        while let Some((pid, fd)) = self.0.last() {
            let ready = rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&now)))
                .doing("wait for", format!("/proc/{pid}"))?;
            if ready == 0 {
                return Ok(Some(*pid));
            }
            self.0.pop();
        }
        Ok(None)
    }

    /// Waits until all have ended: what a parent has not taken note of yet counts as ended, everything else of it is gone.
    ///
    /// # Errors
    ///
    /// When the kernel holds one of them up for too long; the error says which.
    pub(crate) fn wait(self) -> Result<(), Error> {
        let start = Instant::now();
        for (pid, fd) in self.0 {
            let left = PATIENCE.saturating_sub(start.elapsed());
            let timeout = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            let ready =
                rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)))
                    .doing("wait for", format!("/proc/{pid}"))?;
            if ready == 0 {
                return Err(Kind::Stays { what: "the process", path: format!("/proc/{pid}").into() }.into());
            }
        }
        Ok(())
    }
}

/// Kills every process that a pod directory has a record of.
pub(crate) fn kill_recorded(dir: &Path, dying: &mut Dying) -> Result<(), Error> {
    for record in recorded(dir)? {
        if let Some(fd) = record.open()? {
            tracing::debug!(pid = record.pid, "kill");
            kill(&fd)?;
            dying.add(record.pid, fd);
        }
    }
    Ok(())
}

/// Kills what a dead monitor has launched for a pod and had no time to write down: it bears the pod's identifier while it is
/// stage1, and is in the pod's control groups later.
pub(crate) fn kill_marked(uid: Uuid, dying: &mut Dying) -> Result<(), Error> {
    let wanted = format!("{}\0{uid}\0", crate::stage1::NAME);
    let is_ours =
        |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|text| text == wanted.as_bytes());
    for entry in fs::read_dir("/proc").doing("list", "/proc")? {
        let name = entry.doing("list", "/proc")?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        if !is_ours(number) {
            continue;
        }
        let Some(pid) = Pid::from_raw(number) else { continue };
        let fd = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(Errno::SRCH | Errno::INVAL) => continue,
            Err(error) => return Err(Error::io("open process", number.to_string(), error)),
        };
        // The number may have found another owner before the descriptor was opened.
        if is_ours(number) {
            tracing::debug!(pid = number, "kill");
            kill(&fd)?;
            dying.add(number, fd);
        } else if is_ending(number) {
            dying.add(number, fd);
        }
    }
    Ok(())
}

/// Waits for a dead owner to be gone altogether: it lets go of its lock some time before.
pub(crate) fn await_owner(dir: &Path, dying: &mut Dying) -> Result<(), Error> {
    let owner = match read_json::<ProcessRecord>(&dir.join(OWNER)) {
        Ok(owner) => owner,
        // As for other records: only a power loss leaves a part of it.
        Err(error) => {
            tracing::warn!(error = error.chain(), "the record of the owner is passed over");
            None
        }
    };
    let Some(owner) = owner else { return Ok(()) };
    if let Some(fd) = owner.open()?
        && is_ending(owner.pid)
    {
        dying.add(owner.pid, fd);
    }
    Ok(())
}

/// Whether a process is on its way out of the world, by its number: one that is will not come back.
pub(crate) fn is_ending(pid: i32) -> bool {
    /// `PF_EXITING` (linux/sched.h): set from the first step of an end to the last.
    const EXITING: u64 = 4;
    stat_field(pid, 9).is_ok_and(|flags| flags & EXITING != 0)
}

fn recorded(dir: &Path) -> Result<Vec<ProcessRecord>, Error> {
    let mut list = Vec::new();
    for path in records(dir, PROCESS)? {
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
    match pidfd_send_signal(process, Signal::KILL).or_else(|error| kill_as_its_user(process, error)) {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(Error::io("kill", "a process", error)),
    }
}

/// A pod's user namespace is not that of its garbage collector, whose rights end at its own. But both have the same identifiers, and
/// a user may kill its own processes: for that moment this thread is the user of that process.
fn kill_as_its_user(process: &OwnedFd, error: Errno) -> Result<(), Errno> {
    if error != Errno::PERM || userns::is_initial() {
        return Err(error);
    }
    let uid = user_of(process).ok_or(error)?;
    let dumpable = dumpable_behavior()?;
    set_thread_res_uid(uid, uid, Uid::ROOT)?;
    let killed = pidfd_send_signal(process, Signal::KILL);
    set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT)?;
    // Becoming another user has made our own `/proc/self` the machine's root's.
    set_dumpable_behavior(dumpable)?;
    killed
}

/// The real user of a process, by its pidfd.
fn user_of(process: &OwnedFd) -> Option<Uid> {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", process.as_raw_fd())).ok()?;
    let pid: i32 = info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    Some(Uid::from_raw(uids.split_ascii_whitespace().next()?.parse().ok()?))
}

/// Writes down a process, so that a garbage collector can end it when its monitor dies.
pub(crate) fn remember(dir: &Path, name: &str, pid: Pid) -> Result<(), Error> {
    write_json(&record_of(dir, name), &ProcessRecord::of(pid)?, Durability::Volatile)
}

fn record_of(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{PROCESS}{name}.json"))
}

/// Takes the record of a process that was waited for away again.
pub(crate) fn forget(dir: &Path, name: &str) {
    let path = record_of(dir, name);
    if let Err(error) = fs::remove_file(&path) {
        tracing::debug!(path = %path.display(), %error, "no record of a process to remove");
    }
}

/// What tells this boot of the machine from any other.
pub(crate) fn boot_id() -> Result<String, Error> {
    static KNOWN: OnceLock<String> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Ok(known.clone());
    }
    let path = "/proc/sys/kernel/random/boot_id";
    let read = fs::read_to_string(path).doing("read", path)?.trim().to_owned();
    Ok(KNOWN.get_or_init(|| read).clone())
}

fn start_time(pid: i32) -> Result<u64, Error> {
    stat_field(pid, 22)
}

/// A numeric field of a process's state, by its number in proc_pid_stat(5).
fn stat_field(pid: i32, number: usize) -> Result<u64, Error> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).doing("read", &path)?;
    parse_stat(&stat, number).ok_or_else(|| Error::io("understand", path, Errno::INVAL))
}

/// The name of the program, in parentheses, may hold anything; it is field 2, and the others are counted from its end.
fn parse_stat(stat: &str, number: usize) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_after_any_program_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 8675309 1 1";
        assert_eq!(parse_stat(stat, 22), Some(8_675_309));
        assert_eq!(parse_stat(stat, 9), Some(4_194_560));
        assert_eq!(parse_stat("7 (a) S 1", 22), None);
    }

    #[test]
    fn a_number_alone_finds_nobody() {
        let own = ProcessRecord::of(rustix::process::getpid()).unwrap();
        assert!(own.open().unwrap().is_some());
        assert!(ProcessRecord { start_time: own.start_time + 1, ..own.clone() }.open().unwrap().is_none());
        assert!(ProcessRecord { boot_id: "another".to_owned(), ..own }.open().unwrap().is_none());
    }
}
