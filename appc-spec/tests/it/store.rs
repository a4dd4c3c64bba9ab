//! The store.

mod render;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use appc_spec::archive::{BuildOptions, Compression, ExtractPolicy, ImageBuilder};
use appc_spec::store::{
    FetchedFrom, GcOptions, ImportOptions, Imported, Store, StoreErrorKind, Verification,
};
use appc_spec::{Annotation, Annotations, AppString, ImageId, ImageManifest, Label, Labels, Strength};
use pod_core::image::Reference;

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn manifest(name: &str, version: &str) -> ImageManifest {
    let mut manifest = ImageManifest::new(name.parse().unwrap());
    let label = |name: &str, value: &str| Label { name: name.parse().unwrap(), value: value.to_owned() };
    manifest.labels = Labels::try_from(vec![label("version", version), label("os", "linux")]).unwrap();
    manifest
}

fn archive(name: &str, version: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    ImageBuilder::new(manifest(name, version))
        .file("a/b/file", 0o640, version)
        .directory("closed", 0o555)
        .file("closed/file", 0o444, "")
        .symlink("link", "/a/b")
        .write(&mut bytes, &BuildOptions::reproducible())
        .unwrap();
    bytes
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn import(store: &Store, bytes: &[u8], seconds: u64) -> Imported {
    store.import("test.aci", bytes, &ImportOptions::new(Strength::Strict, at(seconds)), &mut |_| {}).unwrap()
}

fn gc(store: &Store, images: &[&ImageId], unused_for: Duration) -> (usize, usize, usize) {
    let images = images.iter().map(|id| (*id).clone()).collect();
    let options = GcOptions { images: &images, trees: &BTreeSet::new(), unused_for, now: SystemTime::now() };
    let report = store.gc(&options).unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    (report.images.len(), report.trees.len(), report.leftovers)
}

/// All that the store has on disk, besides its five directories.
fn left(store: &Store) -> Vec<String> {
    let mut left = Vec::new();
    for directory in fs::read_dir(store.directory()).unwrap() {
        for entry in fs::read_dir(directory.unwrap().path()).unwrap() {
            left.push(entry.unwrap().path().display().to_string());
        }
    }
    left
}

struct Fixture {
    _guard: tempfile::TempDir,
    store: Store,
}

fn fixture() -> Fixture {
    let guard = tempfile::tempdir().unwrap();
    let store = Store::open(guard.path().join("store")).unwrap();
    Fixture { _guard: guard, store }
}

#[test]
fn an_image_comes_in_once() {
    let Fixture { store, .. } = &fixture();
    let bytes = archive("example.com/a", "1");
    let first = import(store, &bytes, 1);
    assert!(first.is_new);
    assert_eq!(first.summary.compression, Compression::Gzip);
    let again = import(store, &bytes, 2);
    assert!(!again.is_new);
    assert_eq!(again.image.imported(), at(1));
    first.image.verify(&mut |_| {}).unwrap();
    assert_eq!(first.image.tar().unwrap().metadata().unwrap().len(), first.image.tar_size());
    drop((first, again));
    assert_eq!(gc(store, &[], Duration::ZERO), (1, 0, 0));
    assert_eq!(left(store), Vec::<String>::new());
}

#[test]
fn a_broken_archive_leaves_nothing() {
    let Fixture { store, .. } = &fixture();
    let bytes = archive("example.com/a", "1");
    let options = ImportOptions::new(Strength::Strict, at(1));
    let error = store.import("cut.aci", &bytes[..bytes.len() / 2], &options, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Archive);
    assert!(
        chain(&error)
            .starts_with("cannot import an image: archive `cut.aci`: cannot undo its gzip compression: "),
        "{}",
        chain(&error)
    );
    let other = ImageId::from_digest(&[7; 64]);
    let error = store.import("a.aci", bytes.as_slice(), &options.expecting(other), &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::WrongImage);
    assert_eq!(left(store), Vec::<String>::new());
}

#[test]
fn images_are_found_by_name_labels_and_id() {
    let Fixture { store, .. } = &fixture();
    let one = import(store, &archive("example.com/a", "1"), 10);
    let two = import(store, &archive("example.com/a", "2"), 20);
    let other = import(store, &archive("example.com/b", "1"), 30);
    let find = |text: &str| {
        let app: AppString = text.parse().unwrap();
        store.find(&app).unwrap().map(|image| image.id().clone())
    };
    assert_eq!(find("example.com/a").as_ref(), Some(two.image.id()), "the one imported last");
    assert_eq!(find("example.com/a:1").as_ref(), Some(one.image.id()));
    assert_eq!(find("example.com/a:1,os=linux").as_ref(), Some(one.image.id()));
    assert_eq!(find("example.com/a:1,os=freebsd"), None);
    assert_eq!(find("example.com/c"), None);
    let id = other.image.id();
    for prefix in [id.as_str(), &id.digits()[..12], &id.as_str()[..20]] {
        assert_eq!(store.image_by_prefix(prefix).unwrap().id(), id);
    }
    let error = |prefix: &str| store.image_by_prefix(prefix).unwrap_err().to_string();
    let what = "is not the beginning of an image ID: at least two digits of `sha512-<128 hexadecimal digits>` are wanted";
    for text in ["sha512-", "a", "../images", "AB", "x"] {
        assert_eq!(error(text), format!("`{text}` {what}"));
    }
    assert_eq!(error("0000000000"), "no image `0000000000` in the store");
}

#[test]
fn a_pods_name_is_never_made_to_fit() {
    let Fixture { store, .. } = &fixture();
    let named = |text: &str| {
        let name = Reference::parse(text).unwrap().with_default_tag();
        store.named(&name).unwrap().map(|image| image.id().clone())
    };
    // App Container images are found by what their manifests say.
    let app = import(store, &archive("example.com/a", "1"), 1);
    assert_eq!(named("example.com/a:1").as_ref(), Some(app.image.id()));
    assert_eq!((named("example.com/a"), named("example.com:5000/a:1"), named("a:1")), (None, None, None));
    let digest = format!("example.com/a:1@sha256:{}", "0".repeat(64));
    assert_eq!(named(&digest), None, "no manifest has a digest");

    // What came from Docker's formats has a name that was made to fit.
    let from_docker = |version: &str, original: Option<&str>| {
        let mut manifest = manifest("reg_5000/a", version);
        let mut annotations = vec![("appc.io/docker/imageid", "sha256:00")];
        annotations.extend(original.map(|original| ("appc.io/docker/originalname", original)));
        let annotations = annotations
            .into_iter()
            .map(|(name, value)| Annotation { name: name.parse().unwrap(), value: value.to_owned() });
        manifest.annotations = Annotations::try_from(annotations.collect::<Vec<_>>()).unwrap();
        let mut bytes = Vec::new();
        ImageBuilder::new(manifest).write(&mut bytes, &BuildOptions::reproducible()).unwrap();
        import(store, &bytes, 2)
    };
    let nameless = from_docker("7", None);
    let image = from_docker("8", Some("reg:5000/a:8"));
    assert_eq!(named("reg:5000/a:8").as_ref(), Some(image.image.id()), "an archive that was made of it");
    assert_eq!(
        (named("docker.io/reg_5000/a:8"), named("reg_5000/a:7"), named("reg:5000/a:7")),
        (None, None, None)
    );
    store.set_reference("reg:5000/a:7", nameless.image.id()).unwrap();
    assert_eq!(named("reg:5000/a:7").as_ref(), Some(nameless.image.id()));
    let asked = "reg_5000/a".parse().unwrap();
    assert!(store.app(&asked).unwrap().is_none() && store.find(&asked).unwrap().is_some());
}

#[test]
fn what_a_url_had_is_remembered() {
    let Fixture { store, .. } = &fixture();
    let image = import(store, &archive("example.com/a", "1"), 1).image;
    let url = "https://example.com/a.aci";
    assert_eq!(store.fetched(url).unwrap(), None);
    let mut from = FetchedFrom::new(image.id().clone(), at(7));
    store.set_fetched(url, &from).unwrap();
    assert_eq!(store.fetched(url).unwrap(), Some(from.clone()));
    (from.etag, from.max_age) = (Some("\"1\"".to_owned()), Some(Duration::from_secs(60)));
    store.set_fetched(url, &from).unwrap();
    assert_eq!(store.fetched(url).unwrap(), Some(from));
    assert_eq!(store.reference(url).unwrap().as_ref(), Some(image.id()));
    store.set_reference(url, image.id()).unwrap();
    assert_eq!(store.fetched(url).unwrap(), None, "a name says nothing of servers");
}

#[test]
fn a_prefix_that_fits_two_images_says_which() {
    let Fixture { store, .. } = &fixture();
    // Seventeen images share a first digit, so two share the first two of seventeen times seventeen.
    let mut ids = Vec::new();
    for version in 0..40 {
        ids.push(
            import(store, &archive("example.com/a", &version.to_string()), 1).image.id().digits().to_owned(),
        );
    }
    ids.sort();
    let pair = ids
        .windows(2)
        .find(|pair| pair[0][..2] == pair[1][..2])
        .expect("40 of 256 have a pair in all but 4 of 100 cases; these do");
    let error = store.image_by_prefix(&pair[0][..2]).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
    assert!(
        error.to_string().starts_with(&format!("`{}` fits several images: `sha512-", &pair[0][..2])),
        "{error}"
    );
}

#[test]
fn a_tree_is_rendered_once_and_verified() {
    let Fixture { store, .. } = &fixture();
    let imported = import(store, &archive("example.com/a", "1"), 1);
    let policy = ExtractPolicy::PLAIN;
    let tree = store.render(&imported.image, &policy, &mut |_| {}).unwrap();
    assert_eq!(fs::read(tree.rootfs().join("a/b/file")).unwrap(), b"1");
    let again = store.render(&imported.image, &policy, &mut |_| panic!("it is there")).unwrap();
    assert_eq!(again.rootfs(), tree.rootfs());
    store.verify_tree(&imported.image, &policy, &mut |_| {}).unwrap();

    fs::write(tree.rootfs().join("added"), "").unwrap();
    let id = tree.id().clone();
    let verify = || store.verify_tree(&imported.image, &policy, &mut |_| {}).unwrap_err().to_string();
    // The directory's own time gives it away first.
    assert_eq!(verify(), format!("the tree `{id}` has been altered: the time of `/` differs"));
}

#[test]
fn a_damaged_tar_is_found_and_one_damaged_image_blocks_no_other() {
    let Fixture { store, .. } = &fixture();
    let damaged = import(store, &archive("example.com/a", "1"), 1);
    let good = import(store, &archive("example.com/b", "1"), 1);
    let directory = store.directory().join("images").join(damaged.image.id().as_str());
    let mut tar = fs::read(directory.join("tar")).unwrap();
    let end = tar.len() - 1;
    tar[end] = 1;
    fs::write(directory.join("tar"), tar).unwrap();
    let error = damaged.image.verify(&mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Damaged);

    fs::write(directory.join("manifest"), "{").unwrap();
    assert_eq!(store.list().unwrap().iter().filter(|image| image.is_err()).count(), 1);
    assert_eq!(store.find(&"example.com/b".parse().unwrap()).unwrap().unwrap().id(), good.image.id());
    let error = store.image(damaged.image.id()).unwrap_err();
    let path = directory.join("manifest");
    let wanted = format!(
        "cannot read the manifest `{}`: 1:2: the text ends where a member's name in quotes is wanted",
        path.display()
    );
    assert_eq!(chain(&error), wanted);
}

#[test]
fn gc_keeps_what_is_held_in_use_or_young() {
    let Fixture { store, .. } = &fixture();
    let kept = import(store, &archive("example.com/a", "1"), 1).image;
    let dropped = import(store, &archive("example.com/a", "2"), 1).image;
    let kept_id = kept.id().clone();
    drop(store.render(&kept, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap());
    drop(store.render(&dropped, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap());
    drop(kept);
    assert_eq!(gc(store, &[], Duration::from_secs(3600)), (0, 0, 0), "all were used just now");
    // The second image is held, but nobody holds its tree.
    assert_eq!(gc(store, &[&kept_id], Duration::ZERO), (0, 1, 0));
    drop(dropped);
    assert_eq!(gc(store, &[&kept_id], Duration::ZERO), (1, 0, 0));
    assert_eq!(gc(store, &[], Duration::ZERO), (1, 1, 0));
    assert_eq!(left(store), Vec::<String>::new());
}

#[test]
fn what_killed_processes_left_is_taken_away() {
    let Fixture { store, .. } = &fixture();
    let image = import(store, &archive("example.com/a", "1"), 1).image;
    let id = image.id().clone();
    let tree = store.render(&image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    let tree_directory = tree.rootfs().parent().unwrap().to_owned();
    drop((image, tree));
    // Killed while it made something: a directory with its lock file, which nobody holds.
    let work = store.directory().join("work");
    fs::create_dir(work.join("dead.d")).unwrap();
    fs::write(work.join("dead.d/tar"), "half").unwrap();
    fs::write(work.join("dead.lock"), "").unwrap();
    fs::create_dir(work.join("orphan.d")).unwrap();
    // Killed while it removed something: the record is gone, the rest is not.
    let image_directory = store.directory().join("images").join(id.as_str());
    fs::remove_file(image_directory.join("record.json")).unwrap();
    fs::remove_file(tree_directory.join("tree.json")).unwrap();
    assert!(store.image(&id).unwrap().is_none());
    assert_eq!(
        gc(store, &[&id], Duration::from_secs(3600)),
        (1, 1, 2),
        "it is not whole, so it is not in use"
    );
    assert_eq!(left(store), Vec::<String>::new());
}

#[test]
fn an_image_that_was_half_removed_can_come_in_again() {
    let Fixture { store, .. } = &fixture();
    let bytes = archive("example.com/a", "1");
    let image = import(store, &bytes, 1).image;
    let tree = store.render(&image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    let tree_directory = tree.rootfs().parent().unwrap().to_owned();
    let directory = store.directory().join("images").join(image.id().as_str());
    drop((image, tree));
    for rest in [
        &["record.json"][..],
        &["record.json", "tar", "manifest"],
        &["record.json", "tar", "manifest", "lock"],
    ] {
        for name in rest {
            let _ = fs::remove_file(directory.join(name));
        }
        assert!(import(store, &bytes, 2).is_new, "without {rest:?}");
    }
    fs::remove_file(tree_directory.join("tree.json")).unwrap();
    let image = import(store, &bytes, 3).image;
    let tree = store.render(&image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    assert!(tree.rootfs().join("link").is_symlink());
}

#[test]
fn removal_respects_who_holds_the_image() {
    let Fixture { store, .. } = &fixture();
    let image = import(store, &archive("example.com/a", "1"), 1).image;
    let id = image.id().clone();
    assert_eq!(store.remove(&id).unwrap_err().kind(), StoreErrorKind::InUse);
    let tree = store.render(&image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    drop(image);
    assert_eq!(store.remove(&id).unwrap_err().to_string(), format!("`{}` is in use", tree.id()));
    drop(tree);
    store.remove(&id).unwrap();
    assert_eq!(store.remove(&id).unwrap_err().kind(), StoreErrorKind::NotFound);
    assert_eq!(left(store), Vec::<String>::new());
}

#[test]
fn references_are_texts_of_any_kind() {
    let Fixture { store, .. } = &fixture();
    let image = import(store, &archive("example.com/a", "1"), 1).image;
    let long = "docker://registry.example.com/".repeat(50);
    for text in ["busybox", "../../etc/passwd", "", &long] {
        assert_eq!(store.reference(text).unwrap(), None);
        store.set_reference(text, image.id()).unwrap();
        assert_eq!(store.reference(text).unwrap().as_ref(), Some(image.id()));
    }
    let other = ImageId::from_digest(&[1; 64]);
    store.set_reference("busybox", &other).unwrap();
    assert_eq!(store.reference("busybox").unwrap().as_ref(), Some(&other));
    assert_eq!(store.references_all().unwrap().len(), 4);
    store.remove_reference(&long).unwrap();
    store.remove_reference("never there").unwrap();
    let id = image.id().clone();
    // The image behind `busybox` is not in the store.
    gc(store, &[&id], Duration::ZERO);
    let texts: Vec<String> = store.references_all().unwrap().into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["", "../../etc/passwd"]);
}

#[test]
fn many_at_once_make_one_image_and_one_tree() {
    let Fixture { store, .. } = &fixture();
    let bytes = archive("example.com/a", "1");
    let directory: &Path = store.directory();
    let new: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let bytes = &bytes;
                scope.spawn(move || {
                    let store = Store::open(directory).unwrap();
                    let imported = import(&store, bytes, 1);
                    let tree = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
                    assert_eq!(fs::read(tree.rootfs().join("a/b/file")).unwrap(), b"1");
                    usize::from(imported.is_new)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(new, 1);
    assert_eq!(left(store).len(), 2);
    assert_eq!(gc(store, &[], Duration::ZERO), (1, 1, 0));
    assert_eq!(left(store), Vec::<String>::new());
}

/// Importers, renderers, users and collectors work on the same two images at once; whoever gets a tree can read it as long
/// as he holds it.
#[test]
fn collection_never_takes_what_is_held() {
    let Fixture { store, .. } = &fixture();
    let archives = [archive("example.com/a", "1"), archive("example.com/a", "2")];
    let directory: &Path = store.directory();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let archives = &archives;
            scope.spawn(move || {
                let store = Store::open(directory).unwrap();
                for round in 0..25 {
                    let bytes = &archives[(worker + round) % 2];
                    let imported = import(&store, bytes, 1);
                    let tree = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
                    let content = fs::read(tree.rootfs().join("a/b/file")).unwrap();
                    assert_eq!(
                        content,
                        imported.image.manifest().labels.value("version").unwrap().as_bytes()
                    );
                }
            });
        }
        scope.spawn(move || {
            let store = Store::open(directory).unwrap();
            for _ in 0..100 {
                gc(&store, &[], Duration::ZERO);
            }
        });
    });
    gc(store, &[], Duration::ZERO);
    assert_eq!(left(store), Vec::<String>::new());
}

#[test]
fn the_store_remembers_who_was_believed() {
    let Fixture { store, .. } = &fixture();
    let bytes = archive("example.com/a", "1");
    let name = || "example.com/a".parse().unwrap();
    let options = ImportOptions::new(Strength::Strict, at(1));
    let verified = |key: &str, seconds| {
        let verification = Verification::new(name(), key, at(seconds));
        store
            .import("a", bytes.as_slice(), &options.clone().verified(verification), &mut |_| {})
            .unwrap()
            .image
    };
    // It came in without a signature, and is nobody's until one is shown.
    let image = import(store, &bytes, 1).image;
    assert!(!image.is_verified_for(&name(), &[]) && image.verified().is_empty());
    let id = image.id().clone();
    drop(image);
    assert!(verified("aa", 5).is_verified_for(&name(), &["aa"]));
    verified("bb", 6);
    verified("aa", 7);
    let image = store.image(&id).unwrap().unwrap();
    let shown: Vec<_> = image.verified().into_iter().map(|one| (one.key, one.at)).collect();
    assert_eq!(shown, [("bb".to_owned(), at(6)), ("aa".to_owned(), at(7))]);
    assert!(image.is_verified_for(&name(), &["cc", "bb"]) && !image.is_verified_for(&name(), &["cc"]));
    assert!(!image.is_verified_for(&"example.com".parse().unwrap(), &[]));
    drop(image);
    store.remove(&id).unwrap();
    // One that comes in with it has it from the start.
    assert!(verified("aa", 8).is_verified_for(&name(), &[]));
}

#[test]
fn an_image_is_what_was_asked_for() {
    let Fixture { store, .. } = &fixture();
    let bytes = archive("example.com/a", "1");
    let import = |text: &str| {
        let options = ImportOptions::new(Strength::Strict, at(1)).named(text.parse().unwrap());
        store
            .import("a.aci", bytes.as_slice(), &options, &mut |_| {})
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(import("example.com/a:1"), Ok(()));
    assert_eq!(
        import("example.com/a:2").unwrap_err(),
        "archive `a.aci`: the image is `example.com/a,version=1,os=linux`, not `example.com/a:2`"
    );
    assert!(import("example.com/b").is_err());
}
