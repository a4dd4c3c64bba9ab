//! Reading the name of an image: pod-core, which borrows, beside oci-spec, which matches a regular expression.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark stops by panicking; criterion writes its own main"
)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// What people write; both read all of them, and agree on what they mean.
const NAMES: [(&str, &str); 4] = [
    ("short", "nginx"),
    ("tagged", "quay.io/coreos/etcd:v3.5.9"),
    ("port", "registry.example.com:5000/team/project/service:2024-11-02-1"),
    (
        "digest",
        "gcr.io/google-containers/pause:3.9@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097",
    ),
];

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("reference");
    for (what, name) in NAMES {
        let ours = pod_core::image::Reference::parse(name).unwrap();
        let theirs: oci_spec::distribution::Reference = name.parse().unwrap();
        assert_eq!((ours.domain(), &*ours.path()), (theirs.registry(), theirs.repository()), "{name}");
        group.bench_with_input(BenchmarkId::new("pod-core", what), name, |b, name| {
            b.iter(|| pod_core::image::Reference::parse(black_box(name)).unwrap());
        });
        group.bench_with_input(BenchmarkId::new("oci-spec", what), name, |b, name| {
            b.iter(|| black_box(name).parse::<oci_spec::distribution::Reference>().unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
