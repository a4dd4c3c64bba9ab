//! What a namespace may use as a whole (`ResourceQuota`).

mod scope;
mod usage;

use pod_core::quantity::Quantity;

use super::{Refusal, Step, namespace_of, or_default};
use crate::core::ResourceQuota;
use crate::object::Object;
use crate::resources::ResourceList;

/// A resource of which too much is wanted.
struct Exceeded<'q> {
    resource: &'q str,
    wanted: &'q Quantity,
    used: Quantity,
    most: &'q Quantity,
}

/// Counts an object against the quotas of its namespace, and adds it to what their status says is used.
///
/// The bounds are those of a quota's status, as in a cluster, or of its spec where it has no status yet; what is not said to be used
/// is 0.
///
/// # Errors
///
/// On the first quota that the object would exceed (`exceeded quota: …`), and on one of processor or memory when a container does not
/// say how much of it it wants (`failed quota: …: must specify …`). Nothing is counted then.
pub fn resource_quota(object: &Object, quotas: &mut [ResourceQuota]) -> Result<(), Refusal> {
    let Some(namespace) = namespace_of(object) else { return Ok(()) };
    let usage = usage::of(object);
    let mut counted = Vec::new();
    for quota in quotas.iter_mut() {
        if or_default(&quota.metadata.namespace) == namespace && scope::is_meant(quota, object) {
            let used = count(quota, object, &usage)?;
            counted.push((quota, used));
        }
    }
    for (quota, used) in counted {
        if quota.status.hard.is_empty() {
            quota.status.hard.clone_from(&quota.spec.hard);
        }
        quota.status.used = used;
    }
    Ok(())
}

/// What is used of a quota with the object.
fn count(quota: &ResourceQuota, object: &Object, usage: &ResourceList) -> Result<ResourceList, Refusal> {
    let name = &quota.metadata.name;
    let hard = if quota.status.hard.is_empty() { &quota.spec.hard } else { &quota.status.hard };
    if let Some(missing) = usage::missing(object, hard) {
        let reason = format!("failed quota: {name}: must specify {missing}");
        return Err(Refusal::new(Step::ResourceQuota, reason));
    }
    let mut total = quota.status.used.clone();
    let mut exceeded = Vec::new();
    for (resource, most) in hard {
        let Some(wanted) = usage.get(resource).filter(|wanted| !wanted.is_zero()) else { continue };
        let used = total.get(resource).cloned().unwrap_or_else(|| Quantity::from_units(0, most.format()));
        match used.checked_add(wanted) {
            Some(sum) if sum <= *most => {
                total.insert(resource.clone(), sum);
            }
            _ => exceeded.push(Exceeded { resource, wanted, used, most }),
        }
    }
    if exceeded.is_empty() {
        return Ok(total);
    }
    let list = |amount: fn(&Exceeded<'_>) -> String| {
        let parts: Vec<String> =
            exceeded.iter().map(|found| format!("{}={}", found.resource, amount(found))).collect();
        parts.join(",")
    };
    let (wanted, used) = (list(|found| found.wanted.to_string()), list(|found| found.used.to_string()));
    let most = list(|found| found.most.to_string());
    let reason = format!("exceeded quota: {name}, requested: {wanted}, used: {used}, limited: {most}");
    Err(Refusal::new(Step::ResourceQuota, reason))
}
