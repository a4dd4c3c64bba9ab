//! Cron jobs (`pkg/controller/cronjob`).

mod missed;
mod schedule;

pub use schedule::{ParseScheduleError, Schedule, TimeZoneName, UnknownTimeZone};

use std::collections::HashMap;

use pod_core::Timestamp;

use super::action::{self, Action, Plan};
use super::at::At;
use super::owner::{controller_reference, is_controlled_by};
use crate::batch::{ConcurrencyPolicy, CronJob, CronJobStatus, Job, JobConditionType};
use crate::core::{ConditionStatus, ObjectReference};
use crate::meta::{DeletionPropagation, ObjectMeta};
use crate::object::Object;
use crate::time::Time;

/// The annotation of a job with the time that it is for.
pub const SCHEDULED_TIMESTAMP: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// What is seen beside the cron job.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// The jobs of its namespace that it controls; others do no harm.
    pub jobs: &'a [&'a Job],
}

/// The plan of a cron job. A time zone that is not said is UTC.
///
/// A job that was made is in the list of active ones as soon as it is seen.
#[must_use]
pub fn plan(cron: &CronJob, observed: &Observed<'_>, at: At) -> Plan<CronJobStatus> {
    let jobs = observed.jobs.iter().copied();
    let jobs: Vec<&Job> = jobs.filter(|job| is_controlled_by(&job.metadata, &cron.metadata.uid)).collect();
    let mut sync =
        Sync { cron, jobs, status: cron.status.clone(), at, actions: Vec::new(), requeue_at: None };
    sync.look_at_jobs();
    sync.clean_up();
    if cron.metadata.deletion_timestamp.is_none() && cron.spec.suspend != Some(true) {
        sync.start();
    }
    sync.finish()
}

/// The name of the job for a time: that of the cron job and the minutes since 1970.
fn job_name(cron: &CronJob, time: Timestamp) -> String {
    format!("{}-{}", cron.metadata.name, time.unix().0 / 60)
}

fn reference(cron: &CronJob) -> ObjectReference {
    action::reference("batch/v1", "CronJob", &cron.metadata)
}

fn end_of(job: &Job) -> Option<&JobConditionType> {
    let ends = [JobConditionType::Complete, JobConditionType::Failed];
    let conditions = &job.status.conditions;
    conditions
        .iter()
        .find(|condition| ends.contains(&condition.type_) && condition.status == ConditionStatus::True)
        .map(|condition| &condition.type_)
}

/// A cron job that is being planned.
struct Sync<'a> {
    cron: &'a CronJob,
    jobs: Vec<&'a Job>,
    status: CronJobStatus,
    at: At,
    actions: Vec<Action>,
    requeue_at: Option<Timestamp>,
}

