//! Conversions to and from the types of `k8s-openapi` (feature `k8s-openapi`), so that a client's objects can be defaulted,
//! validated, selected and planned with.
//!
//! ```
//! use k8s_model::object::Object;
//! use k8s_model::openapi;
//!
//! let theirs = k8s_openapi::api::core::v1::Namespace::default();
//! let mut ours = openapi::from(&theirs)?;
//! ours.metadata_mut().expect("a namespace has metadata").name = "prod".into();
//! let theirs: k8s_openapi::api::core::v1::Namespace = openapi::to(&ours)?;
//! assert_eq!(theirs.metadata.name.as_deref(), Some("prod"));
//! # Ok::<(), openapi::OpenapiError>(())
//! ```

use std::fmt;

use k8s_openapi::Resource;
use k8s_openapi::serde::Serialize;
use k8s_openapi::serde::de::DeserializeOwned;
use serde_json::Value;

use crate::decode::{Mode, decode_str};
use crate::encode::to_json;
use crate::object::Object;

/// Makes an object of one of k8s-openapi's; old versions are converted, as when they are decoded.
///
/// # Errors
///
/// On an object that is no manifest of its kind: a quantity `ten`, a field that is not known here.
pub fn from<K: Resource + Serialize>(theirs: &K) -> Result<Object, OpenapiError> {
    let error = |reason: String| OpenapiError::new(K::API_VERSION, K::KIND, reason);
    let json = serde_json::to_string(theirs).map_err(|cause| error(cause.to_string()))?;
    let decoded = decode_str(&json, "", Mode::Strict);
    if decoded.has_errors() {
        let problems: Vec<String> = decoded
            .problems
            .iter()
            .map(|problem| format!("{}: {}", problem.path(), problem.message()))
            .collect();
        return Err(error(problems.join("; ")));
    }
    let document = decoded.documents.into_iter().next().ok_or_else(|| error("there is no object".into()))?;
    Ok(document.object)
}

/// Makes one of k8s-openapi's objects of an object.
///
/// # Errors
///
/// On another kind or version (a `Pod` as a `Service`), and on a field that would be lost.
pub fn to<K: Resource + Serialize + DeserializeOwned>(object: &Object) -> Result<K, OpenapiError> {
    let error = |reason: String| OpenapiError::new(K::API_VERSION, K::KIND, reason);
    let json = to_json(object);
    let theirs: K = serde_json::from_str(&json).map_err(|cause| error(cause.to_string()))?;
    let ours: Value = serde_json::from_str(&json).map_err(|cause| error(cause.to_string()))?;
    let back = serde_json::to_value(&theirs).map_err(|cause| error(cause.to_string()))?;
    match lost("", &ours, &back) {
        Some(path) => Err(error(format!("`{path}` would be lost"))),
        None => Ok(theirs),
    }
}

/// The path of something that the second value does not have.
fn lost(path: &str, ours: &Value, theirs: &Value) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => ours.iter().find_map(|(name, value)| {
            let path = crate::path::join(path, name);
            lost(&path, value, theirs.get(name).unwrap_or(&Value::Null))
        }),
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => ours
            .iter()
            .zip(theirs)
            .enumerate()
            .find_map(|(index, (ours, theirs))| lost(&format!("{path}[{index}]"), ours, theirs)),
        (ours, theirs) if ours == theirs || is_empty(ours) => None,
        _ => Some(path.to_owned()),
    }
}

/// Whether it says nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_empty),
        _ => false,
    }
}

/// Why an object cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenapiError {
    api_version: &'static str,
    kind: &'static str,
    reason: String,
}

impl OpenapiError {
    const fn new(api_version: &'static str, kind: &'static str, reason: String) -> Self {
        Self { api_version, kind, reason }
    }
}

impl fmt::Display for OpenapiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot convert a `{}` of `{}`: {}", self.kind, self.api_version, self.reason)
    }
}

impl std::error::Error for OpenapiError {}
