//! The user's terminal in front of a pod that runs in the background.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use pod_core::lifecycle::AppState;
use pod_core::pod::{AppName, Uuid};

use super::{Console, Detached, Goal, LOOK};
use crate::control::{Call, Request};
use crate::dir::PodState;
use crate::engine::{Engine, PodEntry};
use crate::error::{Doing, Error};
use crate::signals::Signals;

/// How often a status is looked at before it is believed against the monitor's word.
const LOOKS: usize = 50;

/// How it ended that somebody was in front of a pod ([`Engine::foreground`]).
#[derive(Debug)]
pub enum Foreground {
    /// The user has left by the detach keys: the pod runs on.
    Left,
    /// The pod is over.
    Ended {
        /// The pod as it is then.
        pod: Box<PodEntry>,
        /// Whether the app had ended before anybody could attach to it: what it has said is in its log only.
        unseen: bool,
        /// How much of the app's output was passed over, in bytes. Its log has everything.
        skipped: u64,
    },
}

/// SIGINT, SIGTERM and SIGHUP to this process as wishes that a pod may stop: the first within its grace period, the second at once.
#[derive(Debug)]
pub(super) struct Stops {
    signals: Signals,
    dir: PathBuf,
    count: usize,
}

impl Stops {
    fn of(pod: &PodEntry) -> Result<Self, Error> {
        let signals = Signals::listen().doing("listen to", "signals")?;
        Ok(Self { signals, dir: pod.dir.clone(), count: 0 })
    }

    /// Passes on those that came. A monitor that is gone needs none any more.
    pub(super) fn take(&mut self) -> Result<(), Error> {
        for _ in 0..self.signals.take() {
            self.count += 1;
            let grace_ms = (self.count > 1).then_some(0);
            Call::ask(&self.dir, &Request::Stop { grace_ms }, &[])?;
        }
        Ok(())
    }
}

impl AsFd for Stops {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.signals.as_fd()
    }
}

impl Engine {
    /// Attaches a console to an app of a pod that has just been started in the background ([`Engine::start`]), as if it ran here: until the
    /// pod's end, or until the user leaves.
    ///
    /// An app that has input shows what it said before, up to 64 KiB. Meanwhile SIGINT, SIGTERM and SIGHUP to this process ask the
    /// pod to stop, within its grace period; a second one stops it at once. (What is typed at a terminal goes to the app as it is,
    /// Ctrl-C too.)
    ///
    /// # Errors
    ///
    /// When there is no such pod, the app cannot be attached to, or the monitor dies meanwhile.
    pub fn foreground(&self, uid: Uuid, app: &AppName, console: &mut Console) -> Result<Foreground, Error> {
        let mut stops = Stops::of(&self.pod(&uid.to_string())?)?;
        let pod = loop {
            stops.take()?;
            let pod = self.pod(&uid.to_string())?;
            match state(&pod, app) {
                Some(AppState::Waiting { .. }) | None if pod.state == PodState::Running => {
                    std::thread::sleep(LOOK);
                }
                _ => break pod,
            }
        };
        let (mut unseen, mut missed) = (true, 0);
        if matches!(state(&pod, app), Some(AppState::Running { .. })) {
            match pod.attach_until(app, console, Some(stops)) {
                Ok(Detached::Left) => return Ok(Foreground::Left),
                Ok(Detached::Ended { skipped }) => (unseen, missed) = (false, skipped),
                Err(error) if self.runs_on(uid, app)? => return Err(error),
                // It had ended since we looked.
                Err(_) => {}
            }
        }
        match self.wait(uid, Goal::Exited, None)? {
            Some(pod) => Ok(Foreground::Ended { pod: Box::new(pod), unseen, skipped: missed }),
            None => Ok(Foreground::Left),
        }
    }
}

impl Engine {
    /// Whether an app runs whose monitor has refused us: a status is written down a moment after what it tells of.
    fn runs_on(&self, uid: Uuid, app: &AppName) -> Result<bool, Error> {
        for _ in 0..LOOKS {
            if !matches!(state(&self.pod(&uid.to_string())?, app), Some(AppState::Running { .. })) {
                return Ok(false);
            }
            std::thread::sleep(LOOK);
        }
        Ok(true)
    }
}

fn state<'a>(pod: &'a PodEntry, app: &AppName) -> Option<&'a AppState> {
    let mut apps = pod.status.iter().flat_map(|status| &status.apps);
    apps.find(|status| status.name == *app).map(|status| &status.state)
}
