//! What an engine sees of a pod, as Kubernetes tells it: `pkg/kubelet` of 1.36.

use k8s_model::core::{ConditionStatus, ObjectReference, Pod, PodConditionType, PodPhase};
use k8s_model::decode::{Mode, decode_str};
use k8s_model::expand::{Node, Objects};
use k8s_model::lower::{self, NodeSettings};
use k8s_model::object::Object;
use k8s_model::plan::Report;
use pod_core::Timestamp;
use pod_core::lifecycle::{Action, Event, ExitStatus, Notice, Severity};
use pod_core::pod::{SandboxFacts, Uuid};

fn pod() -> Pod {
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: small, uid: u-1, generation: 3}, spec: {restartPolicy: Never,
      initContainers: [{name: first, image: i, command: [x]}], containers: [{name: b, image: i, command: [x]}, {name: a, image: i, command: [x]}]},
      status: {nominatedNodeName: other, conditions: [{type: example.com/gate, status: 'True'}]}}";
    let decoded = decode_str(text, "", Mode::Strict);
    assert_eq!(decoded.problems, []);
    let mut object = decoded.documents.into_iter().next().unwrap().object;
    k8s_model::default::default(&mut object);
    Pod::try_from(object).unwrap()
}

fn at(second: u32) -> Timestamp {
    format!("2026-11-25T12:00:{second:02}.5Z").parse().unwrap()
}

#[test]
fn a_life() {
    let pod = pod();
    let node = Node { name: "here".into(), cpu_milli: 2000, memory: 4 << 30, ephemeral_storage: 10 << 30 };
    let spec = lower::pod(&pod, Uuid::nil(), &NodeSettings::new(node), &Objects::default()).unwrap();
    let mut life = pod_core::lifecycle::Pod::new(&spec, at(0));
    let host = ["192.0.2.9".parse().unwrap()];
    let status = lower::status(&pod, life.status(), &host);
    assert_eq!(
        (&status.phase, status.host_ip.as_str(), status.pod_ip.as_str()),
        (&PodPhase::Pending, "192.0.2.9", "")
    );
    assert_eq!(status.observed_generation, 3);
    assert_eq!(status.nominated_node_name, "other");
    // What others wrote stays.
    assert!(status.conditions.iter().any(|condition| condition.type_.as_str() == "example.com/gate"));
    let waiting = |status: &k8s_model::core::PodStatus, index: usize| {
        status.container_statuses[index].state.waiting.as_ref().unwrap().reason.clone()
    };
    assert_eq!(waiting(&status, 0), "PodInitializing");

    // Everything is done at once; the init container ends well, `b` fails, `a` runs.
    let facts = SandboxFacts { pod_ips: vec!["10.0.0.2".parse().unwrap()], ..SandboxFacts::default() };
    while let Some(action) = life.poll_action() {
        match action {
            Action::MakeSandbox => life.handle(Event::SandboxReady { facts: facts.clone() }, at(1)),
            Action::EnsureImage { app } => {
                life.handle(Event::ImageReady { app, image_id: "sha512-1".into(), pull: None }, at(2));
            }
            Action::Start { app, attempt } => {
                life.handle(Event::Started { app: app.clone(), attempt }, at(3));
                let status = match app.as_str() {
                    "first" => ExitStatus::Code(0),
                    "b" => ExitStatus::Signal(9),
                    _ => continue,
                };
                let end = Event::Exited { app, attempt, status, oom_killed: false, message: "bye".into() };
                life.handle(end, at(4));
            }
            _ => {}
        }
    }
    let status = lower::status(&pod, life.status(), &host);
    assert_eq!((&status.phase, status.pod_ip.as_str()), (&PodPhase::Running, "10.0.0.2"));
    let names: Vec<_> = status.container_statuses.iter().map(|container| container.name.as_str()).collect();
    assert_eq!(names, ["a", "b"], "in order of their names");
    let [a, b] = status.container_statuses.as_slice() else { panic!("two containers") };
    // The time of a pod never goes back.
    assert_eq!(a.state.running.as_ref().unwrap().started_at.unwrap().to_string(), "2026-11-25T12:00:04Z");
    assert_eq!(a.container_id, "podkit://u-1/a");
    let ended = b.state.terminated.as_ref().unwrap();
    assert_eq!((ended.exit_code, ended.signal, ended.message.as_str()), (137, 9, "bye"));
    assert_eq!(status.init_container_statuses[0].state.terminated.as_ref().unwrap().exit_code, 0);
    let ready =
        status.conditions.iter().find(|condition| condition.type_ == PodConditionType::Ready).unwrap();
    assert_eq!((&ready.status, ready.reason.as_str()), (&ConditionStatus::False, "ContainersNotReady"));
}

