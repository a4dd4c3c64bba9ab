//! From the store to a layout, and back.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use appc_spec::archive::{BuildOptions, Compression, ImageBuilder};
use appc_spec::oci::{self, OciErrorKind, Pick, Source};
use appc_spec::store::{ImportOptions, Store};
use appc_spec::{App, Dependency, ImageId, ImageManifest, Json, Labels, Strength};
use serde_json::{Value, json};

use super::made::{Tar, docker_archive};
use super::{import_with, options};

fn stored(store: &Store, builder: ImageBuilder) -> ImageId {
    let mut bytes = Vec::new();
    builder.write(&mut bytes, &BuildOptions::reproducible().compression(Compression::None)).unwrap();
    let options = ImportOptions::new(Strength::Compat, SystemTime::now());
    store.import("a.aci", bytes.as_slice(), &options, &mut |_| {}).unwrap().image.id().clone()
}

fn blob(layout: &Path, descriptor: &Value) -> Value {
    let digest = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    serde_json::from_slice(&fs::read(layout.join("blobs/sha256").join(digest)).unwrap()).unwrap()
}

/// The configuration of the last image of a layout.
fn config(layout: &Path) -> Value {
    let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let manifest = blob(layout, index["manifests"].as_array().unwrap().last().unwrap());
    blob(layout, &manifest["config"])
}

#[test]
fn an_image_goes_out_and_comes_back_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let process = json!({
        "Entrypoint": ["/bin/x"], "Cmd": ["-v"], "Env": ["A=b", "C="], "User": "web", "WorkingDir": "/srv",
        "ExposedPorts": {"80/tcp": {}, "8000-8010/udp": {}}, "Volumes": {"/data": {}}, "Labels": {"a": "b"},
        "StopSignal": "SIGQUIT", "Healthcheck": {"Test": ["NONE"]}, "Shell": ["/bin/sh"], "OnBuild": ["RUN x"]
    });
    let layers = [
        Tar::new().file("etc/passwd", "web:x:5:6::/:\n").file("a", "1").link("b", "a").symlink("l", "a"),
        Tar::new().directory("d/", 0o1777).file("d/x", "2").file(".wh.a", ""),
    ];
    let source = docker_archive(&path.join("image.tar"), "r.example/a:1", process.clone(), &layers);
    let (store, imported) = import_with(path, &source, &options()).unwrap();
    let layout = path.join("layout");
    let exported = oci::export(&store, imported.image.id(), &layout, Some("r.example/a:1")).unwrap();
    assert_eq!(exported.not_carried, []);
    assert_eq!(config(&layout)["config"], process);
    let source = Source::open(&layout).unwrap();
    assert_eq!(source.images().next().unwrap().names, ["r.example/a:1"]);
    let again = path.join("again");
    fs::create_dir(&again).unwrap();
    let (other, back) = import_with(&again, &layout, &options()).unwrap();
    let (before, after) = (imported.image.manifest(), back.image.manifest());
    assert_eq!(before.app, after.app);
    assert_eq!(before.labels, after.labels);
    let policy = appc_spec::archive::ExtractPolicy::PLAIN;
    let tree = other.render(&back.image, &policy, &mut |_| {}).unwrap();
    assert_eq!(fs::read_to_string(tree.rootfs().join("b")).unwrap(), "1");
    // The same bytes each time, and one entry in the index.
    let twice = oci::export(&store, imported.image.id(), &layout, Some("r.example/a:1")).unwrap();
    assert_eq!(twice, exported);
    assert_eq!(Source::open(&layout).unwrap().images().len(), 1);
}

#[test]
fn what_a_configuration_cannot_say_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path().join("store")).unwrap();
    let mut manifest = ImageManifest::new("example.com/a".parse().unwrap());
    let mut app = App::new(vec!["/bin/a".to_owned()]);
    (app.user, app.group) = ("5".to_owned(), "6".to_owned());
    let isolator = r#"[{"name": "os/linux/no-new-privileges", "value": true}]"#;
    app.isolators = appc_spec::List::from_json(isolator, Strength::Strict).unwrap();
    manifest.app = Some(app);
    let id = stored(&store, ImageBuilder::new(manifest).file("bin/a", 0o755, "x"));
    let layout = directory.path().join("layout");
    let exported = oci::export(&store, &id, &layout, None).unwrap();
    let told: Vec<String> = exported.not_carried.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "labels: without `os` and `arch` the image is for every platform",
            "app.isolators: a configuration has nothing like it",
        ]
    );
    let config = config(&layout);
    assert_eq!(config["config"], json!({"User": "5:6", "Entrypoint": ["/bin/a"]}));
    // Without a name it is found by its digest, or alone.
    let source = Source::open(&layout).unwrap();
    let pick =
        Pick::named(exported.manifest.digest.to_string(), pod_core::image::Platform::of_this_program());
    assert!(oci::import(&store, &source, &pick, &options(), &|_| {}).is_ok());
}

#[test]
fn what_is_not_whole_does_not_go_out() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path().join("store")).unwrap();
    let manifest = || ImageManifest::new("example.com/a".parse().unwrap());
    let mut depends = manifest();
    let image_name = "example.com/base".parse().unwrap();
    depends.dependencies.push(Dependency { image_name, image_id: None, labels: Labels::default(), size: 0 });
    let mut listed = manifest();
    listed.path_whitelist.push("/a".to_owned());
    let cases = [
        (ImageBuilder::new(depends), "it depends on `example.com/base`, so its files are not its own alone"),
        (ImageBuilder::new(listed), "it has a `pathWhitelist`, so not all of its files count"),
    ];
    for (builder, expected) in cases {
        let id = stored(&store, builder);
        let error = oci::export(&store, &id, &directory.path().join("layout"), None).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot export the image `{id}`: {expected}"));
    }
    let id = stored(&store, ImageBuilder::new(manifest()).file("etc/.wh.x", 0o644, ""));
    let error = oci::export(&store, &id, &directory.path().join("layout"), None).unwrap_err();
    assert!(
        super::chain(&error).ends_with("in a layer a name that begins with `.wh.` takes another one away"),
        "{}",
        super::chain(&error)
    );
    let missing = ImageId::from_digest(&[7; 64]);
    let error = oci::export(&store, &missing, &directory.path().join("layout"), None).unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::NotFound);
}

#[test]
fn an_archive_is_what_the_store_would_have() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let layers = [Tar::new().file("a", "1").file("b", "2"), Tar::new().file(".wh.a", "")];
    let archive = docker_archive(&path.join("image.tar"), "r.example/a:1", json!({"Cmd": ["/b"]}), &layers);
    let (store, imported) = import_with(path, &archive, &options()).unwrap();
    let source = Source::open(&archive).unwrap();
    let mut bytes = Vec::new();
    let pick = Pick::named("r.example/a:1", super::amd64());
    let written = oci::write_aci(&source, &pick, &options(), path, &mut bytes).unwrap();
    assert_eq!((&written.digest, &written.manifest), (&imported.digest, imported.image.manifest()));
    let strict = ImportOptions::new(Strength::Strict, SystemTime::now());
    let again = store.import("a.aci", bytes.as_slice(), &strict, &mut |_| {}).unwrap();
    assert_eq!(again.image.id(), imported.image.id());
    let apart = options().layers(oci::Layers::Apart);
    let error = oci::write_aci(&source, &pick, &apart, path, &mut bytes).unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::Unsupported);
}
