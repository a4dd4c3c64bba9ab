//! Where a pod may run.

use crate::meta::LabelSelector;
use crate::schema::{object, open_enum};

object! {
    /// Which nodes, and which neighbours, suit a pod.
    pub struct Affinity {
        /// The nodes.
        pub node_affinity: Option<Box<NodeAffinity>> = "nodeAffinity",
        /// The pods it wants near.
        pub pod_affinity: Option<Box<PodAffinity>> = "podAffinity",
        /// The pods it wants far away.
        pub pod_anti_affinity: Option<Box<PodAntiAffinity>> = "podAntiAffinity",
    }

    /// Which nodes suit a pod.
    pub struct NodeAffinity {
        /// What a node must be; one of the terms must hold.
        pub required_during_scheduling_ignored_during_execution: Option<Box<NodeSelector>> = "requiredDuringSchedulingIgnoredDuringExecution",
        /// What a node had better be.
        pub preferred_during_scheduling_ignored_during_execution: Vec<PreferredSchedulingTerm> = "preferredDuringSchedulingIgnoredDuringExecution",
    }

    /// Nodes, by terms of which one must hold.
    pub struct NodeSelector {
        /// The terms; at least one.
        pub node_selector_terms: Vec<NodeSelectorTerm> = "nodeSelectorTerms" always,
    }

    /// Conditions that must all hold. One without conditions matches nothing.
    pub struct NodeSelectorTerm {
        /// Conditions on labels of the node.
        pub match_expressions: Vec<NodeSelectorRequirement> = "matchExpressions",
        /// Conditions on fields of the node: `metadata.name`.
        pub match_fields: Vec<NodeSelectorRequirement> = "matchFields",
    }

    /// A condition on a label or field of a node.
    pub struct NodeSelectorRequirement {
        /// The label or field.
        pub key: String = "key" always,
        /// How its value is compared.
        pub operator: NodeSelectorOperator = "operator" always,
        /// What it is compared with; empty for `Exists` and `DoesNotExist`, one whole number for `Gt` and
        /// `Lt`.
        pub values: Vec<String> = "values",
    }

    /// A term that makes a node better.
    pub struct PreferredSchedulingTerm {
        /// How much better, from 1 to 100.
        pub weight: i32 = "weight" always,
        /// The term; an empty one does nothing.
        pub preference: NodeSelectorTerm = "preference" always,
    }

    /// Which pods a pod wants near.
    pub struct PodAffinity {
        /// What must hold.
        pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm> = "requiredDuringSchedulingIgnoredDuringExecution",
        /// What had better hold.
        pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm> = "preferredDuringSchedulingIgnoredDuringExecution",
    }

    /// Which pods a pod wants far away.
    pub struct PodAntiAffinity {
        /// What must hold.
        pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm> = "requiredDuringSchedulingIgnoredDuringExecution",
        /// What had better hold.
        pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm> = "preferredDuringSchedulingIgnoredDuringExecution",
    }

    /// Pods near which, or far from which, a pod wants to be.
    pub struct PodAffinityTerm {
        /// The pods, by label; absent is none.
        pub label_selector: Option<Box<LabelSelector>> = "labelSelector",
        /// The namespaces of the pods; with `namespaceSelector` absent too, the pod's own.
        pub namespaces: Vec<String> = "namespaces",
        /// The label of nodes that says what near is; never empty.
        pub topology_key: String = "topologyKey" always,
        /// The namespaces of the pods, by label; an empty selector is all.
        pub namespace_selector: Option<Box<LabelSelector>> = "namespaceSelector",
        /// Labels that the pods must have the same values of.
        pub match_label_keys: Vec<String> = "matchLabelKeys",
        /// Labels that the pods must have other values of.
        pub mismatch_label_keys: Vec<String> = "mismatchLabelKeys",
    }

    /// A term that makes a node better.
    pub struct WeightedPodAffinityTerm {
        /// How much better, from 1 to 100.
        pub weight: i32 = "weight" always,
        /// The term.
        pub pod_affinity_term: PodAffinityTerm = "podAffinityTerm" always,
    }

    /// Taints that a pod bears.
    pub struct Toleration {
        /// The key of the taint; empty, with `Exists`, is all.
        pub key: String = "key",
        /// How its value is compared; `Equal` when unset.
        pub operator: TolerationOperator = "operator",
        /// The value that is borne; empty for `Exists`.
        pub value: String = "value",
        /// The effect that is borne; unset is all.
        pub effect: TaintEffect = "effect",
        /// How many seconds `NoExecute` is borne; absent is for ever, 0 or less not at all.
        pub toleration_seconds: Option<i64> = "tolerationSeconds",
    }

    /// How pods that are alike are spread.
    pub struct TopologySpreadConstraint {
        /// How far the counts of two parts may be apart; from 1.
        pub max_skew: i32 = "maxSkew" always,
        /// The label of nodes that says what a part is.
        pub topology_key: String = "topologyKey" always,
        /// What happens when it cannot be kept.
        pub when_unsatisfiable: UnsatisfiableConstraintAction = "whenUnsatisfiable" always,
        /// The pods that are counted.
        pub label_selector: Option<Box<LabelSelector>> = "labelSelector",
        /// How many parts there must be at least; from 1.
        pub min_domains: Option<i32> = "minDomains",
        /// Whether the pod's node selectors say which nodes count.
        pub node_affinity_policy: Option<NodeInclusionPolicy> = "nodeAffinityPolicy",
        /// Whether the pod's tolerations say which nodes count.
        pub node_taints_policy: Option<NodeInclusionPolicy> = "nodeTaintsPolicy",
        /// Labels whose values, taken from the pod, select the pods that are counted.
        pub match_label_keys: Vec<String> = "matchLabelKeys",
    }
}

open_enum! {
    /// How a label of a node is compared.
    pub enum NodeSelectorOperator {
        /// It is not there.
        DoesNotExist = "DoesNotExist",
        /// It is there.
        Exists = "Exists",
        /// It is a larger number.
        Gt = "Gt",
        /// It is one of those given.
        In = "In",
        /// It is a smaller number.
        Lt = "Lt",
        /// It is none of those given, or not there.
        NotIn = "NotIn",
    }

    /// How the value of a taint is compared.
    pub enum TolerationOperator {
        /// It is the same.
        Equal = "Equal",
        /// It may be anything.
        Exists = "Exists",
        /// It is a larger number.
        Gt = "Gt",
        /// It is a smaller number.
        Lt = "Lt",
    }

    /// What a taint does to pods that do not bear it.
    pub enum TaintEffect {
        /// They are not placed there, and those that run there go.
        NoExecute = "NoExecute",
        /// They are not placed there.
        NoSchedule = "NoSchedule",
        /// They are placed elsewhere, if that can be.
        PreferNoSchedule = "PreferNoSchedule",
    }

    /// What happens when spreading cannot be kept.
    pub enum UnsatisfiableConstraintAction {
        /// The pod waits.
        DoNotSchedule = "DoNotSchedule",
        /// It is placed where it does least harm.
        ScheduleAnyway = "ScheduleAnyway",
    }

    /// Whether something decides which nodes count.
    pub enum NodeInclusionPolicy {
        /// It does.
        Honor = "Honor",
        /// It does not.
        Ignore = "Ignore",
    }
}
