//! Namespaces that go, with all that is in them (`pkg/controller/namespace`).

use std::collections::BTreeMap;

use super::action::{self, Action, Plan};
use super::at::At;
use crate::core::{
    ConditionStatus, FinalizerName, Namespace, NamespaceCondition, NamespaceConditionType, NamespacePhase,
    NamespaceStatus,
};
use crate::meta::DeletionPropagation;
use crate::object::Object;
use crate::registry::group_of;
use crate::time::Time;

/// The plan of a namespace: when it is to go, its pods go first, then everything else, and then the namespace itself.
///
/// `content` are the objects in it; others do no harm.
#[must_use]
pub fn plan(namespace: &Namespace, content: &[&Object], at: At) -> Plan<NamespaceStatus> {
    let mut plan = Plan::idle(namespace.status.clone());
    if namespace.metadata.deletion_timestamp.is_none() || namespace.spec.finalizers.is_empty() {
        return plan;
    }
    let content: Vec<&Object> =
        content.iter().copied().filter(|object| object.namespace() == namespace.metadata.name).collect();
    let has_pods = content.iter().any(|object| matches!(object, Object::Pod(_)));
    for object in content.iter().filter(|object| !has_pods || matches!(object, Object::Pod(_))) {
        let Some(metadata) = object.metadata().filter(|metadata| metadata.deletion_timestamp.is_none())
        else {
            continue;
        };
        let reference = action::reference(object.api_version(), object.kind(), metadata);
        plan.actions.push(action::delete(reference, Some(DeletionPropagation::Background)));
    }
    plan.status.phase = NamespacePhase::Terminating;
    for (type_, is_so, reason, message) in said(&content) {
        set(&mut plan.status, type_, is_so, reason, message, Time::from(at.now));
    }
    if content.is_empty() {
        let mut namespace = namespace.clone();
        namespace.spec.finalizers.retain(|finalizer| *finalizer != FinalizerName::Kubernetes);
        plan.actions.push(Action::Update(namespace.into()));
    } else if plan.status != namespace.status {
        let written = Namespace { status: plan.status.clone(), ..namespace.clone() };
        plan.actions.push(Action::UpdateStatus(written.into()));
    }
    plan
}

type Said = (NamespaceConditionType, bool, &'static str, String);

/// What is said of a namespace that goes.
fn said(content: &[&Object]) -> [Said; 5] {
    use NamespaceConditionType as Type;
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut finalizers: BTreeMap<&str, usize> = BTreeMap::new();
    for object in content {
        let plural =
            object.info().map_or_else(|| object.kind().to_lowercase(), |info| info.plural.to_owned());
        *kinds.entry(format!("{plural}.{}", group_of(object.api_version()))).or_default() += 1;
        for finalizer in object.metadata().map(|metadata| metadata.finalizers.as_slice()).unwrap_or_default()
        {
            *finalizers.entry(finalizer).or_default() += 1;
        }
    }
    let list = |parts: Vec<String>| parts.join(", ");
    let remaining =
        list(kinds.iter().map(|(kind, count)| format!("{kind} has {count} resource instances")).collect());
    let held = list(
        finalizers.iter().map(|(name, count)| format!("{name} in {count} resource instances")).collect(),
    );
    [
        (
            Type::NamespaceDeletionDiscoveryFailure,
            false,
            "ResourcesDiscovered",
            "All resources successfully discovered".into(),
        ),
        (
            Type::NamespaceDeletionGroupVersionParsingFailure,
            false,
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".into(),
        ),
        (
            Type::NamespaceDeletionContentFailure,
            false,
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".into(),
        ),
        if content.is_empty() {
            (
                Type::NamespaceContentRemaining,
                false,
                "ContentRemoved",
                "All content successfully removed".into(),
            )
        } else {
            let message = format!("Some resources are remaining: {remaining}");
            (Type::NamespaceContentRemaining, true, "SomeResourcesRemain", message)
        },
        if finalizers.is_empty() {
            let message = "All content-preserving finalizers finished".into();
            (Type::NamespaceFinalizersRemaining, false, "ContentHasNoFinalizers", message)
        } else {
            let message = format!("Some content in the namespace has finalizers remaining: {held}");
            (Type::NamespaceFinalizersRemaining, true, "SomeFinalizersRemain", message)
        },
    ]
}

fn set(
    status: &mut NamespaceStatus,
    type_: NamespaceConditionType,
    is_so: bool,
    reason: &str,
    message: String,
    now: Time,
) {
    let new = NamespaceCondition {
        type_,
        status: if is_so { ConditionStatus::True } else { ConditionStatus::False },
        last_transition_time: Some(now),
        reason: reason.to_owned(),
        message,
    };
    match status.conditions.iter_mut().find(|condition| condition.type_ == new.type_) {
        Some(old) if old.status == new.status && old.message == new.message && old.reason == new.reason => {}
        Some(old) => *old = new,
        None => status.conditions.push(new),
    }
}
