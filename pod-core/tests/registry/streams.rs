//! Blobs that are read as they come.

use std::io::Read;
use std::sync::Mutex;
use std::time::Duration;

use pod_core::image::{Descriptor, Reference};
use pod_core::registry::{Blobs, Cancel, Client, Error, ErrorKind, Progress};

use crate::Case;
use crate::images::publish;
use crate::peer::Registry;
use crate::proxy::{Fate, Proxy, Seen};

const PEERS: &[&str] = &["docker-registry", "skopeo", "umoci"];

pub(crate) const CASES: &[Case] = &[
    ("a blob is read as it comes", PEERS, whole),
    ("a stream that is cut goes on", PEERS, cut),
    ("a stream of a server without ranges goes on", PEERS, no_ranges),
    ("a stream that is always cut fails", PEERS, always_cut),
    ("a stream is as long as its descriptor says", PEERS, lengths),
    ("a stream can be cancelled", PEERS, cancelled),
    ("a stream passes over a mirror that fails", PEERS, mirrors),
];

type Rule = fn(&Seen, usize) -> Fate;

/// Reads the layers of an image through a proxy: for each one how it ended.
fn layers(
    rule: impl Fn(&Seen, usize) -> Fate + Send + Sync + 'static,
    read: impl Fn(&Blobs<'_>, &Descriptor),
) -> Proxy {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 50, &[1_500_000, 700_000]);
    let proxy = Proxy::start(&registry.host, rule);
    let client =
        Client::builder().plain_http(&proxy.host).retries(2).silence(Duration::from_secs(20)).build();
    let name = format!("{}/a:1", proxy.host);
    let name = Reference::parse(&name).unwrap();
    let image = client.image(&name);
    let blobs = image.blobs().unwrap();
    layers_of(&registry).iter().for_each(|layer| read(&blobs, layer));
    proxy
}

/// The layers of the image, asked for without a proxy.
fn layers_of(registry: &Registry) -> Vec<Descriptor> {
    let client = Client::builder().plain_http(&registry.host).build();
    let name = registry.name("a:1");
    client.image(&Reference::parse(&name).unwrap()).inspect().unwrap().manifest.layers
}

fn bytes(blobs: &Blobs<'_>, blob: &Descriptor) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    blobs.open(blob).read_to_end(&mut bytes).map(|_| bytes)
}

fn is_good(blobs: &Blobs<'_>, blob: &Descriptor) {
    let bytes = bytes(blobs, blob).unwrap();
    assert_eq!(bytes.len() as u64, blob.size);
    assert!(blob.digest.matches(&bytes));
}

fn fails_as(blobs: &Blobs<'_>, blob: &Descriptor, kind: ErrorKind) {
    let error = bytes(blobs, blob).map(|bytes| bytes.len()).unwrap_err();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).expect("an error of ours");
    assert_eq!(inner.kind(), kind, "{error}");
}

fn whole() {
    let proxy = layers(|_, _| Fate::Pass, is_good);
    assert!(proxy.blobs().iter().all(|seen| !seen.headers.contains_key("range")));
}

fn cut() {
    let rule: Rule = |seen, before| match seen.is_blob() && before < 3 {
        true => Fate::CutAfter(200_000),
        false => Fate::Pass,
    };
    let proxy = layers(rule, is_good);
    let ranges: Vec<_> = proxy.blobs().iter().filter_map(|seen| seen.headers.get("range").cloned()).collect();
    let wanted = ["bytes=200000-", "bytes=400000-", "bytes=600000-"];
    assert_eq!(ranges, [wanted, wanted].concat());
}

fn no_ranges() {
    let rule: Rule = |seen, before| match (seen.is_blob(), before) {
        (true, 0) => Fate::CutAfter(200_000),
        (true, _) => Fate::IgnoreRange,
        _ => Fate::Pass,
    };
    layers(rule, is_good);
}

fn always_cut() {
    let rule: Rule = |seen, _| if seen.is_blob() { Fate::CutAfter(0) } else { Fate::Pass };
    layers(rule, |blobs, blob| fails_as(blobs, blob, ErrorKind::Network));
}

/// What else they are, whoever reads them has to see.
fn lengths() {
    let longer: Rule = |seen, _| if seen.is_blob() { Fate::Append(10) } else { Fate::Pass };
    layers(longer, is_good);
    let other: Rule = |seen, _| if seen.is_blob() { Fate::Flip(10) } else { Fate::Pass };
    layers(other, |blobs, blob| {
        let bytes = bytes(blobs, blob).unwrap();
        assert!(bytes.len() as u64 == blob.size && !blob.digest.matches(&bytes));
    });
    let shorter: Rule = |seen, _| if seen.is_blob() { Fate::Truncate(0) } else { Fate::Pass };
    layers(shorter, |blobs, blob| fails_as(blobs, blob, ErrorKind::Network));
}

fn cancelled() {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 50, &[1_500_000]);
    let proxy = Proxy::start(&registry.host, |seen, _| match seen.is_blob() {
        true => Fate::StallAfter(100_000),
        false => Fate::Pass,
    });
    let client = Client::builder().plain_http(&proxy.host).silence(Duration::from_secs(20)).build();
    let name = format!("{}/a:1", proxy.host);
    let name = Reference::parse(&name).unwrap();
    let (cancel, told) = (Cancel::new(), Mutex::new(0));
    let watch = |progress: Progress<'_>| {
        if let Progress::Advanced { done, .. } = progress {
            *told.lock().unwrap() = done;
            if done >= 100_000 {
                let cancel = cancel.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(100));
                    cancel.cancel();
                });
            }
        }
    };
    let layers = layers_of(&registry);
    let image = client.image(&name).cancelled_by(&cancel).progress(&watch);
    let blobs = image.blobs().unwrap();
    let started = std::time::Instant::now();
    fails_as(&blobs, &layers[0], ErrorKind::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(15) && *told.lock().unwrap() == 100_000);
}

fn mirrors() {
    let home = Registry::start();
    publish(&home.name("a:1"), 50, &[1_500_000]);
    let name = home.name("a:1");
    let name = Reference::parse(&name).unwrap();
    let bad: [Rule; 3] = [
        |_, _| Fate::CutAfter(0),
        |_, _| Fate::Answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()),
        |seen, _| if seen.is_blob() { Fate::CutAfter(1000) } else { Fate::Pass },
    ];
    let with = |rule: Rule| {
        let mirror = Proxy::start(&home.host, rule);
        let client = Client::builder()
            .plain_http(&home.host)
            .plain_http(&mirror.host)
            .mirror(&home.host, &mirror.host)
            .retries(0)
            .silence(Duration::from_secs(2))
            .build();
        (client, mirror)
    };
    for rule in bad {
        let (client, _mirror) = with(rule);
        let image = client.image(&name);
        let manifest = image.inspect().unwrap().manifest;
        is_good(&image.blobs().unwrap(), &manifest.layers[0]);
    }
    // One that lies is found out by whoever reads, who can do without mirrors then.
    let (client, _mirror) = with(|seen, _| if seen.is_blob() { Fate::Flip(0) } else { Fate::Pass });
    let image = client.image(&name);
    let manifest = image.inspect().unwrap().manifest;
    let layer = &manifest.layers[0];
    assert!(!layer.digest.matches(&bytes(&image.blobs().unwrap(), layer).unwrap()));
    is_good(&image.blobs().unwrap().without_mirrors(), layer);
}
