//! The nodes, the pods on them, and placing one more.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::demand::{Demand, key};
use super::shape::{Shape, Suits};
use super::standing::{Event, Ground, Guest, Standing};
use super::unschedulable::Unschedulable;
use crate::core::{Node, Pod, PodPhase};
use crate::selector::Labels;
use crate::volume_binding::{PodVolumes, Storage};

/// How many seats the shapes that are kept may have together.
const SEATS: usize = 2_000_000;

/// Nodes and the pods on them, as a scheduler sees them. Objects are taken as valid and with their defaults.
///
/// Pods of one kind after the other are placed without looking at all nodes again: with those of a Deployment the time for each grows
/// with the logarithm of the number of nodes, and with the number of parts of the topologies that the pod looks at.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    ground: Ground,
    /// The places of the nodes by name.
    names: HashMap<String, usize>,
    guests: BTreeMap<(String, String), Arc<Guest>>,
    /// By what matters of a pod.
    shapes: HashMap<String, Shape>,
    clock: u64,
}

impl Cluster {
    /// Adds a node, or changes the one of that name. Of nodes that are equally good the one that came first is taken.
    pub fn set_node(&mut self, node: Node) {
        self.shapes.clear();
        let name = node.metadata.name.clone();
        let standing = Standing::new(node);
        match self.names.get(&name).and_then(|number| self.ground.standings.get_mut(*number)) {
            Some(known) => {
                *known = standing;
                self.start_over();
            }
            None => {
                self.names.insert(name, self.ground.standings.len());
                self.ground.push(standing);
            }
        }
    }

    /// Takes a node away, with the pods on it.
    pub fn remove_node(&mut self, name: &str) {
        let Some(gone) = self.names.remove(name) else { return };
        self.ground.standings.remove(gone);
        self.names.values_mut().filter(|number| **number > gone).for_each(|number| *number -= 1);
        self.guests.retain(|_, guest| guest.node != gone);
        for guest in self.guests.values_mut().filter(|guest| guest.node > gone) {
            *guest = Arc::new(Guest { demand: Arc::clone(&guest.demand), node: guest.node - 1 });
        }
        self.start_over();
    }

    /// The labels of a namespace, which terms of pods may select it by. A namespace that is not known has only its name as a label.
    pub fn set_namespace(&mut self, name: &str, labels: Labels) {
        self.ground.namespaces.insert(name.to_owned(), labels);
        self.shapes.clear();
    }

