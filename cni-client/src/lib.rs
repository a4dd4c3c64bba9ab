//! Container Network Interface, runtime side.
#![forbid(unsafe_code)]

pub mod attachment;
pub mod chain;
pub mod config;
pub mod error;
pub mod invocation;
pub mod json;
pub mod name;
pub mod plugins;
pub mod request;
pub mod result;
pub mod version;
