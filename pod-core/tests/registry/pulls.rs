//! Pulls from the real registry, and what other tools say to the layout.

use std::path::Path;

use pod_core::image::Manifest;
use pod_core::image::{Platform, Reference};
use pod_core::registry::{Client, ErrorKind, Layout};

use crate::Case;
use crate::images::{by_umoci, publish, publish_as, skopeo_copy};
use crate::peer::{Registry, run};

pub(crate) const CASES: &[Case] = &[
    ("pull by tag, by digest and by both", &["docker-registry", "skopeo", "umoci"], by_tag_and_digest),
    ("pull Docker's schema 2", &["docker-registry", "skopeo", "umoci"], schema_2),
    ("pull layers of zstd", &["docker-registry", "skopeo", "umoci"], zstd_layers),
    ("pull an image of buildah", &["docker-registry", "buildah"], by_buildah),
    ("choose from an index", &["docker-registry", "skopeo", "umoci"], from_an_index),
    ("refuse another machine's image", &["docker-registry", "skopeo", "umoci"], another_machine),
    ("inspect without layers", &["docker-registry", "skopeo", "umoci"], inspect),
    ("what is not there", &["docker-registry"], not_there),
    ("names are kept whole", &["docker-registry", "skopeo", "umoci"], names),
];

pub(crate) fn client(registry: &Registry) -> Client {
    Client::builder().plain_http(&registry.host).retries(2).build()
}

pub(crate) fn layout(folder: &Path) -> Layout {
    Layout::create(folder.join("layout")).unwrap()
}

/// What skopeo says of an image in a layout or registry, read whole.
pub(crate) fn skopeo_inspect(image: &str) -> serde_json::Value {
    serde_json::from_str(&run("skopeo", &["--insecure-policy", "inspect", "--tls-verify=false", image]))
        .unwrap()
}

