//! Runs a pod on Linux: nothing else knows how, and there is no daemon.
//!
//! The engine takes a [`PodSpec`](pod_core::pod::PodSpec), the neutral model that manifests lower into, and leads it through its
//! life as [`pod_core::lifecycle`] decides it. Everything that it knows is in directories that move by rename and are locked by
//! whoever works on them, so that the programs of a machine find each other's pods, and [`Engine::gc`] brings the machine back to
//! where it was, whatever died at whatever moment.
//!
//! ```no_run
//! use pod_core::lifecycle::{Notice, PodStatus};
//! use pod_core::pod::{App, AppName, ImageConfig, PodSpec};
//! use pod_engine::{AppRoot, Engine, GcOptions, Loopback, Observer, RootFs, RootFsError, Stream};
//!
//! /// Every image is the same tree.
//! struct OneTree;
//!
//! impl RootFs for OneTree {
//!     fn root(&mut self, app: &App) -> Result<AppRoot, RootFsError> {
//!         let (image_id, layers) = (app.image.clone(), vec!["/srv/tree".into()]);
//!         Ok(AppRoot { image_id, layers, config: ImageConfig::default(), pull: None })
//!     }
//! }
//!
//! struct Printer;
//!
//! impl Observer for Printer {
//!     fn notice(&mut self, notice: &Notice) {
//!         eprintln!("{} {}: {}", notice.severity, notice.reason, notice.message);
//!     }
//!     fn output(&mut self, app: &AppName, _: Stream, line: &[u8]) {
//!         println!("{app} | {}", String::from_utf8_lossy(line));
//!     }
//!     fn status(&mut self, _: &PodStatus) {}
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // The first line of every program that embeds the engine: it is launched once more for what works inside a pod.
//!     pod_engine::stage1::run_if_asked();
//!
//!     let spec: PodSpec = serde_json::from_slice(&std::fs::read("pod.json")?)?;
//!     let engine = Engine::open("/var/lib/podkit")?;
//!     let prepared = engine.prepare(&spec, &mut OneTree)?;
//!     let status = engine.run(prepared, &mut OneTree, &mut Loopback, &mut Printer)?;
//!     engine.gc(&GcOptions::default(), &mut Loopback)?;
//!     std::process::exit(status.exit_code())
//! }
//! ```
//!
//! # The map
//!
//! | what | for |
//! |---|---|
//! | [`Engine`], [`Prepared`], [`PodEntry`] | prepare, run, list, remove and collect pods |
//! | [`RootFs`], [`Network`], [`Observer`] | what the engine asks of whoever has images, networks and eyes |
//! | [`Loopback`] | the network of a pod that has none |
//! | [`PodEntry::stop`], [`PodEntry::exec`], [`PodEntry::attach`], [`PodEntry::set_gate`], [`PodEntry::watch`], [`Engine::wait`] | what others ask of a pod that runs: its monitor answers on a socket in the pod's directory |
//! | [`PodEntry::logs`], [`PodEntry::events`], [`PodEntry::stats`], [`prometheus`] | what is known of a pod without its monitor |
//! | [`Engine::start`], [`Engine::handed_over`], [`Engine::foreground`] | a monitor in the background, and a terminal in front of it |
//! | [`PodState`] | where a pod stands on disk: rkt's states |
//! | [`GcOptions`], [`GcReport`] | garbage collection in two passes, as rkt's |
//! | [`userns`] | an ordinary user's way: to be root of a user namespace |
//! | [`stage1`], [`plan`] | the process between monitor and app, and what it is told: for whoever runs processes of a pod otherwise |
//! | [`Error`] | what was being done, to what, and why it failed |
//!
//! # Who does what
//!
//! [`Engine::run`] is the pod's *monitor*: one loop that waits for nothing but poll(2). It launches a *stage1*
//! process for each app, which makes the app's root and confinement from the inside and becomes the app. Hooks and probes of kind
//! exec run in the app; those by network run in a short-lived process in the pod's network namespace. The apps' output goes into
//! logs in the form of the Container Runtime Interface, and to the [`Observer`].
//!
//! If a monitor is killed, its pod's processes run on until [`Engine::gc`] ends them: they are found by their control groups, and
//! by number, start time and boot through a pidfd. Where there are no control groups, what an app with the host's process namespace
//! has started and left cannot be found again.
//!
//! # What it does not do
//!
//! It fetches no image and attaches no network, it understands no manifest, and it decides no rule of a pod's life: those are its
//! neighbours' work. What a pod asks for and is not done yet is refused by name when it is prepared, such as HTTPS without the feature
//! `tls`.
//!
//! Where only control groups of version 2 are mounted, no controller keeps apps from devices: they do not get `CAP_MKNOD` there, and device
//! nodes in their images and volumes are dead. An ordinary user has no network but none or the host's, and only those limits whose
//! control groups were delegated; what an app of such a pod with the host's process namespace leaves running cannot be found again.
#![cfg(target_os = "linux")]

mod background;
mod cgroup;
mod compose;
mod control;
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
mod session;
mod signals;
pub mod stage1;
mod stats;
mod sys;
pub mod userns;
mod volume;

pub use dir::PodState;
pub use engine::{Engine, PodEntry, Prepared};
pub use error::Error;
pub use gc::{GcOptions, GcReport};
pub use log::{LogLimits, LogLine};
pub use monitor::host_addresses;
pub use ports::{
    AppRoot, Attachment, Interrupt, Loopback, Network, NetworkDns, NetworkError, Observer, RootFs,
    RootFsError, Stream,
};
pub use session::{
    Change, Console, DetachKeys, Detached, Exec, Foreground, Goal, LogOptions, ParseDetachKeysError, Watch,
};
pub use stats::{AppStats, InterfaceStats, IoStats, MemoryStats, PodStats, prometheus};

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
