//! The loop: it looks at all objects, has every planner say what is to be done, does it, and waits until something happens.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use k8s_model::batch::Job;
use k8s_model::core::ConditionStatus;
use k8s_model::object::Object;
use k8s_model::plan;
use pod_core::Timestamp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Play;
use super::controllers::Controllers;
use super::pods::{Happened, Pods};
use super::server;
use super::store::{Reconciling, Store};
use super::wake::Wake;
use crate::podrun::cli::Global;

/// How often all is looked at though nothing is known to have happened.
const AT_LEAST: Duration = Duration::from_secs(30);

/// Why reconciling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// What was to be reached is reached.
    Reached,
    /// Somebody asked for the end.
    Signal,
    /// The time is over.
    Late,
}

/// Makes the machine what the objects say.
pub(super) struct Reconciler {
    store: Store,
    controllers: Controllers,
    pods: Pods,
    happened: Receiver<Happened>,
    _lock: Reconciling,
}

impl Reconciler {
    /// By whoever holds the lock.
    pub(super) fn new(global: Arc<Global>, store: &Store, lock: Reconciling) -> anyhow::Result<Self> {
        let (sender, happened) = channel();
        listen(store, &sender)?;
        signals(&sender)?;
        let pods = Pods::new(global, store, sender)?;
        let controllers = Controllers::default();
        Ok(Self { store: store.clone(), controllers, pods, happened, _lock: lock })
    }

    /// Reconciles until the goal is reached, which is looked at after each pass.
    pub(super) fn run(
        &mut self,
        limit: Option<Duration>,
        goal: impl Fn(&Store) -> anyhow::Result<bool>,
    ) -> anyhow::Result<End> {
        let began = Instant::now();
        loop {
            let next = self.pass()?;
            if goal(&self.store)? {
                return Ok(End::Reached);
            }
            let left = limit.map(|limit| limit.saturating_sub(began.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(End::Late);
            }
            let until = next.map_or(AT_LEAST, |next| next.since(server::now()).min(AT_LEAST));
            if self.wait(left.map_or(until, |left| left.min(until)))? {
                return Ok(End::Signal);
            }
        }
    }

    /// Sees to everything once; when to do so again though nothing happens.
    fn pass(&mut self) -> anyhow::Result<Option<Timestamp>> {
        let (objects, next) = self.controllers.run(&self.store, self.pods.node())?;
        let pods = self.pods.sync(&objects)?;
        Ok(next.into_iter().chain(pods).min())
    }

    /// Waits until something happens; `true` is that somebody asks for the end.
    fn wait(&mut self, limit: Duration) -> anyhow::Result<bool> {
        let mut next = match self.happened.recv_timeout(limit) {
            Err(RecvTimeoutError::Timeout) => return Ok(false),
            happened => Some(happened.context("nobody is left who could tell of anything")?),
        };
        // What has come together is seen to together.
        while let Some(happened) = next {
            match happened {
                Happened::Store | Happened::Pod => {}
                Happened::Started(uid, result) => self.pods.started(uid, result, &self.store.all()?)?,
                Happened::Removed(uid, result) => self.pods.removed(uid, result, &self.store.all()?)?,
                Happened::Signal => return Ok(true),
            }
            next = self.happened.try_recv().ok();
        }
        Ok(false)
    }
}

/// Tells of each change of objects.
fn listen(store: &Store, happened: &Sender<Happened>) -> anyhow::Result<()> {
    let (mut wake, happened) = (Wake::new(store)?, happened.clone());
    thread::spawn(move || while wake.wait(None).is_ok() && happened.send(Happened::Store).is_ok() {});
    Ok(())
}

/// Tells of the signals that ask for the end; a second one ends this process at once.
fn signals(happened: &Sender<Happened>) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot wait for signals")?;
    let happened = happened.clone();
    thread::spawn(move || {
        let mut came = signals.forever();
        if came.next().is_some() && happened.send(Happened::Signal).is_ok() && came.next().is_some() {
            std::process::exit(130);
        }
    });
    Ok(())
}

/// Waits until a goal is reached: by reconciling, or while another process does.
pub(super) fn until(
    play: &Play<'_>,
    limit: Option<Duration>,
    goal: impl Fn(&Store) -> anyhow::Result<bool>,
) -> anyhow::Result<End> {
    let began = Instant::now();
    let mut wake = Wake::new(&play.store)?;
    loop {
        if goal(&play.store)? {
            return Ok(End::Reached);
        }
        let left = limit.map(|limit| limit.saturating_sub(began.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(End::Late);
        }
        if let Some(lock) = play.store.reconcile()? {
            return Reconciler::new(Arc::new(play.global.clone()), &play.store, lock)?.run(left, goal);
        }
        // Whoever reconciles may end at any moment.
        let look = Duration::from_secs(1);
        wake.wait(Some(left.map_or(look, |left| left.min(look))))?;
    }
}

/// Whether an object makes something that lasts, so that somebody must go on reconciling.
pub(super) fn lasts(object: &Object) -> bool {
    match object {
        Object::Pod(pod) => pod.metadata.deletion_timestamp.is_some() || !plan::is_over(pod),
        Object::Job(job) => job.spec.ttl_seconds_after_finished.is_some() || !is_finished(job),
        Object::Namespace(namespace) => namespace.metadata.deletion_timestamp.is_some(),
        Object::PodTemplate(_) => false,
        other => other.pod_template().is_some(),
    }
}

/// Whether a job has come to its end, well or not.
pub(super) fn is_finished(job: &Job) -> bool {
    job.status.conditions.iter().any(|condition| {
        matches!(condition.type_.as_str(), "Complete" | "Failed") && condition.status == ConditionStatus::True
    })
}

/// Whether nothing is left to reconcile.
pub(super) fn idle(store: &Store) -> anyhow::Result<bool> {
    let all = store.all()?;
    Ok(!all.iter().any(lasts) && is_clean(store, &all)?)
}

/// Whether nothing is left of what has gone: no object whose owners have, and no pod without an object.
pub(super) fn no_orphans(store: &Store) -> anyhow::Result<bool> {
    is_clean(store, &store.all()?)
}

fn is_clean(store: &Store, all: &[Object]) -> anyhow::Result<bool> {
    let there: Vec<&str> =
        all.iter().filter_map(|object| object.metadata()).map(|metadata| metadata.uid.as_str()).collect();
    let owned = all.iter().filter_map(|object| object.metadata()).all(|metadata| {
        let owners = &metadata.owner_references;
        owners.is_empty() || owners.iter().any(|owner| there.contains(&owner.uid.as_str()))
    });
    Ok(owned && store.begun()?.iter().all(|uid| there.contains(&uid.to_string().as_str())))
}
