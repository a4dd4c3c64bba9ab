//! Making archives.
#![expect(
    clippy::disallowed_methods,
    reason = "building reads the files that go in; the feature `archive` says so"
)]

mod error;
mod holes;
mod host_tree;
mod output;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

pub use error::BuildError;

use super::tar_writer::TarWriter;
use super::{Compression, Entry, EntryKind, HostProgramError, host_programs};
use crate::{ImageId, ImageManifest, Json, Strength};
pub(super) use output::Output;

/// What is written of an image, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildOptions {
    /// How the archive is compressed. [`Compression::Zstd`] is refused, as the specification does not have it.
    pub compression: Compression,
    /// When its files were changed last.
    pub times: Times,
    /// Who owns its files.
    pub owner: Owner,
    /// How its manifest is written.
    pub strength: Strength,
}

impl BuildOptions {
    /// The same bytes for the same files on every machine: gzip, all times 0, all owners 0.
    #[must_use]
    pub const fn reproducible() -> Self {
        Self {
            compression: Compression::Gzip,
            times: Times::Fixed(0),
            owner: Owner::Fixed(0, 0),
            strength: Strength::Compat,
        }
    }

    /// The same with another compression.
    #[must_use]
    pub const fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// The same with other times.
    #[must_use]
    pub const fn times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// The same with other owners.
    #[must_use]
    pub const fn owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }
}

/// When the files of an image were changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Times {
    /// All at this second since 1970.
    Fixed(i64),
    /// As the files that go in.
    Keep,
}

/// Who owns the files of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// All this user and group.
    Fixed(u32, u32),
    /// As the files that go in.
    Keep,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Built {
    /// The hash of the uncompressed tar.
    pub image_id: ImageId,
    /// How many bytes the archive has.
    pub size: u64,
    /// How many bytes its uncompressed tar has.
    pub tar_size: u64,
}

/// Collects the files of an image and writes its archive.
///
/// Files are sorted by path, so the order in which they are added does not matter; what is added later replaces what has the
/// same path. Missing parent directories are made, with mode 0755.
///
/// ```
/// use appc_spec::ImageManifest;
/// use appc_spec::archive::{BuildOptions, ImageBuilder};
///
/// let mut archive = Vec::new();
/// let built = ImageBuilder::new(ImageManifest::new("example.com/hello".parse()?))
///     .directory("tmp", 0o1777)
///     .file("etc/motd", 0o644, "hello\n")
///     .symlink("motd", "etc/motd")
///     .write(&mut archive, &BuildOptions::reproducible())?;
/// assert!(built.image_id.is_whole());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    manifest: ImageManifest,
    /// By their path in the root file system, without a slash at either end. Bytes sort as `a`, `a-b`, `a/b`; parts must sort
    /// as parts, so that a directory comes right before what is in it.
    files: BTreeMap<Vec<Vec<u8>>, Node>,
}

/// A file that goes into an image. The path of its entry is not set yet.
#[derive(Debug, Clone)]
struct Node {
    entry: Entry,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Bytes(Vec<u8>),
    /// A file of the host.
    Host(PathBuf),
}

/// The parts of a path that mean something; `..` goes up, but not beyond the root.
fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            _ => parts.push(part.to_vec()),
        }
    }
    parts
}

impl ImageBuilder {
    /// An image with this manifest and an empty root file system.
    #[must_use]
    pub const fn new(manifest: ImageManifest) -> Self {
        Self { manifest, files: BTreeMap::new() }
    }

    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &ImageManifest {
        &self.manifest
    }

    /// Adds a directory. The path is taken from the image's root, with or without a slash before it.
    #[must_use]
    pub fn directory(mut self, path: impl AsRef<[u8]>, mode: u32) -> Self {
        self.put_directory(path.as_ref(), mode);
        self
    }

    /// Adds a regular file.
    #[must_use]
    pub fn file(mut self, path: impl AsRef<[u8]>, mode: u32, content: impl Into<Vec<u8>>) -> Self {
        self.put_file(path.as_ref(), mode, content.into());
        self
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn symlink(mut self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.put_symlink(path.as_ref(), target.as_ref());
        self
    }

    /// Adds everything below a directory of the host, with modes, owners, times, device nodes and extended attributes
    /// (`user.*`, `security.capability`); sockets are left out. A file met for the second time, by device and inode, becomes
    /// a hard link. Of a file of 1 MiB or more, parts of 64 KiB that are all zeros are not written, and become holes where it is extracted.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn host_tree(mut self, directory: &Path) -> Result<Self, BuildError> {
        host_tree::add(&mut self, directory)?;
        Ok(self)
    }

