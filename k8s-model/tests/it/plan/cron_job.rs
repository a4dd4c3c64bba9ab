//! Cron jobs: `pkg/controller/cronjob/*_test.go`, and schedules: `spec_test.go` of `github.com/robfig/cron`.

use k8s_model::batch::{CronJob, Job};
use k8s_model::object::Object;
use k8s_model::plan::cron_job::{self, Observed, Schedule, TimeZoneName};
use k8s_model::plan::{Action, At};
use pod_core::Timestamp;

use super::{object, reports};

fn cron(spec: &str) -> CronJob {
    let mut cron: CronJob = object(&format!(
        "
apiVersion: batch/v1
kind: CronJob
metadata: {{name: tidy, namespace: default, uid: cron, creationTimestamp: '2026-11-25T10:00:00Z'}}
spec:
  {spec}
  jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: tidy, image: busybox}}]}}}}}}}}
"
    ));
    if let Some(time) = spec.strip_prefix("#last ") {
        cron.status.last_schedule_time = Some(time.split_once('\n').unwrap().0.parse().unwrap());
    }
    cron
}

fn at(time: &str) -> At {
    At::new(time.parse().unwrap(), 1)
}

fn created(actions: &[Action]) -> Vec<String> {
    let jobs = actions.iter().filter_map(|action| match action {
        Action::Create(Object::Job(job)) => {
            Some(job.metadata.annotations[cron_job::SCHEDULED_TIMESTAMP].clone())
        }
        _ => None,
    });
    jobs.collect()
}

#[test]
fn a_job_at_its_time() {
    let tidy = cron("schedule: '0 * * * *'");
    let early = cron_job::plan(&tidy, &Observed::default(), at("2026-11-25T10:59:59Z"));
    assert_eq!((created(&early.actions), early.requeue_at), (vec![], Some(at("2026-11-25T11:00:00Z").now)));
    let due = cron_job::plan(&tidy, &Observed::default(), at("2026-11-25T11:00:10Z"));
    assert_eq!(created(&due.actions), ["2026-11-25T11:00:00Z"]);
    assert_eq!(due.requeue_at, Some(at("2026-11-25T12:00:00Z").now));
    let Action::Create(Object::Job(job)) = &due.actions[0] else { panic!() };
    // The minutes since 1970.
    assert_eq!(job.metadata.name, "tidy-29926740");
    let after = CronJob { status: due.status, ..tidy };
    assert_eq!(
        created(&cron_job::plan(&after, &Observed::default(), at("2026-11-25T11:00:20Z")).actions),
        Vec::<String>::new()
    );
}

/// `TestControllerV2SyncCronJob`: of many missed times the last one counts, unless it is too late.
#[test]
fn missed_times() {
    let many = cron("schedule: '* * * * *'");
    let plan = cron_job::plan(&many, &Observed::default(), at("2026-11-25T12:00:30Z"));
    assert_eq!(created(&plan.actions), ["2026-11-25T12:00:00Z"]);
    assert!(reports(&plan.actions)[0].starts_with("TooManyMissedTimes: too many missed start times."));
    let strict = cron("schedule: '* * * * *'\n  startingDeadlineSeconds: 200");
    let plan = cron_job::plan(&strict, &Observed::default(), at("2026-11-25T12:00:30Z"));
    assert_eq!((created(&plan.actions).len(), reports(&plan.actions).len()), (1, 1));
    let late = cron("schedule: '0 * * * *'\n  startingDeadlineSeconds: 60");
    let plan = cron_job::plan(&late, &Observed::default(), at("2026-11-25T11:05:00Z"));
    assert_eq!(created(&plan.actions), Vec::<String>::new());
}

fn running(cron: &CronJob, name: &str) -> Job {
    let mut job = Job::default();
    job.metadata.name = name.into();
    job.metadata.uid = name.into();
    job.metadata.owner_references =
        vec![k8s_model::plan::controller_reference("batch/v1", "CronJob", &cron.metadata)];
    job
}

#[test]
fn concurrency() {
    for (policy, expected) in [("Allow", (1, 0)), ("Forbid", (0, 0)), ("Replace", (1, 1))] {
        let mut tidy = cron(&format!("schedule: '0 * * * *'\n  concurrencyPolicy: {policy}"));
        tidy.status.last_schedule_time = Some("2026-11-25T11:00:00Z".parse().unwrap());
        let job = running(&tidy, "tidy-29926740");
        let jobs = [&job];
        let plan = cron_job::plan(&tidy, &Observed { jobs: &jobs }, at("2026-11-25T12:00:00Z"));
        let deleted = plan.actions.iter().filter(|action| matches!(action, Action::Delete { .. })).count();
        assert_eq!((created(&plan.actions).len(), deleted), expected, "{policy}");
    }
}

