//! Root file systems on the host's side: whether the kernel can overlay here, and the directories that an app's start needs.

mod copy;

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use pod_core::pod::App;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag, fsconfig_set_string,
    fsmount, fsopen,
};
use serde::{Deserialize, Serialize};

use crate::compose::{RootKind, attempt_dir};
use crate::dir::{Durability, ImageRecord, make_dir, make_dirs, read_json, write_json};
use crate::error::Error;
use crate::process;
use crate::remove::remove_tree;

/// What the kernel needs for an overlay.
const WORK: &str = "work";
/// A copy of the image's trees.
const COPY: &str = "root";

/// Where it was found out that there are overlays: another boot, another file system at that place, or a user namespace may differ.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    boot_id: String,
    device: u64,
    user_xattrs: bool,
}

/// Finds out whether an overlay can be mounted with its upper directory on this file system, by mounting one that nobody sees. `known` is
/// a file that keeps the answer while this machine runs.
pub(crate) fn probe(known: &Path, scratch: &Path) -> RootKind {
    let user_xattrs = !crate::userns::is_initial();
    let here = || {
        let device = scratch.parent().and_then(|dir| rustix::fs::stat(dir).ok())?.st_dev;
        Some(Found { boot_id: process::boot_id().ok()?, device, user_xattrs })
    };
    let here = here();
    if here.is_some() && read_json::<Found>(known).unwrap_or_default() == here {
        return RootKind::Overlay { user_xattrs };
    }
    let kind = probe_now(scratch, user_xattrs);
    if let (RootKind::Overlay { .. }, Some(here)) = (kind, here)
        && let Err(error) = write_json(known, &here, Durability::Volatile)
    {
        tracing::debug!(error = error.chain(), "the next pod finds out about overlays anew");
    }
    kind
}

fn probe_now(scratch: &Path, user_xattrs: bool) -> RootKind {
    let result = try_overlay(scratch, user_xattrs);
    if let Err(error) = remove_tree(scratch) {
        tracing::warn!(error = error.chain(), "the overlay probe stays");
    }
    match result {
        Ok(()) => RootKind::Overlay { user_xattrs },
        Err(error) => {
            tracing::info!(error = error.chain(), "no overlay here: root file systems are copied");
            RootKind::Copy
        }
    }
}

fn try_overlay(scratch: &Path, user_xattrs: bool) -> Result<(), Error> {
    for name in ["lower", "upper", "work"] {
        make_dirs(&scratch.join(name), 0o700)?;
    }
    let mount = || {
        let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
        for (key, name) in [("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work")] {
            fsconfig_set_string(context.as_fd(), key, scratch.join(name))?;
        }
        if user_xattrs {
            fsconfig_set_flag(context.as_fd(), "userxattr")?;
        }
        // Nothing in it is worth a sync of the whole file system when it goes; a kernel before 5.10 does not know this and syncs.
        let _ = fsconfig_set_flag(context.as_fd(), "volatile");
        fsconfig_create(context.as_fd())?;
        // Never attached anywhere: it goes with the descriptor.
        fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty()).map(drop)
    };
    mount().map_err(|error| Error::io("mount an overlay in", scratch, error))
}

/// Makes the directories of one start of an app, unless a hook before it made them already.
pub(crate) fn make(
    pod: &Path,
    app: &App,
    attempt: u32,
    image: &ImageRecord,
    kind: RootKind,
) -> Result<(), Error> {
    let dir = attempt_dir(pod, app, attempt);
    if is_made(&dir) {
        return Ok(());
    }
    make_dirs(&dir, 0o700)?;
    match kind {
        RootKind::Overlay { .. } => {
            // The upper directory is the root directory that the app sees.
            make_dir(&dir.join("upper"), 0o755)?;
            make_dir(&dir.join(WORK), 0o700)
        }
        RootKind::Copy => {
            let unfinished = dir.join("copy");
            for layer in image.layers.iter().rev() {
                copy::copy_tree(layer, &unfinished)?;
            }
            fs::rename(&unfinished, dir.join(COPY)).map_err(|error| Error::io("move", unfinished, error))
        }
    }
}

/// Whether the directories of a start are there: the last that is made of either kind is.
pub(crate) fn is_made(attempt: &Path) -> bool {
    [WORK, COPY].iter().any(|last| attempt.join(last).exists())
}

/// Deletes what an earlier start of an app left behind.
pub(crate) fn discard(pod: &Path, app: &App, attempt: u32) {
    if let Err(error) = remove_tree(&attempt_dir(pod, app, attempt)) {
        tracing::warn!(app = %app.name, attempt, error = error.chain(), "an old root file system stays");
    }
}
