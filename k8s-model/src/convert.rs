//! Old versions of kinds: read as the version that is modelled, and written again.
//!
//! Decoding reads them by itself: what a version means otherwise than the modelled one is kept by writing it out (a selector that
//! follows from the template, other defaults), and told as a [warning](crate::decode::ProblemKind::OldVersion), with the release of
//! Kubernetes that removed the version.
//!
//! ```
//! use k8s_model::convert;
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::encode::to_json;
//!
//! let text = "{apiVersion: extensions/v1beta1, kind: Ingress, spec: {backend: {serviceName: web, servicePort: 80}}}";
//! let decoded = decode_str(text, "ingress.yaml", Mode::Strict);
//! assert_eq!(
//!     decoded.problems[0].to_string(),
//!     "ingress.yaml:1:14: apiVersion: `Ingress` of `extensions/v1beta1` was removed in Kubernetes 1.22: \
//!      it is read as `networking.k8s.io/v1`",
//! );
//! let ingress = &decoded.documents[0].object;
//! assert!(to_json(ingress).contains(r#""defaultBackend":{"service":{"name":"web","port":{"number":80}}}"#));
//! let old = convert::to(ingress, "extensions/v1beta1")?;
//! assert!(to_json(&old).contains(r#""backend":{"serviceName":"web","servicePort":80}"#));
//! # Ok::<(), convert::ConvertError>(())
//! ```

mod autoscaler;
mod budget;
mod deployment;
mod field;
mod ingress;
mod metric;
mod scale;
mod slice;
mod workload;

use std::fmt;

use crate::decode::{Decoder, ProblemKind};
use crate::encode::{self, Encode, Sink};
use crate::object::{self, Object};
use crate::schema::Struct;
use crate::tree::Node;

/// A version of a kind that is read and written, but not modelled.
#[derive(Debug)]
#[non_exhaustive]
pub struct OldVersion {
    /// The version, with its group.
    pub api_version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The version that it is read as.
    pub modelled: &'static str,
    /// The release of Kubernetes that does not serve it any more; `None` when it is still served.
    pub removed: Option<&'static str>,
    form: Form,
}

/// How the old form differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Not at all.
    Same,
    /// Defaults, and fields that have become annotations; the number of revisions that are kept by default.
    Deployment(i32),
    DaemonSet,
    ReplicaSet,
    StatefulSet,
    Ingress,
    Budget,
    Slice,
    Scale,
    /// One target for the processor, all else in annotations.
    Autoscaler,
    /// Metrics with their targets beside them.
    AutoscalerBeta,
}

const fn old(
    api_version: &'static str,
    kind: &'static str,
    modelled: &'static str,
    removed: &'static str,
    form: Form,
) -> OldVersion {
    let removed = if removed.is_empty() { None } else { Some(removed) };
    OldVersion { api_version, kind, modelled, removed, form }
}