    /// Adds programs of the host, by absolute path, with everything that they need to run: their loader, the libraries that
    /// their ELF headers ask for, and every symbolic link on the way, so that `/bin/sh` of the host is `/bin/sh` of the
    /// image whatever it is a link to. Adds `/etc/passwd` and `/etc/group` with `root` and `nobody`, `/tmp`, and the empty
    /// directories that an executor mounts on, each unless it was added before.
    ///
    /// # Errors
    ///
    /// When a path is not absolute or missing, when a file is no ELF program (a script is refused by name), when it is of
    /// another architecture than the host, and when a library is not found.
    pub fn copy_exec<P: AsRef<Path>>(mut self, programs: &[P]) -> Result<Self, HostProgramError> {
        let programs: Vec<&Path> = programs.iter().map(AsRef::as_ref).collect();
        host_programs::add(&mut self, &programs)?;
        Ok(self)
    }

    /// Whether there is a file at a path.
    pub(super) fn has(&self, path: &[u8]) -> bool {
        self.files.contains_key(&parts(path))
    }

    pub(super) fn put_directory(&mut self, path: &[u8], mode: u32) {
        self.insert(path, Entry::new(EntryKind::Directory, mode), Content::Bytes(Vec::new()));
    }

    pub(super) fn put_file(&mut self, path: &[u8], mode: u32, content: Vec<u8>) {
        let entry = Entry { size: content.len() as u64, ..Entry::new(EntryKind::File, mode) };
        self.insert(path, entry, Content::Bytes(content));
    }

    pub(super) fn put_symlink(&mut self, path: &[u8], target: &[u8]) {
        let entry = Entry::new(EntryKind::Symlink(target.to_vec()), 0o777);
        self.insert(path, entry, Content::Bytes(Vec::new()));
    }

    /// Adds a regular file of the host.
    pub(super) fn host_file(&mut self, path: &[u8], mode: u32, size: u64, source: &Path) {
        let entry = Entry { size, ..Entry::new(EntryKind::File, mode) };
        self.insert(path, entry, Content::Host(source.to_owned()));
    }

    fn insert(&mut self, path: &[u8], entry: Entry, content: Content) {
        self.files.insert(parts(path), Node { entry, content });
    }

    /// Writes the archive.
    ///
    /// # Errors
    ///
    /// When writing fails, when a file of the host cannot be read or has changed its size, when a file stands where another
    /// one needs a directory, and for [`Compression::Zstd`].
    pub fn write(self, out: impl Write, options: &BuildOptions) -> Result<Built, BuildError> {
        let mut files = self.files;
        for parent in missing_parents(&files)? {
            files.insert(
                parent,
                Node { entry: Entry::new(EntryKind::Directory, 0o755), content: Content::Bytes(Vec::new()) },
            );
        }
        let output = Output::new(out, options.compression)?;
        let mut tar = TarWriter::new(output);
        let text = self.manifest.to_json(options.strength).into_bytes();
        let manifest = Entry {
            path: b"manifest".to_vec(),
            size: text.len() as u64,
            ..Entry::new(EntryKind::File, 0o644)
        };
        // The manifest comes first, so that a reader can stop there.
        tar.put(&stamped(manifest, options), &mut text.as_slice()).map_err(BuildError::write)?;
        for (path, node) in files {
            let mut entry = stamped(node.entry, options);
            entry.path = std::iter::once(b"rootfs".to_vec()).chain(path).collect::<Vec<_>>().join(&b'/');
            match node.content {
                Content::Bytes(bytes) => tar.put(&entry, &mut bytes.as_slice()).map_err(BuildError::write)?,
                Content::Host(source) => {
                    let failed = |error| BuildError::host("copy", &source, error);
                    let mut file = File::open(&source).map_err(failed)?;
                    match holes::data(&file, entry.size).map_err(failed)? {
                        Some(parts) => tar.put_sparse(&entry, &parts, &file),
                        None => file.rewind().and_then(|()| tar.put(&entry, &mut file)),
                    }
                    .map_err(failed)?;
                    // More than was announced would silently be cut off.
                    if file.metadata().map_err(failed)?.len() > entry.size {
                        return Err(failed(io::Error::other("the file has grown while it was read")));
                    }
                }
            }
        }
        tar.finish().and_then(Output::finish).map_err(BuildError::write)
    }
}

/// The directories that files stand in and nobody added, the root included.
fn missing_parents(files: &BTreeMap<Vec<Vec<u8>>, Node>) -> Result<Vec<Vec<Vec<u8>>>, BuildError> {
    let mut missing = Vec::new();
    for path in files.keys().chain(std::iter::once(&Vec::new())) {
        for length in 0..=path.len() {
            let above = path.get(..length).unwrap_or_default();
            match files.get(above) {
                Some(node) if length < path.len() && node.entry.kind != EntryKind::Directory => {
                    return Err(BuildError::not_a_directory(&above.join(&b'/'), &path.join(&b'/')));
                }
                Some(_) => {}
                None => missing.push(above.to_vec()),
            }
        }
    }
    Ok(missing)
}

/// The entry with the times and owners that the options ask for.
pub(super) fn stamped(mut entry: Entry, options: &BuildOptions) -> Entry {
    if let Times::Fixed(time) = options.times {
        (entry.mtime, entry.mtime_nanos) = (time, 0);
    }
    if let Owner::Fixed(uid, gid) = options.owner {
        (entry.uid, entry.gid) = (uid, gid);
    }
    entry
}
