//! What a pod as a whole asks for, and the class of service that follows (`k8s.io/component-helpers/resource`, kubelet `qos`).

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use crate::core::{Container, ContainerRestartPolicy, PodQosClass, PodSpec, ResourceRequirements};

/// Amounts by resource.
pub type ResourceList = BTreeMap<String, Quantity>;

/// Whether an init container is a sidecar: it runs on beside the main containers.
#[must_use]
pub fn is_sidecar(container: &Container) -> bool {
    container.restart_policy == Some(ContainerRestartPolicy::Always)
}

/// Whether a resource is huge pages of some size.
#[must_use]
pub fn is_huge_page(resource: &str) -> bool {
    resource.starts_with("hugepages-")
}

/// Whether a resource can be given for the pod as a whole: processor, memory and huge pages.
#[must_use]
pub fn is_pod_level(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory") || is_huge_page(resource)
}

/// What the containers ask for together: the main ones and the sidecars, or at some point an init container with the sidecars
/// before it, whichever is more.
#[must_use]
pub fn aggregate_requests(spec: &PodSpec) -> ResourceList {
    aggregate(spec, |container| &container.resources.requests)
}

/// What the containers may use together, by the same rule.
#[must_use]
pub fn aggregate_limits(spec: &PodSpec) -> ResourceList {
    aggregate(spec, |container| &container.resources.limits)
}

/// What the scheduler counts a pod for: what its containers ask for together, or what the pod as a whole asks for where it says so, and
/// what its runtime itself needs (`PodRequests`).
///
/// ```
/// use k8s_model::core::{Container, PodSpec, ResourceRequirements};
/// use k8s_model::resources::{ResourceList, pod_requests};
///
/// let cpu = |text: &str| ResourceList::from([("cpu".to_owned(), text.parse().unwrap())]);
/// let container = |text| Container {
///     resources: ResourceRequirements { requests: cpu(text), ..Default::default() },
///     ..Default::default()
/// };
/// let spec = PodSpec {
///     init_containers: vec![container("2")],
///     containers: vec![container("500m"), container("250m")],
///     overhead: cpu("100m"),
///     ..PodSpec::default()
/// };
/// assert_eq!(pod_requests(&spec), cpu("2100m"));
/// ```
#[must_use]
pub fn pod_requests(spec: &PodSpec) -> ResourceList {
    let mut total = requests_of(spec);
    add(&mut total, &spec.overhead);
    total
}

/// What a pod may use: the limits of its containers together, or those of the pod as a whole where it says so; what its runtime itself
/// needs is added to those that there are (`PodLimits`).
#[must_use]
pub fn pod_limits(spec: &PodSpec) -> ResourceList {
    let mut total = limits_of(spec);
    for (name, limit) in &mut total {
        let sum = spec.overhead.get(name).and_then(|more| limit.checked_add(more));
        if let Some(sum) = sum {
            *limit = sum;
        }
    }
    total
}

/// The requests without overhead.
pub(crate) fn requests_of(spec: &PodSpec) -> ResourceList {
    with_own(aggregate_requests(spec), spec, |own| &own.requests)
}

/// The limits without overhead.
pub(crate) fn limits_of(spec: &PodSpec) -> ResourceList {
    with_own(aggregate_limits(spec), spec, |own| &own.limits)
}

/// Amounts of the containers, with those that the pod as a whole has in their place.
fn with_own(
    mut total: ResourceList,
    spec: &PodSpec,
    list: impl Fn(&ResourceRequirements) -> &ResourceList,
) -> ResourceList {
    let own = spec.resources.iter().flat_map(|own| list(own)).filter(|(name, _)| is_pod_level(name));
    total.extend(own.map(|(name, quantity)| (name.clone(), quantity.clone())));
    total
}

fn aggregate(spec: &PodSpec, list: impl Fn(&Container) -> &ResourceList) -> ResourceList {
    let mut total = ResourceList::new();
    for container in &spec.containers {
        add(&mut total, list(container));
    }
    let mut sidecars = ResourceList::new();
    let mut init = ResourceList::new();
    for container in &spec.init_containers {
        let mut now = sidecars.clone();
        add(&mut now, list(container));
        if is_sidecar(container) {
            add(&mut total, list(container));
            sidecars.clone_from(&now);
        }
        raise(&mut init, &now);
    }
    raise(&mut total, &init);
    total
}

