//! Jobs: `pkg/controller/job/*_test.go`.

use k8s_model::batch::Job;
use k8s_model::plan::job::{self, Indexes};
use k8s_model::plan::store::{Key, Store};

use super::{at, end_pod, names, pod, run_pod, settle, started};

fn job_with(spec: &str) -> String {
    format!(
        "
apiVersion: batch/v1
kind: Job
metadata: {{name: sum, namespace: default}}
spec:
  {spec}
  template: {{spec: {{restartPolicy: Never, containers: [{{name: sum, image: busybox}}]}}}}
"
    )
}

fn key() -> Key {
    Key {
        kind: "Job".into(),
        api_version: "batch/v1".into(),
        namespace: "default".into(),
        name: "sum".into(),
    }
}

fn the_job(store: &Store) -> Job {
    Job::try_from(store.get(&key()).unwrap().clone()).unwrap()
}

/// The conditions that hold: type, reason.
fn conditions(store: &Store) -> Vec<(String, String)> {
    let conditions = the_job(store).status.conditions.into_iter();
    conditions
        .filter(|condition| condition.status.as_str() == "True")
        .map(|condition| (condition.type_.to_string(), condition.reason))
        .collect()
}

fn active(store: &Store) -> Vec<String> {
    let mut names = names(store, "Pod");
    names.retain(|name| k8s_model::plan::is_active(&pod(store, name)));
    names
}

fn counts(store: &Store) -> (i32, i32, i32) {
    let status = the_job(store).status;
    (status.active, status.succeeded, status.failed)
}

/// `TestControllerSyncJob`: pods run in parallel, and never more than are still wanted.
#[test]
fn pods_run_until_enough_succeeded() {
    let mut store = started(&job_with("parallelism: 2\n  completions: 3"));
    assert_eq!(counts(&store), (2, 0, 0));
    let first = active(&store);
    assert!(pod(&store, &first[0]).metadata.finalizers.contains(&job::TRACKING.to_owned()));
    end_pod(&mut store, &first[0], 0, at(10));
    settle(&mut store, at(10));
    assert_eq!(counts(&store), (2, 1, 0));
    for name in active(&store) {
        end_pod(&mut store, &name, 0, at(20));
    }
    settle(&mut store, at(20));
    assert_eq!(counts(&store), (0, 3, 0));
    assert_eq!(
        conditions(&store),
        [
            ("SuccessCriteriaMet".into(), "CompletionsReached".into()),
            ("Complete".into(), "CompletionsReached".into())
        ]
    );
    assert_eq!(the_job(&store).status.completion_time, Some(at(20).now.into()));
    // Counted pods are no longer held.
    assert!(names(&store, "Pod").iter().all(|name| pod(&store, name).metadata.finalizers.is_empty()));
}

/// `TestJobBackoff…`: the wait doubles, and the job fails after one failure more than its limit.
#[test]
fn failures_are_tried_again_later() {
    let mut store = started(&job_with("backoffLimit: 1"));
    let first = active(&store)[0].clone();
    end_pod(&mut store, &first, 1, at(5));
    settle(&mut store, at(5));
    assert_eq!((active(&store).len(), counts(&store)), (0, (0, 0, 1)));
    let planned = store.world().plan(at(6));
    assert_eq!(planned[0].requeue_at, Some(at(15).now));
    settle(&mut store, at(15));
    let second = active(&store)[0].clone();
    end_pod(&mut store, &second, 1, at(16));
    settle(&mut store, at(16));
    assert_eq!(
        conditions(&store),
        [
            ("FailureTarget".into(), "BackoffLimitExceeded".into()),
            ("Failed".into(), "BackoffLimitExceeded".into())
        ]
    );
    assert_eq!(counts(&store), (0, 0, 2));
}

#[test]
fn indexes_each_succeed_once() {
    let mut store = started(&job_with("completionMode: Indexed\n  completions: 4\n  parallelism: 4"));
    let pods = active(&store);
    assert!(pods[0].starts_with("sum-0-") && pods[3].starts_with("sum-3-"), "{pods:?}");
    let first = pod(&store, &pods[1]);
    assert_eq!(
        (first.spec.hostname.as_str(), &first.spec.containers[0].env[0].name),
        ("sum-1", &"JOB_COMPLETION_INDEX".into())
    );
    for index in [0, 1, 3] {
        end_pod(&mut store, &pods[index], 0, at(5));
    }
    settle(&mut store, at(5));
    assert_eq!(the_job(&store).status.completed_indexes, "0,1,3");
    assert_eq!(counts(&store), (1, 3, 0));
    end_pod(&mut store, &pods[2], 0, at(6));
    settle(&mut store, at(6));
    assert_eq!(the_job(&store).status.completed_indexes, "0-3");
    assert_eq!(conditions(&store)[1].0, "Complete");
}

