//! Volumes.

use std::path::PathBuf;

use pod_core::pod::{HostPathKind, Volume as Lowered, VolumeSource};

use super::{amounts, fields};
use crate::core::{EmptyDirVolumeSource, HostPathType, HostPathVolumeSource, StorageMedium, Volume};
use crate::expand::{self, Context, FieldProblem, Problems};
use crate::path::Path;

pub(super) fn volumes(path: &Path<'_>, context: &Context<'_>, problems: &mut Problems) -> Vec<Lowered> {
    let mut lowered = Vec::new();
    for (index, volume) in context.pod.spec.volumes.iter().enumerate() {
        let path = path.index(index);
        let name = problems.take(&path.child("name"), volume.name.parse());
        let source = source(volume, &path, context, problems);
        if let (Some(name), Some(source)) = (name, source) {
            lowered.push(Lowered { name, source });
        }
    }
    lowered
}

fn source(
    volume: &Volume,
    path: &Path<'_>,
    context: &Context<'_>,
    problems: &mut Problems,
) -> Option<VolumeSource> {
    fields::refuse(volume, path, problems);
    let at = |name: &str| path.child(name).to_string();
    let mut files = |entries: Result<Vec<_>, Vec<FieldProblem>>, memory: bool| match entries {
        Ok(entries) => Some(VolumeSource::Files { entries, memory }),
        Err(found) => {
            problems.0.extend(found);
            None
        }
    };
    if let Some(source) = &volume.config_map {
        files(expand::config_map_files(source, &at("configMap"), context), false)
    } else if let Some(source) = &volume.secret {
        files(expand::secret_files(source, &at("secret"), context), true)
    } else if let Some(source) = &volume.downward_api {
        files(expand::downward_files(source, &at("downwardAPI"), context), false)
    } else if let Some(source) = &volume.projected {
        // Like a kubelet, which does not know what is secret of it.
        files(expand::projected_files(source, &at("projected"), context), true)
    } else if let Some(source) = &volume.empty_dir {
        empty_dir(source, &path.child("emptyDir"), problems)
    } else if let Some(source) = &volume.host_path {
        host_path(source, &path.child("hostPath"), problems)
    } else {
        None
    }
}

fn empty_dir(
    source: &EmptyDirVolumeSource,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Option<VolumeSource> {
    let memory = match &source.medium {
        StorageMedium::Unset => false,
        StorageMedium::Memory => true,
        other => {
            problems.add(&path.child("medium"), format!("directories of `{other}` are not supported"));
            return None;
        }
    };
    let limit = source.size_limit.as_ref().filter(|limit| !limit.is_zero());
    let size_limit =
        limit.and_then(|limit| problems.take(&path.child("sizeLimit"), amounts::units(limit, false)));
    Some(VolumeSource::EmptyDir { memory, size_limit, mode: 0o777, uid: 0, gid: 0 })
}

fn host_path(
    source: &HostPathVolumeSource,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Option<VolumeSource> {
    if !source.path.starts_with('/') {
        problems.add(&path.child("path"), "it is no absolute path");
        return None;
    }
    let kind = match source.type_.as_ref().unwrap_or(&HostPathType::Unset) {
        HostPathType::Unset => HostPathKind::Unchecked,
        HostPathType::BlockDevice => HostPathKind::BlockDevice,
        HostPathType::CharDevice => HostPathKind::CharDevice,
        HostPathType::Directory => HostPathKind::Directory,
        HostPathType::DirectoryOrCreate => HostPathKind::DirectoryOrCreate,
        HostPathType::File => HostPathKind::File,
        HostPathType::FileOrCreate => HostPathKind::FileOrCreate,
        HostPathType::Socket => HostPathKind::Socket,
        HostPathType::Other(text) => {
            problems.add(&path.child("type"), format!("`{}` is unknown", text.escape_debug()));
            return None;
        }
    };
    // A kubelet's bind mounts take along what is mounted below.
    Some(VolumeSource::HostPath { path: PathBuf::from(&source.path), kind, recursive: true })
}