fn add(total: &mut ResourceList, more: &ResourceList) {
    for (name, quantity) in more {
        // What is beyond every number stays as it is.
        let sum = total.get(name).map_or_else(|| Some(quantity.clone()), |known| known.checked_add(quantity));
        if let Some(sum) = sum {
            total.insert(name.clone(), sum);
        }
    }
}

fn raise(total: &mut ResourceList, other: &ResourceList) {
    for (name, quantity) in other {
        if total.get(name).is_none_or(|known| known < quantity) {
            total.insert(name.clone(), quantity.clone());
        }
    }
}

/// The class of service of a pod: `Guaranteed` when each container, init ones too, has limits of processor and memory and asks
/// for exactly that; `BestEffort` when none says anything of them. Amounts for the pod as a whole come first, where it has them.
#[must_use]
pub fn qos_class(spec: &PodSpec) -> PodQosClass {
    if let Some(resources) = &spec.resources
        && (says_something(&resources.requests) || says_something(&resources.limits))
    {
        return if is_guaranteed(&resources.requests, &resources.limits) {
            PodQosClass::Guaranteed
        } else {
            PodQosClass::Burstable
        };
    }
    let containers = || spec.init_containers.iter().chain(&spec.containers);
    if containers().all(|c| !says_something(&c.resources.requests) && !says_something(&c.resources.limits)) {
        PodQosClass::BestEffort
    } else if containers().all(|c| is_guaranteed(&c.resources.requests, &c.resources.limits)) {
        PodQosClass::Guaranteed
    } else {
        PodQosClass::Burstable
    }
}

const COMPUTE: [&str; 2] = ["cpu", "memory"];

fn amount<'l>(list: &'l ResourceList, resource: &str) -> Option<&'l Quantity> {
    list.get(resource).filter(|quantity| !quantity.is_zero() && !quantity.is_negative())
}

fn says_something(list: &ResourceList) -> bool {
    COMPUTE.iter().any(|resource| amount(list, resource).is_some())
}

fn is_guaranteed(requests: &ResourceList, limits: &ResourceList) -> bool {
    COMPUTE.iter().all(|resource| match (amount(requests, resource), amount(limits, resource)) {
        // Requests are the limits by default.
        (request, Some(limit)) => request.is_none_or(|request| request == limit),
        (_, None) => false,
    })
}

/// How likely the kernel kills a container when memory is short, from -1000 (never) to 1000 (first): the kubelet's rule, for a
/// node with so many bytes of memory.
#[must_use]
pub fn oom_score_adj(spec: &PodSpec, container: &Container, node_memory: u64) -> i32 {
    /// The priority from which a pod is critical to its node (`system-node-critical`).
    const NODE_CRITICAL: i32 = 2_000_001_000;
    const GUARANTEED: i32 = -997;
    if spec.priority.is_some_and(|priority| priority >= NODE_CRITICAL) {
        return GUARANTEED;
    }
    match qos_class(spec) {
        PodQosClass::Guaranteed => GUARANTEED,
        PodQosClass::BestEffort => 1000,
        _ if is_sidecar(container) => {
            // A sidecar lives at least as long as the container that is killed last.
            let own = burstable(container, node_memory);
            spec.containers
                .iter()
                .map(|main| burstable(main, node_memory))
                .min()
                .map_or(own, |main| own.min(main))
        }
        _ => burstable(container, node_memory),
    }
}

fn burstable(container: &Container, node_memory: u64) -> i32 {
    let request = amount(&container.resources.requests, "memory")
        .or_else(|| amount(&container.resources.limits, "memory"))
        .and_then(Quantity::value)
        .unwrap_or(0);
    let share = i128::from(request) * 1000 / i128::from(node_memory.max(1));
    i32::try_from((1000 - share).clamp(3, 999)).unwrap_or(999)
}
