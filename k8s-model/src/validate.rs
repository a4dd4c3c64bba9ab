//! What the API server refuses: create-time validation with upstream's field paths, error types and messages, all at once.

mod error;

pub use error::{ErrorType, FieldError};

use crate::object::Object;

/// Validates an object that is to be created, after defaulting.
#[must_use]
pub fn validate(_object: &Object) -> Vec<FieldError> {
    Vec::new()
}
