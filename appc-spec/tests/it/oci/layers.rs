//! Layers over one another (OCI image specification, "Image Layer Filesystem Changeset").

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use appc_spec::Strength;
use appc_spec::archive::{EntryKind, ExtractPolicy, ScanOptions, scan_with};
use appc_spec::oci::Layers;
use serde_json::json;

use super::made::{Tar, config, docker_archive, docker_archive_of};
use super::{import_with, options};

/// Path to what is there: `/` for a directory, `-> target`, or the content, with `*` before it where the file has several names.
fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let data = fs::symlink_metadata(&path).unwrap();
            let text = if data.is_dir() {
                open.push(path.clone());
                "/".to_owned()
            } else if data.is_symlink() {
                format!("-> {}", fs::read_link(&path).unwrap().display())
            } else {
                let star = if data.nlink() > 1 { "*" } else { "" };
                format!("{star}{}", fs::read_to_string(&path).unwrap())
            };
            found.insert(path.strip_prefix(root).unwrap().display().to_string(), text);
        }
    }
    found
}

fn lines(layers: &[Tar], how: Layers) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let source = docker_archive(&directory.path().join("image.tar"), "a:1", json!({}), layers);
    let (store, imported) = import_with(directory.path(), &source, &options().layers(how)).unwrap();
    let rendered = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    tree(&rendered.rootfs()).into_iter().map(|(path, text)| format!("{path} {text}")).collect()
}

/// Both ways must come to this; hard links between layers are kept by one of them only.
#[track_caller]
fn both(layers: &[Tar], expected: &[&str]) {
    assert_eq!(lines(layers, Layers::Squashed), expected, "squashed");
    assert_eq!(lines(layers, Layers::Apart), expected, "apart");
}

#[test]
fn a_whiteout_takes_away_what_layers_below_have() {
    let low =
        Tar::new().file("a", "1").directory("d/", 0o755).file("d/x", "1").file("d/y", "1").file("dd", "1");
    both(&[low.clone(), Tar::new().file(".wh.a", "").file("d/.wh.x", "")], &["d /", "d/y 1", "dd 1"]);
    // A directory goes with all that is in it, and what is called nearly so stays.
    both(&[low.clone(), Tar::new().file(".wh.d", "")], &["a 1", "dd 1"]);
    // Nothing may be left.
    both(&[Tar::new().file("a", "1"), Tar::new().file(".wh.a", "")], &[]);
    // What is not there cannot be missed.
    both(
        &[low, Tar::new().file("d/.wh.nothing", "").file("nowhere/.wh.x", "")],
        &["a 1", "d /", "d/x 1", "d/y 1", "dd 1"],
    );
}

#[test]
fn a_whiteout_concerns_only_the_layers_below() {
    let low = Tar::new().directory("d/", 0o755).file("d/x", "old").file("d/y", "old");
    for high in [
        Tar::new().file(".wh.d", "").directory("d/", 0o755).file("d/x", "new"),
        Tar::new().directory("d/", 0o755).file("d/x", "new").file(".wh.d", ""),
        Tar::new().file("d/x", "new").file(".wh.d", ""),
    ] {
        both(&[low.clone(), high], &["d /", "d/x new"]);
    }
}

#[test]
fn an_opaque_directory_hides_all_that_is_below_it() {
    let low = Tar::new()
        .directory("d/", 0o755)
        .file("d/x", "1")
        .directory("d/e/", 0o755)
        .file("d/e/f", "1")
        .file("a", "1");
    for high in [
        Tar::new().directory("d/", 0o755).file("d/.wh..wh..opq", "").file("d/n", "2"),
        Tar::new().file("d/n", "2").file("d/.wh..wh..opq", ""),
    ] {
        both(&[low.clone(), high], &["a 1", "d /", "d/n 2"]);
    }
    both(&[low.clone(), Tar::new().file(".wh..wh..opq", "").file("only", "2")], &["only 2"]);
    // A third layer sees what is left.
    both(
        &[low, Tar::new().file("d/.wh..wh..opq", ""), Tar::new().file("d/e/g", "3")],
        &["a 1", "d /", "d/e /", "d/e/g 3"],
    );
}

