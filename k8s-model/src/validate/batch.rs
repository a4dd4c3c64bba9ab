//! Work that ends: `Job` and `CronJob`.

use std::collections::BTreeSet;

use super::errors::{Errors, Json};
use super::{meta, names, pod};
use crate::batch::{
    CompletionMode, ConcurrencyPolicy, CronJob, CronJobSpec, Job, JobSpec, PodFailurePolicyAction,
    PodFailurePolicyOnExitCodesOperator, PodReplacementPolicy,
};
use crate::core::RestartPolicy;
use crate::path::Path;
use crate::selector::Selector;

/// The most pods that an indexed job may have.
const MAX_INDEXED: i32 = 1_000_000;
/// The most parallel pods of an indexed job.
const MAX_PARALLEL: i32 = 100_000;

pub(super) fn job(object: &Job, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    job_spec_with_selector(&object.spec, errors);
}

/// The selector is the server's to make, unless it is made by hand; one that is there must suit the template.
pub(super) fn job_spec_with_selector(spec: &JobSpec, errors: &mut Errors) {
    let path = Path::new("spec");
    job_spec(spec, &path, errors);
    let by_hand = spec.manual_selector == Some(true);
    let own = path.child("selector");
    match &spec.selector {
        None if by_hand => errors.required(&own, ""),
        None => {}
        Some(selector) if !by_hand && !has_own_label(selector) => {
            errors.invalid(&own, Json(&**selector), "`selector` not auto-generated");
        }
        Some(selector) => meta::label_selector(Some(selector), &own, errors),
    }
    if let Some(selector) = &spec.selector
        && by_hand
        && let Ok(parsed) = Selector::from_structured(Some(selector))
        && !parsed.matches(&spec.template.metadata.labels)
    {
        let detail = "`selector` does not match template `labels`";
        errors.invalid(&path.child("template.metadata.labels"), &spec.template.metadata.labels, detail);
    }
}

/// Whether a selector is one that the server makes.
fn has_own_label(selector: &crate::meta::LabelSelector) -> bool {
    ["batch.kubernetes.io/controller-uid", "controller-uid"]
        .iter()
        .any(|label| selector.match_labels.contains_key(*label))
}

fn job_spec(spec: &JobSpec, path: &Path<'_>, errors: &mut Errors) {
    let numbers = [
        ("parallelism", spec.parallelism.map(i64::from)),
        ("completions", spec.completions.map(i64::from)),
        ("activeDeadlineSeconds", spec.active_deadline_seconds),
        ("backoffLimit", spec.backoff_limit.map(i64::from)),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished.map(i64::from)),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index.map(i64::from)),
        ("maxFailedIndexes", spec.max_failed_indexes.map(i64::from)),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            errors.non_negative(&path.child(name), number);
        }
    }
    indexes(spec, path, errors);
    if let Some(policy) = &spec.pod_replacement_policy {
        let own = path.child("podReplacementPolicy");
        let failed = ["Failed"];
        let all = PodReplacementPolicy::KNOWN;
        let allowed: &[&str] = if spec.pod_failure_policy.is_some() { &failed } else { all };
        if !allowed.contains(&policy.as_str()) {
            errors.not_supported(&own, policy.as_str(), allowed);
        }
    }
    failure_policy(spec, &path.child("podFailurePolicy"), errors);
    success_policy(spec, &path.child("successPolicy"), errors);
    if let Some(manager) = &spec.managed_by {
        errors.invalid_all(&path.child("managedBy"), manager, names::domain_prefixed_path(manager));
    }
    pod::template(&spec.template, &[], &path.child("template"), errors);
    let policy = &spec.template.spec.restart_policy;
    let own = path.child("template.spec.restartPolicy");
    match policy {
        RestartPolicy::Always | RestartPolicy::Unset => {
            errors.required(&own, "valid values: \"OnFailure\", \"Never\"");
        }
        RestartPolicy::OnFailure if spec.pod_failure_policy.is_some() => {
            let detail = "only \"Never\" is supported when podFailurePolicy is specified";
            errors.invalid(&own, policy.as_str(), detail);
        }
        RestartPolicy::OnFailure | RestartPolicy::Never => {}
        RestartPolicy::Other(other) => errors.not_supported(&own, other, &["Never", "OnFailure"]),
    }
}

