//! From an image's configuration to an image manifest, by docker2aci's mapping without its faults.

mod platform;
mod ports;
mod user;
mod volumes;

use std::fmt;

use pod_core::image::Reference;
use serde::Serialize;

use super::image_config::{Process, Words};
use super::layer::Layer;
use super::source::Picked;
use super::tree::Tree;
use super::{OciError, OciErrorKind};
use crate::docker_annotation::{CMD, ENTRYPOINT, STOP_SIGNAL, USER};
use crate::store::{CONFIG_DIGEST, ORIGINAL_NAME};
use crate::{
    AcIdentifier, Annotation, Annotations, App, Date, Environment, EnvironmentVariable, HttpUrl,
    ImageManifest, Strength,
};

pub(super) use platform::platform_of;
use platform::{labels, os_and_arch};

pub(super) const CREATED: &str = "created";
pub(super) const AUTHORS: &str = "authors";
pub(super) const COMMENT: &str = "docker-comment";
pub(super) const HEALTHCHECK: &str = "appc.io/docker/healthcheck";
pub(super) const SHELL: &str = "appc.io/docker/shell";
pub(super) const ON_BUILD: &str = "appc.io/docker/onbuild";
pub(super) const OS_VERSION: &str = "appc.io/docker/osversion";
pub(super) const OS_FEATURES: &str = "appc.io/docker/osfeatures";
pub(super) const ARCHITECTURE: &str = "appc.io/docker/architecture";

/// Something of an image that the other format has no place for: where it stands, and why it stays behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCarried {
    field: String,
    reason: String,
}

impl NotCarried {
    pub(super) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }

    /// The field, such as `config.Env[3]`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for NotCarried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// A manifest, and what it does not say.
pub(super) struct Converted {
    pub(super) manifest: ImageManifest,
    pub(super) not_carried: Vec<NotCarried>,
}

/// The manifest of an image whose layers make this tree.
pub(super) fn manifest(
    image: &Picked,
    name: Option<&Reference<'_>>,
    tree: &Tree,
    layers: &[Layer],
) -> Result<Converted, OciError> {
    let mut not_carried = Vec::new();
    let mut manifest = ImageManifest::new(ac_name(image, name)?);
    manifest.labels = labels(&image.config, name, &mut not_carried)?;
    manifest.annotations = annotations(image, name, &mut not_carried)?;
    let process = image.config.config.clone().unwrap_or_default();
    let mut app = App::new(exec(&process));
    let (user, group, gids) = user::resolve(process.user.as_deref().unwrap_or_default(), tree, layers)?;
    (app.user, app.group, app.supplementary_gids) = (user, group, gids);
    app.working_directory = working_directory(process.working_dir.as_deref().unwrap_or_default());
    app.environment = environment(process.env.unwrap_or_default(), &mut not_carried)?;
    app.mount_points =
        volumes::mount_points(process.volumes.unwrap_or_default().into_keys(), &mut not_carried);
    app.ports = ports::all(process.exposed_ports.unwrap_or_default().into_keys(), &mut not_carried);
    app.user_labels = process.labels.unwrap_or_default();
    app.user_annotations = image.annotations.clone();
    manifest.app = Some(app);
    Ok(Converted { manifest, not_carried })
}

/// What the image is called among App Container images. It says where the image is from, and is no key: several images may have it.
fn ac_name(image: &Picked, name: Option<&Reference<'_>>) -> Result<AcIdentifier, OciError> {
    let text = match name {
        Some(name) => name.name().to_string(),
        None => image.digest.to_string(),
    };
    AcIdentifier::sanitize(&text).map_err(|error| {
        OciError::caused(OciErrorKind::Unsupported, format!("cannot name the image `{text}`"), error)
    })
}

fn exec(process: &Process) -> Vec<String> {
    [&process.entrypoint, &process.cmd].into_iter().flatten().flat_map(Words::to_vec).collect()
}

/// The absolute path that a work directory means: Docker takes a relative one from the root.
fn working_directory(written: &str) -> String {
    match clean(written).as_str() {
        "" => String::new(),
        path => format!("/{path}"),
    }
}