#[test]
fn files_and_directories_replace_one_another() {
    let low = Tar::new().directory("d/", 0o755).file("d/x", "1").file("f", "1").symlink("l", "d");
    both(
        &[low.clone(), Tar::new().file("d", "file").directory("f/", 0o755).file("f/in", "2")],
        &["d file", "f /", "f/in 2", "l -> d"],
    );
    both(
        &[low.clone(), Tar::new().file("d", "file"), Tar::new().directory("d/", 0o755).file("d/y", "3")],
        &["d /", "d/y 3", "f 1", "l -> d"],
    );
    // As on an overlay: the directory of a layer replaces the link below it, also where it is only implied.
    both(&[low, Tar::new().file("l/in", "2")], &["d /", "d/x 1", "f 1", "l /", "l/in 2"]);
}

#[test]
fn within_a_layer_a_file_below_a_link_is_where_the_link_leads() {
    let one = Tar::new()
        .directory("usr/bin/", 0o755)
        .symlink("bin", "usr/bin")
        .file("bin/x", "1")
        .symlink("a", "/bin/../..")
        .file("a/y", "2");
    both(&[one], &["a -> /bin/../..", "bin -> usr/bin", "usr /", "usr/bin /", "usr/bin/x 1", "y 2"]);
}

#[test]
fn a_name_that_stands_twice_is_the_last_one() {
    let one = Tar::new()
        .file("a", "first")
        .file("a", "second")
        .file("./b", "1")
        .file("/b", "2")
        .directory("a.d", 0o755)
        .file("a.d", "3");
    both(&[one], &["a second", "a.d 3", "b 2"]);
}

#[test]
fn a_hard_link_keeps_its_file_whatever_becomes_of_the_first_name() {
    let low = Tar::new().file("first", "content").link("second", "first").link("third", "./first");
    both(std::slice::from_ref(&low), &["first *content", "second *content", "third *content"]);
    both(&[low.clone(), Tar::new().file(".wh.first", "")], &["second *content", "third *content"]);
    both(
        &[low.clone(), Tar::new().file("first", "other")],
        &["first other", "second *content", "third *content"],
    );
    both(&[low, Tar::new().file(".wh.first", "").file(".wh.third", "")], &["second content"]);
}

#[test]
fn a_hard_link_may_lead_to_a_lower_layer() {
    let low = Tar::new().directory("d/", 0o755).file("d/x", "low").symlink("to", "d");
    let squashed = |high: Tar| lines(&[low.clone(), high], Layers::Squashed);
    assert_eq!(squashed(Tar::new().link("new", "d/x")), ["d /", "d/x *low", "new *low", "to -> d"]);
    assert_eq!(squashed(Tar::new().link("new", "to/x")), ["d /", "d/x *low", "new *low", "to -> d"]);
    // A rename as AUFS writes it.
    for high in
        [Tar::new().link("new", "d/x").file("d/.wh.x", ""), Tar::new().file("d/.wh.x", "").link("new", "d/x")]
    {
        assert_eq!(squashed(high), ["d /", "new low", "to -> d"]);
    }
    let apart = lines(&[low.clone(), Tar::new().link("new", "d/x")], Layers::Apart);
    assert_eq!(apart, ["d /", "d/x low", "new low", "to -> d"], "a copy");
}

#[test]
fn the_books_of_aufs_are_not_seen() {
    let one = Tar::new()
        .directory(".wh..wh.plnk/", 0o700)
        .file(".wh..wh.plnk/12.34", "shared")
        .file(".wh..wh.aufs", "")
        .link("a", ".wh..wh.plnk/12.34")
        .link("b", ".wh..wh.plnk/12.34");
    both(&[one], &["a *shared", "b *shared"]);
}

