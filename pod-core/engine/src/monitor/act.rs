//! Carries out what the lifecycle machine asks for. Nothing here waits.

use std::time::Duration;

use pod_core::lifecycle::{Action, Event, Hook, Outcome, Signal};
use pod_core::pod::{AppName, Handler};
use rustix::fs::{FileType, major, minor, stat};

use super::Monitor;
use super::app::{Launch, StartError};
use super::task::{Purpose, Request, Task};
use crate::cgroup::{AppGroup, DeviceRule};
use crate::compose::{Composition, attempt_dir, probe_plan};
use crate::dir::ImageRecord;
use crate::plan::{AppPlan, Plan};
use crate::ports::RootFsError;
use crate::root;
use crate::stage1::Pids;

/// What a question by network takes for as long as it likes: a year.
const UNLIMITED: Duration = Duration::from_secs(365 * 24 * 3600);

impl Monitor<'_, '_> {
    /// Does all that is asked for now.
    pub(super) fn act(&mut self) {
        while let Some(action) = self.machine.poll_action() {
            tracing::debug!(?action, "action");
            match action {
                Action::MakeSandbox => self.make_sandbox(),
                Action::EnsureImage { app } => self.ensure_image(app),
                // Whoever pulls is told when the pod is to end; an answer before is one to no question.
                Action::CancelImage { .. } => {}
                Action::Start { app, attempt } => {
                    if let Err(StartError { failure, message }) = self.start(&app, attempt) {
                        self.tell(Event::StartFailed { app, attempt, failure, message });
                    }
                }
                Action::RunHook { app, attempt, hook, handler, timeout } => {
                    self.begin(Request { app, attempt, purpose: Purpose::Hook(hook), handler, timeout });
                }
                Action::RunProbe { app, attempt, probe, handler, timeout } => {
                    let timeout = Some(timeout);
                    self.begin(Request { app, attempt, purpose: Purpose::Probe(probe), handler, timeout });
                }
                Action::CancelHook { app, hook } => self.cancel(&app, Purpose::Hook(hook)),
                Action::CancelProbe { app, probe } => self.cancel(&app, Purpose::Probe(probe)),
                Action::Signal { app, attempt, signal } => self.signal(&app, attempt, signal),
                Action::Notify(notice) => self.notify(&notice),
                Action::Finish { .. } => self.finished = true,
            }
        }
    }

    fn ensure_image(&mut self, name: AppName) {
        if self.unasked.remove(&name)
            && let Some(record) = self.records.get(&name)
        {
            let (image_id, pull) = (record.image_id.clone(), record.pull);
            return self.tell(Event::ImageReady { app: name, image_id, pull });
        }
        if let Some(app) = self.spec.app(&name) {
            self.jobs.image(app);
        }
    }

    /// An image is here, or cannot be had.
    pub(super) fn take_image(&mut self, name: AppName, result: Result<Box<ImageRecord>, RootFsError>) {
        let event = match result {
            Ok(record) => {
                if let Err(error) = self.dir.write_image(&name, &record) {
                    tracing::warn!(app = %name, error = error.chain(), "the image is not on record");
                }
                let (image_id, pull) = (record.image_id.clone(), record.pull);
                self.records.insert(name.clone(), *record);
                Event::ImageReady { app: name, image_id, pull }
            }
            Err(error) => Event::ImageFailed { app: name, failure: error.failure, message: error.message },
        };
        self.tell(event);
    }

