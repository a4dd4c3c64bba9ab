//! How many pods a job has at a time.

use std::collections::BTreeMap;

use super::super::action::{self, Action};
use super::super::at::{At, Names};
use super::super::owner::controller_reference;
use super::super::pods::{from_template, is_ready, is_terminating, prefix};
use super::super::rank;
use super::super::replica_set::BURST;
use super::failure::{failures_before, finished_at, wait_until};
use super::{
    COMPLETION_INDEX, INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT, Indexes, Sync, TRACKING, count,
    has_tracking, reference, without_tracking,
};
use crate::core::{Container, EnvVar, EnvVarSource, ObjectFieldSelector, Pod};

/// The variable with which a container learns its index.
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";
/// How long the beginning of a generated name may be.
const LONGEST_PREFIX: usize = 58;

impl<'a> Sync<'a> {
    /// Deletes all pods that still run, because the job ends. They are counted when they are gone.
    pub(super) fn delete_active(&mut self) {
        for pod in std::mem::take(&mut self.active_pods) {
            self.delete(pod);
        }
    }

    fn delete(&mut self, pod: &Pod) {
        let message = format!("Deleted pod: {}", pod.metadata.name);
        self.actions.push(action::delete(action::reference("v1", "Pod", &pod.metadata), None));
        self.actions.push(action::normal(reference(self.before), "SuccessfulDelete", message));
        self.active -= 1;
        self.terminating += 1;
        self.ready -= i32::from(is_ready(pod));
    }

    /// Deletes pods that are too many: they do not count.
    fn delete_uncounted(&mut self, pods: Vec<&'a Pod>) {
        for pod in pods {
            if has_tracking(pod) {
                self.actions.push(Action::Update(without_tracking(pod).into()));
            }
            self.delete(pod);
        }
    }

    /// Makes or deletes pods; never both at once (`manageJob`).
    pub(super) fn manage(&mut self) {
        if self.is_suspended() {
            let pods = self.to_remove(self.active_pods.len());
            return self.delete_uncounted(pods);
        }
        let wanted = match self.before.spec.completions {
            None if self.succeeded > 0 => self.active,
            None => self.parallelism(),
            Some(completions) => (completions - self.succeeded).min(self.parallelism()).max(0),
        };
        let too_many = usize::try_from(self.active - wanted).unwrap_or(0);
        let mut pods = self.to_remove(too_many);
        pods.truncate(BURST);
        if !pods.is_empty() {
            return self.delete_uncounted(pods);
        }
        let terminating = if self.replaces_only_failed() { self.terminating } else { 0 };
        let missing = usize::try_from(wanted - terminating - self.active).unwrap_or(0).min(BURST);
        if missing > 0 {
            self.create(missing);
        }
    }

