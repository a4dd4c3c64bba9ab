//! Images, made by the tools that people make images with.

use std::path::Path;

use crate::peer::run;

/// Bytes that do not compress, different for each seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A layout by umoci with one image called `TAG`, of as many layers as there are sizes.
pub(crate) fn by_umoci(folder: &Path, tag: &str, seed: u64, layers: &[usize]) {
    let image = format!("{}:{tag}", folder.display());
    if !folder.join("oci-layout").exists() {
        run("umoci", &["init", "--layout", &folder.display().to_string()]);
    }
    run("umoci", &["new", "--image", &image]);
    let content = tempfile::tempdir().unwrap();
    for (number, size) in layers.iter().enumerate() {
        let file = content.path().join(format!("file-{number}"));
        std::fs::write(&file, noise(seed + number as u64, *size)).unwrap();
        run(
            "umoci",
            &["insert", "--image", &image, &file.display().to_string(), &format!("/data/file-{number}")],
        );
    }
    run("umoci", &["config", "--image", &image, "--config.cmd", "/bin/true", "--config.env", "A=b"]);
}

/// Copies an image by skopeo, with options between.
pub(crate) fn skopeo_copy(options: &[&str], from: &str, to: &str) {
    let insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    run("skopeo", &[&["--insecure-policy", "copy", "-q"][..], &insecure[..], options, &[from, to]].concat());
}

/// Puts an image into a registry by umoci and skopeo: `host/name`.
pub(crate) fn publish(name: &str, seed: u64, layers: &[usize]) {
    publish_as(&[], name, seed, layers);
}

pub(crate) fn publish_as(options: &[&str], name: &str, seed: u64, layers: &[usize]) {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout");
    by_umoci(&layout, "x", seed, layers);
    skopeo_copy(options, &format!("oci:{}:x", layout.display()), &format!("docker://{name}"));
}
