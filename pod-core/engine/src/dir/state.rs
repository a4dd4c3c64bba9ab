//! Where a pod stands in its life on disk: rkt's table of directories and locks.

use std::fmt;

/// A directory below `pods/` that pods pass through by rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Being made; not locked yet.
    Embryo,
    /// Being prepared.
    Prepare,
    /// Ready to run.
    Prepared,
    /// Running, or run to its end.
    Run,
    /// Marked for deletion once the grace period is over.
    ExitedGarbage,
    /// To be deleted at once.
    Garbage,
}

impl Stage {
    /// All, in the order that pods pass them: a search in this order misses no pod that moves meanwhile.
    pub(crate) const ALL: [Self; 6] =
        [Self::Embryo, Self::Prepare, Self::Prepared, Self::Run, Self::ExitedGarbage, Self::Garbage];

    /// The directory's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Embryo => "embryo",
            Self::Prepare => "prepare",
            Self::Prepared => "prepared",
            Self::Run => "run",
            Self::ExitedGarbage => "exited-garbage",
            Self::Garbage => "garbage",
        }
    }

    /// What a pod there is, by whether its directory is locked.
    pub(crate) const fn state(self, locked: bool) -> PodState {
        match (self, locked) {
            (Self::Embryo, _) => PodState::Embryo,
            (Self::Prepare, true) => PodState::Preparing,
            (Self::Prepare, false) => PodState::AbortedPrepare,
            (Self::Prepared, _) => PodState::Prepared,
            (Self::Run, true) => PodState::Running,
            (Self::Run, false) => PodState::Exited,
            (Self::ExitedGarbage, true) => PodState::ExitedDeleting,
            (Self::ExitedGarbage, false) => PodState::ExitedGarbage,
            (Self::Garbage, true) => PodState::Deleting,
            (Self::Garbage, false) => PodState::Garbage,
        }
    }
}

/// Where a pod stands in its life on disk (rkt, `Documentation/devel/pod-lifecycle.md`).
///
/// It follows from the directory that the pod is in and from whether somebody holds its lock, so it is true even after a
/// crash. What the pod's apps do is another matter: [`pod_core::lifecycle::PodStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PodState {
    /// Its directory is being made.
    Embryo,
    /// Its images are being fetched and rendered.
    Preparing,
    /// Whoever prepared it died.
    AbortedPrepare,
    /// It waits to be run.
    Prepared,
    /// A monitor runs it.
    Running,
    /// Its monitor is gone: it came to its end, or the monitor died.
    Exited,
    /// It is marked for deletion, and being deleted.
    ExitedDeleting,
    /// It is marked for deletion.
    ExitedGarbage,
    /// It never ran, and is being deleted.
    Deleting,
    /// It never ran, and is to be deleted.
    Garbage,
}

impl PodState {
    /// The state in rkt's words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Embryo => "embryo",
            Self::Preparing => "preparing",
            Self::AbortedPrepare => "aborted prepare",
            Self::Prepared => "prepared",
            Self::Running => "running",
            Self::Exited => "exited",
            Self::ExitedDeleting => "exited deleting",
            Self::ExitedGarbage => "exited garbage",
            Self::Deleting => "deleting",
            Self::Garbage => "garbage",
        }
    }
}

impl fmt::Display for PodState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
