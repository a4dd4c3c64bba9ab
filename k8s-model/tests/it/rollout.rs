//! `kubectl rollout`: `pkg/polymorphichelpers` of kubectl 1.36.

use k8s_model::decode::{Mode, decode_str};
use k8s_model::object::Object;
use k8s_model::rollout::{self, Progress};

fn read(text: &str) -> Object {
    let decoded = decode_str(text, "", Mode::Strict);
    assert_eq!(decoded.problems, []);
    decoded.documents.into_iter().next().unwrap().object
}

/// An object of a kind of `apps/v1`, with its specification and its status.
fn object(kind: &str, spec: &str, status: &str) -> Object {
    let template = "template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}";
    read(&format!(
        "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: web, generation: 2}}, spec: {{selector: {{matchLabels: {{a: b}}}}, {template}, {spec}}}, \
         status: {{{status}}}}}"
    ))
}

#[test]
fn how_far_it_is() {
    for (kind, spec, status, says) in [
        (
            "Deployment",
            "replicas: 3",
            "observedGeneration: 1",
            "Waiting for deployment spec update to be observed...",
        ),
        (
            "Deployment",
            "replicas: 3",
            "observedGeneration: 2, replicas: 4, updatedReplicas: 1",
            "Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have been updated...",
        ),
        (
            "Deployment",
            "replicas: 3",
            "observedGeneration: 2, replicas: 4, updatedReplicas: 3",
            "Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...",
        ),
        (
            "Deployment",
            "replicas: 3",
            "observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 2",
            "Waiting for deployment \"web\" rollout to finish: 2 of 3 updated replicas are available...",
        ),
        (
            "DaemonSet",
            "",
            "observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 1",
            "Waiting for daemon set \"web\" rollout to finish: 1 out of 2 new pods have been updated...",
        ),
        (
            "DaemonSet",
            "",
            "observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1",
            "Waiting for daemon set \"web\" rollout to finish: 1 of 2 updated pods are available...",
        ),
        (
            "StatefulSet",
            "serviceName: s, replicas: 3",
            "observedGeneration: 2, replicas: 3, readyReplicas: 1",
            "Waiting for 2 pods to be ready...",
        ),
        (
            "StatefulSet",
            "serviceName: s, replicas: 1",
            "observedGeneration: 2, replicas: 1, readyReplicas: 1, currentRevision: web-1, updateRevision: web-2",
            "waiting for statefulset rolling update to complete 0 pods at revision web-2...",
        ),
    ] {
        assert_eq!(rollout::status(&object(kind, spec, status)), Ok(Progress::Waiting(says.to_owned())));
    }
    let done = "observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3";
    assert_eq!(
        rollout::status(&object("Deployment", "replicas: 3", done)),
        Ok(Progress::Done("deployment \"web\" successfully rolled out".to_owned()))
    );
    let late = "observedGeneration: 2, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]";
    let error = rollout::status(&object("Deployment", "replicas: 3", late)).unwrap_err();
    assert_eq!(error.to_string(), "deployment \"web\" exceeded its progress deadline");
    let error = rollout::status(&object("ReplicaSet", "replicas: 3", "replicas: 3")).unwrap_err();
    assert_eq!(error.to_string(), "no status viewer has been implemented for ReplicaSet");
}

#[test]
fn restarted_and_held() {
    let now = "2026-11-25T12:00:00.5Z".parse().unwrap();
    let mut deployment = object("Deployment", "replicas: 1", "");
    rollout::restart(&mut deployment, now).unwrap();
    let annotations = &deployment.pod_template().unwrap().metadata.annotations;
    assert_eq!(annotations[rollout::RESTARTED_AT], "2026-11-25T12:00:00Z");
    rollout::pause(&mut deployment, true).unwrap();
    assert_eq!(rollout::pause(&mut deployment, true).unwrap_err().to_string(), "is already paused");
    assert_eq!(
        rollout::restart(&mut deployment, now).unwrap_err().to_string(),
        "can't restart paused deployment (run rollout resume first)"
    );
    rollout::pause(&mut deployment, false).unwrap();
    assert_eq!(rollout::pause(&mut deployment, false).unwrap_err().to_string(), "is not paused");
    let mut set = object("ReplicaSet", "replicas: 1", "");
    assert_eq!(
        rollout::restart(&mut set, now).unwrap_err().to_string(),
        "restarting ReplicaSet is not supported"
    );
}

#[test]
fn versions() {
    let deployment = read(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: d}, spec: {selector: {}, template: {metadata: {}, spec: {containers: []}}}}",
    );
    let set = |name: &str, owner: &str, annotations: &str| {
        read(&format!(
            "{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: {name}, annotations: {{{annotations}}}, \
             ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: {owner}, controller: true}}]}}, spec: {{selector: {{}}}}}}"
        ))
    };
    let sets = [
        set("b", "d", "deployment.kubernetes.io/revision: '10'"),
        set("a", "d", "deployment.kubernetes.io/revision: '9', kubernetes.io/change-cause: kubectl apply"),
        set("other", "x", "deployment.kubernetes.io/revision: '1'"),
    ];
    assert_eq!(
        rollout::history(&deployment, &sets.iter().collect::<Vec<_>>()).unwrap(),
        [(9, "kubectl apply".to_owned()), (10, "<none>".to_owned())]
    );
}