    /// The pods that go: those whose index is none or another pod's too, then as many as are too many.
    fn to_remove(&self, at_least: usize) -> Vec<&'a Pod> {
        let now = self.at.now;
        let (mut removed, mut left) = (Vec::new(), Vec::new());
        if self.is_indexed() {
            let mut by_index: BTreeMap<Option<i32>, Vec<&'a Pod>> = BTreeMap::new();
            for pod in &self.active_pods {
                by_index.entry(self.index_of(pod)).or_default().push(pod);
            }
            for (index, pods) in by_index {
                let going = if index.is_none() { pods.len() } else { pods.len() - 1 };
                let first = rank::to_delete(&pods, &[], going, now);
                left.extend(
                    pods.into_iter()
                        .filter(|pod| !first.iter().any(|going| going.metadata.uid == pod.metadata.uid)),
                );
                removed.extend(first);
            }
        } else {
            left.clone_from(&self.active_pods);
        }
        let more = at_least.saturating_sub(removed.len());
        removed.extend(rank::to_delete(&left, &[], more, now));
        removed
    }

    fn create(&mut self, missing: usize) {
        if !self.is_limited_by_index()
            && let Some(moment) = self.may_create_at().filter(|moment| *moment > self.at.now)
        {
            return self.look_again(moment);
        }
        let indexes: Vec<Option<i32>> = if self.is_indexed() {
            let pending = self.pending(missing);
            self.ready_indexes(pending).into_iter().map(Some).collect()
        } else {
            vec![None; missing]
        };
        let mut template = self.before.spec.template.clone();
        if !template.metadata.finalizers.iter().any(|finalizer| finalizer == TRACKING) {
            template.metadata.finalizers.push(TRACKING.to_owned());
        }
        if self.is_indexed() {
            let spec = &mut template.spec;
            spec.init_containers.iter_mut().chain(&mut spec.containers).for_each(add_variable);
        }
        let metadata = &self.before.metadata;
        let owner = controller_reference("batch/v1", "Job", metadata);
        let taken: Vec<&str> = self.pods.iter().map(|pod| pod.metadata.name.as_str()).collect();
        let mut names = Names::new(self.at, prefix(&metadata.name), &metadata.uid, taken.iter().copied());
        let mut told = Vec::new();
        self.active += count(indexes.len());
        for index in indexes {
            let mut pod = from_template(&template, &metadata.namespace, owner.clone());
            match index {
                None => {
                    pod.metadata.generate_name.clone_from(&names.prefix);
                    pod.metadata.name = names.next();
                }
                Some(index) => self.mark(&mut pod, index, &taken, self.at),
            }
            told.push(format!("Created pod: {}", pod.metadata.name));
            self.actions.push(Action::Create(pod.into()));
        }
        let object = reference(self.before);
        let told =
            told.into_iter().map(|message| action::normal(object.clone(), "SuccessfulCreate", message));
        self.actions.extend(told);
    }

    /// The first indexes that have no pod and did not end.
    fn pending(&self, most: usize) -> Vec<i32> {
        let mut taken: Indexes = self.active_pods.iter().filter_map(|pod| self.index_of(pod)).collect();
        if self.replaces_only_failed() {
            let going = self.pods.iter().filter(|pod| is_terminating(pod));
            for index in going.filter_map(|pod| self.index_of(pod)) {
                taken.insert(index);
            }
        }
        let ended = |index: i32| {
            self.succeeded_indexes.contains(index)
                || self.failed_indexes.as_ref().is_some_and(|failed| failed.contains(index))
        };
        let all = 0..self.before.spec.completions.unwrap_or(0);
        all.filter(|index| !taken.contains(*index) && !ended(*index)).take(most).collect()
    }

    /// Those whose wait after their last failure is over; when none is, the job looks again when the first one is.
    fn ready_indexes(&mut self, indexes: Vec<i32>) -> Vec<i32> {
        if !self.is_limited_by_index() {
            return indexes;
        }
        let moment = |index: &i32| {
            let pod = self.delayed.get(index)?;
            let (counted, ignored) = failures_before(pod);
            let failures = u32::try_from(counted + ignored + 1).unwrap_or(1);
            Some(wait_until(failures, finished_at(pod)?)).filter(|moment| *moment > self.at.now)
        };
        let (later, now): (Vec<i32>, Vec<i32>) = indexes.iter().partition(|index| moment(index).is_some());
        let first = later.iter().filter_map(moment).min();
        if let Some(first) = first {
            self.look_again(first);
        }
        now
    }

    /// Makes a pod the one of an index.
    fn mark(&self, pod: &mut Pod, index: i32, taken: &[&str], at: At) {
        let job = &self.before.metadata;
        let end = format!("-{index}-");
        let most = LONGEST_PREFIX.saturating_sub(end.len()).min(job.name.len());
        let most = (0..=most).rev().find(|most| job.name.is_char_boundary(*most)).unwrap_or(0);
        let prefix = format!("{}{end}", job.name.get(..most).unwrap_or_default());
        let metadata = &mut pod.metadata;
        metadata.name = Names::new(at, prefix.clone(), &job.uid, taken.iter().copied()).next();
        metadata.generate_name = prefix;
        metadata.annotations.insert(COMPLETION_INDEX.to_owned(), index.to_string());
        metadata.labels.insert(COMPLETION_INDEX.to_owned(), index.to_string());
        if self.is_limited_by_index() {
            let (counted, ignored) = self.failures_of(index);
            metadata.annotations.insert(INDEX_FAILURE_COUNT.to_owned(), counted.to_string());
            if ignored > 0 {
                metadata.annotations.insert(INDEX_IGNORED_FAILURE_COUNT.to_owned(), ignored.to_string());
            }
        }
        pod.spec.hostname = format!("{}-{index}", job.name);
    }

    /// How often an index failed so far, counted and ignored.
    fn failures_of(&self, index: i32) -> (i32, i32) {
        let Some(pod) = self.delayed.get(&index) else { return (0, 0) };
        let (counted, ignored) = failures_before(pod);
        if self.counts(pod) { (counted + 1, ignored) } else { (counted, ignored + 1) }
    }
}

/// Adds the variable with the index, unless the container has one of that name.
fn add_variable(container: &mut Container) {
    if container.env.iter().any(|variable| variable.name == INDEX_VARIABLE) {
        return;
    }
    let field = ObjectFieldSelector {
        field_path: format!("metadata.labels['{COMPLETION_INDEX}']"),
        ..ObjectFieldSelector::default()
    };
    container.env.push(EnvVar {
        name: INDEX_VARIABLE.to_owned(),
        value_from: Some(Box::new(EnvVarSource {
            field_ref: Some(Box::new(field)),
            ..EnvVarSource::default()
        })),
        ..EnvVar::default()
    });
}
