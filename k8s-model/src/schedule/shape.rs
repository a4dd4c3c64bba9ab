//! The nodes as a kind of pod sees them: in classes that it makes no difference between, each sorted by how much is free.
//!
//! A pod that comes or goes changes one node in its class and some counts, so that the next pod of the kind is placed without
//! looking at all nodes again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::demand::Demand;
use super::score::{self, BEST};
use super::standing::Ground;
use super::tally::{Spread, Sums, Tallies, looking_at};
use super::term::Constraint;
use crate::core::Node;

/// Says why a node does not suit, where it does not.
pub(super) type Suits<'s> = &'s mut dyn FnMut(&Node) -> Vec<String>;

#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) demand: Arc<Demand>,
    /// When it was last asked for.
    pub(super) used: u64,
    keys: Vec<usize>,
    /// How many of the events are counted.
    pub(super) seen: usize,
    seats: Vec<Option<Seat>>,
    classes: Vec<Class>,
    tallies: Tallies,
    /// Where its required terms are among the topologies.
    near: Vec<Option<usize>>,
    /// Whether all of them mean the pod itself.
    is_own_neighbour: bool,
}

/// A node that will do, as long as there is room; the others have none.
#[derive(Debug, Clone)]
struct Seat {
    class: usize,
    images: i64,
    /// `None` while there is no room.
    score: Option<i64>,
}

/// Nodes that are alike to the pod but for what is free.
#[derive(Debug, Clone)]
struct Class {
    unwelcome: i64,
    preference: i64,
    /// The part of each topology that they are in.
    parts: Vec<Option<u32>>,
    seats: BTreeSet<(i64, Reverse<usize>)>,
}

/// A class that a pod can go to.
struct Candidate<'c> {
    class: &'c Class,
    best: (i64, Reverse<usize>),
    count: usize,
}

impl Shape {
    pub(super) fn new(ground: &mut Ground, demand: Arc<Demand>) -> Self {
        let mut names: BTreeSet<String> = demand.keys().map(str::to_owned).collect();
        for event in ground.events.iter().filter(|event| !event.guest.demand.neighbours.is_empty()) {
            names.extend(looking_at(&demand, &event.guest.demand, ground).map(|(_, term)| term.key.clone()));
        }
        let keys: Vec<usize> = names.iter().map(|key| ground.topology(key)).collect();
        let mut shape = Self {
            used: 0,
            seen: 0,
            seats: Vec::with_capacity(ground.standings.len()),
            classes: Vec::new(),
            tallies: Tallies::new(ground, &keys, &demand),
            near: demand
                .neighbours
                .near
                .iter()
                .map(|term| names.iter().position(|key| *key == term.key))
                .collect(),
            is_own_neighbour: demand
                .neighbours
                .near
                .iter()
                .all(|term| term.matches(&demand.namespace, &demand.labels, &ground.namespaces)),
            demand,
            keys,
        };
        shape.sort(ground);
        shape.replay(ground);
        shape
    }

    /// Puts the nodes into classes.
    fn sort(&mut self, ground: &Ground) {
        let mut known: HashMap<(i64, i64, Vec<Option<u32>>), usize> = HashMap::new();
        for (number, standing) in ground.standings.iter().enumerate() {
            let node = &standing.node;
            if self.demand.refusal(node).is_some() {
                self.seats.push(None);
                continue;
            }
            let parts: Vec<_> = self.keys.iter().map(|key| ground.part(*key, number)).collect();
            let (unwelcome, preference) = (self.demand.unwelcome(node), self.demand.preference(node));
            let next = self.classes.len();
            let class = *known.entry((unwelcome, preference, parts.clone())).or_insert(next);
            if class == next {
                self.classes.push(Class { unwelcome, preference, parts, seats: BTreeSet::new() });
            }
            let images =
                score::images(&self.demand, &standing.images, &ground.image_nodes, ground.standings.len());
            self.seats.push(Some(Seat { class, images, score: None }));
        }
        for number in 0..self.seats.len() {
            self.reseat(ground, number);
        }
    }

    /// Counts what happened since it last looked. `false` where it must be made anew.
    pub(super) fn replay(&mut self, ground: &Ground) -> bool {
        let mut changed = BTreeSet::new();
        for event in ground.events.iter().skip(self.seen) {
            if !self.tallies.count(ground, &self.keys, &self.demand, event) {
                return false;
            }
            changed.insert(event.guest.node);
        }
        self.seen = ground.events.len();
        changed.into_iter().for_each(|node| self.reseat(ground, node));
        true
    }