/// `TestBackoffLimitPerIndex…`: each index has its own limit, and the job fails when all ended and one failed.
#[test]
fn indexes_fail_by_themselves() {
    let mut store = started(&job_with(
        "completionMode: Indexed\n  completions: 2\n  parallelism: 2\n  backoffLimitPerIndex: 1",
    ));
    let pods = active(&store);
    end_pod(&mut store, &pods[0], 1, at(5));
    end_pod(&mut store, &pods[1], 0, at(5));
    settle(&mut store, at(5));
    assert_eq!(active(&store).len(), 0);
    settle(&mut store, at(15));
    let again = active(&store)[0].clone();
    assert!(again.starts_with("sum-0-"));
    assert_eq!(pod(&store, &again).metadata.annotations[job::INDEX_FAILURE_COUNT], "1");
    end_pod(&mut store, &again, 1, at(20));
    settle(&mut store, at(20));
    let status = the_job(&store).status;
    assert_eq!((status.completed_indexes.as_str(), status.failed_indexes.as_deref()), ("1", Some("0")));
    assert_eq!(conditions(&store)[1], ("Failed".into(), "FailedIndexes".into()));
}

/// `TestMatchPodFailurePolicy`, `TestSyncJobWithJobPodFailurePolicy`.
#[test]
fn failure_policies() {
    let policy = |action: &str| {
        job_with(&format!(
            "backoffLimit: 0\n  podFailurePolicy: {{rules: [{{action: {action}, onExitCodes: {{operator: In, values: [42]}}}}]}}"
        ))
    };
    let mut store = started(&policy("FailJob"));
    let name = active(&store)[0].clone();
    end_pod(&mut store, &name, 42, at(5));
    settle(&mut store, at(5));
    let end = the_job(&store).status.conditions.pop().unwrap();
    assert_eq!((end.type_.as_str(), end.reason.as_str()), ("Failed", "PodFailurePolicy"));
    assert_eq!(
        end.message,
        format!(
            "Container sum for pod default/{name} failed with exit code 42 matching FailJob rule at index 0"
        )
    );

    let mut store = started(&policy("Ignore"));
    let name = active(&store)[0].clone();
    end_pod(&mut store, &name, 42, at(5));
    settle(&mut store, at(5));
    assert_eq!((conditions(&store), counts(&store)), (vec![], (0, 0, 0)));
    settle(&mut store, at(15));
    assert_eq!(active(&store).len(), 1);
}

#[test]
fn success_policy_ends_the_rest() {
    let mut store = started(&job_with(
        "completionMode: Indexed\n  completions: 3\n  parallelism: 3\n  successPolicy: {rules: [{succeededIndexes: '0'}]}",
    ));
    let pods = active(&store);
    end_pod(&mut store, &pods[0], 0, at(5));
    settle(&mut store, at(5));
    assert_eq!(
        conditions(&store),
        [("SuccessCriteriaMet".into(), "SuccessPolicy".into()), ("Complete".into(), "SuccessPolicy".into())]
    );
    assert_eq!(the_job(&store).status.conditions[0].message, "Matched rules at index 0");
    assert_eq!(names(&store, "Pod").len(), 1);
}

#[test]
fn deadlines_and_time_to_live() {
    let mut store = started(&job_with("activeDeadlineSeconds: 30\n  ttlSecondsAfterFinished: 60"));
    let planned = store.world().plan(at(1));
    assert_eq!(planned[0].requeue_at, Some(at(30).now));
    settle(&mut store, at(30));
    assert_eq!(conditions(&store)[1], ("Failed".into(), "DeadlineExceeded".into()));
    assert_eq!(names(&store, "Pod").len(), 0);
    assert_eq!(store.world().plan(at(31))[0].requeue_at, Some(at(90).now));
    settle(&mut store, at(90));
    assert!(store.get(&key()).is_none());
}

/// `TestSyncJobUpdateRequeue` and the suspended cases of `TestControllerSyncJob`.
#[test]
fn suspend_and_resume() {
    let mut store = started(&job_with("suspend: true"));
    assert_eq!(
        (conditions(&store), active(&store).len()),
        (vec![("Suspended".into(), "JobSuspended".into())], 0)
    );
    assert_eq!(the_job(&store).status.start_time, None);
    let mut job = the_job(&store);
    job.spec.suspend = Some(false);
    store.update(job.into()).unwrap();
    settle(&mut store, at(10));
    assert_eq!((conditions(&store), active(&store).len()), (vec![], 1));
    assert_eq!(the_job(&store).status.start_time, Some(at(10).now.into()));
    // Pods of a job that is suspended do not count as failed.
    let mut job = the_job(&store);
    job.spec.suspend = Some(true);
    store.update(job.into()).unwrap();
    settle(&mut store, at(20));
    assert_eq!((active(&store).len(), counts(&store)), (0, (0, 0, 0)));
}

/// A job that is deleted takes its pods along, whatever holds them.
#[test]
fn pods_of_a_deleted_job_go() {
    let mut store = started(&job_with("parallelism: 2"));
    for name in active(&store) {
        run_pod(&mut store, &name, true, at(1));
    }
    super::delete(&mut store, "Job", "batch/v1", "sum", Some("Background"), at(5));
    settle(&mut store, at(5));
    assert_eq!(names(&store, "Pod"), Vec::<String>::new());
}

/// `TestParseIndexesFromString`, `TestIntervals…` of `indexed_job_utils_test.go`.
#[test]
fn index_sets() {
    for (text, limit, expected) in [
        ("", 5, ""),
        ("0,2,4", 5, "0,2,4"),
        ("0,1", 5, "0,1"),
        ("0-2", 5, "0-2"),
        ("0-2,3", 5, "0-3"),
        ("0-8,10", 4, "0-3"),
    ] {
        assert_eq!(Indexes::parse(text, limit).to_string(), expected, "{text}");
    }
}
