//! Reading manifests: k8s-model, which checks every field and keeps every place, beside k8s-openapi over serde, which does neither.
//!
//! Two files, each as YAML and as JSON: Pods of one kind, and a stream of fourteen kinds. In the stream the peer is told of each document
//! what it is (`k8s-openapi`), which is the most that serde can do; or it finds the kind in a value first, as a program must that does not
//! know (`k8s-openapi by kind`). Ours finds it out.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark stops by panicking; criterion writes its own main"
)]

use std::fmt::Write;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use k8s_model::decode::{Mode, decode_str};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::serde::Deserialize;

/// How often the files are repeated.
const PODS: usize = 1000;
const STREAMS: usize = 100;

/// Reads one document with a deserializer and lets it go.
fn read<'d, T: Deserialize<'d>, D: k8s_openapi::serde::Deserializer<'d>>(
    document: D,
) -> Result<(), D::Error> {
    T::deserialize(document).map(|object| drop(black_box(object)))
}

/// The kinds of the mixed stream in their order, and the type that reads each.
macro_rules! kinds {
    ($($kind:literal $type:path,)*) => {
        const KINDS: &[&str] = &[$($kind),*];

        /// Reads a document that is known to be of a kind.
        fn known<'d, D: k8s_openapi::serde::Deserializer<'d>>(kind: &str, document: D) -> Result<(), D::Error> {
            match kind {
                $($kind => read::<$type, D>(document),)*
                other => Err(k8s_openapi::serde::de::Error::custom(other)),
            }
        }
    };
}

kinds! {
    "Namespace" k8s_openapi::api::core::v1::Namespace,
    "ServiceAccount" k8s_openapi::api::core::v1::ServiceAccount,
    "ConfigMap" k8s_openapi::api::core::v1::ConfigMap,
    "Secret" k8s_openapi::api::core::v1::Secret,
    "Deployment" k8s_openapi::api::apps::v1::Deployment,
    "Service" k8s_openapi::api::core::v1::Service,
    "Ingress" k8s_openapi::api::networking::v1::Ingress,
    "NetworkPolicy" k8s_openapi::api::networking::v1::NetworkPolicy,
    "StatefulSet" k8s_openapi::api::apps::v1::StatefulSet,
    "CronJob" k8s_openapi::api::batch::v1::CronJob,
    "HorizontalPodAutoscaler" k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler,
    "PodDisruptionBudget" k8s_openapi::api::policy::v1::PodDisruptionBudget,
    "Role" k8s_openapi::api::rbac::v1::Role,
    "RoleBinding" k8s_openapi::api::rbac::v1::RoleBinding,
}

/// `0440` is 288 for Kubernetes; serde_yaml takes it for text, and would refuse the Pod.
fn pod() -> String {
    include_str!("../data/pod.yaml").replace("0440", "288")
}

fn yaml_stream(text: &str, times: usize) -> String {
    let mut stream = String::with_capacity((text.len() + 4) * times);
    for _ in 0..times {
        write!(stream, "---\n{text}").unwrap();
    }
    stream
}

/// The documents of a YAML text as JSON, a line each.
fn json(text: &str) -> String {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| serde_json::Value::deserialize(document).unwrap())
        .map(|value| format!("{value}\n"))
        .collect()
}

fn ours(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, text: &str, documents: usize) {
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_with_input(BenchmarkId::new("k8s-model", name), text, |b, text| {
        b.iter(|| {
            let decoded = decode_str(black_box(text), "file", Mode::Strict);
            assert!(decoded.problems.is_empty() && decoded.documents.len() == documents);
        });
    });
}

fn peer(group: &mut BenchmarkGroup<'_, WallTime>, peer: &str, name: &str, text: &str, read: impl Fn(&str)) {
    group.bench_with_input(BenchmarkId::new(peer, name), text, |b, text| b.iter(|| read(black_box(text))));
}

fn yaml(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode/yaml");
    for pods in [1, PODS] {
        let text = yaml_stream(&pod(), pods);
        let name = format!("pod × {pods}");
        ours(&mut group, &name, &text, pods);
        peer(&mut group, "k8s-openapi", &name, &text, |text| {
            for document in serde_yaml::Deserializer::from_str(text) {
                read::<Pod, _>(document).unwrap();
            }
        });
    }
    let text = yaml_stream(include_str!("../data/mixed.yaml"), STREAMS);
    let name = "14 kinds";
    ours(&mut group, name, &text, KINDS.len() * STREAMS);
    peer(&mut group, "k8s-openapi", name, &text, |text| {
        for (document, kind) in serde_yaml::Deserializer::from_str(text).zip(KINDS.iter().cycle()) {
            known(kind, document).unwrap();
        }
    });
    peer(&mut group, "k8s-openapi by kind", name, &text, |text| {
        for document in serde_yaml::Deserializer::from_str(text) {
            let value = serde_yaml::Value::deserialize(document).unwrap();
            known(value["kind"].as_str().unwrap(), &value).unwrap();
        }
    });
    group.finish();
}

fn json_files(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode/json");
    for pods in [1, PODS] {
        let text = json(&pod()).repeat(pods);
        let name = format!("pod × {pods}");
        ours(&mut group, &name, &text, pods);
        peer(&mut group, "k8s-openapi", &name, &text, |text| {
            for pod in serde_json::Deserializer::from_str(text).into_iter::<Pod>() {
                drop(black_box(pod.unwrap()));
            }
        });
    }
    let text = json(include_str!("../data/mixed.yaml")).repeat(STREAMS);
    let name = "14 kinds";
    ours(&mut group, name, &text, KINDS.len() * STREAMS);
    peer(&mut group, "k8s-openapi", name, &text, |text| {
        let mut documents = serde_json::Deserializer::from_str(text);
        for kind in KINDS.iter().cycle().take(KINDS.len() * STREAMS) {
            known(kind, &mut documents).unwrap();
        }
    });
    peer(&mut group, "k8s-openapi by kind", name, &text, |text| {
        for value in serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>() {
            let value = value.unwrap();
            known(value["kind"].as_str().unwrap(), &value).unwrap();
        }
    });
    group.finish();
}

criterion_group!(benches, yaml, json_files);
criterion_main!(benches);