    /// Takes note of what is free on a node.
    fn reseat(&mut self, ground: &Ground, number: usize) {
        let (Some(Some(seat)), Some(standing)) = (self.seats.get_mut(number), ground.standings.get(number))
        else {
            return;
        };
        let Some(class) = self.classes.get_mut(seat.class) else { return };
        let score = standing.score(&self.demand).map(|score| score + seat.images);
        if score != seat.score {
            if let Some(old) = seat.score {
                class.seats.remove(&(old, Reverse(number)));
            }
            if let Some(new) = score {
                class.seats.insert((new, Reverse(number)));
            }
            seat.score = score;
        }
    }

    /// The best node.
    pub(super) fn pick(&self, ground: &Ground, suits: Option<Suits<'_>>) -> Option<usize> {
        let least = self.least();
        let open = self
            .classes
            .iter()
            .filter(|class| !class.seats.is_empty() && self.verdict(class, &least).is_none());
        let candidates: Vec<Candidate<'_>> = match suits {
            None => open
                .filter_map(|class| {
                    Some(Candidate { class, best: *class.seats.last()?, count: class.seats.len() })
                })
                .collect(),
            Some(suits) => open.filter_map(|class| suitable(class, ground, suits)).collect(),
        };
        let wishes = self.wishes(&candidates);
        let spread = self.spread(&candidates);
        let most = |of: fn(&Class) -> i64| candidates.iter().map(|one| of(one.class)).max().unwrap_or(0);
        let (unwelcome, preference) = (most(|class| class.unwelcome), most(|class| class.preference));
        let total = |(index, candidate): (usize, &Candidate<'_>)| {
            let at = |scores: &[i64]| scores.get(index).copied().unwrap_or(0);
            let (score, node) = candidate.best;
            let total = score
                + 3 * score::normalize(candidate.class.unwelcome, unwelcome, true)
                + 2 * score::normalize(candidate.class.preference, preference, false)
                + 2 * (at(&wishes) + at(&spread));
            (total, node)
        };
        candidates.iter().enumerate().map(total).max().map(|(_, Reverse(node))| node)
    }

    /// The smallest count of each constraint that must be kept.
    fn least(&self) -> Vec<Option<i64>> {
        let pairs = self.tallies.must_spread.iter().zip(&self.demand.must_spread);
        pairs.map(|(spread, constraint)| spread.least(constraint.min_domains)).collect()
    }

    /// Why a class will not do now.
    fn verdict(&self, class: &Class, least: &[Option<i64>]) -> Option<&'static str> {
        let pairs = self.tallies.must_spread.iter().zip(&self.demand.must_spread);
        for ((spread, constraint), least) in pairs.zip(least) {
            let Some(part) = part(class, spread) else {
                return Some("node(s) didn't match pod topology spread constraints (missing required label)");
            };
            let own = i64::from(constraint.selector.matches(&self.demand.labels));
            if least.is_some_and(|least| spread.of(part) + own - least > constraint.max_skew) {
                return Some("node(s) didn't match pod topology spread constraints");
            }
        }
        if !self.has_near(class) {
            return Some("node(s) didn't match pod affinity rules");
        }
        let meets = |sums: &Sums| {
            let mut parts = class.parts.iter().enumerate();
            !sums.is_empty() && parts.any(|(topology, part)| sums.of(topology, *part) > 0)
        };
        if meets(&self.tallies.far) {
            return Some("node(s) didn't match pod anti-affinity rules");
        }
        meets(&self.tallies.refused).then_some("node(s) didn't satisfy existing pods anti-affinity rules")
    }

    /// Whether the pods are near that must be. The first of pods that want each other near may go anywhere.
    fn has_near(&self, class: &Class) -> bool {
        let mut all = true;
        for topology in self.near.iter().copied() {
            let part = topology.and_then(|topology| *class.parts.get(topology)?);
            if part.is_none() {
                return false;
            }
            all &= topology.is_some_and(|topology| self.tallies.near.of(topology, part) > 0);
        }
        all || self.tallies.near.is_empty() && self.is_own_neighbour
    }

    /// How near the pods are that it, or they, would rather have near: from 0 to 100.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "upstream computes so")]
    fn wishes(&self, candidates: &[Candidate<'_>]) -> Vec<i64> {
        if self.tallies.wishes.is_empty() {
            return Vec::new();
        }
        let sums: Vec<i64> =
            candidates.iter().map(|one| self.tallies.wishes.total(&one.class.parts)).collect();
        let (Some(least), Some(most)) = (sums.iter().min(), sums.iter().max()) else { return Vec::new() };
        let range = (most - least) as f64;
        let of =
            |sum: &i64| if most > least { (BEST as f64 * ((sum - least) as f64 / range)) as i64 } else { 0 };
        sums.iter().map(of).collect()
    }

    /// How few of the pods that it is spread with are where it would be: from 0 to 100.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "upstream computes so")]
    fn spread(&self, candidates: &[Candidate<'_>]) -> Vec<i64> {
        let pairs: Vec<(&Spread, &Constraint)> =
            self.tallies.may_spread.iter().zip(&self.demand.may_spread).collect();
        if pairs.is_empty() {
            return Vec::new();
        }
        let counts = |one: &&Candidate<'_>| pairs.iter().all(|(spread, _)| part(one.class, spread).is_some());
        // The more parts there are, the fewer pods are in each: the weight makes up for it.
        let weights: Vec<f64> = pairs
            .iter()
            .map(|(spread, constraint)| {
                let counted = candidates.iter().filter(counts);
                let size = if constraint.key == "kubernetes.io/hostname" {
                    counted.map(|one| one.count).sum()
                } else {
                    counted.filter_map(|one| part(one.class, spread)).collect::<BTreeSet<_>>().len()
                };
                ((size + 2) as f64).ln()
            })
            .collect();
        let raw = |one: &Candidate<'_>| {
            let sum = pairs.iter().zip(&weights).try_fold(0.0, |sum, ((spread, constraint), weight)| {
                let count = spread.of(part(one.class, spread)?) as f64;
                Some(sum + count * weight + (constraint.max_skew - 1) as f64)
            });
            sum.map(|sum: f64| sum.round() as i64)
        };
        let raw: Vec<Option<i64>> = candidates.iter().map(raw).collect();
        let known = || raw.iter().flatten();
        let (least, most) = (known().min().copied().unwrap_or(0), known().max().copied().unwrap_or(0));
        raw.iter()
            .map(|sum| match sum {
                None => 0,
                Some(_) if most == 0 => BEST,
                Some(sum) => BEST * (most + least - sum) / most,
            })
            .collect()
    }

    /// How many nodes each reason rules out.
    pub(super) fn explain(&self, ground: &Ground, mut suits: Option<Suits<'_>>) -> BTreeMap<String, usize> {
        let least = self.least();
        let mut reasons = BTreeMap::new();
        let mut add = |reason: String| *reasons.entry(reason).or_default() += 1;
        for (standing, seat) in ground.standings.iter().zip(&self.seats) {
            let Some(seat) = seat else {
                self.demand.refusal(&standing.node).map(str::to_owned).into_iter().for_each(&mut add);
                continue;
            };
            let mut own = standing.missing(&self.demand);
            if let (true, Some(suits)) = (own.is_empty(), &mut suits) {
                own = suits(&standing.node);
            }
            if own.is_empty() {
                let class = self.classes.get(seat.class);
                own.extend(class.and_then(|class| self.verdict(class, &least)).map(str::to_owned));
            }
            own.into_iter().for_each(&mut add);
        }
        reasons
    }
}

/// The part of a constraint's topology that a class is in.
fn part(class: &Class, spread: &Spread) -> Option<u32> {
    *class.parts.get(spread.topology)?
}

/// A class with the nodes alone that suit.
fn suitable<'c>(
    class: &'c Class,
    ground: &Ground,
    suits: &mut dyn FnMut(&Node) -> Vec<String>,
) -> Option<Candidate<'c>> {
    let mut found: Option<Candidate<'c>> = None;
    for seat in class.seats.iter().rev() {
        let standing = ground.standings.get(seat.1.0)?;
        if suits(&standing.node).is_empty() {
            match &mut found {
                Some(candidate) => candidate.count += 1,
                None => found = Some(Candidate { class, best: *seat, count: 1 }),
            }
        }
    }
    found
}
