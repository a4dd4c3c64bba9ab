//! What breaks between a registry and us.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use pod_core::image::{Platform, Reference};
use pod_core::registry::{Cancel, Client, Error, ErrorKind, Layout, Progress, Pulled};

use crate::Case;
use crate::images::publish;
use crate::peer::Registry;
use crate::proxy::{Fate, Proxy, Seen};
use crate::pulls::layout;

const PEERS: &[&str] = &["docker-registry", "skopeo", "umoci"];

pub(crate) const CASES: &[Case] = &[
    ("a cut connection is resumed", PEERS, cut),
    ("a connection that is always cut is given up", PEERS, always_cut),
    ("a server without ranges begins anew", PEERS, no_ranges),
    ("a later pull goes on where an earlier one ended", PEERS, later_pull),
    ("wrong bytes left by an earlier pull are noticed", PEERS, stale_bytes),
    ("a blob with another digest", PEERS, wrong_digest),
    ("a blob that is too long", PEERS, too_long),
    ("a blob that is too short", PEERS, too_short),
    ("a manifest with another digest", PEERS, wrong_manifest),
    ("silence ends a try", PEERS, silence),
    ("slow is not silent", PEERS, slow),
    ("cancel cuts the connection", PEERS, cancel),
    ("a server that fails for a while", PEERS, failing),
    ("mirrors come first and may fail", PEERS, mirrors),
    ("redirects that go nowhere", &[], redirects),
    ("answers that are too long", &[], too_large),
];

const LAYERS: [usize; 3] = [3_000_000, 1_000_000, 2_000_000];

/// A registry with an image `a:1` of three layers, which can be told from the configuration by their size.
fn published() -> Registry {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 50, &LAYERS);
    registry
}

fn client(proxy: &Proxy) -> Client {
    Client::builder().plain_http(&proxy.host).retries(2).silence(Duration::from_secs(20)).build()
}

fn pull(client: &Client, proxy: &Proxy, folder: &Path) -> Result<Pulled, Error> {
    let name = format!("{}/a:1", proxy.host);
    let name = Reference::parse(&name).unwrap();
    client.image(&name).for_platform(Platform::of_this_program()).pull(&layout(folder))
}

/// Whether every file among the blobs is what it is called.
fn check_blobs(layout: &Layout) -> usize {
    let blobs = std::fs::read_dir(layout.root().join("blobs/sha256")).unwrap();
    let mut count = 0;
    for blob in blobs {
        let path = blob.unwrap().path();
        let sum = crate::peer::run("sha256sum", &[&path.display().to_string()]);
        assert!(sum.starts_with(path.file_name().unwrap().to_str().unwrap()), "{sum}");
        count += 1;
    }
    count
}

fn breaks(fate: fn() -> Fate, times: usize) -> impl Fn(&Seen, usize) -> Fate + Send + Sync + 'static {
    move |seen, before| if seen.is_blob() && before < times { fate() } else { Fate::Pass }
}

fn cut() {
    let registry = published();
    let proxy = Proxy::start(&registry.host, breaks(|| Fate::CutAfter(400_000), 2));
    let folder = tempfile::tempdir().unwrap();
    pull(&client(&proxy), &proxy, folder.path()).unwrap();
    assert_eq!(check_blobs(&layout(folder.path())), 5);
    let ranges: Vec<_> = proxy.blobs().iter().filter_map(|seen| seen.headers.get("range").cloned()).collect();
    assert!(
        ranges.contains(&"bytes=400000-".to_owned()) && ranges.contains(&"bytes=800000-".to_owned()),
        "{ranges:?}"
    );
}

fn always_cut() {
    let registry = published();
    let proxy = Proxy::start(&registry.host, breaks(|| Fate::CutAfter(0), usize::MAX));
    let folder = tempfile::tempdir().unwrap();
    let error = pull(&client(&proxy), &proxy, folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error:?}");
    assert!(error.to_string().starts_with("cannot fetch `sha256:"), "{error}");
    assert_eq!(check_blobs(&layout(folder.path())), 0);
}

fn no_ranges() {
    let registry = published();
    let proxy = Proxy::start(&registry.host, |seen, before| match (seen.is_blob(), before) {
        (true, 0) => Fate::CutAfter(300_000),
        (true, _) => Fate::IgnoreRange,
        _ => Fate::Pass,
    });
    let folder = tempfile::tempdir().unwrap();
    pull(&client(&proxy), &proxy, folder.path()).unwrap();
    assert_eq!(check_blobs(&layout(folder.path())), 5);
}

