//! Pods and their templates.

use pod_core::Timestamp;
use serde_json::Value;

use super::tabs::Page;
use super::{date, head, labels_and_annotations, list, number, or_none, or_zero, status, text, volume};

pub(super) fn pod(page: &mut Page, value: &Value, now: Timestamp) {
    head(page, value, true);
    let optional = |page: &mut Page, title: &str, pointer: &str| {
        let text = text(value, pointer);
        if !text.is_empty() {
            page.field(0, title, &text);
        }
    };
    optional(page, "Priority", "/spec/priority");
    optional(page, "Priority Class Name", "/spec/priorityClassName");
    optional(page, "Runtime Class Name", "/spec/runtimeClassName");
    optional(page, "Service Account", "/spec/serviceAccountName");
    let node = text(value, "/spec/nodeName");
    let node = if node.is_empty() { node } else { format!("{node}/{}", text(value, "/status/hostIP")) };
    page.field(0, "Node", &or_none(node));
    let start = text(value, "/status/startTime");
    if !start.is_empty() {
        page.field(0, "Start Time", &date(&start));
    }
    labels_and_annotations(page, value);
    status(page, value, now);
    if value["metadata"]["deletionTimestamp"].is_string() {
        let grace = number(value, "/metadata/deletionGracePeriodSeconds");
        page.field(0, "Termination Grace Period", &format!("{grace}s"));
    }
    optional(page, "Reason", "/status/reason");
    optional(page, "Message", "/status/message");
    page.field(0, "IP", &text(value, "/status/podIP"));
    if list(value, "/status/podIPs").is_empty() {
        page.field(0, "IPs", "<none>");
    } else {
        page.line(0, "IPs:");
        for ip in list(value, "/status/podIPs") {
            page.field(1, "IP", &text(ip, "/ip"));
        }
    }
    if let Some(owner) =
        list(value, "/metadata/ownerReferences").iter().find(|owner| owner["controller"] == true)
    {
        page.field(0, "Controlled By", &format!("{}/{}", text(owner, "/kind"), text(owner, "/name")));
    }
    optional(page, "NominatedNodeName", "/status/nominatedNodeName");
    for (title, field) in [
        ("Init Containers", "initContainers"),
        ("Containers", "containers"),
        ("Ephemeral Containers", "ephemeralContainers"),
    ] {
        let own = list(&value["spec"], &format!("/{field}"));
        if !own.is_empty() || field == "containers" {
            let statuses = list(&value["status"], &format!("/{}Statuses", field.trim_end_matches('s')));
            containers(page, title, own, statuses, Some(value), "");
        }
    }
    if !list(value, "/spec/readinessGates").is_empty() {
        page.line(0, "Readiness Gates:");
        page.line(1, "Type\tStatus");
        for gate in list(value, "/spec/readinessGates") {
            let type_ = text(gate, "/conditionType");
            let condition =
                list(value, "/status/conditions").iter().find(|condition| condition["type"] == *type_);
            let status =
                condition.map_or_else(|| "<none>".to_owned(), |condition| text(condition, "/status"));
            page.line(1, &format!("{type_} \t{status} "));
        }
    }
    if !list(value, "/status/conditions").is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus");
        for condition in list(value, "/status/conditions") {
            page.line(1, &format!("{} \t{} ", text(condition, "/type"), text(condition, "/status")));
        }
    }
    volumes(page, list(value, "/spec/volumes"), "");
    let class = text(value, "/status/qosClass");
    page.field(0, "QoS Class", &if class.is_empty() { qos(value) } else { class });
    page.pairs("Node-Selectors", value.pointer("/spec/nodeSelector"));
    page.several("Tolerations", &tolerations(&value["spec"]));
}

/// The class that a server would have told.
fn qos(value: &Value) -> String {
    let decoded = crate::decode::decode_str(&value.to_string(), "", crate::decode::Mode::Lenient);
    match decoded.documents.into_iter().next().map(|document| document.object) {
        Some(crate::object::Object::Pod(pod)) => crate::resources::qos_class(&pod.spec).to_string(),
        _ => String::new(),
    }
}

pub(super) fn template(page: &mut Page, value: &Value) {
    page.line(0, "Pod Template:");
    page.pairs("  Labels", value.pointer("/metadata/labels"));
    let annotations = value.pointer("/metadata/annotations");
    if annotations.and_then(Value::as_object).is_some_and(|pairs| !pairs.is_empty()) {
        page.annotations("  Annotations", annotations);
    }
    let account = text(value, "/spec/serviceAccountName");
    if !account.is_empty() {
        page.field(1, "Service Account", &account);
    }
    let init = list(value, "/spec/initContainers");
    if !init.is_empty() {
        containers(page, "Init Containers", init, &[], None, "  ");
    }
    containers(page, "Containers", list(value, "/spec/containers"), &[], None, "  ");
    volumes(page, list(value, "/spec/volumes"), "  ");
    let class = text(value, "/spec/priorityClassName");
    if !class.is_empty() {
        page.field(1, "Priority Class Name", &class);
    }
    page.pairs("  Node-Selectors", value.pointer("/spec/nodeSelector"));
    page.several("  Tolerations", &tolerations(&value["spec"]));
}

