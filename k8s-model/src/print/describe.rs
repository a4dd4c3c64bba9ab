//! `kubectl describe`.

mod pod;
mod tabs;
mod volume;

use serde_json::Value;

use super::age::since;
use super::table;
use crate::discovery::SERVICE_NAME_LABEL;
use crate::encode::to_json;
use crate::object::Object;
use crate::time::Time;
use pod_core::Timestamp;
use tabs::Page;

/// What `kubectl describe` prints of a Pod, Deployment, Service, PersistentVolume or PersistentVolumeClaim; `None` for other kinds.
///
/// The layout is that of kubectl 1.20, with the lines for service accounts, internal traffic policies and the tolerations of templates
/// that came later; times are in UTC. What stands in other objects (endpoints, replica sets, the pods that use a claim, events) is taken
/// from `related`.
///
/// ```
/// use k8s_model::decode::{Mode, decode_str};
/// use k8s_model::print::describe;
///
/// let text = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {storageClassName: fast}}";
/// let object = decode_str(text, "", Mode::Strict).documents.remove(0).object;
/// let text = describe(&object, &[], "2026-11-25T13:30:00Z".parse()?).unwrap_or_default();
/// assert!(text.starts_with("Name:          data\nNamespace:     \nStorageClass:  fast\n"));
/// # Ok::<(), pod_core::ParseTimestampError>(())
/// ```
#[must_use]
pub fn describe(object: &Object, related: &[&Object], now: Timestamp) -> Option<String> {
    let value = json(object);
    let related: Vec<Value> = related.iter().map(|object| json(object)).collect();
    let mut page = Page::default();
    match object {
        Object::Pod(_) => pod::pod(&mut page, &value, now),
        Object::Deployment(object) => {
            deployment(&mut page, &value, &related, &table::selector(object.spec.selector.as_deref()));
        }
        Object::Service(_) => service(&mut page, &value, &related),
        Object::PersistentVolume(_) => persistent_volume(&mut page, &value, now),
        Object::PersistentVolumeClaim(_) => claim(&mut page, &value, &related, now),
        _ => return None,
    }
    events(&mut page, &value, &related, now);
    Some(page.to_string())
}

/// An object that was made here can be read again.
fn json(object: &Object) -> Value {
    serde_json::from_str(&to_json(object)).unwrap_or_default()
}

/// The text at a place: numbers as they are, nothing as an empty text.
fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Texts with commas between them.
fn joined(value: &Value, pointer: &str) -> String {
    list(value, pointer).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

/// The age of a time.
fn ago(text: &str, now: Timestamp) -> String {
    since(text.parse::<Time>().ok(), now)
}

/// A time as `Wed, 25 Nov 2026 11:00:00 +0000`.
fn date(text: &str) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i64>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0, 4), part(5, 7), part(8, 10)) else {
        return "Mon, 01 Jan 0001 00:00:00 +0000".to_owned();
    };
    // Days since 1970-01-01, which was a Thursday; years begin in March here.
    let shifted = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        shifted * 365 + shifted.div_euclid(4) - shifted.div_euclid(100) + shifted.div_euclid(400) + of_year
            - 719_468;
    let name = |names: &[&'static str], index: i64| {
        usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or_default()
    };
    let weekday = name(&DAYS, days.rem_euclid(7));
    let month = name(&MONTHS, month - 1);
    let time = text.get(11..19).unwrap_or("00:00:00");
    format!("{weekday}, {day:02} {month} {year:04} {time} +0000")
}

fn head(page: &mut Page, value: &Value, namespaced: bool) {
    page.field(0, "Name", &text(value, "/metadata/name"));
    if namespaced {
        page.field(0, "Namespace", &text(value, "/metadata/namespace"));
    }
}

fn labels_and_annotations(page: &mut Page, value: &Value) {
    page.pairs("Labels", value.pointer("/metadata/labels"));
    page.annotations("Annotations", value.pointer("/metadata/annotations"));
}

fn status(page: &mut Page, value: &Value, now: Timestamp) {
    let deleted = text(value, "/metadata/deletionTimestamp");
    if deleted.is_empty() {
        page.field(0, "Status", &text(value, "/status/phase"));
    } else {
        page.field(0, "Status", &format!("Terminating (lasts {})", ago(&deleted, now)));
    }
}

