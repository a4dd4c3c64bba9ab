//! The environment of a container (kubelet, `makeEnvironmentVariables`).

use std::collections::BTreeMap;

use pod_core::pod::{EnvVar as Variable, Template};

use super::{Context, FieldProblem, Problems, expand, field, service_variables};
use crate::core::{Container, EnvFromSource, EnvVar, EnvVarSource};
use crate::path::Path;

/// The variables of a container in the order in which they were first named; the last value of each.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    order: Vec<String>,
    values: BTreeMap<String, Template>,
}

impl Variables {
    fn set(&mut self, name: String, value: Template) {
        if self.values.insert(name.clone(), value).is_none() {
            self.order.push(name);
        }
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<Template> {
        self.values.get(name).cloned()
    }

    pub(crate) fn into_list(mut self) -> Vec<Variable> {
        let order = std::mem::take(&mut self.order);
        let values = order.into_iter().filter_map(|name| Some((self.values.remove(&name)?, name)));
        values.map(|(value, name)| Variable { name, value }).collect()
    }
}

/// The environment of a container: `envFrom` in order, then `env`, where the later of equal names wins and `$(VAR)` names
/// what came before; then what tells of services, under names that are not taken. The path is the container's own, such as `spec.containers[0]`.
///
/// # Errors
///
/// All problems: a config map, a secret or a key that is not there and not optional; a value of a secret that is no text; a
/// field or container that the pod does not have; `fileKeyRef`.
pub fn environment(
    container: &Container,
    path: &str,
    context: &Context<'_>,
) -> Result<Vec<Variable>, Vec<FieldProblem>> {
    let mut problems = Problems::default();
    let variables = variables(container, &Path::new(path), context, &mut problems);
    if problems.0.is_empty() { Ok(variables.into_list()) } else { Err(problems.0) }
}

pub(crate) fn variables(
    container: &Container,
    path: &Path<'_>,
    context: &Context<'_>,
    problems: &mut Problems,
) -> Variables {
    let mut variables = Variables::default();
    let services = match context.pod.spec.enable_service_links {
        Some(false) => BTreeMap::new(),
        _ => service_variables(context.objects.services(context.namespace())),
    };
    let list = path.child("envFrom");
    for (index, source) in container.env_from.iter().enumerate() {
        all_of(source, &list.index(index), context, &mut variables, problems);
    }
    let list = path.child("env");
    for (index, var) in container.env.iter().enumerate() {
        let known = |name: &str| {
            variables.get(name).or_else(|| services.get(name).map(|value| Template::from(value.as_str())))
        };
        if let Some(value) = value(var, container, &list.index(index), context, &known, problems) {
            variables.set(var.name.clone(), value);
        }
    }
    for (name, value) in services {
        if variables.get(&name).is_none() {
            variables.set(name, Template::from(value));
        }
    }
    variables
}

/// Sets a variable for each key of a config map or secret. Keys that cannot be names are passed over.
fn all_of(
    source: &EnvFromSource,
    path: &Path<'_>,
    context: &Context<'_>,
    variables: &mut Variables,
    problems: &mut Problems,
) {
    let namespace = context.namespace();
    let mut set = |key: &str, value: &str| {
        let name = format!("{}{key}", source.prefix);
        if !name.is_empty() && !name.contains(['=', '\0']) {
            variables.set(name, Template::from(value));
        }
    };
    if let Some(named) = &source.config_map_ref {
        match context.objects.config_map(namespace, &named.name) {
            Some(object) => object.data.iter().for_each(|(key, value)| set(key, value)),
            None if named.optional == Some(true) => {}
            None => problems.add(&path.child("configMapRef.name"), missing("config map", &named.name)),
        }
    }
    if let Some(named) = &source.secret_ref {
        match context.objects.secret(namespace, &named.name) {
            Some(object) => {
                for (key, value) in &object.data {
                    match std::str::from_utf8(&value.0) {
                        Ok(value) => set(key, value),
                        Err(_) => problems.add(&path.child("secretRef.name"), no_text(&named.name, key)),
                    }
                }
            }
            None if named.optional == Some(true) => {}
            None => problems.add(&path.child("secretRef.name"), missing("secret", &named.name)),
        }
    }
}

fn missing(kind: &str, name: &str) -> String {
    format!("there is no {kind} `{name}`")
}

fn no_text(name: &str, key: &str) -> String {
    format!("the key `{key}` of the secret `{name}` is no UTF-8 text")
}

/// The value of a variable; `None` when its source is optional and not there, or when there is a problem.
fn value(
    var: &EnvVar,
    container: &Container,
    path: &Path<'_>,
    context: &Context<'_>,
    known: &dyn Fn(&str) -> Option<Template>,
    problems: &mut Problems,
) -> Option<Template> {
    match &var.value_from {
        Some(source) => value_from(source, container, &path.child("valueFrom"), context, problems),
        None => Some(expand(&var.value, known)),
    }
}

fn value_from(
    source: &EnvVarSource,
    container: &Container,
    path: &Path<'_>,
    context: &Context<'_>,
    problems: &mut Problems,
) -> Option<Template> {
    let namespace = context.namespace();
    if let Some(selector) = &source.field_ref {
        return problems.take(&path.child("fieldRef.fieldPath"), field::field(selector, context));
    }
    if let Some(selector) = &source.resource_field_ref {
        let value = field::resource(selector, Some(container), context);
        return problems.take(&path.child("resourceFieldRef"), value).map(Template::from);
    }
    if let Some(selector) = &source.config_map_key_ref {
        let path = path.child("configMapKeyRef");
        let object = context.objects.config_map(namespace, &selector.name);
        let value = object.and_then(|object| object.data.get(&selector.key));
        if value.is_none() && selector.optional != Some(true) {
            absent("config map", object.is_some(), &selector.name, &selector.key, &path, problems);
        }
        return value.map(|value| Template::from(value.as_str()));
    }
    if let Some(selector) = &source.secret_key_ref {
        let path = path.child("secretKeyRef");
        let object = context.objects.secret(namespace, &selector.name);
        let value = object.and_then(|object| object.data.get(&selector.key));
        if value.is_none() && selector.optional != Some(true) {
            absent("secret", object.is_some(), &selector.name, &selector.key, &path, problems);
        }
        let text = std::str::from_utf8(&value?.0).map_err(|_| no_text(&selector.name, &selector.key));
        return problems.take(&path.child("key"), text).map(Template::from);
    }
    if source.file_key_ref.is_some() {
        problems.add(&path.child("fileKeyRef"), "variables from files are not supported");
    } else {
        problems.add(path, "it names no source");
    }
    None
}

fn absent(kind: &str, found: bool, name: &str, key: &str, path: &Path<'_>, problems: &mut Problems) {
    if found {
        problems.add(&path.child("key"), format!("the {kind} `{name}` has no key `{key}`"));
    } else {
        problems.add(&path.child("name"), missing(kind, name));
    }
}
