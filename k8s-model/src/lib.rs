//! Kubernetes objects and what they mean.
#![forbid(unsafe_code)]

pub mod core;
pub mod decode;
pub mod default;
pub mod encode;
pub mod expand;
pub mod int_or_string;
pub mod lower;
pub mod meta;
pub mod object;
mod path;
pub mod resources;
pub mod schema;
mod signal;
pub mod time;
pub mod tree;
pub mod validate;
