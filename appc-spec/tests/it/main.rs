//! What the crate promises, seen from outside.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests make the files that the crate reads")]

#[cfg(all(feature = "archive", target_os = "linux"))]
mod archive;
mod discovery;
#[cfg(feature = "fetch")]
mod fetch;
#[cfg(feature = "lower")]
mod lower;
mod manifest;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod oci;
mod patch;
mod render;
mod round_trip;
#[cfg(all(feature = "store", target_os = "linux"))]
mod store;
mod vectors;
