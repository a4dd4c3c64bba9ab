//! A store on a disk that is full.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use appc_spec::archive::{BuildOptions, Compression, ExtractPolicy, ImageBuilder};
use appc_spec::store::{GcOptions, ImportOptions, Store, StoreError};
use appc_spec::{ImageManifest, Strength};

use super::run;

/// A small file system of the test's own, which goes away with this value.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let arguments = ["-t", "tmpfs", "-o", "size=16m", "podkit-test"].map(std::ffi::OsStr::new);
        let arguments = [&arguments[..], &[directory.path().as_os_str()]].concat();
        run("mount", &arguments, "/".as_ref());
        Self(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Takes all the room that there is.
    fn fill(&self) {
        let mut file = fs::File::create(self.path("ballast")).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &[self.0.path().as_os_str()], "/".as_ref());
    }
}

fn archive(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let builder = ImageBuilder::new(ImageManifest::new(format!("example.com/{name}").parse().unwrap()));
    let options = BuildOptions::reproducible().compression(Compression::None);
    builder.file(name, 0o644, vec![7; 3 << 20]).write(&mut bytes, &options).unwrap();
    bytes
}

/// That it failed for want of room.
fn no_room<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    let error = result.unwrap_err();
    let first: &(dyn std::error::Error + 'static) = &error;
    let mut causes = std::iter::successors(Some(first), |cause| cause.source());
    let full = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::StorageFull)
    };
    assert!(causes.any(full), "{error:?}");
}

pub(super) fn store() {
    let disk = Disk::new();
    let store = Store::open(disk.path("store")).unwrap();
    let import = |name: &str| {
        let options = ImportOptions::new(Strength::Strict, SystemTime::now());
        store.import(name, archive(name).as_slice(), &options, &mut |_| {}).map(|imported| imported.image)
    };
    let in_work = || fs::read_dir(disk.path("store/work")).unwrap().count();
    let (first, second) = (import("first").unwrap(), import("second").unwrap());
    let policy = ExtractPolicy::PLAIN;
    drop(store.render(&second, &policy, &mut |_| {}).unwrap());

    disk.fill();
    no_room(import("third"));
    no_room(store.render(&first, &policy, &mut |_| {}));
    no_room(store.set_reference("a", first.id()));
    assert_eq!((in_work(), store.list().unwrap().len()), (0, 2), "nothing of it stays");
    first.verify(&mut |_| {}).unwrap();
    second.mark_used().unwrap();
    no_room(store.verify_tree(&second, &policy, &mut |_| {}));

    // Removing needs no room, and makes some.
    let id = second.id().clone();
    drop(second);
    let nothing = (BTreeSet::from([first.id().clone()]), BTreeSet::new());
    let options = GcOptions {
        images: &nothing.0,
        trees: &nothing.1,
        unused_for: Duration::ZERO,
        now: SystemTime::now(),
    };
    let report = store.gc(&options).unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    assert_eq!((report.images, report.trees.len()), (vec![id], 1));
    import("third").unwrap();
    drop(first);
}
