//! actool, and the compressors that people use.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use appc_spec::archive::{BuildOptions, Compression, ImageBuilder, ScanOptions, scan};
use appc_spec::{App, ImageManifest, Json, Label, Labels, Strength};

use super::run;

fn manifest() -> ImageManifest {
    let mut manifest = ImageManifest::new("example.com/peer".parse().unwrap());
    let label = |name: &str, value: &str| Label { name: name.parse().unwrap(), value: value.to_owned() };
    manifest.labels =
        Labels::try_from(vec![label("version", "1.0.0"), label("os", "linux"), label("arch", "amd64")])
            .unwrap();
    manifest.app = Some(App::new(vec!["/bin/true".to_owned(), "<&>".to_owned()]));
    manifest
}

fn builder() -> ImageBuilder {
    ImageBuilder::new(manifest())
        .file("bin/true", 0o755, "x".repeat(70_000))
        .file(format!("{}/deep", "long/".repeat(40)), 0o600, "")
        .file(format!("n{}", "a".repeat(250)), 0o644, "name")
        .symlink("link", "y".repeat(200))
        .directory("tmp", 0o1777)
}

pub(super) fn takes_what_we_build() {
    let directory = tempfile::tempdir().unwrap();
    for compression in [Compression::None, Compression::Gzip, Compression::Bzip2, Compression::Xz] {
        let path = directory.path().join(format!("{compression}.aci"));
        let file = fs::File::create(&path).unwrap();
        builder().write(file, &BuildOptions::reproducible().compression(compression)).unwrap();
        run("actool", &["validate".as_ref(), path.as_ref()], directory.path());
    }
}

pub(super) fn reads_our_manifest() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("peer.aci");
    builder().write(fs::File::create(&path).unwrap(), &BuildOptions::reproducible()).unwrap();
    let output = run("actool", &["cat-manifest".as_ref(), path.as_ref()], directory.path());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.trim_end(), manifest().to_json(Strength::Compat));
}

pub(super) fn we_take_what_it_builds() {
    let directory = tempfile::tempdir().unwrap();
    let layout = directory.path().join("layout");
    fs::create_dir_all(layout.join("rootfs/usr/bin")).unwrap();
    fs::write(layout.join("rootfs/usr/bin/tool"), vec![1; 100_000]).unwrap();
    fs::hard_link(layout.join("rootfs/usr/bin/tool"), layout.join("rootfs/other")).unwrap();
    std::os::unix::fs::symlink("usr/bin", layout.join("rootfs/bin")).unwrap();
    fs::write(layout.join("manifest"), manifest().to_json(Strength::Strict)).unwrap();
    let path = directory.path().join("peer.aci");
    run("actool", &["build".as_ref(), layout.as_ref(), path.as_ref()], directory.path());

    let file = fs::File::open(&path).unwrap();
    let summary = scan("peer.aci", file, &ScanOptions::new(Strength::Compat), &mut |_| {}).unwrap();
    assert_eq!(summary.compression, Compression::Gzip);
    assert_eq!(summary.manifest, manifest());
    // The hash of the plain tar by other people's programs is the oracle of the image ID.
    let plain = run("gzip", &["-dc".as_ref(), path.as_ref()], directory.path()).stdout;
    fs::write(directory.path().join("plain.tar"), &plain).unwrap();
    let sum = run("sha512sum", &["plain.tar".as_ref()], directory.path()).stdout;
    let sum = String::from_utf8(sum).unwrap();
    assert_eq!(summary.image_id.digits(), sum.split_whitespace().next().unwrap());
    assert_eq!(summary.tar_size, plain.len() as u64);
}

/// A real compressor's output is recognised and undone, also in two concatenated parts.
pub(super) fn compressor(name: &str) {
    let mut plain = Vec::new();
    let built =
        builder().write(&mut plain, &BuildOptions::reproducible().compression(Compression::None)).unwrap();
    let compress = |bytes: &[u8]| {
        let mut child =
            Command::new(name).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let bytes = bytes.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
        let mut compressed = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut compressed).unwrap();
        writer.join().unwrap();
        assert!(child.wait().unwrap().success());
        compressed
    };
    let (front, back) = plain.split_at(plain.len() / 3);
    for archive in [compress(&plain), [compress(front), compress(back)].concat()] {
        let options = ScanOptions::new(Strength::Strict);
        let summary = scan("peer.aci", archive.as_slice(), &options, &mut |_| {}).unwrap();
        assert_eq!(summary.compression.to_string(), name);
        assert_eq!(summary.image_id, built.image_id);
    }
}
