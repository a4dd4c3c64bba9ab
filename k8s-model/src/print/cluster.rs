//! Nodes, namespaces, events, limits, roles, autoscalers.

use std::collections::BTreeSet;

use pod_core::quantity::Quantity;

use super::table::{Column, Options, Row, or_none, shortened};
use super::{age, human_duration, since};
use crate::autoscaling::{
    HorizontalPodAutoscaler, MetricSourceType, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus,
};
use crate::core::{ConditionStatus, Event, Node, NodeConditionType, ResourceQuota};
use crate::object::Object;
use crate::rbac::{RoleRef, Subject};

const NAME: Column = Column::always("Name");
const AGE: Column = Column::always("Age");

pub(super) fn row(object: &Object, options: &Options) -> Option<Row> {
    let metadata = object.metadata()?;
    let mut cells = vec![(NAME, metadata.name.clone())];
    let age = (AGE, since(metadata.creation_timestamp, options.now));
    match object {
        Object::Node(object) => return Some(node(object, options)),
        Object::Event(object) => return Some(event(object, options)),
        Object::Namespace(object) => {
            cells.push((Column::always("Status"), object.status.phase.as_str().to_owned()));
            cells.push(age);
        }
        Object::Secret(object) => {
            cells.push((Column::always("Type"), object.type_.as_str().to_owned()));
            cells.push((Column::always("Data"), object.data.len().to_string()));
            cells.push(age);
        }
        Object::ConfigMap(object) => {
            let count = object.data.len() + object.binary_data.len();
            cells.push((Column::always("Data"), count.to_string()));
            cells.push(age);
        }
        Object::ServiceAccount(object) => {
            cells.push((Column::always("Secrets"), object.secrets.len().to_string()));
            cells.push(age);
        }
        Object::ResourceQuota(object) => {
            let (requests, limits) = quota(object);
            cells.push(age);
            cells.push((Column::always("Request"), requests));
            cells.push((Column::always("Limit"), limits));
        }
        Object::RuntimeClass(object) => {
            cells.push((Column::always("Handler"), object.handler.clone()));
            cells.push(age);
        }
        Object::PriorityClass(object) => {
            cells.push((Column::always("Value"), object.value.to_string()));
            cells.push((Column::always("Global-Default"), object.global_default.to_string()));
            cells.push(age);
        }
        Object::Lease(object) => {
            let holder = object.spec.holder_identity.clone().unwrap_or_default();
            cells.push((Column::always("Holder"), holder));
            cells.push(age);
        }
        Object::RoleBinding(object) => {
            cells.extend(binding(&object.role_ref, &object.subjects, age));
        }
        Object::ClusterRoleBinding(object) => {
            cells.extend(binding(&object.role_ref, &object.subjects, age));
        }
        Object::HorizontalPodAutoscaler(object) => {
            let spec = &object.spec;
            let target = format!("{}/{}", spec.scale_target_ref.kind, spec.scale_target_ref.name);
            let least = spec.min_replicas.map_or_else(|| "<unset>".to_owned(), |least| least.to_string());
            cells.push((Column::always("Reference"), target));
            cells.push((Column::always("Targets"), metrics(object)));
            cells.push((Column::always("MinPods"), least));
            cells.push((Column::always("MaxPods"), spec.max_replicas.to_string()));
            cells.push((Column::always("Replicas"), object.status.current_replicas.to_string()));
            cells.push(age);
        }
        Object::PodDisruptionBudget(object) => {
            let shown = |bound: &Option<crate::int_or_string::IntOrString>| {
                bound.as_ref().map_or_else(|| "N/A".to_owned(), ToString::to_string)
            };
            cells.push((Column::always("Min Available"), shown(&object.spec.min_available)));
            cells.push((Column::always("Max Unavailable"), shown(&object.spec.max_unavailable)));
            let allowed = object.status.disruptions_allowed.to_string();
            cells.push((Column::always("Allowed Disruptions"), allowed));
            cells.push(age);
        }
        _ => return None,
    }
    Some(Row::new(cells))
}

