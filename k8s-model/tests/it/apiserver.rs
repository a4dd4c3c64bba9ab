//! Verdicts of a real API server (kube-apiserver 1.20.2): what it fills in, and what it refuses.
//!
//! Where Kubernetes 1.36 has another rule than 1.20, the case stands in `apiserver-exceptions.json` with the release and the reason;
//! an exception that agrees again fails the test.

use std::collections::BTreeMap;

use k8s_model::convert;
use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::encode::to_json;
use k8s_model::validate::{validate, validate_update};
use serde_json::Value;

use crate::vectors;

/// What is different from the server's answer; `None` when nothing is.
fn difference(case: &Value) -> Option<String> {
    let text = case["input"].to_string();
    let status = case["status"].as_u64().unwrap();
    let strict = decode_str(&text, "", Mode::Strict);
    if status == 400 {
        return (!strict.has_errors()).then(|| "400, but it decodes".to_owned());
    }
    let lenient = decode_str(&text, "", Mode::Lenient);
    let Some(document) = lenient.documents.into_iter().next() else {
        return Some(format!("it does not decode: {:?}", strict.problems));
    };
    let origin = document.origin;
    let mut object = document.object;
    default(&mut object);
    let once = object.clone();
    default(&mut object);
    assert_eq!(object, once, "defaulting twice is not defaulting once: {text}");
    let mut errors: Vec<String> = validate(&object)
        .iter()
        .map(|e| {
            format!("{} {} {}", e.error_type.reason(), origin.written(&e.field), shown(&e.detail_line()))
        })
        .collect();
    let mut wanted: Vec<String> = case["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| {
            let part = |name: &str| cause[name].as_str().unwrap_or_default();
            format!("{} {} {}", part("reason"), part("field"), shown(part("message")))
        })
        .collect();
    errors.sort();
    wanted.sort();
    if errors != wanted {
        return Some(format!(
            "  ours:   {}\n  theirs: {}",
            errors.join("\n          "),
            wanted.join("\n          ")
        ));
    }
    if status != 201 {
        return None;
    }
    // An object of an old version is compared in that version.
    let written = match origin.old_version() {
        Some(old) => to_json(&convert::to(&object, old.api_version).unwrap()),
        None => to_json(&object),
    };
    defaults(&written, &case["object"])
}

/// Words of messages that were changed in all places at once: the old ones, the new ones, and the release.
const REWORDED: &[(&str, &str, &str)] = &[
    ("must be no more than 63 characters", "must be no more than 63 bytes", "1.32"),
    ("must be no more than 253 characters", "must be no more than 253 bytes", "1.32"),
    ("must be no more than 15 characters", "must be no more than 15 bytes", "1.32"),
    ("must have at most", "may not be more than", "1.32"),
    ("loopback range (127.0.0.0/8)", "loopback range (127.0.0.0/8, ::1/128)", "1.22"),
    ("unspecified (0.0.0.0)", "unspecified (0.0.0.0 or ::)", "1.22"),
    ("link-local range (169.254.0.0/16)", "link-local range (169.254.0.0/16, fe80::/10)", "1.22"),
    (
        "link-local multicast range (224.0.0.0/24)",
        "link-local multicast range (224.0.0.0/24, ff02::/10)",
        "1.22",
    ),
    ("must to greater or equal than 0", "must be greater than or equal to 0", "1.24"),
    ("element [0] must match clusterIP", "first value must match `clusterIP`", "1.21"),
    (
        "`spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)",
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        "1.22",
    ),
    (
        "'replicas', 'template', and 'updateStrategy' are forbidden",
        "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        "1.33",
    ),
    (
        "except resources.requests for bound claims",
        "except resources.requests and volumeAttributesClassName for bound claims",
        "1.31",
    ),
    ("must be valid CIDR", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)", "1.31"),
    ("not a valid CIDR", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)", "1.31"),
    (
        "ExternalTrafficPolicy can only be set on NodePort and LoadBalancer service",
        "may only be set for externally-accessible services",
        "1.26",
    ),
    (
        "HealthCheckNodePort can only be set on LoadBalancer service with ExternalTrafficPolicy=Local",
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        "1.26",
    ),
    (
        "can not be set when the class field is also set",
        "must match `ingressClassName` when both are specified",
        "1.30",
    ),
    (
        "must be 'Exist' only operator when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort and ResourceQuotaScopeNotBestEffort",
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        "1.21",
    ),
];

/// The same for the parser of schedules, which was another one before 1.21 (robfig/cron 1.1).
const SCHEDULES: &[(&str, &str)] = &[
    ("Expected exactly 5 fields, found 1: x", "expected exactly 5 fields, found 1: [x]"),
    ("Step of range", "step of range"),
    ("Unrecognized descriptor", "unrecognized descriptor"),
    ("End of range", "end of range"),
];

/// A message in the words of today, without the value.
fn shown(message: &str) -> String {
    let reworded = REWORDED.iter().fold(message.to_owned(), |text, (old, new, _)| text.replace(old, new));
    let reworded = SCHEDULES.iter().fold(reworded, |text, (old, new)| text.replace(old, new));
    detail(&reworded)
}

