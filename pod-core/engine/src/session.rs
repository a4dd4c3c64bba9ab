//! What a program asks of a pod that runs under another process's monitor.

mod console;
mod foreground;
mod keys;
mod logs;
mod relay;
mod watch;

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use pod_core::lifecycle::{ConditionKind, ConditionStatus, ExitStatus, PodPhase, PodStatus};
use pod_core::pod::{AppKind, AppName, Uuid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use console::Console;
pub use foreground::Foreground;
pub use keys::{DetachKeys, ParseDetachKeysError};
pub use logs::LogOptions;
pub use watch::{Change, Watch};

use crate::control::{Call, ExecRequest, Reply, Request};
use crate::dir::PodState;
use crate::engine::{Engine, PodEntry};
use crate::error::{Doing, Error, Kind};
use foreground::Stops;
use relay::Relay;

/// How long a monitor may take from its pod's move to `run` to its first breath.
const BIRTH: Duration = Duration::from_secs(5);

/// How often a pod that has no monitor yet is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A command to run in an app ([`PodEntry::exec`]).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exec {
    /// The program and its arguments; a program without a slash is looked for on the app's `PATH`.
    pub command: Vec<String>,
    /// Added to the app's environment; the last of equal names wins.
    pub env: Vec<(String, String)>,
    /// Where it runs: an absolute path in the app; `None` is the app's own working directory.
    pub working_dir: Option<String>,
    /// Whether its standard streams are a terminal of its own.
    pub tty: bool,
}

/// How an attachment ended ([`PodEntry::attach`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detached {
    /// The user has left by the detach keys, or what read the output is gone; the app runs on.
    Left,
    /// The app has ended.
    Ended {
        /// How much of its output was passed over, in bytes, because it was not read in time. Its log has everything.
        skipped: u64,
    },
}

/// What [`Engine::wait`] waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Goal {
    /// The pod's condition `Ready` holds.
    Ready,
    /// Nothing of the pod runs any more, and its monitor is gone.
    Exited,
}

impl PodEntry {
    /// The app of that name, or without one the app that is meant when none is named: the first main one.
    ///
    /// # Errors
    ///
    /// When the pod has no such app: `web` in a pod of `db`; or nothing is known of the pod.
    pub fn app(&self, name: Option<&str>) -> Result<&AppName, Error> {
        let apps = self.spec.iter().flat_map(|spec| &spec.apps);
        let mut found = apps.filter(|app| match name {
            Some(name) => app.name.as_str() == name,
            None => app.kind == AppKind::Main,
        });
        found.next().map(|app| &app.name).ok_or_else(|| {
            let subject = format!("pod `{}`", self.uid);
            match name {
                Some(name) => Error::refused(subject, format!("it has no app `{name}`")),
                None => Error::refused(subject, "it has no app"),
            }
        })
    }

    /// Ends the pod: within its own grace period, or within `grace`, where zero kills at once. Returns when nothing of it runs, its
    /// monitor neither.
    ///
    /// # Errors
    ///
    /// When the pod does not run, or its monitor dies meanwhile; then [`Engine::gc`] ends what is left.
    pub fn stop(&self, grace: Option<Duration>) -> Result<(), Error> {
        let grace_ms = grace.map(|grace| u64::try_from(grace.as_millis()).unwrap_or(u64::MAX));
        let call = self.ask(&Request::Stop { grace_ms }, &[])?;
        loop {
            match call.reply()? {
                Some((Reply::Finished, _)) => return self.await_monitor(),
                Some(_) => {}
                None => return Err(self.lost(String::new())),
            }
        }
    }

