//! How many pods there are of those that a pod looks at, in each part of each topology.

use std::collections::HashMap;

use super::demand::Demand;
use super::standing::{Event, Ground};
use super::term::{Constraint, Term};

/// Sums by topology (by its place among those of the shape) and part.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums(Vec<HashMap<u32, i64>>);

impl Sums {
    fn add(&mut self, topology: usize, part: Option<u32>, amount: i64) {
        let Some(part) = part else { return };
        if self.0.len() <= topology {
            self.0.resize_with(topology + 1, HashMap::new);
        }
        let Some(sums) = self.0.get_mut(topology) else { return };
        let sum = sums.entry(part).or_default();
        *sum += amount;
        if *sum == 0 {
            sums.remove(&part);
        }
    }

    pub(super) fn of(&self, topology: usize, part: Option<u32>) -> i64 {
        let sum = || self.0.get(topology)?.get(&part?).copied();
        sum().unwrap_or(0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(HashMap::is_empty)
    }

    /// All of them for the parts that something is in, together.
    pub(super) fn total(&self, parts: &[Option<u32>]) -> i64 {
        parts.iter().enumerate().map(|(topology, part)| self.of(topology, *part)).sum()
    }
}

/// The counts of one constraint on spread.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    pub(super) topology: usize,
    /// Whether the pods of a node count.
    counts_for: Vec<bool>,
    /// By part; `None` for a part without a node that counts.
    counts: Vec<Option<i64>>,
}

impl Spread {
    fn new(
        ground: &Ground,
        keys: &[usize],
        all: &[Constraint],
        constraint: &Constraint,
        demand: &Demand,
    ) -> Self {
        let place = |key: &str| {
            keys.iter()
                .position(|number| ground.topology_of(*number).is_some_and(|topology| topology.key == key))
        };
        let needed: Vec<usize> = all.iter().filter_map(|constraint| place(&constraint.key)).collect();
        let part = |topology: usize, node: usize| ground.part(*keys.get(topology)?, node);
        let topology = place(&constraint.key).unwrap_or(usize::MAX);
        let parts =
            keys.get(topology).and_then(|number| ground.topology_of(*number)).map_or(0, |known| known.parts);
        let mut counts = vec![None; parts];
        let mut counts_for = Vec::with_capacity(ground.standings.len());
        for (number, standing) in ground.standings.iter().enumerate() {
            let counted = needed.iter().all(|topology| part(*topology, number).is_some())
                && (!constraint.honors_affinity || demand.selection.matches(&standing.node))
                && (!constraint.honors_taints || demand.bears(&standing.node));
            counts_for.push(counted);
            let part = part(topology, number).and_then(|part| usize::try_from(part).ok());
            if let Some(count) = part.filter(|_| counted).and_then(|part| counts.get_mut(part)) {
                *count = Some(0);
            }
        }
        Self { topology, counts_for, counts }
    }

    fn add(&mut self, part: Option<u32>, node: usize, amount: i64) {
        let part = part.and_then(|part| usize::try_from(part).ok());
        let counted = self.counts_for.get(node) == Some(&true);
        if let Some(Some(count)) = part.filter(|_| counted).and_then(|part| self.counts.get_mut(part)) {
            *count += amount;
        }
    }

    pub(super) fn of(&self, part: u32) -> i64 {
        let count = || *self.counts.get(usize::try_from(part).ok()?)?;
        count().unwrap_or(0)
    }

    /// The least of the parts, 0 while there are fewer than there must be; `None` without a part.
    pub(super) fn least(&self, min_domains: usize) -> Option<i64> {
        let counts = || self.counts.iter().flatten();
        if counts().count() < min_domains { Some(0) } else { counts().min().copied() }
    }
}

/// All counts of a shape.
#[derive(Debug, Clone)]
pub(super) struct Tallies {
    /// Pods that all of its required terms mean.
    pub(super) near: Sums,
    /// Pods that a term means that must not be near.
    pub(super) far: Sums,
    /// Pods that must not have it near.
    pub(super) refused: Sums,
    /// How much better a part is.
    pub(super) wishes: Sums,
    pub(super) must_spread: Vec<Spread>,
    pub(super) may_spread: Vec<Spread>,
}

impl Tallies {
    pub(super) fn new(ground: &Ground, keys: &[usize], demand: &Demand) -> Self {
        let spreads = |all: &[Constraint]| {
            all.iter().map(|constraint| Spread::new(ground, keys, all, constraint, demand)).collect()
        };
        Self {
            near: Sums::default(),
            far: Sums::default(),
            refused: Sums::default(),
            wishes: Sums::default(),
            must_spread: spreads(&demand.must_spread),
            may_spread: spreads(&demand.may_spread),
        }
    }

    /// Counts a pod that came or went. `false` where it looks at a topology that is not among `keys`.
    pub(super) fn count(&mut self, ground: &Ground, keys: &[usize], demand: &Demand, event: &Event) -> bool {
        let (node, sign) = (event.guest.node, event.sign);
        let guest = &event.guest.demand;
        let part = |topology: usize| ground.part(*keys.get(topology)?, node);
        let place = |term: &Term| {
            keys.iter()
                .position(|number| ground.topology_of(*number).is_some_and(|known| known.key == term.key))
        };
        if !guest.is_leaving && guest.namespace == demand.namespace {
            let spreads = self.must_spread.iter_mut().zip(&demand.must_spread);
            for (spread, constraint) in spreads.chain(self.may_spread.iter_mut().zip(&demand.may_spread)) {
                if constraint.selector.matches(&guest.labels) {
                    spread.add(part(spread.topology), node, sign);
                }
            }
        }
        let means = |term: &Term| term.matches(&guest.namespace, &guest.labels, &ground.namespaces);
        let own = &demand.neighbours;
        if !own.near.is_empty() && own.near.iter().all(means) {
            own.near
                .iter()
                .filter_map(place)
                .for_each(|topology| self.near.add(topology, part(topology), sign));
        }
        for topology in own.far.iter().filter(|term| means(term)).filter_map(place) {
            self.far.add(topology, part(topology), sign);
        }
        for (weight, term) in own.wishes.iter().filter(|(_, term)| means(term)) {
            if let Some(topology) = place(term) {
                self.wishes.add(topology, part(topology), weight * sign);
            }
        }
        let mut all_known = true;
        for (weight, term) in looking_at(demand, guest, ground) {
            match (place(term), weight) {
                (Some(topology), Some(weight)) => self.wishes.add(topology, part(topology), weight * sign),
                (Some(topology), None) => self.refused.add(topology, part(topology), sign),
                (None, _) => all_known = false,
            }
        }
        all_known
    }
}

/// The terms of a pod that is there which mean the one that comes, with what a place near it is worth: `None` where it must not be near.
///
/// What must be near for the pod that is there counts 1 (`hardPodAffinityWeight`).
pub(super) fn looking_at<'g>(
    demand: &'g Demand,
    guest: &'g Demand,
    ground: &'g Ground,
) -> impl Iterator<Item = (Option<i64>, &'g Term)> {
    let terms = &guest.neighbours;
    let far = terms.far.iter().map(|term| (None, term));
    let near = terms.near.iter().map(|term| (Some(1), term));
    let wishes = terms.wishes.iter().map(|(weight, term)| (Some(*weight), term));
    far.chain(near)
        .chain(wishes)
        .filter(|(_, term)| term.matches(&demand.namespace, &demand.labels, &ground.namespaces))
}
