//! The manifest of a pod (specification, "Pod Manifest Schema").

mod build;
mod fulfil;

pub use build::AddAppError;
pub use fulfil::{Fulfilled, FulfilledBy};

use std::collections::BTreeMap;

use crate::image_manifest::check_kind;
use crate::isolator::{Scope, check_together};
use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::{
    AcIdentifier, AcName, AcVersion, Annotations, App, ExposedPort, ImageId, Isolator, Labels, List,
    Strength, Volume,
};

/// Which apps run together, and what they share.
#[derive(Debug, Clone, PartialEq)]
pub struct PodManifest {
    /// The version of the specification that it is written for.
    pub ac_version: AcVersion,
    /// The apps; names are unique.
    pub apps: List<RuntimeApp>,
    /// The volumes; names are unique.
    pub volumes: List<Volume>,
    /// What all apps together may use and do.
    pub isolators: List<Isolator>,
    /// What else is said of it.
    pub annotations: Annotations,
    /// Ports of the host that lead to ports of apps.
    pub ports: List<ExposedPort>,
    /// What users want to say of it.
    pub user_annotations: BTreeMap<String, String>,
    /// What users want to find it by.
    pub user_labels: BTreeMap<String, String>,
}

/// An app of a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct RuntimeApp {
    /// Its name.
    pub name: AcName,
    /// Its image.
    pub image: RuntimeImage,
    /// What replaces the image's `app` as a whole.
    pub app: Option<App>,
    /// Whether its root file system is read-only.
    pub read_only_root_fs: bool,
    /// Which volumes it mounts where.
    pub mounts: Vec<PodMount>,
    /// What is said of it, over what its image says.
    pub annotations: Annotations,
}

/// The image of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeImage {
    /// Its name, for the record.
    pub name: Option<AcIdentifier>,
    /// Its ID, which decides.
    pub id: ImageId,
    /// Its labels, for the record.
    pub labels: Labels,
}

/// A volume that is mounted in an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodMount {
    /// The name of the volume.
    pub volume: AcName,
    /// Where it is mounted; never empty in [`Strength::Strict`].
    pub path: String,
    /// The volume itself, where the pod has none of that name.
    pub app_volume: Option<Volume>,
}

impl PodManifest {
    /// The `acKind` of a pod manifest.
    pub const KIND: &'static str = "PodManifest";

    /// The app of that name.
    #[must_use]
    pub fn app(&self, name: &str) -> Option<&RuntimeApp> {
        self.apps.iter().find(|app| app.name == name)
    }
}

const MEMBERS: [&str; 9] = [
    "acVersion",
    "acKind",
    "apps",
    "volumes",
    "isolators",
    "annotations",
    "ports",
    "userAnnotations",
    "userLabels",
];

impl Codec for PodManifest {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &MEMBERS)?;
        check_kind(&object, Self::KIND)?;
        let pod = Self {
            ac_version: object.required("acVersion")?,
            apps: object.or_default("apps")?,
            volumes: object.or_default("volumes")?,
            isolators: object.or_default("isolators")?,
            annotations: object.or_default("annotations")?,
            ports: object.or_default("ports")?,
            user_annotations: object.or_default("userAnnotations")?,
            user_labels: object.or_default("userLabels")?,
        };
        for (index, app) in pod.apps.iter().enumerate() {
            if pod.apps.iter().take(index).any(|earlier| earlier.name == app.name) {
                return Err(object.invalid("apps", format!("the app `{}` stands there twice", app.name)));
            }
        }
        for (index, volume) in pod.volumes.iter().enumerate() {
            if pod.volumes.iter().take(index).any(|earlier| earlier.name == volume.name) {
                return Err(
                    object.invalid("volumes", format!("the volume `{}` stands there twice", volume.name))
                );
            }
        }
        if let Some(list) = object.node_of("isolators") {
            check_together(&pod.isolators, list, Scope::Pod, strength)
                .map_err(|fault| fault.within("isolators"))?;
        }
        Ok(pod)
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("acVersion", &self.ac_version);
            object.text("acKind", Self::KIND);
            object.member("apps", &self.apps);
            // The Go implementation writes these even when they are absent, as `null`.
            let compat = !object.strength().is_strict();
            object.optional("volumes", Some(&self.volumes).filter(|list| compat || !list.is_empty()));
            object.optional("isolators", Some(&self.isolators).filter(|list| compat || !list.is_empty()));
            object.optional("annotations", Some(&self.annotations).filter(|list| compat || !list.is_empty()));
            object.optional("ports", Some(&self.ports).filter(|list| compat || !list.is_empty()));
            object.optional("userAnnotations", Some(&self.user_annotations).filter(|map| !map.is_empty()));
            object.optional("userLabels", Some(&self.user_labels).filter(|map| !map.is_empty()));
        });
    }
}

impl Codec for RuntimeApp {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let known = ["name", "image", "app", "readOnlyRootFS", "mounts", "annotations"];
        let object = Object::new(node, strength, &known)?;
        Ok(Self {
            name: object.required("name")?,
            image: object.required("image")?,
            app: object.optional("app")?,
            read_only_root_fs: object.or_default("readOnlyRootFS")?,
            mounts: object.or_default("mounts")?,
            annotations: object.or_default("annotations")?,
        })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("name", &self.name);
            object.member("image", &self.image);
            object.optional("app", self.app.as_ref());
            object.optional("readOnlyRootFS", Some(&self.read_only_root_fs).filter(|flag| **flag));
            object.list("mounts", &self.mounts);
            object.optional("annotations", Some(&self.annotations).filter(|list| !list.is_empty()));
        });
    }
}

impl Codec for RuntimeImage {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["name", "id", "labels"])?;
        Ok(Self {
            name: object.optional("name")?,
            id: object.required("id")?,
            labels: object.or_default("labels")?,
        })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.optional("name", self.name.as_ref());
            object.member("id", &self.id);
            object.optional("labels", Some(&self.labels).filter(|list| !list.is_empty()));
        });
    }
}

impl Codec for PodMount {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["volume", "path", "appVolume"])?;
        let volume = object.required("volume")?;
        let path: String = object.or_default("path")?;
        if strength.is_strict() && path.is_empty() {
            return Err(object.invalid("path", "a mount's path is not empty"));
        }
        Ok(Self { volume, path, app_volume: object.optional("appVolume")? })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("volume", &self.volume);
            object.text("path", &self.path);
            object.optional("appVolume", self.app_volume.as_ref());
        });
    }
}
