//! Disruption budgets of `policy/v1beta1`: an empty selector means no pods there, and all pods in `policy/v1`.
//!
//! Source: `pkg/apis/policy/v1beta1/conversion.go`: the API server tells the two apart by a label that no pod has.

use super::Notes;
use crate::meta::{LabelSelector, LabelSelectorOperator, LabelSelectorRequirement};
use crate::object::Object;

/// The label that no pod has.
const MARK: &str = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";

/// Whether a label that no pod has is there: no pods; whether it is not there: all of them.
fn marked(operator: LabelSelectorOperator) -> LabelSelector {
    let mark = LabelSelectorRequirement { key: MARK.into(), operator, values: Vec::new() };
    LabelSelector { match_expressions: vec![mark], ..LabelSelector::default() }
}

pub(super) fn after_reading(object: &mut Object, notes: &mut Notes) {
    let Object::PodDisruptionBudget(budget) = object else { return };
    let Some(selector) = &mut budget.spec.selector else { return };
    if **selector == LabelSelector::default() {
        **selector = marked(LabelSelectorOperator::Exists);
        notes.add("spec.selector", "empty means no pods there; in `policy/v1` it means all pods");
    } else if **selector == marked(LabelSelectorOperator::DoesNotExist) {
        **selector = LabelSelector::default();
    }
}

pub(super) fn before_writing(object: &mut Object) {
    let Object::PodDisruptionBudget(budget) = object else { return };
    let Some(selector) = &mut budget.spec.selector else { return };
    if **selector == LabelSelector::default() {
        **selector = marked(LabelSelectorOperator::DoesNotExist);
    } else if **selector == marked(LabelSelectorOperator::Exists) {
        **selector = LabelSelector::default();
    }
}