fn indexes(spec: &JobSpec, path: &Path<'_>, errors: &mut Errors) {
    let indexed = match &spec.completion_mode {
        None | Some(CompletionMode::NonIndexed) => false,
        Some(CompletionMode::Indexed) => true,
        Some(other) => {
            errors.not_supported(&path.child("completionMode"), other.as_str(), CompletionMode::KNOWN);
            false
        }
    };
    if indexed {
        let completions = path.child("completions");
        match spec.completions {
            None => errors.required(&completions, "when completion mode is Indexed"),
            Some(count) if count > MAX_INDEXED => {
                errors.invalid(&completions, count, format!("must be less than or equal to {MAX_INDEXED}"));
            }
            Some(_) => {}
        }
        if let Some(parallel) = spec.parallelism.filter(|parallel| *parallel > MAX_PARALLEL) {
            let detail =
                format!("must be less than or equal to {MAX_PARALLEL} when completion mode is Indexed");
            errors.invalid(&path.child("parallelism"), parallel, detail);
        }
    } else {
        if let Some(limit) = spec.backoff_limit_per_index {
            let detail = "requires indexed completion mode";
            errors.invalid(&path.child("backoffLimitPerIndex"), limit, detail);
        }
    }
    if let Some(most) = spec.max_failed_indexes {
        let own = path.child("maxFailedIndexes");
        if spec.backoff_limit_per_index.is_none() {
            errors.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
        }
        if spec.completions.is_some_and(|completions| most > completions) {
            errors.invalid(&own, most, "must be less than or equal to completions");
        }
    }
}

fn failure_policy(spec: &JobSpec, path: &Path<'_>, errors: &mut Errors) {
    const RULES: usize = 20;
    const VALUES: usize = 255;
    let Some(policy) = &spec.pod_failure_policy else { return };
    let list = path.child("rules");
    if policy.rules.len() > RULES {
        errors.too_many(&list, policy.rules.len(), RULES);
    }
    let containers: BTreeSet<&str> = spec
        .template
        .spec
        .containers
        .iter()
        .chain(&spec.template.spec.init_containers)
        .map(|container| container.name.as_str())
        .collect();
    for (index, rule) in policy.rules.iter().enumerate() {
        let path = list.index(index);
        match &rule.action {
            PodFailurePolicyAction::Unset => {
                let known = PodFailurePolicyAction::KNOWN.iter().map(|name| format!("{name:?}"));
                let detail = format!("valid values: {}", known.collect::<Vec<_>>().join(", "));
                errors.required(&path.child("action"), &detail);
            }
            PodFailurePolicyAction::Other(other) => {
                errors.not_supported(&path.child("action"), other, PodFailurePolicyAction::KNOWN);
            }
            PodFailurePolicyAction::FailIndex if spec.backoff_limit_per_index.is_none() => {
                let detail = "requires the backoffLimitPerIndex to be set";
                errors.invalid(&path.child("action"), rule.action.as_str(), detail);
            }
            _ => {}
        }
        match (&rule.on_exit_codes, rule.on_pod_conditions.is_empty()) {
            (None, true) => {
                let detail = "specifying one of OnExitCodes and OnPodConditions is required";
                errors.invalid(&path, Json(rule), detail);
            }
            (Some(_), false) => {
                let detail = "specifying both OnExitCodes and OnPodConditions is not supported";
                errors.invalid(&path, Json(rule), detail);
            }
            _ => {}
        }
        let Some(codes) = &rule.on_exit_codes else { continue };
        let path = path.child("onExitCodes");
        if let Some(name) = &codes.container_name
            && !containers.contains(name.as_str())
        {
            errors.invalid(
                &path.child("containerName"),
                name,
                "must be one of the container or initContainer names in the pod template",
            );
        }
        let known = PodFailurePolicyOnExitCodesOperator::KNOWN;
        if !known.contains(&codes.operator.as_str()) {
            errors.not_supported(&path.child("operator"), codes.operator.as_str(), known);
        }
        let values = path.child("values");
        if codes.values.is_empty() {
            errors.invalid(&values, Json(&codes.values), "at least one value is required");
        }
        if codes.values.len() > VALUES {
            errors.too_many(&values, codes.values.len(), VALUES);
        }
        for (index, value) in codes.values.iter().enumerate() {
            if codes.operator == PodFailurePolicyOnExitCodesOperator::In && *value == 0 {
                errors.invalid(&values.index(index), *value, "must not be 0 for the In operator");
            }
            if codes.values.iter().take(index).any(|other| other == value) {
                errors.duplicate(&values.index(index), &value.to_string());
            }
        }
        if !codes.values.is_sorted() {
            errors.invalid(&values, Json(&codes.values), "must be ordered");
        }
    }
}

