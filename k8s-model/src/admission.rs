//! What an API server does with an object that comes in, beside [defaulting](crate::default::default) and
//! [validating](crate::validate::validate) it: the admission plugins that change or refuse it because of other objects of the cluster, each a
//! step of its own.
//!
//! A pod alone needs none of it. A manifest that is to be judged as some cluster would judge it does: the cluster's objects are put
//! into a [`Cluster`], and [`admit`] takes the steps in upstream's order. [`plan::store`](crate::plan::store) keeps objects as a server does,
//! and asks nothing: whoever takes objects in from outside calls [`without_status`] and [`admit`] before.
//!
//! ```
//! use k8s_model::admission::{Cluster, STEPS, admit};
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::default::default;
//!
//! let text = "
//! apiVersion: v1
//! kind: LimitRange
//! metadata: {name: small}
//! spec: {limits: [{type: Container, max: {cpu: 800m}}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web}
//! spec: {containers: [{name: web, image: nginx, resources: {limits: {cpu: '1'}}}]}
//! ";
//! let mut objects = decode_str(text, "web.yaml", Mode::Strict).documents.into_iter().map(|document| document.object);
//! let mut cluster = Cluster::default();
//! cluster.extend(objects.next());
//! let mut pod = objects.next().unwrap();
//! default(&mut pod);
//! let refusal = admit(&mut pod, &mut cluster, STEPS).unwrap_err();
//! assert_eq!(refusal.to_string(), "maximum cpu usage per Container is 800m, but limit is 1");
//! assert_eq!(
//!     refusal.answer(&pod),
//!     "pods \"web\" is forbidden: maximum cpu usage per Container is 800m, but limit is 1",
//! );
//! ```
//!
//! Source: `plugin/pkg/admission` and `k8s.io/apiserver/pkg/admission/plugin`, Kubernetes 1.36. The messages are upstream's. Not here: pod
//! security, webhooks and policies, and steps at an update.

mod account;
mod class;
mod limits;
mod pod;
mod prepare;
mod quota;

use std::fmt;

pub use account::{service_account, service_account_token};
pub use class::{
    NAMESPACES, default_ingress_class, default_storage_class, namespace_lifecycle, protect_storage,
};
pub use limits::{check_limits, fill_in_limits};
pub use pod::{default_toleration_seconds, priority, priority_class, runtime_class};
pub use prepare::{keep_addresses, without_status};
pub use quota::resource_quota;

use crate::core::{LimitRange, Namespace, ResourceQuota, ServiceAccount};
use crate::default::default;
use crate::networking::IngressClass;
use crate::node::RuntimeClass;
use crate::object::Object;
use crate::plan::store::{Key, Named};
use crate::registry::{Scope, kind};
use crate::scheduling::PriorityClass;
use crate::storage::StorageClass;

/// A step of admission, by the name of upstream's plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The namespace must be there, and not be on its way out ([`namespace_lifecycle`]).
    NamespaceLifecycle,
    /// Requests and limits from the namespace's [`LimitRange`]s ([`fill_in_limits`]), and their bounds ([`check_limits`]).
    LimitRanger,
    /// The account of a pod and its pull secrets ([`service_account`]).
    ServiceAccount,
    /// The number of a class of priority ([`priority`], [`priority_class`]).
    Priority,
    /// Five minutes on a node that is not ready ([`default_toleration_seconds`]).
    DefaultTolerationSeconds,
    /// Overhead, labels and tolerations of a class of runtime ([`runtime_class`]).
    RuntimeClass,
    /// Finalizers of claims and volumes ([`protect_storage`]).
    StorageObjectInUseProtection,
    /// The class of a claim that names none ([`default_storage_class`]).
    DefaultStorageClass,
    /// The class of an ingress that names none ([`default_ingress_class`]).
    DefaultIngressClass,
    /// What the namespace may use as a whole ([`resource_quota`]).
    ResourceQuota,
}

