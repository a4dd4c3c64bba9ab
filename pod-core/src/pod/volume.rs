//! What apps may mount.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Template, VolumeName};

/// A volume of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its name, unique in the pod.
    pub name: VolumeName,
    /// Where its content comes from.
    pub source: VolumeSource,
}

/// Where a volume's content comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum VolumeSource {
    /// An empty directory that lives as long as the pod.
    EmptyDir {
        /// Whether it is kept in memory (tmpfs).
        memory: bool,
        /// The most it may hold, in bytes. Enforced by the kernel for memory only.
        size_limit: Option<u64>,
        /// The permission bits of the directory, such as `0o777`.
        mode: u32,
        /// The owner of the directory.
        uid: u32,
        /// The group of the directory.
        gid: u32,
    },
    /// A file or directory of the host.
    HostPath {
        /// An absolute path.
        path: PathBuf,
        /// What must be there.
        kind: HostPathKind,
        /// Whether mounts below it come along.
        recursive: bool,
    },
    /// Files whose contents are known (configuration, secrets, facts of the pod).
    Files {
        /// The files.
        entries: Vec<FileEntry>,
        /// Whether they are kept in memory (secrets always are).
        memory: bool,
    },
}

/// What must be at a host path (Kubernetes `HostPathType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HostPathKind {
    /// Anything that is there; nothing is checked or made.
    Unchecked,
    /// A directory, made with mode 0755 when nothing is there.
    DirectoryOrCreate,
    /// A directory.
    Directory,
    /// A file, made empty with mode 0644 when nothing is there.
    FileOrCreate,
    /// A file.
    File,
    /// A UNIX socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

/// A file of a [`VolumeSource::Files`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path in the volume: relative, without `..`.
    pub path: String,
    /// Its permission bits, such as `0o644`.
    pub mode: u32,
    /// What is in it.
    pub content: FileContent,
}

/// What is in a file of a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FileContent {
    /// Text, with facts of the sandbox.
    Text(Template),
    /// Any bytes.
    Bytes(Vec<u8>),
}
