//! From an image manifest to a configuration: the way back of `convert`.

use std::collections::BTreeMap;

use pod_core::image::{Digest, Platform};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::convert::{
    ARCHITECTURE, AUTHORS, COMMENT, CREATED, HEALTHCHECK, ON_BUILD, OS_FEATURES, OS_VERSION, SHELL,
    platform_of,
};
use super::super::image_config::{History, ImageConfig, Process, RootFs, Words};
use super::{NotCarried, OciError, OciErrorKind, Written};
use crate::docker_annotation::{CMD, ENTRYPOINT, STOP_SIGNAL, USER};
use crate::{App, ImageManifest};

pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

pub(super) struct Converted {
    pub(super) text: Vec<u8>,
    pub(super) platform: Option<Platform>,
    pub(super) not_carried: Vec<NotCarried>,
}

/// The configuration of an image of one layer.
pub(super) fn of(manifest: &ImageManifest, diff_id: Digest<'static>) -> Result<Converted, OciError> {
    let mut not_carried = Vec::new();
    let note = |name: &str| manifest.annotations.value(name).map(str::to_owned);
    let written = note(ARCHITECTURE).and_then(|text| text.parse::<Platform>().ok());
    let platform = platform_of(&manifest.labels).or(written);
    if platform.is_none() {
        not_carried
            .push(NotCarried::new("labels", "without `os` and `arch` the image is for every platform"));
    }
    // A configuration must name them; this is what images for every machine are taken for.
    let named = platform.clone().unwrap_or_else(Platform::of_this_program);
    let history = History {
        created: note(CREATED),
        created_by: Some(format!("App Container image {}", manifest.name)),
        ..History::default()
    };
    let config = ImageConfig {
        created: note(CREATED),
        author: note(AUTHORS),
        comment: note(COMMENT),
        architecture: Some(named.architecture),
        variant: Some(named.variant).filter(|variant| !variant.is_empty()),
        os: Some(named.os),
        os_version: note(OS_VERSION),
        os_features: json_note(manifest, OS_FEATURES),
        config: manifest.app.as_ref().map(|app| process(manifest, app, &mut not_carried)).transpose()?,
        rootfs: Some(RootFs { kind: "layers".to_owned(), diff_ids: Some(vec![diff_id]) }),
        history: Some(vec![history]),
        parent: None,
    };
    let text = serde_json::to_vec(&config)
        .map_err(|error| OciError::caused(OciErrorKind::Format, "cannot write the configuration", error))?;
    Ok(Converted { text, platform, not_carried })
}

fn json_note<T: DeserializeOwned>(manifest: &ImageManifest, name: &str) -> Option<T> {
    manifest.annotations.value(name).and_then(|text| serde_json::from_str(text).ok())
}

fn process(
    manifest: &ImageManifest,
    app: &App,
    not_carried: &mut Vec<NotCarried>,
) -> Result<Process, OciError> {
    for (field, empty) in [
        ("app.eventHandlers", app.event_handlers.is_empty()),
        ("app.isolators", app.isolators.is_empty()),
        ("app.mountPoints[].readOnly", app.mount_points.iter().all(|mount| !mount.read_only)),
        ("app.ports[].socketActivated", app.ports.iter().all(|port| !port.socket_activated)),
    ] {
        if !empty {
            not_carried.push(NotCarried::new(field, "a configuration has nothing like it"));
        }
    }
    let (entrypoint, cmd) = command(manifest, app);
    let empty = || Value::Object(serde_json::Map::new());
    let exposed = app.ports.iter().map(|port| {
        let last = u64::from(port.port) + port.count.max(1) - 1;
        let range = if port.count > 1 { format!("{}-{last}", port.port) } else { port.port.to_string() };
        (format!("{range}/{}", port.protocol), empty())
    });
    let volumes = app.mount_points.iter().map(|mount| (mount.path.clone(), empty()));
    let list = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
    let map = |map: BTreeMap<String, Value>| Some(map).filter(|map| !map.is_empty());
    Ok(Process {
        user: Some(user(manifest, app)?).filter(|user| !user.is_empty()),
        exposed_ports: map(exposed.collect()),
        env: list(app.environment.iter().map(|v| format!("{}={}", v.name, v.value)).collect()),
        entrypoint: list(entrypoint).map(Words::List),
        cmd: list(cmd).map(Words::List),
        volumes: map(volumes.collect()),
        working_dir: Some(app.working_directory.clone()).filter(|path| !path.is_empty()),
        labels: Some(app.user_labels.clone()).filter(|labels| !labels.is_empty()),
        stop_signal: manifest.annotations.value(STOP_SIGNAL).map(str::to_owned),
        healthcheck: json_note(manifest, HEALTHCHECK),
        shell: json_note(manifest, SHELL),
        on_build: json_note(manifest, ON_BUILD),
    })
}

/// Entry point and arguments, if it is known where one ends; else all is the entry point, which keeps it together.
fn command(manifest: &ImageManifest, app: &App) -> (Vec<String>, Vec<String>) {
    let words = |name| json_note::<Vec<String>>(manifest, name).unwrap_or_default();
    let (entrypoint, cmd) = (words(ENTRYPOINT), words(CMD));
    if app.exec.iter().eq(entrypoint.iter().chain(&cmd)) {
        (entrypoint, cmd)
    } else {
        (app.exec.to_vec(), Vec::new())
    }
}

/// The user as it was once written, if the app still says the same; else user and group.
fn user(manifest: &ImageManifest, app: &App) -> Result<String, OciError> {
    if let Some(text) = [&app.user, &app.group].into_iter().find(|text| text.starts_with('/')) {
        let detail = format!(
            "the owner of the file `{}` is no user that a configuration can name",
            text.escape_debug()
        );
        return Err(OciError::new(OciErrorKind::Unsupported, "cannot carry over app.user", detail));
    }
    let both = format!("{}:{}", app.user, app.group);
    Ok(match manifest.annotations.value(USER) {
        Some(written) if written.split(':').next() == Some(app.user.as_str()) => written.to_owned(),
        Some("") if app.user == "0" => String::new(),
        _ => both,
    })
}

/// The manifest of an image of one layer.
pub(super) fn manifest(config: &Written, layer: &Written) -> Vec<u8> {
    let descriptor = |media_type: &str, blob: &Written| json!({"mediaType": media_type, "digest": blob.digest, "size": blob.size});
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
    })
    .to_string()
    .into_bytes()
}