/// Lists as Go prints them: `[a b]`.
fn go_list(value: &Value, pointer: &str) -> String {
    format!("[{}]", list(value, pointer).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
}

fn access_modes(value: &Value, pointer: &str) -> String {
    let short = |mode: &Value| {
        Some(match mode.as_str()? {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            _ => return None,
        })
    };
    list(value, pointer).iter().filter_map(short).collect::<Vec<_>>().join(",")
}

fn deployment(page: &mut Page, value: &Value, related: &[Value], selector: &str) {
    head(page, value, true);
    page.field(0, "CreationTimestamp", &date(&text(value, "/metadata/creationTimestamp")));
    labels_and_annotations(page, value);
    page.field(0, "Selector", selector);
    let replicas = format!(
        "{} desired | {} updated | {} total | {} available | {} unavailable",
        value.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1),
        number(value, "/status/updatedReplicas"),
        number(value, "/status/replicas"),
        number(value, "/status/availableReplicas"),
        number(value, "/status/unavailableReplicas"),
    );
    page.field(0, "Replicas", &replicas);
    page.field(0, "StrategyType", &text(value, "/spec/strategy/type"));
    page.field(0, "MinReadySeconds", &number(value, "/spec/minReadySeconds").to_string());
    if let Some(rolling) = value.pointer("/spec/strategy/rollingUpdate") {
        let rolling = format!(
            "{} max unavailable, {} max surge",
            text(rolling, "/maxUnavailable"),
            text(rolling, "/maxSurge")
        );
        page.field(0, "RollingUpdateStrategy", &rolling);
    }
    pod::template(page, &value["spec"]["template"]);
    if !list(value, "/status/conditions").is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tReason");
        page.line(1, "----\t------\t------");
        for condition in list(value, "/status/conditions") {
            let part = |field: &str| text(condition, field);
            page.line(1, &format!("{} \t{}\t{}", part("/type"), part("/status"), part("/reason")));
        }
    }
    let own = |set: &&Value| {
        set["kind"] == "ReplicaSet"
            && list(set, "/metadata/ownerReferences")
                .iter()
                .any(|owner| owner["kind"] == "Deployment" && owner["name"] == value["metadata"]["name"])
    };
    let sets: Vec<&Value> = related.iter().filter(own).collect();
    let revision = |set: &Value| {
        text(set, "/metadata/annotations/deployment.kubernetes.io~1revision").parse::<i64>().unwrap_or(0)
    };
    let newest = sets.iter().map(|set| revision(set)).max();
    for (title, new) in [("OldReplicaSets", false), ("NewReplicaSet", true)] {
        let wanted = sets.iter().filter(|set| (Some(revision(set)) == newest) == new);
        // Old ones without pods are not told.
        let wanted = wanted.filter(|set| new || number(set, "/spec/replicas") > 0);
        let texts: Vec<String> = wanted
            .map(|set| {
                let (made, all) = (number(set, "/status/replicas"), number(set, "/spec/replicas"));
                format!("{} ({made}/{all} replicas created)", text(set, "/metadata/name"))
            })
            .collect();
        page.field(0, title, &or_none(texts.join(", ")));
    }
}

