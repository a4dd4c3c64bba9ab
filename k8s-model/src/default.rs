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

mod container;
mod pod;
mod volume;

use crate::core::{Secret, SecretType};
use crate::object::Object;
use crate::schema::Bytes;

pub use pod::pod;

/// Fills in the defaults of an object.
pub fn default(object: &mut Object) {
    match object {
        Object::Pod(pod) => self::pod(pod),
        Object::Secret(secret) => self::secret(secret),
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
