//! Which pods of a controller go first (`ActivePodsWithRanks` of `pkg/controller/controller_utils.go`).

use std::cmp::Ordering;
use std::collections::HashMap;

use pod_core::Timestamp;

use super::pods::{is_active, is_ready, ready_since};
use crate::core::{ContainerRestartPolicy, Pod, PodPhase};
use crate::time::Time;

/// The annotation that says how dear a pod is; those that are cheap go first.
pub const POD_DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The pods that go when so many must, in the order in which they go. `related` are all pods of controllers with the same owner: where
/// more of those share a node, the pod goes sooner.
pub(super) fn to_delete<'a>(
    pods: &[&'a Pod],
    related: &[&Pod],
    count: usize,
    now: Timestamp,
) -> Vec<&'a Pod> {
    if count >= pods.len() {
        return pods.to_vec();
    }
    let mut on_node: HashMap<&str, usize> = HashMap::new();
    for pod in related.iter().filter(|pod| is_active(pod)) {
        *on_node.entry(&pod.spec.node_name).or_default() += 1;
    }
    let mut ranked: Vec<Ranked<'a>> = pods
        .iter()
        .map(|pod| Ranked::new(pod, on_node.get(pod.spec.node_name.as_str()).copied().unwrap_or(0), now))
        .collect();
    mark_mixed(&mut ranked, |ranked| &mut ranked.ready_age);
    mark_mixed(&mut ranked, |ranked| &mut ranked.age);
    ranked.sort_by(Ranked::compare);
    ranked.into_iter().take(count).map(|ranked| ranked.pod).collect()
}

/// A pod with all that it is compared by, looked up once.
struct Ranked<'a> {
    pod: &'a Pod,
    assigned: bool,
    phase: u8,
    ready: bool,
    cost: i32,
    neighbours: usize,
    ready_age: Age,
    restarts: (i32, i32),
    age: Age,
}

/// How old something is, to a power of two: of pods of about the same age any may go, so that they do not all go where the newest are.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Age {
    since: Option<Time>,
    log2: i64,
    /// Whether pods of about this age are of different ages.
    mixed: bool,
}

impl Age {
    fn new(since: Option<Time>, now: Timestamp) -> Self {
        let nanos = since.map_or(0, |since| now.since(since.timestamp()).as_nanos());
        Self { since, log2: nanos.checked_ilog2().map_or(-1, i64::from), mixed: false }
    }

    /// What has no time is the youngest of all. Upstream goes on to the next criterion for two of the very same age, and lets the
    /// identifier decide between two of about the same; that is no order when a third one is between them, so here the identifier
    /// decides between all of about that age as soon as two of them differ.
    fn compare(self, other: Self, uids: (&str, &str)) -> Ordering {
        match (self.since, other.since) {
            (None, None) => Ordering::Equal,
            (None, _) => Ordering::Less,
            (_, None) => Ordering::Greater,
            _ if self.log2 == other.log2 && !self.mixed => Ordering::Equal,
            _ => self.log2.cmp(&other.log2).then_with(|| uids.0.cmp(uids.1)),
        }
    }
}

/// Marks the ages that are not the only ones of about that age.
fn mark_mixed<'a>(pods: &mut [Ranked<'a>], age: impl for<'r> Fn(&'r mut Ranked<'a>) -> &'r mut Age) {
    let mut seen: HashMap<i64, (Option<Time>, bool)> = HashMap::new();
    for pod in &mut *pods {
        let Age { since, log2, .. } = *age(pod);
        if since.is_some() {
            let (first, mixed) = seen.entry(log2).or_insert((since, false));
            *mixed |= *first != since;
        }
    }
    for pod in pods {
        let age = age(pod);
        age.mixed = seen.get(&age.log2).is_some_and(|(_, mixed)| *mixed);
    }
}

impl<'a> Ranked<'a> {
    fn new(pod: &'a Pod, neighbours: usize, now: Timestamp) -> Self {
        Self {
            pod,
            assigned: !pod.spec.node_name.is_empty(),
            phase: match pod.status.phase {
                PodPhase::Unknown => 1,
                PodPhase::Running => 2,
                _ => 0,
            },
            ready: is_ready(pod),
            cost: cost(pod),
            neighbours,
            ready_age: Age::new(ready_since(pod), now),
            restarts: restarts(pod),
            age: Age::new(pod.metadata.creation_timestamp, now),
        }
    }

    /// Less goes first: not placed, earlier in its life, not ready, cheaper, with more neighbours, ready for a shorter time, restarted
    /// more often, younger.
    fn compare(&self, other: &Self) -> Ordering {
        let uids = (self.pod.metadata.uid.as_str(), other.pod.metadata.uid.as_str());
        let by_readiness = || match self.ready && other.ready {
            true => self.ready_age.compare(other.ready_age, uids),
            false => Ordering::Equal,
        };
        (self.assigned.cmp(&other.assigned))
            .then(self.phase.cmp(&other.phase))
            .then(self.ready.cmp(&other.ready))
            .then(self.cost.cmp(&other.cost))
            .then(other.neighbours.cmp(&self.neighbours))
            .then_with(by_readiness)
            .then(other.restarts.cmp(&self.restarts))
            .then_with(|| self.age.compare(other.age, uids))
    }
}

/// The cost of an annotation; one that is no number costs nothing.
fn cost(pod: &Pod) -> i32 {
    let text = pod.metadata.annotations.get(POD_DELETION_COST);
    // A sign and zeros in front are no way to write it (`GetDeletionCostFromPodAnnotations`).
    let plain = |text: &&String| {
        !text.starts_with('+') && (*text == "0" || !text.trim_start_matches('-').starts_with('0'))
    };
    text.filter(plain).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The most restarts of a main container and of a sidecar.
fn restarts(pod: &Pod) -> (i32, i32) {
    let status = &pod.status;
    let main = status.container_statuses.iter().map(|status| status.restart_count).max().unwrap_or(0);
    let is_sidecar = |name: &str| {
        pod.spec.init_containers.iter().any(|container| {
            container.name == name && container.restart_policy == Some(ContainerRestartPolicy::Always)
        })
    };
    let sidecars = status.init_container_statuses.iter().filter(|status| is_sidecar(&status.name));
    (main, sidecars.map(|status| status.restart_count).max().unwrap_or(0))
}
