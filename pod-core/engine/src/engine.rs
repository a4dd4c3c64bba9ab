//! The engine: what a program calls.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pod_core::backoff::Backoff;
use pod_core::lifecycle::PodStatus;
use pod_core::pod::{AppName, PodSpec, Uuid};

use crate::cgroup::Cgroups;
use crate::dir::{DataDir, ImageRecord, PodDir, PodState, Stage, is_locked};
use crate::error::{Error, Kind};
use crate::gc::{self, GcOptions, GcReport};
use crate::log::LogLimits;
use crate::ports::{Network, Observer, RootFs};
use crate::userns::Maps;
use crate::{dir, refuse, userns, volume};

/// Runs pods that it keeps in a data directory.
///
/// Any number of engines, in any number of processes, may be open on the same directory.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) data: DataDir,
    log_limits: LogLimits,
    restarts: Backoff,
}

/// A pod that is ready to run, and locked: to [`Engine::run`] it, or to [`Prepared::keep`] it for later.
///
/// One that is dropped instead is an aborted preparation, which [`Engine::gc`] deletes at once; so is one whose process dies.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) dir: PodDir,
    pub(crate) spec: PodSpec,
}

/// What is known of one pod on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodEntry {
    /// Its identifier.
    pub uid: Uuid,
    /// Where it stands on disk.
    pub state: PodState,
    /// What it is; `None` when that is not written yet, or deleted already.
    pub spec: Option<PodSpec>,
    /// What is known of its apps; `None` before it runs. After a monitor's death it tells of the last moment that it saw.
    pub status: Option<PodStatus>,
    /// Its directory, at the moment of asking.
    pub dir: PathBuf,
}

