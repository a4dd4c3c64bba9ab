//! One pod's directory, locked by us.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pod_core::lifecycle::PodStatus;
use pod_core::pod::{AppName, PodSpec, Uuid};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{DataDir, Durability, ImageRecord, Lock, Stage, read_json, records, write_json, write_whole};
use crate::error::{Doing, Error, Kind};
use crate::process;

/// What the names of the records of images begin with.
const IMAGE: &str = "image-";

/// What whoever prepared the pod left to whoever runs it.
const PRIVATE: &str = "private";

/// A pod's directory that this process holds the lock of; dropping it lets go.
#[derive(Debug)]
pub(crate) struct PodDir {
    data: DataDir,
    stage: Stage,
    uid: Uuid,
    path: PathBuf,
    lock: Lock,
    /// The stage that it was moved away from, while the disk may not know yet.
    moved_from: Option<Stage>,
    is_signed: bool,
}

impl PodDir {
    pub(super) fn new(data: DataDir, stage: Stage, uid: Uuid, lock: Lock) -> Self {
        let path = data.path_of(stage, uid);
        Self { data, stage, uid, path, lock, moved_from: None, is_signed: false }
    }

    pub(crate) const fn uid(&self) -> Uuid {
        self.uid
    }

    pub(crate) const fn stage(&self) -> Stage {
        self.stage
    }

    /// The data directory that it is in.
    pub(crate) fn data_dir(&self) -> &Path {
        self.data.root()
    }

    /// Where it is now; it changes with [`PodDir::advance`].
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn lock(&self) -> &Lock {
        &self.lock
    }

    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Moves it to another stage; on disk when this returns, but for the first step.
    pub(crate) fn advance(&mut self, to: Stage) -> Result<(), Error> {
        self.advance_unsynced(to)?;
        // What is lost by losing an embryo's first step is an empty directory.
        if to == Stage::Prepare { Ok(()) } else { self.settle() }
    }

    /// Puts the last move on the disk, unless it is there.
    pub(crate) fn settle(&mut self) -> Result<(), Error> {
        if let Some(from) = self.moved_from {
            sync_dir(&self.data.stage(self.stage))?;
            sync_dir(&self.data.stage(from))?;
            self.moved_from = None;
        }
        Ok(())
    }

    /// Moves it to another stage. A power loss may undo that until [`PodDir::settle`]; for a pod that is deleted next it need not come to
    /// that: whatever is undone, the next collection does again.
    pub(crate) fn advance_unsynced(&mut self, to: Stage) -> Result<(), Error> {
        let target = self.data.path_of(to, self.uid);
        renameat_with(CWD, &self.path, CWD, &target, RenameFlags::NOREPLACE)
            .doing("move the pod to", &target)?;
        let from = std::mem::replace(&mut self.stage, to);
        self.moved_from = Some(from);
        self.path = target;
        tracing::debug!(pod = %self.uid, from = from.name(), to = to.name(), "moved");
        Ok(())
    }

    /// Writes what was prepared: the specification and the image of each app. On disk when this returns.
    pub(crate) fn write_prepared(
        &self,
        spec: &PodSpec,
        images: &[(AppName, ImageRecord)],
    ) -> Result<(), Error> {
        for (app, image) in images {
            write_json(&self.image_path(app), image, Durability::Synced)?;
        }
        self.write_spec(spec)
    }

    /// Writes the specification. On disk when this returns.
    pub(crate) fn write_spec(&self, spec: &PodSpec) -> Result<(), Error> {
        write_json(&self.join("spec.json"), spec, Durability::Synced)?;
        sync_dir(&self.path)
    }

    /// Writes what nobody but the owner may read.
    pub(crate) fn write_private(&self, bytes: &[u8]) -> Result<(), Error> {
        write_whole(&self.join(PRIVATE), bytes, 0o600, Durability::Synced)
    }

    /// What was written so.
    pub(crate) fn private(&self) -> Result<Option<Vec<u8>>, Error> {
        let path = self.join(PRIVATE);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", path, error)),
        }
    }

    /// Nobody needs it any more, the part of it that a crash has left included.
    pub(crate) fn forget_private(&self) {
        for name in [PRIVATE, "private.new"] {
            let path = self.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "cannot be removed");
                }
                _ => {}
            }
        }
    }

    /// The specification.
    pub(crate) fn spec(&self) -> Result<PodSpec, Error> {
        read_spec(&self.path)?.ok_or_else(|| Kind::NotFound(self.uid.to_string()).into())
    }

    fn image_path(&self, app: &AppName) -> PathBuf {
        self.path.join(format!("{IMAGE}{app}.json"))
    }

    /// The image that an app was prepared with.
    pub(crate) fn image(&self, app: &AppName) -> Result<ImageRecord, Error> {
        let path = self.image_path(app);
        read_json(&path)?.ok_or_else(|| Error::io("read", path, rustix::io::Errno::NOENT))
    }

    /// Replaces the image of an app, when it was had anew for a restart.
    pub(crate) fn write_image(&self, app: &AppName, image: &ImageRecord) -> Result<(), Error> {
        write_json(&self.image_path(app), image, Durability::Volatile)
    }

    /// Writes down that this process works on the pod. Without it a garbage collector may have to come twice.
    pub(crate) fn sign(&mut self) {
        if self.is_signed {
            return;
        }
        match process::sign(&self.path) {
            Ok(()) => self.is_signed = true,
            Err(error) => tracing::warn!(error = error.chain(), "the pod does not say who works on it"),
        }
    }

    /// Writes down that nobody does any more, while it is still locked.
    pub(crate) fn resign(&mut self) {
        process::resign(&self.path);
        self.is_signed = false;
    }

    pub(crate) fn write_status(&self, status: &PodStatus) -> Result<(), Error> {
        write_json(&self.join("status.json"), status, Durability::Volatile)
    }
}

/// The specification of the pod in a directory; `None` when it was not written yet, or is deleted already.
pub(crate) fn read_spec(pod: &Path) -> Result<Option<PodSpec>, Error> {
    read_json(&pod.join("spec.json"))
}

/// The last status of the pod in a directory; `None` before it runs.
pub(crate) fn read_status(pod: &Path) -> Result<Option<PodStatus>, Error> {
    read_json(&pod.join("status.json"))
}

/// The images of the pod in a directory.
pub(crate) fn read_images(pod: &Path) -> Result<Vec<ImageRecord>, Error> {
    let mut images = Vec::new();
    for path in records(pod, IMAGE)? {
        images.extend(read_json(&path)?);
    }
    Ok(images)
}

/// Makes renames and new files in a directory outlive a power loss.
pub(crate) fn sync_dir(path: &Path) -> Result<(), Error> {
    fs::File::open(path).and_then(|dir| dir.sync_all()).doing("sync", path)
}
