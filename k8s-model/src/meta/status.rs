//! What a server answers when it does not send an object.

use super::ListMeta;
use crate::schema::{object, open_enum};

object! {
    /// What became of a request.
    pub struct Status {
        /// What lists say of themselves; empty.
        pub metadata: ListMeta = "metadata",
        /// `Success` or `Failure`.
        pub status: String = "status",
        /// What happened, for people.
        pub message: String = "message",
        /// Why it failed, in one word.
        pub reason: StatusReason = "reason",
        /// What it has to do with.
        pub details: Option<Box<StatusDetails>> = "details",
        /// The code of HTTP.
        pub code: i32 = "code",
    }

    /// What a failure has to do with.
    pub struct StatusDetails {
        /// The name of the object.
        pub name: String = "name",
        /// The group of its kind.
        pub group: String = "group",
        /// Its kind, or the name of its resource.
        pub kind: String = "kind",
        /// Its identifier.
        pub uid: String = "uid",
        /// What is wrong, one by one.
        pub causes: Vec<StatusCause> = "causes",
        /// After how many seconds it can be tried again.
        pub retry_after_seconds: i32 = "retryAfterSeconds",
    }

    /// One thing that is wrong.
    pub struct StatusCause {
        /// What it is, in one word.
        pub reason: CauseType = "reason",
        /// What it is, for people.
        pub message: String = "message",
        /// The field that it is about: `spec.containers[0].name`.
        pub field: String = "field",
    }
}

open_enum! {
    /// Why a request failed.
    pub enum StatusReason {
        /// There is such an object already.
        AlreadyExists = "AlreadyExists",
        /// The request makes no sense.
        BadRequest = "BadRequest",
        /// The object was changed in between.
        Conflict = "Conflict",
        /// What is asked for is too old.
        Expired = "Expired",
        /// It is not allowed.
        Forbidden = "Forbidden",
        /// It is gone for good.
        Gone = "Gone",
        /// The server did something wrong.
        InternalError = "InternalError",
        /// The object breaks a rule.
        Invalid = "Invalid",
        /// This cannot be done with such objects.
        MethodNotAllowed = "MethodNotAllowed",
        /// The answer cannot have the form that was asked for.
        NotAcceptable = "NotAcceptable",
        /// There is no such object.
        NotFound = "NotFound",
        /// The request is too large.
        RequestEntityTooLarge = "RequestEntityTooLarge",
        /// The server could not finish in time; try again.
        ServerTimeout = "ServerTimeout",
        /// The server cannot answer now.
        ServiceUnavailable = "ServiceUnavailable",
        /// What is stored could not be read.
        StorageReadError = "StorageReadError",
        /// It was not done in the time that was given.
        Timeout = "Timeout",
        /// There are too many requests.
        TooManyRequests = "TooManyRequests",
        /// It is not known who asks.
        Unauthorized = "Unauthorized",
        /// The request has a form that is not known.
        UnsupportedMediaType = "UnsupportedMediaType",
    }

    /// What one thing that is wrong is.
    pub enum CauseType {
        /// Somebody else manages the field.
        FieldManagerConflict = "FieldManagerConflict",
        /// The value stands elsewhere already.
        FieldValueDuplicate = "FieldValueDuplicate",
        /// No value is allowed here.
        FieldValueForbidden = "FieldValueForbidden",
        /// The value is malformed.
        FieldValueInvalid = "FieldValueInvalid",
        /// The value names nothing.
        FieldValueNotFound = "FieldValueNotFound",
        /// The value is none of those that exist.
        FieldValueNotSupported = "FieldValueNotSupported",
        /// A value is missing.
        FieldValueRequired = "FieldValueRequired",
        /// The value is too long.
        FieldValueTooLong = "FieldValueTooLong",
        /// There are too many values.
        FieldValueTooMany = "FieldValueTooMany",
        /// The value is of the wrong type.
        FieldValueTypeInvalid = "FieldValueTypeInvalid",
        /// Something went wrong inside.
        InternalError = "InternalError",
        /// The state that is asked for has not come yet.
        ResourceVersionTooLarge = "ResourceVersionTooLarge",
        /// The server answered something that was not expected.
        UnexpectedServerResponse = "UnexpectedServerResponse",
    }
}
