//! Archives that are wrong or mean harm. Many cases are those of the probes of the Go implementation, which takes some of
//! them: `rootfsX`, a repeated `rootfs`, hard links to anywhere.

use std::fs;
use std::io::Write;

use appc_spec::archive::{Compression, ExtractPolicy, Limits, Lookup, extract, scan};

use super::support::{MANIFEST, Tar, chain, directory, scanned, strict};

#[test]
fn layout_rules() {
    let cases: Vec<(&str, Tar, &str)> = vec![
        ("empty", Tar::default(), "there is no `manifest`"),
        ("no manifest", Tar::default().entry(b'5', "rootfs", "", b""), "there is no `manifest`"),
        (
            "no rootfs",
            Tar::default().entry(b'0', "manifest", "", MANIFEST.as_bytes()),
            "there is no entry for the directory `rootfs`",
        ),
        (
            "rootfs only implied",
            Tar::default().entry(b'0', "manifest", "", MANIFEST.as_bytes()).entry(b'0', "rootfs/a", "", b""),
            "there is no entry for the directory `rootfs`",
        ),
        (
            "rootfs is a file",
            Tar::default().entry(b'0', "rootfs", "", b""),
            "entry `rootfs`: the rootfs is not a directory",
        ),
        (
            "extra file",
            Tar::good().entry(b'0', "extra", "", b""),
            "entry `extra`: only `manifest` and `rootfs` stand at the top of an image",
        ),
        (
            "rootfsX",
            Tar::good().entry(b'0', "rootfsX", "", b""),
            "entry `rootfsX`: only `manifest` and `rootfs` stand at the top of an image",
        ),
        (
            "twice",
            Tar::good().entry(b'0', "rootfs/a", "", b"").entry(b'0', "./rootfs//a", "", b""),
            "entry `rootfs/a`: it stands in the archive for the second time",
        ),
        (
            "rootfs twice",
            Tar::good().entry(b'5', "rootfs/", "", b""),
            "entry `rootfs`: it stands in the archive for the second time",
        ),
        (
            "two manifests",
            Tar::good().entry(b'0', "manifest", "", b""),
            "entry `manifest`: it stands in the archive for the second time",
        ),
        (
            "manifest is a link",
            Tar::default().entry(b'2', "manifest", "rootfs/m", b""),
            "entry `manifest`: the manifest is not a regular file",
        ),
        (
            "escape",
            Tar::good().entry(b'0', "rootfs/../../etc/x", "", b""),
            "entry `rootfs/../../etc/x`: its name has a `..`",
        ),
        (
            "absolute",
            Tar::good().entry(b'0', "/rootfs/a", "", b""),
            "entry `/rootfs/a`: its name is an absolute path",
        ),
        (
            "hard link out",
            Tar::good().entry(b'1', "rootfs/a", "/etc/passwd", b""),
            "entry `rootfs/a`: it is a hard link to `/etc/passwd`, which is not below `rootfs`",
        ),
        (
            "hard link out by ..",
            Tar::good().entry(b'1', "rootfs/a", "rootfs/../../x", b""),
            "entry `rootfs/a`: it is a hard link to `rootfs/../../x`, which is not below `rootfs`",
        ),
        (
            "unknown type",
            Tar::good().entry(b'Z', "rootfs/a", "", b""),
            "entry `rootfs/a`: it is of the unknown type `Z`",
        ),
        (
            "sparse",
            Tar::good().entry(b'S', "rootfs/a", "", b"x"),
            "entry `rootfs/a`: the map of its holes is wrong",
        ),
        (
            "pod manifest",
            Tar::default().entry(b'5', "rootfs", "", b"").entry(
                b'0',
                "manifest",
                "",
                br#"{"acKind":"PodManifest","acVersion":"0.8.11"}"#,
            ),
            "entry `manifest`: the manifest is wrong: 1:11: acKind: the kind is `ImageManifest`, not `PodManifest`",
        ),
    ];
    let mut failures = String::new();
    for (name, tar, wanted) in cases {
        let found = scanned(&tar.bytes()).map(|summary| summary.image_id).expect_err(name);
        let wanted = format!("archive `test.aci`: {wanted}");
        if found != wanted {
            failures += &format!("{name}\n  gives  {found}\n  wanted {wanted}\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn odd_but_good_archives_are_taken() {
    let spelt =
        Tar::default().entry(b'0', "./manifest", "", MANIFEST.as_bytes()).entry(b'5', "./rootfs/", "", b"");
    scanned(&spelt.bytes()).unwrap();
    // The specification does not say in which order they stand, and old tars mark directories only by a slash.
    let last =
        Tar::default().entry(b'0', "rootfs/", "", b"").entry(b'0', "manifest", "", MANIFEST.as_bytes());
    scanned(&last.bytes()).unwrap();
    // No end mark; bytes behind the end mark belong to the image ID.
    let open = Tar::good().open();
    let id = scanned(&open).unwrap().image_id;
    assert_ne!(scanned(&Tar::good().bytes()).unwrap().image_id, id);
}

#[test]
fn broken_bytes() {
    let good = Tar::good().entry(b'0', "rootfs/a", "", &[1; 2000]).bytes();
    let cut = &good[..2600];
    assert_eq!(scanned(cut).unwrap_err(), "archive `test.aci`: the tar ends within an entry");
    let cut = &good[..1800];
    assert_eq!(scanned(cut).unwrap_err(), "archive `test.aci`: the tar ends within a header");
    let mut damaged = good.clone();
    damaged[1024 + 10] ^= 1;
    assert_eq!(scanned(&damaged).unwrap_err(), "archive `test.aci`: the checksum of a header does not match");
    let text = b"hello, world\n".repeat(100);
    let wanted = "archive `test.aci`: it is no tar, nor compressed by gzip, bzip2, xz or zstd";
    assert_eq!(scanned(&text).unwrap_err(), wanted);
}

#[test]
fn a_cut_or_damaged_gzip_is_named_as_such() {
    let tar = Tar::good().entry(b'0', "rootfs/a", "", &vec![1; 100_000]).bytes();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar).unwrap();
    let bytes = encoder.finish().unwrap();
    assert_eq!(scanned(&bytes).unwrap().compression, Compression::Gzip);
    let error = scanned(&bytes[..bytes.len() - 20]).unwrap_err();
    assert!(error.starts_with("archive `test.aci`: cannot undo its gzip compression: "), "{error}");
    let mut damaged = bytes;
    let end = damaged.len() - 6;
    damaged[end] ^= 0xff;
    let error = scanned(&damaged).unwrap_err();
    assert!(error.starts_with("archive `test.aci`: cannot undo its gzip compression: "), "{error}");
}

#[test]
fn limits_are_errors() {
    let tar = Tar::good().entry(b'0', "rootfs/a", "", &[1; 2000]).bytes();
    let with = |change: fn(&mut Limits)| {
        let mut options = strict();
        change(&mut options.limits);
        chain(&scan("test.aci", tar.as_slice(), &options, &mut |_| {}).unwrap_err())
    };
    assert_eq!(with(|limits| limits.entries = 2), "archive `test.aci`: there are more than 2 entries");
    assert_eq!(with(|limits| limits.size = 3000), "archive `test.aci`: its tar has more than 3000 bytes");
    assert_eq!(
        with(|limits| limits.manifest = 10),
        format!(
            "archive `test.aci`: entry `manifest`: the manifest has {} bytes, more than 10",
            MANIFEST.len()
        )
    );
    let long = Tar::good().entry(b'L', "././@LongLink", "", &[b'a'; 2000]).entry(b'0', "x", "", b"").bytes();
    let mut options = strict();
    options.limits.extended_header = 1000;
    assert_eq!(
        chain(&scan("test.aci", long.as_slice(), &options, &mut |_| {}).unwrap_err()),
        "archive `test.aci`: an extended header has 2000 bytes, more than 1000"
    );
}

#[test]
fn a_gzip_bomb_is_stopped_by_its_ratio() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let size = 4_u64 << 20;
    encoder
        .write_all(
            &Tar::good().entry_with(b'0', "rootfs/zeros", "", b"", |header| header.set_size(size)).open(),
        )
        .unwrap();
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), size), &mut encoder).unwrap();
    let bytes = encoder.finish().unwrap();
    let mut options = strict();
    options.limits.ratio = 100;
    options.limits.ratio_from = 1 << 20;
    assert_eq!(
        chain(&scan("test.aci", bytes.as_slice(), &options, &mut |_| {}).unwrap_err()),
        "archive `test.aci`: its tar is more than 100 times larger than it"
    );
}

