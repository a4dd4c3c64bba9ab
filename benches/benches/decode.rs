//! Reading a Pod: k8s-model, which checks every field and keeps every place, beside k8s-openapi over serde, which does neither.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark stops by panicking; criterion writes its own main"
)]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use k8s_model::decode::{Mode, decode_str};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::serde::Deserialize;

/// `0440` is 288 for Kubernetes; serde_yaml takes it for text, and would refuse the Pod.
fn pod() -> String {
    include_str!("../data/pod.yaml").replace("0440", "288")
}

fn yaml_stream(pods: usize) -> String {
    let pod = pod();
    let mut text = String::with_capacity((pod.len() + 4) * pods);
    for _ in 0..pods {
        write!(text, "---\n{pod}").unwrap();
    }
    text
}

fn json(pod: &str) -> String {
    serde_json::to_string(&serde_yaml::from_str::<serde_json::Value>(pod).unwrap()).unwrap()
}

fn yaml(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode/yaml");
    for pods in [1, 1000] {
        let text = yaml_stream(pods);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("k8s-model", pods), &text, |b, text| {
            b.iter(|| {
                let decoded = decode_str(black_box(text), "pod.yaml", Mode::Strict);
                assert!(decoded.problems.is_empty() && decoded.documents.len() == pods);
            });
        });
        group.bench_with_input(BenchmarkId::new("k8s-openapi", pods), &text, |b, text| {
            b.iter(|| {
                let documents = serde_yaml::Deserializer::from_str(black_box(text));
                let read: Vec<Pod> = documents.map(|document| Pod::deserialize(document).unwrap()).collect();
                assert_eq!(read.len(), pods);
            });
        });
    }
    group.finish();
}

fn one_json(c: &mut Criterion) {
    let text = json(&pod());
    let mut group = c.benchmark_group("decode/json");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("k8s-model", |b| {
        b.iter(|| {
            let decoded = decode_str(black_box(&text), "pod.json", Mode::Strict);
            assert!(decoded.problems.is_empty() && decoded.documents.len() == 1);
        });
    });
    group.bench_function("k8s-openapi", |b| {
        b.iter(|| serde_json::from_str::<Pod>(black_box(&text)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, yaml, one_json);
criterion_main!(benches);
