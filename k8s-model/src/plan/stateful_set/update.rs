//! In which order pods are made, taken away and replaced.

use super::super::action::Action;
use super::super::share::{Round, scaled};
use super::{Replica, Step, Sync, has_ended, identity};
use crate::apps::StatefulSetUpdateStrategyType;
use crate::core::PodPhase;

impl Sync<'_> {
    /// Makes what is missing, takes away what is not wanted, and replaces what is old. In order, one step waits for the one before. How many
    /// pods were taken away to be replaced.
    pub(super) fn keep(&mut self, replicas: &mut [Replica<'_>], condemned: &mut [Replica<'_>]) -> i32 {
        let ordered = self.is_ordered();
        // What is unhealthy with the lowest number may go although it is, when it is not wanted.
        let unhealthy = replicas.iter().chain(condemned.iter().rev()).find(|replica| !replica.is_healthy());
        let first_unhealthy = unhealthy.map(|replica| replica.ordinal);
        for replica in replicas.iter() {
            if self.process(replica, ordered) == Step::Wait && ordered {
                return 0;
            }
        }
        for replica in condemned.iter() {
            self.keep_claims(replica);
        }
        for replica in condemned.iter() {
            if self.condemn(replica, first_unhealthy, ordered) == Step::Wait && ordered {
                return 0;
            }
        }
        if self.set.spec.update_strategy.type_ == StatefulSetUpdateStrategyType::OnDelete {
            return 0;
        }
        self.replace(replicas)
    }

    /// What is done for a pod whose number is wanted.
    fn process(&mut self, replica: &Replica<'_>, ordered: bool) -> Step {
        if has_ended(replica) {
            if !replica.is_going() {
                self.delete(replica);
            }
            return Step::Wait;
        }
        if !replica.is_created() {
            if self.is_stale(replica) {
                return Step::Wait;
            }
            self.make_claims(replica);
            let message = format!(
                "create Pod {} in StatefulSet {} successful",
                replica.pod.metadata.name, self.set.metadata.name
            );
            self.actions.push(Action::Create(replica.pod.clone().into_owned().into()));
            self.report("SuccessfulCreate", message);
            return Step::Wait;
        }
        if replica.pod.status.phase == PodPhase::Pending {
            self.make_claims(replica);
        }
        if ordered && (replica.is_going() || !self.is_available(replica)) {
            return Step::Wait;
        }
        self.keep_claims(replica);
        let mut pod = replica.pod.clone().into_owned();
        if identity::give_identity(self.set, &mut pod, replica.ordinal) {
            let message = format!(
                "update Pod {} in StatefulSet {} successful",
                pod.metadata.name, self.set.metadata.name
            );
            self.actions.push(Action::Update(pod.into()));
            self.report("SuccessfulUpdate", message);
        }
        Step::Next
    }

    /// What is done for a pod whose number is not wanted.
    fn condemn(&mut self, replica: &Replica<'_>, first_unhealthy: Option<i32>, ordered: bool) -> Step {
        if replica.is_going() {
            return if ordered { Step::Wait } else { Step::Next };
        }
        if ordered && !self.is_available(replica) && Some(replica.ordinal) != first_unhealthy {
            return Step::Wait;
        }
        self.delete(replica);
        Step::Wait
    }

    /// Takes away pods of the old revision, the highest number first, as long as not too many are missing; how many.
    fn replace(&mut self, replicas: &[Replica<'_>]) -> i32 {
        let rolling = self.set.spec.update_strategy.rolling_update.as_deref();
        let first = self.start().saturating_add(rolling.and_then(|rolling| rolling.partition).unwrap_or(0));
        let most = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
        // Rounded up, and one at least.
        let most = most.and_then(|most| scaled(most, self.replicas(), Round::Up)).unwrap_or(1).max(1);
        let is_there = |sync: &Self, replica: &Replica<'_>| sync.is_available(replica) && !replica.is_going();
        let missing = replicas.iter().filter(|replica| !is_there(self, replica)).count();
        let mut budget = most - i32::try_from(missing).unwrap_or(i32::MAX);
        let mut replaced = 0;
        for replica in replicas.iter().rev().filter(|replica| replica.ordinal >= first) {
            if replica.revision() == self.update || replica.is_going() || !replica.is_created() {
                continue;
            }
            if is_there(self, replica) {
                if budget <= 0 {
                    break;
                }
                budget -= 1;
            }
            self.delete(replica);
            replaced += i32::from(replica.revision() == self.current);
        }
        replaced
    }
}
