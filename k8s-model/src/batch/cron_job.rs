//! Cron jobs: jobs at set times.

use super::JobSpec;
use crate::core::ObjectReference;
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// Makes a job at set times.
    pub struct CronJob {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: CronJobSpec = "spec",
        /// What was last seen.
        pub status: CronJobStatus = "status",
    }

    /// What is wanted of a cron job.
    pub struct CronJobSpec {
        /// When: five fields as in cron, or `@hourly` and the like.
        pub schedule: String = "schedule" always,
        /// The time zone of the schedule, such as `Europe/Vienna`; the controller's by default.
        pub time_zone: Option<String> = "timeZone",
        /// How many seconds late a job may start; absent is any time.
        pub starting_deadline_seconds: Option<i64> = "startingDeadlineSeconds",
        /// What is done when the job before still runs.
        pub concurrency_policy: ConcurrencyPolicy = "concurrencyPolicy",
        /// Whether it makes no jobs for now.
        pub suspend: Option<bool> = "suspend",
        /// The jobs that it makes.
        pub job_template: JobTemplateSpec = "jobTemplate" always,
        /// How many jobs that succeeded are kept; 3 by default.
        pub successful_jobs_history_limit: Option<i32> = "successfulJobsHistoryLimit",
        /// How many jobs that failed are kept; 1 by default.
        pub failed_jobs_history_limit: Option<i32> = "failedJobsHistoryLimit",
    }

    /// A job to be made: its labels and what is wanted of it.
    pub struct JobTemplateSpec {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: JobSpec = "spec",
    }

    /// What was last seen of a cron job.
    pub struct CronJobStatus {
        /// The jobs that run.
        pub active: Vec<ObjectReference> = "active",
        /// When a job was last made.
        pub last_schedule_time: Option<Time> = "lastScheduleTime",
        /// When a job last succeeded.
        pub last_successful_time: Option<Time> = "lastSuccessfulTime",
    }
}

open_enum! {
    /// What a cron job does when the job before still runs.
    pub enum ConcurrencyPolicy {
        /// Both run.
        Allow = "Allow",
        /// The new one is left out.
        Forbid = "Forbid",
        /// The old one is stopped.
        Replace = "Replace",
    }
}