    pub(super) fn composition(&self, name: &AppName, attempt: u32) -> Option<Composition<'_>> {
        Some(Composition {
            pod: self.dir.path(),
            spec: &self.spec,
            app: self.spec.app(name)?,
            image: self.records.get(name)?,
            facts: &self.facts,
            attempt,
            devices_are_closed: self.cgroups.restricts_devices(),
        })
    }

    fn start(&mut self, name: &AppName, attempt: u32) -> Result<(), StartError> {
        self.dir.settle()?;
        let (group, warnings) = self.make_root_and_group(name, attempt)?;
        for warning in warnings {
            self.warn(Some(name), warning);
        }
        let Some(composition) = self.composition(name, attempt) else { return Ok(()) };
        let started =
            composition.app_plan(self.root_kind, group.dirs()).map_err(StartError::config).and_then(|plan| {
                let launch = Launch {
                    launcher: &self.launcher,
                    dir: self.dir.path(),
                    app: composition.app,
                    attempt,
                    pids: self.pids().map_err(StartError::create)?,
                    log_limits: self.log_limits,
                    termination: composition.termination_file(),
                };
                launch.start(&Plan::App(Box::new(plan)), group.clone(), self.clock.now())
            });
        match started {
            Ok(running) => {
                self.untidy = true;
                self.running.push(running);
            }
            Err(error) => {
                self.leave(name.clone(), &group, None);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Makes what an app's start needs on the host's side. The traces of the start before go.
    fn make_root_and_group(
        &self,
        name: &AppName,
        attempt: u32,
    ) -> Result<(AppGroup, Vec<String>), StartError> {
        let Some(composition) = self.composition(name, attempt) else {
            return Err(StartError::config("the pod has no such app".to_owned()));
        };
        let Composition { pod, app, image, .. } = composition;
        if let Some(before) = attempt.checked_sub(1) {
            root::discard(pod, app, before);
        }
        root::make(pod, app, attempt, image, self.root_kind)?;
        let mut warnings = Vec::new();
        if composition.withholds_mknod() {
            let what = "CAP_MKNOD is withheld: this machine has no controller that would keep the app from the devices it could make";
            warnings.push(what.to_owned());
        }
        let devices = (!app.security.privileged).then(|| self.devices(name));
        let group = self.cgroups.make(self.spec.uid, app, devices.as_deref(), &mut warnings)?;
        Ok((group, warnings))
    }

    /// The devices of the host that an app mounts.
    fn devices(&self, name: &AppName) -> Vec<DeviceRule> {
        let mounts = self.spec.app(name).map_or(&[][..], |app| &app.mounts);
        let device = |mount: &pod_core::pod::Mount| {
            let volume = self.spec.volume(&mount.volume)?;
            let stat = stat(crate::volume::source(self.dir.path(), volume)).ok()?;
            let block = match FileType::from_raw_mode(stat.st_mode) {
                FileType::BlockDevice => true,
                FileType::CharacterDevice => false,
                _ => return None,
            };
            Some(DeviceRule::device(block, major(stat.st_rdev), minor(stat.st_rdev), mount.read_only))
        };
        mounts.iter().filter_map(device).collect()
    }

    /// Starts a hook or a probe, or answers at once why not.
    fn begin(&mut self, request: Request) {
        // It ends with its app, whose end is told in a moment.
        if self.is_leaving(&request.app) {
            return;
        }
        self.task_number += 1;
        let result = match (&request.handler, request.purpose) {
            (Handler::Exec { command }, Purpose::Hook(Hook::PreStart | Hook::PostStop)) => {
                let command = command.clone();
                self.begin_beside_none(&request, &command)
            }
            (Handler::Exec { command }, _) => self.begin_in_app(&request, command),
            (Handler::Sleep { .. }, _) => Err("sleep is the machine's own".to_owned()),
            (Handler::HttpGet { .. } | Handler::TcpSocket { .. } | Handler::Grpc { .. }, _) => {
                self.begin_question(&request)
            }
        };
        match result {
            Ok(task) => self.tasks.push(task),
            Err(message) => self.tell(request.done(Outcome::Error(message))),
        }
    }

    fn launch(&self, request: &Request, plan: &Plan, pids: Pids<'_>) -> Result<Task, String> {
        let now = self.clock.now();
        Task::start(&self.launcher, self.dir.path(), self.task_number, request.clone(), plan, pids, now)
    }

    fn begin_in_app(&self, request: &Request, command: &[String]) -> Result<Task, String> {
        let app = self
            .running
            .iter()
            .find(|app| app.name == request.app && app.attempt == request.attempt)
            .ok_or("the app does not run")?;
        let composition = self.composition(&request.app, request.attempt).ok_or("the pod has no such app")?;
        let plan = composition.exec_plan(command, app.group.dirs())?;
        self.launch(request, &Plan::Exec(Box::new(plan)), Pids::Of(app.child.pidfd()))
    }

    fn begin_question(&self, request: &Request) -> Result<Task, String> {
        let timeout = request.timeout.unwrap_or(UNLIMITED);
        let plan = probe_plan(self.dir.path(), &self.spec, &self.facts, &request.handler, timeout);
        // The kubelet takes any HTTP answer to a hook for success.
        let plan = match request.purpose {
            Purpose::Hook(_) => Plan::Hook(plan),
            Purpose::Probe(_) => Plan::Probe(plan),
        };
        self.launch(request, &plan, Pids::Host)
    }

    /// A hook of before the start or after the end: the app in every way, while the app itself is not there.
    fn begin_beside_none(&mut self, request: &Request, command: &[String]) -> Result<Task, String> {
        let text = |error: StartError| error.message;
        let after = request.purpose == Purpose::Hook(Hook::PostStop);
        if after && !root::is_made(&attempt_dir(self.dir.path(), self.app(request)?, request.attempt)) {
            return Err("the app was never started".to_owned());
        }
        self.dir.settle().map_err(|error| error.chain())?;
        let (group, warnings) = self.make_root_and_group(&request.app, request.attempt).map_err(text)?;
        for warning in warnings {
            self.warn(Some(&request.app), warning);
        }
        let started = self
            .hook_plan(request, command, &group)
            .and_then(|plan| self.launch(request, &Plan::App(Box::new(plan)), self.pids()?));
        match started {
            Ok(mut task) => {
                task.group = Some(group);
                Ok(task)
            }
            Err(message) => {
                self.leave(request.app.clone(), &group, None);
                Err(message)
            }
        }
    }

    fn app(&self, request: &Request) -> Result<&pod_core::pod::App, String> {
        self.spec.app(&request.app).ok_or_else(|| "the pod has no such app".to_owned())
    }

    fn hook_plan(&self, request: &Request, command: &[String], group: &AppGroup) -> Result<AppPlan, String> {
        let composition = self.composition(&request.app, request.attempt).ok_or("the pod has no such app")?;
        super::app::make_termination_file(&composition.termination_file()).map_err(|error| error.chain())?;
        composition.hook_plan(command, self.root_kind, group.dirs())
    }

    fn cancel(&mut self, app: &AppName, purpose: Purpose) {
        let wanted = |task: &&mut Task| task.request.app == *app && task.request.purpose == purpose;
        self.tasks.iter_mut().filter(wanted).for_each(Task::cancel);
    }

    fn signal(&self, name: &AppName, attempt: u32, signal: Signal) {
        let Some(app) = self.running.iter().find(|app| app.name == *name && app.attempt == attempt) else {
            return;
        };
        let sent = match signal {
            Signal::Stop => app.child.signal(self.stop_signal(name)),
            Signal::Kill => {
                app.child.kill();
                app.group.kill()
            }
        };
        if let Err(error) = sent {
            tracing::warn!(app = %name, error = error.chain(), "a signal did not arrive");
        }
    }

    /// The app's own, else its image's, else SIGTERM.
    fn stop_signal(&self, name: &AppName) -> i32 {
        let own = self.spec.app(name).and_then(|app| app.stop_signal);
        let image = || self.records.get(name).and_then(|record| record.config.stop_signal);
        own.or_else(image).unwrap_or_else(|| rustix::process::Signal::TERM.as_raw())
    }
}
