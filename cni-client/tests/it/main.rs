//! Black-box tests of cni-client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod attachment;
#[cfg(feature = "exec")]
mod cache;
mod chain;
#[cfg(feature = "exec")]
mod client;
mod config;
mod error;
#[cfg(feature = "exec")]
mod exec;
#[cfg(feature = "exec")]
mod faults;
#[cfg(feature = "exec")]
mod folder;
#[cfg(feature = "exec")]
mod generations;
mod invocation;
mod json;
mod name;
mod network;
#[cfg(feature = "exec")]
mod orphan;
mod request;
mod result;
mod simulation;
mod version;

use cni_client::config::NetworkConfig;
use cni_client::request::{Request, SearchPath};

/// A list of three plugins, as the specification's example has it.
const DBNET: &str = r#"{
  "cniVersion": "1.0.0",
  "cniVersions": ["0.3.1", "0.4.0", "1.0.0", "1.1.0"],
  "name": "dbnet",
  "plugins": [
    {"type": "bridge", "bridge": "cni0", "keyA": ["some more", "plugin specific"], "vlan": 9007199254740993,
     "ipam": {"type": "host-local", "subnet": "10.1.0.0/16"}},
    {"type": "tuning", "capabilities": {"mac": true, "other": false}, "sysctl": {"net.core.somaxconn": "500"}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}"#;

fn config(text: &str) -> NetworkConfig {
    NetworkConfig::parse(text).unwrap()
}

fn request() -> Request {
    Request::new("c1".parse().unwrap(), "/run/netns/c1".parse().unwrap(), "eth0".parse().unwrap())
}

fn path() -> SearchPath {
    "/opt/cni/bin:/usr/lib/cni".parse().unwrap()
}

/// A message with its causes, as programs print it.
fn full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
