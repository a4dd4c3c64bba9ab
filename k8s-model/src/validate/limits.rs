//! Limits and quotas of a namespace.

use std::collections::{BTreeMap, BTreeSet};

use pod_core::quantity::{Format, Quantity};

use super::errors::{Errors, Json};
use super::{amounts, meta, names};
use crate::core::{
    LimitRange, LimitRangeItem, LimitType, ResourceQuota, ResourceQuotaScope, ResourceQuotaSpec,
    ScopeSelectorOperator, ScopedResourceSelectorRequirement,
};
use crate::path::Path;
use crate::resources;

type List = BTreeMap<String, Quantity>;

pub(super) fn limit_range(object: &LimitRange, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    limit_range_itself(object, errors);
}

/// What is checked of limits at their creation and at each update.
pub(super) fn limit_range_itself(object: &LimitRange, errors: &mut Errors) {
    let list = Path::new("spec.limits");
    let mut seen = BTreeSet::new();
    for (index, item) in object.spec.limits.iter().enumerate() {
        let path = list.index(index);
        limit_type(&item.type_, &path.child("type"), errors);
        if !seen.insert(&item.type_) {
            errors.duplicate(&path.child("type"), item.type_.as_str());
        }
        limits(item, &path, errors);
    }
}

fn limit_type(kind: &LimitType, path: &Path<'_>, errors: &mut Errors) {
    let text = kind.as_str();
    let messages = names::qualified_name(text);
    let well_formed = messages.is_empty();
    errors.invalid_all(path, text, messages);
    if well_formed && !text.contains('/') && !LimitType::KNOWN.contains(&text) {
        errors.invalid(path, text, "must be a standard limit type or fully qualified");
    }
}

fn limits(item: &LimitRangeItem, path: &Path<'_>, errors: &mut Errors) {
    let pod = item.type_ == LimitType::Pod;
    if pod {
        for (name, list) in [("default", &item.default), ("defaultRequest", &item.default_request)] {
            if !list.is_empty() {
                errors.forbidden(&path.child(name), "may not be specified when `type` is 'Pod'");
            }
        }
    }
    let nothing = List::new();
    let (default, request) = if pod { (&nothing, &nothing) } else { (&item.default, &item.default_request) };
    let lists = [
        ("max", &item.max),
        ("min", &item.min),
        ("default", default),
        ("defaultRequest", request),
        ("maxLimitRequestRatio", &item.max_limit_request_ratio),
    ];
    for (name, list) in lists {
        let path = path.child(name);
        for resource in list.keys() {
            let own = path.key(resource);
            if matches!(item.type_, LimitType::Pod | LimitType::Container) {
                amounts::container_name(resource, &own, errors);
            } else {
                amounts::resource_name(resource, &own, errors);
            }
        }
    }
    let claim = item.type_ == LimitType::PersistentVolumeClaim;
    if claim && !item.min.contains_key("storage") && !item.max.contains_key("storage") {
        let detail = "either minimum or maximum storage value is required, but neither was provided";
        errors.required(&path.child("limits"), detail);
    }
    let names: BTreeSet<&String> = lists.iter().flat_map(|(_, list)| list.keys()).collect();
    for name in names {
        let one = One {
            name,
            max: item.max.get(name),
            min: item.min.get(name),
            default: default.get(name),
            request: request.get(name),
            ratio: item.max_limit_request_ratio.get(name),
        };
        one.check(path, errors);
    }
}

/// The limits of one resource.
struct One<'l> {
    name: &'l str,
    max: Option<&'l Quantity>,
    min: Option<&'l Quantity>,
    default: Option<&'l Quantity>,
    request: Option<&'l Quantity>,
    ratio: Option<&'l Quantity>,
}

