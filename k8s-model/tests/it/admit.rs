//! What is done with objects that come in: `plugin/pkg/admission` of Kubernetes 1.36.

use k8s_model::admit;
use k8s_model::core::{Pod, Service};
use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::object::Object;

fn read(text: &str) -> Vec<Object> {
    let decoded = decode_str(text, "", Mode::Strict).unfold();
    assert_eq!(decoded.problems, []);
    let mut objects: Vec<Object> = decoded.documents.into_iter().map(|document| document.object).collect();
    objects.iter_mut().for_each(default);
    objects
}

/// A pod in the namespace `small`, with further lines of its specification and of its container.
fn pod(spec: &str, container: &str) -> Pod {
    let text = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: small}}, spec: {{{spec} containers: [{{name: c, image: i, {container}}}]}}}}"
    );
    Pod::try_from(read(&text).remove(0)).unwrap()
}

const KEPT: &str = "
{apiVersion: v1, kind: LimitRange, metadata: {name: l, namespace: small}, spec: {limits: [
  {type: Container, max: {cpu: 500m}, min: {cpu: 50m}, default: {cpu: 200m}, defaultRequest: {cpu: 100m}},
  {type: Container, maxLimitRequestRatio: {cpu: '4'}},
  {type: Pod, max: {memory: 1Gi}}]}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: builder, namespace: small}, imagePullSecrets: [{name: pull}]}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 1000}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: usual}, value: 5, globalDefault: true, preemptionPolicy: Never}
---
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: fly}, handler: fly, overhead: {podFixed: {memory: 8Mi}},
 scheduling: {nodeSelector: {fly: 'yes'}}}
";

fn admitted(mut pod: Pod) -> Result<Pod, String> {
    let kept = read(KEPT);
    admit::pod(&mut pod, &kept.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    Ok(pod)
}

const MEMORY: &str = "resources: {limits: {memory: 64Mi}}";

#[test]
fn a_pod_gets_what_follows_from_others() {
    let plain = admitted(pod("", MEMORY)).unwrap().spec;
    assert_eq!((plain.service_account_name.as_str(), plain.service_account.as_str()), ("default", "default"));
    assert_eq!((plain.priority_class_name.as_str(), plain.priority), ("usual", Some(5)));
    assert_eq!(plain.preemption_policy.map(|policy| policy.to_string()).as_deref(), Some("Never"));
    let resources = &plain.containers[0].resources;
    assert_eq!(resources.limits["cpu"].to_string(), "200m");
    assert_eq!(resources.requests["cpu"].to_string(), "100m");

    let named =
        admitted(pod("serviceAccountName: builder, priorityClassName: high, runtimeClassName: fly,", MEMORY));
    let named = named.unwrap().spec;
    assert_eq!(named.image_pull_secrets[0].name, "pull");
    assert_eq!(named.priority, Some(1000));
    assert_eq!(named.overhead["memory"].to_string(), "8Mi");
    assert_eq!(named.node_selector["fly"], "yes");
    // Its own secrets stay.
    let own = admitted(pod("serviceAccountName: builder, imagePullSecrets: [{name: own}],", MEMORY));
    assert_eq!(own.unwrap().spec.image_pull_secrets[0].name, "own");
    let system = admitted(pod("priorityClassName: system-node-critical,", MEMORY)).unwrap();
    assert_eq!(system.spec.priority, Some(2_000_001_000));
}

#[test]
fn what_is_forbidden() {
    for (spec, container, why) in [
        (
            "serviceAccountName: x,",
            MEMORY,
            "error looking up service account small/x: serviceaccount \"x\" not found",
        ),
        ("priorityClassName: x,", MEMORY, "no PriorityClass with name x was found"),
        (
            "priority: 7,",
            MEMORY,
            "the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 5 from the given \
             PriorityClass name",
        ),
        ("runtimeClassName: x,", MEMORY, "pod rejected: RuntimeClass \"x\" not found"),
        (
            "overhead: {cpu: 1m},",
            MEMORY,
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
        (
            "runtimeClassName: fly, nodeSelector: {fly: 'no'},",
            MEMORY,
            "conflict: runtimeClass.scheduling.nodeSelector[fly] = yes; pod.spec.nodeSelector[fly] = no",
        ),
        (
            "",
            "resources: {limits: {cpu: '1', memory: 1Mi}, requests: {cpu: 300m}}",
            "maximum cpu usage per Container is 500m, but limit is 1",
        ),
        (
            "",
            "resources: {limits: {cpu: 20m, memory: 2Gi}, requests: {cpu: 20m}}",
            "[minimum cpu usage per Container is 50m, but request is 20m, maximum memory usage per Pod is 1Gi, but limit is 2Gi]",
        ),
        (
            "",
            "resources: {limits: {cpu: 500m, memory: 1Mi}, requests: {cpu: 100m}}",
            "cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000",
        ),
        ("", "tty: false", "maximum memory usage per Pod is 1Gi.  No limit is specified"),
    ] {
        let error = admitted(pod(spec, container)).unwrap_err();
        assert_eq!(error, format!("pods \"web\" is forbidden: {why}"));
    }
}

#[test]
fn namespaces() {
    let objects = read(
        "{apiVersion: v1, kind: Namespace, metadata: {name: small}}\n---\n\
         {apiVersion: v1, kind: Namespace, metadata: {name: going, deletionTimestamp: '2026-11-25T12:00:00Z'}}",
    );
    let kept: Vec<&Object> = objects.iter().collect();
    let at = |namespace: &str| {
        let text =
            format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c, namespace: '{namespace}'}}}}");
        admit::namespace(&read(&text)[0], &kept)
    };
    for namespace in ["", "default", "kube-system", "small"] {
        assert_eq!(at(namespace), Ok(()), "{namespace}");
    }
    assert_eq!(at("none").unwrap_err(), "namespaces \"none\" not found");
    assert_eq!(
        at("going").unwrap_err(),
        "configmaps \"c\" is forbidden: unable to create new content in namespace going because it is being terminated"
    );
}

#[test]
fn a_service_keeps_its_addresses() {
    let service = |text: &str| Service::try_from(read(text).remove(0)).unwrap();
    let old = service(
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort, clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7], \
         ports: [{port: 80, nodePort: 30007}]}}",
    );
    let mut new = service(
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort, ports: [{port: 80}, {name: b, port: 81}]}}",
    );
    admit::keep_addresses(&mut new, &old);
    assert_eq!(new.spec.cluster_ips, ["10.96.0.7"]);
    assert_eq!(new.spec.ports.iter().map(|port| port.node_port).collect::<Vec<_>>(), [30007, 0]);
    let mut inner = old.clone();
    inner.spec.type_ = "ClusterIP".into();
    admit::keep_addresses(&mut inner, &old);
    assert_eq!(inner.spec.ports[0].node_port, 0);
}

#[test]
fn a_status_that_somebody_wrote_is_none() {
    let mut object = read(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}, status: {phase: Running, podIP: 10.0.0.1}}",
    )
    .remove(0);
    admit::without_status(&mut object);
    let Object::Pod(pod) = object else { panic!("a pod") };
    assert_eq!(pod.status.pod_ip, "");
    assert_eq!(pod.spec.containers[0].name, "c");
}