#[test]
fn the_history_is_kept_short() {
    let tidy = cron("schedule: '0 0 1 1 *'\n  successfulJobsHistoryLimit: 1");
    let jobs: Vec<Job> = (1..4)
        .map(|hour| {
            let mut job = running(&tidy, &format!("tidy-{hour}"));
            let time = Some(format!("2026-11-25T0{hour}:00:00Z").parse().unwrap());
            (job.status.start_time, job.status.completion_time) = (time, time);
            job.status.conditions = vec![k8s_model::batch::JobCondition {
                type_: k8s_model::batch::JobConditionType::Complete,
                status: k8s_model::core::ConditionStatus::True,
                ..Default::default()
            }];
            job
        })
        .collect();
    let jobs: Vec<&Job> = jobs.iter().collect();
    let plan = cron_job::plan(&tidy, &Observed { jobs: &jobs }, at("2026-11-25T11:00:00Z"));
    assert_eq!(
        super::done(&plan.actions),
        ["delete job/tidy-1", "delete job/tidy-2", "status cronjob.batch/tidy"]
    );
    assert_eq!(plan.status.last_successful_time.unwrap().to_string(), "2026-11-25T03:00:00Z");
}

#[test]
fn bad_schedules_and_zones_are_told() {
    for (spec, expected) in [
        (
            "schedule: '61 * * * *'",
            "UnparseableSchedule: unparseable schedule: \"61 * * * *\" : end of range (61) above maximum (59): 61",
        ),
        (
            "schedule: '0 * * * *'\n  timeZone: Europe/Nowhere",
            "UnknownTimeZone: invalid timeZone: \"Europe/Nowhere\": unknown time zone Europe/Nowhere",
        ),
    ] {
        let plan = cron_job::plan(&cron(spec), &Observed::default(), at("2026-11-25T12:00:00Z"));
        assert_eq!(reports(&plan.actions), [expected]);
    }
}

fn next(schedule: &str, after: &str, zone: &str) -> String {
    let schedule: Schedule = schedule.parse().unwrap();
    let after: Timestamp = after.parse().unwrap();
    schedule
        .next(after, &zone.parse::<TimeZoneName>().unwrap())
        .map_or_else(|| "never".into(), |time| time.to_string())
}

/// `TestNext` of `spec_test.go`.
#[test]
fn next_times() {
    let cases = [
        ("*/15 * * * *", "2012-07-09T14:45:00Z", "2012-07-09T15:00:00Z"),
        ("20-35/15 * * * *", "2012-07-09T15:45:00Z", "2012-07-09T16:20:00Z"),
        ("5 2 * * *", "2012-07-31T02:05:00Z", "2012-08-01T02:05:00Z"),
        ("0 0 29 Feb ?", "2012-07-09T23:35:00Z", "2016-02-29T00:00:00Z"),
        ("0 0 30 Feb ?", "2012-07-09T23:35:00Z", "never"),
        ("0 0 31 Apr ?", "2012-07-09T23:35:00Z", "never"),
        // Both days restricted: either is enough; one of them any: both must fit.
        ("0 0 13 * Fri", "2012-07-09T00:00:00Z", "2012-07-13T00:00:00Z"),
        ("0 0 1,15 * Sun", "2012-07-09T00:00:00Z", "2012-07-15T00:00:00Z"),
        ("0 0 * * Sun", "2012-07-09T00:00:00Z", "2012-07-15T00:00:00Z"),
        ("0 0 */10 * Sun", "2012-07-09T00:00:00Z", "2012-07-11T00:00:00Z"),
        ("@monthly", "2012-07-09T00:00:00Z", "2012-08-01T00:00:00Z"),
        ("@every 1h30m", "2012-07-09T00:00:10.5Z", "2012-07-09T01:30:10Z"),
    ];
    for (schedule, after, expected) in cases {
        assert_eq!(next(schedule, after, "UTC"), expected, "{schedule} after {after}");
    }
}

/// The hours at which clocks are changed: 2012-03-11 and 2012-11-04 in New York.
#[test]
fn clocks_that_are_changed() {
    let cases = [
        // A time that does not exist is left out.
        ("30 2 11 Mar ?", "2012-03-11T05:00:00Z", "2013-03-11T06:30:00Z"),
        ("0 * * * ?", "2012-03-11T06:00:00Z", "2012-03-11T07:00:00Z"),
        // One that exists twice counts twice.
        ("0 1 * * ?", "2012-11-04T04:00:00Z", "2012-11-04T05:00:00Z"),
        ("0 1 * * ?", "2012-11-04T05:00:00Z", "2012-11-04T06:00:00Z"),
        ("0 1 * * ?", "2012-11-04T06:00:00Z", "2012-11-05T06:00:00Z"),
        ("30 2 4 Nov ?", "2012-11-04T04:00:00Z", "2012-11-04T07:30:00Z"),
    ];
    for (schedule, after, expected) in cases {
        assert_eq!(next(schedule, after, "America/New_York"), expected, "{schedule} after {after}");
    }
}