/// What is said of a value that is shown as Go's memory or as our JSON; the value itself is not compared.
fn detail(message: &str) -> String {
    for kind in ["Invalid value: ", "Unsupported value: ", "Duplicate value: "] {
        let Some(rest) = message.strip_prefix(kind) else { continue };
        let quoted = rest.starts_with('"').then(|| rest.match_indices("\": ").next()).flatten();
        let at = match quoted {
            Some((at, _)) => at + 3,
            None if kind == "Duplicate value: " => return kind.to_owned(),
            None => ["}: ", "]: ", "): ", "null: "]
                .iter()
                .filter_map(|end| rest.rfind(end).map(|at| at + end.len()))
                .max()
                .or_else(|| rest.find(": ").map(|at| at + 2))
                .unwrap_or(0),
        };
        let mut detail = rest[at..].to_owned();
        if let Some((start, list)) = detail.clone().split_once("supported values: ") {
            let mut values: Vec<&str> = list.split(", ").collect();
            values.sort_unstable();
            detail = format!("{start}supported values: {}", values.join(", "));
        }
        return format!("{kind}…: {detail}");
    }
    message.to_owned()
}

/// Fields that a server of today fills in and 1.20 did not, or that its registry fills in and no default does: kind, path, the
/// release (`any` for the registry), and whose object has the field.
const FIELDS: &[(&str, &str, &str)] = &[
    ("Service", "spec.internalTrafficPolicy", "1.22"),
    ("Service", "spec.allocateLoadBalancerNodePorts", "1.24"),
    ("Service", "spec.ipFamilies", "1.23, IPv6DualStack"),
    ("Service", "spec.ipFamilyPolicy", "1.23, IPv6DualStack"),
    ("Service", "spec.clusterIPs", "any: the registry mirrors clusterIP"),
    ("Service", "spec.clusterIP", "any: the registry allocates one"),
    ("Service", "spec.healthCheckNodePort", "any: the registry allocates one"),
    ("Service", "spec.ports[].nodePort", "any: the registry allocates one"),
    ("StatefulSet", "spec.persistentVolumeClaimRetentionPolicy", "1.27, StatefulSetAutoDeletePVC"),
    ("StatefulSet", "spec.updateStrategy.rollingUpdate.maxUnavailable", "1.35, MaxUnavailableStatefulSet"),
    ("StatefulSet", "spec.volumeClaimTemplates[].kind", "any: an internal conversion writes it"),
    ("StatefulSet", "spec.volumeClaimTemplates[].apiVersion", "any: an internal conversion writes it"),
    ("StatefulSet", "spec.volumeClaimTemplates[].status", "any: see above"),
    ("DaemonSet", "spec.updateStrategy.rollingUpdate.maxSurge", "1.22, DaemonSetUpdateSurge"),
    ("DaemonSet", "metadata.annotations", "any: deprecated.daemonset.template.generation"),
    ("Job", "spec.completionMode", "1.24, IndexedJob"),
    ("Job", "spec.suspend", "1.24, SuspendJob"),
    ("Job", "spec.podReplacementPolicy", "1.29, JobPodReplacementPolicy"),
    ("Job", "spec.selector", "any: the registry makes one of the job's uid"),
    ("Job", "metadata.labels", "any: the registry writes the job's uid and name"),
    ("Job", "spec.template.metadata.labels", "any: the registry writes the job's uid and name"),
    ("Namespace", "metadata.labels", "1.21, kubernetes.io/metadata.name"),
    ("Namespace", "spec.finalizers", "any: the registry writes one"),
    ("IngressClass", "spec.parameters.scope", "1.22"),
    ("PersistentVolumeClaim", "spec.dataSource", "any: the registry drops sources of other kinds"),
];

/// Takes a field out, wherever it is; `[]` stands for each element.
fn take(value: &mut Value, path: &str) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let (name, each) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
    let Some(entries) = value.as_object_mut() else { return };
    match rest {
        None => drop(entries.remove(name)),
        Some(rest) => match entries.get_mut(name) {
            Some(Value::Array(elements)) if each => elements.iter_mut().for_each(|e| take(e, rest)),
            Some(inner) => take(inner, rest),
            None => {}
        },
    }
}

/// Leaves out times that are null, which are written no longer since 1.34.
fn without_null_times(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            if entries.get("creationTimestamp").is_some_and(Value::is_null) {
                entries.remove("creationTimestamp");
            }
            // Go writes a list that is always there and was never made as null.
            if entries.get("rules").is_some_and(Value::is_null) {
                entries.insert("rules".to_owned(), Value::Array(Vec::new()));
            }
            entries.values_mut().for_each(without_null_times);
        }
        Value::Array(elements) => elements.iter_mut().for_each(without_null_times),
        _ => {}
    }
}

/// Takes out what a server of today and that of the vectors have in different ways for every object of the kind.
fn comparable(value: &mut Value) {
    without_null_times(value);
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    for (_, path, _) in FIELDS.iter().filter(|(of, ..)| *of == kind) {
        take(value, path);
    }
}

