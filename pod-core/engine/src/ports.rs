//! What the engine asks of the rest of the world: root file systems, a network, and somebody who listens.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use pod_core::lifecycle::{ImageFailure, Notice, PodStatus, Pull};
use pod_core::pod::{App, AppName, ImageConfig, PodSpec, Shared, Uuid};

/// Somebody who has images, verified and rendered.
///
/// It is asked once for each app when a pod is prepared, and again before each restart. While a pod runs it is asked in a thread of
/// its own, so that nothing else waits for the answer.
pub trait RootFs {
    /// The root file system of an app's image, by the app's pull policy.
    ///
    /// # Errors
    ///
    /// When the image cannot be had: a name that is none, a policy that forbids the pull, a pull or a rendering that fails.
    fn root(&mut self, app: &App) -> Result<AppRoot, RootFsError>;

    /// What makes [`RootFs::root`] give up while it goes on, for another thread to call; `None` when nothing does.
    ///
    /// Asked for once, when a pod begins to run, and thrown when it is to end. Until what goes on then has given up the pod's end is waited for.
    fn interrupt(&mut self) -> Option<Interrupt> {
        None
    }
}

/// A root file system that somebody keeps for the apps of a pod, which do not write to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRoot {
    /// The image's identifier in its store: [`crate::Engine::images_in_use`] names it while a pod needs it.
    pub image_id: String,
    /// The trees that it consists of, the uppermost first; absolute paths, at least one.
    pub layers: Vec<PathBuf>,
    /// What the image says of its process.
    pub config: ImageConfig,
    /// What its pull came to; `None` when it was there already.
    pub pull: Option<Pull>,
}

/// Why an image cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootFsError {
    /// Which rule or try failed.
    pub failure: ImageFailure,
    /// What went wrong, for the user.
    pub message: String,
}

impl fmt::Display for RootFsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RootFsError {}

/// What went wrong with a network, in the words of whoever attaches it.
pub type NetworkError = Box<dyn std::error::Error + Send + Sync>;

/// Somebody who attaches network namespaces.
pub trait Network {
    /// Whether a pod can be attached, asked before anything is made for it.
    ///
    /// # Errors
    ///
    /// When it asks for what this network does not have, such as a port of the host.
    fn check(&self, pod: &PodSpec) -> Result<(), NetworkError> {
        let _ = pod;
        Ok(())
    }

    /// Attaches a pod's network namespace, in which the loopback interface is up already.
    ///
    /// # Errors
    ///
    /// When it cannot be attached. [`Network::detach`] is called then as well.
    fn attach(&mut self, pod: &PodSpec, netns: &Path) -> Result<Attachment, NetworkError>;

    /// What makes [`Network::attach`] give up while it goes on, for another thread to call; `None` when nothing does.
    ///
    /// Asked for once, before anything is attached, and thrown when the pod is to end. What was begun is taken back then, and that is waited for.
    fn interrupt(&mut self) -> Option<Interrupt> {
        None
    }

    /// Takes a pod off the network, whatever of it was attached, also when nothing was or nothing is left.
    ///
    /// Everything that is kept for the pod must be found by its identifier alone: the namespace may be gone (`None`), and the
    /// process that attached it is another one, perhaps of before a reboot.
    ///
    /// # Errors
    ///
    /// When something stays. The engine keeps the pod then, and garbage collection tries again.
    fn detach(&mut self, uid: Uuid, netns: Option<&Path>) -> Result<(), NetworkError>;
}

/// A switch that is thrown at most once.
pub type Interrupt = Box<dyn FnOnce() + Send>;

/// What a pod has on the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment {
    /// Its addresses, the preferred one first.
    pub ips: Vec<IpAddr>,
    /// What the network says about names, for a pod that asks it ([`Dns::Network`](pod_core::pod::Dns::Network)).
    pub dns: NetworkDns,
}

/// What a network says about names. Without name servers, those of the host count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkDns {
    /// Name servers, in the order they are asked.
    pub nameservers: Vec<IpAddr>,
    /// Search domains.
    pub searches: Vec<String>,
    /// Options, such as `ndots:5`.
    pub options: Vec<String>,
}

/// The network of a pod that has its loopback interface and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loopback;

impl Network for Loopback {
    /// # Errors
    ///
    /// When an app asks for a port of the host, to which no way would lead.
    fn check(&self, pod: &PodSpec) -> Result<(), NetworkError> {
        if pod.isolation.network == Shared::Host {
            return Ok(());
        }
        for app in &pod.apps {
            if let Some(port) = app.ports.iter().find_map(|port| port.host_port) {
                let text = format!(
                    "app `{}`: host port {port} leads nowhere: the pod has a loopback interface only",
                    app.name
                );
                return Err(text.into());
            }
        }
        Ok(())
    }

    fn attach(&mut self, _: &PodSpec, _: &Path) -> Result<Attachment, NetworkError> {
        Ok(Attachment::default())
    }

    fn detach(&mut self, _: Uuid, _: Option<&Path>) -> Result<(), NetworkError> {
        Ok(())
    }
}

/// Somebody who is told while a pod runs. The monitor waits until a call returns.
pub trait Observer {
    /// Something happened: a Kubernetes event.
    fn notice(&mut self, notice: &Notice);

    /// An app wrote a line; it is in the app's log already. A line of more than 16 KiB comes in pieces.
    fn output(&mut self, app: &AppName, stream: Stream, line: &[u8]);

    /// Something changed: the pod as it is now.
    fn status(&mut self, status: &PodStatus);
}

/// Nobody looks on: what there is to know is in the pod's directory.
impl Observer for () {
    fn notice(&mut self, _: &Notice) {}

    fn output(&mut self, _: &AppName, _: Stream, _: &[u8]) {}

    fn status(&mut self, _: &PodStatus) {}
}

/// Which stream of an app a line came from. With a terminal all is [`Stream::Stdout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// `stdout` or `stderr`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
