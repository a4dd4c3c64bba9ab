//! Changing objects: JSON Patch, JSON merge patch, strategic merge patch, and what `kubectl apply` makes of three versions.
//!
//! Patches work on untyped JSON, so that a field that nobody knows survives; a [`Schema`] says by which key the lists of a kind
//! are merged (`patchStrategy` and `patchMergeKey` of `k8s.io/api` 1.36).
//!
//! ```
//! use k8s_model::patch::{PatchType, Schema, patch};
//! use serde_json::json;
//!
//! let pod = json!({"spec": {"containers": [{"name": "web", "image": "nginx:1"}, {"name": "log", "image": "log:1"}]}});
//! let change = json!({"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}});
//! let schema = Schema::of("v1", "Pod");
//! let patched = patch(&pod, &change, PatchType::Strategic, schema)?;
//! assert_eq!(patched["spec"]["containers"][0]["image"], "nginx:2");
//! assert_eq!(patched["spec"]["containers"][1]["name"], "log");
//! // A merge patch knows of no keys: the list is replaced.
//! let patched = patch(&pod, &change, PatchType::Merge, schema)?;
//! assert_eq!(patched["spec"]["containers"].as_array().map(Vec::len), Some(1));
//! # Ok::<(), k8s_model::patch::PatchError>(())
//! ```

mod apply;
mod directive;
mod error;
mod json;
mod list;
mod merge;
mod schema;
mod strategic;
mod strategic_diff;

pub use apply::{
    Applied, CHANGE_CAUSE, LAST_APPLIED, Outcome, apply, change_cause, set_change_cause, three_way,
};
pub use error::PatchError;
pub use json::{json_diff, json_patch};
pub use merge::{merge_diff, merge_patch};
pub use schema::{ListStrategy, Schema};
pub use strategic::strategic_patch;
pub use strategic_diff::strategic_diff;

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// The languages of patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatchType {
    /// A list of operations (RFC 6902): `application/json-patch+json`.
    Json,
    /// A tree whose nulls delete (RFC 7396): `application/merge-patch+json`.
    Merge,
    /// A tree whose lists are merged by keys, with directives: `application/strategic-merge-patch+json`.
    Strategic,
}

impl PatchType {
    /// The content type that an API server knows it by.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Strategic => "application/strategic-merge-patch+json",
        }
    }

    /// The word of `kubectl patch --type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Merge => "merge",
            Self::Strategic => "strategic",
        }
    }
}

impl fmt::Display for PatchType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no [`PatchType`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsePatchTypeError(String);

impl fmt::Display for ParsePatchTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no type of patch: it is one of `json`, `merge` and `strategic`", self.0)
    }
}

impl std::error::Error for ParsePatchTypeError {}

impl FromStr for PatchType {
    type Err = ParsePatchTypeError;

    /// Reads `json`, `merge` or `strategic`.
    ///
    /// # Errors
    ///
    /// On any other word, `JSON` among them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Json, Self::Merge, Self::Strategic]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| ParsePatchTypeError(text.to_owned()))
    }
}

/// Applies a patch of some type to an object.
///
/// # Errors
///
/// Those of [`json_patch`] and [`strategic_patch`], and a merge patch or strategic merge patch that is no mapping.
pub fn patch(
    object: &Value,
    patch: &Value,
    patch_type: PatchType,
    schema: Schema,
) -> Result<Value, PatchError> {
    match patch_type {
        PatchType::Json => json_patch(object, patch),
        PatchType::Merge if patch.is_object() => Ok(merge_patch(object, patch)),
        PatchType::Merge => Err(PatchError::not_a_map("", patch)),
        PatchType::Strategic => strategic_patch(object, patch, schema),
    }
}