fn volumes(page: &mut Page, volumes: &[Value], space: &str) {
    if volumes.is_empty() {
        page.line(0, &format!("{space}Volumes:\t<none>"));
        return;
    }
    page.line(0, &format!("{space}Volumes:"));
    for one in volumes {
        let indent = if space.is_empty() { "" } else { " " };
        page.line(1, &format!("{indent}{}:", text(one, "/name")));
        volume::source(page, one);
    }
}

fn tolerations(spec: &Value) -> Vec<String> {
    let mut all: Vec<&Value> = list(spec, "/tolerations").iter().collect();
    all.sort_by_key(|toleration| text(toleration, "/key"));
    all.into_iter()
        .map(|toleration| {
            let part = |field: &str| text(toleration, field);
            let mut shown = part("/key");
            for (mark, field) in [("=", "/value"), (":", "/effect")] {
                let part = part(field);
                if !part.is_empty() {
                    shown.push_str(mark);
                    shown.push_str(&part);
                }
            }
            if toleration["operator"] == "Exists" && part("/value").is_empty() {
                shown.push_str(if shown.is_empty() { "op=Exists" } else { " op=Exists" });
            }
            let seconds = part("/tolerationSeconds");
            if !seconds.is_empty() {
                shown = format!("{shown} for {seconds}s");
            }
            shown
        })
        .collect()
}

fn containers(
    page: &mut Page,
    title: &str,
    containers: &[Value],
    statuses: &[Value],
    pod: Option<&Value>,
    space: &str,
) {
    page.line(0, &format!("{space}{title}:{}", if containers.is_empty() { " <none>" } else { "" }));
    for container in containers {
        let status = statuses.iter().find(|status| status["name"] == container["name"]);
        let indent = if space.is_empty() { "" } else { " " };
        page.line(1, &format!("{indent}{}:", text(container, "/name")));
        basics(page, container, status);
        for (title, field) in [("Command", "/command"), ("Args", "/args")] {
            let words = list(container, field);
            if !words.is_empty() {
                page.line(2, &format!("{title}:"));
            }
            for line in words.iter().filter_map(Value::as_str).flat_map(|word| word.split('\n')) {
                page.line(3, line);
            }
        }
        if let Some(status) = status {
            state(page, "State", &status["state"]);
            if status["lastState"]["terminated"].is_object() {
                state(page, "Last State", &status["lastState"]);
            }
            page.field(2, "Ready", if status["ready"] == true { "True" } else { "False" });
            page.field(2, "Restart Count", &number(status, "/restartCount").to_string());
        }
        for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
            let all = container["resources"][field].as_object();
            if let Some(all) = all.filter(|all| !all.is_empty()) {
                page.line(2, &format!("{title}:"));
                for (name, quantity) in all {
                    page.field(3, name, quantity.as_str().unwrap_or_default());
                }
            }
        }
        for (title, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if container[field].is_object() {
                page.field(2, title, &probe(&container[field]));
            }
        }
        environment(page, container, pod);
        mounts(page, container);
    }
}

fn basics(page: &mut Page, container: &Value, status: Option<&Value>) {
    if let Some(status) = status {
        page.field(2, "Container ID", &text(status, "/containerID"));
    }
    page.field(2, "Image", &text(container, "/image"));
    if let Some(status) = status {
        page.field(2, "Image ID", &text(status, "/imageID"));
    }
    for (title, field) in [("Port", "/containerPort"), ("Host Port", "/hostPort")] {
        let all: Vec<String> = list(container, "/ports")
            .iter()
            .map(|port| format!("{}/{}", or_zero(text(port, field)), text(port, "/protocol")))
            .collect();
        let title = if all.len() > 1 { format!("{title}s") } else { title.to_owned() };
        page.field(2, &title, &or_none(all.join(", ")));
    }
}

fn state(page: &mut Page, title: &str, state: &Value) {
    let optional = |page: &mut Page, title: &str, pointer: &str| {
        let text = text(state, pointer);
        if !text.is_empty() {
            page.field(3, title, &text);
        }
    };
    if state["running"].is_object() {
        page.field(2, title, "Running");
        page.field(3, "Started", &date(&text(state, "/running/startedAt")));
    } else if state["terminated"].is_object() {
        page.field(2, title, "Terminated");
        optional(page, "Reason", "/terminated/reason");
        optional(page, "Message", "/terminated/message");
        page.field(3, "Exit Code", &number(state, "/terminated/exitCode").to_string());
        if number(state, "/terminated/signal") > 0 {
            optional(page, "Signal", "/terminated/signal");
        }
        page.field(3, "Started", &date(&text(state, "/terminated/startedAt")));
        page.field(3, "Finished", &date(&text(state, "/terminated/finishedAt")));
    } else {
        page.field(2, title, "Waiting");
        optional(page, "Reason", "/waiting/reason");
    }
}

