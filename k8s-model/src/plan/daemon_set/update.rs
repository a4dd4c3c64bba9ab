//! How old pods are replaced by new ones, node by node.

use super::super::pods::is_ready;
use super::super::share::{Round, scaled};
use super::{Fit, Sync};
use crate::core::Pod;

/// The pods of a node: the new and the old one, if there is one of each at most.
struct Pair<'a> {
    new: Option<&'a Pod>,
    old: Option<&'a Pod>,
}

impl<'a> Sync<'a> {
    /// How many nodes may be without an available pod, and how many may have two; of both one at least is not 0.
    fn limits(&self) -> (i32, i32) {
        let rolling = self.set.spec.update_strategy.rolling_update.as_deref();
        let share = |value: Option<&crate::int_or_string::IntOrString>| {
            value.and_then(|value| scaled(value, self.desired(), Round::Up)).unwrap_or(0)
        };
        let missing = match rolling.and_then(|rolling| rolling.max_unavailable.as_ref()) {
            None => 1,
            value => share(value),
        };
        let surge = share(rolling.and_then(|rolling| rolling.max_surge.as_ref()));
        if missing == 0 && surge == 0 { (1, 0) } else { (missing, surge) }
    }

    pub(super) fn surges(&self) -> bool {
        self.limits().1 > 0
    }

    /// What goes of several pods on a node while nodes may have two: all but the oldest of the new and of the old ones, and the old one as
    /// soon as it is not ready or the new one is available.
    pub(super) fn surplus_of_surge(&self, running: &[&'a Pod]) -> Vec<&'a Pod> {
        let (mut new, mut old, mut surplus) = (None, None, Vec::new());
        for pod in running.iter().copied() {
            let oldest = if self.is_new(pod) { &mut new } else { &mut old };
            match oldest {
                None => *oldest = Some(pod),
                Some(_) => surplus.push(pod),
            }
        }
        if let (Some(new), Some(old)) = (new, old)
            && (!is_ready(old) || self.is_available(new))
        {
            surplus.push(old);
        }
        surplus
    }

    /// The new and the old pod of a node; `None` when there are more than the one of each that there should be.
    fn pair(&self, node: &str) -> Option<Pair<'a>> {
        let mut pair = Pair { new: None, old: None };
        let alive = self.on(node).iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
        for pod in alive.copied() {
            let place = if self.is_new(pod) { &mut pair.new } else { &mut pair.old };
            if place.replace(pod).is_some() {
                return None;
            }
        }
        let both = pair.new.is_some() && pair.old.is_some();
        (!both || self.surges()).then_some(pair)
    }

    /// One step of a rolling update.
    pub(super) fn roll(&mut self) {
        let (missing, surge) = self.limits();
        if surge == 0 {
            let pods = self.to_replace(missing);
            self.sync_nodes(&[], pods);
        } else {
            let (nodes, pods) = self.to_double(surge);
            self.sync_nodes(&nodes, pods);
        }
    }

    /// The old pods that go: those that are not available anyway, and of the others as many as may be missing.
    fn to_replace(&self, most: i32) -> Vec<&'a Pod> {
        let (mut missing, mut useless, mut candidates) = (0, Vec::new(), Vec::new());
        for node in self.on_node.keys() {
            match self.pair(node) {
                Some(Pair { new: Some(new), old: None }) => missing += i32::from(!self.is_available(new)),
                Some(Pair { new: None, old: Some(old) }) if !self.is_available(old) => {
                    useless.push(old);
                    missing += 1;
                }
                Some(Pair { new: None, old: Some(old) }) => candidates.push(old),
                _ => missing += 1,
            }
        }
        let rest = usize::try_from(most - missing).unwrap_or(0);
        useless.extend(candidates.into_iter().take(rest));
        useless
    }

    /// The nodes that get a second pod, and the old pods whose new one is available.
    fn to_double(&self, most: i32) -> (Vec<&'a str>, Vec<&'a Pod>) {
        let (mut doubled, mut free, mut candidates, mut done) = (0, Vec::new(), Vec::new(), Vec::new());
        let runs =
            |name: &str| self.nodes.iter().any(|(node, fit)| node.metadata.name == name && *fit == Fit::Runs);
        for node in self.on_node.keys().copied().filter(|node| runs(node)) {
            match self.pair(node) {
                None => doubled += 1,
                Some(Pair { old: None, .. }) => {}
                Some(Pair { new: None, old: Some(old) }) if !self.is_available(old) => free.push(node),
                Some(Pair { new: None, .. }) => candidates.push(node),
                Some(Pair { new: Some(new), old: Some(old) }) => {
                    if self.is_available(new) {
                        done.push(old);
                    } else {
                        doubled += 1;
                    }
                }
            }
        }
        let rest = usize::try_from(most - doubled).unwrap_or(0);
        free.extend(candidates.into_iter().take(rest));
        (free, done)
    }
}