/// All steps, in the order in which a server takes them.
pub const STEPS: &[Step] = &[
    Step::NamespaceLifecycle,
    Step::LimitRanger,
    Step::ServiceAccount,
    Step::Priority,
    Step::DefaultTolerationSeconds,
    Step::StorageObjectInUseProtection,
    Step::DefaultStorageClass,
    Step::RuntimeClass,
    Step::DefaultIngressClass,
    Step::ResourceQuota,
];

impl Step {
    /// The name of the plugin: `LimitRanger`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NamespaceLifecycle => "NamespaceLifecycle",
            Self::LimitRanger => "LimitRanger",
            Self::ServiceAccount => "ServiceAccount",
            Self::Priority => "Priority",
            Self::DefaultTolerationSeconds => "DefaultTolerationSeconds",
            Self::RuntimeClass => "RuntimeClass",
            Self::StorageObjectInUseProtection => "StorageObjectInUseProtection",
            Self::DefaultStorageClass => "DefaultStorageClass",
            Self::DefaultIngressClass => "DefaultIngressClass",
            Self::ResourceQuota => "ResourceQuota",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The objects of a cluster that the steps look at. Those that every cluster has need not be put in: the namespaces `default` and
/// `kube-…`, the account `default` of each namespace, and the two classes of priority of the system.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// The namespaces.
    pub namespaces: Vec<Namespace>,
    /// The service accounts of all namespaces.
    pub service_accounts: Vec<ServiceAccount>,
    /// The limits of all namespaces.
    pub limit_ranges: Vec<LimitRange>,
    /// The quotas of all namespaces, with what is used in their status; [`resource_quota`] adds to it.
    pub quotas: Vec<ResourceQuota>,
    /// The classes of priority.
    pub priority_classes: Vec<PriorityClass>,
    /// The classes of runtime.
    pub runtime_classes: Vec<RuntimeClass>,
    /// The classes of storage.
    pub storage_classes: Vec<StorageClass>,
    /// The classes of ingress.
    pub ingress_classes: Vec<IngressClass>,
}

/// Objects are defaulted as they come in, and those of lists are taken out; kinds that no step looks at are passed over.
impl Extend<Object> for Cluster {
    fn extend<I: IntoIterator<Item = Object>>(&mut self, objects: I) {
        for mut object in objects {
            if let Object::List(list) = object {
                self.extend(list.items);
                continue;
            }
            default(&mut object);
            self.extend([&object]);
        }
    }
}

/// Objects that are kept, and have their defaults.
impl<'o> Extend<&'o Object> for Cluster {
    fn extend<I: IntoIterator<Item = &'o Object>>(&mut self, objects: I) {
        for object in objects {
            match object {
                Object::Namespace(object) => self.namespaces.push((**object).clone()),
                Object::ServiceAccount(object) => self.service_accounts.push((**object).clone()),
                Object::LimitRange(object) => self.limit_ranges.push((**object).clone()),
                Object::ResourceQuota(object) => self.quotas.push((**object).clone()),
                Object::PriorityClass(object) => self.priority_classes.push((**object).clone()),
                Object::RuntimeClass(object) => self.runtime_classes.push((**object).clone()),
                Object::StorageClass(object) => self.storage_classes.push((**object).clone()),
                Object::IngressClass(object) => self.ingress_classes.push((**object).clone()),
                Object::List(list) => self.extend(&list.items),
                _ => {}
            }
        }
    }
}

/// Why an object is refused, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    step: Step,
    reasons: Vec<String>,
    /// Whether something is missing that the request itself names.
    is_not_found: bool,
}

impl Refusal {
    fn new(step: Step, reason: impl Into<String>) -> Self {
        Self { step, reasons: vec![reason.into()], is_not_found: false }
    }

    /// A refusal for reasons, if there are any.
    fn of(step: Step, reasons: Vec<String>) -> Result<(), Self> {
        if reasons.is_empty() { Ok(()) } else { Err(Self { step, reasons, is_not_found: false }) }
    }