fn later_pull() {
    let registry = published();
    let proxy = Proxy::start(&registry.host, |seen, before| match (seen.is_blob(), before) {
        (true, 0) => Fate::CutAfter(500_000),
        (true, 1) => Fate::CutAfter(0),
        _ => Fate::Pass,
    });
    let folder = tempfile::tempdir().unwrap();
    let impatient = Client::builder().plain_http(&proxy.host).retries(0).build();
    // The first failure stops the other layers; what came of them stays too.
    let mut tries = 0;
    while pull(&impatient, &proxy, folder.path()).is_err() {
        tries += 1;
        assert!(tries < 10);
    }
    assert!(tries >= 1);
    assert_eq!(check_blobs(&layout(folder.path())), 5);
    let ranges: Vec<_> = proxy.blobs().iter().filter_map(|seen| seen.headers.get("range").cloned()).collect();
    assert!(!ranges.is_empty());
}

fn stale_bytes() {
    let registry = published();
    let proxy = Proxy::start(&registry.host, |_, _| Fate::Pass);
    let folder = tempfile::tempdir().unwrap();
    let layout = layout(folder.path());
    let name = format!("{}/a:1", proxy.host);
    let name = Reference::parse(&name).unwrap();
    let seen = client(&proxy).image(&name).inspect().unwrap();
    for (layer, length) in seen.manifest.layers.iter().zip([1000, 10_000_000, 0]) {
        let path = layout.root().join("ingest").join(layer.digest.as_str().replace(':', "-"));
        std::fs::write(path, vec![b'x'; length]).unwrap();
    }
    pull(&client(&proxy), &proxy, folder.path()).unwrap();
    assert_eq!(check_blobs(&layout), 5);
}

fn wrong_digest() {
    let registry = published();
    let proxy =
        Proxy::start(&registry.host, |seen, _| if seen.is_blob() { Fate::Flip(10) } else { Fate::Pass });
    let folder = tempfile::tempdir().unwrap();
    let error = pull(&client(&proxy), &proxy, folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert_eq!(check_blobs(&layout(folder.path())), 0);
    assert!(layout(folder.path()).images().unwrap().is_empty());
}

fn too_long() {
    let registry = published();
    let proxy =
        Proxy::start(&registry.host, |seen, _| if seen.is_blob() { Fate::Append(1) } else { Fate::Pass });
    let folder = tempfile::tempdir().unwrap();
    let error = pull(&client(&proxy), &proxy, folder.path()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Malformed), "{error:?}");
    assert_eq!(check_blobs(&layout(folder.path())), 0);
}

fn too_short() {
    let registry = published();
    // Once: the rest is asked for. Always: given up, though each answer is well framed.
    let proxy = Proxy::start(&registry.host, breaks(|| Fate::Truncate(1000), 1));
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}/a:1", proxy.host);
    let name = Reference::parse(&name).unwrap();
    let result = client(&proxy).image(&name).pull(&layout(folder.path()));
    result.unwrap();
    assert_eq!(check_blobs(&layout(folder.path())), 5);

    let proxy = Proxy::start(&registry.host, breaks(|| Fate::Truncate(0), usize::MAX));
    let name = format!("{}/a:1", proxy.host);
    let name = Reference::parse(&name).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = client(&proxy).image(&name).pull(&layout(folder.path())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.to_string().contains("it ended after 0 of "), "{error}");
}

fn wrong_manifest() {
    let registry = published();
    let digest = {
        let name = registry.name("a:1");
        let client = Client::builder().plain_http(&registry.host).build();
        client.image(&Reference::parse(&name).unwrap()).resolve().unwrap().digest
    };
    let proxy = Proxy::start(&registry.host, |seen, _| match seen.path.contains("/manifests/") {
        true => Fate::Flip(30),
        false => Fate::Pass,
    });
    // By digest because it is asked for, by tag because the registry names it.
    for name in [format!("{}/a@{digest}", proxy.host), format!("{}/a:1", proxy.host)] {
        let name = Reference::parse(&name).unwrap();
        let error = client(&proxy).image(&name).manifest().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(error.to_string().ends_with(&format!(", not `{digest}`")), "{error}");
    }
}

fn silence() {
    let registry = published();
    let folder = tempfile::tempdir().unwrap();
    let client = |proxy: &Proxy, retries| {
        Client::builder().plain_http(&proxy.host).retries(retries).silence(Duration::from_millis(300)).build()
    };
    let proxy = Proxy::start(&registry.host, breaks(|| Fate::StallAfter(0), usize::MAX));
    let error = pull(&client(&proxy, 0), &proxy, folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Silent, "{error:?}");
    assert!(error.to_string().ends_with(": nothing came for 300ms"), "{error}");
    let proxy = Proxy::start(&registry.host, breaks(|| Fate::StallAfter(100_000), 1));
    pull(&client(&proxy, 3), &proxy, folder.path()).unwrap();
    assert_eq!(check_blobs(&layout(folder.path())), 5);
}

