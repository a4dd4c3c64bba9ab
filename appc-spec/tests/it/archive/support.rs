//! Archives for the tests, as wrong as they need to be.

use std::path::PathBuf;

use appc_spec::archive::{Compression, ScanOptions, Summary, scan};
use appc_spec::{ImageManifest, Strength};

pub(super) const MANIFEST: &str =
    r#"{"acKind":"ImageManifest","acVersion":"0.8.11","name":"example.com/test"}"#;

pub(super) fn manifest() -> ImageManifest {
    ImageManifest::new("example.com/test".parse().unwrap())
}

/// A tar of entries that nothing checks, written by the `tar` crate's headers and not by ours.
#[derive(Default)]
pub(super) struct Tar(Vec<u8>);

impl Tar {
    /// With a good manifest and a `rootfs` directory.
    pub(super) fn good() -> Self {
        Self::default().entry(b'0', "manifest", "", MANIFEST.as_bytes()).entry(b'5', "rootfs", "", b"")
    }

    pub(super) fn entry(self, kind: u8, path: &str, link: &str, content: &[u8]) -> Self {
        self.entry_with(kind, path, link, content, |_| {})
    }

    pub(super) fn entry_with(
        mut self,
        kind: u8,
        path: &str,
        link: &str,
        content: &[u8],
        change: impl FnOnce(&mut tar::Header),
    ) -> Self {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_mode(if kind == b'5' { 0o755 } else { 0o644 });
        header.set_size(content.len() as u64);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_000_000_000);
        let ustar = header.as_ustar_mut().unwrap();
        ustar.name[..path.len()].copy_from_slice(path.as_bytes());
        ustar.linkname[..link.len()].copy_from_slice(link.as_bytes());
        change(&mut header);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// The tar without its end.
    pub(super) fn open(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn bytes(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }
}

pub(super) fn strict() -> ScanOptions {
    ScanOptions::new(Strength::Strict)
}

pub(super) fn scanned(bytes: &[u8]) -> Result<Summary, String> {
    scan("test.aci", bytes, &strict(), &mut |_| {}).map_err(|error| chain(&error))
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

pub(super) const COMPRESSIONS: [Compression; 4] =
    [Compression::None, Compression::Gzip, Compression::Bzip2, Compression::Xz];

/// A directory that goes away.
pub(super) fn directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    (directory, path)
}