/// What a node is for, by its labels.
fn roles(node: &Node) -> String {
    let found: BTreeSet<&str> = node
        .metadata
        .labels
        .iter()
        .filter_map(|(label, value)| match label.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if label == "kubernetes.io/role" => Some(value.as_str()),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    or_none(&found.into_iter().collect::<Vec<_>>().join(","))
}

fn node(node: &Node, options: &Options) -> Row {
    let status = &node.status;
    let ready = status.conditions.iter().rev().find(|condition| condition.type_ == NodeConditionType::Ready);
    let mut shown = vec![match ready {
        Some(condition) if condition.status == ConditionStatus::True => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }];
    if node.spec.unschedulable {
        shown.push("SchedulingDisabled");
    }
    let address = |kind: &str| {
        let found = status.addresses.iter().find(|address| address.type_.as_str() == kind);
        or_none(found.map_or("", |address| &address.address))
    };
    let known = |text: &str| if text.is_empty() { "<unknown>".to_owned() } else { text.to_owned() };
    let info = &status.node_info;
    Row::new([
        (NAME, node.metadata.name.clone()),
        (Column::always("Status"), shown.join(",")),
        (Column::always("Roles"), roles(node)),
        (AGE, since(node.metadata.creation_timestamp, options.now)),
        (Column::always("Version"), info.kubelet_version.clone()),
        (Column::wide("Internal-IP"), address("InternalIP")),
        (Column::wide("External-IP"), address("ExternalIP")),
        (Column::wide("OS-Image"), known(&info.os_image)),
        (Column::wide("Kernel-Version"), known(&info.kernel_version)),
        (Column::wide("Container-Runtime"), known(&info.container_runtime_version)),
    ])
}

fn event(event: &Event, options: &Options) -> Row {
    let micro = |time: Option<crate::time::MicroTime>| {
        time.map_or_else(
            || "<unknown>".to_owned(),
            |time| human_duration(age::seconds(time.timestamp(), options.now)),
        )
    };
    let first = match event.first_timestamp {
        Some(time) => since(Some(time), options.now),
        None => micro(event.event_time),
    };
    let (last, count) = match &event.series {
        Some(series) => (micro(series.last_observed_time), series.count + 1),
        None => {
            let last = event.last_timestamp;
            (last.map_or_else(|| first.clone(), |time| since(Some(time), options.now)), event.count.max(1))
        }
    };
    let object = &event.involved_object;
    let kind = object.kind.to_lowercase();
    let target = if object.name.is_empty() { kind } else { format!("{kind}/{}", object.name) };
    let source = &event.source;
    let component = if source.component.is_empty() { &event.reporting_component } else { &source.component };
    let host = if source.host.is_empty() { &event.reporting_instance } else { &source.host };
    let source = if host.is_empty() { component.clone() } else { format!("{component}, {host}") };
    Row::new([
        (Column::always("Last Seen"), last),
        (Column::always("Type"), event.type_.clone()),
        (Column::always("Reason"), event.reason.clone()),
        (Column::always("Object"), target),
        (Column::wide("Subobject"), object.field_path.clone()),
        (Column::wide("Source"), source),
        (Column::always("Message"), event.message.trim().to_owned()),
        (Column::wide("First Seen"), first),
        (Column::wide("Count"), count.to_string()),
        (Column::wide("Name"), event.metadata.name.clone()),
    ])
}

/// The requests and the limits of a quota.
fn quota(object: &ResourceQuota) -> (String, String) {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in &object.status.hard {
        let used = object.status.used.get(name).map_or_else(|| "0".to_owned(), ToString::to_string);
        let list = if name.starts_with("limits.") { &mut limits } else { &mut requests };
        list.push(format!("{name}: {used}/{hard}"));
    }
    (requests.join(", "), limits.join(", "))
}

fn binding(
    role: &RoleRef,
    subjects: &[Subject],
    age: (Column, String),
) -> impl Iterator<Item = (Column, String)> {
    let of = |kind: &str| {
        let named = subjects.iter().filter(|subject| subject.kind == kind);
        let shown = named.map(|subject| match (kind, subject.namespace.as_str()) {
            ("ServiceAccount", namespace) => format!("{namespace}/{}", subject.name),
            _ => subject.name.clone(),
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    [
        (Column::always("Role"), format!("{}/{}", role.kind, role.name)),
        age,
        (Column::wide("Users"), of("User")),
        (Column::wide("Groups"), of("Group")),
        (Column::wide("ServiceAccounts"), of("ServiceAccount")),
    ]
    .into_iter()
}

fn metrics(object: &HorizontalPodAutoscaler) -> String {
    let current = &object.status.current_metrics;
    let shown: Vec<String> = object
        .spec
        .metrics
        .iter()
        .enumerate()
        .map(|(index, metric)| self::metric(metric, current.get(index)))
        .collect();
    if shown.is_empty() { or_none("") } else { shortened(&shown, 2, ", ") }
}

/// A metric as `current/target`.
fn metric(spec: &MetricSpec, status: Option<&MetricStatus>) -> String {
    let amount =
        |amount: Option<&Quantity>| amount.map_or_else(|| "<unknown>".to_owned(), ToString::to_string);
    // A mean is told as one, where it could also be something else.
    let one = |target: &MetricTarget, now: Option<&MetricValueStatus>| match &target.average_value {
        Some(wanted) => format!("{}/{wanted} (avg)", amount(now.and_then(|now| now.average_value.as_ref()))),
        None => {
            format!("{}/{}", amount(now.and_then(|now| now.value.as_ref())), amount(target.value.as_ref()))
        }
    };
    let share = |target: &MetricTarget, now: Option<&MetricValueStatus>| match &target.average_value {
        Some(wanted) => format!("{}/{wanted}", amount(now.and_then(|now| now.average_value.as_ref()))),
        None => {
            let percent = |number: Option<i32>, none: &str| {
                number.map_or_else(|| none.to_owned(), |number| format!("{number}%"))
            };
            let now = now.and_then(|now| now.average_utilization);
            format!("{}/{}", percent(now, "<unknown>"), percent(target.average_utilization, "<auto>"))
        }
    };
    match spec.type_ {
        MetricSourceType::External => spec.external.as_ref().map(|source| {
            one(&source.target, status.and_then(|now| now.external.as_ref()).map(|now| &now.current))
        }),
        MetricSourceType::Object => spec.object.as_ref().map(|source| {
            one(&source.target, status.and_then(|now| now.object.as_ref()).map(|now| &now.current))
        }),
        MetricSourceType::Pods => spec.pods.as_ref().map(|source| {
            let now = status.and_then(|now| now.pods.as_ref());
            let now = amount(now.and_then(|now| now.current.average_value.as_ref()));
            format!("{now}/{}", amount(source.target.average_value.as_ref()))
        }),
        MetricSourceType::Resource => spec.resource.as_ref().map(|source| {
            share(&source.target, status.and_then(|now| now.resource.as_ref()).map(|now| &now.current))
        }),
        MetricSourceType::ContainerResource => spec.container_resource.as_ref().map(|source| {
            share(
                &source.target,
                status.and_then(|now| now.container_resource.as_ref()).map(|now| &now.current),
            )
        }),
        _ => None,
    }
    .unwrap_or_else(|| "<unknown type>".to_owned())
}
