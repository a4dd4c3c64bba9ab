//! The monitor: drives a pod's life. One loop in one thread, which waits for nothing but poll(2).
//!
//! The rules are the lifecycle machine's: it is told what happened and says what to do. Here that is done.

mod act;
mod app;
mod child;
mod clock;
mod door;
mod jobs;
mod leaving;
mod output;
mod sandbox;
mod serve;
mod service;
mod tap;
mod task;

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use pod_core::Timestamp;
use pod_core::backoff::Backoff;
use pod_core::lifecycle::{Event, Notice, Outcome, Pod, PodStatus, Severity, StartFailure};
use pod_core::pod::{AppName, PodSpec, SandboxFacts};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use app::Running;
use clock::Clock;
use door::Door;
use jobs::{Answer, Jobs};
use leaving::Leaving;
use sandbox::{Reaper, Step};
use serve::Guest;
use service::Service;

use task::Task;

pub use sandbox::host_addresses;

use crate::cgroup::Cgroups;
use crate::compose::RootKind;
use crate::control::Reply;
use crate::dir::{ImageRecord, PodDir, Stage};
use crate::engine::Prepared;
use crate::error::{Doing, Error, Kind};
use crate::log::{Events, LogLimits};
use crate::ports::{Network, Observer, RootFs};
use crate::signals::Signals;
use crate::stage1::Launcher;
use crate::{gc, root};

/// How long a status waits for the next one while an app begins.
const SOON: Duration = Duration::from_millis(50);

/// How long nothing happens after a start before what it has left behind is cleared away.
const REST: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Runs a prepared pod to its end.
pub(crate) fn run(
    prepared: Prepared,
    log_limits: LogLimits,
    restarts: &Backoff,
    images: &mut (dyn RootFs + Send),
    network: &mut (dyn Network + Send),
    observer: &mut dyn Observer,
) -> Result<PodStatus, Error> {
    let Prepared { mut dir, spec } = prepared;
    let (signals, launcher, cgroups, records) = match take_up(&mut dir, &spec, network) {
        Ok(means) => means,
        Err(error) => {
            // Nobody else knows of this one: one that was kept stays prepared.
            if dir.stage() == Stage::Prepare {
                gc::abandon(dir);
            }
            return Err(error);
        }
    };
    gc::remember_groups(&dir, &cgroups)?;
    let door = Door::open(dir.path())?;
    let events = Events::create(dir.path())?;
    let root_kind = root::probe(&dir.data_dir().join("overlay.json"), &dir.join("probe"));
    let clock = Clock::start();
    let machine = Pod::with_backoff(&spec, restarts, clock.now());
    std::thread::scope(|scope| {
        let mut monitor = Monitor {
            unasked: spec.apps.iter().map(|app| app.name.clone()).collect(),
            dir,
            spec,
            door,
            events,
            service: Service::of_process(),
            log_limits,
            machine,
            clock,
            signals,
            launcher,
            cgroups,
            root_kind,
            records,
            facts: SandboxFacts::default(),
            sandbox: Step::None,
            reaper: None,
            running: Vec::new(),
            tasks: Vec::new(),
            leaving: Vec::new(),
            guests: Vec::new(),
            task_number: 0,
            stops: 0,
            published: None,
            untidy: true,
            finished: false,
            jobs: Jobs::new(scope, images, network)?,
            observer,
        };
        let lived = monitor.live();
        let ended = monitor.end();
        lived.and(ended)
    })
}

type Means = (Signals, Launcher, Cgroups, BTreeMap<AppName, ImageRecord>);

/// What a monitor needs before the pod counts as one that runs.
fn take_up(dir: &mut PodDir, spec: &PodSpec, network: &mut dyn Network) -> Result<Means, Error> {
    network.check(spec).map_err(|source| Kind::Network { doing: "attach", uid: dir.uid(), source })?;
    let signals = Signals::listen().doing("listen to", "signals")?;
    let launcher =
        Launcher::for_pod(dir.uid()).map_err(|error| Error::refused("stage1", app::describe(&error)))?;
    let cgroups = Cgroups::detect()?;
    let mut records = BTreeMap::new();
    for app in &spec.apps {
        records.insert(app.name.clone(), dir.image(&app.name)?);
    }
    dir.sign();
    // On the disk before anything of the pod runs; its namespaces are made meanwhile.
    dir.advance_unsynced(Stage::Run)?;
    Ok((signals, launcher, cgroups, records))
}