fn by_tag_and_digest() {
    let registry = Registry::start();
    publish(&registry.name("team/app:1"), 1, &[300_000, 10, 5_000_000]);
    let digest = skopeo_inspect(&format!("docker://{}", registry.name("team/app:1")))["Digest"]
        .as_str()
        .unwrap()
        .to_owned();
    for suffix in [":1".to_owned(), format!("@{digest}"), format!(":other@{digest}")] {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(folder.path());
        let name = registry.name(&format!("team/app{suffix}"));
        let name = Reference::parse(&name).unwrap();
        let client = client(&registry);
        assert_eq!(client.image(&name).resolve().unwrap().digest.as_str(), digest);
        let pulled = client.image(&name).for_platform(Platform::of_this_program()).pull(&layout).unwrap();
        assert_eq!(pulled.root.digest.as_str(), digest);
        assert_eq!(layout.find(&name).unwrap().digest.as_str(), digest);

        // Other tools read every blob of it.
        let ours = format!("oci:{}:{name}", layout.root().display());
        assert_eq!(skopeo_inspect(&ours)["Digest"], digest.as_str());
        skopeo_copy(&[], &ours, &format!("dir:{}", folder.path().join("copy").display()));
        let left: Vec<_> = std::fs::read_dir(layout.root().join("ingest")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

fn schema_2() {
    let registry = Registry::start();
    publish_as(&["--format", "v2s2"], &registry.name("a:1"), 2, &[1000, 2000]);
    let folder = tempfile::tempdir().unwrap();
    let layout = layout(folder.path());
    let name = registry.name("a:1");
    let name = Reference::parse(&name).unwrap();
    let pulled =
        client(&registry).image(&name).for_platform(Platform::of_this_program()).pull(&layout).unwrap();
    assert_eq!(pulled.image.media_type, "application/vnd.docker.distribution.manifest.v2+json");
    let Manifest::Image(image) = layout.manifest(&pulled.image).unwrap() else { panic!() };
    assert_eq!(image.layers.len(), 2);
    assert!(
        image
            .layers
            .iter()
            .all(|layer| layer.media_type.ends_with("rootfs.diff.tar.gzip") && layout.has(layer))
    );
}

fn zstd_layers() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    by_umoci(&folder.path().join("source"), "x", 3, &[2000]);
    let source = format!("oci:{}:x", folder.path().join("source").display());
    // skopeo 1.9 recompresses only into a directory or registry, and not from what is compressed already.
    skopeo_copy(&["--dest-decompress"], &source, &format!("dir:{}", folder.path().join("plain").display()));
    let plain = format!("dir:{}", folder.path().join("plain").display());
    let options = ["--dest-compress-format", "zstd", "--dest-compress"];
    skopeo_copy(&options, &plain, &format!("docker://{}", registry.name("a:1")));
    let layout = layout(folder.path());
    let name = registry.name("a:1");
    let name = Reference::parse(&name).unwrap();
    let pulled =
        client(&registry).image(&name).for_platform(Platform::of_this_program()).pull(&layout).unwrap();
    let Manifest::Image(image) = layout.manifest(&pulled.image).unwrap() else { panic!() };
    let layer = &image.layers[0];
    assert_eq!(layer.media_type, "application/vnd.oci.image.layer.v1.tar+zstd");
    let magic = std::fs::read(layout.blob_path(&layer.digest)).unwrap();
    assert_eq!(magic[..4], [0x28, 0xb5, 0x2f, 0xfd]);
}

fn by_buildah() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(folder.path().join("content")).unwrap();
    std::fs::write(folder.path().join("content/hello"), "hello").unwrap();
    let store = ["--storage-driver", "vfs", "--root", &path("root"), "--runroot", &path("run")];
    let buildah = |arguments: &[&str]| run("buildah", &[&store[..], arguments].concat()).trim().to_owned();
    let container = buildah(&["from", "scratch"]);
    buildah(&["copy", &container, &path("content"), "/"]);
    buildah(&["config", "--cmd", "/hello", &container]);
    buildah(&["commit", "-q", "--rm", &container, "built:1"]);
    buildah(&[
        "push",
        "-q",
        "--tls-verify=false",
        "built:1",
        &format!("docker://{}", registry.name("built:1")),
    ]);

    let name = registry.name("built:1");
    let name = Reference::parse(&name).unwrap();
    let seen = client(&registry).image(&name).inspect().unwrap();
    let config: serde_json::Value = serde_json::from_slice(&seen.config).unwrap();
    assert_eq!(config["config"]["Cmd"], serde_json::json!(["/hello"]));
    let layout = layout(folder.path());
    client(&registry).image(&name).for_platform(Platform::of_this_program()).pull(&layout).unwrap();
}

/// Three images under one index, which our own push puts there; skopeo reads it as a list.
pub(crate) fn publish_index(registry: &Registry, repository: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let layout = layout(folder.path());
    let mut entries = Vec::new();
    let mut digests = Vec::new();
    for (number, (os, architecture, variant)) in
        [("linux", "arm", "v6"), ("linux", "386", ""), ("linux", "amd64", "")].into_iter().enumerate()
    {
        let source = folder.path().join(format!("source-{number}"));
        by_umoci(&source, "x", 10 + number as u64, &[5000]);
        let image = format!("{}:x", source.display());
        run("umoci", &["config", "--image", &image, "--os", os, "--architecture", architecture]);
        let name = registry.name(&format!("{repository}:part-{number}"));
        skopeo_copy(&[], &format!("oci:{image}"), &format!("docker://{name}"));
        let name = Reference::parse(&name).unwrap();
        let part = client(registry).image(&name).pull(&layout);
        let mut part = part.unwrap().image;
        part.platform = Some(Platform::new(os, architecture, variant));
        digests.push((part.platform.as_ref().unwrap().to_string(), part.digest.to_string()));
        part.annotations.clear();
        entries.push(part);
    }
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries
    });
    let bytes = serde_json::to_vec(&index).unwrap();
    let digest = run_sha256(&bytes);
    std::fs::write(layout.blob_path(&digest.parse().unwrap()), &bytes).unwrap();
    let descriptor: pod_core::image::Descriptor = serde_json::from_value(serde_json::json!({
        "mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest, "size": bytes.len()
    }))
    .unwrap();
    let name = registry.name(&format!("{repository}:multi"));
    client(registry).image(&Reference::parse(&name).unwrap()).push(&layout, &descriptor).unwrap();
    digests
}

fn run_sha256(bytes: &[u8]) -> String {
    let out = crate::peer::run_with_input("sha256sum", &[], bytes);
    format!("sha256:{}", String::from_utf8(out).unwrap().split(' ').next().unwrap())
}

