//! Plugins as processes (feature `exec`).
//!
//! [`Exec`] runs the program that an [`Invocation`] names: each in a process group of its own, with nothing in its
//! environment but what the invocation and [`Exec`] say, in the folder `/`, within limits of time and output. What it wrote
//! to standard error is kept whatever happens. Needs Linux 5.3 (`pidfd_open`).
#![expect(clippy::disallowed_methods, reason = "the feature `exec` is where processes, files and clocks are")]

mod cancel;
pub(crate) mod orphan;
mod ports;
mod process;
mod require;
mod search;

pub use cancel::Cancel;
pub use ports::require_ports;
pub use require::{MissingPlugins, debian_package, require};

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use crate::invocation::{Invocation, Verb};
use crate::name::PluginType;
use crate::plugins::{Failure, Identity, Output, Plugins};
use crate::request::SearchPath;

/// Where programs that plugins use are searched unless [`Exec::set_env`] says otherwise: `iptables`, `ip` and so on.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// No clock of a file system is coarser.
const SETTLED: Duration = Duration::from_secs(2);

/// How much of a run is borne with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How long one plugin may take; `None` is for ever. 2 minutes by default: a DHCP lease can take 12 seconds.
    pub time: Option<Duration>,
    /// How many bytes a plugin may write to standard output, 1 MiB by default; beyond them it is killed.
    pub stdout: usize,
    /// How many bytes of standard error are kept, the last 64 KiB by default; the rest is read and dropped.
    pub stderr: usize,
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Self =
        Self { time: Some(Duration::from_secs(120)), stdout: 1024 * 1024, stderr: 64 * 1024 };
}

/// The driver that runs plugins as processes.
///
/// The folders to search are those of the invocation's `CNI_PATH`; the first that has the plugin as an executable file
/// counts. A plugin that is too slow or too loud is killed with its process group. One that ends is not waited for any
/// longer, even if a process that it left behind holds its standard output open.
///
/// ```no_run
/// use std::time::Duration;
///
/// use cni_client::chain::{Add, drive};
/// use cni_client::config::NetworkConfig;
/// use cni_client::exec::Exec;
/// use cni_client::request::Request;
///
/// let config = NetworkConfig::parse(r#"{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}"#)?;
/// let request = Request::new("c1".parse()?, "/run/netns/c1".parse()?, "lo".parse()?);
/// let mut exec = Exec::new().with_time_limit(Duration::from_secs(10));
/// let attachment = drive(Add::new(config, request, "/opt/cni/bin:/usr/lib/cni".parse()?)?, &mut exec)?;
/// println!("{}", attachment.to_json());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Exec {
    limits: Limits,
    environment: Vec<(OsString, OsString)>,
    cancel: Option<Cancel>,
}

impl Exec {
    /// With the default limits, and `PATH` alone in the environment.
    #[must_use]
    pub fn new() -> Self {
        let environment = vec![("PATH".into(), DEFAULT_PATH.into())];
        Self { limits: Limits::DEFAULT, environment, cancel: None }
    }

    /// With these limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With this limit of time for each plugin.
    #[must_use]
    pub const fn with_time_limit(mut self, limit: Duration) -> Self {
        self.limits.time = Some(limit);
        self
    }

    /// Gives plugins another variable, such as `TRACEPARENT`. What begins with `CNI_` is the invocation's to say.
    pub fn set_env(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        let name = name.into();
        self.environment.retain(|(n, _)| *n != name);
        self.environment.push((name, value.into()));
    }

    /// Lets another thread stop what runs. DEL is not stopped: it cleans up, and its limit of time bounds it.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// All of the environment; the invocation wins.
    fn environment<'a>(&'a self, invocation: &'a Invocation) -> impl Iterator<Item = (&'a OsStr, &'a OsStr)> {
        let own = self.environment.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
        let own = own.filter(|(name, _)| !name.as_encoded_bytes().starts_with(b"CNI_"));
        own.chain(invocation.environment.iter().map(|(name, value)| (OsStr::new(name), value.as_os_str())))
    }
}

impl Default for Exec {
    fn default() -> Self {
        Self::new()
    }
}

impl Plugins for Exec {
    fn run(&mut self, invocation: &Invocation) -> Result<Output, Failure> {
        let cancel = self.cancel.as_ref().filter(|_| invocation.verb != Verb::Del);
        if cancel.is_some_and(Cancel::is_cancelled) {
            return Err(Failure::Cancelled { started: false });
        }
        let started = Instant::now();
        let deadline = self.limits.time.and_then(|limit| started.checked_add(limit));
        let path = invocation.variable("CNI_PATH").unwrap_or_default();
        let folders: Vec<PathBuf> =
            std::env::split_paths(path).filter(|f| !f.as_os_str().is_empty()).collect();
        let program = search::find(&invocation.plugin, &folders)?;
        let child = process::start(&program, self.environment(invocation), deadline)?;
        let outcome = process::attend(child, &program, invocation, &self.limits, deadline, cancel);
        tracing::debug!(
            verb = %invocation.verb,
            plugin = %invocation.plugin,
            program = %program.display(),
            milliseconds = started.elapsed().as_millis(),
            outcome = %match &outcome {
                Ok(output) => output.exit.to_string(),
                Err(failure) => failure.to_string(),
            },
            "ran a plugin"
        );
        outcome
    }

    /// The file, and when it was changed. One that was changed a moment ago may be changed again and look the same.
    fn identity(&mut self, plugin: &PluginType, path: &SearchPath) -> Option<Identity> {
        let folders: Vec<PathBuf> = path.folders().map(ToOwned::to_owned).collect();
        let program = search::find(plugin, &folders).ok()?;
        let metadata = std::fs::metadata(&program).ok()?;
        let changed =
            Duration::new(metadata.ctime().try_into().ok()?, metadata.ctime_nsec().try_into().ok()?);
        let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH.checked_add(changed)?).ok()?;
        let (device, inode, size) = (metadata.dev(), metadata.ino(), metadata.size());
        let program = program.to_str()?;
        (age >= SETTLED).then(|| {
            Identity::new(format!(
                "{device}:{inode}:{size}:{}.{:09}:{program}",
                changed.as_secs(),
                changed.subsec_nanos()
            ))
        })
    }
}
