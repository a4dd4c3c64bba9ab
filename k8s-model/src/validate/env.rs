//! The environment of a container, and the fields of a pod that it may name.

use pod_core::quantity::Quantity;

use super::errors::Errors;
use super::names;
use crate::core::{
    EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, ObjectFieldSelector, ResourceFieldSelector,
};
use crate::path::Path;

/// The fields that an environment may name.
const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// The fields that a file of a volume may name.
pub(super) const VOLUME_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// The fields that have a label for selectors, some of which cannot be named.
const OTHER_FIELDS: &[&str] = &["spec.restartPolicy", "spec.schedulerName", "status.phase"];

const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub(super) fn env(vars: &[EnvVar], path: &Path<'_>, errors: &mut Errors) {
    for (index, var) in vars.iter().enumerate() {
        let path = path.index(index);
        if var.name.is_empty() {
            errors.required(&path.child("name"), "");
        } else {
            errors.invalid_all(&path.child("name"), &var.name, names::env_var_name(&var.name));
        }
        if let Some(source) = &var.value_from {
            value_from(source, !var.value.is_empty(), &path.child("valueFrom"), errors);
        }
    }
}

fn value_from(source: &EnvVarSource, has_value: bool, path: &Path<'_>, errors: &mut Errors) {
    let mut count = 0;
    if let Some(selector) = &source.field_ref {
        count += 1;
        field(selector, ENV_FIELDS, &path.child("fieldRef"), errors);
    }
    if let Some(selector) = &source.resource_field_ref {
        count += 1;
        resource(selector, false, &path.child("resourceFieldRef"), errors);
    }
    if let Some(selector) = &source.config_map_key_ref {
        count += 1;
        key(&selector.name, &selector.key, &path.child("configMapKeyRef"), errors);
    }
    if let Some(selector) = &source.secret_key_ref {
        count += 1;
        key(&selector.name, &selector.key, &path.child("secretKeyRef"), errors);
    }
    if let Some(selector) = &source.file_key_ref {
        count += 1;
        file_key(selector, &path.child("fileKeyRef"), errors);
    }
    if count == 0 {
        let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        errors.invalid(path, "", detail);
    } else if has_value {
        errors.invalid(path, "", "may not be specified when `value` is not empty");
    } else if count > 1 {
        errors.invalid(path, "", "may not have more than one field specified at a time");
    }
}

fn key(name: &str, key: &str, path: &Path<'_>, errors: &mut Errors) {
    errors.invalid_all(&path.child("name"), name, names::dns_subdomain(name));
    if key.is_empty() {
        errors.required(&path.child("key"), "");
    } else {
        errors.invalid_all(&path.child("key"), key, names::config_key(key));
    }
}

fn file_key(selector: &FileKeySelector, path: &Path<'_>, errors: &mut Errors) {
    for (name, value, messages) in [
        ("key", &selector.key, names::env_var_name(&selector.key)),
        ("volumeName", &selector.volume_name, names::dns_label(&selector.volume_name)),
    ] {
        if value.is_empty() {
            errors.required(&path.child(name), "");
        } else {
            errors.invalid_all(&path.child(name), value, messages);
        }
    }
    if selector.path.is_empty() {
        errors.required(&path.child("path"), "");
    } else {
        super::volume::local_path(&selector.path, &path.child("path"), errors);
    }
}

pub(super) fn env_from(sources: &[EnvFromSource], path: &Path<'_>, errors: &mut Errors) {
    for (index, source) in sources.iter().enumerate() {
        let element = path.index(index);
        if !source.prefix.is_empty() {
            errors.invalid_all(&element.child("prefix"), &source.prefix, names::env_var_name(&source.prefix));
        }
        let named = [
            ("configMapRef", source.config_map_ref.as_ref().map(|found| &found.name)),
            ("secretRef", source.secret_ref.as_ref().map(|found| &found.name)),
        ];
        let mut count = 0;
        for (member, name) in named {
            let Some(name) = name else { continue };
            count += 1;
            let member = element.child(member);
            if name.is_empty() {
                errors.required(&member.child("name"), "");
            } else {
                errors.invalid_all(&member.child("name"), name, names::dns_subdomain(name));
            }
        }
        // Upstream names the list here, not the element.
        if count == 0 {
            errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
        } else if count > 1 {
            errors.invalid(path, "", "may not have more than one field specified at a time");
        }
    }
}