impl Engine {
    /// Opens a data directory, and makes it when its parent is there.
    ///
    /// # Errors
    ///
    /// When the directory cannot be made or read: a missing parent, a file in its place, no permission.
    pub fn open(data_dir: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self {
            data: DataDir::open(data_dir.as_ref())?,
            log_limits: LogLimits::default(),
            restarts: Backoff::kubelet(),
        })
    }

    /// Keeps more or less of what the apps of the pods that it runs say.
    #[must_use]
    pub const fn with_log_limits(mut self, limits: LogLimits) -> Self {
        self.log_limits = limits;
        self
    }

    /// Waits otherwise between the restarts of an app, in the pods that it runs: [`Backoff::restarts_within`], [`Backoff::reduced`]. Without
    /// this it waits as the kubelet does, 10 seconds doubling to 300.
    #[must_use]
    pub const fn with_restarts(mut self, restarts: Backoff) -> Self {
        self.restarts = restarts;
        self
    }

    /// The data directory, absolute and without symbolic links.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.data.root()
    }

    /// Checks that this engine and this machine do what a pod asks for, before anything is made for it. [`Engine::prepare`] does
    /// the same first.
    ///
    /// # Errors
    ///
    /// When they do not ([`Error::is_refused`]): an HTTPS probe, a host path that is not there, a memory limit where no memory
    /// controller is mounted; [`Error::refused_by`] names the app that asks for it.
    pub fn check(spec: &PodSpec) -> Result<(), Error> {
        refuse::check(spec)?;
        if !userns::is_initial() {
            refuse::check_identifiers(spec, &Maps::own()?)?;
        }
        volume::check(spec)?;
        let cgroups = Cgroups::detect()?;
        spec.apps.iter().try_for_each(|app| cgroups.check(app))
    }

    /// Makes a pod ready to run: its images are had, its directory is made, nothing runs yet.
    ///
    /// When this fails nothing of the pod is left, and when the process dies meanwhile [`Engine::gc`] clears up.
    ///
    /// # Errors
    ///
    /// When the pod asks for what is not done here ([`Error::is_refused`]: an HTTPS probe, a memory limit where no memory
    /// controller is mounted), an image cannot be had ([`Error::image_failure`]), a pod of that identifier is there already, or
    /// the directory cannot be written.
    pub fn prepare(&self, spec: &PodSpec, images: &mut dyn RootFs) -> Result<Prepared, Error> {
        let _span = tracing::info_span!("prepare", pod = %spec.uid).entered();
        Self::check(spec)?;
        let mut dir = self.data.create(spec.uid)?;
        match Self::fill(&mut dir, spec, images) {
            Ok(()) => Ok(Prepared { dir, spec: spec.clone() }),
            Err(error) => {
                gc::abandon(dir);
                Err(error)
            }
        }
    }

    fn fill(dir: &mut PodDir, spec: &PodSpec, images: &mut dyn RootFs) -> Result<(), Error> {
        let mut records: Vec<(AppName, ImageRecord)> = Vec::new();
        for app in &spec.apps {
            let record = crate::image::ensure(images, app).map_err(|error| Kind::Image {
                app: app.name.clone(),
                failure: error.failure,
                message: error.message,
            })?;
            if let Some(signal) = record.config.stop_signal.filter(|_| app.stop_signal.is_none()) {
                refuse::check_stop_signal(signal)
                    .map_err(|why| Error::refused_app(&app.name, "stop signal of its image", why))?;
            }
            records.push((app.name.clone(), record));
        }
        dir.write_prepared(spec, &records)
    }

    /// Takes up a pod that was prepared before and kept ([`Prepared::keep`]).
    ///
    /// # Errors
    ///
    /// When there is no such pod ([`Error::is_not_found`]), it is in another state, or another process has it
    /// ([`Error::is_busy`]).
    pub fn prepared(&self, uid: Uuid) -> Result<Prepared, Error> {
        let dir = self.data.open_pod(Stage::Prepared, uid)?;
        let spec = dir.spec()?;
        Ok(Prepared { dir, spec })
    }

    /// Runs a prepared pod to its end, as its monitor: this returns when nothing of it runs any more.
    ///
    /// Meanwhile SIGINT, SIGTERM and SIGHUP ask the pod to stop, within its grace period; a second one stops it at once. The
    /// process's `main` must begin with `stage1::run_if_asked()`. The calling thread sleeps but for moments; `images` and `network` are
    /// asked in threads that end with the answer.
    ///
    /// # Errors
    ///
    /// When the pod cannot be taken up at all: the network does not do what the pod asks for, or the directory cannot be
    /// written. Nothing of it is left then, unless it had been kept: that one is prepared as before. What goes wrong in the
    /// pod's own life is in its status.
    pub fn run(
        &self,
        prepared: Prepared,
        images: &mut (dyn RootFs + Send),
        network: &mut (dyn Network + Send),
        observer: &mut dyn Observer,
    ) -> Result<PodStatus, Error> {
        let _span = tracing::info_span!("run", pod = %prepared.uid()).entered();
        crate::monitor::run(prepared, self.log_limits, &self.restarts, images, network, observer)
    }

    /// Brings the machine back to where it was before pods that are over: two passes, as rkt's.
    ///
    /// The first marks what came to its end, and ends what a dead monitor left: processes, network, mounts, control groups. The
    /// second deletes what was marked longer than the grace period ago, and what was prepared and never run. A pod that
    /// another process works on is not touched.
    ///
    /// # Errors
    ///
    /// When the data directory cannot be read. What goes wrong with one pod is in the report, and does not keep the others.
    pub fn gc(&self, options: &GcOptions, network: &mut dyn Network) -> Result<GcReport, Error> {
        gc::run(&self.data, options, network)
    }

    /// Deletes a pod that is over, or that was prepared and never run, whatever its age; ends first what of it is left.
    ///
    /// # Errors
    ///
    /// When there is no such pod ([`Error::is_not_found`]), another process works on it ([`Error::is_busy`]: it runs), or
    /// something of it stays.
    pub fn remove(&self, uid: Uuid, network: &mut dyn Network) -> Result<(), Error> {
        let (_, stage, locked) = self.data.resolve(&uid.to_string())?;
        let busy = || Error::from(Kind::Busy { uid, state: stage.state(locked) });
        let dir = self.data.claim(stage, uid)?.ok_or_else(busy)?;
        gc::remove(dir, network)
    }

    /// All pods, by state and identifier.
    ///
    /// # Errors
    ///
    /// When the data directory cannot be read. A pod whose records do not read is listed without them.
    pub fn pods(&self) -> Result<Vec<PodEntry>, Error> {
        let mut pods: Vec<PodEntry> = Vec::new();
        for stage in Stage::ALL {
            for uid in self.data.list(stage)? {
                // A pod that moved on while we went through the stages is met twice: the later sight is the true one.
                pods.retain(|pod| pod.uid != uid);
                pods.extend(self.entry(stage, uid)?);
            }
        }
        Ok(pods)
    }

    /// The pod that a UUID, or the unambiguous beginning of one, means.
    ///
    /// # Errors
    ///
    /// When no pod ([`Error::is_not_found`]) or more than one begins so: ``, `x`, `6` with two pods that begin with 6.
    pub fn pod(&self, prefix: &str) -> Result<PodEntry, Error> {
        let (uid, stage, _) = self.data.resolve(prefix)?;
        self.entry(stage, uid)?.ok_or_else(|| Kind::NotFound(prefix.to_owned()).into())
    }

    fn entry(&self, stage: Stage, uid: Uuid) -> Result<Option<PodEntry>, Error> {
        let dir = self.data.path_of(stage, uid);
        let Some(locked) = is_locked(&dir)? else { return Ok(None) };
        let readable =
            |what: &str, error: &Error| tracing::warn!(pod = %uid, error = error.chain(), "no {what}");
        let spec = dir::read_spec(&dir).unwrap_or_else(|error| {
            readable("specification", &error);
            None
        });
        let mut status = dir::read_status(&dir).unwrap_or_else(|error| {
            readable("status", &error);
            None
        });
        let state = stage.state(locked);
        if let (PodState::Exited, Some(status)) = (state, &mut status) {
            gc::lost(status);
        }
        Ok(Some(PodEntry { uid, state, spec, status, dir }))
    }

    /// The identifiers of all images that a pod needs, in whatever state it is: a store must keep them.
    ///
    /// # Errors
    ///
    /// When a pod's record of its images cannot be read: then nobody knows what is in use, and nothing may be deleted.
    pub fn images_in_use(&self) -> Result<BTreeSet<String>, Error> {
        let mut images = BTreeSet::new();
        // In the order that pods move, so that none is missed.
        for stage in [Stage::Prepare, Stage::Prepared, Stage::Run] {
            for uid in self.data.list(stage)? {
                let records = dir::read_images(&self.data.path_of(stage, uid))?;
                images.extend(records.into_iter().map(|record| record.image_id));
            }
        }
        Ok(images)
    }
}