    /// The step that refuses it.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// The reasons, one after the other.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }

    /// What a server answers to the request that brought the object: `pods "web" is forbidden: …`, or `namespaces "x" not found`.
    #[must_use]
    pub fn answer(&self, object: &Object) -> String {
        if self.is_not_found {
            return self.to_string();
        }
        let mut key = Key::of(object);
        if let Some(metadata) = object.metadata().filter(|metadata| metadata.name.is_empty()) {
            key.name.clone_from(&metadata.generate_name);
        }
        format!("{} is forbidden: {self}", Named(&key))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reasons.as_slice() {
            [one] => f.write_str(one),
            several => write!(f, "[{}]", several.join(", ")),
        }
    }
}

impl std::error::Error for Refusal {}

/// Takes the steps that are given, in their order: as a server does, first what changes the object, and then what only looks at it. The object
/// is one that was defaulted; a list is one object after the other.
///
/// # Errors
///
/// The first step that refuses it: a pod in a namespace that is not there, one that asks for more than a `LimitRange` lets it or a
/// `ResourceQuota` has left, one of a class of priority or runtime that there is not.
pub fn admit(object: &mut Object, cluster: &mut Cluster, steps: &[Step]) -> Result<(), Refusal> {
    if let Object::List(list) = object {
        return list.items.iter_mut().try_for_each(|object| admit(object, cluster, steps));
    }
    steps.iter().try_for_each(|step| change(*step, object, cluster))?;
    steps.iter().try_for_each(|step| check(*step, object, cluster))
}

fn change(step: Step, object: &mut Object, cluster: &Cluster) -> Result<(), Refusal> {
    match (step, object) {
        (Step::NamespaceLifecycle, object) => return namespace_lifecycle(object, &cluster.namespaces),
        (Step::LimitRanger, Object::Pod(pod)) => fill_in_limits(pod, &cluster.limit_ranges),
        (Step::ServiceAccount, Object::Pod(pod)) => return service_account(pod, &cluster.service_accounts),
        (Step::Priority, Object::Pod(pod)) => return priority(pod, &cluster.priority_classes),
        (Step::DefaultTolerationSeconds, Object::Pod(pod)) => default_toleration_seconds(&mut pod.spec),
        (Step::RuntimeClass, Object::Pod(pod)) => {
            return runtime_class(&mut pod.spec, &cluster.runtime_classes);
        }
        (Step::StorageObjectInUseProtection, object) => protect_storage(object),
        (Step::DefaultStorageClass, Object::PersistentVolumeClaim(claim)) => {
            default_storage_class(claim, &cluster.storage_classes);
        }
        (Step::DefaultIngressClass, Object::Ingress(ingress)) => {
            default_ingress_class(ingress, &cluster.ingress_classes);
        }
        _ => {}
    }
    Ok(())
}

fn check(step: Step, object: &Object, cluster: &mut Cluster) -> Result<(), Refusal> {
    match (step, object) {
        (Step::LimitRanger, object) => check_limits(object, &cluster.limit_ranges),
        (Step::Priority, Object::PriorityClass(class)) => priority_class(class, &cluster.priority_classes),
        (Step::ResourceQuota, object) => resource_quota(object, &mut cluster.quotas),
        _ => Ok(()),
    }
}

/// The namespace that a namespaced object is in; `None` for kinds that have none.
fn namespace_of(object: &Object) -> Option<&str> {
    let known = kind(object.api_version(), object.kind());
    if known.is_some_and(|known| known.scope != Scope::Namespaced) {
        return None;
    }
    let name = object.namespace();
    // Of a kind that is not known it is not known whether it has one.
    if known.is_none() && name.is_empty() {
        return None;
    }
    Some(or_default(name))
}

/// The name of a namespace; one that was not given is `default`.
fn or_default(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}
