//! The node: pods of the store run, and what is seen of them is written on them.

mod start;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use k8s_model::core::{Pod, PodPhase};
use k8s_model::expand::Objects;
use k8s_model::lower;
use k8s_model::object::Object;
use pod_core::Timestamp;
use pod_core::backoff::Backoff;
use pod_core::lifecycle::{Notice, Severity};
use pod_engine::{Change, Engine, PodEntry, PodState};
use uuid::Uuid;

use super::server;
use super::store::{Durability, Key, Store};
use crate::podrun::cli::Global;
use start::{NotStarted, Start};

/// How soon a pod is looked at again when another process works on it.
const SOON: Duration = Duration::from_millis(20);

/// What has happened.
#[derive(Debug)]
pub(super) enum Happened {
    /// Objects have changed.
    Store,
    /// A pod is another.
    Pod,
    /// A pod was started, or not.
    Started(Uuid, Result<(), NotStarted>),
    /// A pod was ended and removed, or not.
    Removed(Uuid, Result<(), String>),
    /// Somebody asks for the end.
    Signal,
}

/// What this process does for a pod at the moment.
#[derive(Debug, Default)]
struct Work {
    starting: bool,
    /// It is being ended, with at most so many seconds of grace.
    ending: Option<i64>,
    watched: bool,
    backoff: Option<Backoff>,
    /// Why it could not be started the last time.
    failure: Option<NotStarted>,
}

/// The pods of the store on this machine.
pub(super) struct Pods {
    global: Arc<Global>,
    engine: Engine,
    store: Store,
    happened: Sender<Happened>,
    work: BTreeMap<Uuid, Work>,
    node: String,
    /// When something is to be looked at again, though nothing happens.
    next: Option<Timestamp>,
}

impl Pods {
    pub(super) fn new(
        global: Arc<Global>,
        store: &Store,
        happened: Sender<Happened>,
    ) -> anyhow::Result<Self> {
        let engine = global.engine()?;
        Ok(Self {
            global,
            engine,
            store: store.clone(),
            happened,
            work: BTreeMap::new(),
            node: crate::podrun::node::settings()?.node.name,
            next: None,
        })
    }

    /// The name of this machine, as a node.
    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// Sees to all pods once; when to look again though nothing happens.
    pub(super) fn sync(&mut self, objects: &[Object]) -> anyhow::Result<Option<Timestamp>> {
        self.next = None;
        let entries: BTreeMap<Uuid, PodEntry> =
            self.engine.pods()?.into_iter().map(|entry| (entry.uid, entry)).collect();
        let mut known = Vec::new();
        for object in objects {
            let Object::Pod(pod) = object else { continue };
            let uid = server::uuid_of(pod)?;
            known.push(uid);
            self.one(uid, pod, entries.get(&uid), objects)?;
        }
        // What an object has been taken away from, whoever did that.
        for uid in self.store.begun()?.into_iter().filter(|uid| !known.contains(uid)) {
            self.end_one(uid, None, entries.get(&uid))?;
        }
        self.work.retain(|uid, work| known.contains(uid) || work.starting || work.ending.is_some());
        Ok(self.next)
    }

    fn one(
        &mut self,
        uid: Uuid,
        pod: &Pod,
        entry: Option<&PodEntry>,
        objects: &[Object],
    ) -> anyhow::Result<()> {
        let starting = self.work.entry(uid).or_default().starting;
        if pod.metadata.deletion_timestamp.is_some() {
            // What is being started can be stopped once it runs.
            if !starting {
                if let Some(entry) = entry {
                    self.see(pod, entry)?;
                }
                self.end_one(uid, Some(pod), entry)?;
            }
            return Ok(());
        }
        let over = matches!(pod.status.phase, PodPhase::Succeeded | PodPhase::Failed);
        match entry {
            Some(entry) => {
                self.see(pod, entry)?;
                match entry.state {
                    PodState::Running => self.watch(entry),
                    PodState::Embryo | PodState::Preparing => self.look_again(SOON),
                    _ if starting || over => {}
                    // Its monitor died, or whoever was about to start it.
                    _ if !has_ended(entry) => self.start(uid, pod, true, objects)?,
                    _ => {}
                }
            }
            None if starting || over => {}
            None => self.start(uid, pod, false, objects)?,
        }
        Ok(())
    }

