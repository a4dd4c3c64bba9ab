//! The simulated cluster.

use std::time::Duration;

use k8s_model::object::Object;
use k8s_model::plan::sim::{Cluster, Ended, Timed, watch};
use k8s_model::plan::{is_active, is_ready};

use super::{noon, objects};

pub(super) const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: sise-deploy, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: sise}}
  template:
    metadata: {labels: {app: sise}, annotations: {sim.podkit.dev/start: 2s, sim.podkit.dev/stop: 1s}}
    spec: {containers: [{name: sise, image: 'sise:1'}]}
";

pub(super) fn cluster(text: &str, events: &[&str], seed: u64) -> Cluster {
    let mut cluster = Cluster::new(noon(), seed).with_nodes(3);
    for object in objects(text) {
        cluster.apply(object).unwrap();
    }
    for event in events {
        let Timed { after, event } = event.parse().unwrap();
        cluster.schedule(after, event);
    }
    cluster
}

fn run(text: &str, events: &[&str], seconds: u64) -> Cluster {
    let mut cluster = cluster(text, events, 1);
    cluster.run(Duration::from_secs(seconds));
    assert_eq!(cluster.refused(), []);
    cluster
}

fn ready(cluster: &Cluster) -> usize {
    let pods = cluster
        .store()
        .objects()
        .filter_map(|object| if let Object::Pod(pod) = object { Some(pod) } else { None });
    pods.filter(|pod| is_active(pod) && is_ready(pod)).count()
}