impl One<'_> {
    fn check(&self, path: &Path<'_>, errors: &mut Errors) {
        const MIN: &str = "min";
        const MAX: &str = "max";
        const DEFAULT: &str = "default";
        const REQUEST: &str = "default request";
        const LIMIT: &str = "default limit";
        self.order((MIN, self.min), (MAX, self.max), "min", self.min, path, errors);
        self.order((MIN, self.min), (REQUEST, self.request), "defaultRequest", self.request, path, errors);
        self.order((REQUEST, self.request), (MAX, self.max), "defaultRequest", self.request, path, errors);
        self.order(
            (REQUEST, self.request),
            (LIMIT, self.default),
            "defaultRequest",
            self.request,
            path,
            errors,
        );
        self.order((MIN, self.min), (DEFAULT, self.default), "default", self.min, path, errors);
        self.order((DEFAULT, self.default), (MAX, self.max), "default", self.max, path, errors);
        self.ratio(path, errors);
        if let (Some(default), Some(request)) = (self.default, self.request)
            && default != request
            && !amounts::may_overcommit(self.name)
        {
            let name = self.name;
            let detail =
                format!("default value {default} must equal to defaultRequest value {request} in {name}");
            errors.invalid(&path.child("defaultRequest").key(name), request, detail);
        }
    }

    /// Of two amounts the first must not be more than the second.
    fn order(
        &self,
        low: (&str, Option<&Quantity>),
        high: (&str, Option<&Quantity>),
        list: &str,
        shown: Option<&Quantity>,
        path: &Path<'_>,
        errors: &mut Errors,
    ) {
        if let (Some(less), Some(more), Some(shown)) = (low.1, high.1, shown)
            && less > more
        {
            let detail = format!("{} value {less} is greater than {} value {more}", low.0, high.0);
            errors.invalid(&path.child(list).key(self.name), shown, detail);
        }
    }

    fn ratio(&self, path: &Path<'_>, errors: &mut Errors) {
        let Some(ratio) = self.ratio else { return };
        let list = path.child("maxLimitRequestRatio");
        let own = list.key(self.name);
        if *ratio < Quantity::from_units(1, Format::DecimalSi) {
            errors.invalid(&own, ratio, format!("ratio {ratio} is less than 1"));
        }
        let (Some(min), Some(max)) = (self.min, self.max) else { return };
        if let Some(most) = quotient(max, min)
            && let Some(ratio_value) = ratio.milli_value()
            && ratio_value as f64 / 1000.0 > most
        {
            errors.invalid(&own, ratio, format!("ratio {ratio} is greater than max/min = {most:.6}"));
        }
    }
}

fn quotient(over: &Quantity, under: &Quantity) -> Option<f64> {
    match (over.milli_value(), under.milli_value()) {
        (Some(over), Some(under)) => Some(over as f64 / under as f64),
        _ => Some(over.value()? as f64 / under.value()? as f64),
    }
}

pub(super) fn quota(object: &ResourceQuota, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    quota_spec(&object.spec, errors);
    let status = Path::new("status");
    for (name, list) in [("hard", &object.status.hard), ("used", &object.status.used)] {
        let path = status.child(name);
        hard(list, &path, errors);
    }
}

fn hard(list: &List, path: &Path<'_>, errors: &mut Errors) {
    for (name, quantity) in list {
        let own = path.key(name);
        if amounts::resource_name(name, &own, errors) && !name.contains('/') && !is_quota(name) {
            errors.invalid(&own, name, "must be a standard resource for quota");
        }
        amounts::quantity(name, quantity, &own, errors);
    }
}

/// Whether a resource is one that quotas are kept of.
fn is_quota(name: &str) -> bool {
    const NAMES: [&str; 19] = [
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.storage",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "persistentvolumeclaims",
        "configmaps",
        "services.nodeports",
        "services.loadbalancers",
    ];
    NAMES.contains(&name) || resources::is_huge_page(name) || name.starts_with("requests.hugepages-")
}