    /// The nodes, in the order that they came.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.ground.standings.iter().map(|standing| &standing.node)
    }

    /// Counts a pod on the node that it names, in the place of one with the same name. Pods without a node, on one that is not known, or that
    /// have ended, take nothing.
    pub fn add(&mut self, pod: &Pod) {
        self.remove(&pod.metadata.namespace, &pod.metadata.name);
        let node = self.names.get(&pod.spec.node_name).copied();
        let ended = matches!(pod.status.phase, PodPhase::Succeeded | PodPhase::Failed);
        if let Some(node) = node.filter(|_| !ended) {
            self.seat(pod, Arc::new(Demand::of(pod)), node);
        }
    }

    /// Takes a pod away; whether it was there.
    pub fn remove(&mut self, namespace: &str, name: &str) -> bool {
        let Some(guest) = self.guests.remove(&(namespace.to_owned(), name.to_owned())) else { return false };
        if let Some(standing) = self.ground.standings.get_mut(guest.node) {
            standing.remove(&guest.demand);
        }
        self.ground.events.push(Event { guest, sign: -1 });
        if self.ground.events.len() > 4 * self.guests.len() + 1024 {
            // What came and went again is forgotten.
            self.start_over();
        }
        true
    }

    /// The node that a pod goes to, where it is counted from now on.
    ///
    /// # Errors
    ///
    /// When there is no node (`no nodes available to schedule pods`), the pod has scheduling gates, or no node will do: `0/2 nodes are
    /// available: 2 Insufficient cpu.`
    pub fn place(&mut self, pod: &Pod) -> Result<&str, Unschedulable> {
        self.choose(pod, None)
    }

    /// The same, of the nodes that also suit somebody else, who says why one does not, or nothing. All nodes are asked about.
    ///
    /// # Errors
    ///
    /// As [`Cluster::place`], where those reasons are among the others.
    pub fn place_where(
        &mut self,
        pod: &Pod,
        mut suits: impl FnMut(&Node) -> Vec<String>,
    ) -> Result<&str, Unschedulable> {
        self.choose(pod, Some(&mut suits))
    }

    /// The same, where the pod's claims have their volumes, or can get them; [`Storage::place`] is for afterwards.
    ///
    /// # Errors
    ///
    /// As [`Cluster::place`], and when a claim is not there or has no volume: `0/1 nodes are available: pod has unbound immediate
    /// PersistentVolumeClaims.`
    pub fn place_with_claims(&mut self, pod: &Pod, storage: &Storage) -> Result<&str, Unschedulable> {
        match PodVolumes::of(pod, storage) {
            Ok(volumes) if volumes.is_empty() => self.place(pod),
            Ok(volumes) => self.place_where(pod, |node| volumes.reasons(node)),
            // That there is no node, or that it is held back, comes first.
            Err(_) if self.names.is_empty() || !pod.spec.scheduling_gates.is_empty() => self.place(pod),
            Err(error) => Err(Unschedulable::all(self.names.len(), &error.to_string())),
        }
    }

    fn choose(&mut self, pod: &Pod, mut suits: Option<Suits<'_>>) -> Result<&str, Unschedulable> {
        let nodes = self.ground.standings.len();
        if !pod.spec.scheduling_gates.is_empty() {
            return Err(Unschedulable::gated());
        }
        if nodes == 0 {
            return Err(Unschedulable::no_nodes());
        }
        self.remove(&pod.metadata.namespace, &pod.metadata.name);
        let key = key(pod);
        let shape = self.shape(&key, pod);
        if shape.demand.names.as_ref().is_some_and(Vec::is_empty) {
            let error = Unschedulable::all(nodes, "pod affinity terms conflict");
            self.keep(key, shape);
            return Err(error);
        }
        let picked = shape.pick(&self.ground, reborrow(&mut suits));
        let reasons = picked.is_none().then(|| shape.explain(&self.ground, suits));
        let demand = Arc::clone(&shape.demand);
        self.keep(key, shape);
        let Some(number) = picked else {
            return Err(Unschedulable::each(nodes, reasons.unwrap_or_default()));
        };
        self.seat(pod, demand, number);
        Ok(self.ground.standings.get(number).map_or("", |standing| &standing.node.metadata.name))
    }

    /// What a pod sees, up to date.
    fn shape(&mut self, key: &str, pod: &Pod) -> Shape {
        self.clock += 1;
        let mut shape = match self.shapes.remove(key) {
            Some(mut shape) => {
                if shape.replay(&self.ground) {
                    shape
                } else {
                    Shape::new(&mut self.ground, shape.demand)
                }
            }
            None => Shape::new(&mut self.ground, Arc::new(Demand::of(pod))),
        };
        shape.used = self.clock;
        shape
    }

    /// Keeps a shape for the next pod like it, in the place of the one that was not asked for longest.
    fn keep(&mut self, key: String, shape: Shape) {
        let most = (SEATS / self.ground.standings.len().max(1)).max(1);
        if self.shapes.len() >= most {
            let oldest = self.shapes.iter().min_by_key(|(_, shape)| shape.used).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.shapes.remove(&key));
        }
        self.shapes.insert(key, shape);
    }

    fn seat(&mut self, pod: &Pod, demand: Arc<Demand>, node: usize) {
        if let Some(standing) = self.ground.standings.get_mut(node) {
            standing.add(&demand);
        }
        let guest = Arc::new(Guest { demand, node });
        self.ground.events.push(Event { guest: Arc::clone(&guest), sign: 1 });
        self.guests.insert((pod.metadata.namespace.clone(), pod.metadata.name.clone()), guest);
    }

    /// Counts everything anew.
    fn start_over(&mut self) {
        self.shapes.clear();
        self.ground.start_over();
        for guest in self.guests.values() {
            if let Some(standing) = self.ground.standings.get_mut(guest.node) {
                standing.add(&guest.demand);
            }
            self.ground.events.push(Event { guest: Arc::clone(guest), sign: 1 });
        }
    }
}

fn reborrow<'r>(suits: &'r mut Option<Suits<'_>>) -> Option<Suits<'r>> {
    match suits {
        Some(suits) => Some(&mut **suits),
        None => None,
    }
}

/// Pods in the order that a scheduler takes them (`PrioritySort`): those of the highest priority first, then those that came first.
#[must_use]
pub fn queue<'p>(pods: impl IntoIterator<Item = &'p Pod>) -> Vec<&'p Pod> {
    let mut pods: Vec<&Pod> = pods.into_iter().collect();
    pods.sort_by_key(|pod| (Reverse(pod.spec.priority.unwrap_or(0)), pod.metadata.creation_timestamp));
    pods
}