impl Prepared {
    /// The pod's identifier.
    #[must_use]
    pub const fn uid(&self) -> Uuid {
        self.dir.uid()
    }

    /// What it is.
    #[must_use]
    pub const fn spec(&self) -> &PodSpec {
        &self.spec
    }

    /// Makes another pod of it that needs the same images: one that is on other networks, or has another name.
    ///
    /// # Errors
    ///
    /// When the engine or the machine does not do what it asks for now ([`Error::is_refused`]), when it has another identifier or
    /// other apps with other images, and when it cannot be written down. It stays what it was then.
    pub fn change(&mut self, spec: PodSpec) -> Result<(), Error> {
        let images = |spec: &PodSpec| -> Vec<(AppName, String)> {
            spec.apps.iter().map(|app| (app.name.clone(), app.image.clone())).collect()
        };
        if spec.uid != self.spec.uid || images(&spec) != images(&self.spec) {
            return Err(Error::refused(
                "the change of a prepared pod",
                "its images were prepared for other apps",
            ));
        }
        Engine::check(&spec)?;
        self.dir.write_spec(&spec)?;
        self.spec = spec;
        Ok(())
    }

    /// Leaves something to whoever runs the pod: in a file for its owner alone, which is gone when the pod has come to its end.
    ///
    /// # Errors
    ///
    /// When it cannot be written: a full disk.
    pub fn keep_private(&self, bytes: &[u8]) -> Result<(), Error> {
        self.dir.write_private(bytes)
    }

    /// What was left ([`Prepared::keep_private`]); `None` when nothing was.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn private(&self) -> Result<Option<Vec<u8>>, Error> {
        self.dir.private()
    }

    /// Leaves the pod prepared and unlocked, for a later [`Engine::prepared`]; [`GcOptions::expire_prepared`] says for how long.
    ///
    /// # Errors
    ///
    /// When the directory cannot be moved or synced: a full disk.
    pub fn keep(mut self) -> Result<Uuid, Error> {
        if self.dir.stage() != Stage::Prepared {
            self.dir.advance(Stage::Prepared)?;
        }
        self.dir.resign();
        Ok(self.dir.uid())
    }
}
