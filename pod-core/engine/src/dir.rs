//! The data directory: pods as directories that move by rename, each with a lock.
//!
//! ```text
//! pods/{embryo,prepare,prepared,run,exited-garbage,garbage}/UUID/
//!     spec.json                     the pod
//!     owner.json                    the process that prepares it or runs it
//!     image-APP.json                the image of each app: identifier, rendered trees, configuration
//!     private                       what whoever prepared it left to whoever runs it; gone with the pod's end
//!     status.json                   what is known of it, replaced at each change
//!     network.json                  there from before the network is attached until after it is detached
//!     cgroups.json                  the control groups that are made for it; cgroups.finished.json when all that was made is gone
//!     process-NAME.json             each process that was started for it: number, start time, boot
//!     ns/                           in memory: {net,ipc,uts}, its namespaces, pinned; etc/{hosts,resolv.conf,hostname}
//!     volumes/NAME/                 emptyDir and the like
//!     app-ATTEMPT-APP/              {upper,work} of an overlay, or root; termination
//!     logs-APP/ATTEMPT.log          output in the form of the Container Runtime Interface; older: ATTEMPT.log.1, …
//!     logs-APP/ATTEMPT.end          there when that run is over
//!     events.jsonl                  what has happened; older: events.jsonl.1
//!     control                       the monitor's socket
//!     monitor.log                   what a monitor in the background says
//! ```

mod lock;
mod pod_dir;
mod record;
mod state;

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pod_core::pod::{AppName, Uuid};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;

pub(crate) use lock::{Attempt, Lock, is_locked};
pub(crate) use pod_dir::{PodDir, read_images, read_spec, read_status};
pub(crate) use record::{Durability, ImageRecord, read_json, records, write_json, write_whole};
pub use state::PodState;
pub(crate) use state::Stage;

use crate::error::{Doing, Error, Kind};
use crate::process::owner_is_dead;

/// How long to wait for whoever makes an embryo or takes one away: each needs a moment, unless it is stopped just then.
const BIRTHS: Duration = Duration::from_secs(2);

/// How long a process that was being started when its parent died may take to reach exec(2).
const INHERITED: Duration = Duration::from_secs(5);

