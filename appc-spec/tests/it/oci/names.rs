//! Which image is meant, and what it is called in the store.

use std::fs;

use appc_spec::oci::{self, OciErrorKind, Pick, Source, SourceFormat};
use appc_spec::store::Store;
use pod_core::image::{Platform, Reference};
use serde_json::{Value, json};

use super::made::{GZIP, Layout, PLAIN, Tar, config, docker_archive, gzip};
use super::{amd64, chain, import_with, options};

const NAME: &str = "org.opencontainers.image.ref.name";

/// Two images whose names App Container's alphabet cannot tell apart are two.
#[test]
fn names_are_kept_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for (index, name) in ["reg:5000/a:1", "reg-5000/a:1", "reg_5000/a:1"].into_iter().enumerate() {
        let layer = Tar::new().file("which", name);
        let source =
            docker_archive(&directory.path().join(format!("{index}.tar")), name, json!({}), &[layer]);
        let (store, imported) = import_with(directory.path(), &source, &options()).unwrap();
        let full = Reference::parse(name).unwrap().to_string();
        assert_eq!(store.reference(&full).unwrap().as_ref(), Some(imported.image.id()));
        assert_eq!(
            store.reference(&format!("{full}@{}", imported.digest)).unwrap().as_ref(),
            Some(imported.image.id())
        );
        ids.push(imported.image.id().clone());
    }
    let store = Store::open(directory.path().join("store")).unwrap();
    assert_eq!(store.reference("reg:5000/a:1").unwrap().as_ref(), Some(&ids[0]));
    assert_eq!(store.reference("docker.io/reg_5000/a:1").unwrap().as_ref(), Some(&ids[2]));
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_image_that_is_there_is_not_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut layout = Layout::new(&directory.path().join("layout"));
    let layer = Tar::new().file("a", "1").bytes();
    let image = layout.image(&config(json!({}), std::slice::from_ref(&layer)), &[(GZIP, gzip(&layer))]);
    layout.name(image, json!({NAME: "r.example/a:1"}));
    let (_, first) = import_with(directory.path(), &layout.path, &options()).unwrap();
    assert!(first.is_new);
    assert_eq!(
        first.names,
        [
            "r.example/a:1".to_owned(),
            format!("r.example/a:1@{}", first.digest),
            format!("r.example/a@{}", first.digest),
        ]
    );
    // The layer is gone, and nobody misses it.
    let blob = pod_core::image::Digest::sha256(&gzip(&layer));
    fs::write(layout.path.join("blobs/sha256").join(blob.encoded()), vec![0; gzip(&layer).len()]).unwrap();
    let (_, second) = import_with(directory.path(), &layout.path, &options()).unwrap();
    assert!(!second.is_new);
    assert_eq!(second.image.id(), first.image.id());
    // Under another name it would be another manifest, so it is read.
    let other = options().named(&Reference::parse("r.example/b").unwrap());
    let error = import_with(directory.path(), &layout.path, &other).unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::Corrupt);
}

#[test]
fn images_of_a_layout_are_found_by_name_tag_digest_and_meaning() {
    let directory = tempfile::tempdir().unwrap();
    let mut layout = Layout::new(&directory.path().join("layout"));
    let mut digests = Vec::new();
    for (content, annotations) in [
        ("bare", json!({NAME: "latest"})),
        ("whole", json!({NAME: "docker.io/library/busybox:1"})),
        ("docker", json!({NAME: "latest", "io.containerd.image.name": "docker.io/library/nginx:latest"})),
        ("none", json!({})),
    ] {
        let layer = Tar::new().file("which", content).bytes();
        let image = layout.image(&config(json!({}), std::slice::from_ref(&layer)), &[(PLAIN, layer)]);
        digests.push(image["digest"].as_str().unwrap().to_owned());
        layout.name(image, annotations);
    }
    let source = Source::open(&layout.path).unwrap();
    assert_eq!(source.format(), SourceFormat::OciLayout);
    let store = Store::open(directory.path().join("store")).unwrap();
    let find = |name: &str| {
        oci::import(&store, &source, &Pick::named(name, amd64()), &options(), &|_| {})
            .map(|imported| imported.digest.to_string())
            .map_err(|error| error.to_string().split_once(": ").unwrap().1.to_owned())
    };
    for (name, index) in [
        ("latest", 0),
        ("docker.io/library/busybox:1", 1),
        ("busybox:1", 1),
        ("nginx", 2),
        (digests[3].as_str(), 3),
        (&format!("busybox@{}", digests[1]), 1),
    ] {
        assert_eq!(find(name), Ok(digests[index].clone()), "{name}");
    }
    let all = format!(
        "`latest`, `docker.io/library/busybox:1`, `docker.io/library/nginx:latest`, `{}`",
        digests[3]
    );
    assert_eq!(find("busybox"), Err(format!("it has no image `busybox`, but {all}")));
    // Not even by way of the Hub is a bare tag a name.
    assert_eq!(
        find("docker.io/library/latest"),
        Err(format!("it has no image `docker.io/library/latest`, but {all}"))
    );
    let error = oci::import(&store, &source, &Pick::the_only_one(amd64()), &options(), &|_| {}).unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::Ambiguous);
}

#[test]
fn an_index_gives_the_image_for_the_machine() {
    let directory = tempfile::tempdir().unwrap();
    let mut layout = Layout::new(&directory.path().join("layout"));
    let image = |architecture: &str, variant: &str| -> Value {
        let layer = Tar::new().file("which", &format!("{architecture}{variant}")).bytes();
        let mut config = config(json!({}), std::slice::from_ref(&layer));
        (config["architecture"], config["variant"]) = (json!(architecture), json!(variant));
        let mut descriptor = layout.image(&config, &[(PLAIN, layer)]);
        descriptor["platform"] = json!({"os": "linux", "architecture": architecture, "variant": variant});
        descriptor
    };
    let manifests = [image("amd64", ""), image("arm", "v6"), image("arm", "v7")];
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests});
    let descriptor = layout.blob("application/vnd.oci.image.index.v1+json", index.to_string().as_bytes());
    let index_digest = descriptor["digest"].as_str().unwrap().to_owned();
    layout.name(descriptor, json!({NAME: "r.example/multi:1"}));
    let source = Source::open(&layout.path).unwrap();
    let store = Store::open(directory.path().join("store")).unwrap();
    for (platform, digest) in
        [("linux/amd64", &manifests[0]), ("linux/arm/v7", &manifests[2]), ("linux/arm/v6", &manifests[1])]
    {
        let pick = Pick::the_only_one(platform.parse().unwrap());
        let imported = oci::import(&store, &source, &pick, &options(), &|_| {}).unwrap();
        assert_eq!(imported.digest.as_str(), digest["digest"], "{platform}");
        assert!(imported.names.contains(&format!("r.example/multi@{index_digest}")), "{:?}", imported.names);
    }
    let pick = Pick::the_only_one(Platform::new("linux", "s390x", ""));
    let error = oci::import(&store, &source, &pick, &options(), &|_| {}).unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::Platform);
    assert!(chain(&error).contains("no image for `linux/s390x`"), "{error}");
}
