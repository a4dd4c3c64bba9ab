//! Where the errors of an object are collected.

use std::fmt;

use super::{ErrorType, FieldError};
use crate::encode::{Part, to_json};
use crate::path::Path;
use crate::schema::Value;

/// The errors so far.
#[derive(Debug, Default)]
pub(super) struct Errors(pub(super) Vec<FieldError>);

/// A value as messages show it (Go's `%q` for text, JSON for what has parts).
pub(super) trait Shown {
    fn shown(&self) -> String;
}

impl Shown for &str {
    fn shown(&self) -> String {
        format!("{self:?}")
    }
}

impl Shown for &String {
    fn shown(&self) -> String {
        format!("{self:?}")
    }
}

impl Shown for i32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for i64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for &[String] {
    fn shown(&self) -> String {
        format!("{self:?}").replace("\", \"", "\",\"")
    }
}

/// A part of an object, shown as its JSON.
pub(super) struct Json<'v>(pub(super) &'v dyn Value);

impl Shown for Json<'_> {
    fn shown(&self) -> String {
        to_json(&Part(self.0))
    }
}

impl Errors {
    fn push(&mut self, field: &dyn fmt::Display, error_type: ErrorType, value: String, detail: String) {
        self.0.push(FieldError { field: field.to_string(), error_type, value, detail });
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn required(&mut self, path: &Path<'_>, detail: &str) {
        self.push(path, ErrorType::Required, String::new(), detail.to_owned());
    }

    pub(super) fn invalid(&mut self, path: &Path<'_>, value: impl Shown, detail: impl Into<String>) {
        self.push(path, ErrorType::Invalid, value.shown(), detail.into());
    }

    /// An invalid value for each message.
    pub(super) fn invalid_all(
        &mut self,
        path: &Path<'_>,
        value: impl Shown,
        messages: impl IntoIterator<Item = String>,
    ) {
        for message in messages {
            self.push(path, ErrorType::Invalid, value.shown(), message);
        }
    }

    /// A value that is none of those that are possible; they are told in the order given.
    pub(super) fn not_supported(&mut self, path: &Path<'_>, value: impl Shown, supported: &[&str]) {
        let supported: Vec<String> = supported.iter().map(|text| format!("{text:?}")).collect();
        let detail = format!("supported values: {}", supported.join(", "));
        self.push(path, ErrorType::NotSupported, value.shown(), detail);
    }

    pub(super) fn duplicate(&mut self, path: &Path<'_>, value: impl Shown) {
        self.push(path, ErrorType::Duplicate, value.shown(), String::new());
    }

    /// The same with a word on what must be unique.
    pub(super) fn duplicate_with(&mut self, path: &Path<'_>, value: impl Shown, detail: &str) {
        self.push(path, ErrorType::Duplicate, value.shown(), detail.to_owned());
    }

    pub(super) fn not_found(&mut self, path: &Path<'_>, value: impl Shown) {
        self.push(path, ErrorType::NotFound, value.shown(), String::new());
    }

    pub(super) fn forbidden(&mut self, path: &Path<'_>, detail: &str) {
        self.push(path, ErrorType::Forbidden, String::new(), detail.to_owned());
    }

    pub(super) fn too_long(&mut self, path: &Path<'_>, max: usize) {
        self.push(path, ErrorType::TooLong, String::new(), format!("may not be more than {max} bytes"));
    }

    pub(super) fn too_many(&mut self, path: &Path<'_>, actual: usize, max: usize) {
        self.push(path, ErrorType::TooMany, actual.to_string(), format!("must have at most {max} items"));
    }

    /// A number that must not be negative.
    pub(super) fn non_negative(&mut self, path: &Path<'_>, value: i64) {
        if value < 0 {
            self.invalid(path, value, "must be greater than or equal to 0");
        }
    }
}

/// Labels, shown as JSON; none of them as null.
impl Shown for &std::collections::BTreeMap<String, String> {
    fn shown(&self) -> String {
        if self.is_empty() { "null".to_owned() } else { to_json(&Part(*self)) }
    }
}

/// A number or a percentage, shown as JSON.
impl Shown for &crate::int_or_string::IntOrString {
    fn shown(&self) -> String {
        to_json(&Part(*self))
    }
}

/// An amount, shown as text.
impl Shown for &pod_core::quantity::Quantity {
    fn shown(&self) -> String {
        format!("{:?}", self.to_string())
    }
}
