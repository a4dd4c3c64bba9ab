//! Container Network Interface (CNI), the runtime's side: configurations, runs of plugins as data, chains of plugins as
//! state machines, results of all versions from 0.1.0 to 1.1.0.
//!
//! By default this crate reads no file, starts no process and asks no clock. A chain says which plugin to run next, with
//! which environment and standard input; whoever drives it runs that, blocking or async, and hands the output back:
//!
//! ```
//! use cni_client::chain::{Add, Del, OnError, drive};
//! use cni_client::config::NetworkConfig;
//! use cni_client::invocation::Invocation;
//! use cni_client::plugins::Output;
//! use cni_client::request::{Request, SearchPath};
//!
//! let config = NetworkConfig::parse(r#"{"cniVersion": "1.0.0", "name": "dbnet", "plugins": [{"type": "bridge"}]}"#)?;
//! let request = Request::new("c1".parse()?, "/run/netns/c1".parse()?, "eth0".parse()?);
//! let path: SearchPath = "/opt/cni/bin".parse()?;
//!
//! let mut plugins = |run: &Invocation| Ok(Output::success(r#"{"ips": [{"address": "10.1.0.5/16"}]}"#));
//! let attachment = drive(Add::new(config, request, path.clone())?, &mut plugins)?;
//! assert_eq!(attachment.result().unwrap().ips[0].address.to_string(), "10.1.0.5/16");
//!
//! let record = attachment.to_json().to_string(); // all that another process needs to undo it
//! let attachment = cni_client::attachment::Attachment::parse(&record)?;
//! drive(Del::new(attachment, path, OnError::GoOn), &mut plugins)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which type first
//!
//! - [`config::NetworkConfig`] reads a list of plugins, or a single plugin; [`network`] finds the ones that a pod asked for
//!   in the language of rkt's `--net`.
//! - [`request::Request`] says what to attach: container, namespace, interface, arguments.
//! - [`chain::Add`], [`chain::Del`], [`chain::Check`], [`chain::Status`], [`chain::Gc`] and [`chain::Probe`] are the
//!   operations; [`chain::drive`] runs one with anything that is [`plugins::Plugins`].
//! - [`invocation::Invocation`] is one run; [`plugins::Output`] and [`plugins::Failure`] are what comes back.
//! - [`attachment::Attachment`] is the record that DEL, CHECK and GC work from alone. It also reads libcni's.
//! - [`result::AddResult`] is what ADD gives, and [`network::PodNetwork`] what the pod has then.
//! - [`version`] holds versions and the choice of one; [`name`] the names; [`error`] what plugins say when they fail;
//!   [`json`] the text of members that nobody here needs to understand.
//!
//! # Where it differs from libcni
//!
//! A failed ADD is undone. DEL goes on after a failure unless [told to halt](chain::OnError). DEL and CHECK use the
//! arguments, capabilities and version of the ADD. `capabilities` are stripped. Numbers beyond 2^53 and unknown members, those
//! in results included, pass through. GC needs the valid set to be named. Names cannot leave their folder. The version is chosen by
//! what the plugins speak, too. What runs can be given up from another thread. A port of the host has one owner.
//!
//! # Features
//!
//! - `exec` (Linux): `exec` runs plugins as processes, `cache` stores attachments,
//!   `folder` reads `/etc/cni/net.d` and says what has changed there, and `client` is all of it together. It blocks.
//! - `netns` (Linux): `netns` makes, enters and removes network namespaces.
//!
//! Without them, everything here is pure and portable.
//!
//! # What it does not do
//!
//! It is no plugin and no framework for plugins, and it makes no interface itself. The chains do not keep callers from running
//! two operations on one container at a time; the client of the feature `exec` does.
#![forbid(unsafe_code)]

#[cfg(all(any(feature = "exec", feature = "netns"), not(target_os = "linux")))]
compile_error!("the features `exec` and `netns` of cni-client need Linux; the default features do not");

pub mod attachment;
#[cfg(feature = "exec")]
pub mod cache;
pub mod chain;
#[cfg(feature = "exec")]
pub mod client;
pub mod config;
pub mod error;
#[cfg(feature = "exec")]
pub mod exec;
#[cfg(feature = "exec")]
pub mod folder;
pub mod invocation;
pub mod json;
pub mod name;
#[cfg(feature = "netns")]
pub mod netns;
pub mod network;
pub mod plugins;
pub mod request;
pub mod result;
pub mod version;

/// The example of the README is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