/// The lines of a watch with the random parts of names taken out.
fn lines(cluster: &Cluster, kinds: &[&str]) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    let text = watch(cluster, |object| kinds.contains(&object.kind())).to_string();
    text.lines()
        .map(|line| {
            let words = line.split_whitespace().map(|word| {
                let Some(rest) = word.strip_prefix("pod/") else { return word.to_owned() };
                let number = known.iter().position(|name| name == rest).unwrap_or_else(|| {
                    known.push(rest.to_owned());
                    known.len() - 1
                });
                format!("pod{}", number + 1)
            });
            words.collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// Source document 002, figure 3: a rolling update of two pods.
#[test]
fn the_rolling_update_of_the_second_document() {
    let cluster = run(WEB, &["image deployment/sise-deploy sise:2 at 10s"], 60);
    // Surge is 25% of 2, rounded up, and none may be missing: three pods at most that are not on their way out, and always two ready.
    let expected = [
        "AT EVENT NAME READY UP-TO-DATE AVAILABLE AGE",
        "0s ADDED deployment.apps/sise-deploy 0/2 0 0 0s",
        "AT EVENT NAME DESIRED CURRENT READY AGE",
        "0s ADDED replicaset.apps/sise-deploy-96d4bdfcb 2 0 0 0s",
        "AT EVENT NAME READY STATUS RESTARTS AGE",
        "0s ADDED pod1 0/1 Pending 0 0s",
        "0s ADDED pod2 0/1 Pending 0 0s",
        "0s MODIFIED pod1 0/1 ContainerCreating 0 0s",
        "0s MODIFIED pod2 0/1 ContainerCreating 0 0s",
        "0s MODIFIED replicaset.apps/sise-deploy-96d4bdfcb 2 2 0 0s",
        "0s MODIFIED deployment.apps/sise-deploy 0/2 2 0 0s",
        "2s MODIFIED pod1 1/1 Running 0 2s",
        "2s MODIFIED pod2 1/1 Running 0 2s",
        "2s MODIFIED replicaset.apps/sise-deploy-96d4bdfcb 2 2 2 2s",
        "2s MODIFIED deployment.apps/sise-deploy 2/2 2 2 2s",
        "10s ADDED replicaset.apps/sise-deploy-7b54d4dc75 1 0 0 0s",
        "10s MODIFIED deployment.apps/sise-deploy 2/2 0 2 10s",
        "10s ADDED pod3 0/1 Pending 0 0s",
        "10s MODIFIED pod3 0/1 ContainerCreating 0 0s",
        "10s MODIFIED replicaset.apps/sise-deploy-7b54d4dc75 1 1 0 0s",
        "10s MODIFIED deployment.apps/sise-deploy 2/2 1 2 10s",
        "12s MODIFIED pod3 1/1 Running 0 2s",
        "12s MODIFIED replicaset.apps/sise-deploy-7b54d4dc75 1 1 1 2s",
        "12s MODIFIED replicaset.apps/sise-deploy-96d4bdfcb 1 2 2 12s",
        "12s MODIFIED deployment.apps/sise-deploy 3/2 1 3 12s",
        "12s MODIFIED replicaset.apps/sise-deploy-7b54d4dc75 2 1 1 2s",
        "12s MODIFIED pod2 1/1 Terminating 0 12s",
        "12s ADDED pod4 0/1 Pending 0 0s",
        "12s MODIFIED replicaset.apps/sise-deploy-96d4bdfcb 1 1 1 12s",
        "12s MODIFIED pod4 0/1 ContainerCreating 0 0s",
        "12s MODIFIED deployment.apps/sise-deploy 2/2 1 2 12s",
        "12s MODIFIED replicaset.apps/sise-deploy-7b54d4dc75 2 2 1 2s",
        "12s MODIFIED deployment.apps/sise-deploy 2/2 2 2 12s",
        "13s DELETED pod2 1/1 Terminating 0 13s",
        "14s MODIFIED pod4 1/1 Running 0 2s",
        "14s MODIFIED replicaset.apps/sise-deploy-7b54d4dc75 2 2 2 4s",
        "14s MODIFIED replicaset.apps/sise-deploy-96d4bdfcb 0 1 1 14s",
        "14s MODIFIED deployment.apps/sise-deploy 3/2 2 3 14s",
        "14s MODIFIED pod1 1/1 Terminating 0 14s",
        "14s MODIFIED replicaset.apps/sise-deploy-96d4bdfcb 0 0 0 14s",
        "14s MODIFIED deployment.apps/sise-deploy 2/2 2 2 14s",
        "15s DELETED pod1 1/1 Terminating 0 15s",
    ];
    assert_eq!(lines(&cluster, &["Deployment", "ReplicaSet", "Pod"]), expected);
}

/// The same document: a pod whose process dies is started again in its place; one that is deleted comes back under another name.
#[test]
fn recovery_from_a_crash() {
    let cluster = run(WEB, &["kill pod/sise-* at 10s", "delete pod/sise-* at 30s"], 60);
    let pods = lines(&cluster, &["Pod"]);
    assert!(pods.iter().any(|line| line.contains("1/1 Running 1 (0s ago) 10s")), "{pods:#?}");
    assert!(pods.iter().any(|line| line.starts_with("30s ADDED pod3")), "{pods:#?}");
    assert_eq!(ready(&cluster), 2);
}

#[test]
fn crashes_wait_longer_and_longer() {
    let crashing =
        WEB.replace("sim.podkit.dev/stop: 1s", "sim.podkit.dev/run: 1s, sim.podkit.dev/exit-code: '1'");
    let cluster = run(&crashing.replace("replicas: 2", "replicas: 1"), &[], 100);
    let pods = lines(&cluster, &["Pod"]);
    let starts: Vec<&str> = pods
        .iter()
        .filter(|line| line.contains(" Running "))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    // At once, then after 10, 20 and 40 seconds.
    assert_eq!(starts, ["2s", "3s", "14s", "35s", "76s"]);
    assert!(pods.iter().any(|line| line.contains("CrashLoopBackOff")));
}

#[test]
fn pods_of_a_lost_node_move() {
    let events = ["fail node/node-1 at 10s", "restore node/node-1 at 600s"];
    let mut cluster = cluster(WEB, &events, 1);
    cluster.run(Duration::from_secs(59));
    assert_eq!(ready(&cluster), 2);
    // After 50 seconds the node is given up, after five minutes more its pods leave it.
    cluster.run(Duration::from_secs(61));
    assert_eq!(ready(&cluster), 1);
    cluster.run(Duration::from_secs(365));
    assert_eq!(ready(&cluster), 2);
    let pods = |cluster: &Cluster| cluster.store().objects().filter(|object| object.kind() == "Pod").count();
    assert_eq!(pods(&cluster), 3);
    assert_eq!(cluster.run(Duration::from_secs(3600)), Ended::Quiet);
    assert_eq!((pods(&cluster), ready(&cluster)), (2, 2));
}

#[test]
fn a_missing_image_stops_a_rollout() {
    let broken = WEB.replace("sim.podkit.dev/start: 2s", "sim.podkit.dev/image: missing");
    let mut cluster = cluster(WEB, &[], 1);
    cluster.run(Duration::from_secs(10));
    cluster.apply(objects(&broken).remove(0)).unwrap();
    assert_eq!(cluster.run(Duration::from_secs(3600)), Ended::Quiet);
    assert_eq!(ready(&cluster), 2);
    let reason = cluster.store().objects().find_map(|object| match object {
        Object::Deployment(web) => web
            .status
            .conditions
            .iter()
            .find(|condition| condition.type_.as_str() == "Progressing")
            .map(|condition| condition.reason.clone()),
        _ => None,
    });
    assert_eq!(reason.as_deref(), Some("ProgressDeadlineExceeded"));
}

#[test]
fn a_job_runs_to_its_end() {
    let job = "
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  completions: 3
  parallelism: 2
  template: {spec: {restartPolicy: Never, containers: [{name: sum, image: busybox}]}}
";
    let mut cluster = cluster(job, &[], 1);
    assert_eq!(cluster.run(Duration::from_secs(3600)), Ended::Quiet);
    let Some(Object::Job(job)) = cluster.store().objects().find(|object| object.kind() == "Job") else {
        panic!()
    };
    assert_eq!((job.status.succeeded, job.status.active), (3, 0));
    assert_eq!(job.status.conditions.last().unwrap().type_.as_str(), "Complete");
}

#[test]
fn the_same_seed_gives_the_same_course() {
    let course = |seed| {
        let mut cluster = cluster(WEB, &["scale deployment/sise-deploy 5 at 7s"], seed);
        cluster.run(Duration::from_secs(60));
        watch(&cluster, |_| true).to_string()
    };
    assert_eq!(course(3), course(3));
    assert_ne!(course(3), course(4));
}

#[test]
fn events_are_read_and_refused() {
    for text in [
        "kill pod/x at 30s",
        "scale deployment/web 5 at 1m30s",
        "image deployment/web web=nginx:2 at 0s",
        "kill pod/shop/x 1 at 1s",
    ] {
        let timed: Timed = text.parse().unwrap();
        let (event, _) = text.rsplit_once(" at ").unwrap();
        assert_eq!(timed.event.to_string(), event);
    }
    let cases = [
        ("kill pod/x", "`kill pod/x`: it does not say when: `… at 30s`"),
        ("kill pod/x at noon", "`kill pod/x at noon`: `noon` is no length of time such as `1m30s`"),
        ("kill pod at 1s", "`kill pod at 1s`: `pod` is no `KIND/NAME`"),
        ("kill car/x at 1s", "`kill car/x at 1s`: `car` is no kind"),
        (
            "explode pod/x at 1s",
            "`explode pod/x at 1s`: `explode` is no verb; there are kill, delete, fail, restore, cordon, uncordon, scale, image, pause, resume, undo and restart",
        ),
        ("scale deployment/web at 1s", "`scale deployment/web at 1s`: `scale` needs a number"),
        ("scale deployment/web many at 1s", "`scale deployment/web many at 1s`: `many` is no number"),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Timed>().unwrap_err().to_string(), expected);
    }
    let mut cluster = cluster(WEB, &["kill pod/nobody at 1s", "scale pod/sise-* 2 at 3s"], 1);
    cluster.run(Duration::from_secs(10));
    let refused: Vec<&str> = cluster.refused().iter().map(|(_, why)| why.as_str()).collect();
    assert_eq!(
        refused,
        ["kill pod/nobody: there is no such object", "scale pod/sise-* 2: that cannot happen to a Pod"]
    );
}