#[test]
fn what_cannot_start_yet() {
    let pod = pod();
    let status = lower::waiting_status(&pod, "ErrImagePull", "no such host", Some("a"), at(7));
    assert_eq!(status.phase, PodPhase::Pending);
    let reasons = status.container_statuses.iter().map(|container| {
        let waiting = container.state.waiting.as_ref().unwrap();
        (container.name.as_str(), waiting.reason.as_str(), waiting.message.as_str())
    });
    let reasons: Vec<_> = reasons.collect();
    assert_eq!(reasons, [("b", "PodInitializing", ""), ("a", "ErrImagePull", "no such host")]);
    // A condition that is as before keeps its time.
    let mut later = pod.clone();
    later.status = status.clone();
    let again = lower::waiting_status(&later, "ImagePullBackOff", "no such host", Some("a"), at(9));
    let since = |status: &k8s_model::core::PodStatus| {
        status
            .conditions
            .iter()
            .find(|condition| condition.type_ == PodConditionType::Ready)
            .unwrap()
            .last_transition_time
    };
    assert_eq!(since(&again), since(&status));
}

#[test]
fn events() {
    let pod = pod();
    let notice = |second, severity, reason: &str, app: Option<&str>| Notice {
        at: at(second),
        severity,
        reason: reason.to_owned(),
        app: app.map(|name| name.parse().unwrap()),
        message: "told".to_owned(),
    };
    let notices = [
        notice(1, Severity::Normal, "Started", Some("first")),
        notice(2, Severity::Warning, "BackOff", Some("a")),
        notice(5, Severity::Warning, "BackOff", Some("a")),
    ];
    let events = lower::events(&pod, &notices, "here");
    let shown: Vec<_> = events
        .iter()
        .map(|event| (event.type_.as_str(), event.count, event.involved_object.field_path.as_str()))
        .collect();
    assert_eq!(shown, [("Normal", 1, "spec.initContainers{first}"), ("Warning", 2, "spec.containers{a}")]);
    assert_eq!(events[1].last_timestamp.unwrap().to_string(), "2026-11-25T12:00:05Z");
    assert_ne!(events[0].metadata.name, events[1].metadata.name);

    let object = ObjectReference {
        kind: "Deployment".into(),
        name: "web".into(),
        uid: "d".into(),
        ..Default::default()
    };
    let report = Report { object, warning: false, reason: "ScalingReplicaSet", message: "Scaled up".into() };
    let first = lower::report(&report, None, at(1));
    assert_eq!((first.source.component.as_str(), first.count), ("deployment-controller", 1));
    assert!(lower::is_same(&report, &first));
    let second = lower::report(&report, Some(&first), at(3));
    assert_eq!((second.count, second.metadata.name.as_str()), (2, first.metadata.name.as_str()));
    assert_eq!(second.last_timestamp.unwrap().to_string(), "2026-11-25T12:00:03Z");
}

#[test]
fn services_are_told_to_containers() {
    let read = |text: &str| decode_str(text, "", Mode::Strict).documents.remove(0).object;
    let service = read(
        "{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {clusterIP: 10.96.0.7, ports: [{port: 5432, protocol: TCP}]}}",
    );
    let elsewhere = read(
        "{apiVersion: v1, kind: Service, metadata: {name: no, namespace: other}, spec: {clusterIP: 10.96.0.8, ports: [{port: 1}]}}",
    );
    let node = Node { name: "here".into(), cpu_milli: 2000, memory: 4 << 30, ephemeral_storage: 10 << 30 };
    let settings = NodeSettings::new(node);
    let objects: Objects = [service, elsewhere].into_iter().collect();
    let env = |links: &str| {
        let mut object = read(&format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{{links} containers: [{{name: c, image: i, command: [x], env: [
              {{name: URL, value: 'db at $(DB_SERVICE_HOST)'}}, {{name: DB_SERVICE_PORT, value: own}}]}}]}}}}"
        ));
        k8s_model::default::default(&mut object);
        let Object::Pod(pod) = &object else { panic!("a pod") };
        let spec = lower::pod(pod, Uuid::nil(), &settings, &objects).unwrap();
        let env = spec.apps[0]
            .env
            .iter()
            .map(|var| format!("{}={}", var.name, var.value.render(&SandboxFacts::default())));
        env.collect::<Vec<_>>()
    };
    assert_eq!(
        env(""),
        [
            "URL=db at 10.96.0.7",
            "DB_SERVICE_PORT=own",
            "DB_PORT=tcp://10.96.0.7:5432",
            "DB_PORT_5432_TCP=tcp://10.96.0.7:5432",
            "DB_PORT_5432_TCP_ADDR=10.96.0.7",
            "DB_PORT_5432_TCP_PORT=5432",
            "DB_PORT_5432_TCP_PROTO=tcp",
            "DB_SERVICE_HOST=10.96.0.7",
        ]
    );
    assert_eq!(env("enableServiceLinks: false,"), ["URL=db at $(DB_SERVICE_HOST)", "DB_SERVICE_PORT=own"]);
}