    fn look_again(&mut self, after: Duration) {
        let at = server::now() + after;
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    /// Writes what is seen of a pod on it.
    fn see(&self, pod: &Pod, entry: &PodEntry) -> anyhow::Result<()> {
        let Some(seen) = &entry.status else { return Ok(()) };
        let status = lower::status(pod, seen, &pod_engine::host_addresses());
        if status != pod.status {
            server::observe(&self.store, &Key::of(&Object::from(pod.clone()))?, |object| {
                if let Object::Pod(kept) = object
                    && kept.metadata.uid == pod.metadata.uid
                {
                    kept.status = status;
                }
            })?;
        }
        Ok(())
    }

    /// Hears of each change of a running pod.
    fn watch(&mut self, entry: &PodEntry) {
        let work = self.work.entry(entry.uid).or_default();
        if std::mem::replace(&mut work.watched, true) {
            return;
        }
        let (entry, happened) = (entry.clone(), self.happened.clone());
        thread::spawn(move || {
            // A monitor that has just begun may need a moment; one that is gone will be seen as such.
            let mut watch = entry.watch();
            for _ in 0..250 {
                if !matches!(watch, Ok(None)) {
                    break;
                }
                thread::sleep(SOON);
                watch = entry.watch();
            }
            if let Ok(Some(mut watch)) = watch {
                while happened.send(Happened::Pod).is_ok() && matches!(watch.hear(), Ok(Change::Status)) {}
            }
            let _ = happened.send(Happened::Pod);
        });
    }

    fn start(&mut self, uid: Uuid, pod: &Pod, again: bool, objects: &[Object]) -> anyhow::Result<()> {
        let now = server::now();
        let work = self.work.entry(uid).or_default();
        if let Some(backoff) = &work.backoff
            && !backoff.remaining(now).is_zero()
        {
            let left = backoff.remaining(now);
            if let Some(failure) = work.failure.take_if(|failure| failure.image.is_some()) {
                self.waits(pod, &failure.backed_off())?;
            }
            self.look_again(left);
            return Ok(());
        }
        let lookup: Objects = objects.iter().filter(|object| is_data(object)).cloned().collect();
        let start = match Start::new(&self.global, pod, uid, &lookup, again) {
            Ok(start) => start,
            // Config maps and secrets may still come: that is looked at whenever objects change.
            Err(failure) => return self.waits(pod, &failure),
        };
        self.store.begin(uid)?;
        self.work.entry(uid).or_default().starting = true;
        self.work.entry(uid).or_default().watched = false;
        let (global, engine, happened) =
            (Arc::clone(&self.global), self.engine.clone(), self.happened.clone());
        thread::spawn(move || {
            let result = start.run(&global, &engine);
            let _ = happened.send(Happened::Started(uid, result));
        });
        Ok(())
    }

    /// Takes note that a pod was started, or not.
    pub(super) fn started(
        &mut self,
        uid: Uuid,
        result: Result<(), NotStarted>,
        objects: &[Object],
    ) -> anyhow::Result<()> {
        let work = self.work.entry(uid).or_default();
        work.starting = false;
        let Err(failure) = result else {
            work.backoff = None;
            return Ok(());
        };
        work.backoff.get_or_insert_with(Backoff::kubelet).failed(server::now());
        work.failure = Some(failure.clone());
        let pod = objects.iter().find_map(|object| match object {
            Object::Pod(pod) if pod.metadata.uid == uid.to_string() => Some(pod),
            _ => None,
        });
        pod.map_or(Ok(()), |pod| self.waits(pod, &failure))
    }

    /// Writes on a pod what it waits for, and tells of it.
    fn waits(&self, pod: &Pod, failure: &NotStarted) -> anyhow::Result<()> {
        let container = failure.container.as_deref();
        let now = server::now();
        let status = lower::waiting_status(pod, &failure.reason, &failure.message, container, now);
        let key = Key::of(&Object::from(pod.clone()))?;
        let mut told = false;
        server::observe(&self.store, &key, |object| {
            if let Object::Pod(kept) = object
                && kept.metadata.uid == pod.metadata.uid
            {
                told = kept.status != status;
                kept.status = status;
            }
        })?;
        if told {
            let notice = Notice {
                at: now,
                severity: Severity::Warning,
                reason: failure.event.to_owned(),
                app: container.and_then(|name| name.parse().ok()),
                message: failure.message.clone(),
            };
            let events = lower::events(pod, [&notice], &self.node);
            server::transact(&self.store, Durability::Volatile, |model| {
                for event in events {
                    model.create(event.into(), server::at())?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Ends a pod that is to go, and removes it; without an object it has no time.
    fn end_one(&mut self, uid: Uuid, pod: Option<&Pod>, entry: Option<&PodEntry>) -> anyhow::Result<()> {
        let ending = self.work.get(&uid).and_then(|work| work.ending);
        let Some(entry) = entry else {
            if ending.is_none() {
                self.store.ended(uid)?;
                return pod.map_or(Ok(()), |pod| server::forget(&self.store, pod));
            }
            return Ok(());
        };
        if matches!(entry.state, PodState::Embryo | PodState::Preparing) {
            self.look_again(SOON);
            return Ok(());
        }
        let metadata = pod.map(|pod| &pod.metadata);
        let total = metadata.and_then(|metadata| metadata.deletion_grace_period_seconds).unwrap_or(0);
        if ending.is_some_and(|before| total >= before) {
            return Ok(());
        }
        self.work.entry(uid).or_default().ending = Some(total);
        let until = metadata.and_then(|metadata| metadata.deletion_timestamp);
        let until = until.map_or_else(server::now, |time| time.timestamp());
        let asked = Duration::from_secs(u64::try_from(total).unwrap_or(0));
        let grace = until.since(server::now()).min(asked);
        let (global, engine, happened, entry) =
            (Arc::clone(&self.global), self.engine.clone(), self.happened.clone(), entry.clone());
        thread::spawn(move || {
            if entry.state == PodState::Running
                && let Err(error) = entry.stop(Some(grace))
            {
                // It has ended meanwhile, or its monitor has: whatever is left is removed now.
                tracing::info!(pod = %uid, "{error}");
            }
            if ending.is_none() {
                let removed = remove(&global, &engine, uid);
                let _ = happened.send(Happened::Removed(uid, removed));
            }
        });
        Ok(())
    }

    /// Takes note that a pod was removed, or not.
    pub(super) fn removed(
        &mut self,
        uid: Uuid,
        result: Result<(), String>,
        objects: &[Object],
    ) -> anyhow::Result<()> {
        let Some(work) = self.work.get_mut(&uid) else { return Ok(()) };
        if let Err(why) = result {
            // It stays, and is tried again.
            tracing::warn!(pod = %uid, "{why}");
            work.ending = None;
            self.look_again(Duration::from_secs(1));
            return Ok(());
        }
        self.work.remove(&uid);
        self.store.ended(uid)?;
        let gone = objects.iter().find_map(|object| match object {
            Object::Pod(pod) if pod.metadata.uid == uid.to_string() => Some(pod),
            _ => None,
        });
        match gone {
            Some(pod) if pod.metadata.deletion_timestamp.is_some() => server::forget(&self.store, pod),
            _ => Ok(()),
        }
    }
}

/// Whether an object is one whose content pods are given.
fn is_data(object: &Object) -> bool {
    matches!(object, Object::ConfigMap(_) | Object::Secret(_) | Object::Service(_))
}

/// Whether a pod came to its end by itself, and not by its monitor's.
fn has_ended(entry: &PodEntry) -> bool {
    use pod_core::lifecycle::PodPhase::{Failed, Succeeded};
    entry.status.as_ref().is_some_and(|status| matches!(status.phase, Succeeded | Failed))
}

/// Removes what is left of a pod; another process may work on it for a moment.
fn remove(global: &Global, engine: &Engine, uid: Uuid) -> Result<(), String> {
    let mut tries = 0;
    loop {
        match engine.remove(uid, &mut global.networks()) {
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) if error.is_busy() && tries < 250 => tries += 1,
            Err(error) => return Err(format!("{:#}", anyhow::Error::from(error))),
            Ok(()) => return Ok(()),
        }
        thread::sleep(SOON);
    }
}