fn success_policy(spec: &JobSpec, path: &Path<'_>, errors: &mut Errors) {
    const RULES: usize = 20;
    let Some(policy) = &spec.success_policy else { return };
    if spec.completion_mode != Some(CompletionMode::Indexed) {
        errors.invalid(path, Json(&**policy), "requires indexed completion mode");
        return;
    }
    let list = path.child("rules");
    if policy.rules.is_empty() {
        errors.required(&list, "at least one rules must be specified when the successPolicy is specified");
    }
    if policy.rules.len() > RULES {
        errors.too_many(&list, policy.rules.len(), RULES);
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        let path = list.index(index);
        if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
            let detail = "at least one of succeededCount or succeededIndexes must be specified";
            errors.required(&path, detail);
        }
        if let Some(count) = rule.succeeded_count {
            let own = path.child("succeededCount");
            errors.non_negative(&own, count.into());
            if let Some(all) = spec.completions.filter(|all| count > *all) {
                let detail =
                    format!("must be less than or equal to {all} (the number of specified completions)");
                errors.invalid(&own, count, detail);
            }
        }
    }
}

/// A name for which there is room to add eleven characters: jobs are named after their cron job and a time.
fn cron_job_name(object: &CronJob, errors: &mut Errors) {
    let name = &object.metadata.name;
    if name.len() > 52 {
        let path = Path::new("metadata");
        errors.invalid(&path.child("name"), name, "must be no more than 52 characters");
    }
}

pub(super) fn cron_job(object: &CronJob, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    cron_job_spec(&object.spec, true, errors);
    cron_job_name(object, errors);
}

/// Time zones in the schedule itself are no longer taken at a creation.
pub(super) fn cron_job_spec(spec: &CronJobSpec, create: bool, errors: &mut Errors) {
    let path = Path::new("spec");
    let schedule = path.child("schedule");
    let zoned = spec.schedule.contains("TZ");
    if spec.schedule.is_empty() {
        errors.required(&schedule, "");
    } else {
        let bare = match spec.schedule.split_once(' ') {
            Some((zone, rest)) if !create && (zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=")) => {
                rest
            }
            _ => &spec.schedule,
        };
        if let Err(problem) = bare.parse::<crate::plan::cron_job::Schedule>() {
            errors.invalid(&schedule, &spec.schedule, problem.to_string());
        }
        if zoned && (create || spec.time_zone.is_some()) {
            let detail = if spec.time_zone.is_some() {
                "cannot use both timeZone field and TZ or CRON_TZ in schedule"
            } else {
                "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
            };
            errors.invalid(&schedule, &spec.schedule, detail);
        }
    }
    if let Some(zone) = &spec.time_zone {
        time_zone(zone, &path.child("timeZone"), errors);
    }
    if let Some(seconds) = spec.starting_deadline_seconds {
        errors.non_negative(&path.child("startingDeadlineSeconds"), seconds);
    }
    match &spec.concurrency_policy {
        ConcurrencyPolicy::Unset => errors.required(&path.child("concurrencyPolicy"), ""),
        ConcurrencyPolicy::Other(other) => {
            errors.not_supported(&path.child("concurrencyPolicy"), other, ConcurrencyPolicy::KNOWN);
        }
        _ => {}
    }
    let template = path.child("jobTemplate.spec");
    let job = &spec.job_template.spec;
    job_spec(job, &template, errors);
    if let Some(selector) = &job.selector {
        let detail = "`selector` will be auto-generated";
        errors.invalid(&template.child("selector"), Json(&**selector), detail);
    }
    if job.manual_selector == Some(true) {
        errors.not_supported(&template.child("manualSelector"), true, &["false", "nil"]);
    }
    let limits = [
        ("successfulJobsHistoryLimit", spec.successful_jobs_history_limit),
        ("failedJobsHistoryLimit", spec.failed_jobs_history_limit),
    ];
    for (name, limit) in limits {
        if let Some(limit) = limit {
            errors.non_negative(&path.child(name), limit.into());
        }
    }
}

/// The form of a time zone's name. Whether there is such a zone only a database of them knows.
fn time_zone(zone: &str, path: &Path<'_>, errors: &mut Errors) {
    let good = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '.' || first == '_')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.+-".contains(&b))
    };
    if zone.is_empty() {
        errors.invalid(path, zone, "timeZone must be nil or non-empty string");
    } else if zone.eq_ignore_ascii_case("local") {
        errors.invalid(
            path,
            zone,
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        );
    } else if !zone.split('/').all(good) {
        errors.invalid(path, zone, format!("unknown time zone {zone}"));
    }
}