impl Sync<'_> {
    fn report(&mut self, warning: bool, reason: &'static str, message: String) {
        let object = reference(self.cron);
        let make = if warning { action::warning } else { action::normal };
        self.actions.push(make(object, reason, message));
    }

    /// Keeps the list of active jobs, and when one last succeeded.
    fn look_at_jobs(&mut self) {
        for job in self.jobs.clone() {
            let uid = &job.metadata.uid;
            let listed = self.status.active.iter().any(|active| active.uid == *uid);
            match end_of(job) {
                None if !listed => self.take_up(job),
                Some(end) if listed => {
                    self.status.active.retain(|active| active.uid != *uid);
                    let message = format!("Saw completed job: {}, condition: {end}", job.metadata.name);
                    self.report(false, "SawCompletedJob", message);
                }
                _ => {}
            }
            if end_of(job) == Some(&JobConditionType::Complete) {
                self.status.last_successful_time =
                    self.status.last_successful_time.max(job.status.completion_time);
            }
        }
        let known: HashMap<&str, ()> = self.jobs.iter().map(|job| (job.metadata.uid.as_str(), ())).collect();
        let (there, missing): (Vec<_>, Vec<_>) = std::mem::take(&mut self.status.active)
            .into_iter()
            .partition(|active| known.contains_key(active.uid.as_str()));
        self.status.active = there;
        for active in missing {
            self.report(false, "MissingJob", format!("Active job went missing: {}", active.name));
        }
    }

    /// Lists a job that runs. One that was not made for the last time came from somewhere else.
    fn take_up(&mut self, job: &Job) {
        let last = self.status.last_schedule_time.map(Time::timestamp);
        if last.is_none_or(|last| job_name(self.cron, last) != job.metadata.name) {
            let message =
                format!("Saw a job that the controller did not create or forgot: {}", job.metadata.name);
            return self.report(true, "UnexpectedJob", message);
        }
        self.status.active.push(action::reference("batch/v1", "Job", &job.metadata));
    }

    /// Deletes the oldest jobs that ended, beyond those that are kept.
    fn clean_up(&mut self) {
        let spec = &self.cron.spec;
        let limits = [
            (JobConditionType::Complete, spec.successful_jobs_history_limit),
            (JobConditionType::Failed, spec.failed_jobs_history_limit),
        ];
        for (end, limit) in limits {
            let Some(limit) = limit else { continue };
            let mut ended: Vec<&Job> =
                self.jobs.iter().copied().filter(|job| end_of(job) == Some(&end)).collect();
            // Jobs that never started are the youngest.
            ended.sort_by_key(|job| {
                (job.status.start_time.is_none(), job.status.start_time, job.metadata.name.clone())
            });
            let surplus = ended.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
            for job in ended.into_iter().take(surplus) {
                self.delete(&job.metadata);
            }
        }
    }

    fn delete(&mut self, job: &ObjectMeta) {
        if job.deletion_timestamp.is_none() {
            let object = action::reference("batch/v1", "Job", job);
            self.actions.push(action::delete(object, Some(DeletionPropagation::Background)));
            self.report(false, "SuccessfulDelete", format!("Deleted job {}", job.name));
        }
        self.status.active.retain(|active| active.uid != job.uid);
    }

    /// Makes the job that is due.
    fn start(&mut self) {
        let spec = &self.cron.spec;
        let name = spec.time_zone.as_deref().unwrap_or("UTC");
        let zone: TimeZoneName = match name.parse() {
            Ok(zone) => zone,
            Err(error) => {
                return self.report(true, "UnknownTimeZone", format!("invalid timeZone: {name:?}: {error}"));
            }
        };
        let schedule: Schedule = match spec.schedule.parse() {
            Ok(schedule) => schedule,
            Err(error) => {
                let message = format!("unparseable schedule: {:?} : {error}", spec.schedule);
                return self.report(true, "UnparseableSchedule", message);
            }
        };
        let due = missed::due(self.cron, &self.status, self.at.now, &schedule, &zone);
        self.requeue_at = due.next;
        if due.too_many {
            let message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            self.report(true, "TooManyMissedTimes", message.to_owned());
        }
        let Some(time) = due.time else { return };
        let deadline = spec.starting_deadline_seconds.map(super::pods::seconds);
        if deadline.is_some_and(|deadline| time + deadline < self.at.now) {
            let message = format!("Missed scheduled time to start a job: {time}");
            return self.report(true, "MissSchedule", message);
        }
        let processed = self.status.last_schedule_time == Some(Time::from(time));
        let name = job_name(self.cron, time);
        if processed || self.status.active.iter().any(|active| active.name == name) {
            return;
        }
        self.start_at(time, name);
        if self.status.last_schedule_time == Some(Time::from(time)) {
            self.requeue_at = schedule.next(time.max(self.at.now), &zone);
        }
    }

    fn start_at(&mut self, time: Timestamp, name: String) {
        let running: Vec<ObjectMeta> = (self.jobs.iter())
            .filter(|job| {
                end_of(job).is_none()
                    && self.status.active.iter().any(|active| active.uid == job.metadata.uid)
            })
            .map(|job| job.metadata.clone())
            .collect();
        match self.cron.spec.concurrency_policy {
            ConcurrencyPolicy::Forbid if !self.status.active.is_empty() => {
                let message =
                    "Not starting job because prior execution is running and concurrency policy is Forbid";
                return self.report(false, "JobAlreadyActive", message.to_owned());
            }
            ConcurrencyPolicy::Replace => running.iter().for_each(|job| self.delete(job)),
            _ => {}
        }
        self.status.last_schedule_time = Some(Time::from(time));
        if self.jobs.iter().any(|job| job.metadata.name == name) {
            return;
        }
        let template = &self.cron.spec.job_template;
        let mut annotations = template.metadata.annotations.clone();
        annotations.insert(SCHEDULED_TIMESTAMP.to_owned(), time.to_string());
        let job = Job {
            metadata: ObjectMeta {
                name: name.clone(),
                namespace: self.cron.metadata.namespace.clone(),
                labels: template.metadata.labels.clone(),
                annotations,
                owner_references: vec![controller_reference("batch/v1", "CronJob", &self.cron.metadata)],
                ..ObjectMeta::default()
            },
            spec: template.spec.clone(),
            ..Job::default()
        };
        self.actions.push(Action::Create(job.into()));
        self.report(false, "SuccessfulCreate", format!("Created job {name}"));
    }

    fn finish(mut self) -> Plan<CronJobStatus> {
        if self.status != self.cron.status {
            let written = CronJob { status: self.status.clone(), ..self.cron.clone() };
            self.actions.push(Action::UpdateStatus(Object::from(written)));
        }
        Plan { actions: self.actions, status: self.status, requeue_at: self.requeue_at }
    }
}
