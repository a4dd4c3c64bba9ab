//! The programs of podkit. Each is composition: it reads arguments, calls the crates and shows what they say.
//!
//! | program | what it does | module |
//! |---|---|---|
//! | `podrun` | runs pods, and keeps the house clean after them | [`podrun`] |
//! | `acitool` | makes, checks and unpacks App Container images | [`acitool`] |
//! | `cnitool` | attaches network namespaces to networks, by hand | [`cnitool`] |
//! | `imagetool` | reads image names, moves images between registries and layouts | [`imagetool`] |
//! | `kubetool` | reads Kubernetes manifests, and says what is wrong with them | [`kubetool`] |
//!
//! This crate is not published. It shows how the crates are put together, and what is missing when a program has to
//! decide something for itself.
#![forbid(unsafe_code)]

pub mod acitool;
pub mod cnitool;
mod diagnostic;
mod discovery;
mod host_image;
pub mod imagetool;
mod input;
pub mod kubetool;
mod output;
mod place;
pub mod podrun;
mod program;
mod progress;
mod registry;
mod shape;
