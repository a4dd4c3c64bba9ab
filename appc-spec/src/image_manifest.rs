//! The manifest of an image (specification, "Image Manifest Schema").

use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::{
    AcIdentifier, AcVersion, Annotations, App, AppString, Dependency, Labels, LabelsError, Strength,
};

/// What an image is called, how its program is run, and what it is built on.
///
/// ```
/// use appc_spec::{ImageManifest, Json, Strength};
///
/// let text = r#"{
///     "acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/hello",
///     "labels": [{"name": "version", "value": "1.0"}, {"name": "os", "value": "linux"}],
///     "app": {"exec": ["/bin/hello"], "user": "0", "group": "0"}
/// }"#;
/// let manifest = ImageManifest::from_json(text, Strength::Strict)?;
/// assert_eq!(manifest.labels.value("version"), Some("1.0"));
/// assert!(manifest.to_json(Strength::Strict).starts_with(r#"{"acKind":"ImageManifest","acVersion":"0.8.11","#));
/// # Ok::<(), appc_spec::ManifestError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ImageManifest {
    /// The version of the specification that it is written for.
    pub ac_version: AcVersion,
    /// Its name.
    pub name: AcIdentifier,
    /// What it is found by, besides its name.
    pub labels: Labels,
    /// How its program is run; an image without one only serves others.
    pub app: Option<App>,
    /// What else is said of it.
    pub annotations: Annotations,
    /// The images that it is built on; later ones override earlier ones.
    pub dependencies: Vec<Dependency>,
    /// The paths that are kept of it and its dependencies; empty keeps all.
    pub path_whitelist: Vec<String>,
}

impl ImageManifest {
    /// The `acKind` of an image manifest.
    pub const KIND: &'static str = "ImageManifest";

    /// A manifest with a name and nothing else.
    #[must_use]
    pub fn new(name: AcIdentifier) -> Self {
        Self {
            ac_version: AcVersion::CURRENT,
            name,
            labels: Labels::default(),
            app: None,
            annotations: Annotations::default(),
            dependencies: Vec::new(),
            path_whitelist: Vec::new(),
        }
    }
}

impl TryFrom<&AppString> for ImageManifest {
    type Error = LabelsError;

    /// A manifest with the name and labels of an image name, and nothing else.
    ///
    /// ```
    /// use appc_spec::{AppString, ImageManifest};
    ///
    /// let app: AppString = "example.com/hello:1.0,os=linux".parse()?;
    /// let manifest = ImageManifest::try_from(&app)?;
    /// assert_eq!(manifest.labels.value("version"), Some("1.0"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the labels do not fit each other (`os=plan9`).
    fn try_from(app: &AppString) -> Result<Self, Self::Error> {
        let mut manifest = Self::new(app.name.clone());
        for (name, value) in app.labels() {
            manifest.labels.set(name.clone(), value)?;
        }
        Ok(manifest)
    }
}

/// Checks the `acKind` of a manifest.
pub(crate) fn check_kind(object: &Object<'_, '_>, wanted: &'static str) -> Result<(), Fault> {
    let kind: String = object.required("acKind")?;
    if kind == wanted {
        return Ok(());
    }
    Err(object.invalid("acKind", format!("the kind is `{wanted}`, not `{}`", kind.escape_debug())))
}

const MEMBERS: [&str; 8] =
    ["acKind", "acVersion", "name", "labels", "app", "annotations", "dependencies", "pathWhitelist"];

impl Codec for ImageManifest {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &MEMBERS)?;
        check_kind(&object, Self::KIND)?;
        let manifest = Self {
            ac_version: object.required("acVersion")?,
            name: object.required("name")?,
            labels: object.or_default("labels")?,
            app: object.optional("app")?,
            annotations: object.or_default("annotations")?,
            dependencies: object.or_default("dependencies")?,
            path_whitelist: object.or_default("pathWhitelist")?,
        };
        let relative = manifest.path_whitelist.iter().find(|path| !path.starts_with('/'));
        match relative.filter(|_| strength.is_strict()) {
            Some(path) => {
                Err(object.invalid("pathWhitelist", format!("`{}` is no absolute path", path.escape_debug())))
            }
            None => Ok(manifest),
        }
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.text("acKind", Self::KIND);
            object.member("acVersion", &self.ac_version);
            object.member("name", &self.name);
            object.optional("labels", Some(&self.labels).filter(|list| !list.is_empty()));
            object.optional("app", self.app.as_ref());
            object.optional("annotations", Some(&self.annotations).filter(|list| !list.is_empty()));
            object.list("dependencies", &self.dependencies);
            object.list("pathWhitelist", &self.path_whitelist);
        });
    }
}