/// Everything that a running pod is to its monitor.
struct Monitor<'scope, 'env> {
    dir: PodDir,
    spec: PodSpec,
    door: Door,
    events: Events,
    service: Option<Service>,
    log_limits: LogLimits,
    machine: Pod,
    clock: Clock,
    signals: Signals,
    launcher: Launcher,
    cgroups: Cgroups,
    root_kind: RootKind,
    records: BTreeMap<AppName, ImageRecord>,
    /// Apps whose image the preparation had: the first time they are not asked for again.
    unasked: BTreeSet<AppName>,
    facts: SandboxFacts,
    sandbox: Step,
    /// The first process of the namespace that the apps share, if they do.
    reaper: Option<Reaper>,
    running: Vec<Running>,
    tasks: Vec<Task>,
    /// Control groups whose last processes are being waited for.
    leaving: Vec<Leaving>,
    /// Commands that others run in the apps.
    guests: Vec<Guest>,
    task_number: u64,
    stops: usize,
    /// The generation of the status that was told last.
    published: Option<u64>,
    /// Whether a start has left memory behind that is free, and still ours.
    untidy: bool,
    finished: bool,
    jobs: Jobs<'scope, 'env>,
    observer: &'env mut dyn Observer,
}

impl Monitor<'_, '_> {
    fn live(&mut self) -> Result<(), Error> {
        loop {
            self.act();
            self.dir.settle()?;
            self.publish();
            // Also a pod that is over waits for those who work for it.
            if self.machine.is_ending() {
                self.jobs.give_up();
            }
            if self.finished {
                return Ok(());
            }
            self.wait()?;
            self.take_signals();
            self.take_answers();
            self.take_reaper();
            self.take_apps();
            self.take_tasks();
            self.take_guests();
            self.take_leaving();
            self.take_calls();
            let now = self.clock.now();
            if self.machine.next_deadline().is_some_and(|deadline| deadline <= now) {
                self.tell(Event::Deadline);
            }
        }
    }

    fn tell(&mut self, event: Event) {
        tracing::debug!(?event, "event");
        self.machine.handle(event, self.clock.now());
    }

    /// Tells whoever watches, and the disk, when something changed.
    fn publish(&mut self) {
        if self.published == Some(self.machine.generation()) || self.about_to_run().is_some() {
            return;
        }
        self.published = Some(self.machine.generation());
        let status = self.machine.status();
        // A full disk does not end a pod.
        if let Err(error) = self.dir.write_status(status) {
            tracing::warn!(error = error.chain(), "the status is not on the disk");
        }
        self.observer.status(status);
        if let Some(service) = &mut self.service {
            service.tell(status);
        }
        self.door.tell_watchers();
    }

    /// Waits until something happens or a deadline comes.
    fn wait(&mut self) -> Result<(), Error> {
        use std::os::fd::AsFd as _;
        let mut fds: Vec<BorrowedFd<'_>> = vec![self.signals.as_fd()];
        fds.push(self.jobs.fd());
        fds.extend(self.reaper.iter().flat_map(|reaper| reaper.child.fds()));
        fds.extend(self.running.iter().flat_map(Running::fds));
        fds.extend(self.tasks.iter().flat_map(Task::fds));
        fds.extend(self.guests.iter().flat_map(Guest::fds));
        fds.extend(self.door.fds());
        let mut polled: Vec<_> =
            fds.into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        let deadline = self.deadline().map(|deadline| self.clock.until(deadline));
        // A moment of rest is looked for once after each start; then it is slept for as long as nothing happens.
        let rest = (self.untidy && deadline.is_none_or(|deadline| deadline > REST)).then_some(REST);
        match poll(&mut polled, rest.or(deadline).as_ref()) {
            Ok(0) if rest.is_some() => {
                self.untidy = false;
                crate::sys::trim_heap();
                Ok(())
            }
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error).doing("wait for", "the pod"),
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        let tasks = self.tasks.iter().filter_map(|task| task.deadline);
        let leaving = self.leaving.iter().map(|leaving| leaving.next);
        tasks.chain(leaving).chain(self.machine.next_deadline()).chain(self.about_to_run()).min()
    }

    /// Until when the status waits for an app that is on its way to its program: most are there in a few milliseconds, and then the status is
    /// another one again.
    fn about_to_run(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        let begun = self.running.iter().filter(|app| !app.told).map(|app| app.launched + SOON);
        begun.filter(|until| *until > now).max()
    }

    /// Somebody wants the pod to end.
    fn stopping(&mut self) {
        if let Some(service) = &mut self.service {
            service.stopping();
        }
    }

