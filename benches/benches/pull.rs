//! An image from a registry on loopback: pod-core and appc-spec, which verify and unpack it, beside skopeo, which copies it, and skopeo with
//! umoci, which then unpack it too.
//!
//! `cargo bench -p podkit-benches --bench pull`; needs docker-registry, skopeo and umoci. `PODKIT_BENCH_MB` is the size of the image's files
//! (150), `PODKIT_BENCH_ROUNDS` how many times each one is measured (7), in turn.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark measures, prints, and stops by panicking"
)]

use std::fs;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use appc_spec::ImageManifest;
use appc_spec::archive::{BuildOptions, Compression, ImageBuilder};
use appc_spec::oci::{self, ImportOptions, Incoming, LayerStreams};
use appc_spec::store::{self, Store};
use appc_spec::{App, Strength};
use pod_core::image::{Descriptor, Platform, Reference};
use pod_core::registry::{Blobs, Client, Layout};

struct Registry {
    child: Child,
    host: String,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn registry(folder: &Path) -> Registry {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = format!("127.0.0.1:{port}");
    let config = folder.join("config.yml");
    let text = format!(
        "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n",
        folder.join("registry").display()
    );
    fs::write(&config, text).unwrap();
    let child = Command::new("docker-registry")
        .arg("serve")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let registry = Registry { child, host };
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(&registry.host).is_err() {
        assert!(Instant::now() < deadline, "docker-registry does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    registry
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Text that compresses about as programs do, different for each seed.
fn content(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 16);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes()[..4]);
        bytes.extend_from_slice(b"\0\0\x48\x8b");
    }
    bytes.truncate(length);
    bytes
}

/// An image in a layout: three quarters of it in files of 256 KiB, the rest in small ones.
fn layout(folder: &Path, megabytes: usize) -> std::path::PathBuf {
    let mut manifest = ImageManifest::new("example.com/bench".parse().unwrap());
    manifest.app = Some(App::new(vec!["/bin/true".to_owned()]));
    let mut builder = ImageBuilder::new(manifest);
    for index in 0..megabytes * 3 {
        builder =
            builder.file(format!("large/{}/{index}", index % 50), 0o644, content(index as u64, 256 << 10));
    }
    for index in 0..megabytes * 32 {
        builder = builder.file(
            format!("small/{}/{index}", index % 200),
            0o644,
            content(index as u64 + 1_000_000, 8 << 10),
        );
    }
    let mut archive = Vec::new();
    builder.write(&mut archive, &BuildOptions::reproducible().compression(Compression::None)).unwrap();
    let store = Store::open(folder.join("made")).unwrap();
    let options = store::ImportOptions::new(Strength::Compat, SystemTime::now());
    let imported = store.import("bench", archive.as_slice(), &options, &mut |_| {}).unwrap();
    let layout = folder.join("layout");
    oci::export(&store, imported.image.id(), &layout, Some("example.com/bench:1")).unwrap();
    layout
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

/// The layers of an image in the registry.
struct Layers<'a>(Blobs<'a>);

impl LayerStreams for Layers<'_> {
    fn open(&self, layer: &Descriptor) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(self.0.open(layer)))
    }
}

/// One way to have the image, in an empty folder.
type Way<'a> = (&'a str, Box<dyn Fn(&Path) + 'a>);

fn main() {
    // `cargo test` runs benchmarks once, to see that they build; this one needs peers and time.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let (megabytes, rounds) = (number("PODKIT_BENCH_MB", 150), number("PODKIT_BENCH_ROUNDS", 7));
    let folder = tempfile::tempdir().unwrap();
    let registry = registry(folder.path());
    let layout = Layout::open(layout(folder.path(), megabytes)).unwrap();
    let name = format!("{}/bench:1", registry.host);
    let reference = Reference::parse(&name).unwrap();
    let client = Client::builder().plain_http(&registry.host).build();
    let made = layout.find(&Reference::parse("example.com/bench:1").unwrap()).unwrap();
    client.image(&reference).push(&layout, &made).unwrap();
    let platform = Platform::of_this_program;
    let pull = |into: &Path| {
        let layout = Layout::create(into.join("layout")).unwrap();
        client.image(&reference).for_platform(platform()).pull(&layout).unwrap();
    };
    let stored = |into: &Path| {
        let store = Store::open(into.join("store")).unwrap();
        let remote = client.image(&reference).for_platform(platform());
        let inspected = remote.inspect().unwrap();
        let incoming = Incoming {
            name: &name,
            digest: &inspected.descriptor.digest,
            indexes: &[],
            manifest: &inspected.manifest,
            config: &inspected.config,
            layers: &Layers(remote.blobs().unwrap()),
        };
        let options = ImportOptions::new(SystemTime::now()).named(&reference);
        oci::import_incoming(&store, &incoming, &options, &|_| {}).unwrap();
    };
    let skopeo = |into: &Path, to: &str| {
        let to = format!("{to}:{}", into.join("copy").display());
        run("skopeo", &["copy", "-q", "--src-tls-verify=false", &format!("docker://{name}"), &to]);
    };
    let ways: [Way<'_>; 5] = [
        ("podkit: pull, verified", Box::new(&pull)),
        ("podkit: pull, verified, unpacked, in the store", Box::new(&stored)),
        ("skopeo copy dir:", Box::new(|into: &Path| skopeo(into, "dir"))),
        ("skopeo copy oci:", Box::new(|into: &Path| skopeo(into, "oci"))),
        (
            "skopeo copy oci: and umoci unpack",
            Box::new(|into: &Path| {
                let image = into.join("copy").display().to_string();
                run(
                    "skopeo",
                    &[
                        "copy",
                        "-q",
                        "--src-tls-verify=false",
                        &format!("docker://{name}"),
                        &format!("oci:{image}:x"),
                    ],
                );
                run(
                    "umoci",
                    &[
                        "unpack",
                        "--rootless",
                        "--image",
                        &format!("{image}:x"),
                        &into.join("bundle").display().to_string(),
                    ],
                );
            }),
        ),
    ];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); ways.len()];
    // The first round warms the caches up.
    for round in 0..=rounds {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            let into = tempfile::tempdir_in(folder.path()).unwrap();
            let began = Instant::now();
            way(into.path());
            if round > 0 {
                times.push(began.elapsed());
            }
        }
    }
    let medians: Vec<Duration> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[times.len() / 2]
        })
        .collect();
    let size = layout.manifest(&made).map(|_| made.size).unwrap();
    println!(
        "an image of {megabytes} MB in {} files; manifest of {size} bytes; medians of {rounds} rounds",
        megabytes * 35
    );
    println!("{:<52} {:>8} {:>8} {:>14}", "", "median", "least", "to skopeo dir:");
    for ((what, _), (times, median)) in ways.iter().zip(times.iter().zip(&medians)) {
        println!(
            "{what:<52} {:>5} ms {:>5} ms {:>14.2}",
            median.as_millis(),
            times[0].as_millis(),
            median.as_secs_f64() / medians[2].as_secs_f64()
        );
    }
}