fn service(page: &mut Page, value: &Value, related: &[Value]) {
    head(page, value, true);
    labels_and_annotations(page, value);
    page.field(0, "Selector", &pairs(value.pointer("/spec/selector")));
    page.field(0, "Type", &text(value, "/spec/type"));
    let optional = |page: &mut Page, title: &str, text: String| {
        if !text.is_empty() {
            page.field(0, title, &text);
        }
    };
    optional(page, "IP Family Policy", text(value, "/spec/ipFamilyPolicy"));
    page.field(0, "IP Families", &or_none(joined(value, "/spec/ipFamilies")));
    page.field(0, "IP", &text(value, "/spec/clusterIP"));
    page.field(0, "IPs", &or_none(joined(value, "/spec/clusterIPs")));
    optional(page, "External IPs", joined(value, "/spec/externalIPs"));
    optional(page, "IP", text(value, "/spec/loadBalancerIP"));
    optional(page, "External Name", text(value, "/spec/externalName"));
    let ingress: Vec<String> = list(value, "/status/loadBalancer/ingress")
        .iter()
        .map(
            |point| if text(point, "/ip").is_empty() { text(point, "/hostname") } else { text(point, "/ip") },
        )
        .collect();
    optional(page, "LoadBalancer Ingress", ingress.join(", "));
    for port in list(value, "/spec/ports") {
        let name = text(port, "/name");
        let shown = if name.is_empty() { "<unset>" } else { &name };
        let protocol = text(port, "/protocol");
        page.field(0, "Port", &format!("{shown}\t{}/{protocol}", text(port, "/port")));
        page.field(0, "TargetPort", &format!("{}/{protocol}", or_zero(text(port, "/targetPort"))));
        if number(port, "/nodePort") != 0 {
            page.field(0, "NodePort", &format!("{shown}\t{}/{protocol}", text(port, "/nodePort")));
        }
        page.field(0, "Endpoints", &endpoints(value, &name, related));
    }
    page.field(0, "Session Affinity", &text(value, "/spec/sessionAffinity"));
    optional(page, "External Traffic Policy", text(value, "/spec/externalTrafficPolicy"));
    optional(page, "Internal Traffic Policy", text(value, "/spec/internalTrafficPolicy"));
    optional(page, "HealthCheck NodePort", text(value, "/spec/healthCheckNodePort"));
    optional(page, "LoadBalancer Source Ranges", joined(value, "/spec/loadBalancerSourceRanges"));
}

fn or_zero(text: String) -> String {
    if text.is_empty() { "0".to_owned() } else { text }
}

/// The addresses of a service's port: three of them, and how many there are more. Slices come before endpoints, as kubectl asks for them.
fn endpoints(service: &Value, port: &str, related: &[Value]) -> String {
    const SHOWN: usize = 3;
    let name = text(service, "/metadata/name");
    let in_namespace =
        |other: &&Value| text(other, "/metadata/namespace") == text(service, "/metadata/namespace");
    let is_slice = |other: &&Value| {
        other["kind"] == "EndpointSlice" && other["metadata"]["labels"][SERVICE_NAME_LABEL] == name.as_str()
    };
    let is_old = |other: &&Value| other["kind"] == "Endpoints" && text(other, "/metadata/name") == name;
    let slices: Vec<&Value> = related.iter().filter(in_namespace).filter(is_slice).collect();
    let mut all = Vec::new();
    let mut add = |ports: &[Value], ips: &[String]| {
        for own in ports.iter().filter(|own| text(own, "/name") == port) {
            for ip in ips {
                let host = if ip.contains(':') { format!("[{ip}]") } else { ip.clone() };
                all.push(format!("{host}:{}", text(own, "/port")));
            }
        }
    };
    for slice in &slices {
        let is_ready = |one: &&Value| one["conditions"]["ready"].as_bool().unwrap_or(true);
        let addresses =
            list(slice, "/endpoints").iter().filter(is_ready).flat_map(|one| list(one, "/addresses"));
        let ips: Vec<String> = addresses.filter_map(Value::as_str).map(str::to_owned).collect();
        add(list(slice, "/ports"), &ips);
    }
    let old = related.iter().filter(in_namespace).find(is_old).filter(|_| slices.is_empty());
    for subset in old.into_iter().flat_map(|found| list(found, "/subsets")) {
        let ips: Vec<String> = list(subset, "/addresses").iter().map(|one| text(one, "/ip")).collect();
        add(list(subset, "/ports"), &ips);
    }
    match all.get(..SHOWN) {
        Some(first) if all.len() > SHOWN => {
            format!("{} + {} more...", first.join(","), all.len() - SHOWN)
        }
        _ => or_none(all.join(",")),
    }
}

/// Pairs in one line.
fn pairs(value: Option<&Value>) -> String {
    let pairs = value.and_then(Value::as_object).into_iter().flatten();
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    or_none(pairs.join(","))
}

fn persistent_volume(page: &mut Page, value: &Value, now: Timestamp) {
    head(page, value, false);
    labels_and_annotations(page, value);
    page.field(0, "Finalizers", &go_list(value, "/metadata/finalizers"));
    page.field(0, "StorageClass", &text(value, "/spec/storageClassName"));
    status(page, value, now);
    let claim = value.pointer("/spec/claimRef").filter(|claim| claim.is_object());
    let claim = claim
        .map_or_else(String::new, |claim| format!("{}/{}", text(claim, "/namespace"), text(claim, "/name")));
    page.field(0, "Claim", &claim);
    page.field(0, "Reclaim Policy", &text(value, "/spec/persistentVolumeReclaimPolicy"));
    page.field(0, "Access Modes", &access_modes(value, "/spec/accessModes"));
    volume_mode(page, value);
    page.field(0, "Capacity", &or_zero(text(value, "/spec/capacity/storage")));
    volume::node_affinity(page, value.pointer("/spec/nodeAffinity/required"));
    page.field(0, "Message", &text(value, "/status/message"));
    page.line(0, "Source:");
    volume::source(page, &value["spec"]);
}

