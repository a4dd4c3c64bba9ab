//! Volumes on the host's side: made before the first app starts, gone with the pod's directory.

mod files;
mod host_path;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use pod_core::pod::{PodSpec, SandboxFacts, Volume, VolumeSource};
use rustix::mount::{MountFlags, mount};

use crate::dir::make_dirs;
use crate::error::{Doing, Error};

/// Where a volume's content is on the host.
pub(crate) fn source(pod: &Path, volume: &Volume) -> PathBuf {
    match &volume.source {
        VolumeSource::HostPath { path, .. } => path.clone(),
        VolumeSource::EmptyDir { .. } | VolumeSource::Files { .. } => {
            pod.join("volumes").join(volume.name.as_str())
        }
    }
}

/// Checks that the host has what the volumes of a pod want, without making anything.
pub(crate) fn check(spec: &PodSpec) -> Result<(), Error> {
    for volume in &spec.volumes {
        let refused = |error: &Error| Error::refused(format!("volume `{}`", volume.name), error.chain());
        match &volume.source {
            VolumeSource::HostPath { path, kind, .. } => {
                host_path::check(path, *kind, false).map_err(|error| refused(&error))?;
            }
            VolumeSource::Files { entries, .. } => {
                files::check(entries).map_err(|error| refused(&error))?;
            }
            VolumeSource::EmptyDir { .. } => {}
        }
    }
    Ok(())
}

/// Makes all volumes of a pod.
pub(crate) fn make_all(pod: &Path, spec: &PodSpec, facts: &SandboxFacts) -> Result<(), Error> {
    for volume in &spec.volumes {
        make(pod, volume, spec.fs_group, facts)?;
    }
    Ok(())
}

fn make(pod: &Path, volume: &Volume, fs_group: Option<u32>, facts: &SandboxFacts) -> Result<(), Error> {
    let path = source(pod, volume);
    match &volume.source {
        VolumeSource::EmptyDir { memory, size_limit, mode, uid, gid } => {
            make_dirs(&path, 0o700)?;
            if *memory {
                mount_tmpfs(&path, *size_limit)?;
            }
            chown(&path, Some(*uid), Some(*gid)).doing("change the owner of", &path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(*mode))
                .doing("change the mode of", &path)?;
            fs_group.map_or(Ok(()), |group| give_to_group(&path, group, Access::ReadWrite))
        }
        VolumeSource::Files { entries, memory } => {
            make_dirs(&path, 0o755)?;
            if *memory {
                mount_tmpfs(&path, None)?;
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
                .doing("change the mode of", &path)?;
            files::write(&path, entries, facts)?;
            fs_group.map_or(Ok(()), |group| give_to_group(&path, group, Access::Read))
        }
        VolumeSource::HostPath { path, kind, .. } => host_path::check(path, *kind, true),
    }
}

fn mount_tmpfs(path: &Path, size: Option<u64>) -> Result<(), Error> {
    let data = size.map(|size| format!("size={size}"));
    let data = data.map(|data| std::ffi::CString::new(data).unwrap_or_default());
    mount("tmpfs", path, "tmpfs", MountFlags::NODEV, data.as_deref()).doing("mount a tmpfs at", path)
}

/// What an `fsGroup` may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    ReadWrite,
}

/// Gives everything in a new volume to a group, as the kubelet does (`SetVolumeOwnership`): group read and write (read only for
/// files of the pod's own), directories with the set-group-id bit, so that what is made there belongs to it as well.
fn give_to_group(path: &Path, group: u32, access: Access) -> Result<(), Error> {
    let metadata = fs::symlink_metadata(path).doing("examine", path)?;
    if metadata.is_symlink() {
        return std::os::unix::fs::lchown(path, None, Some(group)).doing("change the group of", path);
    }
    chown(path, None, Some(group)).doing("change the group of", path)?;
    let bits = match access {
        Access::Read => 0o440,
        Access::ReadWrite => 0o660,
    };
    let bits = if metadata.is_dir() { bits | 0o110 | 0o2000 } else { bits };
    fs::set_permissions(path, fs::Permissions::from_mode(metadata.mode() & 0o7777 | bits))
        .doing("change the mode of", path)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).doing("list", path)? {
            give_to_group(&entry.doing("list", path)?.path(), group, access)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
