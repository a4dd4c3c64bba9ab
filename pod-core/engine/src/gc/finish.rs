//! Ends what a monitor left, from what the pod directory says. All of it may be done any number of times.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pod_core::Timestamp;
use pod_core::lifecycle::{AppState, PodPhase, PodStatus};

use crate::cgroup::{self, Cgroups};
use crate::dir::{Durability, PodDir, read_json, read_status, write_json};
use crate::error::{Error, Kind};
use crate::mounts::unmount_below;
use crate::ports::Network;
use crate::process::{self, Dying};

/// Where a pod's control groups are written down.
const CGROUPS: &str = "cgroups.json";
/// What that record is called when all that was made for the pod is gone again: then nobody needs to look for it.
const FINISHED: &str = "cgroups.finished.json";
/// There while the pod may be on a network.
pub(crate) const NETWORK: &str = "network.json";

/// Ends what a monitor left that is dead, or had come to its end.
pub(crate) fn take_over(dir: &PodDir, network: &mut dyn Network) -> Result<(), Error> {
    if dir.join(FINISHED).exists() {
        return Ok(());
    }
    let mut dying = Dying::default();
    process::await_owner(dir.path(), &mut dying)?;
    process::kill_marked(dir.uid(), &mut dying)?;
    end(dir, &groups(dir)?, network, dying)
}

/// Ends what is left of a pod that this process was the monitor of: every process that it launched is waited for already, or on
/// record.
pub(crate) fn finish(dir: &PodDir, cgroups: &Cgroups, network: &mut dyn Network) -> Result<(), Error> {
    end(dir, &cgroups.pod_groups(dir.uid()), network, Dying::default())
}

/// Kills what runs and waits for it, removes its control groups, takes the pod off the network, unmounts what is mounted in its
/// directory.
fn end(dir: &PodDir, groups: &[PathBuf], network: &mut dyn Network, mut dying: Dying) -> Result<(), Error> {
    process::kill_recorded(dir.path(), &mut dying)?;
    cgroup::remove_pod(groups, &mut dying)?;
    dying.wait()?;
    detach(dir, network)?;
    unmount_below(dir.path())?;
    dir.forget_private();
    // Without the mark there is only more to do for whoever comes next.
    if let Err(error) = fs::rename(dir.join(CGROUPS), dir.join(FINISHED)) {
        tracing::debug!(%error, "the pod is not marked as finished");
    }
    Ok(())
}

/// The groups that were written down, and those that a pod would have here: a record may be missing, a mount may have moved.
fn groups(dir: &PodDir) -> Result<Vec<PathBuf>, Error> {
    let mut groups: BTreeSet<PathBuf> = Cgroups::detect()?.pod_groups(dir.uid()).into_iter().collect();
    match read_json::<Vec<PathBuf>>(&dir.join(CGROUPS)) {
        Ok(recorded) => groups.extend(recorded.unwrap_or_default()),
        // Only a power loss leaves a part of it; and that ended the groups, too.
        Err(error) => tracing::warn!(error = error.chain(), "the record of control groups is passed over"),
    }
    // What the record names must be a group of this pod: nothing else is ever removed.
    let name = dir.uid().to_string();
    groups.retain(|group| group.file_name().is_some_and(|last| *last == *name));
    Ok(groups.into_iter().collect())
}

/// Writes down the groups that will be made for a pod.
pub(crate) fn remember_groups(dir: &PodDir, cgroups: &Cgroups) -> Result<(), Error> {
    write_json(&dir.join(CGROUPS), &cgroups.pod_groups(dir.uid()), Durability::Volatile)
}

/// Writes down of a pod whose monitor died what became of it: what ran has ended unseen. A full disk does not stop collection.
pub(crate) fn close_status(dir: &PodDir) {
    let closed = read_status(dir.path()).and_then(|status| {
        let Some(mut status) = status else { return Ok(()) };
        let message = "the app was killed after its monitor had ended";
        if close(&mut status, message, SystemTime::now().into()) { dir.write_status(&status) } else { Ok(()) }
    });
    if let Err(error) = closed {
        tracing::warn!(error = error.chain(), "the status stays as the monitor left it");
    }
}

/// What is known of a pod whose monitor has died, before anything is done about it.
pub(crate) fn lost(status: &mut PodStatus) {
    close(
        status,
        "its monitor has ended, and nobody knows: `gc` ends what is left",
        SystemTime::now().into(),
    );
}

/// Whether there was something to close; the message is that of apps that ran.
fn close(status: &mut PodStatus, message: &str, now: Timestamp) -> bool {
    if matches!(status.phase, PodPhase::Succeeded | PodPhase::Failed) {
        return false;
    }
    status.phase = PodPhase::Failed;
    "MonitorLost".clone_into(&mut status.reason);
    "the pod's monitor ended before the pod did".clone_into(&mut status.message);
    for app in &mut status.apps {
        app.ready = false;
        if let AppState::Running { started_at } = app.state {
            app.state = AppState::Terminated {
                exit: None,
                reason: "ContainerStatusUnknown".to_owned(),
                message: message.to_owned(),
                started_at: Some(started_at),
                finished_at: now,
            };
        }
    }
    true
}

/// Takes the pod off the network if it ever was to be on one: the record is written before and removed after.
fn detach(dir: &PodDir, network: &mut dyn Network) -> Result<(), Error> {
    if !dir.join(NETWORK).exists() {
        return Ok(());
    }
    network.detach(dir.uid(), pinned_netns(dir).as_deref()).map_err(|source| Kind::Network {
        doing: "detach",
        uid: dir.uid(),
        source,
    })?;
    forget_network(dir)
}

/// Where the pod's network namespace is, if it is there still.
pub(crate) fn pinned_netns(dir: &PodDir) -> Option<PathBuf> {
    Some(dir.join("ns/net")).filter(|pin| is_namespace(pin))
}

/// The pod is off the network.
pub(crate) fn forget_network(dir: &PodDir) -> Result<(), Error> {
    let record = dir.join(NETWORK);
    fs::remove_file(&record).map_err(|error| Error::io("remove", record, error))
}

/// Whether a namespace is pinned here, rather than the empty file that it is to be mounted on.
fn is_namespace(path: &Path) -> bool {
    /// `NSFS_MAGIC` (statfs(2)).
    const NSFS: i64 = 0x6e73_6673;
    rustix::fs::statfs(path).is_ok_and(|stat| stat.f_type == NSFS)
}
