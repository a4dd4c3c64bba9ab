//! From App Container's own words to the neutral pod model of `pod-core`: [`pod()`] for a pod manifest with its images, [`image()`] for
//! an image that a pod of another flavour uses.

mod docker;
mod isolation;
mod mounts;
mod pod;
mod ports;
mod seccomp;

pub use pod::{LoweredPod, PodSettings, pod};
pub use seccomp::SeccompFile;

mod name;

use std::fmt;

use pod_core::pod::ImageConfig;

pub use name::app_string;

use crate::{App, ImageManifest};

/// What an image says of its process, in the neutral model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoweredImage {
    /// What the model has.
    pub config: ImageConfig,
    /// The fields that a pod of another flavour decides itself, and that the image has: `app.isolators`, `app.ports` and the
    /// like. They apply to an App Container pod only; who runs the image otherwise should say so.
    pub not_carried: Vec<&'static str>,
}

/// Why a manifest cannot be lowered: the field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LowerError {
    field: String,
    message: String,
}

impl LowerError {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The same, of a field inside another one.
    fn within(self, outer: &str) -> Self {
        Self { field: format!("{outer}.{}", self.field), message: self.message }
    }

    /// The field, such as `app.user`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for LowerError {}

/// What an image says of its process, in the neutral model. An image without an `app` says nothing.
///
/// Of an image that was Docker's (feature `oci`) the annotations `appc.io/docker/entrypoint`, `cmd`, `user` and `stopsignal` count too.
///
/// ```
/// use appc_spec::{App, ImageManifest, lower};
///
/// let mut manifest = ImageManifest::new("example.com/hello".parse()?);
/// manifest.app = Some(App::new(vec!["/bin/echo".to_owned(), "hello".to_owned()]));
/// let lowered = lower::image(&manifest)?;
/// assert_eq!(lowered.config.entrypoint, ["/bin/echo", "hello"]);
/// assert_eq!(lowered.config.user, "0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When the user or group is a path whose owner is meant, or has a `:`, which the model reads as `user:group`; when a
/// supplementary group is no number from 0 to 4294967294.
pub fn image(manifest: &ImageManifest) -> Result<LoweredImage, LowerError> {
    let Some(app) = &manifest.app else {
        return Ok(LoweredImage { config: ImageConfig::default(), not_carried: Vec::new() });
    };
    let mut config = config(app).map_err(|error| error.within("app"))?;
    docker::refine(&mut config, manifest);
    Ok(LoweredImage { config, not_carried: not_carried(app) })
}

fn config(app: &App) -> Result<ImageConfig, LowerError> {
    let supplementary_groups = supplementary_groups(app)?;
    Ok(ImageConfig {
        entrypoint: app.exec.to_vec(),
        cmd: Vec::new(),
        env: app.environment.iter().map(|variable| (variable.name.clone(), variable.value.clone())).collect(),
        user: who("user", &app.user)?,
        group: who("group", &app.group)?,
        supplementary_groups,
        working_dir: app.working_directory.clone(),
        stop_signal: None,
    })
}

fn supplementary_groups(app: &App) -> Result<Vec<u32>, LowerError> {
    let checked = |(index, gid): (usize, &i64)| {
        let field = || format!("supplementaryGIDs[{index}]");
        identifier(*gid).map_err(|message| LowerError::new(field(), message))
    };
    app.supplementary_gids.iter().enumerate().map(checked).collect()
}

/// A user or group by number; the largest one means "leave it" to the kernel.
fn identifier(id: i64) -> Result<u32, String> {
    let fits = u32::try_from(id).ok().filter(|id| *id != u32::MAX);
    fits.ok_or_else(|| format!("{id} is no identifier from 0 to 4294967294"))
}

fn who(field: &'static str, text: &str) -> Result<String, LowerError> {
    let shown = text.escape_debug();
    if text.starts_with('/') {
        return Err(LowerError::new(
            field,
            format!("the owner of the file `{shown}` cannot be taken: name a user or a number"),
        ));
    }
    if text.contains(':') {
        return Err(LowerError::new(
            field,
            format!("`{shown}` has a `:`, which no name of a user or group has"),
        ));
    }
    Ok(text.to_owned())
}

fn not_carried(app: &App) -> Vec<&'static str> {
    let fields = [
        ("app.eventHandlers", app.event_handlers.is_empty()),
        ("app.mountPoints", app.mount_points.is_empty()),
        ("app.ports", app.ports.is_empty()),
        ("app.isolators", app.isolators.is_empty()),
        ("app.userAnnotations", app.user_annotations.is_empty()),
        ("app.userLabels", app.user_labels.is_empty()),
    ];
    fields.into_iter().filter(|(_, empty)| !empty).map(|(field, _)| field).collect()
}
