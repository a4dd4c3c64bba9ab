//! The admission of pods: ServiceAccount, Priority, RuntimeClass, LimitRanger.

use super::{Forbidden, limits};
use crate::core::{Pod, PreemptionPolicy, ServiceAccount};
use crate::node::RuntimeClass;
use crate::object::Object;
use crate::scheduling::PriorityClass;

/// The classes that every server has (`scheduling.SystemPriorityClasses`).
const SYSTEM: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// Admits a new pod that has its defaults: it gets its service account and that one's pull secrets, its priority, what its runtime needs, and
/// the limits of its namespace. `objects` are those that are kept.
///
/// # Errors
///
/// When it names a service account, a class of priority or of runtime that is not there, has said itself what follows from them, or breaks
/// a limit: all limits that it breaks are told.
pub fn pod(pod: &mut Pod, objects: &[&Object]) -> Result<(), Forbidden> {
    let forbidden = |pod: &Pod, reason: String| {
        let name =
            if pod.metadata.name.is_empty() { &pod.metadata.generate_name } else { &pod.metadata.name };
        Forbidden::new("pods", name, reason)
    };
    limits::fill(pod, objects);
    service_account(pod, objects).map_err(|reason| forbidden(pod, reason))?;
    priority(pod, objects).map_err(|reason| forbidden(pod, reason))?;
    runtime_class(pod, objects).map_err(|reason| forbidden(pod, reason))?;
    let broken = limits::broken(pod, objects);
    match broken.as_slice() {
        [] => Ok(()),
        [only] => Err(forbidden(pod, only.clone())),
        several => Err(forbidden(pod, format!("[{}]", several.join(", ")))),
    }
}

/// `plugin/pkg/admission/serviceaccount`.
fn service_account(pod: &mut Pod, objects: &[&Object]) -> Result<(), String> {
    if pod.spec.service_account_name.is_empty() {
        "default".clone_into(&mut pod.spec.service_account_name);
    }
    pod.spec.service_account.clone_from(&pod.spec.service_account_name);
    let (namespace, name) = (&pod.metadata.namespace, &pod.spec.service_account_name);
    let account: Option<&ServiceAccount> = objects.iter().find_map(|object| match object {
        Object::ServiceAccount(account)
            if account.metadata.name == *name && account.metadata.namespace == *namespace =>
        {
            Some(&**account)
        }
        _ => None,
    });
    match account {
        Some(account) if pod.spec.image_pull_secrets.is_empty() => {
            pod.spec.image_pull_secrets.clone_from(&account.image_pull_secrets);
        }
        Some(_) => {}
        // Every namespace has one of this name.
        None if name == "default" => {}
        None => {
            return Err(format!(
                "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
            ));
        }
    }
    Ok(())
}

/// `plugin/pkg/admission/priority`.
fn priority(pod: &mut Pod, objects: &[&Object]) -> Result<(), String> {
    let mut classes = objects.iter().filter_map(|object| match object {
        Object::PriorityClass(class) => Some(&**class),
        _ => None,
    });
    let name = pod.spec.priority_class_name.clone();
    let system = SYSTEM.iter().find(|(system, _)| *system == name).map(|(_, value)| *value);
    let found: Option<(String, i32, Option<PreemptionPolicy>)> = match (system, name.as_str()) {
        (Some(value), _) => Some((name, value, None)),
        (None, "") => {
            // Of several defaults the lowest holds.
            let default = classes.filter(|class| class.global_default).min_by_key(|class| class.value);
            default.map(of_class)
        }
        (None, _) => {
            let class = classes.find(|class| class.metadata.name == name);
            Some(of_class(class.ok_or_else(|| format!("no PriorityClass with name {name} was found"))?))
        }
    };
    let (name, value, policy) = found.unwrap_or_default();
    let policy = policy.unwrap_or(PreemptionPolicy::PreemptLowerPriority);
    if pod.spec.priority.is_some_and(|own| own != value) {
        let own = pod.spec.priority.unwrap_or_default();
        return Err(format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller computed {value} from \
             the given PriorityClass name"
        ));
    }
    pod.spec.priority_class_name = name;
    pod.spec.priority = Some(value);
    pod.spec.preemption_policy.get_or_insert(policy);
    Ok(())
}

fn of_class(class: &PriorityClass) -> (String, i32, Option<PreemptionPolicy>) {
    (class.metadata.name.clone(), class.value, class.preemption_policy.clone())
}

/// `plugin/pkg/admission/runtimeclass`.
fn runtime_class(pod: &mut Pod, objects: &[&Object]) -> Result<(), String> {
    let Some(name) = pod.spec.runtime_class_name.clone().filter(|name| !name.is_empty()) else {
        if pod.spec.overhead.is_empty() {
            return Ok(());
        }
        return Err(
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead".into()
        );
    };
    let class: Option<&RuntimeClass> = objects.iter().find_map(|object| match object {
        Object::RuntimeClass(class) if class.metadata.name == name => Some(&**class),
        _ => None,
    });
    let class = class.ok_or_else(|| format!("pod rejected: RuntimeClass \"{name}\" not found"))?;
    let overhead = class.overhead.as_ref().map(|overhead| overhead.pod_fixed.clone()).unwrap_or_default();
    if !pod.spec.overhead.is_empty() && pod.spec.overhead != overhead {
        return Err("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead".to_owned());
    }
    pod.spec.overhead = overhead;
    let Some(scheduling) = &class.scheduling else { return Ok(()) };
    for (key, value) in &scheduling.node_selector {
        let own = pod.spec.node_selector.entry(key.clone()).or_insert_with(|| value.clone());
        if own != value {
            return Err(format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
            ));
        }
    }
    let further =
        scheduling.tolerations.iter().filter(|toleration| !pod.spec.tolerations.contains(toleration));
    let further: Vec<_> = further.cloned().collect();
    pod.spec.tolerations.extend(further);
    Ok(())
}
