//! Parts of a cluster where volumes can be.

use crate::schema::object;

object! {
    /// Parts of a cluster; all conditions must be true.
    pub struct TopologySelectorTerm {
        /// The conditions.
        pub match_label_expressions: Vec<TopologySelectorLabelRequirement> = "matchLabelExpressions",
    }

    /// A condition on a label of a part of the cluster.
    pub struct TopologySelectorLabelRequirement {
        /// The label.
        pub key: String = "key" always,
        /// The values of which it has one.
        pub values: Vec<String> = "values" always,
    }
}