/// A path from the root without slashes at its ends; `.` and `..` carried out.
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Of a variable that stands there twice the last one counts, as for who starts the process.
fn environment(list: Vec<String>, not_carried: &mut Vec<NotCarried>) -> Result<Environment, OciError> {
    let mut variables: Vec<EnvironmentVariable> = Vec::new();
    for (index, text) in list.into_iter().enumerate() {
        let field = || format!("config.Env[{index}]");
        let Some((name, value)) = text.split_once('=') else {
            let reason = format!("`{}` has no `=`, so it sets nothing", text.escape_debug());
            not_carried.push(NotCarried::new(field(), reason));
            continue;
        };
        let variable = EnvironmentVariable { name: name.to_owned(), value: value.to_owned() };
        if let Err(error) = Environment::try_from(vec![variable.clone()]) {
            not_carried.push(NotCarried::new(field(), error.to_string()));
            continue;
        }
        match variables.iter_mut().find(|known| known.name == variable.name) {
            Some(known) => *known = variable,
            None => variables.push(variable),
        }
    }
    Environment::try_from(variables)
        .map_err(|error| OciError::caused(OciErrorKind::Unsupported, "cannot carry over config.Env", error))
}

/// Collects annotations; names are ours, and each is set once.
struct Notes(Vec<Annotation>);

impl Notes {
    fn text(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let (Ok(name), Some(value)) = (AcIdentifier::parse(name, Strength::Strict), value.map(Into::into))
        {
            self.0.push(Annotation { name, value });
        }
    }

    fn json<T: Serialize>(&mut self, name: &str, value: Option<&T>) {
        self.text(name, value.and_then(|value| serde_json::to_string(value).ok()));
    }
}

fn annotations(
    image: &Picked,
    name: Option<&Reference<'_>>,
    not_carried: &mut Vec<NotCarried>,
) -> Result<Annotations, OciError> {
    let config = &image.config;
    let mut notes = Notes(Vec::new());
    if let Some(created) = config.created.as_deref().filter(|text| !text.is_empty()) {
        match Date::parse(created, Strength::Strict) {
            Ok(_) => notes.text(CREATED, Some(created)),
            Err(error) => not_carried.push(NotCarried::new("created", error.to_string())),
        }
    }
    notes.text(AUTHORS, config.author.as_deref().filter(|text| !text.is_empty()));
    let labels = config.config.as_ref().and_then(|process| process.labels.as_ref());
    for (annotation, key) in [("homepage", "url"), ("documentation", "documentation")] {
        let key = format!("org.opencontainers.image.{key}");
        let url = image.annotations.get(&key).or_else(|| labels.and_then(|labels| labels.get(&key)));
        notes.text(annotation, url.filter(|url| HttpUrl::parse(url, Strength::Strict).is_ok()).cloned());
    }
    notes.text(COMMENT, config.comment.as_deref().filter(|text| !text.is_empty()));
    if let Some(name) = name {
        notes.text(ORIGINAL_NAME, Some(name.to_string()));
        notes.text("appc.io/docker/registryurl", Some(name.domain()));
        notes.text("appc.io/docker/repository", Some(name.path()));
        notes.text("appc.io/docker/tag", name.tag());
    }
    notes.text(CONFIG_DIGEST, Some(image.config_digest.as_str()));
    notes.text("appc.io/docker/parentimageid", config.parent.as_deref().filter(|text| !text.is_empty()));
    if image.digest != image.config_digest {
        notes.text("appc.io/docker/manifesthash", Some(image.digest.as_str()));
    }
    let process = config.config.clone().unwrap_or_default();
    notes.json(
        ENTRYPOINT,
        process.entrypoint.as_ref().map(Words::to_vec).filter(|words| !words.is_empty()).as_ref(),
    );
    notes.json(CMD, process.cmd.as_ref().map(Words::to_vec).filter(|words| !words.is_empty()).as_ref());
    notes.text(USER, process.user.clone().or_else(|| Some(String::new())));
    notes.text(STOP_SIGNAL, process.stop_signal.filter(|signal| !signal.is_empty()));
    notes.json(HEALTHCHECK, process.healthcheck.as_ref());
    notes.json(SHELL, process.shell.as_ref().filter(|words| !words.is_empty()));
    notes.json(ON_BUILD, process.on_build.as_ref().filter(|words| !words.is_empty()));
    notes.text(OS_VERSION, config.os_version.as_deref().filter(|text| !text.is_empty()));
    notes.json(OS_FEATURES, config.os_features.as_ref().filter(|list| !list.is_empty()));
    let (_, arch) = os_and_arch(config);
    if arch.is_none() {
        notes.text(ARCHITECTURE, config.platform().map(|platform| platform.to_string()));
    }
    Annotations::try_from(notes.0)
        .map_err(|error| OciError::caused(OciErrorKind::Unsupported, "cannot annotate the image", error))
}
