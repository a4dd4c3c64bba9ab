//! Black-box tests of pod-core.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod backoff;
mod keyring;
mod lifecycle;
mod platform;
mod pod;
mod pull_access;
mod quantity;
mod reference;
#[cfg(feature = "registry")]
mod registry;
#[cfg(target_os = "linux")]
mod secrets;
