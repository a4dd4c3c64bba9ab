//! What the API server fills in where nothing was said (`SetDefaults_…` of Kubernetes 1.36).
//!
//! Defaulting twice is the same as once.
//!
//! ```
//! use k8s_model::core::{DnsPolicy, PullPolicy};
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::default::default;
//! use k8s_model::object::Object;
//!
//! let text = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, image: nginx:1.27}]}}";
//! let mut object = decode_str(text, "web.yaml", Mode::Strict).documents.remove(0).object;
//! default(&mut object);
//! let Object::Pod(pod) = &object else { unreachable!() };
//! assert_eq!(pod.spec.dns_policy, DnsPolicy::ClusterFirst);
//! assert_eq!(pod.spec.containers[0].image_pull_policy, PullPolicy::IfNotPresent);
//! ```

mod autoscaling;
mod cluster;
mod container;
mod network;
mod pod;
mod storage;
mod volume;
mod workload;

use crate::core::{Secret, SecretType};
use crate::object::Object;
use crate::schema::Bytes;

pub use pod::pod;

/// Fills in the defaults of an object; a list's are those of its objects. A kind that is not modelled has none.
pub fn default(object: &mut Object) {
    match object {
        Object::Pod(object) => self::pod(object),
        Object::Secret(object) => self::secret(object),
        Object::PodTemplate(object) => workload::template(&mut object.template),
        Object::ReplicationController(object) => workload::replication_controller(object),
        Object::Deployment(object) => workload::deployment(object),
        Object::ReplicaSet(object) => workload::replica_set(object),
        Object::DaemonSet(object) => workload::daemon_set(object),
        Object::StatefulSet(object) => workload::stateful_set(object),
        Object::Job(object) => workload::job(object),
        Object::CronJob(object) => workload::cron_job(object),
        Object::Service(object) => network::service(object),
        Object::Endpoints(object) => network::endpoints(object),
        Object::EndpointSlice(object) => network::endpoint_slice(object),
        Object::IngressClass(object) => network::ingress_class(object),
        Object::NetworkPolicy(object) => network::network_policy(object),
        Object::PersistentVolume(object) => storage::volume(object),
        Object::PersistentVolumeClaim(object) => storage::claim(object),
        Object::StorageClass(object) => storage::class(object),
        Object::CsiDriver(object) => storage::csi_driver(object),
        Object::VolumeAttachment(object) => storage::attachment(object),
        Object::HorizontalPodAutoscaler(object) => autoscaling::autoscaler(object),
        Object::Namespace(object) => cluster::namespace(object),
        Object::Node(object) => cluster::node(object),
        Object::LimitRange(object) => cluster::limit_range(object),
        Object::ResourceQuota(object) => cluster::quota(object),
        Object::RuntimeClass(object) => cluster::runtime_class(object),
        Object::RoleBinding(object) => cluster::binding(&mut object.subjects, &mut object.role_ref),
        Object::ClusterRoleBinding(object) => cluster::binding(&mut object.subjects, &mut object.role_ref),
        Object::PriorityClass(object) => cluster::priority_class(object),
        Object::List(list) => list.items.iter_mut().for_each(default),
        // The other kinds have no defaults.
        _ => {}
    }
}

/// Fills in the type of a secret, and moves its plain texts into its data, as the API server does when it stores one.
pub fn secret(secret: &mut Secret) {
    if secret.type_.is_unset() {
        secret.type_ = SecretType::Opaque;
    }
    for (key, text) in std::mem::take(&mut secret.string_data) {
        secret.data.insert(key, Bytes(text.into_bytes()));
    }
}

/// Rounds amounts up to thousandths, the least that the API server stores.
fn round_up(list: &mut crate::resources::ResourceList) {
    for quantity in list.values_mut() {
        *quantity = quantity.round_up_to_milli();
    }
}
