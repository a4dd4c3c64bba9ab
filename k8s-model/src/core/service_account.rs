//! Service accounts.

use super::{LocalObjectReference, ObjectReference};
use crate::meta::ObjectMeta;
use crate::schema::object;

object! {
    /// Who the processes of a pod are for the API.
    pub struct ServiceAccount {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// The secrets that its pods may use.
        pub secrets: Vec<ObjectReference> = "secrets" [merge "name"],
        /// Secrets with credentials for registries, for pods that name none.
        pub image_pull_secrets: Vec<LocalObjectReference> = "imagePullSecrets",
        /// Whether its pods get its token, unless they say otherwise.
        pub automount_service_account_token: Option<bool> = "automountServiceAccountToken",
    }
}
