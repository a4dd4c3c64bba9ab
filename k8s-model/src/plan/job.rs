//! Jobs (`pkg/controller/job`, `pkg/controller/ttlafterfinished`).

mod failure;
mod finish;
mod indexes;
mod manage;
mod track;

pub use indexes::Indexes;

use std::collections::{BTreeMap, HashSet};

use pod_core::Timestamp;

use super::action::{self, Action, Plan, earlier};
use super::at::At;
use super::owner::{Claim, controller_of};
use super::pods::{is_active, is_ready, is_terminating, seconds};
use super::replica_set::count;
use crate::batch::{
    CompletionMode, Job, JobCondition, JobConditionType, JobStatus, PodReplacementPolicy,
    UncountedTerminatedPods,
};
use crate::core::{ConditionStatus, ObjectReference, Pod, PodPhase};
use crate::meta::DeletionPropagation;
use crate::object::Object;
use crate::selector::Selector;
use crate::time::Time;

/// The finalizer that keeps a pod until its end is counted.
pub const TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// The annotation and label of a pod with its index.
pub const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The annotation of a pod with how often its index has failed before it.
pub const INDEX_FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-failure-count";
/// The annotation of a pod with how many failures of its index were ignored before it.
pub const INDEX_IGNORED_FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-ignored-failure-count";
/// The label of a job's pods with its identifier.
pub const CONTROLLER_UID: &str = "batch.kubernetes.io/controller-uid";
/// The label of a job's pods with its name.
pub const JOB_NAME: &str = "batch.kubernetes.io/job-name";

/// How many pods are counted at a time at most.
const MOST_UNCOUNTED: usize = 500;

/// What is seen beside the job.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// The pods of its namespace that it controls or that nobody controls; others do no harm.
    pub pods: &'a [&'a Pod],
}

/// Gives a job the selector and its pods the labels that the API server gives them when it is made; not when it has a selector of its own.
pub fn generate_selector(job: &mut Job) {
    if job.spec.manual_selector == Some(true) {
        return;
    }
    let (uid, name) = (job.metadata.uid.clone(), job.metadata.name.clone());
    let labels = &mut job.spec.template.metadata.labels;
    // The short forms are those of old.
    for (label, value) in
        [(CONTROLLER_UID, &uid), ("controller-uid", &uid), (JOB_NAME, &name), ("job-name", &name)]
    {
        labels.insert(label.to_owned(), value.clone());
    }
    let selector = job.spec.selector.get_or_insert_default();
    selector.match_labels.insert(CONTROLLER_UID.to_owned(), uid);
}

/// The plan of a job.
///
/// The actions must be done in their order, and none after one that failed: what is counted is written before the pod may go.
/// A job that another controller manages is left alone, and so is one that is finished, until its time to live is over.
#[must_use]
pub fn plan(job: &Job, observed: &Observed<'_>, at: At) -> Plan<JobStatus> {
    let managed_by = job.spec.managed_by.as_deref().unwrap_or("kubernetes.io/job-controller");
    let Ok(selector) = Selector::from_structured(job.spec.selector.as_deref()) else {
        return Plan::idle(job.status.clone());
    };
    if managed_by != "kubernetes.io/job-controller" {
        return Plan::idle(job.status.clone());
    }
    if let Some(finished) = finished_at(job) {
        return expire(job, finished, at);
    }
    if matches!(job.spec.completion_mode, Some(CompletionMode::Other(_))) {
        let message = "Skipped Job sync because completion mode is unknown".to_owned();
        let told = action::warning(reference(job), "UnknownCompletionMode", message);
        return Plan { actions: vec![told], ..Plan::idle(job.status.clone()) };
    }
    let matcher = selector.compile();
    let claim = Claim { owner: &job.metadata, api_version: "batch/v1", kind: "Job", matcher: &matcher };
    let mut actions = Vec::new();
    let pods = claim.claim(observed.pods.iter().copied(), &mut actions);
    for action in &mut actions {
        // What is adopted is counted too.
        if let Action::Update(Object::Pod(pod)) = action
            && controller_of(&pod.metadata).is_some()
            && !has_tracking(pod)
        {
            pod.metadata.finalizers.push(TRACKING.to_owned());
        }
    }
    Sync::new(job, pods, actions, at).run()
}

