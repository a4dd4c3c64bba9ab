//! What the crate promises, seen from outside.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod manifest;
mod round_trip;
mod vectors;
