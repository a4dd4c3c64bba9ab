//! Archives and layouts, byte by byte.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use pod_core::image::Digest;
use serde_json::{Value, json};
use tar::{EntryType, Header};

/// A tar under way.
#[derive(Default, Clone)]
pub(super) struct Tar(Vec<u8>);

impl Tar {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn entry(
        mut self,
        kind: EntryType,
        path: &[u8],
        link: &[u8],
        mode: u32,
        content: &[u8],
    ) -> Self {
        let mut header = Header::new_ustar();
        // By hand: the library would refuse what hostile archives have.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path);
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link);
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(super) fn file(self, path: &str, content: &str) -> Self {
        self.entry(EntryType::Regular, path.as_bytes(), b"", 0o644, content.as_bytes())
    }

    pub(super) fn directory(self, path: &str, mode: u32) -> Self {
        self.entry(EntryType::Directory, path.as_bytes(), b"", mode, b"")
    }

    pub(super) fn symlink(self, path: &str, to: &str) -> Self {
        self.entry(EntryType::Symlink, path.as_bytes(), to.as_bytes(), 0o777, b"")
    }

    pub(super) fn link(self, path: &str, to: &str) -> Self {
        self.entry(EntryType::Link, path.as_bytes(), to.as_bytes(), 0o644, b"")
    }

    /// An entry with extended attributes.
    pub(super) fn xattrs(self, path: &str, content: &str, attributes: &[(&str, &str)]) -> Self {
        let mut records = String::new();
        for (name, value) in attributes {
            let rest = format!(" SCHILY.xattr.{name}={value}\n");
            let mut length = rest.len() + 1;
            while length != rest.len() + length.to_string().len() {
                length = rest.len() + length.to_string().len();
            }
            records.push_str(&format!("{length}{rest}"));
        }
        self.entry(EntryType::XHeader, b"pax", b"", 0o644, records.as_bytes()).file(path, content)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.0.as_slice(), &[0; 1024]].concat()
    }

    pub(super) fn write(&self, path: &Path) -> PathBuf {
        fs::write(path, self.bytes()).unwrap();
        path.to_owned()
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A configuration for these layers.
pub(super) fn config(process: Value, layers: &[Vec<u8>]) -> Value {
    let diff_ids: Vec<_> = layers.iter().map(|layer| Digest::sha256(layer)).collect();
    json!({
        "architecture": "amd64", "os": "linux", "config": process,
        "rootfs": {"type": "layers", "diff_ids": diff_ids}
    })
}

/// What `docker save` writes of one image.
pub(super) fn docker_archive(path: &Path, name: &str, process: Value, layers: &[Tar]) -> PathBuf {
    let layers: Vec<Vec<u8>> = layers.iter().map(Tar::bytes).collect();
    docker_archive_of(path, name, &config(process, &layers), &layers)
}

pub(super) fn docker_archive_of(path: &Path, name: &str, config: &Value, layers: &[Vec<u8>]) -> PathBuf {
    let config = config.to_string();
    let config_name = format!("{}.json", Digest::sha256(config.as_bytes()).encoded());
    let mut tar = Tar::new().file(&config_name, &config);
    let mut names = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let name = format!("{index}/layer.tar");
        tar = tar.entry(EntryType::Regular, name.as_bytes(), b"", 0o644, layer);
        names.push(name);
    }
    let tags = if name.is_empty() { json!(null) } else { json!([name]) };
    let manifest = json!([{"Config": config_name, "RepoTags": tags, "Layers": names}]);
    tar.file("manifest.json", &manifest.to_string()).write(path)
}

/// A layout directory under way.
pub(super) struct Layout {
    pub(super) path: PathBuf,
    entries: Vec<Value>,
}

impl Layout {
    pub(super) fn new(path: &Path) -> Self {
        fs::create_dir_all(path.join("blobs/sha256")).unwrap();
        fs::write(path.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
        Self { path: path.to_owned(), entries: Vec::new() }
    }

    /// Adds a blob; its descriptor.
    pub(super) fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::sha256(bytes);
        fs::write(self.path.join("blobs/sha256").join(digest.encoded()), bytes).unwrap();
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    }

    /// An image; the descriptor of its manifest.
    pub(super) fn image(&self, config: &Value, layers: &[(&str, Vec<u8>)]) -> Value {
        let config = self.blob("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
        let layers: Vec<_> = layers.iter().map(|(media_type, bytes)| self.blob(media_type, bytes)).collect();
        let manifest =
            json!({"schemaVersion": 2, "config": config, "layers": layers, "annotations": {"note": "n"}});
        self.blob("application/vnd.oci.image.manifest.v1+json", manifest.to_string().as_bytes())
    }

    pub(super) fn name(&mut self, mut descriptor: Value, annotations: Value) {
        descriptor["annotations"] = annotations;
        self.entries.push(descriptor);
        let index = json!({"schemaVersion": 2, "manifests": self.entries});
        fs::write(self.path.join("index.json"), index.to_string()).unwrap();
    }
}

pub(super) const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";
pub(super) const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