    fn take_signals(&mut self) {
        for _ in 0..self.signals.take() {
            self.stops += 1;
            self.stopping();
            let grace = (self.stops > 1).then_some(Duration::ZERO);
            self.tell(Event::Stop { grace });
        }
    }

    fn take_answers(&mut self) {
        for answer in self.jobs.answers() {
            match answer {
                Answer::Image(app, result) => self.take_image(app, result),
                Answer::Attached(result) => self.attached(result),
                Answer::Detached(result) => self.detached(result),
                Answer::Namespaces(result) => self.take_namespaces(result),
            }
        }
    }

    fn take_apps(&mut self) {
        for mut app in std::mem::take(&mut self.running) {
            app.child.listen();
            for warning in std::mem::take(&mut app.child.said.warnings) {
                self.warn(Some(&app.name), warning);
            }
            self.tell_started(&mut app);
            app.read(&self.clock, self.observer);
            match app.child.try_wait(self.dir.path()) {
                None => self.running.push(app),
                Some(status) => {
                    self.tell_started(&mut app);
                    app.drain(&self.clock, self.observer);
                    for (caller, skipped) in app.detach_all() {
                        self.door.close(caller, &Reply::Ended { skipped });
                    }
                    self.bury(app, status);
                }
            }
        }
    }

    fn tell_started(&mut self, app: &mut Running) {
        if !app.told && app.child.said.is_done() {
            app.told = true;
            self.tell(Event::Started { app: app.name.clone(), attempt: app.attempt });
        }
    }

    /// An app's first process is gone: nothing of the app stays.
    fn bury(&mut self, mut app: Running, status: pod_core::lifecycle::ExitStatus) {
        let oom_killed = app.group.oom_kills() > 0;
        let (name, attempt) = (app.name.clone(), app.attempt);
        let event = if app.told {
            let message = app.last_words(status);
            Event::Exited { app: name, attempt, status, oom_killed, message }
        } else {
            let (failure, message) = app.child.said.failure.take().map_or_else(
                || {
                    let oom = if oom_killed { ", out of memory" } else { "" };
                    let message = format!("stage1 ended with {}{oom} before the app began", status.code());
                    (StartFailure::Run, message)
                },
                |failure| (failure.failure, failure.to_string()),
            );
            Event::StartFailed { app: name, attempt, failure, message }
        };
        self.leave(app.name, &app.group, Some(event));
    }

    fn take_tasks(&mut self) {
        let now = self.clock.now();
        for mut task in std::mem::take(&mut self.tasks) {
            task.read();
            for warning in std::mem::take(&mut task.child.said.warnings) {
                tracing::warn!(app = %task.request.app, warning, "beside an app");
            }
            match task.ended(self.dir.path()) {
                // Only what still runs is late: a monitor that was stopped must not take its own sleep for the task's.
                None => {
                    task.check_time(now);
                    self.tasks.push(task);
                }
                Some(outcome) => self.close(task, outcome),
            }
        }
    }

    fn close(&mut self, task: Task, outcome: Outcome) {
        let event = (!task.cancelled).then(|| task.request.done(outcome));
        match (&task.group, event) {
            (Some(group), event) => self.leave(task.request.app.clone(), group, event),
            (None, Some(event)) => self.tell(event),
            (None, None) => {}
        }
    }

    /// Tells the disk, and whoever looks on.
    fn notify(&mut self, notice: &Notice) {
        self.events.add(notice);
        self.observer.notice(notice);
        self.door.tell_watchers();
    }

    /// Something that we derived was refused by the machine: the pod runs, and the user is told.
    fn warn(&mut self, app: Option<&AppName>, message: String) {
        let at = self.clock.now();
        let reason = "Degraded".to_owned();
        let app = app.cloned();
        self.notify(&Notice { at, severity: Severity::Warning, reason, app, message });
    }

    /// Nothing of the pod stays but its directory, which waits to be collected.
    fn end(&mut self) -> Result<PodStatus, Error> {
        self.jobs.give_up();
        let path = self.dir.path().to_owned();
        if matches!(std::mem::replace(&mut self.sandbox, Step::None), Step::Namespaces) {
            self.jobs.await_namespaces();
        }
        for task in self.tasks.drain(..) {
            task.child.end(&path);
        }
        for guest in self.guests.drain(..) {
            guest.end(&path);
        }
        for app in self.running.drain(..) {
            app.child.end(&path);
        }
        if let Some(reaper) = self.reaper.take() {
            reaper.child.end(&path);
        }
        self.jobs.with_network(|network| gc::finish(&self.dir, &self.cgroups, network))?;
        self.publish();
        self.door.finish();
        Ok(self.machine.status().clone())
    }
}
