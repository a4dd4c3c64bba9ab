//! What an archive is, by its beginning.

use std::io::Read;

use appc_spec::archive::{BuildOptions, ImageBuilder, begins_as_image};

use super::support::{COMPRESSIONS, Tar, manifest};

#[test]
fn an_image_is_known_by_its_first_entry() {
    for compression in COMPRESSIONS {
        let mut archive = Vec::new();
        let options = BuildOptions::reproducible().compression(compression);
        ImageBuilder::new(manifest()).write(&mut archive, &options).unwrap();
        assert!(begins_as_image(archive.as_slice()), "{compression}");
    }
    for (path, wanted) in [
        ("manifest", true),
        ("./manifest", true),
        ("rootfs/", true),
        ("rootfs/bin/sh", true),
        ("rootfs.json", false),
        ("manifest.json", false),
        ("oci-layout", false),
        ("blobs/sha256/", false),
        ("bin/sh", false),
    ] {
        let tar = Tar::default().entry(b'0', path, "", b"").bytes();
        assert_eq!(begins_as_image(tar.as_slice()), wanted, "{path}");
    }
    for text in [&b""[..], b"kind: Pod\n", b"\x1f\x8bno gzip", &[0; 1024]] {
        assert!(!begins_as_image(text));
    }
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::Other.into())
        }
    }
    assert!(!begins_as_image(Broken));
}