fn slow() {
    let registry = Registry::start();
    publish(&registry.name("a:1"), 51, &[40_000]);
    // Ten times as long as the limit in the whole, but never silent for as long as that.
    let proxy = Proxy::start(&registry.host, |seen, _| match seen.is_blob() {
        true => Fate::Slow(1000, Duration::from_millis(50)),
        false => Fate::Pass,
    });
    let folder = tempfile::tempdir().unwrap();
    let client = Client::builder().plain_http(&proxy.host).retries(0).silence(Duration::from_secs(1)).build();
    pull(&client, &proxy, folder.path()).unwrap();
}

fn cancel() {
    let registry = published();
    let proxy = Proxy::start(&registry.host, breaks(|| Fate::StallAfter(100_000), usize::MAX));
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}/a:1", proxy.host);
    let name = Reference::parse(&name).unwrap();
    let cancel = Cancel::new();
    let bytes = Mutex::new(0);
    // In the middle of a layer that then says nothing more: without the cut this would last for the limit of 20 seconds.
    let watch = |progress: Progress<'_>| {
        if let Progress::Advanced { blob, done } = progress {
            *bytes.lock().unwrap() += done;
            if blob.size > 100_000 && done >= 100_000 {
                let cancel = cancel.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(100));
                    cancel.cancel();
                });
            }
        }
    };
    let client = client(&proxy);
    let started = std::time::Instant::now();
    let image =
        client.image(&name).for_platform(Platform::of_this_program()).cancelled_by(&cancel).progress(&watch);
    let error = image.pull(&layout(folder.path())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(15));
    assert!(*bytes.lock().unwrap() > 0);
    // Everything that begins with the same switch ends at once.
    assert_eq!(image.resolve().unwrap_err().kind(), ErrorKind::Cancelled);
}

fn failing() {
    let registry = published();
    let answer = |status: &str| {
        Fate::Answer(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
    };
    let proxy = Proxy::start(&registry.host, move |_, before| match before {
        0 => answer("503 Service Unavailable"),
        1 => answer("429 Too Many Requests\r\nRetry-After: 1"),
        _ => Fate::Pass,
    });
    let folder = tempfile::tempdir().unwrap();
    pull(&client(&proxy), &proxy, folder.path()).unwrap();

    let proxy = Proxy::start(&registry.host, move |_, _| answer("500 Internal Server Error"));
    let error = pull(&client(&proxy), &proxy, folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.to_string().ends_with(": status 500"), "{error}");
    assert_eq!(proxy.seen().len(), 3);
}

fn mirrors() {
    let home = published();
    let front = Proxy::start(&home.host, |_, _| Fate::Pass);
    let name = format!("{}/a:1", front.host);
    let name = Reference::parse(&name).unwrap();
    let with = |mirror: &Proxy| {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(folder.path());
        let client = Client::builder()
            .plain_http(&front.host)
            .plain_http(&mirror.host)
            .mirror(&front.host, &mirror.host);
        let client = client.retries(0).silence(Duration::from_secs(2)).build();
        client.image(&name).for_platform(Platform::of_this_program()).pull(&layout).unwrap();
        assert_eq!(check_blobs(&layout), 5);
    };
    // A good mirror is enough.
    let good = Proxy::start(&home.host, |_, _| Fate::Pass);
    with(&good);
    assert_eq!((front.seen().len(), good.blobs().is_empty()), (0, false));
    // One that is down, has nothing, lies, or breaks off costs nothing but time.
    let bad: [fn(&Seen, usize) -> Fate; 4] = [
        |_, _| Fate::CutAfter(0),
        |_, _| Fate::Answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()),
        |seen, _| if seen.is_blob() { Fate::Flip(0) } else { Fate::Pass },
        |seen, _| if seen.is_blob() { Fate::CutAfter(1000) } else { Fate::Pass },
    ];
    for rule in bad {
        with(&Proxy::start(&home.host, rule));
    }
}

fn redirects() {
    let to = |location: &str| {
        let answer = format!(
            "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        Proxy::start("127.0.0.1:1", move |_, _| Fate::Answer(answer.clone()))
    };
    let cases = [
        ("/v2/a/manifests/1", "more than 10 redirects"),
        ("file:///etc/passwd", " redirects to no address"),
        ("http://user:pw@127.0.0.1:1/", "an address that is no plain http or https one"),
        ("http://127.0.0.1:1/", "plain http is not allowed for `127.0.0.1:1`"),
    ];
    for (location, expected) in cases {
        let proxy = to(location);
        let name = format!("{}/a:1", proxy.host);
        let error = client(&proxy).image(&Reference::parse(&name).unwrap()).manifest().unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

fn too_large() {
    let body = "x".repeat((4 << 20) + 1);
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let proxy = Proxy::start("127.0.0.1:1", move |_, _| Fate::Answer(answer.clone()));
    let name = format!("{}/a:1", proxy.host);
    let error = client(&proxy).image(&Reference::parse(&name).unwrap()).manifest().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().ends_with("the answer is longer than 4194304 bytes"), "{error}");
}
