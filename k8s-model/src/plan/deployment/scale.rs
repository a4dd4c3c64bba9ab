//! What happens when the size of a deployment changes.

use std::cmp::Ordering;

use super::{DESIRED_REPLICAS, MAX_REPLICAS, Set, Sync};

impl Sync<'_> {
    /// Whether the deployment has another size than when its replica sets were last scaled.
    pub(super) fn is_scaling(&self) -> bool {
        let mut active = self.sets.iter().filter(|set| set.is_active());
        active.any(|set| set.annotation(DESIRED_REPLICAS).is_some_and(|desired| desired != self.replicas()))
    }

    /// Gives the replica sets their share of the deployment's size. When several have pods, each grows or shrinks in proportion, so that
    /// a rollout does not get riskier than it was.
    pub(super) fn scale(&mut self) {
        let active: Vec<usize> =
            self.sets.iter().enumerate().filter(|(_, set)| set.is_active()).map(|(index, _)| index).collect();
        match active.as_slice() {
            [] => {
                // The new one, else the youngest.
                if let Some(index) = self.new.or_else(|| self.sets.len().checked_sub(1)) {
                    self.resize(index, self.replicas());
                }
            }
            [only] => {
                self.resize(*only, self.replicas());
            }
            _ if self.is_saturated() => {
                for index in active.into_iter().filter(|index| Some(*index) != self.new).collect::<Vec<_>>() {
                    self.resize(index, 0);
                }
            }
            _ if self.is_rolling() => self.scale_in_proportion(active),
            _ => {}
        }
    }

    /// Whether the new set has all pods that are wanted.
    fn is_saturated(&self) -> bool {
        self.new_set().is_some_and(|new| {
            new.replicas() == self.replicas() && new.annotation(DESIRED_REPLICAS) == Some(self.replicas())
        })
    }

    fn scale_in_proportion(&mut self, mut active: Vec<usize>) {
        let all: i32 = active.iter().filter_map(|index| self.sets.get(*index)).map(Set::replicas).sum();
        let allowed = if self.replicas() > 0 { self.replicas() + self.max_surge() } else { 0 };
        let to_add = allowed - all;
        self.sort_by_size(&mut active, to_add);
        let mut added = 0;
        let mut sizes = Vec::new();
        for index in &active {
            let Some(set) = self.sets.get(*index) else { continue };
            let share = self.share(set, to_add, added);
            added += share;
            sizes.push((*index, set.replicas() + share));
        }
        // What is left goes to the largest.
        if let Some((_, size)) = sizes.first_mut() {
            *size = (*size + to_add - added).max(0);
        }
        for (index, size) in sizes {
            self.write_size(index, size);
        }
    }

    /// The largest first; of equal ones the younger when there are more pods to come, the older when there are too many.
    fn sort_by_size(&self, sets: &mut [usize], to_add: i32) {
        sets.sort_by(|a, b| {
            let (Some(a), Some(b)) = (self.sets.get(*a), self.sets.get(*b)) else { return Ordering::Equal };
            let by_age = match to_add.cmp(&0) {
                Ordering::Greater => b.older(a),
                Ordering::Less => a.older(b),
                Ordering::Equal => return Ordering::Equal,
            };
            b.replicas().cmp(&a.replicas()).then(by_age)
        });
    }

    /// How many pods a set gets or loses (`GetReplicaSetProportion`).
    fn share(&self, set: &Set, to_add: i32, added: i32) -> i32 {
        if !set.is_active() || to_add == 0 || to_add == added {
            return 0;
        }
        let share = self.fraction(set);
        let allowed = to_add - added;
        if to_add > 0 { share.min(allowed) } else { share.max(allowed) }
    }

    fn fraction(&self, set: &Set) -> i32 {
        let size = set.replicas();
        if self.replicas() == 0 {
            return -size;
        }
        let most = self.replicas() + self.max_surge();
        let before = match set.annotation(MAX_REPLICAS) {
            None | Some(0) => self.deployment.status.replicas,
            Some(before) => before,
        };
        if before == 0 {
            return 0;
        }
        // Halves are rounded away from 0, without the detour over binary fractions.
        let (product, before) = (i64::from(size) * i64::from(most), i64::from(before));
        let rounded = (2 * product + before * product.signum() * before.signum()) / (2 * before);
        i32::try_from(rounded).unwrap_or(i32::MAX) - size
    }
}
