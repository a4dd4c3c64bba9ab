//! Garbage collection: what ends the work of a monitor, alive or dead, and what deletes pods.

mod finish;

use std::time::{Duration, SystemTime};

use pod_core::pod::Uuid;

use finish::close_status;
use finish::take_over;
pub(crate) use finish::{NETWORK, finish, forget_network, lost, pinned_netns, remember_groups};

use crate::dir::{DataDir, PodDir, Stage};
use crate::error::{Doing, Error};
use crate::ports::Network;
use crate::remove::remove_tree;

/// What is garbage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcOptions {
    /// How long a pod is kept after it was marked; rkt's default is 30 minutes.
    pub grace_period: Duration,
    /// How long a prepared pod waits to be run before it is deleted; rkt's default is 24 hours.
    pub expire_prepared: Duration,
    /// Whether nothing is deleted, only marked.
    pub mark_only: bool,
}

impl Default for GcOptions {
    /// rkt's: 30 minutes, 24 hours.
    fn default() -> Self {
        Self {
            grace_period: Duration::from_secs(30 * 60),
            expire_prepared: Duration::from_secs(24 * 60 * 60),
            mark_only: false,
        }
    }
}

/// What was done.
#[derive(Debug, Default)]
pub struct GcReport {
    /// The pods that were marked: they had come to their end, or their monitor had died.
    pub marked: Vec<Uuid>,
    /// The pods that were deleted.
    pub deleted: Vec<Uuid>,
    /// The pods that stay because something went wrong. The next run tries again.
    pub failed: Vec<(Uuid, Error)>,
}

pub(crate) fn run(data: &DataDir, options: &GcOptions, network: &mut dyn Network) -> Result<GcReport, Error> {
    let mut report = GcReport::default();
    mark(data, network, &mut report)?;
    if !options.mark_only {
        sweep(data, options, network, &mut report)?;
    }
    Ok(report)
}

/// Pass 1: what was never prepared is garbage, what came to its end is finished and marked.
fn mark(data: &DataDir, network: &mut dyn Network, report: &mut GcReport) -> Result<(), Error> {
    for stage in [Stage::Embryo, Stage::Prepare] {
        for uid in data.list(stage)? {
            claimed(data, stage, uid, report, |dir, _| discard(dir));
        }
    }
    for uid in data.list(Stage::Run)? {
        claimed(data, Stage::Run, uid, report, |dir, report| {
            if !mark_exited(dir)? {
                take_over(dir, network)?;
                remove_tree(dir.path())?;
                report.deleted.push(uid);
                return Ok(());
            }
            report.marked.push(uid);
            take_over(dir, network)?;
            close_status(dir);
            Ok(())
        });
    }
    Ok(())
}

/// Pass 2: what is old enough is deleted.
fn sweep(
    data: &DataDir,
    options: &GcOptions,
    network: &mut dyn Network,
    report: &mut GcReport,
) -> Result<(), Error> {
    for uid in data.list(Stage::ExitedGarbage)? {
        claimed(data, Stage::ExitedGarbage, uid, report, |dir, report| {
            if age(dir)? < options.grace_period {
                return Ok(());
            }
            take_over(dir, network)?;
            remove_tree(dir.path())?;
            report.deleted.push(uid);
            Ok(())
        });
    }
    for uid in data.list(Stage::Prepared)? {
        claimed(data, Stage::Prepared, uid, report, |dir, _| {
            if age(dir)? < options.expire_prepared { Ok(()) } else { discard(dir) }
        });
    }
    for uid in data.list(Stage::Garbage)? {
        claimed(data, Stage::Garbage, uid, report, |dir, report| {
            remove_tree(dir.path())?;
            report.deleted.push(uid);
            Ok(())
        });
    }
    Ok(())
}

/// Marks a pod that ran, before anything else is done to it: what an orphan still does by path fails from then on. False when the
/// disk is so full that there is no room for its name in another directory.
fn mark_exited(dir: &mut PodDir) -> Result<bool, Error> {
    match dir.advance(Stage::ExitedGarbage) {
        Err(error) if error.is_no_space() => Ok(false),
        result => result.map(|()| true),
    }
}

/// Makes garbage of a pod that never ran. When there is no room for its name in another directory it is deleted where it is.
fn discard(dir: &mut PodDir) -> Result<(), Error> {
    match dir.advance(Stage::Garbage) {
        Err(error) if error.is_no_space() => remove_tree(dir.path()),
        result => result,
    }
}

/// Deletes a pod that cannot come to run, and that nobody was told of. What stays for want of luck is garbage, and found by [`run`].
pub(crate) fn abandon(mut dir: PodDir) {
    let removed = dir.advance(Stage::Garbage).and_then(|()| remove_tree(dir.path()));
    if let Err(error) = removed {
        tracing::warn!(pod = %dir.uid(), error = error.chain(), "a pod that could not be run stays as garbage");
    }
}

/// Does something to a pod that nobody works on.
fn claimed(
    data: &DataDir,
    stage: Stage,
    uid: Uuid,
    report: &mut GcReport,
    work: impl FnOnce(&mut PodDir, &mut GcReport) -> Result<(), Error>,
) {
    let result = match data.claim(stage, uid) {
        Ok(Some(mut dir)) => work(&mut dir, report),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        tracing::warn!(pod = %uid, error = error.chain(), "garbage collection");
        report.failed.push((uid, error));
    }
}

/// The time since a pod's directory was moved to where it is: its change time.
fn age(dir: &PodDir) -> Result<Duration, Error> {
    let stat = rustix::fs::fstat(dir.lock().fd()).doing("examine", dir.path())?;
    let seconds = u64::try_from(stat.st_ctime).unwrap_or(0);
    let nanoseconds = u32::try_from(stat.st_ctime_nsec).unwrap_or(0).min(999_999_999);
    let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    Ok(SystemTime::now().duration_since(changed).unwrap_or(Duration::ZERO))
}

/// Deletes one pod at once, whatever its age: it must be over, or never have run.
pub(crate) fn remove(mut dir: PodDir, network: &mut dyn Network) -> Result<(), Error> {
    let ran = matches!(dir.stage(), Stage::Run | Stage::ExitedGarbage);
    if dir.stage() == Stage::Run {
        match dir.advance_unsynced(Stage::ExitedGarbage) {
            Err(error) if error.is_no_space() => {}
            moved => moved?,
        }
    }
    if ran {
        take_over(&dir, network)?;
    }
    remove_tree(dir.path())
}
