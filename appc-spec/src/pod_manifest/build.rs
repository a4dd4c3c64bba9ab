//! Pod manifests from images.

use std::collections::BTreeMap;
use std::fmt;

use crate::{
    AcName, AcVersion, Annotations, App, ImageId, ImageManifest, List, ParseNameError, PodManifest, PodMount,
    RuntimeApp, RuntimeImage, Volume, VolumeMode, VolumeSource,
};

/// Why an image makes no app of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddAppError {
    image: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Name(ParseNameError),
    Taken(AcName),
}

impl fmt::Display for AddAppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let image = &self.image;
        match &self.kind {
            Kind::Name(_) => write!(f, "no name for an app can be made of the image name `{image}`"),
            Kind::Taken(name) => {
                write!(f, "the pod has an app `{name}` already: give the app of image `{image}` another name")
            }
        }
    }
}

impl std::error::Error for AddAppError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Name(error) => Some(error),
            Kind::Taken(_) => None,
        }
    }
}

impl RuntimeApp {
    /// An app of this name that runs what its image says.
    #[must_use]
    pub fn new(name: AcName, id: ImageId) -> Self {
        Self {
            name,
            image: RuntimeImage { name: None, id, labels: crate::Labels::default() },
            app: None,
            read_only_root_fs: false,
            mounts: Vec::new(),
            annotations: Annotations::default(),
        }
    }

    /// What it runs: its own `app`, else its image's.
    #[must_use]
    pub fn runs<'a>(&'a self, image: &'a ImageManifest) -> Option<&'a App> {
        self.app.as_ref().or(image.app.as_ref())
    }
}

impl PodManifest {
    /// A pod without apps.
    #[must_use]
    pub fn new() -> Self {
        Self {
            ac_version: AcVersion::CURRENT,
            apps: List::from(Vec::new()),
            volumes: List::absent(),
            isolators: List::absent(),
            annotations: Annotations::default(),
            ports: List::absent(),
            user_annotations: BTreeMap::new(),
            user_labels: BTreeMap::new(),
        }
    }

    /// Adds an app that runs an image, with the last part of the image's name as its own (rkt, `common/apps`): a copy of the
    /// image's `app`, to be changed at will.
    ///
    /// ```
    /// use appc_spec::{App, ImageId, ImageManifest, PodManifest};
    ///
    /// let mut image = ImageManifest::new("example.com/tools/hello_world".parse()?);
    /// image.app = Some(App::new(vec!["/bin/hello".to_owned()]));
    /// let id: ImageId = format!("sha512-{}", "ab".repeat(64)).parse()?;
    ///
    /// let mut pod = PodManifest::new();
    /// let app = pod.add_image(&id, &image)?;
    /// assert_eq!(app.name.as_str(), "hello-world");
    /// app.app.as_mut().unwrap().exec.push("--loudly".to_owned());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the pod has an app of that name: two of one image need [`PodManifest::add_image_as`].
    pub fn add_image(&mut self, id: &ImageId, image: &ImageManifest) -> Result<&mut RuntimeApp, AddAppError> {
        let last = image.name.as_str().rsplit('/').next().unwrap_or_default();
        let name = AcName::sanitize(last)
            .and_then(|name| single_hyphens(name.as_str()).parse())
            .map_err(|error| AddAppError { image: image.name.to_string(), kind: Kind::Name(error) })?;
        self.add_image_as(name, id, image)
    }

    /// Adds an app of that name that runs an image.
    ///
    /// # Errors
    ///
    /// When the pod has an app of that name.
    pub fn add_image_as(
        &mut self,
        name: AcName,
        id: &ImageId,
        image: &ImageManifest,
    ) -> Result<&mut RuntimeApp, AddAppError> {
        if self.app(name.as_str()).is_some() {
            return Err(AddAppError { image: image.name.to_string(), kind: Kind::Taken(name) });
        }
        let mut app = RuntimeApp::new(name, id.clone());
        app.image.name = Some(image.name.clone());
        app.image.labels = image.labels.clone();
        app.app = image.app.clone();
        let apps = self.apps.as_mut_vec();
        let at = apps.len();
        apps.push(app);
        // The vector has just got this item.
        Ok(&mut apps[at])
    }

    /// Gives every mount point that nothing fulfils an empty volume of its own, `APP-MOUNTPOINT` with mode 0755, owned by user and
    /// group 0 (rkt, `GenerateMounts`): a manifest must have all of them satisfied before it runs. `images` are those of the apps
    /// that have no `app` of their own. Gives the names of the new volumes: the user should be told.
    pub fn fill_mount_points(&mut self, images: &BTreeMap<ImageId, ImageManifest>) -> Vec<AcName> {
        let mut missing = Vec::new();
        for (index, runtime) in self.apps.iter().enumerate() {
            let image = images.get(&runtime.image.id).and_then(|image| image.app.as_ref());
            let Some(app) = runtime.app.as_ref().or(image) else { continue };
            for wanted in runtime.fulfil(app, self) {
                if wanted.volume.is_none()
                    && let Some(point) = wanted.mount_point
                {
                    missing.push((index, runtime.name.clone(), point.clone()));
                }
            }
        }
        let mut added = Vec::new();
        for (index, app, point) in missing {
            let Some(name) = self.free_volume_name(&format!("{app}-{}", point.name)) else { continue };
            self.volumes.push(Volume {
                name: name.clone(),
                source: VolumeSource::Empty { mode: VolumeMode::default(), uid: 0, gid: 0 },
                read_only: None,
                recursive: None,
            });
            if let Some(runtime) = self.apps.as_mut_vec().get_mut(index) {
                runtime.mounts.push(PodMount { volume: name.clone(), path: point.path, app_volume: None });
            }
            added.push(name);
        }
        added
    }

    fn free_volume_name(&self, wanted: &str) -> Option<AcName> {
        let taken = |name: &str| self.volumes.iter().any(|volume| volume.name == *name);
        let mut names =
            std::iter::once(wanted.to_owned()).chain((2_u64..).map(|number| format!("{wanted}-{number}")));
        names.find(|name| !taken(name)).and_then(|name| AcName::parse(&name, crate::Strength::Compat).ok())
    }
}

impl Default for PodManifest {
    fn default() -> Self {
        Self::new()
    }
}

/// No two hyphens in a row, as the specification has it and the Go implementation's `Sanitize` does not.
fn single_hyphens(text: &str) -> String {
    text.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
