//! Metadata that objects of all kinds have (`k8s.io/apimachinery/pkg/apis/meta/v1`).

mod condition;
mod delete;
mod list;
mod status;
mod table;

pub use condition::Condition;
pub use delete::{DeleteOptions, DeletionPropagation, Preconditions};
pub use list::{ListMeta, ShardInfo};
pub use status::{CauseType, Status, StatusCause, StatusDetails, StatusReason};
pub use table::{RowConditionType, Table, TableColumnDefinition, TableRow, TableRowCondition};

use std::collections::BTreeMap;

use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// What every object says of itself.
    pub struct ObjectMeta {
        /// The name, unique in its namespace among objects of its kind; often a DNS subdomain (RFC 1123).
        pub name: String = "name",
        /// The beginning of a name that the server completes, when `name` is empty.
        pub generate_name: String = "generateName",
        /// The namespace; empty is `default`, and for kinds that have none.
        pub namespace: String = "namespace",
        /// A URL of the object; no longer filled in.
        pub self_link: String = "selfLink",
        /// The identifier that no other object ever has.
        pub uid: String = "uid",
        /// A token that changes with each write; opaque.
        pub resource_version: String = "resourceVersion",
        /// Counts the changes of what is wanted (`spec`).
        pub generation: i64 = "generation",
        /// When the server made the object.
        pub creation_timestamp: Option<Time> = "creationTimestamp",
        /// When the object is to go away; set by the server when deletion was asked for.
        pub deletion_timestamp: Option<Time> = "deletionTimestamp",
        /// How many seconds a graceful deletion takes.
        pub deletion_grace_period_seconds: Option<i64> = "deletionGracePeriodSeconds",
        /// Texts to select objects by.
        pub labels: BTreeMap<String, String> = "labels",
        /// Texts for tools and people; nothing is selected by them. At most 256 KiB together.
        pub annotations: BTreeMap<String, String> = "annotations",
        /// The objects that this one belongs to; it goes when all of them are gone.
        pub owner_references: Vec<OwnerReference> = "ownerReferences" [merge "uid"],
        /// Who must do something before the object may go.
        pub finalizers: Vec<String> = "finalizers" [merge],
        /// Who last set which fields.
        pub managed_fields: Vec<ManagedFieldsEntry> = "managedFields",
    }

    /// An object that another one belongs to, in the same namespace or without one.
    pub struct OwnerReference {
        /// The version of the owner, with its group.
        pub api_version: String = "apiVersion" always,
        /// The kind of the owner.
        pub kind: String = "kind" always,
        /// The name of the owner.
        pub name: String = "name" always,
        /// The identifier of the owner.
        pub uid: String = "uid" always,
        /// Whether this owner is the one that controls the object; at most one is.
        pub controller: Option<bool> = "controller",
        /// Whether the owner cannot be deleted in the foreground before this object.
        pub block_owner_deletion: Option<bool> = "blockOwnerDeletion",
    }

    /// The fields that one manager set by one operation.
    pub struct ManagedFieldsEntry {
        /// The manager, such as `kubectl`.
        pub manager: String = "manager",
        /// What it did.
        pub operation: ManagedFieldsOperationType = "operation",
        /// The version of the object that the fields are named after.
        pub api_version: String = "apiVersion",
        /// When it last changed the set.
        pub time: Option<Time> = "time",
        /// The form of the set; `FieldsV1` is the only one.
        pub fields_type: String = "fieldsType",
        /// The set, in the form that `fieldsType` says.
        pub fields_v1: Option<serde_json::Value> = "fieldsV1",
        /// The subresource that was written; empty is the object itself.
        pub subresource: String = "subresource",
    }

    /// Which labels match: all that is said must be true. An empty selector matches everything, an absent one
    /// nothing.
    pub struct LabelSelector {
        /// Labels that must have exactly these values.
        pub match_labels: BTreeMap<String, String> = "matchLabels",
        /// Further conditions.
        pub match_expressions: Vec<LabelSelectorRequirement> = "matchExpressions",
    }

    /// A condition on one label.
    pub struct LabelSelectorRequirement {
        /// The label.
        pub key: String = "key" always,
        /// How its value is compared.
        pub operator: LabelSelectorOperator = "operator" always,
        /// What it is compared with; empty for `Exists` and `DoesNotExist`.
        pub values: Vec<String> = "values",
    }
}

open_enum! {
    /// How a manager set fields.
    pub enum ManagedFieldsOperationType {
        /// By server-side apply.
        Apply = "Apply",
        /// By any other write.
        Update = "Update",
    }

    /// How a label is compared.
    pub enum LabelSelectorOperator {
        /// The label is not there.
        DoesNotExist = "DoesNotExist",
        /// The label is there, whatever its value.
        Exists = "Exists",
        /// The value is one of those given.
        In = "In",
        /// The value is none of those given, or the label is not there.
        NotIn = "NotIn",
    }
}
