//! Building.

use std::os::unix::fs::symlink;

use appc_spec::archive::{BuildOptions, Compression, EntryKind, ImageBuilder, Owner, Times, scan, scan_with};

use super::support::{COMPRESSIONS, chain, directory, manifest, scanned, strict};

fn sample() -> ImageBuilder {
    ImageBuilder::new(manifest())
        .symlink("bin", "usr/bin")
        .file("usr/bin/tool", 0o4755, "#!/bin/sh\n")
        .file(format!("{}/deep", "long/".repeat(40)), 0o600, vec![7; 100_000])
        .file(format!("n{}", "a".repeat(250)), 0o644, "")
        .symlink("far", "x".repeat(300))
        .directory("tmp", 0o1777)
}

fn build(builder: ImageBuilder, options: &BuildOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    let built = builder.write(&mut bytes, options).unwrap();
    assert_eq!(built.size, bytes.len() as u64);
    let summary = scan("built.aci", bytes.as_slice(), &strict(), &mut |_| {}).unwrap();
    assert_eq!(summary.image_id, built.image_id);
    assert_eq!(summary.tar_size, built.tar_size);
    bytes
}

#[test]
fn the_same_image_in_every_compression_has_the_same_id() {
    let mut ids = Vec::new();
    for compression in COMPRESSIONS {
        let bytes = build(sample(), &BuildOptions::reproducible().compression(compression));
        let summary = scanned(&bytes).unwrap();
        assert_eq!(summary.compression, compression);
        assert_eq!(summary.size, bytes.len() as u64);
        ids.push(summary.image_id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[test]
fn building_twice_gives_the_same_bytes() {
    let options = BuildOptions::reproducible();
    assert_eq!(build(sample(), &options), build(sample(), &options));
}

#[test]
fn zstd_is_read_but_not_written() {
    let error =
        sample().write(Vec::new(), &BuildOptions::reproducible().compression(Compression::Zstd)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "zstd is read but not written: the specification has none, gzip, bzip2 and xz"
    );
}

#[test]
fn what_was_put_in_comes_out() {
    let bytes = build(
        sample(),
        &BuildOptions::reproducible().times(Times::Fixed(1_500_000_000)).owner(Owner::Fixed(7, 3_000_000)),
    );
    let mut seen = Vec::new();
    scan_with("x", bytes.as_slice(), &strict(), &mut |_| {}, &mut std::io::sink(), |entry, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        assert_eq!((entry.uid, entry.gid, entry.mtime), (7, 3_000_000, 1_500_000_000));
        assert_eq!(bytes.len() as u64, entry.size);
        seen.push((entry.to_string(), entry.kind.clone(), entry.mode));
        Ok(())
    })
    .unwrap();
    let find = |path: &str| seen.iter().find(|(known, ..)| known == path).unwrap_or_else(|| panic!("{path}"));
    assert_eq!(seen[0].0, "manifest");
    assert_eq!(seen[1].0, "rootfs");
    assert_eq!(find("rootfs/usr/bin/tool").2, 0o4755);
    assert_eq!(find("rootfs/usr/bin").1, EntryKind::Directory);
    assert_eq!(find("rootfs/bin").1, EntryKind::Symlink(b"usr/bin".to_vec()));
    assert_eq!(find("rootfs/far").1, EntryKind::Symlink(vec![b'x'; 300]));
    assert_eq!(find("rootfs/tmp").2, 0o1777);
    find(&format!("rootfs/{}deep", "long/".repeat(40)));
    find(&format!("rootfs/n{}", "a".repeat(250)));
}

#[test]
fn a_file_where_a_directory_is_needed_is_an_error() {
    let error = ImageBuilder::new(manifest())
        .file("a", 0o644, "")
        .file("a/b", 0o644, "")
        .write(Vec::new(), &BuildOptions::reproducible())
        .unwrap_err();
    assert_eq!(error.to_string(), "`/a` is no directory, but `/a/b` is to stand in it");
}

#[test]
fn a_directory_of_the_host_is_taken_with_its_hard_links() {
    let (_guard, source) = directory();
    std::fs::create_dir_all(source.join("b/c")).unwrap();
    std::fs::write(source.join("b/c/file"), "text").unwrap();
    std::fs::hard_link(source.join("b/c/file"), source.join("z")).unwrap();
    symlink("/etc/passwd", source.join("a")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(source.join("socket")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        source.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();

    let builder = ImageBuilder::new(manifest()).host_tree(&source).unwrap();
    let bytes = build(builder, &BuildOptions::reproducible());
    let mut seen = Vec::new();
    scan_with("x", bytes.as_slice(), &strict(), &mut |_| {}, &mut std::io::sink(), |entry, _| {
        seen.push((entry.to_string(), entry.kind.clone()));
        Ok(())
    })
    .unwrap();
    let wanted = [
        ("manifest", EntryKind::File),
        ("rootfs", EntryKind::Directory),
        ("rootfs/a", EntryKind::Symlink(b"/etc/passwd".to_vec())),
        ("rootfs/b", EntryKind::Directory),
        ("rootfs/b/c", EntryKind::Directory),
        ("rootfs/b/c/file", EntryKind::File),
        ("rootfs/pipe", EntryKind::Fifo),
        ("rootfs/z", EntryKind::HardLink(b"rootfs/b/c/file".to_vec())),
    ];
    let wanted = wanted.map(|(path, kind)| (path.to_owned(), kind));
    assert_eq!(seen, wanted);
}

#[test]
fn a_missing_directory_of_the_host_is_named() {
    let error = ImageBuilder::new(manifest()).host_tree("/nowhere/at/all".as_ref()).unwrap_err();
    assert_eq!(chain(&error), "cannot look at `/nowhere/at/all`: No such file or directory (os error 2)");
}
