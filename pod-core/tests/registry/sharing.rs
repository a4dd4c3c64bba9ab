//! Nothing is fetched twice.

use std::collections::HashMap;
use std::time::Duration;

use pod_core::image::{Platform, Reference};
use pod_core::registry::Client;

use crate::Case;
use crate::images::{by_umoci, publish, skopeo_copy};
use crate::peer::{Registry, run};
use crate::proxy::{Fate, Proxy};
use crate::pulls::layout;

const PEERS: &[&str] = &["docker-registry", "skopeo", "umoci"];

pub(crate) const CASES: &[Case] = &[
    ("two pulls of one layer at once become one", PEERS, at_once),
    ("two processes fetch a layer once", PEERS, across_processes),
    ("a killed process leaves its part to the next", PEERS, killed),
    ("layers that are there are not fetched", PEERS, present),
    ("one layer twice in an image is fetched once", PEERS, twice_in_one),
];

fn at_once() {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 60, &[200_000, 300_000]);
    // Slow enough that all of them are there before the first has ended.
    let proxy = Proxy::start(&registry.host, |seen, _| match seen.is_blob() {
        true => Fate::Slow(20_000, Duration::from_millis(30)),
        false => Fate::Pass,
    });
    let folder = tempfile::tempdir().unwrap();
    let layout = layout(folder.path());
    let client = Client::builder().plain_http(&proxy.host).build();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (layout, client, host) = (&layout, &client, &proxy.host);
            scope.spawn(move || {
                // Two names of one image: what is shared is the layer, not the name.
                let name = if number % 2 == 0 { format!("{host}/a:1") } else { format!("{host}/a") };
                let name = Reference::parse(&name).unwrap();
                let image = client.image(&name).for_platform(Platform::of_this_program());
                if number % 2 == 0 {
                    image.pull(layout).unwrap();
                } else {
                    assert!(image.pull(layout).is_err());
                }
            });
        }
    });
    let mut times: HashMap<String, usize> = HashMap::new();
    for seen in proxy.blobs() {
        *times.entry(seen.path).or_default() += 1;
    }
    // The configuration is read before it is stored, to see for which machine it is.
    let config = layout.manifest(&layout.images().unwrap()[0].1).unwrap();
    let pod_core::image::Manifest::Image(image) = config else { panic!() };
    for layer in &image.layers {
        assert_eq!(times[&format!("/v2/a/blobs/{}", layer.digest)], 1, "{times:?}");
    }
    assert_eq!(image.layers.len(), 2);
}

/// Makes this program a process that pulls: `image folder`.
pub(crate) const CHILD: &str = "PODKIT_TEST_PULL";

pub(crate) fn child(what: &str) {
    let (name, folder) = what.split_once(' ').unwrap();
    let name = Reference::parse(name).unwrap();
    let client = Client::builder().plain_http(name.domain()).build();
    let layout = pod_core::registry::Layout::create(folder).unwrap();
    client.image(&name).for_platform(Platform::of_this_program()).pull(&layout).unwrap();
}

fn start_child(host: &str, folder: &std::path::Path) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .env(CHILD, format!("{host}/a:1 {}", folder.display()))
        .spawn()
        .unwrap()
}