/// The old versions: those that were once stable or beta, and `autoscaling/v1`, which is still served.
pub const OLD_VERSIONS: &[OldVersion] = &[
    old("apps/v1beta1", "ControllerRevision", "apps/v1", "1.16", Form::Same),
    old("apps/v1beta1", "Deployment", "apps/v1", "1.16", Form::Deployment(2)),
    old("apps/v1beta1", "Scale", "autoscaling/v1", "1.16", Form::Scale),
    old("apps/v1beta1", "StatefulSet", "apps/v1", "1.16", Form::StatefulSet),
    old("apps/v1beta2", "ControllerRevision", "apps/v1", "1.16", Form::Same),
    old("apps/v1beta2", "DaemonSet", "apps/v1", "1.16", Form::Same),
    old("apps/v1beta2", "Deployment", "apps/v1", "1.16", Form::Same),
    old("apps/v1beta2", "ReplicaSet", "apps/v1", "1.16", Form::Same),
    old("apps/v1beta2", "Scale", "autoscaling/v1", "1.16", Form::Scale),
    old("apps/v1beta2", "StatefulSet", "apps/v1", "1.16", Form::Same),
    old("autoscaling/v1", "HorizontalPodAutoscaler", "autoscaling/v2", "", Form::Autoscaler),
    old("autoscaling/v2beta1", "HorizontalPodAutoscaler", "autoscaling/v2", "1.25", Form::AutoscalerBeta),
    old("autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2", "1.26", Form::Same),
    old("batch/v1beta1", "CronJob", "batch/v1", "1.25", Form::Same),
    old("batch/v2alpha1", "CronJob", "batch/v1", "1.21", Form::Same),
    old("coordination.k8s.io/v1beta1", "Lease", "coordination.k8s.io/v1", "1.22", Form::Same),
    old("discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1", "1.25", Form::Slice),
    old("events.k8s.io/v1beta1", "Event", "events.k8s.io/v1", "1.25", Form::Same),
    old("extensions/v1beta1", "DaemonSet", "apps/v1", "1.16", Form::DaemonSet),
    old("extensions/v1beta1", "Deployment", "apps/v1", "1.16", Form::Deployment(i32::MAX)),
    old("extensions/v1beta1", "Ingress", "networking.k8s.io/v1", "1.22", Form::Ingress),
    old("extensions/v1beta1", "NetworkPolicy", "networking.k8s.io/v1", "1.16", Form::Same),
    old("extensions/v1beta1", "ReplicaSet", "apps/v1", "1.16", Form::ReplicaSet),
    old("extensions/v1beta1", "Scale", "autoscaling/v1", "1.16", Form::Scale),
    old("networking.k8s.io/v1beta1", "Ingress", "networking.k8s.io/v1", "1.22", Form::Ingress),
    old("networking.k8s.io/v1beta1", "IngressClass", "networking.k8s.io/v1", "1.22", Form::Same),
    old("node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1", "1.25", Form::Same),
    old("policy/v1beta1", "PodDisruptionBudget", "policy/v1", "1.25", Form::Budget),
    old(
        "rbac.authorization.k8s.io/v1beta1",
        "ClusterRole",
        "rbac.authorization.k8s.io/v1",
        "1.22",
        Form::Same,
    ),
    old(
        "rbac.authorization.k8s.io/v1beta1",
        "ClusterRoleBinding",
        "rbac.authorization.k8s.io/v1",
        "1.22",
        Form::Same,
    ),
    old("rbac.authorization.k8s.io/v1beta1", "Role", "rbac.authorization.k8s.io/v1", "1.22", Form::Same),
    old(
        "rbac.authorization.k8s.io/v1beta1",
        "RoleBinding",
        "rbac.authorization.k8s.io/v1",
        "1.22",
        Form::Same,
    ),
    old("scheduling.k8s.io/v1beta1", "PriorityClass", "scheduling.k8s.io/v1", "1.22", Form::Same),
    old("storage.k8s.io/v1beta1", "CSIDriver", "storage.k8s.io/v1", "1.22", Form::Same),
    old("storage.k8s.io/v1beta1", "StorageClass", "storage.k8s.io/v1", "1.22", Form::Same),
    old("storage.k8s.io/v1beta1", "VolumeAttachment", "storage.k8s.io/v1", "1.22", Form::Same),
];

/// The old version of that name.
#[must_use]
pub fn old_version(api_version: &str, kind: &str) -> Option<&'static OldVersion> {
    OLD_VERSIONS.iter().find(|old| old.api_version == api_version && old.kind == kind)
}

/// Something that a conversion filled in, moved or lost, and the field of the old form that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The path of the field, such as `spec.selector`.
    pub field: String,
    /// What became of it.
    pub message: String,
}

/// The notes of one conversion.
#[derive(Debug, Default)]
struct Notes(Vec<Note>);

impl Notes {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Note { field: field.into(), message: message.into() });
    }
}

/// Reads an object of an old version.
pub(crate) fn read<'t>(
    old: &'static OldVersion,
    root: Node<'t>,
    decoder: &mut Decoder<'t>,
) -> Option<Object> {
    if let Some(removed) = old.removed {
        let message = format!(
            "`{}` of `{}` was removed in Kubernetes {removed}: it is read as `{}`",
            old.kind, old.api_version, old.modelled
        );
        decoder.note(root, "apiVersion", ProblemKind::OldVersion, message);
    }
    let mut notes = Notes::default();
    let object = match old.form {
        Form::Same => modelled(old, root, decoder)?,
        Form::Deployment(history) => deployment::read(history, root, decoder, &mut notes),
        Form::DaemonSet => workload::read_daemon_set(root, decoder, &mut notes),
        Form::ReplicaSet | Form::StatefulSet => {
            let mut object = modelled(old, root, decoder)?;
            workload::after_reading(&mut object, &mut notes);
            object
        }
        Form::Ingress => ingress::read(root, decoder, &mut notes),
        Form::Budget => {
            let mut object = modelled(old, root, decoder)?;
            budget::after_reading(&mut object, &mut notes);
            object
        }
        Form::Slice => slice::read(root, decoder),
        Form::Scale => scale::read(root, decoder),
        Form::Autoscaler => autoscaler::read(root, decoder, &mut notes),
        Form::AutoscalerBeta => autoscaler::read_beta(root, decoder),
    };
    for note in notes.0 {
        let message = format!("{} (`{}`)", note.message, old.api_version);
        decoder.note(root, &note.field, ProblemKind::OldVersion, message);
    }
    Some(object)
}

