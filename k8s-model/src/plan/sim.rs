//! A cluster that is not there: a clock that somebody turns, nodes, pods that take time to start, end, crash and get lost with their
//! node, and the controllers of [`crate::plan`].
//!
//! ```
//! use std::time::Duration;
//!
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::plan::sim::{Cluster, Seen};
//!
//! let text = "
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web}
//! spec:
//!   replicas: 2
//!   selector: {matchLabels: {app: web}}
//!   template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx}]}}
//! ";
//! let mut cluster = Cluster::new("2026-11-25T12:00:00Z".parse()?, 7).with_nodes(3);
//! cluster.apply(decode_str(text, "web.yaml", Mode::Strict).documents.remove(0).object)?;
//! cluster.schedule(Duration::from_secs(30), "kill pod/web-*".parse()?);
//! cluster.run(Duration::from_secs(600));
//! let restarted = cluster.changes().iter().filter(|Seen { change, .. }| change.object().kind() == "Pod").count();
//! assert!(restarted > 6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Times are whole seconds. The same objects, events and seed give the same course. How long things take can be said on a pod (and so on the
//! template that it is made from), by annotations:
//!
//! | annotation | meaning | default |
//! |---|---|---|
//! | `sim.podkit.dev/start: 5s` | until the containers run | 1 to 3 s |
//! | `sim.podkit.dev/run: 1m` | until they end | 5 to 10 s; never with `restartPolicy: Always` |
//! | `sim.podkit.dev/exit-code: "1"` | how they end | 0 |
//! | `sim.podkit.dev/stop: 3s` | until they stop when asked to | 1 to 2 s, at most the grace period |
//! | `sim.podkit.dev/image: missing` | the image cannot be pulled | |
//!
//! All containers of a pod share one fate. Probes succeed as soon as they are asked, after their initial delay; init containers, volumes and
//! networks are not simulated, but each pod gets an address.

mod agent;
mod event;
mod life;
mod node;
mod place;
mod watch;

pub use event::{Event, ParseEventError, Timed};
pub use watch::watch;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use pod_core::Timestamp;

use super::action::{Action, Report, earlier};
use super::at::At;
use super::store::{Change, Key, Store, StoreError};
use crate::object::Object;
use life::Run;
use node::Down;
use place::Seats;

/// How many rounds of planning one moment may need.
const MOST_ROUNDS: usize = 1000;

/// A change, and when it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: Change,
}

/// Why a course ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Nothing more will happen.
    Quiet,
    /// The time was over.
    Late,
    /// The controllers did not come to rest at one moment.
    Restless,
}

/// Something that is to happen at a moment.
#[derive(Debug, Clone)]
enum Task {
    /// A step in the life of a pod; it counts only when nothing else happened to the pod since.
    Pod { uid: String, turn: u32 },
    /// A node is no longer heard of.
    Unheard(String),
    /// Pods of a lost node are taken away.
    Evict(String),
    /// A pod's node does not exist any more.
    Lost(Key),
    /// What the user wants to happen.
    User(Event),
}

/// A simulated cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    store: Store,
    start: Timestamp,
    now: Timestamp,
    seed: u64,
    agenda: BTreeMap<Timestamp, Vec<Task>>,
    runs: HashMap<String, Run>,
    down: HashMap<String, Down>,
    waiting: BTreeSet<Key>,
    seats: Seats,
    seen: Vec<Seen>,
    reports: Vec<(Timestamp, Report)>,
    refused: Vec<(Timestamp, String)>,
    addresses: u32,
}

impl Cluster {
    /// An empty cluster whose clock stands at a moment.
    #[must_use]
    pub fn new(start: Timestamp, seed: u64) -> Self {
        let start = start.whole_seconds();
        let mut store = Store::default();
        store.watch();
        Self {
            store,
            start,
            now: start,
            seed,
            agenda: BTreeMap::new(),
            runs: HashMap::new(),
            down: HashMap::new(),
            waiting: BTreeSet::new(),
            seats: Seats::default(),
            seen: Vec::new(),
            reports: Vec::new(),
            refused: Vec::new(),
            addresses: 0,
        }
    }

    /// The same with so many nodes, `node-1` and so on, each with 4 processors, 16 GiB and room for 110 pods.
    #[must_use]
    pub fn with_nodes(mut self, count: usize) -> Self {
        for number in 1..=count {
            let node = node::ordinary(&format!("node-{number}"), self.now);
            // Names that are taken are those of nodes that are there already.
            let _ = self.store.create(node.into(), self.at());
        }
        self
    }

