//! Black-box tests of k8s-model.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod admission;
mod apiserver;
mod convert;
mod decode;
mod fields;
mod fixtures;
mod generate;
mod ingress;
mod kubeconfig;
mod kubectl;
mod kustomize;
mod lower;
#[cfg(feature = "k8s-openapi")]
mod openapi;
mod patch;
mod plan;
mod print;
mod rollout;
mod round_trip;
mod schedule;
mod seen;
mod selector;
mod serde_traits;
mod service;
mod sources;
mod testdata;
mod tree;
mod vectors;
mod volume_binding;
