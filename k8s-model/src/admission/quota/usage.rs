//! What an object counts for (`pkg/quota/v1/evaluator`).

use std::collections::{BTreeMap, BTreeSet};

use pod_core::quantity::{Format, Quantity};

use crate::core::{Container, PersistentVolumeClaim, Pod, PodPhase, Service, ServiceType};
use crate::object::Object;
use crate::registry::{group_of, kind};
use crate::resources::{self, ResourceList};
use crate::volume_binding::claim_class;

/// Resources that each container must say something of once there is a quota of them: their names in quotas, and of what.
const MUST_BE_SAID: &[(&str, &str, bool)] = &[
    ("cpu", "cpu", false),
    ("limits.cpu", "cpu", true),
    ("limits.memory", "memory", true),
    ("memory", "memory", false),
    ("requests.cpu", "cpu", false),
    ("requests.memory", "memory", false),
];

/// The names under which every object of these kinds counts as one, besides `count/…`.
const COUNTED: &[&str] = &[
    "configmaps",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
];

fn number(count: usize) -> Quantity {
    Quantity::from_units(i64::try_from(count).unwrap_or(i64::MAX), Format::DecimalSi)
}

/// What an object counts for, by the names that quotas have for it.
pub(super) fn of(object: &Object) -> ResourceList {
    let mut usage = ResourceList::new();
    let plural =
        kind(object.api_version(), object.kind()).map(|known| known.plural).filter(|name| !name.is_empty());
    if let Some(plural) = plural {
        let group = group_of(object.api_version());
        let name =
            if group.is_empty() { format!("count/{plural}") } else { format!("count/{plural}.{group}") };
        usage.insert(name, number(1));
        if group.is_empty() && COUNTED.contains(&plural) {
            usage.insert(plural.to_owned(), number(1));
        }
    }
    match object {
        Object::Pod(object) => pod(object, &mut usage),
        Object::Service(object) => service(object, &mut usage),
        Object::PersistentVolumeClaim(object) => claim(object, &mut usage),
        _ => {}
    }
    usage
}

/// A pod that has ended uses nothing any more.
fn pod(pod: &Pod, usage: &mut ResourceList) {
    if matches!(pod.status.phase, PodPhase::Failed | PodPhase::Succeeded) {
        return;
    }
    usage.insert("pods".to_owned(), number(1));
    for (name, amount) in resources::pod_requests(&pod.spec) {
        let is_plain = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage");
        if is_plain || resources::is_huge_page(&name) {
            usage.insert(name.clone(), amount.clone());
        }
        if is_plain || resources::is_huge_page(&name) || is_extended(&name) {
            usage.insert(format!("requests.{name}"), amount);
        }
    }
    for (name, amount) in resources::pod_limits(&pod.spec) {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            usage.insert(format!("limits.{name}"), amount);
        }
    }
}

/// A device and the like: of a domain other than Kubernetes' own.
fn is_extended(name: &str) -> bool {
    name.split_once('/').is_some_and(|(domain, _)| !domain.ends_with("kubernetes.io"))
}

fn service(service: &Service, usage: &mut ResourceList) {
    let spec = &service.spec;
    let given = spec.ports.iter().filter(|port| port.node_port != 0).count();
    let (balancers, ports) = match spec.type_ {
        ServiceType::NodePort => (0, spec.ports.len()),
        ServiceType::LoadBalancer if spec.allocate_load_balancer_node_ports == Some(false) => (1, given),
        ServiceType::LoadBalancer => (1, spec.ports.len()),
        _ => (0, 0),
    };
    usage.insert("services.loadbalancers".to_owned(), number(balancers));
    usage.insert("services.nodeports".to_owned(), number(ports));
}

fn claim(claim: &PersistentVolumeClaim, usage: &mut ResourceList) {
    let storage = claim.spec.resources.requests.get("storage");
    let class = Some(claim_class(claim)).filter(|class| !class.is_empty());
    if let Some(class) = class {
        usage.insert(format!("{class}.storageclass.storage.k8s.io/persistentvolumeclaims"), number(1));
    }
    let Some(storage) = storage else { return };
    usage.insert("requests.storage".to_owned(), storage.clone());
    if let Some(class) = class {
        usage.insert(format!("{class}.storageclass.storage.k8s.io/requests.storage"), storage.clone());
    }
}

/// What the containers of a pod do not say although it is counted, each with the containers: `limits.cpu for: a,b; memory for: a`.
/// What is said of the pod as a whole is said of each of them.
pub(super) fn missing(object: &Object, hard: &ResourceList) -> Option<String> {
    let Object::Pod(pod) = object else { return None };
    let whole = pod.spec.resources.as_deref();
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (resource, name, limit) in MUST_BE_SAID.iter().filter(|(resource, ..)| hard.contains_key(*resource)) {
        let is_said = |requests: &ResourceList, limits: &ResourceList| {
            if *limit { limits.contains_key(*name) } else { requests.contains_key(*name) }
        };
        if whole.is_some_and(|whole| is_said(&whole.requests, &whole.limits)) {
            continue;
        }
        let silent = |c: &&Container| !is_said(&c.resources.requests, &c.resources.limits);
        let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
        for container in containers.filter(silent) {
            missing.entry(resource).or_default().insert(&container.name);
        }
    }
    let parts: Vec<String> = missing
        .into_iter()
        .map(|(resource, names)| {
            format!("{resource} for: {}", names.into_iter().collect::<Vec<_>>().join(","))
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