    /// Makes an object, or writes it when it is there. Nothing happens before the clock is turned.
    ///
    /// # Errors
    ///
    /// On objects without metadata.
    pub fn apply(&mut self, mut object: Object) -> Result<(), StoreError> {
        crate::default::default(&mut object);
        if let Object::List(list) = object {
            return list.items.into_iter().try_for_each(|object| self.apply(object));
        }
        match self.store.create(object.clone(), self.at()) {
            Err(StoreError::AlreadyExists(key)) => {
                if let Some(metadata) = object.metadata_mut() {
                    metadata.namespace.clone_from(&key.namespace);
                    metadata.resource_version.clear();
                }
                self.store.update(object)
            }
            other => other.map(|_| ()),
        }
    }

    /// Lets something happen after a while, counted from the beginning.
    pub fn schedule(&mut self, after: Duration, event: Event) {
        self.plan_task(self.start + after, Task::User(event));
    }

    /// Turns the clock until nothing more will happen, or a length of time from the beginning is over.
    pub fn run(&mut self, limit: Duration) -> Ended {
        let end = self.start + limit;
        loop {
            let (at_rest, requeue_at) = self.settle();
            if !at_rest {
                return Ended::Restless;
            }
            let next = self.agenda.keys().next().copied();
            let Some(next) = earlier(next, requeue_at) else { return Ended::Quiet };
            if next > end {
                self.now = end;
                return Ended::Late;
            }
            self.now = whole(next).max(self.now);
            self.tasks_due();
        }
    }

    /// The moment at which the clock stands.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The objects as they are.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// All changes so far, the oldest first.
    #[must_use]
    pub fn changes(&self) -> &[Seen] {
        &self.seen
    }

    /// What the controllers told people so far.
    #[must_use]
    pub fn reports(&self) -> &[(Timestamp, Report)] {
        &self.reports
    }

    /// The events that could not happen, and why.
    #[must_use]
    pub fn refused(&self) -> &[(Timestamp, String)] {
        &self.refused
    }

    const fn at(&self) -> At {
        At::new(self.now, self.seed)
    }

    fn plan_task(&mut self, at: Timestamp, task: Task) {
        self.agenda.entry(at.max(self.now)).or_default().push(task);
    }

    fn tasks_due(&mut self) {
        while let Some((at, tasks)) = self.agenda.pop_first() {
            if at > self.now {
                self.agenda.insert(at, tasks);
                return;
            }
            for task in tasks {
                match task {
                    Task::Pod { uid, turn } => self.step(&uid, turn),
                    Task::Unheard(node) => self.node_unheard(&node),
                    Task::Evict(node) => self.evict(&node),
                    Task::Lost(key) => self.remove_pod(&key),
                    Task::User(event) => {
                        if let Err(why) = self.happen(&event) {
                            self.refused.push((self.now, format!("{event}: {why}")));
                        }
                    }
                }
                self.react();
            }
        }
    }

    /// Lets the controllers work until they want nothing more; whether they came to rest, and when to look again.
    fn settle(&mut self) -> (bool, Option<Timestamp>) {
        for round in 0..MOST_ROUNDS {
            self.react();
            let at = self.at();
            let planned = self.store.world().plan(at);
            let requeue_at = planned.iter().filter_map(|planned| planned.requeue_at).min();
            let mut changed = false;
            for planned in planned {
                for action in &planned.actions {
                    match action {
                        Action::Report(report) if round == 0 || changed => {
                            self.reports.push((self.now, report.clone()))
                        }
                        Action::Report(_) => {}
                        // A write to what was written in the same round is planned again in the next one.
                        action => match self.store.apply(action, at) {
                            Ok(()) => changed = true,
                            Err(_) => break,
                        },
                    }
                }
            }
            if !changed {
                return (true, requeue_at.map(|moment| whole(moment).max(self.now + Duration::from_secs(1))));
            }
        }
        (false, None)
    }

    /// Looks at what changed, as nodes and the scheduler do.
    fn react(&mut self) {
        loop {
            let changes = self.store.take_changes();
            if changes.is_empty() {
                return;
            }
            for change in changes {
                self.see(&change);
                self.seen.push(Seen { at: self.now, change });
            }
        }
    }

    fn see(&mut self, change: &Change) {
        match change {
            Change::Added(Object::Pod(pod)) | Change::Modified(Object::Pod(pod)) => self.see_pod(pod),
            Change::Deleted(Object::Pod(pod)) => self.forget_pod(pod),
            Change::Added(Object::Node(_)) | Change::Modified(Object::Node(_)) => self.place_waiting(),
            Change::Deleted(Object::Node(node)) => self.lose_pods_of(&node.metadata.name),
            _ => {}
        }
    }

    /// A number of seconds between two, by chance.
    fn between(&self, purpose: &str, least: u64, most: u64) -> Duration {
        Duration::from_secs(least + self.at().draw(purpose, 0) % (most - least + 1))
    }
}

/// The next whole second.
fn whole(moment: Timestamp) -> Timestamp {
    let down = moment.whole_seconds();
    if down < moment { down + Duration::from_secs(1) } else { down }
}
