//! Looking on, and stopping.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::image::Descriptor;

/// What a pull or push has come to. It is told from several threads at once.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The name stands for this manifest or index.
    Resolved(&'a Descriptor),
    /// A blob is there already and is not sent.
    Present(&'a Descriptor),
    /// A blob's transfer begins, at that byte when part of it was there.
    Started {
        /// The blob.
        blob: &'a Descriptor,
        /// From which byte.
        offset: u64,
    },
    /// That many bytes of a blob are over.
    Advanced {
        /// The blob.
        blob: &'a Descriptor,
        /// Bytes so far, of the descriptor's size.
        done: u64,
    },
    /// The connection broke or the server failed, and the transfer is tried again.
    Retrying {
        /// The blob.
        blob: &'a Descriptor,
        /// From which byte.
        offset: u64,
    },
    /// A blob is over, checked and stored.
    Finished(&'a Descriptor),
}

/// A switch that stops the operations that it was given to, from any thread. Connections are cut.
///
/// ```
/// use pod_core::registry::Cancel;
///
/// let cancel = Cancel::new();
/// let other = cancel.clone();
/// other.cancel();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Clone, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    cancelled: bool,
    agents: Vec<(u64, ureq::Agent)>,
    watched: u64,
}

impl Cancel {
    /// A switch that is off.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops everything that runs with this switch or a clone of it, and everything that would begin with it.
    pub fn cancel(&self) {
        let agents = {
            let mut state = self.lock();
            state.cancelled = true;
            std::mem::take(&mut state.agents)
        };
        self.0.changed.notify_all();
        agents.into_iter().for_each(|(_, agent)| agent.shutdown());
    }

    /// Whether it has been switched.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Waits; returns early, with `false`, when cancelled.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let (state, _) = self
            .0
            .changed
            .wait_timeout_while(self.lock(), time, |state| !state.cancelled)
            .unwrap_or_else(PoisonError::into_inner);
        !state.cancelled
    }

    /// Cuts the connections of `agent` when cancelled, until the guard is dropped.
    pub(super) fn watch(&self, agent: ureq::Agent) -> Watch {
        let mut state = self.lock();
        state.watched += 1;
        let id = state.watched;
        if state.cancelled {
            drop(state);
            agent.shutdown();
        } else {
            state.agents.push((id, agent));
        }
        Watch { cancel: self.clone(), id }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

/// See [`Cancel::watch`].
pub(super) struct Watch {
    cancel: Cancel,
    id: u64,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.cancel.lock().agents.retain(|(id, _)| *id != self.id);
    }
}
