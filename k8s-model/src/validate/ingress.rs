//! Ingresses and their classes.

use super::errors::Errors;
use super::{meta, names};
use crate::core::TypedLocalObjectReference;
use crate::networking::{
    HttpIngressPath, Ingress, IngressBackend, IngressClass, IngressClassSpec, IngressSpec, PathType,
};
use crate::path::Path;

/// The annotation that named the class before there was a field.
const CLASS: &str = "kubernetes.io/ingress.class";

pub(super) fn ingress(object: &Ingress, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    ingress_spec(&object.spec, errors);
    if let (Some(class), Some(field)) =
        (object.metadata.annotations.get(CLASS), &object.spec.ingress_class_name)
        && class != field
    {
        let detail = "must match `ingressClassName` when both are specified";
        errors.invalid(&Path::new("annotations").child(CLASS), class, detail);
    }
}

/// What is checked of an ingress at its creation and at each update.
pub(super) fn ingress_spec(spec: &IngressSpec, errors: &mut Errors) {
    let path = Path::new("spec");
    match &spec.default_backend {
        Some(default) => backend(default, &path.child("defaultBackend"), errors),
        None if spec.rules.is_empty() => {
            errors.invalid(&path, &[][..], "either `defaultBackend` or `rules` must be specified");
        }
        None => {}
    }
    rules(spec, &path.child("rules"), errors);
    let list = path.child("tls");
    for (index, tls) in spec.tls.iter().enumerate() {
        let path = list.index(index);
        let hosts = path.child("hosts");
        for (index, name) in tls.hosts.iter().enumerate() {
            errors.invalid_all(&hosts.index(index), name, host_name(name));
        }
        if !tls.secret_name.is_empty() {
            let messages = names::dns_subdomain(&tls.secret_name);
            errors.invalid_all(&path.child("secretName"), &tls.secret_name, messages);
        }
    }
    if let Some(class) = &spec.ingress_class_name {
        errors.invalid_all(&path.child("ingressClassName"), class, names::dns_subdomain(class));
    }
}

/// A host, which may have a wildcard as its first part.
fn host_name(name: &str) -> Vec<String> {
    if name.contains('*') { names::wildcard_subdomain(name) } else { names::dns_subdomain(name) }
}

fn rules(spec: &IngressSpec, list: &Path<'_>, errors: &mut Errors) {
    for (index, rule) in spec.rules.iter().enumerate() {
        let path = list.index(index);
        if !rule.host.is_empty() {
            let host = path.child("host");
            if names::is_ip(&rule.host) {
                errors.invalid(&host, &rule.host, "must be a DNS name, not an IP address");
            }
            errors.invalid_all(&host, &rule.host, host_name(&rule.host));
        }
        let Some(http) = &rule.http else { continue };
        let paths = path.child("http.paths");
        if http.paths.is_empty() {
            errors.required(&paths, "");
        }
        for (index, entry) in http.paths.iter().enumerate() {
            http_path(entry, &paths.index(index), errors);
        }
    }
}

fn http_path(entry: &HttpIngressPath, path: &Path<'_>, errors: &mut Errors) {
    const PARTS: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
    const ENDS: [&str; 2] = ["/..", "/."];
    let Some(kind) = &entry.path_type else {
        return errors.required(&path.child("pathType"), "pathType must be specified");
    };
    let own = path.child("path");
    let absolute = entry.path.starts_with('/');
    match kind {
        PathType::Exact | PathType::Prefix => {
            if !absolute {
                errors.invalid(&own, &entry.path, "must be an absolute path");
            }
            for part in PARTS.iter().filter(|part| entry.path.contains(**part)) {
                errors.invalid(&own, &entry.path, format!("must not contain '{part}'"));
            }
            for end in ENDS.iter().filter(|end| entry.path.ends_with(**end)) {
                errors.invalid(&own, &entry.path, format!("cannot end with '{end}'"));
            }
        }
        PathType::ImplementationSpecific => {
            if !entry.path.is_empty() && !absolute {
                errors.invalid(&own, &entry.path, "must be an absolute path");
            }
        }
        other => errors.not_supported(&path.child("pathType"), other.as_str(), PathType::KNOWN),
    }
    backend(&entry.backend, &path.child("backend"), errors);
}

fn backend(backend: &IngressBackend, path: &Path<'_>, errors: &mut Errors) {
    match (&backend.resource, &backend.service) {
        (Some(_), Some(_)) => errors.invalid(path, "", "cannot set both resource and service backends"),
        (Some(resource), None) => reference(resource, &path.child("resource"), errors),
        (None, Some(service)) => {
            let name = path.child("service.name");
            if service.name.is_empty() {
                errors.required(&name, "");
            } else {
                errors.invalid_all(&name, &service.name, names::dns_1035_label(&service.name));
            }
            let port = &service.port;
            match (port.name.as_str(), port.number) {
                ("", 0) => errors.required(path, "port name or number is required"),
                ("", number) => {
                    let messages = names::port_number(number.into());
                    errors.invalid_all(&path.child("service.port.number"), number, messages);
                }
                (name, 0) => {
                    errors.invalid_all(&path.child("service.port.name"), name, names::port_name(name));
                }
                _ => errors.invalid(path, "", "cannot set both port name & port number"),
            }
        }
        (None, None) => errors.invalid(path, "", "resource or service backend is required"),
    }
}

fn reference(reference: &TypedLocalObjectReference, path: &Path<'_>, errors: &mut Errors) {
    group_kind_name(reference.api_group.as_deref(), &reference.kind, &reference.name, path, errors);
}

fn group_kind_name(group: Option<&str>, kind: &str, name: &str, path: &Path<'_>, errors: &mut Errors) {
    if let Some(group) = group {
        errors.invalid_all(&path.child("apiGroup"), group, names::dns_subdomain(group));
    }
    for (member, value) in [("kind", kind), ("name", name)] {
        let own = path.child(member);
        if value.is_empty() {
            errors.required(&own, &format!("{member} is required"));
        } else {
            errors.invalid_all(&own, value, names::path_segment(value));
        }
    }
}

pub(super) fn ingress_class(object: &IngressClass, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::dns_subdomain, errors);
    ingress_class_spec(&object.spec, errors);
}

fn ingress_class_spec(spec: &IngressClassSpec, errors: &mut Errors) {
    const MAX: usize = 250;
    let path = Path::new("spec");
    let controller = path.child("controller");
    if spec.controller.len() > MAX {
        errors.too_long(&controller, MAX);
    }
    if spec.controller.is_empty() {
        errors.required(&controller, "");
    } else {
        errors.invalid_all(&controller, &spec.controller, names::domain_prefixed_path(&spec.controller));
    }
    let Some(parameters) = &spec.parameters else { return };
    let path = path.child("parameters");
    group_kind_name(parameters.api_group.as_deref(), &parameters.kind, &parameters.name, &path, errors);
    let (scope, namespace) = (path.child("scope"), path.child("namespace"));
    match parameters.scope.as_deref() {
        None | Some("") => errors.required(&scope, ""),
        Some("Namespace") => match parameters.namespace.as_deref() {
            None => {
                errors.required(&namespace, "`parameters.scope` is set to 'Namespace'");
            }
            Some(name) => errors.invalid_all(&namespace, name, names::dns_label(name)),
        },
        Some("Cluster") if parameters.namespace.is_some() => {
            errors.forbidden(&namespace, "`parameters.scope` is set to 'Cluster'");
        }
        Some("Cluster") => {}
        Some(other) => errors.not_supported(&scope, other, &["Cluster", "Namespace"]),
    }
}
