//! References from one object to another.

use crate::schema::object;

object! {
    /// An object of any kind, or a part of one.
    pub struct ObjectReference {
        /// Its kind.
        pub kind: String = "kind",
        /// Its namespace; empty for kinds that have none.
        pub namespace: String = "namespace",
        /// Its name.
        pub name: String = "name",
        /// Its identifier.
        pub uid: String = "uid",
        /// The version of its kind, with its group.
        pub api_version: String = "apiVersion",
        /// The state of the object that is meant.
        pub resource_version: String = "resourceVersion",
        /// The part of the object that is meant, such as `spec.containers{web}`.
        pub field_path: String = "fieldPath",
    }

    /// A secret of any namespace.
    pub struct SecretReference {
        /// Its name.
        pub name: String = "name",
        /// Its namespace.
        pub namespace: String = "namespace",
    }
}
