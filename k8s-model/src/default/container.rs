//! Defaults of containers, their hooks and probes.

use pod_core::image::PullPolicy as Policy;
use pod_core::quantity::{Format, Quantity};

use super::round_up;
use crate::core::{
    Container, ContainerPort, EnvVar, EphemeralContainer, HttpGetAction, Lifecycle, ObjectFieldSelector,
    Probe, Protocol, PullPolicy, ResourceFieldSelector, ResourceRequirements, TerminationMessagePolicy,
    UriScheme,
};

/// Fills in the defaults of one sort of container; the sorts share their fields, not a type.
macro_rules! defaults {
    ($container:expr) => {{
        let container = $container;
        if container.image_pull_policy.is_unset() {
            container.image_pull_policy = pull_policy(&container.image);
        }
        if container.termination_message_path.is_empty() {
            "/dev/termination-log".clone_into(&mut container.termination_message_path);
        }
        if container.termination_message_policy.is_unset() {
            container.termination_message_policy = TerminationMessagePolicy::File;
        }
        container.ports.iter_mut().for_each(port);
        container.env.iter_mut().for_each(env);
        amounts(&mut container.resources);
        let probes =
            [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
        probes.into_iter().flatten().for_each(|found| probe(found));
        if let Some(found) = &mut container.lifecycle {
            lifecycle(found);
        }
    }};
}

pub(super) fn container(container: &mut Container) {
    defaults!(container);
}

pub(super) fn ephemeral(container: &mut EphemeralContainer) {
    defaults!(container);
}

/// The policy of an image for which none is given.
pub(super) fn pull_policy(image: &str) -> PullPolicy {
    match Policy::default_for(image) {
        Policy::Always => PullPolicy::Always,
        Policy::IfNotPresent => PullPolicy::IfNotPresent,
        Policy::Never => PullPolicy::Never,
    }
}

fn port(port: &mut ContainerPort) {
    if port.protocol.is_unset() {
        port.protocol = Protocol::Tcp;
    }
}

fn env(var: &mut EnvVar) {
    let Some(source) = &mut var.value_from else { return };
    if let Some(selector) = &mut source.field_ref {
        field(selector);
    }
    if let Some(selector) = &mut source.resource_field_ref {
        resource(selector);
    }
    if let Some(selector) = &mut source.file_key_ref {
        selector.optional.get_or_insert(false);
    }
}

pub(super) fn field(selector: &mut ObjectFieldSelector) {
    if selector.api_version.is_empty() {
        "v1".clone_into(&mut selector.api_version);
    }
}

/// Go writes a divisor that was not given as 0.
pub(super) fn resource(selector: &mut ResourceFieldSelector) {
    selector.divisor.get_or_insert_with(|| Quantity::from_units(0, Format::DecimalSi));
}

fn amounts(resources: &mut ResourceRequirements) {
    round_up(&mut resources.limits);
    round_up(&mut resources.requests);
}

fn probe(probe: &mut Probe) {
    let numbers = [
        (&mut probe.timeout_seconds, 1),
        (&mut probe.period_seconds, 10),
        (&mut probe.success_threshold, 1),
        (&mut probe.failure_threshold, 3),
    ];
    for (number, default) in numbers {
        if *number == 0 {
            *number = default;
        }
    }
    if let Some(action) = &mut probe.http_get {
        http(action);
    }
    if let Some(action) = &mut probe.grpc {
        action.service.get_or_insert_default();
    }
}

fn lifecycle(lifecycle: &mut Lifecycle) {
    for hook in [&mut lifecycle.post_start, &mut lifecycle.pre_stop].into_iter().flatten() {
        if let Some(action) = &mut hook.http_get {
            http(action);
        }
    }
}

fn http(action: &mut HttpGetAction) {
    if action.path.is_empty() {
        "/".clone_into(&mut action.path);
    }
    if action.scheme.is_unset() {
        action.scheme = UriScheme::Http;
    }
}
