//! `kubetool plan` and `kubetool simulate`: what controllers do, said and played through.

use libtest_mimic::Trial;

use crate::program::kubetool;
use crate::test;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("kubetool::plan_says_what_is_done", &[], plans),
        test("kubetool::simulate_shows_a_rollout", &[], rolls),
        test("kubetool::simulate_refuses_events", &[], refuses),
    ]
}

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'nginx:1'}]}}
";

fn plans() {
    let ran = kubetool(["plan", "--now", "2026-11-25T12:00:00Z", "-"], WEB).success();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("deployment/web: create replicaset.apps/web-"), "{lines:?}");
    assert!(
        lines[1].starts_with("deployment/web: Normal ScalingReplicaSet: Scaled up replica set web-"),
        "{lines:?}"
    );
    assert!(lines.contains(&"deployment/web: update the status of deployment.apps/web"), "{lines:?}");
    let yaml = kubetool(["plan", "-o", "yaml", "-"], WEB).success();
    assert!(
        yaml.stdout.contains("kind: ReplicaSet") && yaml.stdout.contains("pod-template-hash"),
        "{}",
        yaml.stdout
    );
}

fn rolls() {
    let arguments = [
        "simulate",
        "--start",
        "2026-11-25T12:00:00Z",
        "--event",
        "image deployment/web nginx:2 at 30s",
        "--watch",
        "deploy",
        "--final",
        "-",
    ];
    let ran = kubetool(arguments, WEB).success();
    let table: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(table[0], ["AT", "EVENT", "NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]);
    assert_eq!(table[1], ["0s", "ADDED", "deployment.apps/web", "0/2", "0", "0", "0s"]);
    // Never fewer than two are ready once they were.
    let ready = table.iter().filter(|row| row.len() == 7).skip_while(|row| row[3] != "2/2");
    assert!(ready.clone().count() > 3 && ready.clone().all(|row| row[3] != "1/2"), "{}", ran.stdout);
    let last = table.last().expect("a table");
    assert_eq!(last[..4], ["web", "2/2", "2", "2"], "{}", ran.stdout);
}

fn refuses() {
    let wrong = kubetool(["simulate", "--event", "kill pod/x", "-"], WEB).exits(2);
    assert!(wrong.stderr.contains("it does not say when: `… at 30s`"), "{}", wrong.stderr);
    let missing = kubetool(["simulate", "--event", "kill pod/nobody at 5s", "-"], WEB).exits(1);
    assert!(missing.stderr.contains("kill pod/nobody: there is no such object"), "{}", missing.stderr);
}
