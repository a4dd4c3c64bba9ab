//! Fields of a pod, and resources of its containers, as text.

use pod_core::pod::{SandboxFact, Template};
use pod_core::quantity::Quantity;

use super::Context;
use crate::core::{Container, ObjectFieldSelector, ResourceFieldSelector};
use crate::resources::ResourceList;
use crate::validate::split_subscript;

/// The value of a field (kubelet, `podFieldSelectorRuntimeValue`).
pub(super) fn field(selector: &ObjectFieldSelector, context: &Context<'_>) -> Result<Template, String> {
    let metadata = &context.pod.metadata;
    let spec = &context.pod.spec;
    let text = |text: &str| Ok(Template::from(text));
    if let Some((path, key)) = split_subscript(&selector.field_path) {
        return match path {
            "metadata.labels" => text(metadata.labels.get(key).map_or("", String::as_str)),
            "metadata.annotations" => text(metadata.annotations.get(key).map_or("", String::as_str)),
            _ => Err(format!("`{path}` has no subscripts")),
        };
    }
    match selector.field_path.as_str() {
        "metadata.name" => text(&metadata.name),
        "metadata.namespace" => text(context.namespace()),
        "metadata.uid" => text(&context.uid.to_string()),
        "metadata.labels" => Ok(Template::from(lines(&metadata.labels))),
        "metadata.annotations" => Ok(Template::from(lines(&metadata.annotations))),
        "spec.nodeName" | "spec.host" if spec.node_name.is_empty() => text(&context.node.name),
        "spec.nodeName" | "spec.host" => text(&spec.node_name),
        "spec.serviceAccountName" => text(&spec.service_account_name),
        "status.hostIP" => Ok(SandboxFact::HostIp.into()),
        "status.hostIPs" => Ok(SandboxFact::HostIps.into()),
        "status.podIP" => Ok(SandboxFact::PodIp.into()),
        "status.podIPs" => Ok(SandboxFact::PodIps.into()),
        other => Err(format!("`{other}` is no field that can be named here")),
    }
}

/// A map as lines of `key="value"`, in order of the keys.
fn lines(map: &std::collections::BTreeMap<String, String>) -> String {
    map.iter().map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>().join("\n")
}

/// The amount of a resource of a container, in units of the divisor, rounded up. What a container does not limit, the node does.
pub(super) fn resource(
    selector: &ResourceFieldSelector,
    own: Option<&Container>,
    context: &Context<'_>,
) -> Result<String, String> {
    let spec = &context.pod.spec;
    let container = if selector.container_name.is_empty() {
        own
    } else {
        let mut all = spec.init_containers.iter().chain(&spec.containers);
        all.find(|container| container.name == selector.container_name)
    };
    let container =
        container.ok_or_else(|| format!("the pod has no container `{}`", selector.container_name))?;
    let (list, name) = selector.resource.split_once('.').unwrap_or(("", &selector.resource));
    let amount = match list {
        "limits" => limit(&container.resources.limits, name, context)?,
        "requests" => thousandths(container.resources.requests.get(name))?.unwrap_or(0),
        _ => return Err(format!("`{}` is no resource that can be named here", selector.resource)),
    };
    let unit = match selector.divisor.as_ref().filter(|divisor| !divisor.is_zero()) {
        Some(divisor) => thousandths(Some(divisor))?.unwrap_or(1000),
        None => 1000,
    };
    // Processors are counted by whole ones, whatever their limit; everything is rounded up.
    Ok((amount.max(0) + unit - 1).div_euclid(unit).to_string())
}

fn limit(limits: &ResourceList, name: &str, context: &Context<'_>) -> Result<i128, String> {
    let node = context.node;
    let whole = |units: u64| i128::from(units) * 1000;
    Ok(match (thousandths(limits.get(name))?, name) {
        (Some(limit), _) if limit > 0 => limit,
        (_, "cpu") => node.cpu_milli.into(),
        (_, "memory") => whole(node.memory),
        (_, "ephemeral-storage") => whole(node.ephemeral_storage),
        (limit, _) => limit.unwrap_or(0),
    })
}

/// A quantity in thousandths.
fn thousandths(quantity: Option<&Quantity>) -> Result<Option<i128>, String> {
    let Some(quantity) = quantity else { return Ok(None) };
    match (quantity.milli_value(), quantity.value()) {
        (Some(milli), _) => Ok(Some(milli.into())),
        (None, Some(units)) => Ok(Some(i128::from(units) * 1000)),
        (None, None) => Err(format!("the amount {quantity} is beyond 64 bits")),
    }
}