/// A path with a subscript, such as `metadata.labels['app']`, in its two parts.
pub(crate) fn split_subscript(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?.split_once("['").filter(|(path, _)| !path.is_empty())
}

/// The name of a field today, or why it has none.
fn current_name<'f>(version: &str, field: &'f str) -> Result<&'f str, String> {
    if version != "v1" {
        return Err(format!("unsupported pod version: {version}"));
    }
    if let Some((path, _)) = split_subscript(field) {
        return match path {
            "metadata.annotations" | "metadata.labels" => Ok(field),
            _ => Err(format!("field label does not support subscript: {field}")),
        };
    }
    if field == "spec.host" {
        return Ok("spec.nodeName");
    }
    let known = [ENV_FIELDS, VOLUME_FIELDS, OTHER_FIELDS].iter().any(|list| list.contains(&field));
    if known { Ok(field) } else { Err(format!("field label not supported: {field}")) }
}

pub(super) fn field(selector: &ObjectFieldSelector, allowed: &[&str], path: &Path<'_>, errors: &mut Errors) {
    if selector.api_version.is_empty() {
        return errors.required(&path.child("apiVersion"), "");
    }
    let field_path = path.child("fieldPath");
    if selector.field_path.is_empty() {
        return errors.required(&field_path, "");
    }
    let name = match current_name(&selector.api_version, &selector.field_path) {
        Ok(name) => name,
        Err(reason) => {
            let detail = format!("error converting fieldPath: {reason}");
            return errors.invalid(&field_path, &selector.field_path, detail);
        }
    };
    match split_subscript(name) {
        Some(("metadata.annotations", subscript)) => {
            let lower = subscript.to_lowercase();
            errors.invalid_all(path, &*lower, names::qualified_name(&lower));
        }
        Some((_, subscript)) => errors.invalid_all(path, subscript, names::qualified_name(subscript)),
        None if !allowed.contains(&name) => errors.not_supported(&field_path, name, allowed),
        None => {}
    }
}

pub(super) fn resource(selector: &ResourceFieldSelector, volume: bool, path: &Path<'_>, errors: &mut Errors) {
    let resource = selector.resource.as_str();
    let is_huge_page =
        resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
    if volume && selector.container_name.is_empty() {
        errors.required(&path.child("containerName"), "");
    } else if resource.is_empty() {
        errors.required(&path.child("resource"), "");
    } else if !RESOURCES.contains(&resource) && !is_huge_page {
        errors.not_supported(&path.child("resource"), resource, RESOURCES);
    }
    let Some(divisor) = selector.divisor.as_ref().filter(|divisor| !divisor.is_zero()) else { return };
    if let Some(detail) = wrong_divisor(resource, divisor) {
        errors.invalid(&path.child("divisor"), resource, detail);
    }
}

fn wrong_divisor(resource: &str, divisor: &Quantity) -> Option<String> {
    const BYTES: [&str; 13] =
        ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let name = match resource.split_once('.').map_or("", |(_, name)| name) {
        "cpu" if ["1m", "1"].contains(&divisor.to_string().as_str()) => return None,
        "cpu" => {
            return Some("only divisor's values 1m and 1 are supported with the cpu resource".to_owned());
        }
        "memory" => "memory",
        "ephemeral-storage" => "local ephemeral storage",
        name if name.starts_with("hugepages-") => "hugepages",
        _ => return None,
    };
    (!BYTES.contains(&divisor.to_string().as_str()))
        .then(|| format!("only divisor's values {} are supported with the {name} resource", BYTES.join(", ")))
}