/// An object whose old form is the modelled one.
fn modelled<'t>(old: &OldVersion, root: Node<'t>, decoder: &mut Decoder<'t>) -> Option<Object> {
    let mut object = Object::empty(old.modelled, old.kind)?;
    object.decode_fields(root, decoder);
    Some(object)
}

/// An object in another version of its kind.
pub struct Converted {
    api_version: &'static str,
    kind: &'static str,
    content: Content,
    notes: Vec<Note>,
}

enum Content {
    Modelled(Object),
    Old(Box<dyn Struct>),
}

impl Converted {
    /// The version, with its group.
    #[must_use]
    pub const fn api_version(&self) -> &'static str {
        self.api_version
    }

    /// What was filled in so that it means the same, and what the version cannot say.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

impl Encode for Converted {
    fn encode_to(&self, sink: &mut dyn Sink) {
        let fields = match &self.content {
            Content::Modelled(object) => object.fields(),
            Content::Old(fields) => Some(&**fields),
        };
        if let Some(fields) = fields {
            object::encode(self.api_version, self.kind, fields, sink);
        }
    }
}

impl fmt::Debug for Converted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode::to_json(self))
    }
}

/// Converts an object to a version of its kind: an [old one](OLD_VERSIONS), or the one that it has.
///
/// # Errors
///
/// On a version that the kind does not have (a `Pod` in `apps/v1`), and on lists and objects of kinds that are not modelled.
pub fn to(object: &Object, api_version: &str) -> Result<Converted, ConvertError> {
    let kind = object.kind();
    let mut notes = Notes::default();
    if let Some(info) = object.info().filter(|info| info.api_version == api_version) {
        let content = Content::Modelled(object.clone());
        return Ok(Converted { api_version: info.api_version, kind: info.kind, content, notes: Vec::new() });
    }
    let old = old_version(api_version, kind).filter(|old| old.modelled == object.api_version());
    let Some(old) = old else { return Err(ConvertError::new(object, api_version)) };
    let mut object = object.clone();
    let content = match (old.form, &mut object) {
        (Form::Deployment(_), Object::Deployment(object)) => deployment::write(object, &mut notes),
        (Form::DaemonSet, Object::DaemonSet(object)) => workload::write_daemon_set(object, &mut notes),
        (Form::Ingress, Object::Ingress(object)) => ingress::write(object),
        (Form::Slice, Object::EndpointSlice(object)) => slice::write(object),
        (Form::Scale, Object::Scale(object)) => scale::write(object),
        (Form::Autoscaler, Object::HorizontalPodAutoscaler(object)) => autoscaler::write(object),
        (Form::AutoscalerBeta, Object::HorizontalPodAutoscaler(object)) => {
            autoscaler::write_beta(object, &mut notes)
        }
        (Form::Budget, _) => {
            budget::before_writing(&mut object);
            Content::Modelled(object)
        }
        (Form::StatefulSet, _) => {
            workload::before_writing(&mut object, &mut notes);
            Content::Modelled(object)
        }
        _ => Content::Modelled(object),
    };
    Ok(Converted { api_version: old.api_version, kind: old.kind, content, notes: notes.0 })
}

/// The versions that an object can be converted to, its own first.
#[must_use]
pub fn versions(object: &Object) -> Vec<&str> {
    let old = OLD_VERSIONS
        .iter()
        .filter(|old| old.kind == object.kind() && old.modelled == object.api_version())
        .map(|old| old.api_version);
    std::iter::once(object.api_version()).chain(old).collect()
}

/// Why an object cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertError(String);

impl ConvertError {
    fn new(object: &Object, api_version: &str) -> Self {
        let kind = object.kind();
        Self(match object {
            Object::List(_) => format!("a list (`{kind}`) has no other version: convert the objects in it"),
            Object::Untyped(_) => {
                format!("the versions of `{kind}` of `{}` are not known", object.api_version())
            }
            _ => format!(
                "there is no `{kind}` in `{api_version}`; known is `{}`",
                versions(object).join("`, `")
            ),
        })
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConvertError {}
