//! The fields of each kind that a field selector can name (`AddFieldLabelConversionsFor…` and the strategies of the registry).

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::FieldSelector;
use crate::encode::to_json;
use crate::object::Object;

/// What stands in a field selector's place of a kind.
struct Known {
    kind: &'static str,
    /// Whether upstream names the kind's conversion function in its error, and not the list of fields.
    own_conversion: bool,
    fields: &'static [&'static str],
}

const KNOWN: &[Known] = &[
    Known {
        kind: "Pod",
        own_conversion: true,
        fields: &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    },
    Known { kind: "Node", own_conversion: true, fields: &["spec.unschedulable"] },
    Known { kind: "ReplicationController", own_conversion: true, fields: &["status.replicas"] },
    Known { kind: "ReplicaSet", own_conversion: true, fields: &["status.replicas"] },
    Known { kind: "Job", own_conversion: true, fields: &["status.successful"] },
    Known { kind: "Namespace", own_conversion: true, fields: &["status.phase", "name"] },
    Known { kind: "Secret", own_conversion: true, fields: &["type"] },
    Known { kind: "Service", own_conversion: true, fields: &["spec.clusterIP", "spec.type"] },
    Known {
        kind: "Event",
        own_conversion: true,
        fields: &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    },
];

/// A field that the selector of a kind cannot name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldsError {
    field: String,
    own_conversion: bool,
}

impl fmt::Display for FieldsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.own_conversion {
            write!(f, "field label not supported: {}", self.field)
        } else {
            let known = "\"metadata.name\", \"metadata.namespace\"";
            write!(f, "{:?} is not a known field selector: only {known}", self.field)
        }
    }
}

impl std::error::Error for FieldsError {}

impl FieldSelector {
    /// Whether a selector suits a kind.
    ///
    /// # Errors
    ///
    /// On a field that objects of the kind cannot be selected by: `data.k` of a `ConfigMap`, `status.hostIP` of a `Pod`.
    pub fn check(&self, kind: &str) -> Result<(), FieldsError> {
        let known = KNOWN.iter().find(|known| known.kind == kind);
        for term in self.terms() {
            let field = term.field.as_str();
            let everywhere = matches!(field, "metadata.name" | "metadata.namespace");
            if !everywhere && !known.is_some_and(|known| known.fields.contains(&field)) {
                let own_conversion = known.is_some_and(|known| known.own_conversion);
                return Err(FieldsError { field: field.to_owned(), own_conversion });
            }
        }
        Ok(())
    }

    /// Whether an object is meant.
    ///
    /// # Errors
    ///
    /// Those of [`Self::check`].
    pub fn matches_object(&self, object: &Object) -> Result<bool, FieldsError> {
        self.check(object.kind())?;
        Ok(self.terms().is_empty() || self.matches(&object_fields(object)))
    }
}

/// The fields of an object that selectors can name, with their values as texts; an absent one is empty.
#[must_use]
pub fn object_fields(object: &Object) -> BTreeMap<&'static str, String> {
    // An object that was made here can be read again.
    let json: Value = serde_json::from_str(&to_json(object)).unwrap_or_default();
    json_fields(&json)
}

/// The same for an untyped object.
#[must_use]
pub fn json_fields(object: &Value) -> BTreeMap<&'static str, String> {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let own = KNOWN.iter().find(|known| known.kind == kind).map_or(&[][..], |known| known.fields);
    ["metadata.name", "metadata.namespace"]
        .iter()
        .chain(own)
        .map(|field| (*field, value(object, kind, field)))
        .collect()
}

fn value(json: &Value, kind: &str, field: &str) -> String {
    let path = match (kind, field) {
        ("Job", "status.successful") => "status.succeeded",
        ("Namespace", "name") => "metadata.name",
        // It was never filled in upstream.
        ("Pod", "status.podIPs") => return String::new(),
        ("Event", "source") => "source.component",
        _ => field,
    };
    let found = path.split('.').try_fold(json, |value, name| value.get(name));
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => absent(kind, field).to_owned(),
        Some(other) => other.to_string(),
    }
}

/// What Go's zero value of a field is as a text.
fn absent(kind: &str, field: &str) -> &'static str {
    match (kind, field) {
        (_, "status.replicas" | "status.successful") => "0",
        ("Node", "spec.unschedulable") | ("Pod", "spec.hostNetwork") => "false",
        _ => "",
    }
}