fn from_an_index() {
    let registry = Registry::start();
    let parts = publish_index(&registry, "multi/app");
    let name = registry.name("multi/app:multi");
    let raw = run("skopeo", &["inspect", "--raw", "--tls-verify=false", &format!("docker://{name}")]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&raw).unwrap()["manifests"].as_array().unwrap().len(),
        3
    );

    let name = Reference::parse(&name).unwrap();
    let digest_of = |platform: &str| parts.iter().find(|(p, _)| p == platform).unwrap().1.clone();
    for (machine, takes) in [
        ("linux/amd64", "linux/amd64"),
        ("linux/386", "linux/386"),
        ("linux/arm64", "linux/arm/v6"),
        ("linux/arm/v7", "linux/arm/v6"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(folder.path());
        let pulled =
            client(&registry).image(&name).for_platform(machine.parse().unwrap()).pull(&layout).unwrap();
        assert_eq!(pulled.image.digest.as_str(), digest_of(takes), "{machine}");
        assert!(pulled.root.is_index() && layout.has(&pulled.root));
    }
    let refused =
        client(&registry).image(&name).for_platform("linux/s390x".parse().unwrap()).inspect().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Platform);
    assert_eq!(
        refused.to_string(),
        format!(
            "`{name}` has no image for `linux/s390x`: it is for `linux/arm/v6`, `linux/386`, `linux/amd64`"
        )
    );
    // Without a platform the whole index comes, and skopeo finds each image in it.
    let folder = tempfile::tempdir().unwrap();
    let layout = layout(folder.path());
    client(&registry).image(&name).pull(&layout).unwrap();
    skopeo_copy(
        &["--all"],
        &format!("oci:{}:{name}", layout.root().display()),
        &format!("dir:{}/all", folder.path().display()),
    );
}

fn another_machine() {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 4, &[10]);
    let folder = tempfile::tempdir().unwrap();
    let name = registry.name("a:1");
    let name = Reference::parse(&name).unwrap();
    let machine = Platform::new("linux", "s390x", "");
    let error =
        client(&registry).image(&name).for_platform(machine).pull(&layout(folder.path())).unwrap_err();
    assert_eq!(error.to_string(), format!("`{name}` has no image for `linux/s390x`: it is for another one"));
}

fn inspect() {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 5, &[10, 20]);
    let name = registry.name("a:1");
    let name = Reference::parse(&name).unwrap();
    let seen = client(&registry).image(&name).inspect().unwrap();
    assert_eq!(seen.manifest.layers.len(), 2);
    let config: serde_json::Value = serde_json::from_slice(&seen.config).unwrap();
    assert_eq!(config["config"]["Env"], serde_json::json!(["A=b"]));
    assert_eq!(seen.descriptor.digest, seen.root.descriptor.digest);
}

fn not_there() {
    let registry = Registry::start();
    let name = registry.name("no/such:1");
    let name = Reference::parse(&name).unwrap();
    let error = client(&registry).image(&name).manifest().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        format!(
            "cannot fetch the manifest `1` from `http://{}/no/such`: status 404 (MANIFEST_UNKNOWN)",
            registry.host
        )
    );
    let error = client(&registry).image(&name).resolve().unwrap_err();
    assert_eq!(error.to_string(), format!("cannot look up `{name}`: status 404"));

    // Plain HTTP is not tried where it is not allowed.
    let error = Client::builder().build().image(&name).manifest().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Network | ErrorKind::Refused), "{error:?}");
    // Nobody listens.
    let closed = Reference::parse("127.0.0.1:1/a").unwrap();
    let error =
        Client::builder().plain_http("127.0.0.1:1").retries(0).build().image(&closed).manifest().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(error.to_string(), "cannot fetch the manifest `latest` from `http://127.0.0.1:1/a`");
}

/// `reg:5000/a` and `reg-5000/a` are two images, and so are the tags of one.
fn names() {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 6, &[10]);
    publish(&registry.name("a:2"), 7, &[10]);
    let folder = tempfile::tempdir().unwrap();
    let layout = layout(folder.path());
    let mut digests = Vec::new();
    for tag in ["a:1", "a:2"] {
        let name = registry.name(tag);
        let name = Reference::parse(&name).unwrap();
        digests.push(
            client(&registry)
                .image(&name)
                .for_platform(Platform::of_this_program())
                .pull(&layout)
                .unwrap()
                .image
                .digest,
        );
    }
    assert_ne!(digests[0], digests[1]);
    let (one, two) = (registry.name("a:1"), registry.name("a:2"));
    let (one, two) = (Reference::parse(&one).unwrap(), Reference::parse(&two).unwrap());
    assert_eq!(
        layout.images().unwrap().iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
        [one.to_string(), two.to_string()]
    );
    // Another image takes the name over.
    layout.set(&one, &layout.find(&two).unwrap()).unwrap();
    assert_eq!(layout.find(&one).unwrap().digest, digests[1]);
    assert_eq!(layout.images().unwrap().len(), 2);
    layout.unset(&one).unwrap();
    assert_eq!(layout.find(&one).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(layout.find(&two).unwrap().digest, digests[1]);
}