fn defaults(written: &str, wanted: &Value) -> Option<String> {
    let mut found: Value = serde_json::from_str(written).unwrap();
    let mut wanted = wanted.clone();
    comparable(&mut found);
    comparable(&mut wanted);
    for value in [&mut found, &mut wanted] {
        let object = value.as_object_mut().unwrap();
        // The registry's strategy fills in the status, the request the namespace.
        object.remove("status");
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for name in ["namespace", "name", "generateName", "uid", "resourceVersion"] {
                metadata.remove(name);
            }
        }
    }
    (found != wanted).then(|| format!("  ours:   {found}\n  theirs: {wanted}"))
}

#[test]
fn verdicts_and_defaults_are_the_servers() {
    let exceptions: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../vectors/apiserver-exceptions.json")).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    let services = vectors::lines(include_str!("../vectors/apiserver-create-service.jsonl"));
    for case in vectors::lines(include_str!("../vectors/apiserver-create.jsonl")).chain(services) {
        count += 1;
        let id = case["id"].as_str().unwrap();
        match (difference(&case), exceptions.get(id)) {
            (Some(difference), None) => wrong.push(format!("{id}:\n{difference}")),
            (None, Some(_)) => wrong.push(format!("{id} agrees: it is no exception")),
            (Some(_), Some(exception)) => {
                assert!(exception["release"].is_string() && exception["reason"].is_string(), "{id}");
            }
            (None, None) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// An object as the server would show it: read leniently, with its defaults, without what the server sets itself.
pub(crate) fn normal(object: &Value) -> Option<Value> {
    let mut decoded = decode_str(&object.to_string(), "", Mode::Lenient);
    if decoded.has_errors() || decoded.documents.is_empty() {
        return None;
    }
    let mut object = decoded.documents.remove(0).object;
    default(&mut object);
    let mut value: Value = serde_json::from_str(&to_json(&object)).unwrap();
    value.as_object_mut().unwrap().remove("status");
    comparable(&mut value);
    Some(value)
}

/// Why a server refuses an object that was changed.
pub(crate) fn refusal(old: &Value, new: &Value) -> Option<String> {
    for name in ["name", "namespace", "resourceVersion", "uid"] {
        let (before, after) = (&old["metadata"][name], &new["metadata"][name]);
        if before != after && !(before.is_null() && name != "name" && after.is_null()) {
            return Some(format!("metadata.{name}"));
        }
    }
    let strict = decode_str(&new.to_string(), "", Mode::Strict);
    if strict.has_errors() {
        return Some(strict.problems[0].to_string());
    }
    let mut document = strict.documents.into_iter().next()?;
    default(&mut document.object);
    let mut before = decode_str(&old.to_string(), "", Mode::Lenient).documents.into_iter().next()?;
    default(&mut before.object);
    validate_update(&document.object, &before.object).first().map(ToString::to_string)
}

/// What is different from the server's answer to an update.
fn update_difference(case: &Value) -> Option<String> {
    let read = |name: &str| {
        let text = case[name].to_string();
        let mut object = decode_str(&text, "", Mode::Lenient).documents.into_iter().next().unwrap().object;
        default(&mut object);
        object
    };
    let (new, old) = (read("new"), read("old"));
    let errors = validate_update(&new, &old);
    let status = case["status"].as_u64().unwrap();
    let mut found: Vec<String> = errors
        .iter()
        .map(|e| format!("{} {} {}", e.error_type.reason(), e.field, shown(&e.detail_line())))
        .collect();
    let causes = case.get("causes").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut wanted: Vec<String> = causes
        .iter()
        .map(|cause| {
            let part = |name: &str| cause[name].as_str().unwrap_or_default();
            // What follows a line break is a dump of Go's memory.
            let message = part("message").lines().next().unwrap_or_default();
            format!("{} {} {}", part("reason"), part("field"), shown(message))
        })
        .collect();
    for list in [&mut found, &mut wanted] {
        list.sort();
        list.dedup();
    }
    // A name or an identifier that is another one is refused before anything is looked at.
    if matches!(status, 400 | 404 | 409) {
        return found.is_empty().then(|| format!("{status}, but nothing is refused"));
    }
    (found != wanted).then(|| {
        format!("  ours:   {}\n  theirs: {}", found.join("\n          "), wanted.join("\n          "))
    })
}

#[test]
fn updates_are_refused_as_the_server_refuses_them() {
    let exceptions: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../vectors/apiserver-update-exceptions.json")).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in vectors::lines(include_str!("../vectors/apiserver-update.jsonl")) {
        count += 1;
        let id = case["id"].as_str().unwrap();
        match (update_difference(&case), exceptions.get(id)) {
            (Some(difference), None) => wrong.push(format!("{id}:\n{difference}")),
            (None, Some(_)) => wrong.push(format!("{id} agrees: it is no exception")),
            (Some(_), Some(exception)) => {
                assert!(exception["release"].is_string() && exception["reason"].is_string(), "{id}");
            }
            (None, None) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}
