//! Ends everything in a group, and the group.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{is_missing, write};
use crate::error::{Doing, Error, Kind};
use crate::process::{self, Dying};

/// How long killed processes may take to be gone. Only the kernel can hold them up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Kills everything in these groups of several hierarchies, which hold the same processes or some of them.
pub(super) fn kill_all<'a>(groups: impl Iterator<Item = &'a Path>, dying: &mut Dying) -> Result<(), Error> {
    for group in groups {
        for group in tree(group)? {
            kill_one(&group, dying)?;
        }
    }
    Ok(())
}

/// A group and those below it, the deepest first. None when it is not there.
fn tree(group: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut groups = Vec::new();
    let mut todo = vec![group.to_owned()];
    while let Some(group) = todo.pop() {
        match fs::read_dir(&group) {
            Ok(entries) => {
                for entry in entries {
                    let entry = entry.doing("list", &group)?;
                    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                        todo.push(entry.path());
                    }
                }
                groups.push(group);
            }
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(Error::io("list", group, error)),
        }
    }
    groups.reverse();
    Ok(groups)
}

/// A group that is removed while we look answers `ENODEV`.
fn is_gone(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(Errno::NODEV.raw_os_error())
}

fn kill_one(group: &Path, dying: &mut Dying) -> Result<(), Error> {
    let listed = members(group)?;
    if listed.is_empty() {
        return Ok(());
    }
    // They leave the group before they are gone, so they are held. A number that is no longer of the group may be anybody's by now.
    let mut held = Vec::new();
    for pid in listed.into_iter().take(Dying::MOST) {
        held.extend(open(pid)?.map(|fd| (pid, fd)));
    }
    let still = members(group)?;
    for (pid, fd) in held.into_iter().filter(|(pid, _)| still.contains(pid) || process::is_ending(*pid)) {
        dying.add(pid, fd);
    }
    match write(&group.join("cgroup.kill"), "1") {
        Ok(()) => return Ok(()),
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(error),
    }
    // Frozen they cannot have children faster than we kill. Where there is no freezer, the caller's next pass has the rest.
    let frozen = freeze(group, true);
    let killed = kill_members(group, dying);
    if frozen {
        freeze(group, false);
    }
    killed
}

/// A process by its number; `None` when it is gone, or there is no room for a descriptor.
fn open(pid: i32) -> Result<Option<OwnedFd>, Error> {
    let Some(pid) = Pid::from_raw(pid) else { return Ok(None) };
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno::SRCH | Errno::INVAL | Errno::MFILE) => Ok(None),
        Err(error) => Err(Error::io("open process", pid.as_raw_nonzero().to_string(), error)),
    }
}

/// Freezes or thaws a group, where it can be; whether it can.
fn freeze(group: &Path, on: bool) -> bool {
    let (v1, v2) = if on { ("FROZEN", "1") } else { ("THAWED", "0") };
    write(&group.join("freezer.state"), v1).is_ok() || write(&group.join("cgroup.freeze"), v2).is_ok()
}

fn kill_members(group: &Path, dying: &mut Dying) -> Result<(), Error> {
    for pid in members(group)? {
        let Some(fd) = open(pid)? else { continue };
        // The number may have found a new owner between list and descriptor. If it is in the group still, or again, then the
        // descriptor is of a member, or of one that is gone.
        if members(group)?.contains(&pid) {
            process::kill(&fd)?;
            dying.add(pid, fd);
        }
    }
    Ok(())
}

fn members(group: &Path) -> Result<Vec<i32>, Error> {
    let path = group.join("cgroup.procs");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter_map(|line| line.parse().ok()).collect()),
        Err(error) if is_gone(&error) => Ok(Vec::new()),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

/// Whether a group is gone, or was empty and is gone now. Why another one is not shows when it is emptied.
fn remove_empty(group: &Path) -> bool {
    fs::remove_dir(group).map_or_else(|error| is_gone(&error), |()| true)
}

/// Kills everything in these groups, and removes them with all groups below once it has left them.
pub(super) fn remove(groups: &[PathBuf], dying: &mut Dying) -> Result<(), Error> {
    let mut pace = Pace::begin();
    while let Some(left) = pass(groups, dying)? {
        std::thread::sleep(pace.next(left)?);
    }
    Ok(())
}

/// Does of that what can be done now. What is left for another time is the answer.
fn pass(groups: &[PathBuf], dying: &mut Dying) -> Result<Option<PathBuf>, Error> {
    // What has neither processes nor groups in it goes at once. Most have ended by themselves, and nobody need look into them.
    let groups: Vec<&Path> =
        groups.iter().map(PathBuf::as_path).filter(|group| !remove_empty(group)).collect();
    kill_all(groups.iter().copied(), dying)?;
    let mut left = None;
    for group in groups {
        for group in tree(group)? {
            match fs::remove_dir(&group) {
                Ok(()) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) if error.raw_os_error() == Some(Errno::BUSY.raw_os_error()) => left = Some(group),
                Err(error) => return Err(Error::io("remove control group", group, error)),
            }
        }
    }
    Ok(left)
}

/// How often to look again, and for how long.
#[derive(Debug)]
struct Pace {
    start: Instant,
    pause: Duration,
}

impl Pace {
    fn begin() -> Self {
        Self { start: Instant::now(), pause: Duration::from_micros(200) }
    }

    /// How long to wait before the next look at what is left.
    fn next(&mut self, left: PathBuf) -> Result<Duration, Error> {
        if self.start.elapsed() > PATIENCE {
            return Err(Kind::Stays { what: "the control group", path: left }.into());
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(Duration::from_millis(20));
        Ok(pause)
    }
}

/// The removal of a group that waits for nothing: whoever has other things to do comes back for the next step.
#[derive(Debug)]
pub(crate) struct Removal {
    groups: Vec<PathBuf>,
    dying: Dying,
    pace: Pace,
}

impl Removal {
    pub(super) fn begin(groups: Vec<PathBuf>) -> Self {
        Self { groups, dying: Dying::default(), pace: Pace::begin() }
    }

    /// Goes on. `None`: the group is gone, and everything that was in it; else how long to wait before the next step.
    pub(crate) fn step(&mut self) -> Result<Option<Duration>, Error> {
        if let Some(left) = pass(&self.groups, &mut self.dying)? {
            return self.pace.next(left).map(Some);
        }
        match self.dying.first()? {
            None => Ok(None),
            Some(pid) => self.pace.next(format!("/proc/{pid}").into()).map(Some),
        }
    }
}
