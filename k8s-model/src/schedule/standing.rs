//! The nodes and what runs on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::amounts::Amounts;
use super::demand::Demand;
use super::ports::Taken;
use super::score;
use super::term::Namespaces;
use crate::core::Node;

/// A node and what its pods take.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) node: Node,
    all: Amounts,
    used: Amounts,
    nonzero: (i64, i64),
    ports: Taken,
    /// The sizes of its images by name.
    pub(super) images: BTreeMap<String, i64>,
}

impl Standing {
    pub(super) fn new(node: Node) -> Self {
        let images = node.status.images.iter();
        let images = images.flat_map(|image| image.names.iter().map(|name| (name.clone(), image.size_bytes)));
        Self {
            all: Amounts::of(&node.status.allocatable),
            used: Amounts::default(),
            nonzero: (0, 0),
            ports: Taken::default(),
            images: images.collect(),
            node,
        }
    }

    pub(super) fn add(&mut self, demand: &Demand) {
        self.used.add(&demand.requests);
        self.nonzero.0 += demand.nonzero.0;
        self.nonzero.1 += demand.nonzero.1;
        self.ports.add(&demand.ports);
    }

    pub(super) fn remove(&mut self, demand: &Demand) {
        self.used.subtract(&demand.requests);
        self.nonzero.0 -= demand.nonzero.0;
        self.nonzero.1 -= demand.nonzero.1;
        self.ports.remove(&demand.ports);
    }

    /// How well a pod would stand here by what is free; `None` where it does not fit.
    pub(super) fn score(&self, demand: &Demand) -> Option<i64> {
        if self.ports.meets(&demand.ports) || !self.all.has_room_for(&demand.requests, &self.used) {
            return None;
        }
        let least = score::least_allocated(&self.all, self.nonzero, demand.nonzero);
        let balanced = if demand.is_best_effort() {
            0
        } else {
            score::balanced(&self.all, &self.used, &demand.requests)
        };
        Some(least + balanced)
    }

    /// Why a pod does not fit.
    pub(super) fn missing(&self, demand: &Demand) -> Vec<String> {
        if self.ports.meets(&demand.ports) {
            vec!["node(s) didn't have free ports for the requested pod ports".to_owned()]
        } else {
            self.all.missing(&demand.requests, &self.used)
        }
    }
}

/// A pod on a node.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) demand: Arc<Demand>,
    pub(super) node: usize,
}

/// A pod that came (1) or went (-1).
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) guest: Arc<Guest>,
    pub(super) sign: i64,
}

/// The parts that a label divides the nodes into.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    pub(super) key: String,
    /// The part of each node; `None` without the label.
    of: Vec<Option<u32>>,
    pub(super) parts: usize,
}

/// All nodes, and everything that happened on them.
#[derive(Debug, Clone, Default)]
pub(super) struct Ground {
    pub(super) standings: Vec<Standing>,
    pub(super) namespaces: Namespaces,
    pub(super) events: Vec<Event>,
    topologies: Vec<Topology>,
    pub(super) image_nodes: BTreeMap<String, usize>,
}

impl Ground {
    /// Adds a node.
    pub(super) fn push(&mut self, standing: Standing) {
        self.topologies.clear();
        for name in standing.images.keys() {
            *self.image_nodes.entry(name.clone()).or_default() += 1;
        }
        self.standings.push(standing);
    }

    /// Forgets what happened, and what follows from nodes as they were.
    pub(super) fn start_over(&mut self) {
        self.events.clear();
        self.image_nodes.clear();
        for standing in std::mem::take(&mut self.standings) {
            self.push(Standing::new(standing.node));
        }
    }

    /// The number of the topology of a label.
    pub(super) fn topology(&mut self, key: &str) -> usize {
        if let Some(known) = self.topologies.iter().position(|topology| topology.key == key) {
            return known;
        }
        let mut parts: BTreeMap<&str, u32> = BTreeMap::new();
        let of = self.standings.iter().map(|standing| {
            let value = standing.node.metadata.labels.get(key)?;
            let next = u32::try_from(parts.len()).unwrap_or(u32::MAX);
            Some(*parts.entry(value).or_insert(next))
        });
        let of = of.collect();
        self.topologies.push(Topology { key: key.to_owned(), of, parts: parts.len() });
        self.topologies.len() - 1
    }

    pub(super) fn topology_of(&self, number: usize) -> Option<&Topology> {
        self.topologies.get(number)
    }

    /// The part of a topology that a node is in.
    pub(super) fn part(&self, topology: usize, node: usize) -> Option<u32> {
        *self.topologies.get(topology)?.of.get(node)?
    }
}