    /// Waits until the monitor of a pod that is over has let go of it; it has nothing else to do.
    fn await_monitor(&self) -> Result<(), Error> {
        let start = Instant::now();
        while start.elapsed() < BIRTH && crate::dir::is_locked(&self.dir)? == Some(true) {
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Says how it stands with one of the pod's readiness gates: the pod is ready when its apps are and all gates are `True`.
    ///
    /// # Errors
    ///
    /// When the pod does not run, or has no such gate.
    pub fn set_gate(&self, gate: &str, status: ConditionStatus) -> Result<(), Error> {
        let call = self.ask(&Request::Gate { gate: gate.to_owned(), status }, &[])?;
        match call.reply()? {
            Some((Reply::Done, _)) => Ok(()),
            Some((Reply::Refused(why), _)) => Err(Error::refused(format!("pod `{}`", self.uid), why)),
            _ => Err(self.lost(String::new())),
        }
    }

    /// Runs a command in an app, beside the app's own program: in its root file system, namespaces, control groups and confinement.
    ///
    /// It returns when the command has ended; what the console still has then was passed on. When this process dies the command is
    /// killed.
    ///
    /// # Errors
    ///
    /// When the app does not run, there is no such program, the command line is longer than 128 KiB, or the monitor dies
    /// meanwhile.
    pub fn exec(&self, app: &AppName, exec: &Exec, console: &mut Console) -> Result<ExitStatus, Error> {
        let request = Request::Exec(ExecRequest {
            app: app.clone(),
            command: exec.command.clone(),
            env: exec.env.clone(),
            working_dir: exec.working_dir.clone(),
            tty: exec.tty,
        });
        let (mut relay, theirs) = if exec.tty { Relay::terminal(console)? } else { Relay::pipes(console)? };
        let fds: Vec<_> = theirs.iter().map(AsFd::as_fd).collect();
        let call = self.ask(&request, &fds)?;
        drop(fds);
        drop(theirs);
        loop {
            let Some((reply, _)) = relay.until_reply(&call)? else { return Err(self.lost(String::new())) };
            match reply {
                Reply::Exited(status) => {
                    relay.drain()?;
                    return Ok(status);
                }
                Reply::Refused(why) => return Err(Error::refused(format!("app `{app}`"), why)),
                _ => {}
            }
        }
    }

    /// Shows an app's output as it comes, and passes input on to it if the console has some. The first who attaches to an app that has
    /// input has what it said before, up to 64 KiB.
    ///
    /// # Errors
    ///
    /// When the app does not run, has no input and the console has, or the monitor dies meanwhile.
    pub fn attach(&self, app: &AppName, console: &mut Console) -> Result<Detached, Error> {
        self.attach_until(app, console, None)
    }

    /// The same, while signals are wishes about the pod.
    fn attach_until(
        &self,
        app: &AppName,
        console: &mut Console,
        stops: Option<Stops>,
    ) -> Result<Detached, Error> {
        let spec = self.spec.as_ref().and_then(|spec| spec.app(app));
        let tty = spec.is_some_and(|app| app.tty);
        let (mut relay, theirs) = Relay::taps(console, tty)?;
        relay.stops = stops;
        let fds: Vec<_> = theirs.iter().map(AsFd::as_fd).collect();
        let call = self.ask(&Request::Attach { app: app.clone(), stdin: relay.has_input() }, &fds)?;
        drop(fds);
        drop(theirs);
        loop {
            let Some((reply, fds)) = relay.until_reply(&call)? else {
                if relay.has_left() {
                    return Ok(Detached::Left);
                }
                return Err(self.lost(String::new()));
            };
            match reply {
                Reply::Attached { tty } => relay.attached(fds.into_iter().next(), tty)?,
                Reply::Ended { skipped } => {
                    relay.drain()?;
                    return Ok(Detached::Ended { skipped });
                }
                Reply::Refused(why) => return Err(Error::refused(format!("app `{app}`"), why)),
                _ => {}
            }
        }
    }

    /// Asks the monitor. One that has just been started may need a moment.
    fn ask(&self, request: &Request, fds: &[std::os::fd::BorrowedFd<'_>]) -> Result<Call, Error> {
        if self.state != PodState::Running {
            return Err(Kind::State { uid: self.uid, state: self.state, wanted: PodState::Running }.into());
        }
        let start = Instant::now();
        loop {
            if let Some(call) = Call::ask(&self.dir, request, fds)? {
                return Ok(call);
            }
            // Since we looked the pod may have come to its end.
            if start.elapsed() > BIRTH || crate::dir::is_locked(&self.dir)? != Some(true) {
                return Err(Kind::Lost { uid: self.uid, message: String::new() }.into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn lost(&self, message: String) -> Error {
        Kind::Lost { uid: self.uid, message }.into()
    }
}

impl Engine {
    /// Waits until a pod is what is wanted, at most for `limit`; `None` is when that time is over first.
    ///
    /// It looks again whenever the pod's monitor says that something changed.
    ///
    /// # Errors
    ///
    /// When there is no such pod, or it can never become what is wanted: it has ended and was to be ready.
    pub fn wait(&self, uid: Uuid, goal: Goal, limit: Option<Duration>) -> Result<Option<PodEntry>, Error> {
        let start = Instant::now();
        let left = || limit.map(|limit| limit.saturating_sub(start.elapsed()));
        loop {
            // Whoever watches first and looks then misses nothing.
            let before = self.pod(&uid.to_string())?;
            let watch = match before.state {
                PodState::Running => Call::ask(&before.dir, &Request::Watch, &[])?,
                _ => None,
            };
            loop {
                let pod = self.pod(&uid.to_string())?;
                if goal.is_reached(&pod)? {
                    return Ok(Some(pod));
                }
                if left().is_some_and(|left| left.is_zero()) {
                    return Ok(None);
                }
                let Some(watch) = &watch else {
                    std::thread::sleep(left().map_or(LOOK, |left| left.min(LOOK)));
                    break;
                };
                if !heard(watch, left())? {
                    break;
                }
            }
        }
    }
}

/// Waits for a reply or the end of the time; false when there will be no more.
fn heard(watch: &Call, left: Option<Duration>) -> Result<bool, Error> {
    let timeout = left.map(|left| Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    });
    let mut fds = [PollFd::new(watch, PollFlags::IN)];
    let ready =
        rustix::io::retry_on_intr(|| poll(&mut fds, timeout.as_ref())).doing("wait for", "the pod")?;
    if ready == 0 {
        return Ok(true);
    }
    match watch.reply()? {
        Some((Reply::Finished, _)) | None => {
            // Its last step is to let go of the lock, a moment from now.
            std::thread::sleep(Duration::from_millis(1));
            Ok(false)
        }
        Some(_) => Ok(true),
    }
}

impl Goal {
    fn is_reached(self, pod: &PodEntry) -> Result<bool, Error> {
        let over = !matches!(
            pod.state,
            PodState::Embryo | PodState::Preparing | PodState::Prepared | PodState::Running
        );
        match self {
            Self::Exited => Ok(over),
            Self::Ready if pod.status.as_ref().is_some_and(|status| is_ready(status) && !over) => Ok(true),
            Self::Ready if over => {
                let why = match &pod.status {
                    Some(status) => format!("it has ended, {}, without being ready", status.phase),
                    None => "it has ended without being ready".to_owned(),
                };
                Err(Error::refused(format!("pod `{}`", pod.uid), why))
            }
            Self::Ready => Ok(false),
        }
    }
}

fn is_ready(status: &PodStatus) -> bool {
    let over = matches!(status.phase, PodPhase::Succeeded | PodPhase::Failed);
    let ready = |condition: &pod_core::lifecycle::Condition| {
        condition.kind == ConditionKind::Ready && condition.status == ConditionStatus::True
    };
    !over && status.conditions.iter().any(ready)
}
