//! Random layers: as one image and as one image a layer they come to the same, though quite different code puts them together.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use appc_spec::archive::ExtractPolicy;
use appc_spec::oci::{Layers, OciError};
use proptest::prelude::*;
use serde_json::json;

use super::made::{Tar, docker_archive};
use super::{import_with, options};

#[derive(Debug, Clone)]
enum Op {
    File(String),
    Directory(String),
    Symlink(String, String),
    Link(String, String),
    Whiteout(String),
    Opaque(String),
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "a-b"]), 1..4).prop_map(|parts| parts.join("/"))
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => path().prop_map(Op::File),
        3 => path().prop_map(Op::Directory),
        1 => (path(), path()).prop_map(|(path, to)| Op::Symlink(path, to)),
        1 => (path(), path()).prop_map(|(path, to)| Op::Link(path, to)),
        2 => path().prop_map(Op::Whiteout),
        1 => path().prop_map(Op::Opaque),
    ]
}

fn layer(number: usize, ops: &[Op]) -> Tar {
    ops.iter().enumerate().fold(Tar::new(), |tar, (index, op)| match op {
        Op::File(path) => tar.file(path, &format!("{number}.{index}")),
        Op::Directory(path) => tar.directory(path, 0o755),
        Op::Symlink(path, to) => tar.symlink(path, to),
        Op::Link(path, to) => tar.link(path, to),
        Op::Whiteout(path) => {
            let (above, name) =
                path.rsplit_once('/').map_or(("", path.as_str()), |(above, name)| (above, name));
            tar.file(&format!("{above}/.wh.{name}"), "")
        }
        Op::Opaque(path) => tar.file(&format!("{path}/.wh..wh..opq"), ""),
    })
}

fn listing(root: &Path, at: &Path, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        let text = if kind.is_dir() {
            listing(root, &path, into);
            "/".to_owned()
        } else if kind.is_symlink() {
            format!("-> {}", fs::read_link(&path).unwrap().display())
        } else {
            fs::read_to_string(&path).unwrap()
        };
        into.insert(path.strip_prefix(root).unwrap().display().to_string(), text);
    }
}

fn tree(layers: &[Tar], how: Layers) -> Result<BTreeMap<String, String>, OciError> {
    // In memory where that is possible: the store flushes what it keeps.
    let shared = Path::new("/dev/shm");
    let directory = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() }.unwrap();
    let source = docker_archive(&directory.path().join("image.tar"), "a:1", json!({}), layers);
    let (store, imported) = import_with(directory.path(), &source, &options().layers(how))?;
    let rendered = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    let mut found = BTreeMap::new();
    listing(&rendered.rootfs(), &rendered.rootfs(), &mut found);
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn squashed_and_apart_are_the_same(layers in prop::collection::vec(prop::collection::vec(op(), 0..6), 1..4)) {
        let tars: Vec<Tar> = layers.iter().enumerate().map(|(number, ops)| layer(number, ops)).collect();
        let (squashed, apart) = (tree(&tars, Layers::Squashed), tree(&tars, Layers::Apart));
        match (squashed, apart) {
            (Ok(squashed), Ok(apart)) => prop_assert_eq!(squashed, apart),
            (Err(_), Err(_)) => {}
            (squashed, apart) => prop_assert!(false, "{:?} {:?}", squashed, apart),
        }
    }
}
