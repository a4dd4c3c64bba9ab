//! How pods move from the old replica sets to the new one.

use super::super::owner::controller_of;
use super::super::pods::is_over;
use super::{Set, Sync};
use crate::apps::DeploymentStrategyType;

impl Sync<'_> {
    /// One step of a rolling update: the new set grows, or the old ones shrink. Whether the plan may go on.
    pub(super) fn roll(&mut self) -> bool {
        if !self.find_new(true) {
            return false;
        }
        if !self.grow_new() && !self.shrink_old() && self.is_complete(&self.deployment.status) {
            self.clean_up();
        }
        true
    }

    /// One step of a recreation: the old sets go to 0, and when none of their pods is left, the new one grows. Whether the plan may go
    /// on.
    pub(super) fn recreate(&mut self) -> bool {
        let active = self.indexes(|set| set.is_active());
        let old: Vec<usize> = active.into_iter().filter(|index| Some(*index) != self.new).collect();
        let mut shrinks = false;
        for index in old {
            shrinks |= self.resize(index, 0);
        }
        if shrinks || self.old_pods_run() {
            return true;
        }
        if self.new.is_none() && !self.find_new(true) {
            return false;
        }
        if let Some(new) = self.new {
            self.resize(new, self.replicas());
        }
        if self.is_complete(&self.deployment.status) {
            self.clean_up();
        }
        true
    }

    /// Whether a pod of an old set is not over yet.
    fn old_pods_run(&self) -> bool {
        if self.old().any(|set| set.object.status.replicas > 0) {
            return true;
        }
        let old = |uid: &str| self.old().any(|set| set.object.metadata.uid == uid);
        let mut pods = self.observed.pods.iter();
        pods.any(|pod| !is_over(pod) && controller_of(&pod.metadata).is_some_and(|owner| old(&owner.uid)))
    }

    /// How many pods the new set should have now (`NewRSNewReplicas`).
    pub(super) fn new_replicas(&self) -> i32 {
        let Some(new) = self.new_set() else { return 0 };
        if self.deployment.spec.strategy.type_ == DeploymentStrategyType::Recreate {
            return self.replicas();
        }
        let most = self.replicas() + self.max_surge();
        let all: i32 = self.sets.iter().map(Set::replicas).sum();
        if all >= most {
            return new.replicas();
        }
        new.replicas() + (most - all).min(self.replicas() - new.replicas())
    }

    fn grow_new(&mut self) -> bool {
        let (Some(index), Some(new)) = (self.new, self.new_set()) else { return false };
        let replicas = match new.replicas().cmp(&self.replicas()) {
            std::cmp::Ordering::Equal => return false,
            std::cmp::Ordering::Greater => self.replicas(),
            std::cmp::Ordering::Less => self.new_replicas(),
        };
        self.resize(index, replicas)
    }

    /// Takes pods from the old sets: those that are not available first, then as many as are available beyond the least
    /// (`reconcileOldReplicaSets`).
    fn shrink_old(&mut self) -> bool {
        let old = self.indexes(Set::is_active);
        let old: Vec<usize> = old.into_iter().filter(|index| Some(*index) != self.new).collect();
        if old.is_empty() {
            return false;
        }
        let all: i32 = self.sets.iter().map(Set::replicas).sum();
        let least = self.replicas() - self.max_unavailable();
        let new_missing =
            self.new_set().map_or(0, |new| new.replicas() - new.object.status.available_replicas);
        let most = all - least - new_missing;
        if most <= 0 {
            return false;
        }
        let unhealthy = |set: &Set| set.replicas() - set.object.status.available_replicas;
        let cleaned = self.take_from(&old, most, unhealthy);
        let available: i32 = self.sets.iter().map(|set| set.object.status.available_replicas).sum();
        let shrunk = self.take_from(&old, available - least, Set::replicas);
        cleaned + shrunk > 0
    }

    /// Takes so many pods from sets, from each at most as many as it is asked for; how many were taken.
    fn take_from(&mut self, sets: &[usize], most: i32, of_one: impl Fn(&Set) -> i32) -> i32 {
        let mut taken = 0;
        for index in sets {
            let Some(set) = self.sets.get(*index).filter(|set| set.is_active()) else { continue };
            let count = of_one(set).min(most - taken);
            if count > 0 {
                self.resize(*index, set.replicas() - count);
                taken += count;
            }
        }
        taken
    }

    fn indexes(&self, which: impl Fn(&Set) -> bool) -> Vec<usize> {
        self.sets.iter().enumerate().filter(|(_, set)| which(set)).map(|(index, _)| index).collect()
    }

    /// Gives a set another size, and says so; whether it had another one.
    pub(super) fn resize(&mut self, index: usize, replicas: i32) -> bool {
        self.sets.get(index).is_some_and(|set| set.replicas() != replicas) && self.write_size(index, replicas)
    }

    /// The same, and notes of which size the deployment is, also when the set has that size already.
    pub(super) fn write_size(&mut self, index: usize, replicas: i32) -> bool {
        let (desired, most) = (self.replicas(), self.replicas() + self.max_surge());
        let Some(set) = self.sets.get_mut(index) else { return false };
        let before = set.replicas();
        set.note_size(desired, most);
        if before == replicas {
            return false;
        }
        set.object.spec.replicas = Some(replicas);
        set.changed = true;
        let way = if before < replicas { "up" } else { "down" };
        let name = set.object.metadata.name.clone();
        self.report(
            "ScalingReplicaSet",
            format!("Scaled {way} replica set {name} from {before} to {replicas}"),
        );
        true
    }
}