fn probe(probe: &Value) -> String {
    let part = |field: &str| number(probe, field);
    let rest = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        part("/initialDelaySeconds"),
        part("/timeoutSeconds"),
        part("/periodSeconds"),
        part("/successThreshold"),
        part("/failureThreshold"),
    );
    if probe["exec"].is_object() {
        let words: Vec<&str> = list(probe, "/exec/command").iter().filter_map(Value::as_str).collect();
        format!("exec [{}] {rest}", words.join(" "))
    } else if let Some(get) = probe.get("httpGet").filter(|get| get.is_object()) {
        let host = text(get, "/host");
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let path = text(get, "/path");
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        let scheme = text(get, "/scheme").to_lowercase();
        format!("http-get {scheme}://{host}:{}{slash}{path} {rest}", text(get, "/port"))
    } else if let Some(socket) = probe.get("tcpSocket").filter(|socket| socket.is_object()) {
        format!("tcp-socket {}:{} {rest}", text(socket, "/host"), text(socket, "/port"))
    } else if let Some(grpc) = probe.get("grpc").filter(|grpc| grpc.is_object()) {
        format!("grpc <pod>:{} {} {rest}", text(grpc, "/port"), text(grpc, "/service"))
    } else {
        format!("unknown {rest}")
    }
}

fn environment(page: &mut Page, container: &Value, pod: Option<&Value>) {
    let from = list(container, "/envFrom");
    if !from.is_empty() {
        page.line(2, "Environment Variables from:");
        for source in from {
            let (kind, own) = if source["configMapRef"].is_object() {
                ("ConfigMap", &source["configMapRef"])
            } else {
                ("Secret", &source["secretRef"])
            };
            let prefix = text(source, "/prefix");
            let prefix = if prefix.is_empty() { prefix } else { format!(" with prefix '{prefix}'") };
            let optional = own["optional"] == true;
            page.line(3, &format!("{}\t{kind}{prefix}\tOptional: {optional}", text(own, "/name")));
        }
    }
    let all = list(container, "/env");
    page.line(2, if all.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for variable in all {
        let name = text(variable, "/name");
        let source = &variable["valueFrom"];
        if let Some(field) = source.get("fieldRef").filter(|field| field.is_object()) {
            let path = text(field, "/fieldPath");
            let known = ["metadata.name", "metadata.namespace", "metadata.uid"].contains(&path.as_str());
            let value = pod
                .filter(|_| known)
                .map_or_else(String::new, |pod| text(pod, &format!("/{}", path.replace('.', "/"))));
            page.field(3, &name, &format!("{value} ({}:{path})", text(field, "/apiVersion")));
        } else if source["resourceFieldRef"].is_object() {
            resource(page, container, &name, &text(source, "/resourceFieldRef/resource"));
        } else if let Some(secret) = source.get("secretKeyRef").filter(|secret| secret.is_object()) {
            let (key, of) = (text(secret, "/key"), text(secret, "/name"));
            let optional = secret["optional"] == true;
            page.field(3, &name, &format!("<set to the key '{key}' in secret '{of}'>\tOptional: {optional}"));
        } else if let Some(map) = source.get("configMapKeyRef").filter(|map| map.is_object()) {
            let (key, of) = (text(map, "/key"), text(map, "/name"));
            let optional = map["optional"] == true;
            page.field(
                3,
                &name,
                &format!("<set to the key '{key}' of config map '{of}'>\tOptional: {optional}"),
            );
        } else {
            for (index, line) in text(variable, "/value").split('\n').enumerate() {
                let title = if index == 0 { format!("{name}:") } else { String::new() };
                page.line(3, &format!("{title}\t{line}"));
            }
        }
    }
}

/// A resource of the container itself, as a number of whole units.
fn resource(page: &mut Page, container: &Value, name: &str, resource: &str) {
    let quantity = text(&container["resources"], &format!("/{}", resource.replacen('.', "/", 1)));
    let value = quantity.parse::<pod_core::quantity::Quantity>().ok().and_then(|quantity| quantity.value());
    let shown = match value.unwrap_or(0) {
        0 if matches!(resource, "limits.cpu" | "limits.memory") => "node allocatable".to_owned(),
        value => value.to_string(),
    };
    page.field(3, name, &format!("{shown} ({resource})"));
}

fn mounts(page: &mut Page, container: &Value) {
    let mut all: Vec<&Value> = list(container, "/volumeMounts").iter().collect();
    all.sort_by_key(|mount| text(mount, "/mountPath"));
    page.line(2, if all.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    for mount in all {
        let mut flags = if mount["readOnly"] == true { "ro" } else { "rw" }.to_owned();
        let path = text(mount, "/subPath");
        if !path.is_empty() {
            flags = format!("{flags},path={path:?}");
        }
        page.line(3, &format!("{} from {} ({flags})", text(mount, "/mountPath"), text(mount, "/name")));
    }
    let mut devices: Vec<&Value> = list(container, "/volumeDevices").iter().collect();
    devices.sort_by_key(|device| text(device, "/devicePath"));
    if !devices.is_empty() {
        page.line(2, "Devices:");
    }
    for device in devices {
        page.line(3, &format!("{} from {}", text(device, "/devicePath"), text(device, "/name")));
    }
}
