//! Images whose layers come while they are imported.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use appc_spec::oci::{self, Imported, Incoming, LayerStreams, OciError, OciErrorKind};
use appc_spec::store::Store;
use pod_core::image::{Descriptor, Digest, Manifest};
use serde_json::json;

use super::made::{GZIP, Layout, PLAIN, Tar, config, gzip};
use super::{chain, import_with, options};

/// What the sender does to the bytes of a layer.
type Change = fn(Vec<u8>) -> Vec<u8>;

/// The blobs of a layout, a few bytes at a time.
struct Sender<'a> {
    blobs: &'a Path,
    change: Change,
}

struct Slowly(io::Cursor<Vec<u8>>);

impl Read for Slowly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(1000);
        self.0.read(&mut buffer[..most])
    }
}

impl LayerStreams for Sender<'_> {
    fn open(&self, layer: &Descriptor) -> io::Result<Box<dyn Read + Send + '_>> {
        let bytes = fs::read(self.blobs.join(layer.digest.encoded()))?;
        Ok(Box::new(Slowly(io::Cursor::new((self.change)(bytes)))))
    }
}

/// A layout with an image of three layers: plain, compressed, and one that takes something away.
fn layout(path: &Path) -> Digest<'static> {
    let layers = [
        Tar::new()
            .directory("etc", 0o755)
            .file("etc/passwd", "web:x:33:34::/:\n")
            .file("etc/gone", "g")
            .bytes(),
        Tar::new().file("etc/large", &"large\n".repeat(50_000)).bytes(),
        Tar::new().file("etc/.wh.gone", "").bytes(),
    ];
    let mut layout = Layout::new(path);
    let config = config(json!({"User": "web", "Cmd": ["/bin/web"]}), &layers);
    let [low, middle, high] = layers;
    let image = layout.image(&config, &[(PLAIN, low), (GZIP, gzip(&middle)), (GZIP, gzip(&high))]);
    let digest = image["digest"].as_str().unwrap().parse::<Digest<'_>>().unwrap().into_owned();
    layout.name(image, json!({"org.opencontainers.image.ref.name": "reg:5000/a:1"}));
    digest
}

fn send(
    store: &Store,
    layout: &Path,
    digest: &Digest<'_>,
    change: Change,
    with_config: impl Fn(Vec<u8>) -> Vec<u8>,
) -> Result<Imported, OciError> {
    let blobs = layout.join("blobs/sha256");
    let bytes = fs::read(blobs.join(digest.encoded())).unwrap();
    let Ok(Manifest::Image(manifest)) = Manifest::parse(&bytes, None) else { panic!("it is an image") };
    let config = with_config(fs::read(blobs.join(manifest.config.digest.encoded())).unwrap());
    let index = Digest::sha256(b"an index");
    let incoming = Incoming {
        name: "reg:5000/a:1",
        digest,
        indexes: &[index],
        manifest: &manifest,
        config: &config,
        layers: &Sender { blobs: &blobs, change },
    };
    let name = pod_core::image::Reference::parse("reg:5000/a:1").unwrap();
    oci::import_incoming(store, &incoming, &options().named(&name), &|_| {})
}

#[test]
fn what_comes_is_the_same_image() {
    let directory = tempfile::tempdir().unwrap();
    let layout_path = directory.path().join("layout");
    let digest = layout(&layout_path);
    let (_, kept) = import_with(directory.path(), &layout_path, &options()).unwrap();
    let store = Store::open(directory.path().join("other")).unwrap();
    let sent = send(&store, &layout_path, &digest, |bytes| bytes, |config| config).unwrap();
    assert!(sent.is_new);
    assert_eq!((sent.image.id(), sent.digest), (kept.image.id(), kept.digest));
    let by_index = format!("reg:5000/a@{}", Digest::sha256(b"an index"));
    assert!(
        sent.names.contains(&by_index) && sent.names.contains(&"reg:5000/a:1".to_owned()),
        "{:?}",
        sent.names
    );
    // The second time no layer is asked for.
    let again = send(&store, &layout_path, &digest, |_| panic!("it is there"), |config| config).unwrap();
    assert!(!again.is_new);
}

#[test]
fn what_comes_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let layout_path = directory.path().join("layout");
    let digest = layout(&layout_path);
    let store = Store::open(directory.path().join("store")).unwrap();
    let changes: [(Change, &str); 4] = [
        (
            |mut bytes| {
                bytes[600] ^= 1;
                bytes
            },
            "its digest is `sha256:",
        ),
        (
            |mut bytes| {
                bytes.push(0);
                bytes
            },
            "it has more than ",
        ),
        (
            |mut bytes| {
                bytes.pop();
                bytes
            },
            "it has fewer than ",
        ),
        (|_| Vec::new(), "it has fewer than "),
    ];
    for (change, wanted) in changes {
        let error = send(&store, &layout_path, &digest, change, |config| config).unwrap_err();
        assert_eq!(error.kind(), OciErrorKind::Corrupt, "{}", chain(&error));
        assert!(chain(&error).contains(wanted), "{}", chain(&error));
    }
    let error = send(
        &store,
        &layout_path,
        &digest,
        |bytes| bytes,
        |mut config| {
            config.push(b' ');
            config
        },
    );
    let error = error.unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::Corrupt);
    assert!(chain(&error).starts_with(
        "cannot read the image `reg:5000/a:1`: its configuration does not have the digest `sha256:"
    ));
    // Nothing of it stayed.
    assert_eq!(store.list().unwrap().len(), 0);
    assert!(store.references_all().unwrap().is_empty());
    let left = fs::read_dir(directory.path().join("store/work")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn a_sender_that_fails_is_named() {
    struct Broken;
    impl LayerStreams for Broken {
        fn open(&self, _: &Descriptor) -> io::Result<Box<dyn Read + Send + '_>> {
            Err(io::Error::other("the line is dead"))
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let layout_path = directory.path().join("layout");
    let digest = layout(&layout_path);
    let blobs = layout_path.join("blobs/sha256");
    let bytes = fs::read(blobs.join(digest.encoded())).unwrap();
    let Ok(Manifest::Image(manifest)) = Manifest::parse(&bytes, None) else { panic!("it is an image") };
    let config = fs::read(blobs.join(manifest.config.digest.encoded())).unwrap();
    let incoming = Incoming {
        name: "a",
        digest: &digest,
        indexes: &[],
        manifest: &manifest,
        config: &config,
        layers: &Broken,
    };
    let store = Store::open(directory.path().join("store")).unwrap();
    let error = oci::import_incoming(&store, &incoming, &options(), &|_| {}).unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::Io);
    let text = chain(&error);
    assert!(
        text.starts_with("cannot read the layer `sha256:") && text.ends_with("`: the line is dead"),
        "{text}"
    );
}
