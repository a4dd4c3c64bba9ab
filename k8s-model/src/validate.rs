//! What the API server refuses, at a creation and at an update, with upstream's field paths, error types and messages, all at once.
//!
//! The rules are those of Kubernetes 1.36 with its default feature gates. An object is validated after
//! [defaulting](crate::default::default), as the server does; fields that defaulting fills in are required here.
//!
//! ```
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::default::default;
//!
//! let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: Web\nspec:\n  containers:\n  - name: web\n";
//! let mut document = decode_str(text, "web.yaml", Mode::Strict).documents.remove(0);
//! default(&mut document.object);
//! let problems: Vec<String> = document.validate().iter().map(ToString::to_string).collect();
//! assert_eq!(problems[1], "web.yaml:7:5: spec.containers[0].image: Required value");
//! assert!(problems[0].starts_with("web.yaml:4:9: metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 subdomain"));
//! ```
//!
//! Not covered: what only a cluster knows (does the service account exist, may this user set that), Windows pods beyond the form of
//! their options, and `managedFields`.

mod amounts;
mod autoscaling;
mod batch;
mod claim;
mod cluster;
mod config;
mod container;
mod env;
mod error;
mod errors;
mod handler;
mod ingress;
mod limits;
mod meta;
pub(crate) mod names;
mod network;
mod persistent;
mod pod;
mod projection;
mod rbac;
mod scheduling;
mod security;
mod service;
mod storage;
mod update;
mod vendor;
mod volume;
mod warnings;
mod workload;

pub(crate) use env::split_subscript;
pub use error::{ErrorType, FieldError};
pub(crate) use security::dotted;
pub use update::validate_update;
pub use warnings::warnings;

use crate::object::Object;
use errors::Errors;

/// Validates an object that is to be created; the list is empty when it is valid. Of a kind that is not modelled nothing is known,
/// so nothing is wrong with it.
#[must_use]
pub fn validate(object: &Object) -> Vec<FieldError> {
    let mut errors = Errors::default();
    create(object, &mut errors);
    errors.0
}

fn create(object: &Object, errors: &mut Errors) {
    match object {
        Object::Pod(object) => pod::pod(object, errors),
        Object::PodTemplate(object) => workload::pod_template(object, errors),
        Object::ConfigMap(object) => config::config_map(object, errors),
        Object::Secret(object) => config::secret(object, errors),
        Object::ServiceAccount(object) => cluster::service_account(object, errors),
        Object::ReplicationController(object) => workload::replication_controller(object, errors),
        Object::ReplicaSet(object) => workload::replica_set(object, errors),
        Object::Deployment(object) => workload::deployment(object, errors),
        Object::DaemonSet(object) => workload::daemon_set(object, errors),
        Object::StatefulSet(object) => workload::stateful_set(object, errors),
        Object::ControllerRevision(object) => workload::controller_revision(object, errors),
        Object::Job(object) => batch::job(object, errors),
        Object::CronJob(object) => batch::cron_job(object, errors),
        Object::Service(object) => service::service(object, errors),
        Object::Endpoints(object) => network::endpoints(object, errors),
        Object::EndpointSlice(object) => network::endpoint_slice(object, errors),
        Object::Ingress(object) => ingress::ingress(object, errors),
        Object::IngressClass(object) => ingress::ingress_class(object, errors),
        Object::NetworkPolicy(object) => network::network_policy(object, errors),
        Object::PersistentVolume(object) => persistent::volume(object, errors),
        Object::PersistentVolumeClaim(object) => persistent::claim_object(object, errors),
        Object::StorageClass(object) => storage::class(object, errors),
        Object::CsiDriver(object) => storage::csi_driver(object, errors),
        Object::VolumeAttachment(object) => storage::attachment(object, errors),
        Object::Namespace(object) => cluster::namespace(object, errors),
        Object::Node(object) => cluster::node(object, errors),
        Object::LimitRange(object) => limits::limit_range(object, errors),
        Object::ResourceQuota(object) => limits::quota(object, errors),
        Object::RuntimeClass(object) => cluster::runtime_class(object, errors),
        Object::PriorityClass(object) => cluster::priority_class(object, errors),
        Object::Lease(object) => cluster::lease(object, errors),
        Object::Role(object) => rbac::role(object, errors),
        Object::ClusterRole(object) => rbac::cluster_role(object, errors),
        Object::RoleBinding(object) => rbac::role_binding(object, errors),
        Object::ClusterRoleBinding(object) => rbac::cluster_role_binding(object, errors),
        Object::HorizontalPodAutoscaler(object) => autoscaling::autoscaler(object, errors),
        Object::Scale(object) => autoscaling::scale(object, errors),
        Object::PodDisruptionBudget(object) => autoscaling::disruption_budget(object, errors),
        Object::List(list) => {
            for object in &list.items {
                create(object, errors);
            }
        }
        other => {
            if let Some(metadata) = other.metadata() {
                meta::named(metadata, names::path_segment, &crate::path::Path::new("metadata"), errors);
            }
        }
    }
}