/// A pod of a job that is gone without the finalizer that the job would have taken away; `None` when it has none.
#[must_use]
pub fn released(pod: &Pod) -> Option<Pod> {
    has_tracking(pod).then(|| without_tracking(pod))
}

fn reference(job: &Job) -> ObjectReference {
    action::reference("batch/v1", "Job", &job.metadata)
}

/// When a job ended, if it has: the time of the condition `Complete` or `Failed`.
#[must_use]
pub fn finished_at(job: &Job) -> Option<Timestamp> {
    let ends = [JobConditionType::Complete, JobConditionType::Failed];
    let mut conditions = job.status.conditions.iter();
    let end = conditions
        .find(|condition| ends.contains(&condition.type_) && condition.status == ConditionStatus::True)?;
    Some(end.last_transition_time.map_or(Timestamp::UNIX_EPOCH, Time::timestamp))
}

/// Deletes a finished job when its time to live is over.
fn expire(job: &Job, finished: Timestamp, at: At) -> Plan<JobStatus> {
    let mut plan = Plan::idle(job.status.clone());
    let Some(ttl) = job.spec.ttl_seconds_after_finished.filter(|_| job.metadata.deletion_timestamp.is_none())
    else {
        return plan;
    };
    let end = finished + seconds(i64::from(ttl));
    if end > at.now {
        plan.requeue_at = Some(end);
    } else {
        plan.actions.push(action::delete(reference(job), Some(DeletionPropagation::Foreground)));
    }
    plan
}

fn has_tracking(pod: &Pod) -> bool {
    pod.metadata.finalizers.iter().any(|finalizer| finalizer == TRACKING)
}

fn without_tracking(pod: &Pod) -> Pod {
    let mut pod = pod.clone();
    pod.metadata.finalizers.retain(|finalizer| finalizer != TRACKING);
    pod
}

/// A job that is being planned.
struct Sync<'a> {
    before: &'a Job,
    /// The status as it becomes.
    status: JobStatus,
    uncounted: UncountedTerminatedPods,
    pods: Vec<&'a Pod>,
    active_pods: Vec<&'a Pod>,
    active: i32,
    ready: i32,
    terminating: i32,
    succeeded: i32,
    failed: i32,
    succeeded_indexes: Indexes,
    failed_indexes: Option<Indexes>,
    /// Of each index that is to be tried again the pod that failed last: its finalizer stays until there is another one.
    delayed: BTreeMap<i32, &'a Pod>,
    /// How the job ends, once that is certain.
    end: Option<JobCondition>,
    /// Pods that lose their finalizer when the status is written.
    to_release: Vec<&'a Pod>,
    at: At,
    actions: Vec<Action>,
    requeue_at: Option<Timestamp>,
}

impl<'a> Sync<'a> {
    fn new(job: &'a Job, pods: Vec<&'a Pod>, actions: Vec<Action>, at: At) -> Self {
        let status = job.status.clone();
        let uncounted = status.uncounted_terminated_pods.as_deref().cloned().unwrap_or_default();
        let active_pods: Vec<&Pod> = pods.iter().copied().filter(|pod| is_active(pod)).collect();
        let mut sync = Self {
            before: job,
            active: count(active_pods.len()),
            ready: count(active_pods.iter().filter(|pod| is_ready(pod)).count()),
            terminating: count(pods.iter().filter(|pod| is_terminating(pod)).count()),
            succeeded: status.succeeded + count(uncounted.succeeded.len()),
            failed: status.failed + count(uncounted.failed.len()),
            succeeded_indexes: Indexes::default(),
            failed_indexes: None,
            delayed: BTreeMap::new(),
            end: None,
            to_release: Vec::new(),
            requeue_at: None,
            status,
            uncounted,
            pods,
            active_pods,
            at,
            actions,
        };
        sync.count_new();
        sync
    }

