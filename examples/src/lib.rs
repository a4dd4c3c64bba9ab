//! The programs of podkit. Each is composition: it reads arguments, calls the crates and shows what they say.
//!
//! | program | what it does | module |
//! |---|---|---|
//! | `podrun` | runs pods, and keeps the house clean after them | [`podrun`] |
//! | `acitool` | makes, checks and unpacks App Container images | [`acitool`] |
//! | `imagetool` | reads image names, moves images between registries and layouts | [`imagetool`] |
//!
//! This crate is not published. It shows how the crates are put together, and what is missing when a program has to
//! decide something for itself.
#![forbid(unsafe_code)]

pub mod acitool;
mod host_image;
pub mod imagetool;
mod output;
pub mod podrun;
mod program;
mod progress;
