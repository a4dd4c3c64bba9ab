//! The documents of an image of Docker's or OCI's formats: the index of an archive or a layout, a manifest, a configuration. Any bytes are
//! read or refused, and what is read is named, picked and imported, or refused.
//!
//! The first byte says which document the rest is; what leads to it has the right digests.
#![no_main]

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use appc_spec::oci::{self, ImportOptions, Pick, Source};
use appc_spec::store::Store;
use libfuzzer_sys::fuzz_target;
use pod_core::image::{Digest, Platform};
use serde_json::json;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

fn member(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    for (range, text) in [
        (100..107, "0000644".to_owned()),
        (108..115, "0000000".to_owned()),
        (116..123, "0000000".to_owned()),
        (124..135, format!("{:011o}", content.len())),
        (136..147, "00000000000".to_owned()),
        (148..156, "        ".to_owned()),
    ] {
        header[range].copy_from_slice(text.as_bytes());
    }
    header[156] = b'0';
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    archive.extend_from_slice(&header);
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

/// An archive with these members.
fn archive(path: &Path, members: &[(&str, &[u8])]) {
    let mut bytes = Vec::new();
    for (name, content) in members {
        member(&mut bytes, name, content);
    }
    bytes.extend_from_slice(&[0; 1024]);
    fs::write(path, bytes).unwrap();
}

/// A layout with this index and these blobs.
fn layout(path: &Path, index: &[u8], blobs: &[&[u8]]) {
    fs::create_dir_all(path.join("blobs/sha256")).unwrap();
    fs::write(path.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    fs::write(path.join("index.json"), index).unwrap();
    for blob in blobs {
        fs::write(path.join("blobs/sha256").join(Digest::sha256(blob).encoded()), blob).unwrap();
    }
}

fn index(media_type: &str, manifest: &[u8]) -> Vec<u8> {
    let entry = json!({"mediaType": media_type, "digest": Digest::sha256(manifest), "size": manifest.len()});
    json!({"schemaVersion": 2, "manifests": [entry]}).to_string().into_bytes()
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else { return };
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = folder.path().join("image");
    let layer = vec![0; 1024];
    match kind % 6 {
        0 => archive(&path, &[("c.json", b"{}"), ("0", &layer), ("manifest.json", text)]),
        1 => {
            let manifest = json!([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["0"]}]).to_string();
            archive(&path, &[("c.json", text), ("0", &layer), ("manifest.json", manifest.as_bytes())]);
        }
        2 => {
            let repositories = json!({"a": {"1": "x"}}).to_string();
            let members: [(&str, &[u8]); 4] =
                [("x/json", text), ("x/layer.tar", &layer), ("x/VERSION", b"1.0"), ("repositories", repositories.as_bytes())];
            archive(&path, &members);
        }
        3 => layout(&path, text, &[b"{}"]),
        4 => {
            let media_type = if text.len() % 2 == 0 { MANIFEST } else { DOCKER_MANIFEST };
            layout(&path, &index(media_type, text), &[text, b"{}", &layer]);
        }
        _ => {
            let of = |media_type: &str, blob: &[u8]| {
                json!({"mediaType": media_type, "digest": Digest::sha256(blob), "size": blob.len()})
            };
            let manifest = json!({
                "schemaVersion": 2, "mediaType": MANIFEST,
                "config": of("application/vnd.oci.image.config.v1+json", text),
                "layers": [of("application/vnd.oci.image.layer.v1.tar", &layer)],
            });
            let manifest = manifest.to_string().into_bytes();
            layout(&path, &index(MANIFEST, &manifest), &[&manifest, text, &layer]);
        }
    }
    let Ok(source) = Source::open(&path) else { return };
    let platform = || Platform::new("linux", "amd64", "");
    let mut picks = vec![Pick::the_only_one(platform())];
    for image in source.images().take(4) {
        picks.extend(image.names.iter().take(4).map(|name| Pick::named(name, platform())));
        picks.push(Pick::named(image.digest.to_string(), platform()));
    }
    let store = Store::open(folder.path().join("store")).unwrap();
    for pick in picks {
        let _ = oci::import(&store, &source, &pick, &ImportOptions::new(SystemTime::UNIX_EPOCH), &|_| {});
    }
    // Nothing is written beside the folders that were named.
    assert!(fs::read_dir(folder.path()).unwrap().count() <= 2);
});
