//! Counting the pods that ended: each exactly once, whatever happens in between.

use std::collections::HashSet;

use super::{Indexes, MOST_UNCOUNTED, Sync, has_tracking};
use crate::batch::JobConditionType;
use crate::core::{Pod, PodPhase};

impl<'a> Sync<'a> {
    /// Notes the pods that ended, lets those go that are noted, and counts those that are gone
    /// (`trackJobStatusAndRemoveFinalizers`).
    pub(super) fn track(&mut self) {
        self.count_released();
        let before =
            Indexes::parse(&self.status.completed_indexes, self.before.spec.completions.unwrap_or(0));
        let mut counted = before.clone();
        let noted: HashSet<String> =
            self.uncounted.succeeded.iter().chain(&self.uncounted.failed).cloned().collect();
        let mut complete = true;
        for pod in self.in_order() {
            if !has_tracking(pod) || !self.may_go(pod) {
                continue;
            }
            self.to_release.push(pod);
            if !noted.contains(&pod.metadata.uid) {
                self.note(pod, &mut counted);
            }
            let noted = self.uncounted.succeeded.len() + self.uncounted.failed.len();
            if counted.len() - before.len() + noted >= MOST_UNCOUNTED {
                complete = false;
                break;
            }
        }
        if self.is_indexed() {
            self.status.succeeded = super::count(counted.len());
            self.status.completed_indexes = counted.to_string();
            self.status.failed_indexes = self.failed_indexes.as_ref().map(ToString::to_string);
        }
        self.say_end(complete);
    }

    /// Takes the pods without a finalizer from the list of those that are not counted into the counts.
    fn count_released(&mut self) {
        let held: HashSet<&String> =
            self.pods.iter().filter(|pod| has_tracking(pod)).map(|pod| &pod.metadata.uid).collect();
        let mut released = [0, 0];
        let lists = [&mut self.uncounted.succeeded, &mut self.uncounted.failed];
        for (list, released) in lists.into_iter().zip(&mut released) {
            let before = list.len();
            list.retain(|uid| held.contains(uid));
            *released = super::count(before - list.len());
        }
        let [succeeded, failed] = released;
        self.status.succeeded += succeeded;
        self.status.failed += failed;
    }

    fn in_order(&self) -> Vec<&'a Pod> {
        let mut pods = self.pods.clone();
        if self.is_indexed() {
            pods.sort_by_key(|pod| self.index_of(pod));
        }
        pods
    }

    /// Whether the finalizer of a pod may go (`canRemoveFinalizer`).
    fn may_go(&self, pod: &Pod) -> bool {
        if self.before.metadata.deletion_timestamp.is_some()
            || self.end.is_some()
            || pod.status.phase == PodPhase::Succeeded
        {
            return true;
        }
        let is_delayed = self
            .index_of(pod)
            .and_then(|index| self.delayed.get(&index))
            .is_some_and(|delayed| delayed.metadata.uid == pod.metadata.uid);
        self.has_failed(pod) && !is_delayed
    }

    fn note(&mut self, pod: &Pod, counted: &mut Indexes) {
        let index = self.index_of(pod);
        if pod.status.phase == PodPhase::Succeeded {
            match index {
                // An index is counted once by itself.
                _ if !self.is_indexed() => self.uncounted.succeeded.push(pod.metadata.uid.clone()),
                Some(index) => {
                    counted.insert(index);
                }
                None => {}
            }
            return;
        }
        let fails = self.end.as_ref().is_some_and(|end| end.type_ != JobConditionType::SuccessCriteriaMet);
        let is_one = !self.is_indexed() || index.is_some();
        // When a job has failed, so have all its pods that did not come to an end.
        if (self.has_failed(pod) || fails) && is_one && self.counts(pod) {
            self.uncounted.failed.push(pod.metadata.uid.clone());
        }
    }

    /// Writes how the job will end, and when everything is counted, that it has ended.
    fn say_end(&mut self, complete: bool) {
        let Some(end) = self.end.clone() else { return };
        let last = match end.type_ {
            JobConditionType::FailureTarget => {
                self.set(end.clone());
                self.condition(JobConditionType::Failed, &end.reason, end.message)
            }
            JobConditionType::SuccessCriteriaMet => {
                if !self.status.conditions.iter().any(|condition| condition.type_ == end.type_) {
                    self.status.conditions.push(end.clone());
                }
                self.condition(JobConditionType::Complete, &end.reason, end.message)
            }
            _ => end,
        };
        if complete {
            self.enact(last);
        }
    }
}
