//! EndpointSlices and Endpoints: `k8s.io/endpointslice/reconciler_test.go`, `pkg/controller/endpoint/endpoints_controller_test.go`.

use k8s_model::core::{Endpoints, Pod, Service};
use k8s_model::discovery::EndpointSlice;
use k8s_model::object::Object;
use k8s_model::plan::{Action, endpoints};

use super::{at, object};

fn service(spec: &str) -> Service {
    object(&format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: web, namespace: default, uid: svc}}, spec: {{selector: {{app: web}}, {spec}}}}}"
    ))
}

const PORT: &str = "clusterIP: 10.0.0.1, ports: [{name: http, port: 80, targetPort: web}]";

fn pod(number: usize, special: &str, ready: bool) -> Pod {
    let mut pod: Pod = object(&format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: web-{number}, namespace: default, uid: uid-{number:03}, labels: {{app: web}}}}, \
         spec: {{nodeName: n1, containers: [{{name: web, image: a, ports: [{{name: web, containerPort: 8080}}]}}]{special}}}}}"
    ));
    pod.status.pod_ip = format!("10.1.{}.{}", number / 250, number % 250 + 1);
    pod.status.phase = k8s_model::core::PodPhase::Running;
    pod.status.conditions = vec![super::ready_condition(ready, super::noon())];
    pod
}

fn slices(actions: &[Action]) -> Vec<EndpointSlice> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Create(Object::EndpointSlice(slice)) | Action::Update(Object::EndpointSlice(slice)) => {
                Some((**slice).clone())
            }
            _ => None,
        })
        .collect()
}

fn plan(service: &Service, pods: &[Pod], slices: &[EndpointSlice]) -> Vec<Action> {
    let (pods, slices): (Vec<&Pod>, Vec<&EndpointSlice>) = (pods.iter().collect(), slices.iter().collect());
    endpoints::plan(service, &pods, &slices, &[], at(0))
}

#[test]
fn states_of_pods() {
    let mut leaving = pod(2, "", true);
    leaving.metadata.deletion_timestamp = Some(super::noon().into());
    let mut over = pod(3, "", true);
    over.status.phase = k8s_model::core::PodPhase::Succeeded;
    let pods = [pod(0, "", true), pod(1, "", false), leaving, over];
    let states = |service: &Service| -> Vec<[Option<bool>; 3]> {
        let slice = slices(&plan(service, &pods, &[])).remove(0);
        slice
            .endpoints
            .iter()
            .map(|endpoint| {
                [endpoint.conditions.ready, endpoint.conditions.serving, endpoint.conditions.terminating]
            })
            .collect()
    };
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(states(&service(PORT)), [[yes, yes, no], [no, no, no], [no, yes, yes]]);
    let publishing = service(&format!("{PORT}, publishNotReadyAddresses: true"));
    assert_eq!(states(&publishing), [[yes, yes, no], [yes, no, no], [yes, yes, yes]]);
}

#[test]
fn a_slice_has_its_ports_labels_and_owner() {
    let slice = slices(&plan(&service(PORT), &[pod(0, "", true)], &[])).remove(0);
    let port = &slice.ports[0];
    assert_eq!((port.name.as_deref(), port.port), (Some("http"), Some(8080)));
    assert_eq!(slice.metadata.labels["kubernetes.io/service-name"], "web");
    assert_eq!(
        slice.metadata.labels["endpointslice.kubernetes.io/managed-by"],
        "endpointslice-controller.k8s.io"
    );
    assert_eq!(slice.metadata.owner_references[0].kind, "Service");
    assert!(slice.metadata.name.starts_with("web-") && slice.metadata.generate_name == "web-");
}

#[test]
fn host_names_and_headless_services() {
    let headless = service("clusterIP: None");
    let named = pod(0, ", hostname: first, subdomain: web", true);
    let slice = slices(&plan(&headless, &[named], &[])).remove(0);
    assert_eq!(slice.endpoints[0].hostname.as_deref(), Some("first"));
    assert!(slice.metadata.labels.contains_key("service.kubernetes.io/headless"));
    assert_eq!(slice.ports, []);
}

#[test]
fn a_hundred_to_a_slice_and_few_changes() {
    let web = service(PORT);
    let mut pods: Vec<Pod> = (0..250).map(|number| pod(number, "", true)).collect();
    let mut all = slices(&plan(&web, &pods, &[]));
    let mut sizes: Vec<usize> = all.iter().map(|slice| slice.endpoints.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
    assert_eq!(plan(&web, &pods, &all), []);
    // One pod more goes to the slice that has room.
    pods.push(pod(250, "", true));
    let changed = slices(&plan(&web, &pods, &all));
    assert_eq!(changed.iter().map(|slice| slice.endpoints.len()).collect::<Vec<_>>(), [51]);
    // One that goes leaves its slice only.
    pods.pop();
    pods.remove(0);
    let changed = slices(&plan(&web, &pods, &all));
    assert_eq!(changed.len(), 1);
    // Without pods one empty slice stays.
    let actions = plan(&web, &[], &all);
    let left = slices(&actions);
    assert_eq!((left.len(), left[0].endpoints.len(), left[0].ports.len()), (1, 0, 0));
    assert_eq!(actions.iter().filter(|action| matches!(action, Action::Delete { .. })).count(), 3);
    all = left;
    assert_eq!(plan(&web, &[], &all), []);
}

#[test]
fn what_has_no_selector_is_left_alone() {
    let mut web = service(PORT);
    web.spec.selector.clear();
    assert_eq!(plan(&web, &[pod(0, "", true)], &[]), []);
}

#[test]
fn the_old_form() {
    let web = service(PORT);
    let pods = [pod(1, "", false), pod(0, "", true)];
    let pods: Vec<&Pod> = pods.iter().collect();
    let Some(Action::Create(Object::Endpoints(endpoints))) =
        endpoints::plan_endpoints(&web, &pods, None).pop()
    else {
        panic!()
    };
    let subset = &endpoints.subsets[0];
    let ips = |addresses: &[k8s_model::core::EndpointAddress]| -> Vec<String> {
        addresses.iter().map(|address| address.ip.clone()).collect()
    };
    assert_eq!(
        (ips(&subset.addresses), ips(&subset.not_ready_addresses)),
        (vec!["10.1.0.1".into()], vec!["10.1.0.2".into()])
    );
    assert_eq!((subset.ports[0].name.as_str(), subset.ports[0].port), ("http", 8080));
    let endpoints: &Endpoints = &endpoints;
    assert_eq!(endpoints::plan_endpoints(&web, &pods, Some(endpoints)), []);
}
