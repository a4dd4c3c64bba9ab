//! What others ask of a pod that runs: to stop, to tell of changes, to run a command in an app, to hand over an app's streams.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use pod_core::lifecycle::Event;
use pod_core::pod::AppName;

use super::Monitor;
use super::app::{Running, describe};
use super::child::Child;
use super::door::{Call, Role};
use crate::control::{ExecRequest, Reply, Request};
use crate::error::Error;
use crate::plan::{ExecPlan, Plan};
use crate::stage1::{Pids, Stdio};

/// A command that somebody outside runs in an app.
#[derive(Debug)]
pub(super) struct Guest {
    caller: u64,
    child: Child,
    told: bool,
}

impl Guest {
    /// What to poll.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.child.fds()
    }

    /// Kills it and waits for its end.
    pub(super) fn end(self, dir: &std::path::Path) {
        self.child.end(dir);
    }
}

impl Monitor<'_, '_> {
    /// Takes what came through the door.
    pub(super) fn take_calls(&mut self) {
        for call in self.door.calls() {
            match call {
                Call::Asked(caller, request, fds) => self.serve(caller, request, fds),
                Call::Left(caller, Role::Exec) => {
                    // Whoever wanted its result is gone.
                    self.guests.iter().filter(|guest| guest.caller == caller).for_each(|guest| {
                        guest.child.kill();
                    });
                }
                Call::Left(caller, Role::Attach(app)) => {
                    let running = self.running.iter_mut().filter(|running| running.name == app);
                    running.for_each(|running| running.detach(caller));
                }
                Call::Left(..) => {}
            }
        }
    }

    fn serve(&mut self, caller: u64, request: Request, fds: Vec<OwnedFd>) {
        tracing::debug!(?request, "asked");
        match request {
            Request::Stop { grace_ms } => {
                self.door.assign(caller, Role::Stop);
                self.door.reply(caller, &Reply::Done, &[]);
                self.stopping();
                self.tell(Event::Stop { grace: grace_ms.map(Duration::from_millis) });
            }
            Request::Gate { gate, status } => {
                if self.spec.readiness_gates.contains(&gate) {
                    self.tell(Event::Gate { gate, status });
                    self.door.close(caller, &Reply::Done);
                } else {
                    self.door
                        .close(caller, &Reply::Refused(format!("the pod has no readiness gate `{gate}`")));
                }
            }
            Request::Watch => {
                self.door.assign(caller, Role::Watch);
                self.door.reply(caller, &Reply::Done, &[]);
            }
            Request::Exec(request) => match self.admit(caller, &request, &fds) {
                Ok(guest) => {
                    self.door.assign(caller, Role::Exec);
                    self.guests.push(guest);
                }
                Err(why) => self.door.close(caller, &Reply::Refused(why)),
            },
            Request::Attach { app, stdin } => self.attach(caller, &app, stdin, fds),
        }
    }

    fn find(&self, app: &AppName) -> Result<&Running, String> {
        let running = self.running.iter().find(|running| running.name == *app && running.told);
        running.ok_or_else(|| {
            let known = self.spec.app(app).is_some();
            if known { format!("app `{app}` does not run") } else { format!("the pod has no app `{app}`") }
        })
    }

    /// Starts a command in an app.
    fn admit(&mut self, caller: u64, request: &ExecRequest, fds: &[OwnedFd]) -> Result<Guest, String> {
        let [stdin, stdout, stderr] = fds else {
            return Err("a command needs three streams".to_owned());
        };
        if request.command.is_empty() {
            return Err("it names no command".to_owned());
        }
        self.task_number += 1;
        let app = self.find(&request.app)?;
        let plan = self.exec_plan(request, app)?;
        let stdio = Stdio { stdin: stdin.as_fd(), stdout: stdout.as_fd(), stderr: stderr.as_fd() };
        let launched = self
            .launcher
            .launch(&Plan::Exec(Box::new(plan)), stdio, Pids::Of(app.child.pidfd()))
            .map_err(|error| describe(&error))?;
        let name = format!("exec-{}-{}-{}", app.name, app.attempt, self.task_number);
        let child = Child::new(self.dir.path(), name, launched).map_err(|error: Error| error.chain())?;
        Ok(Guest { caller, child, told: false })
    }

    fn exec_plan(&self, request: &ExecRequest, app: &Running) -> Result<ExecPlan, String> {
        let composition = self.composition(&app.name, app.attempt).ok_or("the pod has no such app")?;
        let mut plan = composition.exec_plan(&request.command, app.group.dirs())?;
        plan.terminal = request.tty;
        let env = &mut plan.process.env;
        let default = request.tty.then(|| ("TERM".to_owned(), "xterm".to_owned()));
        let default = default.filter(|(name, _)| env.iter().all(|(known, _)| known != name));
        for (name, value) in default.into_iter().chain(request.env.iter().cloned()) {
            env.retain(|(known, _)| *known != name);
            env.push((name, value));
        }
        if let Some(dir) = &request.working_dir {
            plan.process.working_dir.clone_from(dir);
        }
        Ok(plan)
    }

    /// Goes on with the commands that run.
    pub(super) fn take_guests(&mut self) {
        for mut guest in std::mem::take(&mut self.guests) {
            guest.child.listen();
            for warning in std::mem::take(&mut guest.child.said.warnings) {
                tracing::warn!(warning, "a command in an app");
            }
            if !guest.told && guest.child.said.is_done() {
                guest.told = true;
                self.door.reply(guest.caller, &Reply::Started, &[]);
            }
            match guest.child.try_wait(self.dir.path()) {
                None => self.guests.push(guest),
                Some(status) if guest.child.said.is_done() => {
                    self.door.close(guest.caller, &Reply::Exited(status));
                }
                Some(status) => {
                    let why = guest.child.said.failure.take().map_or_else(
                        || format!("stage1 ended with {} before the command began", status.code()),
                        |failure| failure.to_string(),
                    );
                    self.door.close(guest.caller, &Reply::Refused(why));
                }
            }
        }
    }

    fn attach(&mut self, caller: u64, app: &AppName, stdin: bool, fds: Vec<OwnedFd>) {
        if let Err(why) = self.find(app) {
            return self.door.close(caller, &Reply::Refused(why));
        }
        let Some(running) = self.running.iter_mut().find(|running| running.name == *app) else { return };
        match running.attach(caller, stdin, fds) {
            Ok((tty, input)) => {
                self.door.assign(caller, Role::Attach(app.clone()));
                let input = input.as_ref().map(AsFd::as_fd);
                self.door.reply(caller, &Reply::Attached { tty }, input.as_slice());
            }
            Err(why) => self.door.close(caller, &Reply::Refused(why)),
        }
    }
}
