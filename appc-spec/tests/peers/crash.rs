//! A store whose users are killed at any moment.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use appc_spec::archive::{BuildOptions, ExtractPolicy, ImageBuilder};
use appc_spec::store::{GcOptions, ImportOptions, Store};
use appc_spec::{ImageManifest, Strength};

/// The variable that makes this program a victim: the directory of its store.
pub(super) const VICTIM: &str = "APPC_SPEC_TEST_VICTIM";

fn archive(round: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut builder = ImageBuilder::new(ImageManifest::new("example.com/victim".parse().unwrap()));
    for file in 0..20 {
        builder = builder.file(format!("d{file}/file"), 0o644, format!("{round} {file}").repeat(500));
    }
    builder.write(&mut bytes, &BuildOptions::reproducible()).unwrap();
    bytes
}

fn gc(store: &Store) {
    let nothing = (BTreeSet::new(), BTreeSet::new());
    let options = GcOptions {
        images: &nothing.0,
        trees: &nothing.1,
        unused_for: Duration::ZERO,
        now: SystemTime::now(),
    };
    let report = store.gc(&options).unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
}

/// Imports, renders and collects until it is killed.
pub(super) fn victim(directory: &Path) {
    let store = Store::open(directory).unwrap();
    for round in 0..1_000_000 {
        let options = ImportOptions::new(Strength::Strict, SystemTime::now());
        let imported = store.import("x", archive(round % 4).as_slice(), &options, &mut |_| {}).unwrap();
        store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
        store.set_reference("latest", imported.image.id()).unwrap();
        drop(imported);
        if round % 3 == 2 {
            gc(&store);
        }
    }
}

pub(super) fn kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = Store::open(&path).unwrap();
    let program = std::env::current_exe().unwrap();
    for round in 0..30_u64 {
        let mut victims: Vec<_> = (0..2)
            .map(|_| {
                let mut command = Command::new(&program);
                command.env(VICTIM, &path).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
            })
            .collect();
        // Spread over what the victims do; there is no moment at which it is fine to fail.
        std::thread::sleep(Duration::from_millis(20 + round * 7));
        for victim in &mut victims {
            victim.kill().unwrap();
            let status = victim.wait().unwrap();
            assert!(status.code().is_none(), "the victim ended by itself: {status}");
        }
        // Whatever is there is whole.
        for image in store.list().unwrap() {
            let image = image.unwrap();
            image.verify(&mut |_| {}).unwrap();
            let tree = store.render(&image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
            drop(tree);
            store.verify_tree(&image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
        }
    }
    gc(&store);
    for name in ["images", "trees", "references", "work"] {
        let left: Vec<_> = fs::read_dir(path.join(name)).unwrap().collect();
        assert!(left.is_empty(), "{name}: {left:?}");
    }
}