#[test]
fn properties_are_those_of_the_uppermost_layer() {
    let directory = tempfile::tempdir().unwrap();
    let layers = [
        Tar::new().directory("./", 0o711).directory("d/", 0o700).file("d/x", "1").file("implied/x", ""),
        Tar::new().directory("d/", 0o1777),
    ];
    let source = docker_archive(&directory.path().join("image.tar"), "a:1", json!({}), &layers);
    let (store, imported) = import_with(directory.path(), &source, &options()).unwrap();
    let rendered = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    let mode = |path: &str| fs::metadata(rendered.rootfs().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!([mode(""), mode("d"), mode("implied")], [0o711, 0o1777, 0o755]);
}

#[test]
fn attributes_are_kept_but_for_those_that_overlays_obey() {
    let directory = tempfile::tempdir().unwrap();
    let attributes = [
        ("user.mine", "1"),
        ("security.capability", "c"),
        ("user.overlay.opaque", "y"),
        ("trusted.overlay.opaque", "y"),
    ];
    let layers = [Tar::new().xattrs("f", "x", &attributes)];
    let source = docker_archive(&directory.path().join("image.tar"), "a:1", json!({}), &layers);
    let (_, imported) = import_with(directory.path(), &source, &options()).unwrap();
    let mut seen = Vec::new();
    let tar = imported.image.tar().unwrap();
    let scan = ScanOptions::new(Strength::Strict);
    scan_with("stored", tar, &scan, &mut |_| {}, &mut std::io::sink(), |entry, _| {
        if entry.kind == EntryKind::File && entry.path.starts_with(b"rootfs/") {
            seen.extend(entry.xattrs.iter().map(|(name, _)| String::from_utf8(name.clone()).unwrap()));
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, ["user.mine", "security.capability"]);
}

#[test]
fn the_same_layers_are_the_same_image() {
    let layers = [Tar::new().file("a", "1").file("b", "2"), Tar::new().file(".wh.a", "").file("c", "3")];
    let id = |name: &str| {
        let directory = tempfile::tempdir().unwrap();
        let source = docker_archive(&directory.path().join(name), "a:1", json!({}), &layers);
        import_with(directory.path(), &source, &options()).unwrap().1.image.id().clone()
    };
    assert_eq!(id("one.tar"), id("two.tar"));
}

#[test]
fn layers_apart_are_shared() {
    let base = Tar::new().file("base", "1");
    let directory = tempfile::tempdir().unwrap();
    let mut below = Vec::new();
    for (name, top) in [("one", Tar::new().file("one", "")), ("two", Tar::new().file("two", ""))] {
        let path = directory.path().join(name);
        let source = docker_archive(&path, "a:1", json!({}), &[base.clone(), top]);
        let (_, imported) = import_with(directory.path(), &source, &options().layers(Layers::Apart)).unwrap();
        let dependency = imported.image.manifest().dependencies[0].clone();
        below.push(dependency.image_id.unwrap());
    }
    assert_eq!(below[0], below[1]);
}

/// umoci ends its layers right after the last byte of the last file, and Go reads them.
#[test]
fn the_last_block_may_be_short() {
    let whole = Tar::new().file("a", "1").file("b", "the end").bytes();
    let end = whole.windows(7).position(|window| window == b"the end").unwrap() + 7;
    for (length, fits) in [(end, true), (end - 1, false), (end + 1, true)] {
        let directory = tempfile::tempdir().unwrap();
        let layer = whole[..length].to_vec();
        let config = config(json!({}), std::slice::from_ref(&layer));
        let source = docker_archive_of(&directory.path().join("image.tar"), "a:1", &config, &[layer]);
        assert_eq!(import_with(directory.path(), &source, &options()).is_ok(), fits, "{length}");
    }
}
