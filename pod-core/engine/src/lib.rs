//! Runs a pod on Linux.
#![cfg(target_os = "linux")]

pub mod plan;
