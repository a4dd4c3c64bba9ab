//! Ends what a monitor left, from what the pod directory says. All of it may be done any number of times.

use std::fs;

use crate::dir::PodDir;
use crate::error::{Error, Kind};
use crate::mounts::unmount_below;
use crate::ports::Network;
use crate::process::kill_recorded;

/// Kills what runs, takes the pod off the network, unmounts what is mounted in its directory.
pub(crate) fn finish(dir: &PodDir, network: &mut dyn Network) -> Result<(), Error> {
    kill_recorded(dir.path())?;
    detach(dir, network)?;
    unmount_below(dir.path())
}

/// Takes the pod off the network if it ever was to be on one: the record is written before and removed after.
fn detach(dir: &PodDir, network: &mut dyn Network) -> Result<(), Error> {
    let record = dir.join("network.json");
    if !record.exists() {
        return Ok(());
    }
    let pin = dir.join("ns/net");
    let netns = is_namespace(&pin).then_some(pin.as_path());
    network.detach(dir.uid(), netns).map_err(|source| Kind::Network {
        doing: "detach",
        uid: dir.uid(),
        source,
    })?;
    fs::remove_file(&record).map_err(|error| Error::io("remove", record, error))
}

/// Whether a namespace is pinned here, rather than the empty file that it is to be mounted on.
fn is_namespace(path: &std::path::Path) -> bool {
    /// `NSFS_MAGIC` (statfs(2)).
    const NSFS: i64 = 0x6e73_6673;
    rustix::fs::statfs(path).is_ok_and(|stat| stat.f_type == NSFS)
}
