//! Old versions: read, told about, and written again.

use k8s_model::convert::{self, OLD_VERSIONS};
use k8s_model::decode::{Mode, Severity, decode_str};
use k8s_model::encode::{to_json, to_yaml};
use k8s_model::object::Object;
use k8s_model::registry;

fn read(text: &str) -> (Object, Vec<String>) {
    let decoded = decode_str(text, "f", Mode::Strict);
    assert!(!decoded.has_errors(), "{:?}", decoded.problems);
    assert!(decoded.problems.iter().all(|problem| problem.severity() == Severity::Warning));
    let problems = decoded.problems.iter().map(ToString::to_string).collect();
    (decoded.documents.into_iter().next().unwrap().object, problems)
}

#[track_caller]
fn check(text: &str, yaml: &str, warnings: &[&str]) -> Object {
    let (object, problems) = read(text);
    assert_eq!(to_yaml(&object), yaml);
    assert_eq!(problems, warnings);
    object
}

/// The deployment of the project's source document 001.
#[test]
fn a_deployment_keeps_the_meaning_of_extensions_v1beta1() {
    let object = check(
        "\
apiVersion: extensions/v1beta1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  rollbackTo: {revision: 3}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
",
        "\
kind: Deployment
apiVersion: apps/v1
metadata:
  name: web
  labels:
    app: web
  annotations:
    deprecated.deployment.rollback.to: \"3\"
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: nginx
        resources: {}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 1
      maxSurge: 1
  revisionHistoryLimit: 2147483647
  progressDeadlineSeconds: 2147483647
status: {}
",
        &[
            "f:1:13: apiVersion: `Deployment` of `extensions/v1beta1` was removed in Kubernetes 1.16: it is read as `apps/v1`",
            "f:3:11: metadata.labels: they are filled in from the template, the default of its version (`extensions/v1beta1`)",
            "f:5:3: spec.selector: it is filled in from the labels of the template, the default of its version (`extensions/v1beta1`)",
            "f:5:3: spec.revisionHistoryLimit: `2147483647` is filled in, the default of its version (`extensions/v1beta1`)",
            "f:5:3: spec.progressDeadlineSeconds: `2147483647` is filled in, the default of its version (`extensions/v1beta1`)",
            "f:5:3: spec.strategy.rollingUpdate.maxUnavailable: `1` is filled in, the default of its version (`extensions/v1beta1`)",
            "f:5:3: spec.strategy.rollingUpdate.maxSurge: `1` is filled in, the default of its version (`extensions/v1beta1`)",
            "f:6:15: spec.rollbackTo: it is kept as the annotation `deprecated.deployment.rollback.to` (`extensions/v1beta1`)",
        ],
    );
    let old = convert::to(&object, "extensions/v1beta1").unwrap();
    assert!(to_json(&old).contains(r#""rollbackTo":{"revision":3}"#), "{}", to_json(&old));
    assert!(!to_json(&old).contains("annotations"));
}

#[test]
fn other_defaults_are_written_out_for_an_old_version() {
    let (object, _) = read(
        "{apiVersion: apps/v1, kind: Deployment, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}}}}",
    );
    let old = convert::to(&object, "apps/v1beta1").unwrap();
    let notes: Vec<String> =
        old.notes().iter().map(|note| format!("{}: {}", note.field, note.message)).collect();
    assert_eq!(
        notes,
        [
            "spec.revisionHistoryLimit: `10` is filled in: the version has another default",
            "spec.progressDeadlineSeconds: `600` is filled in: the version has another default",
            "spec.strategy.rollingUpdate.maxUnavailable: `25%` is filled in: the version has another default",
            "spec.strategy.rollingUpdate.maxSurge: `25%` is filled in: the version has another default",
        ]
    );
    assert!(to_json(&old).starts_with(r#"{"kind":"Deployment","apiVersion":"apps/v1beta1""#));
    let (set, _) = read("{apiVersion: apps/v1, kind: StatefulSet, spec: {serviceName: a}}");
    let old = convert::to(&set, "apps/v1beta1").unwrap();
    assert!(to_json(&old).contains(r#""updateStrategy":{"type":"RollingUpdate"}"#));
}

#[test]
fn an_ingress_names_services_in_another_way() {
    let object = check(
        "\
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: traefik}
spec:
  rules:
  - host: a.example.com
    http:
      paths:
      - backend: {serviceName: web, servicePort: http}
      - {path: /b, pathType: Exact, backend: {serviceName: b, servicePort: 80}}
",
        "\
kind: Ingress
apiVersion: networking.k8s.io/v1
metadata:
  name: traefik
spec:
  rules:
  - host: a.example.com
    http:
      paths:
      - pathType: ImplementationSpecific
        backend:
          service:
            name: web
            port:
              name: http
      - path: /b
        pathType: Exact
        backend:
          service:
            name: b
            port:
              number: 80
status:
  loadBalancer: {}
",
        &[
            "f:1:13: apiVersion: `Ingress` of `extensions/v1beta1` was removed in Kubernetes 1.22: it is read as `networking.k8s.io/v1`",
            "f:9:9: spec.rules[0].http.paths[0].pathType: `ImplementationSpecific` is filled in, the default of its version (`extensions/v1beta1`)",
        ],
    );
    assert_eq!(
        to_json(&convert::to(&object, "networking.k8s.io/v1beta1").unwrap()),
        r#"{"kind":"Ingress","apiVersion":"networking.k8s.io/v1beta1","metadata":{"name":"traefik"},"spec":{"rules":[{"host":"a.example.com","http":{"paths":[{"pathType":"ImplementationSpecific","backend":{"serviceName":"web","servicePort":"http"}},{"path":"/b","pathType":"Exact","backend":{"serviceName":"b","servicePort":80}}]}}]},"status":{"loadBalancer":{}}}"#
    );
}

#[test]
fn fields_of_the_new_version_are_unknown_in_the_old_one() {
    let text = "{apiVersion: extensions/v1beta1, kind: Ingress, spec: {defaultBackend: {}}}";
    let decoded = decode_str(text, "f", Mode::Strict);
    assert_eq!(decoded.problems[1].to_string(), "f:1:56: spec.defaultBackend: unknown field");
    let text = "{apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {defaultBackend: {serviceName: a}}}";
    let decoded = decode_str(text, "f", Mode::Strict);
    assert_eq!(decoded.problems[0].to_string(), "f:1:75: spec.defaultBackend.serviceName: unknown field");
}

#[test]
fn an_empty_selector_of_a_budget_means_nothing_in_v1beta1() {
    let (object, warnings) =
        read("{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, spec: {selector: {}}}");
    assert_eq!(
        warnings[1],
        "f:1:74: spec.selector: empty means no pods there; in `policy/v1` it means all pods (`policy/v1beta1`)"
    );
    assert!(to_json(&object).contains(r#""selector":{"matchExpressions":[{"key":"pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match","operator":"Exists"}]}"#));
    assert!(to_json(&convert::to(&object, "policy/v1beta1").unwrap()).contains(r#""selector":{}"#));
    let (all, _) = read("{apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {selector: {}}}");
    let old = to_json(&convert::to(&all, "policy/v1beta1").unwrap());
    assert!(old.contains("DoesNotExist"), "{old}");
    assert_eq!(read(&old).0, all);
}

#[test]
fn autoscalers_of_v1_keep_the_rest_in_annotations() {
    let text = r#"{"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v1","metadata":{"name":"a","annotations":{"autoscaling.alpha.kubernetes.io/metrics":"[{\"type\":\"Pods\",\"pods\":{\"metricName\":\"qps\",\"targetAverageValue\":\"10\"}}]","x":"y"}},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"web"},"maxReplicas":5,"targetCPUUtilizationPercentage":70},"status":{"currentReplicas":0,"desiredReplicas":0}}"#;
    let (object, warnings) = read(text);
    assert_eq!(warnings, [""; 0]);
    assert!(to_json(&object).contains(r#""metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}},{"type":"Pods","pods":{"metric":{"name":"qps"},"target":{"type":"AverageValue","averageValue":"10"}}}]"#));
    assert_eq!(to_json(&convert::to(&object, "autoscaling/v1").unwrap()), text);
}

#[test]
fn a_slice_says_where_an_endpoint_is() {
    let (object, _) = read(
        "{apiVersion: discovery.k8s.io/v1beta1, kind: EndpointSlice, addressType: IPv4, ports: [], endpoints: [{addresses: [10.0.0.1], nodeName: a, topology: {topology.kubernetes.io/zone: z, kubernetes.io/hostname: a, rack: r}}]}",
    );
    assert!(to_json(&object).contains(r#""deprecatedTopology":{"rack":"r"},"nodeName":"a","zone":"z""#));
    let old = to_json(&convert::to(&object, "discovery.k8s.io/v1beta1").unwrap());
    assert!(old.contains(
        r#""topology":{"kubernetes.io/hostname":"a","rack":"r","topology.kubernetes.io/zone":"z"}"#
    ));
}

#[test]
fn every_old_version_reads_what_it_writes() {
    for old in OLD_VERSIONS {
        assert!(registry::kind(old.modelled, old.kind).is_some(), "{old:?}");
        let object = Object::empty(old.modelled, old.kind).unwrap();
        assert!(convert::versions(&object).contains(&old.api_version));
        let written = convert::to(&object, old.api_version).unwrap();
        assert_eq!(written.api_version(), old.api_version);
        let decoded = decode_str(&to_json(&written), "f", Mode::Strict);
        assert!(!decoded.has_errors(), "{old:?} {:?}", decoded.problems);
        let document = &decoded.documents[0];
        assert_eq!(document.origin.old_version().map(|old| old.api_version), Some(old.api_version));
        // What it reads again is a fixed point.
        let again = to_json(&convert::to(&document.object, old.api_version).unwrap());
        assert_eq!(read(&again).0, document.object, "{old:?}");
    }
}

#[test]
fn versions_that_a_kind_does_not_have_are_refused() {
    let (pod, _) = read("{apiVersion: v1, kind: Pod}");
    assert_eq!(
        convert::to(&pod, "apps/v1").unwrap_err().to_string(),
        "there is no `Pod` in `apps/v1`; known is `v1`"
    );
    let (deployment, _) = read("{apiVersion: apps/v1, kind: Deployment}");
    assert_eq!(
        convert::to(&deployment, "v1").unwrap_err().to_string(),
        "there is no `Deployment` in `v1`; known is `apps/v1`, `apps/v1beta1`, `apps/v1beta2`, `extensions/v1beta1`"
    );
    let (other, _) = read("{apiVersion: example.com/v1, kind: Gizmo}");
    assert_eq!(
        convert::to(&other, "example.com/v2").unwrap_err().to_string(),
        "the versions of `Gizmo` of `example.com/v1` are not known"
    );
}

#[test]
fn items_of_lists_have_versions_of_their_own() {
    let text = "\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: a}}
- {apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: b}}
- {apiVersion: v1, kind: Gizmo}
- {apiVersion: apps/v1, kind: Deployment, spec: {z: 1}}
";
    let decoded = decode_str(text, "f", Mode::Strict);
    let problems: Vec<String> = decoded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(problems[0].starts_with("f:5:16: items[1].apiVersion: `Ingress` of"), "{problems:#?}");
    assert!(
        problems[1].starts_with("f:6:26: items[2].kind: unknown kind `Gizmo` of `v1`: known are"),
        "{problems:#?}"
    );
    assert_eq!(problems[2], "f:7:50: items[3].spec.z: unknown field");
    let unfolded = decoded.unfold();
    let found: Vec<String> = unfolded
        .documents
        .iter()
        .map(|document| {
            let place = document.origin.position("metadata.name").unwrap();
            let old = document.origin.old_version().map_or("", |old| old.api_version);
            format!("{} {place} {old}", document.object.resource_name())
        })
        .collect();
    assert_eq!(
        found,
        ["pod/a 4:48 ", "ingress.networking.k8s.io/b 5:68 extensions/v1beta1", "deployment.apps/ 7:3 "]
    );
}