/// The directory that all pods of an engine live in.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// Opens a data directory, and makes what is missing of it. It need not be there yet; its parent must.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        make_dir(root, 0o755)?;
        let root = fs::canonicalize(root).doing("resolve", root)?;
        let data = Self { root };
        make_dir(&data.root.join("pods"), 0o700)?;
        for stage in Stage::ALL {
            make_dir(&data.stage(stage), 0o700)?;
        }
        Ok(data)
    }

    /// The directory itself, absolute and without symbolic links.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn stage(&self, stage: Stage) -> PathBuf {
        self.root.join("pods").join(stage.name())
    }

    fn pod(&self, stage: Stage, uid: Uuid) -> PathBuf {
        self.stage(stage).join(uid.to_string())
    }

    /// Makes the directory of a new pod, locked, as `prepare/UUID`.
    pub(crate) fn create(&self, uid: Uuid) -> Result<PodDir, Error> {
        let path = self.pod(Stage::Embryo, uid);
        let busy = || Error::from(Kind::Busy { uid, state: PodState::Embryo });
        // Between its making and its lock an embryo looks like a dead one: collectors stay away meanwhile.
        let births = self.births(FlockOperation::NonBlockingLockShared)?.ok_or_else(busy)?;
        match fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(Kind::Exists { uid, state: PodState::Embryo }.into());
            }
            Err(error) => return Err(Error::io("make", path, error)),
        }
        let Attempt::Locked(lock) = Lock::attempt(&path)? else { return Err(busy()) };
        drop(births);
        let mut dir = PodDir::new(self.clone(), Stage::Embryo, uid, lock);
        if let Some((stage, locked)) = self.find(uid)? {
            fs::remove_dir(&path).doing("remove", &path)?;
            return Err(Kind::Exists { uid, state: stage.state(locked) }.into());
        }
        dir.advance(Stage::Prepare)?;
        dir.sign();
        Ok(dir)
    }

    /// The lock on all embryos: whoever makes one shares it until the embryo is locked itself, whoever takes one away has it alone.
    /// It is held for a moment only; `None` when it cannot be had for much longer than that.
    fn births(&self, operation: FlockOperation) -> Result<Option<OwnedFd>, Error> {
        let path = self.stage(Stage::Embryo);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&path, flags, Mode::empty()).doing("open", &path)?;
        let start = Instant::now();
        loop {
            match flock(&fd, operation) {
                Ok(()) => return Ok(Some(fd)),
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) if start.elapsed() > BIRTHS => return Ok(None),
                Err(Errno::WOULDBLOCK) => std::thread::sleep(Duration::from_millis(1)),
                Err(error) => return Err(Error::io("lock", path, error)),
            }
        }
    }

    /// The stage of a pod other than a further embryo of it, and whether it is locked.
    fn find(&self, uid: Uuid) -> Result<Option<(Stage, bool)>, Error> {
        for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Embryo) {
            if let Some(locked) = is_locked(&self.pod(stage, uid))? {
                return Ok(Some((stage, locked)));
            }
        }
        Ok(None)
    }

    /// Locks a pod that is in this stage; `None` when it is not there, or another process owns it.
    ///
    /// An owner that was killed while it started a process may have left its lock to that one, until exec(2) closes it there: that
    /// moment is waited out.
    pub(crate) fn claim(&self, stage: Stage, uid: Uuid) -> Result<Option<PodDir>, Error> {
        let path = self.pod(stage, uid);
        let _births = if stage == Stage::Embryo {
            let Some(births) = self.births(FlockOperation::NonBlockingLockExclusive)? else {
                return Ok(None);
            };
            Some(births)
        } else {
            None
        };
        let start = Instant::now();
        loop {
            match Lock::attempt(&path)? {
                Attempt::Locked(lock) => return Ok(Some(PodDir::new(self.clone(), stage, uid, lock))),
                Attempt::Gone => return Ok(None),
                Attempt::Busy if start.elapsed() > INHERITED || !owner_is_dead(&path) => return Ok(None),
                Attempt::Busy => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// Takes up a pod that another process has locked and handed over: it is being prepared, or prepared.
    pub(crate) fn adopt(&self, uid: Uuid, lock: OwnedFd) -> Result<PodDir, Error> {
        for stage in [Stage::Prepare, Stage::Prepared] {
            if let Some(lock) = Lock::adopt(&lock, &self.pod(stage, uid))? {
                return Ok(PodDir::new(self.clone(), stage, uid, lock));
            }
        }
        Err(Kind::NotFound(uid.to_string()).into())
    }

    /// Locks a pod that must be in this stage.
    pub(crate) fn open_pod(&self, stage: Stage, uid: Uuid) -> Result<PodDir, Error> {
        match Lock::attempt(&self.pod(stage, uid))? {
            Attempt::Locked(lock) => Ok(PodDir::new(self.clone(), stage, uid, lock)),
            Attempt::Busy => Err(Kind::Busy { uid, state: stage.state(true) }.into()),
            Attempt::Gone => Err(match self.find(uid)? {
                Some((other, locked)) => {
                    Kind::State { uid, state: other.state(locked), wanted: stage.state(false) }.into()
                }
                None => Kind::NotFound(uid.to_string()).into(),
            }),
        }
    }

    /// The pods of a stage, by identifier. What is not named by a UUID is not a pod.
    pub(crate) fn list(&self, stage: Stage) -> Result<Vec<Uuid>, Error> {
        let path = self.stage(stage);
        let mut pods = Vec::new();
        for entry in fs::read_dir(&path).doing("list", &path)? {
            let name = entry.doing("list", &path)?.file_name();
            if let Some(uid) = name.to_str().and_then(|name| Uuid::try_parse(name).ok()) {
                pods.push(uid);
            }
        }
        pods.sort_unstable();
        Ok(pods)
    }

    /// The pod that a UUID, or the unambiguous beginning of one, means; its stage, and whether it is locked.
    pub(crate) fn resolve(&self, prefix: &str) -> Result<(Uuid, Stage, bool), Error> {
        let wanted = prefix.to_ascii_lowercase();
        let mut matches: Vec<(Uuid, Stage, bool)> = Vec::new();
        for stage in Stage::ALL {
            for uid in self.list(stage)? {
                let known = matches.iter().any(|(other, ..)| *other == uid);
                if known || wanted.is_empty() || !uid.to_string().starts_with(&wanted) {
                    continue;
                }
                if let Some(locked) = is_locked(&self.pod(stage, uid))? {
                    matches.push((uid, stage, locked));
                }
            }
        }
        match matches.as_slice() {
            [] => Err(Kind::NotFound(prefix.to_owned()).into()),
            [one] => Ok(*one),
            _ => {
                let mut matches: Vec<_> = matches.into_iter().map(|(uid, ..)| uid).collect();
                matches.sort_unstable();
                Err(Kind::Ambiguous { prefix: prefix.to_owned(), matches }.into())
            }
        }
    }

    /// The path of a pod that is not locked by us, for reading.
    pub(crate) fn path_of(&self, stage: Stage, uid: Uuid) -> PathBuf {
        self.pod(stage, uid)
    }
}

/// Where the logs of an app are, in a pod's directory.
pub(crate) fn logs(pod: &Path, app: &AppName) -> PathBuf {
    pod.join(format!("logs-{app}"))
}

/// Makes a directory unless it is there.
pub(crate) fn make_dir(path: &Path, mode: u32) -> Result<(), Error> {
    match fs::DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Error::io("make", path, error))
        }
        _ => Ok(()),
    }
}

/// Makes a directory and its parents unless they are there.
pub(crate) fn make_dirs(path: &Path, mode: u32) -> Result<(), Error> {
    fs::DirBuilder::new().mode(mode).recursive(true).create(path).doing("make", path)
}
