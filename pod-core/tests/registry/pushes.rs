//! Pushes to the real registry.

use std::sync::Mutex;

use pod_core::image::{Platform, Reference};
use pod_core::registry::{ErrorKind, Layout, Progress};

use crate::Case;
use crate::images::{by_umoci, skopeo_copy};
use crate::peer::Registry;
use crate::pulls::{client, layout, skopeo_inspect};

pub(crate) const CASES: &[Case] = &[
    ("push an image of umoci", &["docker-registry", "skopeo", "umoci"], by_umoci_image),
    ("push from one registry to another", &["docker-registry", "skopeo", "umoci"], copy),
    ("push refuses another digest", &["docker-registry", "umoci"], another_digest),
];

fn first_image(layout: &Layout) -> pod_core::image::Descriptor {
    layout.images().unwrap().remove(0).1
}

fn by_umoci_image() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    by_umoci(&source, "x", 20, &[100_000, 3_000_000]);
    let layout = Layout::open(&source).unwrap();
    let image = first_image(&layout);
    let name = registry.name("pushed/app:1");
    let name = Reference::parse(&name).unwrap();
    let (sent, present) = (Mutex::new(0), Mutex::new(0));
    let count = |progress: Progress<'_>| match progress {
        Progress::Finished(_) => *sent.lock().unwrap() += 1,
        Progress::Present(_) => *present.lock().unwrap() += 1,
        _ => {}
    };
    client(&registry).image(&name).progress(&count).push(&layout, &image).unwrap();
    assert_eq!((*sent.lock().unwrap(), *present.lock().unwrap()), (3, 0));
    assert_eq!(skopeo_inspect(&format!("docker://{name}"))["Digest"], image.digest.as_str());
    skopeo_copy(&[], &format!("docker://{name}"), &format!("dir:{}/copy", folder.path().display()));

    // Nothing is sent twice.
    client(&registry).image(&name).progress(&count).push(&layout, &image).unwrap();
    assert_eq!((*sent.lock().unwrap(), *present.lock().unwrap()), (3, 3));
}

fn copy() {
    let (one, two) = (Registry::start(), Registry::start());
    let parts = crate::pulls::publish_index(&one, "app");
    let folder = tempfile::tempdir().unwrap();
    let layout = layout(folder.path());
    let from = one.name("app:multi");
    let from = Reference::parse(&from).unwrap();
    let pulled = client(&one).image(&from).pull(&layout).unwrap();
    let to = two.name("copied/app:2");
    let to = Reference::parse(&to).unwrap();
    client(&two).image(&to).push(&layout, &pulled.image).unwrap();
    assert_eq!(client(&two).image(&to).resolve().unwrap().digest, pulled.root.digest);
    let image = client(&two).image(&to).for_platform(Platform::new("linux", "386", "")).inspect().unwrap();
    assert!(parts.iter().any(|(_, digest)| digest == image.descriptor.digest.as_str()));
}

fn another_digest() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    by_umoci(&source, "x", 21, &[10]);
    let layout = Layout::open(&source).unwrap();
    let image = first_image(&layout);
    let name = registry.name(&format!("a@sha256:{}", "0".repeat(64)));
    let name = Reference::parse(&name).unwrap();
    let error = client(&registry).image(&name).push(&layout, &image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    // By its own digest it goes without a tag.
    let name = registry.name(&format!("a@{}", image.digest));
    let name = Reference::parse(&name).unwrap();
    client(&registry).image(&name).push(&layout, &image).unwrap();
    assert_eq!(client(&registry).image(&name).resolve().unwrap().digest, image.digest);
}
