//! A hostile image of Docker's comes in or is refused; what comes in can be rendered, and goes out again.
//!
//! The input is a configuration's `config` and, after a NUL, the blocks of a layer whose checksums are put right, so that it gets beyond them.
//! The second half of the blocks is a second layer.
#![no_main]

use std::time::SystemTime;

use appc_spec::archive::ExtractPolicy;
use appc_spec::oci::{self, ImportOptions, Layers, Pick, Source};
use appc_spec::store::Store;
use libfuzzer_sys::fuzz_target;
use pod_core::image::{Digest, Platform};
use serde_json::{Value, json};

/// Puts the checksum of each header right.
fn checked(blocks: &[u8]) -> Vec<u8> {
    let mut tar = blocks.to_vec();
    tar.resize(tar.len().next_multiple_of(512), 0);
    let mut at = 0;
    while let Some(header) = tar.get_mut(at..at + 512).filter(|header| header.iter().any(|byte| *byte != 0)) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let size = std::str::from_utf8(&header[124..135]).ok().and_then(|text| usize::from_str_radix(text.trim(), 8).ok());
        at = at.saturating_add(512).saturating_add(size.unwrap_or(0).next_multiple_of(512));
    }
    tar
}

fn member(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[108..115].copy_from_slice(b"0000000");
    header[116..123].copy_from_slice(b"0000000");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[136..147].copy_from_slice(b"00000000000");
    header[156] = b'0';
    header.extend_from_slice(content);
    archive.extend_from_slice(&checked(&header));
}

fuzz_target!(|bytes: &[u8]| {
    let split = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (process, blocks) = bytes.split_at(split);
    let process: Value = serde_json::from_slice(process).unwrap_or_default();
    let (low, high) = blocks.split_at((blocks.len() / 2).next_multiple_of(512).min(blocks.len()));
    let layers = [checked(low), checked(high)];
    let diff_ids: Vec<_> = layers.iter().map(|layer| Digest::sha256(layer)).collect();
    let config = json!({"os": "linux", "architecture": "amd64", "config": process, "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let mut archive = Vec::new();
    member(&mut archive, "c.json", config.to_string().as_bytes());
    member(&mut archive, "0", &layers[0]);
    member(&mut archive, "1", &layers[1]);
    let manifest = json!([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["0", "1"]}]);
    member(&mut archive, "manifest.json", manifest.to_string().as_bytes());
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = folder.path().join("image.tar");
    std::fs::write(&path, &archive).unwrap();
    let Ok(source) = Source::open(&path) else { return };
    let pick = Pick::the_only_one(Platform::new("linux", "amd64", ""));
    for (store, layers) in [("one", Layers::Squashed), ("two", Layers::Apart)] {
        let store = Store::open(folder.path().join(store)).unwrap();
        let options = ImportOptions::new(SystemTime::UNIX_EPOCH).layers(layers);
        if let Ok(imported) = oci::import(&store, &source, &pick, &options, &|_| {}) {
            let _ = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {});
            let _ = oci::export(&store, imported.image.id(), &folder.path().join("out"), Some("a:1"));
        }
    }
    // Nothing is written beside the folders that were named.
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(names <= 4, "{names}");
});