fn across_processes() {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 63, &[200_000, 300_000]);
    let proxy = Proxy::start(&registry.host, |seen, _| match seen.is_blob() {
        true => Fate::Slow(20_000, Duration::from_millis(30)),
        false => Fate::Pass,
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layout");
    let children: Vec<_> = (0..3).map(|_| start_child(&proxy.host, &path)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let layout = pod_core::registry::Layout::open(&path).unwrap();
    let image = layout.manifest(&layout.images().unwrap()[0].1).unwrap();
    let pod_core::image::Manifest::Image(image) = image else { panic!() };
    assert_eq!(image.layers.len(), 2);
    for layer in &image.layers {
        let path = format!("/v2/a/blobs/{}", layer.digest);
        assert_eq!(proxy.blobs().iter().filter(|seen| seen.path == path).count(), 1, "{path}");
    }
    assert_eq!(std::fs::read_dir(path.join("ingest")).unwrap().count(), 0);
}

/// Its lock ends with it, and what it has written is taken up.
fn killed() {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 64, &[1_000_000]);
    let slow = Proxy::start(&registry.host, |seen, _| match seen.is_blob() {
        true => Fate::Slow(20_000, Duration::from_millis(50)),
        false => Fate::Pass,
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layout");
    let mut child = start_child(&slow.host, &path);
    let written = || {
        let parts = std::fs::read_dir(path.join("ingest")).into_iter().flatten().flatten();
        parts.filter_map(|part| part.metadata().ok()).map(|data| data.len()).max().unwrap_or_default()
    };
    while written() < 100_000 {
        std::thread::sleep(Duration::from_millis(10));
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let had = written();
    let proxy = Proxy::start(&registry.host, |_, _| Fate::Pass);
    child_here(&proxy.host, &path);
    let ranges: Vec<String> =
        proxy.blobs().iter().filter_map(|seen| seen.headers.get("range").cloned()).collect();
    assert_eq!(ranges, [format!("bytes={had}-")]);
}

fn child_here(host: &str, folder: &std::path::Path) {
    child(&format!("{host}/a:1 {}", folder.display()));
}

fn present() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    by_umoci(&source, "x", 61, &[200_000]);
    skopeo_copy(&[], &format!("oci:{}:x", source.display()), &format!("docker://{}", registry.name("a:1")));
    // The same image with one layer more.
    let extra = folder.path().join("extra");
    std::fs::write(&extra, "more").unwrap();
    run(
        "umoci",
        &["insert", "--image", &format!("{}:x", source.display()), &extra.display().to_string(), "/extra"],
    );
    skopeo_copy(&[], &format!("oci:{}:x", source.display()), &format!("docker://{}", registry.name("b:1")));

    let proxy = Proxy::start(&registry.host, |_, _| Fate::Pass);
    let layout = layout(folder.path());
    let client = Client::builder().plain_http(&proxy.host).build();
    let pull = |name: &str| {
        let name = format!("{}/{name}", proxy.host);
        let before = proxy.blobs().len();
        client.image(&Reference::parse(&name).unwrap()).pull(&layout).unwrap();
        proxy.blobs().len() - before
    };
    assert_eq!(pull("a:1"), 2);
    // Configuration and the new layer.
    assert_eq!(pull("b:1"), 2);
    assert_eq!(pull("a:1"), 0);
}

fn twice_in_one() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    by_umoci(&source, "x", 62, &[10_000]);
    let from = pod_core::registry::Layout::open(&source).unwrap();
    let image = from.images().unwrap().remove(0).1;
    let mut text: serde_json::Value = serde_json::from_slice(&from_blob(&from, &image)).unwrap();
    let layer = text["layers"][0].clone();
    text["layers"].as_array_mut().unwrap().push(layer);
    let bytes = serde_json::to_vec(&text).unwrap();
    let sum = crate::peer::run_with_input("sha256sum", &[], &bytes);
    let digest = format!("sha256:{}", String::from_utf8(sum).unwrap().split(' ').next().unwrap());
    std::fs::write(from.blob_path(&digest.parse().unwrap()), &bytes).unwrap();
    let twice: pod_core::image::Descriptor = serde_json::from_value(
        serde_json::json!({"mediaType": image.media_type, "digest": digest, "size": bytes.len()}),
    )
    .unwrap();
    let name = registry.name("a:twice");
    Client::builder()
        .plain_http(&registry.host)
        .build()
        .image(&Reference::parse(&name).unwrap())
        .push(&from, &twice)
        .unwrap();

    let proxy = Proxy::start(&registry.host, |_, _| Fate::Pass);
    let name = format!("{}/a:twice", proxy.host);
    let client = Client::builder().plain_http(&proxy.host).build();
    client.image(&Reference::parse(&name).unwrap()).pull(&layout(folder.path())).unwrap();
    assert_eq!(proxy.blobs().len(), 2);
}

fn from_blob(layout: &pod_core::registry::Layout, image: &pod_core::image::Descriptor) -> Vec<u8> {
    layout.read(image).unwrap()
}
