//! Volumes and mounts (specification, "Volume Setup" and pod manifest: `mounts`, `volumes`).

use pod_core::pod::{HostPathKind, Mount, Propagation, Volume, VolumeName, VolumeSource};

use super::pod::{Problems, Source};
use super::{LowerError, identifier};
use crate::{FulfilledBy, PodManifest, Volume as PodVolume, VolumeSource as PodVolumeSource};

/// The volumes of a pod, with those that an app brings.
pub(super) struct Volumes<'m> {
    manifest: &'m PodManifest,
    /// The volumes so far, with what they are made of.
    made: Vec<(&'m PodVolume, Volume)>,
}

impl<'m> Volumes<'m> {
    pub(super) fn of(manifest: &'m PodManifest, problems: &mut Problems) -> Self {
        let mut made = Vec::new();
        for (index, volume) in manifest.volumes.iter().enumerate() {
            let lowered = lower(volume, volume.name.as_str());
            made.extend(
                problems.take(lowered, &format!("volumes[{index}]")).map(|lowered| (volume, lowered)),
            );
        }
        Self { manifest, made }
    }

    pub(super) fn finish(self) -> Vec<Volume> {
        self.made.into_iter().map(|(_, volume)| volume).collect()
    }

    /// Where volumes appear in an app.
    pub(super) fn mounts(&mut self, source: &Source<'m>, problems: &mut Problems) -> Vec<Mount> {
        let mut mounts: Vec<Mount> = Vec::new();
        for place in source.runtime.fulfil(source.app, self.manifest) {
            let field = match place.by {
                FulfilledBy::Mount(index) => format!("{}.mounts[{index}]", source.field),
                FulfilledBy::MountPoint(index) => format!("{}.mountPoints[{index}]", source.app_field),
            };
            let path = place.path;
            let Some(volume) = place.volume else {
                let named = place.mount_point.map(|point| format!(" the mount point `{}`", point.name));
                problems.add(field, format!("no volume fulfils{}", named.as_deref().unwrap_or(" it")));
                continue;
            };
            if !path.starts_with('/') {
                let message = format!("`{}` is no absolute path", path.escape_debug());
                problems.add(format!("{field}.path"), message);
                continue;
            }
            if let Some(other) = mounts.iter().find(|other| overlap(&other.path, path)) {
                let message = format!("`{}` and `{path}` lie over each other", other.path);
                problems.add(format!("{field}.path"), message);
                continue;
            }
            let Some(name) = self.name(volume, source, &field, problems) else { continue };
            mounts.push(Mount {
                volume: name,
                path: path.to_owned(),
                read_only: place.read_only,
                sub_path: None,
                propagation: Propagation::Private,
            });
        }
        mounts
    }

    /// The model's name of a volume; one that an app brings is added to the pod's.
    fn name(
        &mut self,
        volume: &'m PodVolume,
        source: &Source<'m>,
        field: &str,
        problems: &mut Problems,
    ) -> Option<VolumeName> {
        if let Some((_, made)) = self.made.iter().find(|(known, _)| *known == volume) {
            return Some(made.name.clone());
        }
        if self.manifest.volumes.contains(volume) {
            // What is wrong with it stands there already.
            return None;
        }
        let free = |name: &str, made: &[(&PodVolume, Volume)]| {
            let known = self.manifest.volumes.iter().any(|known| known.name == *name);
            !known && !made.iter().any(|(_, made)| made.name.as_str() == name)
        };
        let own = format!("{}-{}", source.runtime.name, volume.name);
        let name = [volume.name.to_string(), own.clone()]
            .into_iter()
            .chain((2..).map(|number| format!("{own}-{number}")))
            .find(|name| free(name, &self.made))?;
        let lowered = problems.take(lower(volume, &name), &format!("{field}.appVolume"))?;
        let name = lowered.name.clone();
        self.made.push((volume, lowered));
        Some(name)
    }
}

fn lower(volume: &PodVolume, name: &str) -> Result<Volume, LowerError> {
    let name = name
        .parse()
        .map_err(|error: pod_core::pod::ParseNameError| LowerError::new("name", error.to_string()))?;
    let source = match &volume.source {
        PodVolumeSource::Host { path } => VolumeSource::HostPath {
            path: path.into(),
            kind: HostPathKind::Unchecked,
            recursive: volume.recursive.unwrap_or(true),
        },
        PodVolumeSource::Empty { mode, uid, gid } => VolumeSource::EmptyDir {
            memory: false,
            size_limit: None,
            mode: mode.bits().ok_or_else(|| {
                LowerError::new(
                    "mode",
                    format!("`{}` is no octal mode from `0` to `7777`", mode.as_str().escape_debug()),
                )
            })?,
            uid: identifier(*uid).map_err(|message| LowerError::new("uid", message))?,
            gid: identifier(*gid).map_err(|message| LowerError::new("gid", message))?,
        },
    };
    Ok(Volume { name, source })
}

/// Whether one path is the other or lies below it ("the ACE SHOULD consider this an error").
fn overlap(a: &str, b: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        let mut clean = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(clean.pop()),
                part => clean.push(part.to_owned()),
            }
        }
        clean
    };
    let (a, b) = (parts(a), parts(b));
    a.starts_with(&b) || b.starts_with(&a)
}
