//! Images with dependencies as trees on disk.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use appc_spec::archive::{BuildOptions, ExtractPolicy, ImageBuilder};
use appc_spec::store::{GcOptions, Store, StoreErrorKind};
use appc_spec::{Dependency, ImageId, Labels};

use super::{Fixture, at, chain, fixture, import, manifest};

const PLAIN: &ExtractPolicy = &ExtractPolicy::PLAIN;

fn dependency(name: &str) -> Dependency {
    Dependency { image_name: name.parse().unwrap(), image_id: None, labels: Labels::default(), size: 0 }
}

/// Imports an image of these dependencies and this whitelist.
fn image(
    store: &Store,
    name: &str,
    dependencies: Vec<Dependency>,
    whitelist: &[&str],
    files: impl FnOnce(ImageBuilder) -> ImageBuilder,
) -> ImageId {
    let mut manifest = manifest(name, "1");
    manifest.dependencies = dependencies;
    manifest.path_whitelist = whitelist.iter().map(|path| (*path).to_owned()).collect();
    let mut bytes = Vec::new();
    files(ImageBuilder::new(manifest)).write(&mut bytes, &BuildOptions::reproducible()).unwrap();
    import(store, &bytes, 1).image.id().clone()
}

fn listing(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let meta = fs::symlink_metadata(&path).unwrap();
            if meta.is_dir() {
                found.push(format!("{name}/ {:o}", meta.permissions().mode() & 0o7777));
                open.push(path);
            } else if meta.is_symlink() {
                found.push(format!("{name} -> {}", fs::read_link(&path).unwrap().display()));
            } else {
                found.push(format!("{name} {:?}", fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn dependencies_lie_under_the_image() {
    let Fixture { store, .. } = &fixture();
    image(store, "example.com/base", vec![], &["/etc/", "/bin/sh", "/lib", "/data/x"], |builder| {
        builder
            .directory("etc", 0o700)
            .file("etc/passwd", 0o644, "root")
            .file("etc/conf", 0o644, "base")
            .file("bin/sh", 0o755, "sh")
            .file("bin/rm", 0o755, "rm")
            .symlink("lib", "/etc")
            .file("data/x/deep", 0o644, "gone: the whitelist names /data/x alone")
    });
    let top = image(store, "example.com/top", vec![dependency("example.com/base")], &[], |builder| {
        builder.file("etc/conf", 0o600, "top").file("lib/libc.so", 0o644, "c").file("data/x", 0o644, "file")
    });
    let image = store.image(&top).unwrap().unwrap();
    let tree = store.render(&image, PLAIN, &mut |_| {}).unwrap();
    assert_eq!(
        listing(&tree.rootfs()),
        [
            "bin/ 755",
            "bin/sh \"sh\"",
            "data/ 755",
            "data/x \"file\"",
            // The builder writes what is above its files, with the usual mode.
            "etc/ 755",
            "etc/conf \"top\"",
            "etc/passwd \"root\"",
            // The link to /etc was replaced, and nothing was written through it.
            "lib/ 755",
            "lib/libc.so \"c\"",
        ]
    );
    let plan = store.render_plan(&image, &mut |_| {}).unwrap().to_string();
    assert!(plan.contains("/lib\texample.com/top\n"), "{plan}");
    assert_eq!(store.render(&image, PLAIN, &mut |_| {}).unwrap().id(), tree.id());
    store.verify_tree(&image, PLAIN, &mut |_| {}).unwrap();
}

#[test]
fn a_hard_link_keeps_its_content_when_its_first_name_is_overridden() {
    let Fixture { store, .. } = &fixture();
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("one"), "base").unwrap();
    fs::hard_link(source.path().join("one"), source.path().join("three")).unwrap();
    fs::hard_link(source.path().join("one"), source.path().join("two")).unwrap();
    let base =
        image(store, "example.com/base", vec![], &[], |builder| builder.host_tree(source.path()).unwrap());
    let top = image(store, "example.com/top", vec![dependency("example.com/base")], &[], |builder| {
        builder.file("one", 0o644, "top")
    });
    let rendered =
        |id: &ImageId| store.render(&store.image(id).unwrap().unwrap(), PLAIN, &mut |_| {}).unwrap().rootfs();
    let root = rendered(&top);
    assert_eq!(listing(&root), ["one \"top\"", "three \"base\"", "two \"base\""]);
    let inode = |root: &Path, name: &str| fs::metadata(root.join(name)).unwrap().ino();
    assert_eq!(inode(&root, "two"), inode(&root, "three"));
    assert_ne!(inode(&root, "one"), inode(&root, "two"));
    let root = rendered(&base);
    assert_eq!(inode(&root, "one"), inode(&root, "two"));
}

#[test]
fn a_whitelist_of_the_image_itself_counts() {
    let Fixture { store, .. } = &fixture();
    let id = image(store, "example.com/a", vec![], &["/kept"], |builder| {
        builder.file("kept", 0o644, "").file("gone", 0o644, "")
    });
    let tree = store.render(&store.image(&id).unwrap().unwrap(), PLAIN, &mut |_| {}).unwrap();
    assert_eq!(listing(&tree.rootfs()), ["kept \"\""]);
}

#[test]
fn a_dependency_that_is_not_there_is_named() {
    let Fixture { store, .. } = &fixture();
    let mut wanted = dependency("example.com/base");
    wanted.labels = manifest("x", "2").labels;
    let id = image(store, "example.com/a", vec![wanted], &[], |builder| builder);
    // Another version is there.
    image(store, "example.com/base", vec![], &[], |builder| builder);
    let error = store.render(&store.image(&id).unwrap().unwrap(), PLAIN, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Render);
    assert_eq!(
        chain(&error),
        format!(
            "cannot render image `{id}`: image `example.com/a`: no image fulfils its dependency \
             `example.com/base,version=2,os=linux`"
        )
    );
}

#[test]
fn a_damaged_tree_is_repaired_unless_somebody_uses_it() {
    let Fixture { store, .. } = &fixture();
    let id = image(store, "example.com/a", vec![], &[], |builder| builder.file("f", 0o644, "good"));
    let image = store.image(&id).unwrap().unwrap();
    let tree = store.render(&image, PLAIN, &mut |_| {}).unwrap();
    let file = tree.rootfs().join("f");
    assert_eq!(store.repair_tree(&image, PLAIN, &mut |_| {}).unwrap(), None);
    fs::write(&file, "evil").unwrap();
    let error = store.repair_tree(&image, PLAIN, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InUse);
    drop(tree);
    let difference = store.repair_tree(&image, PLAIN, &mut |_| {}).unwrap();
    assert!(difference.unwrap().contains("`/f`"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "good");
    store.verify_tree(&image, PLAIN, &mut |_| {}).unwrap();
}

#[test]
fn a_tree_and_all_that_it_is_made_of_stay_as_long_as_one_of_its_images_is_needed() {
    let Fixture { store, .. } = &fixture();
    let base = image(store, "example.com/base", vec![], &[], |builder| builder);
    let top = image(store, "example.com/top", vec![dependency("example.com/base")], &[], |builder| builder);
    let other = image(store, "example.com/other", vec![], &[], |builder| builder);
    drop(store.render(&store.image(&top).unwrap().unwrap(), PLAIN, &mut |_| {}).unwrap());
    let gc = |images: &BTreeSet<ImageId>| {
        let now = at(u64::from(u32::MAX));
        let options =
            GcOptions { images, trees: &BTreeSet::new(), unused_for: std::time::Duration::ZERO, now };
        let report = store.gc(&options).unwrap();
        (BTreeSet::from_iter(report.images), report.trees.len())
    };
    assert_eq!(gc(&BTreeSet::from([top.clone()])), (BTreeSet::from([other]), 0));
    assert_eq!(gc(&BTreeSet::new()), (BTreeSet::from([base, top]), 1));
}