    /// Counts the pods that ended and are in no count yet.
    fn count_new(&mut self) {
        let known: HashSet<&String> = self.uncounted.succeeded.iter().chain(&self.uncounted.failed).collect();
        let new: Vec<&Pod> = (self.pods.iter().copied())
            .filter(|pod| has_tracking(pod) && !known.contains(&pod.metadata.uid))
            .filter(|pod| !self.is_indexed() || self.index_of(pod).is_some())
            .collect();
        let succeeded = new.iter().filter(|pod| pod.status.phase == PodPhase::Succeeded).count();
        let failed = new.iter().filter(|pod| self.has_failed(pod) && self.counts(pod)).count();
        self.succeeded += count(succeeded);
        self.failed += count(failed);
    }

    fn run(mut self) -> Plan<JobStatus> {
        if self.status.start_time.is_none() && !self.is_suspended() {
            self.status.start_time = Some(Time::from(self.at.now));
        }
        self.end = self.decide();
        if self.is_indexed() {
            self.look_at_indexes();
        }
        if self.end.is_some() {
            self.delete_active();
        } else {
            let managed = self.before.metadata.deletion_timestamp.is_none();
            if managed {
                self.manage();
            }
            if self.is_complete() {
                self.end = Some(self.condition(
                    JobConditionType::SuccessCriteriaMet,
                    "CompletionsReached",
                    "Reached expected number of succeeded pods".to_owned(),
                ));
            } else if managed {
                self.tell_suspended();
            }
        }
        self.status.active = self.active;
        self.status.ready = Some(self.ready);
        self.status.terminating = Some(self.terminating);
        self.track();
        self.finish()
    }

    fn finish(mut self) -> Plan<JobStatus> {
        self.status.uncounted_terminated_pods = Some(Box::new(self.uncounted));
        if self.status != self.before.status {
            let written = Job { status: self.status.clone(), ..self.before.clone() };
            self.actions.push(Action::UpdateStatus(written.into()));
        }
        for pod in self.to_release {
            self.actions.push(Action::Update(without_tracking(pod).into()));
        }
        Plan { actions: self.actions, status: self.status, requeue_at: self.requeue_at }
    }

    fn look_again(&mut self, moment: Timestamp) {
        self.requeue_at = earlier(self.requeue_at, Some(moment));
    }

    fn is_indexed(&self) -> bool {
        self.before.spec.completion_mode == Some(CompletionMode::Indexed)
    }

    fn is_suspended(&self) -> bool {
        self.before.spec.suspend == Some(true)
    }

    const fn is_limited_by_index(&self) -> bool {
        self.before.spec.backoff_limit_per_index.is_some()
    }

    /// Whether a pod is replaced only when it has failed, and not as soon as it is on its way out.
    fn replaces_only_failed(&self) -> bool {
        let spec = &self.before.spec;
        spec.pod_replacement_policy == Some(PodReplacementPolicy::Failed) || spec.pod_failure_policy.is_some()
    }

    fn parallelism(&self) -> i32 {
        self.before.spec.parallelism.unwrap_or(1)
    }

    /// The index of a pod, when it is one of the job's.
    fn index_of(&self, pod: &Pod) -> Option<i32> {
        let index: i32 = pod.metadata.annotations.get(COMPLETION_INDEX)?.parse().ok()?;
        (0..self.before.spec.completions.unwrap_or(0)).contains(&index).then_some(index)
    }

    /// Whether a pod counts as failed. One that is deleted does, unless only failed ones are replaced: it may never come to say so.
    fn has_failed(&self, pod: &Pod) -> bool {
        pod.status.phase == PodPhase::Failed
            || !self.replaces_only_failed()
                && pod.metadata.deletion_timestamp.is_some()
                && pod.status.phase != PodPhase::Succeeded
    }

    fn condition(&self, type_: JobConditionType, reason: &str, message: String) -> JobCondition {
        self.condition_of(type_, ConditionStatus::True, reason, message)
    }

    fn condition_of(
        &self,
        type_: JobConditionType,
        status: ConditionStatus,
        reason: &str,
        message: String,
    ) -> JobCondition {
        let now = Some(Time::from(self.at.now));
        JobCondition {
            type_,
            status,
            last_probe_time: now,
            last_transition_time: now,
            reason: reason.to_owned(),
            message,
        }
    }
}
