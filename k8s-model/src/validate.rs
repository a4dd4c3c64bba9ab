//! What the API server refuses: create-time validation with upstream's field paths, error types and messages, all at once.
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
mod claim;
mod config;
mod container;
mod env;
mod error;
mod errors;
mod handler;
mod meta;
pub(crate) mod names;
mod pod;
mod projection;
mod scheduling;
mod security;
mod vendor;
mod volume;

pub(crate) use env::split_subscript;
pub use error::{ErrorType, FieldError};
pub(crate) use security::dotted;

use crate::object::Object;
use errors::Errors;

/// Validates an object that is to be created; the list is empty when it is valid.
#[must_use]
pub fn validate(object: &Object) -> Vec<FieldError> {
    let mut errors = Errors::default();
    match object {
        Object::Pod(object) => pod::pod(object, &mut errors),
        Object::ConfigMap(object) => config::config_map(object, &mut errors),
        Object::Secret(object) => config::secret(object, &mut errors),
        _ => {}
    }
    errors.0
}
