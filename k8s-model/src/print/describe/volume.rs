//! Where volumes come from.

use serde_json::Value;

use super::tabs::Page;
use super::{joined, list, or_none, text};

/// A source: its field, what kubectl says of it, and the fields that are told with their titles.
type Known = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const SOURCES: [Known; 10] = [
    (
        "hostPath",
        "HostPath (bare host directory volume)",
        &[("Path", "/path"), ("HostPathType", "/type?none")],
    ),
    (
        "emptyDir",
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
        &[("Medium", "/medium"), ("SizeLimit", "/sizeLimit?unset")],
    ),
    (
        "secret",
        "Secret (a volume populated by a Secret)",
        &[("SecretName", "/secretName"), ("Optional", "/optional?false")],
    ),
    (
        "configMap",
        "ConfigMap (a volume populated by a ConfigMap)",
        &[("Name", "/name"), ("Optional", "/optional?false")],
    ),
    (
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[("Server", "/server"), ("Path", "/path"), ("ReadOnly", "/readOnly?false")],
    ),
    (
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[("ClaimName", "/claimName"), ("ReadOnly", "/readOnly?false")],
    ),
    ("local", "LocalVolume (a persistent volume backed by local storage on a node)", &[("Path", "/path")]),
    (
        "csi",
        "CSI (a Container Storage Interface (CSI) volume source)",
        &[
            ("Driver", "/driver"),
            ("FSType", "/fsType"),
            ("VolumeHandle", "/volumeHandle"),
            ("ReadOnly", "/readOnly?false"),
        ],
    ),
    (
        "gitRepo",
        "GitRepo (a volume that is pulled from git when the pod is created)",
        &[("Repository", "/repository"), ("Revision", "/revision")],
    ),
    ("downwardAPI", "DownwardAPI (a volume populated by information about the pod)", &[]),
];

/// The lines of a source; its fields stand in an object together with others.
pub(super) fn source(page: &mut Page, value: &Value) {
    if let Some((field, what, fields)) = SOURCES.iter().find(|(field, ..)| value[*field].is_object()) {
        page.field(2, "Type", what);
        for (title, pointer) in *fields {
            let (pointer, absent) = pointer.split_once('?').unwrap_or((pointer, ""));
            let mut shown = text(&value[*field], pointer);
            if value[*field].pointer(pointer).is_none_or(Value::is_null) {
                shown = match absent {
                    "none" => "<none>".to_owned(),
                    "unset" => "<unset>".to_owned(),
                    other => other.to_owned(),
                };
            }
            page.field(2, title, &shown);
        }
        if *field == "downwardAPI" {
            page.line(2, "Items:");
            for item in list(&value["downwardAPI"], "/items") {
                let from = if item["fieldRef"].is_object() {
                    "/fieldRef/fieldPath"
                } else {
                    "/resourceFieldRef/resource"
                };
                page.line(3, &format!("{} -> {}", text(item, from), text(item, "/path")));
            }
        }
    } else if value["projected"].is_object() {
        page.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
        for part in list(value, "/projected/sources") {
            projected(page, part);
        }
    } else {
        page.line(1, "<unknown>");
    }
}

fn projected(page: &mut Page, part: &Value) {
    let optional = |field: &str| {
        let optional = text(part, field);
        if optional.is_empty() { "<nil>".to_owned() } else { optional }
    };
    if part["secret"].is_object() {
        page.field(2, "SecretName", &text(part, "/secret/name"));
        page.field(2, "SecretOptionalName", &optional("/secret/optional"));
    } else if part["downwardAPI"].is_object() {
        page.field(2, "DownwardAPI", "true");
    } else if part["configMap"].is_object() {
        page.field(2, "ConfigMapName", &text(part, "/configMap/name"));
        page.field(2, "ConfigMapOptional", &optional("/configMap/optional"));
    } else if part["serviceAccountToken"].is_object() {
        page.field(2, "TokenExpirationSeconds", &text(part, "/serviceAccountToken/expirationSeconds"));
    }
}

/// The nodes that a volume can be reached from.
pub(super) fn node_affinity(page: &mut Page, required: Option<&Value>) {
    let Some(required) = required.filter(|required| required.is_object()) else {
        page.field(0, "Node Affinity", "<none>");
        return;
    };
    page.field(0, "Node Affinity", "");
    let terms = list(required, "/nodeSelectorTerms");
    page.field(1, "Required Terms", if terms.is_empty() { "<none>" } else { "" });
    for (index, term) in terms.iter().enumerate() {
        let texts: Vec<String> = list(term, "/matchExpressions")
            .iter()
            .map(|expression| {
                let operator = text(expression, "/operator").to_lowercase();
                let values = joined(expression, "/values").replace(',', ", ");
                let key = text(expression, "/key");
                if values.is_empty() {
                    format!("{key} {operator}")
                } else {
                    format!("{key} {operator} [{values}]")
                }
            })
            .collect();
        page.field(2, &format!("Term {index}"), &or_none(texts.first().cloned().unwrap_or_default()));
        for text in texts.iter().skip(1) {
            page.line(2, &format!("\t{text}"));
        }
    }
}
