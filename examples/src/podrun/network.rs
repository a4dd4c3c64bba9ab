//! The networks of pods: CNI behind the engine's port.

mod args;
mod hosts;
mod ports;
mod resolver;
mod told;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use cni_client::cache::{Cache, CacheError};
use cni_client::client::Client;
use cni_client::exec::{Cancel, Exec, require, require_ports};
use cni_client::folder;
use cni_client::name::{ContainerId, NetworkName};
use cni_client::network::{
    ANNOTATION, Joined, Layer, PodNetwork, Selection, check_ports_free, resolve, with_ports,
};
use cni_client::request::{CapabilityArgs, Netns, SearchPath};
use pod_core::pod::{PodSpec, Shared, Uuid};
use pod_engine::userns::{self, Identifiers};
use pod_engine::{Attachment, Interrupt, Network, NetworkDns, NetworkError};

pub(crate) use args::NetworkArgs;

/// Where networks are described on every machine; the later one wins.
const SYSTEM: [&str; 2] = ["/usr/lib/podkit/net.d", "/etc/podkit/net.d"];

/// Where networks and their plugins are.
#[derive(Debug, Clone, Args)]
pub(crate) struct NetworkPaths {
    /// A folder with configurations of networks; they win over those in /etc/podkit/net.d, /usr/lib/podkit/net.d and the built-in
    /// ones of the same name.
    #[arg(long, global = true, env = "PODKIT_NET_DIR", value_name = "DIR", hide_short_help = true)]
    net_dir: Option<PathBuf>,
    /// The folders with network plugins, with colons between.
    #[arg(
        long,
        global = true,
        env = "CNI_PATH",
        value_name = "DIRS",
        default_value = "/usr/lib/cni:/opt/cni/bin:/usr/libexec/cni",
        hide_short_help = true
    )]
    cni_path: SearchPath,
}

impl NetworkPaths {
    /// Gives another podrun these options.
    pub(crate) fn pass_on(&self, command: &mut Command) -> anyhow::Result<()> {
        if let Some(dir) = &self.net_dir {
            command.arg("--net-dir").arg(std::path::absolute(dir)?);
        }
        command.arg("--cni-path").arg(self.cni_path.as_os_str());
        Ok(())
    }
}

/// The networks that pods join, each by the annotation that [`NetworkArgs::apply`] has left.
#[derive(Debug)]
pub(crate) struct Networks {
    folders: Vec<PathBuf>,
    path: SearchPath,
    records: PathBuf,
    cancel: Option<Cancel>,
}

impl Networks {
    /// Those of this machine; what pods have of them is written down in the data directory.
    pub(crate) fn new(data_dir: &Path, paths: &NetworkPaths) -> Self {
        let folders = SYSTEM.iter().map(PathBuf::from).chain(paths.net_dir.clone()).collect();
        Self { folders, path: paths.cni_path.clone(), records: data_dir.join("cni"), cancel: None }
    }

    fn client(&self) -> Result<Client<Exec>, CacheError> {
        let (path, cache) = (self.path.clone(), Cache::open(&self.records)?);
        Ok(match self.cancel.clone() {
            Some(cancel) => {
                Client::new(Exec::new().with_cancel(cancel.clone()), path, cache).with_cancel(cancel)
            }
            None => Client::new(Exec::new(), path, cache),
        })
    }

    /// What is described on this machine.
    fn described(&self) -> folder::Networks {
        let described = folder::Networks::load([Layer::builtin()], self.folders.iter().cloned());
        for problem in described.problems() {
            told::once(&problem.to_string());
        }
        described
    }

    /// What a pod joins: nothing when it has its loopback interface only, or the host's network.
    fn joined(&self, pod: &PodSpec) -> Result<Vec<(Joined, CapabilityArgs)>, NetworkError> {
        let networks = match selection(pod)? {
            Selection::Host => return Ok(Vec::new()),
            Selection::None => Vec::new(),
            Selection::Networks(wanted) => {
                let resolved = resolve(&wanted, &self.described().layers())?;
                for remark in &resolved.remarks {
                    tracing::info!("{remark}");
                }
                resolved.networks
            }
        };
        let mappings = ports::mappings(pod);
        if !mappings.is_empty() && self.records.exists() {
            let others = self.client()?.cache().list()?;
            check_ports_free(&mappings, &container(pod.uid)?, &others.attachments)?;
        }
        Ok(with_ports(networks, &mappings)?)
    }
}

/// What a pod selects; its flags are in its annotation by now.
fn selection(pod: &PodSpec) -> Result<Selection, NetworkError> {
    let annotation = pod.annotations.get(ANNOTATION).map(String::as_str);
    Ok(Selection::of_pod(None, annotation, pod.isolation.network == Shared::Host)?)
}

impl Network for Networks {
    fn check(&self, pod: &PodSpec) -> Result<(), NetworkError> {
        let joined = self.joined(pod)?;
        let Some((first, _)) = joined.first() else { return Ok(()) };
        // An ordinary user is root of a user namespace by now.
        if userns::identifiers() != Identifiers::All {
            return Err(format!(
                "network `{}` needs root, who may make interfaces on this machine; without root there are `--net=none` and \
                 `--net=host`",
                first.config.name()
            )
            .into());
        }
        let configs = || joined.iter().map(|(joined, _)| &joined.config);
        configs().try_for_each(|config| match config.version() {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("network `{}`: {error}", config.name())),
        })?;
        require(configs(), &self.path)?;
        Ok(require_ports(&ports::mappings(pod))?)
    }

    fn attach(&mut self, pod: &PodSpec, netns: &Path) -> Result<Attachment, NetworkError> {
        let joined = self.joined(pod)?;
        if joined.is_empty() {
            return Ok(Attachment::default());
        }
        let attachments = self.client()?.attach(&container(pod.uid)?, &Netns::try_from(netns)?, joined)?;
        let network = PodNetwork::of(&attachments);
        let mut ips: Vec<IpAddr> = Vec::new();
        for ip in network.addresses() {
            if !ips.contains(&ip) {
                ips.push(ip);
            }
        }
        let dns = NetworkDns {
            nameservers: network.dns.servers().collect(),
            searches: network.dns.searches().map(ToOwned::to_owned).collect(),
            options: network.dns.resolver_options().map(ToOwned::to_owned).collect(),
        };
        Ok(Attachment { ips, dns })
    }

    fn interrupt(&mut self) -> Option<Interrupt> {
        // Without a file descriptor to spare, plugins are waited for.
        let cancel = Cancel::new().ok()?;
        self.cancel = Some(cancel.clone());
        Some(Box::new(move || cancel.cancel()))
    }

    fn detach(&mut self, uid: Uuid, netns: Option<&Path>) -> Result<(), NetworkError> {
        if !self.records.exists() {
            return Ok(());
        }
        let netns = netns.map(Netns::try_from).transpose()?;
        let described = self.described();
        let config = |name: &NetworkName| described.find(name).cloned();
        let report = self.client()?.detach(&container(uid)?, netns.as_ref(), &config)?;
        report.failures.into_iter().next().map_or(Ok(()), |error| Err(error.into()))
    }
}

/// A pod's name for plugins is its UUID, as rkt has it.
fn container(uid: Uuid) -> Result<ContainerId, NetworkError> {
    Ok(uid.to_string().parse()?)
}