/// Extracts next to a file that must not change, whoever looks names up, and returns the error.
fn attack(tar: Tar, check: impl Fn(&std::path::Path)) -> Option<String> {
    let bytes = tar.bytes();
    let by = |lookup| {
        let (_guard, outer) = directory();
        fs::write(outer.join("victim"), "untouched").unwrap();
        fs::create_dir(outer.join("victims")).unwrap();
        let target = outer.join("image");
        fs::create_dir(&target).unwrap();
        let mut policy = ExtractPolicy::PLAIN;
        policy.lookup = lookup;
        let result = extract("test.aci", bytes.as_slice(), &target, &strict(), &policy, &mut |_| {});
        assert_eq!(fs::read(outer.join("victim")).unwrap(), b"untouched");
        assert_eq!(fs::read_dir(outer.join("victims")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(&outer).unwrap().count(), 3);
        check(&target.join("rootfs"));
        result.err().map(|error| chain(&error))
    };
    let kernel = by(Lookup::Kernel);
    assert_eq!(kernel, by(Lookup::ByHand));
    kernel
}

proptest::proptest! {
    /// Whatever links an image has, names lead to the same files by hand as by the kernel.
    #[test]
    fn names_lead_to_the_same_by_hand(
        entries in proptest::collection::vec((0..4_u8, "[abc](/[abc]){0,2}", "/?([abc]|\\.\\.)(/([abc]|\\.\\.)){0,2}"), 1..12)
    ) {
        let mut tar = Tar::good();
        let mut seen = std::collections::BTreeSet::new();
        for (index, (kind, path, target)) in entries.iter().enumerate() {
            if !seen.insert(path) {
                continue;
            }
            let (path, content) = (format!("rootfs/{path}"), index.to_string());
            tar = match kind {
                0 => tar.entry(b'5', &path, "", b""),
                1 => tar.entry(b'0', &path, "", content.as_bytes()),
                2 => tar.entry(b'1', &path, &format!("rootfs/{}", target.replace("..", "a").trim_start_matches('/')), b""),
                _ => tar.entry(b'2', &path, target, b""),
            };
        }
        let found = std::cell::RefCell::new(Vec::new());
        attack(tar, |rootfs| {
            let mut all = Vec::new();
            let mut open = vec![rootfs.to_owned()];
            while let Some(path) = open.pop() {
                let meta = fs::symlink_metadata(&path).unwrap();
                let content = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
                let shown = path.strip_prefix(rootfs).unwrap().to_owned();
                all.push((shown, meta.file_type(), fs::read_link(&path).ok(), content));
                if meta.is_dir() {
                    open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                }
            }
            all.sort_by(|(a, ..), (b, ..)| a.cmp(b));
            found.borrow_mut().push(all);
        });
        let found = found.into_inner();
        assert_eq!(found[0], found[1]);
    }
}

#[test]
fn links_lead_nowhere_but_into_the_image() {
    // A file through a link that goes up: it lands at the image's own root.
    let tar =
        Tar::good().entry(b'2', "rootfs/up", "../../..", b"").entry(b'0', "rootfs/up/victim", "", b"evil");
    assert_eq!(attack(tar, |rootfs| assert_eq!(fs::read(rootfs.join("victim")).unwrap(), b"evil")), None);

    // Through an absolute link: into the image's own directory of that name.
    let tar = Tar::good()
        .entry(b'5', "rootfs/run", "", b"")
        .entry(b'5', "rootfs/var", "", b"")
        .entry(b'2', "rootfs/var/run", "/run", b"")
        .entry(b'0', "rootfs/var/run/x", "", b"pid");
    assert_eq!(attack(tar, |rootfs| assert_eq!(fs::read(rootfs.join("run/x")).unwrap(), b"pid")), None);

    // A file that has the name of a link replaces it and is not written through it.
    let tar = Tar::good()
        .entry(b'2', "rootfs/d", ".", b"")
        .entry(b'2', "rootfs/a", "../../victim", b"")
        .entry(b'0', "rootfs/d/a", "", b"evil");
    assert_eq!(attack(tar, |rootfs| assert_eq!(fs::read(rootfs.join("a")).unwrap(), b"evil")), None);

    // Links that lead to each other lead nowhere.
    let tar = Tar::good().entry(b'2', "rootfs/a", "b", b"").entry(b'2', "rootfs/b", "/a", b"").entry(
        b'0',
        "rootfs/a/x",
        "",
        b"",
    );
    let wanted = "archive `test.aci`: entry `rootfs/a/x`: cannot open its parent directory: Too many levels of symbolic links (os error 40)";
    assert_eq!(attack(tar, |_| {}).as_deref(), Some(wanted));

    // A directory over a link to one outside: its mode and time go to the directory.
    let tar = Tar::good()
        .entry(b'2', "rootfs/d", ".", b"")
        .entry(b'2', "rootfs/v", "../../victims", b"")
        .entry(b'5', "rootfs/d/v", "", b"")
        .entry(b'0', "rootfs/v/x", "", b"");
    assert_eq!(attack(tar, |rootfs| assert!(rootfs.join("v/x").is_file())), None);
}

#[test]
fn a_hard_link_through_a_link_finds_only_the_image() {
    let tar = Tar::good().entry(b'2', "rootfs/up", "../..", b"").entry(
        b'1',
        "rootfs/stolen",
        "rootfs/up/victim",
        b"",
    );
    let wanted = "archive `test.aci`: entry `rootfs/stolen`: cannot link it to `up/victim`: No such file or directory (os error 2)";
    assert_eq!(attack(tar, |_| {}).as_deref(), Some(wanted));
    // A hard link to a symbolic link is another name of the link, not of what it points to.
    let tar = Tar::good()
        .entry(b'2', "rootfs/link", "../../victim", b"")
        .entry(b'1', "rootfs/other", "rootfs/link", b"")
        .entry(b'0', "rootfs/after", "", b"x");
    assert_eq!(attack(tar, |rootfs| assert!(rootfs.join("other").is_symlink())), None);
}

#[test]
fn devices_are_left_out_or_refused() {
    let tar = || {
        Tar::good().entry_with(b'3', "rootfs/null", "", b"", |header| {
            header.set_device_major(1).unwrap();
            header.set_device_minor(3).unwrap();
        })
    };
    assert_eq!(attack(tar(), |rootfs| assert!(!rootfs.join("null").exists())), None);
    let (_guard, target) = directory();
    let mut policy = ExtractPolicy::PLAIN;
    policy.devices = appc_spec::archive::DevicePolicy::Refuse;
    let error =
        extract("test.aci", tar().bytes().as_slice(), &target, &strict(), &policy, &mut |_| {}).unwrap_err();
    assert_eq!(chain(&error), "archive `test.aci`: entry `rootfs/null`: a device node is refused");
}

#[test]
fn names_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let tar = Tar::good().entry_with(b'0', "rootfs/?", "", b"x", |header| {
        header.as_ustar_mut().unwrap().name[7] = 0xff;
    });
    let path = std::ffi::OsStr::from_bytes(b"\xff");
    assert_eq!(attack(tar, |rootfs| assert_eq!(fs::read(rootfs.join(path)).unwrap(), b"x")), None);
}