fn volume_mode(page: &mut Page, value: &Value) {
    let mode = text(value, "/spec/volumeMode");
    if !mode.is_empty() {
        page.field(0, "VolumeMode", &mode);
    }
}

fn claim(page: &mut Page, value: &Value, related: &[Value], now: Timestamp) {
    head(page, value, true);
    page.field(0, "StorageClass", &text(value, "/spec/storageClassName"));
    status(page, value, now);
    let volume = text(value, "/spec/volumeName");
    page.field(0, "Volume", &volume);
    labels_and_annotations(page, value);
    page.field(0, "Finalizers", &go_list(value, "/metadata/finalizers"));
    let (capacity, modes) = if volume.is_empty() {
        (String::new(), String::new())
    } else {
        (or_zero(text(value, "/status/capacity/storage")), access_modes(value, "/status/accessModes"))
    };
    page.field(0, "Capacity", &capacity);
    page.field(0, "Access Modes", &modes);
    volume_mode(page, value);
    if let Some(source) = value.pointer("/spec/dataSource").filter(|source| source.is_object()) {
        page.line(0, "DataSource:");
        for (title, pointer) in [("APIGroup", "/apiGroup"), ("Kind", "/kind"), ("Name", "/name")] {
            let text = text(source, pointer);
            if title != "APIGroup" || !text.is_empty() {
                page.field(1, title, &text);
            }
        }
    }
    let name = text(value, "/metadata/name");
    let uses = |pod: &&Value| {
        pod["kind"] == "Pod"
            && text(pod, "/metadata/namespace") == text(value, "/metadata/namespace")
            && list(pod, "/spec/volumes")
                .iter()
                .any(|volume| text(volume, "/persistentVolumeClaim/claimName") == name)
    };
    let users: Vec<String> = related.iter().filter(uses).map(|pod| text(pod, "/metadata/name")).collect();
    page.several("Used By", &users);
    if !list(value, "/status/conditions").is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for condition in list(value, "/status/conditions") {
            let part = |field: &str| text(condition, field);
            let times = (date(&part("/lastProbeTime")), date(&part("/lastTransitionTime")));
            page.line(
                1,
                &format!(
                    "{} \t{} \t{} \t{} \t{} \t{}",
                    part("/type"),
                    part("/status"),
                    times.0,
                    times.1,
                    part("/reason"),
                    part("/message")
                ),
            );
        }
    }
}

fn events(page: &mut Page, value: &Value, related: &[Value], now: Timestamp) {
    let about = |event: &&Value| {
        event["kind"] == "Event"
            && event["involvedObject"]["kind"] == value["kind"]
            && text(event, "/involvedObject/name") == text(value, "/metadata/name")
            && text(event, "/involvedObject/namespace") == text(value, "/metadata/namespace")
    };
    let mut events: Vec<&Value> = related.iter().filter(about).collect();
    events.sort_by_key(|event| text(event, "/lastTimestamp"));
    if events.is_empty() {
        page.field(0, "Events", "<none>");
        return;
    }
    page.line(0, "Events:");
    page.line(1, "Type\tReason\tAge\tFrom\tMessage");
    page.line(1, "----\t------\t----\t----\t-------");
    for event in events {
        let part = |field: &str| text(event, field);
        let first = ago(&part("/firstTimestamp"), now);
        let count = number(event, "/count");
        let age = if count > 1 {
            format!("{} (x{count} over {first})", ago(&part("/lastTimestamp"), now))
        } else {
            first
        };
        let component = part("/source/component");
        let from = if component.is_empty() { part("/reportingComponent") } else { component };
        let message = part("/message");
        page.line(1, &format!("{}\t{}\t{age}\t{from}\t{}", part("/type"), part("/reason"), message.trim()));
    }
}