/// What is checked of a quota at its creation and at each update.
pub(super) fn quota_spec(spec: &ResourceQuotaSpec, errors: &mut Errors) {
    let path = Path::new("spec");
    hard(&spec.hard, &path.child("hard"), errors);
    let own = path.child("scopes");
    for scope in &spec.scopes {
        if !ResourceQuotaScope::KNOWN.contains(&scope.as_str()) {
            errors.invalid(&own, Json(&spec.scopes), "unsupported scope");
        }
        for _ in unsuited(spec, scope) {
            errors.invalid(&own, Json(&spec.scopes), "unsupported scope applied to resource");
        }
    }
    conflicts(&spec.scopes.iter().collect::<Vec<_>>(), spec, &own, errors);
    if let Some(selector) = &spec.scope_selector {
        let list = path.child("scopeSelector.matchExpressions");
        for requirement in &selector.match_expressions {
            scope_requirement(requirement, spec, &list, errors);
        }
        let scopes: Vec<_> = selector.match_expressions.iter().map(|one| &one.scope_name).collect();
        conflicts(&scopes, spec, &list, errors);
    }
}

/// The resources of a quota that a scope cannot be applied to.
fn unsuited<'s>(
    spec: &'s ResourceQuotaSpec,
    scope: &'s ResourceQuotaScope,
) -> impl Iterator<Item = &'s String> {
    const COMPUTE: [&str; 11] = [
        "pods",
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "storage",
    ];
    spec.hard.keys().filter(|name| is_quota(name)).filter(move |name| match scope {
        ResourceQuotaScope::BestEffort => *name != "pods",
        ResourceQuotaScope::Terminating
        | ResourceQuotaScope::NotTerminating
        | ResourceQuotaScope::NotBestEffort
        | ResourceQuotaScope::PriorityClass
        | ResourceQuotaScope::CrossNamespacePodAffinity => !COMPUTE.contains(&name.as_str()),
        _ => false,
    })
}

fn conflicts(scopes: &[&ResourceQuotaScope], spec: &ResourceQuotaSpec, path: &Path<'_>, errors: &mut Errors) {
    let pairs = [
        (ResourceQuotaScope::BestEffort, ResourceQuotaScope::NotBestEffort),
        (ResourceQuotaScope::Terminating, ResourceQuotaScope::NotTerminating),
    ];
    for (a, b) in &pairs {
        if scopes.contains(&a) && scopes.contains(&b) {
            errors.invalid(path, Json(&spec.scopes), "conflicting scopes");
        }
    }
}

fn scope_requirement(
    requirement: &ScopedResourceSelectorRequirement,
    spec: &ResourceQuotaSpec,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let scope = &requirement.scope_name;
    if !ResourceQuotaScope::KNOWN.contains(&scope.as_str()) {
        errors.invalid(&path.child("scopeName"), scope.as_str(), "unsupported scope");
    }
    if let Some(selector) = &spec.scope_selector {
        for _ in unsuited(spec, scope) {
            errors.invalid(path, Json(&**selector), "unsupported scope applied to resource");
        }
    }
    let operator = path.child("operator");
    let only_exists = !matches!(scope, ResourceQuotaScope::PriorityClass | ResourceQuotaScope::Other(_));
    if only_exists
        && *scope != ResourceQuotaScope::VolumeAttributesClass
        && requirement.operator != ScopeSelectorOperator::Exists
    {
        let detail = "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
        errors.invalid(&operator, requirement.operator.as_str(), detail);
    }
    let values = path.child("values");
    match requirement.operator {
        ScopeSelectorOperator::In | ScopeSelectorOperator::NotIn => {
            if requirement.values.is_empty() {
                let detail =
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.required(&values, detail);
            }
        }
        ScopeSelectorOperator::Exists | ScopeSelectorOperator::DoesNotExist => {
            if !requirement.values.is_empty() {
                let detail =
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.invalid(&values, requirement.values.as_slice(), detail);
            }
        }
        _ => errors.invalid(&operator, requirement.operator.as_str(), "not a valid selector operator"),
    }
}
