//! An error of a field, as upstream has it (`k8s.io/apimachinery/pkg/util/validation/field`).

use std::fmt;

/// What sort of error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorType {
    /// A value that must be there is not.
    Required,
    /// A value is not as it must be.
    Invalid,
    /// A value is none of those that are possible.
    NotSupported,
    /// A value that must be unique is there twice.
    Duplicate,
    /// A value refers to something that is not there.
    NotFound,
    /// A value is not allowed here.
    Forbidden,
    /// A text has too many bytes.
    TooLong,
    /// A list has too many elements.
    TooMany,
    /// A value is of the wrong type.
    TypeInvalid,
    /// Something that is the caller's fault in no field.
    Internal,
}

impl ErrorType {
    /// The words that a message begins with: `Required value`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Duplicate => "Duplicate value",
            Self::NotFound => "Not found",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }

    /// The reason in the status of an API server: `FieldValueRequired`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid => "FieldValueInvalid",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Duplicate => "FieldValueDuplicate",
            Self::NotFound => "FieldValueNotFound",
            Self::Forbidden => "FieldValueForbidden",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Internal => "InternalError",
        }
    }
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An error of a field: shown as `field.path: Type: value: detail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The path of the field, such as `spec.containers[0].name`.
    pub field: String,
    /// What sort of error it is.
    pub error_type: ErrorType,
    /// The value that is wrong, as it is shown: text in double quotes, numbers and lists as JSON. Empty where none is shown.
    pub value: String,
    /// What is wrong with it; may be empty.
    pub detail: String,
}

impl FieldError {
    /// What is wrong, without the path: `Invalid value: "Web": must be …`.
    #[must_use]
    pub fn detail_line(&self) -> String {
        let parts = [self.error_type.as_str(), &self.value, &self.detail];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.detail_line())
    }
}

impl std::error::Error for FieldError {}
