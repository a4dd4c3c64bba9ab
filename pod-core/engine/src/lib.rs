//! Runs a pod on Linux.
#![cfg(target_os = "linux")]

mod cgroup;
mod compose;
mod dir;
mod engine;
mod error;
mod etc;
mod gc;
mod image;
mod log;
mod monitor;
mod mounts;
pub mod plan;
mod ports;
mod process;
mod refuse;
mod remove;
mod root;
#[cfg(test)]
mod sample;
pub mod stage1;
mod sys;
mod volume;

pub use dir::PodState;
pub use engine::{Engine, PodEntry, Prepared};
pub use error::Error;
pub use gc::{GcOptions, GcReport};
pub use ports::{
    AppRoot, Attachment, Loopback, Network, NetworkError, Observer, RootFs, RootFsError, Stream,
};
