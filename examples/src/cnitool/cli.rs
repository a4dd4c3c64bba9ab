//! The command line.

use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use cni_client::attachment::{Attachment, AttachmentKey};
use cni_client::cache::Cache;
use cni_client::client::Client;
use cni_client::config::NetworkConfig;
use cni_client::exec::{Cancel, Exec};
use cni_client::folder::Folder;
use cni_client::json::{Json, Object};
use cni_client::name::{ContainerId, InterfaceName, NetworkName};
use cni_client::request::{CapabilityArgs, CniArgs, Netns, Request, SearchPath};
use sha2::{Digest, Sha512};

use super::interrupt;
use super::trace::Traced;
use crate::output::{Format, eprint};

/// Attaches network namespaces to networks, and detaches them again, by hand.
///
/// It takes the arguments and the environment of the tool of the same name that the CNI project has, and prints the same. What it
/// adds: a failed add is undone, del works from what add has written down even when the configuration has changed or the
/// namespace is gone, and plugins have limits. Ctrl-C makes an add give up: what runs is killed, what was begun is undone.
///
/// Exit status: 0; 1 when something could not be done; 2 when the command line makes no sense.
#[derive(Debug, Parser)]
#[command(
    name = "cnitool",
    version,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = "Examples:
  ip netns add web
  CNI_PATH=/usr/lib/cni cnitool add dbnet /run/netns/web
  cnitool --trace del dbnet /run/netns/web

`cnitool COMMAND --help` says more about each command."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
#[command(next_display_order = 100)]
pub(crate) struct Global {
    /// The folders with plugins, with colons between.
    #[arg(
        long,
        global = true,
        env = "CNI_PATH",
        value_name = "DIRS",
        default_value = "/opt/cni/bin:/usr/lib/cni"
    )]
    cni_path: SearchPath,
    /// The folder with configurations of networks.
    #[arg(long, global = true, env = "NETCONFPATH", value_name = "DIR", default_value = "/etc/cni/net.d")]
    net_dir: PathBuf,
    /// Where attachments are written down.
    #[arg(
        long,
        global = true,
        env = "CNITOOL_CACHE",
        value_name = "DIR",
        default_value = "/var/lib/cni/attachments"
    )]
    cache: PathBuf,
    /// Where libcni has written down its own: what it attached is detached and checked, too.
    #[arg(long, global = true, value_name = "DIR", default_value = "/var/lib/cni/results")]
    libcni_cache: PathBuf,
    /// How long one plugin may take.
    #[arg(long, global = true, value_name = "DURATION", default_value = "2m", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// How results are printed; without it, as the CNI project's tool prints them.
    #[arg(long, short, global = true, value_enum)]
    pub(crate) output: Option<Format>,
    /// Show each run of a plugin, with its input, output and time, on standard error.
    #[arg(long, global = true)]
    trace: bool,
}

impl Global {
    /// The networks of the folder; what is wrong with single files is told.
    pub(crate) fn folder(&self) -> Folder {
        let folder = Folder::load(&self.net_dir);
        for problem in folder.problems() {
            eprint(&format!("cnitool: warning: {problem}\n"));
        }
        folder
    }

    /// A network of the folder.
    pub(crate) fn network(&self, name: &NetworkName) -> anyhow::Result<NetworkConfig> {
        let folder = self.folder();
        let found = folder.find(name).cloned();
        found.with_context(|| format!("no network `{name}` in `{}`", self.net_dir.display()))
    }

    /// What runs plugins.
    pub(crate) fn plugins(&self, cancel: Cancel) -> Traced<Exec> {
        Traced::new(Exec::new().with_time_limit(self.timeout).with_cancel(cancel), self.trace)
    }

    /// What remembers attachments, too.
    pub(crate) fn client(&self) -> anyhow::Result<Client<Traced<Exec>>> {
        let cancel = interrupt::switch()?;
        let (plugins, cache) = (self.plugins(cancel.clone()), Cache::open(&self.cache)?);
        Ok(Client::new(plugins, self.cni_path.clone(), cache).with_cancel(cancel))
    }

    pub(crate) const fn cni_path(&self) -> &SearchPath {
        &self.cni_path
    }

    pub(crate) fn libcni_cache(&self) -> &Path {
        &self.libcni_cache
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Attach a namespace to a network, and print what it has there.
    ///
    /// What is done is written down before it is done; `check` and `del` take the same arguments.
    ///
    /// The container has the ID that the CNI project's tool would give it, which is made of the namespace's path.
    Add(AddArgs),
    /// Ask the plugins whether everything is as `add` left it.
    ///
    /// What the CNI project's tool has attached is checked, too.
    Check(AddArgs),
    /// Detach a namespace from a network.
    ///
    /// Neither the configuration nor the namespace is needed any more, and it may be repeated. What nobody has written down is
    /// undone as well as the configuration allows; what the CNI project's tool has attached is detached, too.
    Del(AddArgs),
    /// Ask the plugins of a network whether they can serve it.
    ///
    /// Plugins can be asked from version 1.1.0 on; a network of an earlier one counts as ready.
    Status(NetworkArgs),
    Gc(GcArgs),
    /// Print the versions that the plugins of a network speak, and the one that they are spoken to in.
    Version(NetworkArgs),
    List(ListArgs),
    Show(ShowArgs),
}

/// What `add`, `check` and `del` take.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cnitool add dbnet /run/netns/web
  CNI_ARGS='IgnoreUnknown=1;IP=10.1.0.7' cnitool add dbnet /run/netns/web
  CAP_ARGS='{\"portMappings\":[{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\"}]}' cnitool add dbnet /run/netns/web
  cnitool check dbnet /run/netns/web
  cnitool del dbnet /run/netns/web")]
pub(crate) struct AddArgs {
    /// The network.
    #[arg(value_name = "NET")]
    pub(crate) network: NetworkName,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
    /// Arguments for all plugins, `K=V` with semicolons between.
    #[arg(long, env = "CNI_ARGS", value_name = "ARGS")]
    args: Option<CniArgs>,
    /// Arguments for the plugins that declare the capability, as a JSON object.
    #[arg(long, env = "CAP_ARGS", value_name = "JSON")]
    capability_args: Option<Object>,
}

impl AddArgs {
    pub(crate) fn key(&self) -> anyhow::Result<AttachmentKey> {
        self.container.key(&self.network)
    }

    pub(crate) fn request(&self) -> anyhow::Result<Request> {
        let capabilities = CapabilityArgs::from_object(self.capability_args.clone().unwrap_or_default());
        let container = &self.container;
        Ok(Request::new(container.id()?, container.netns()?, container.interface.clone())
            .with_args(self.args.clone().unwrap_or_default())
            .with_capabilities(capabilities))
    }

    /// What nobody has written down, as far as it is known.
    pub(crate) fn unrecorded(&self, config: NetworkConfig) -> anyhow::Result<Attachment> {
        Ok(Attachment::new(config, self.request()?)?)
    }
}

/// One interface of a namespace.
#[derive(Debug, Args)]
pub(crate) struct ContainerArgs {
    /// The namespace, such as /run/netns/web or /proc/42/ns/net.
    #[arg(value_name = "NETNS")]
    netns: PathBuf,
    /// The interface inside.
    #[arg(long, short, env = "CNI_IFNAME", value_name = "NAME", default_value = "eth0")]
    interface: InterfaceName,
    /// The container's ID.
    #[arg(long, value_name = "ID")]
    container_id: Option<ContainerId>,
}

impl ContainerArgs {
    pub(crate) fn key(&self, network: &NetworkName) -> anyhow::Result<AttachmentKey> {
        Ok(AttachmentKey::new(network.clone(), self.id()?, self.interface.clone()))
    }

    fn netns(&self) -> anyhow::Result<Netns> {
        Ok(Netns::try_from(absolute(&self.netns)?.as_path())?)
    }

    /// The ID that was given, else that of the CNI project's tool: the beginning of a hash of the namespace's path.
    fn id(&self) -> anyhow::Result<ContainerId> {
        if let Some(id) = &self.container_id {
            return Ok(id.clone());
        }
        let hash = Sha512::digest(self.netns()?.as_str());
        let digits: String = hash.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("cnitool-{digits}").parse()?)
    }
}

/// The path without `.` and `..`, by its text alone, as Go's `filepath.Abs` makes it.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let whole = std::path::absolute(path).with_context(|| format!("no path: `{}`", path.display()))?;
    let mut clean = PathBuf::new();
    for component in whole.components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    Ok(clean)
}

/// A network.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cnitool status dbnet
  cnitool version dbnet
  cnitool version dbnet --output json | jq .chosen")]
pub(crate) struct NetworkArgs {
    /// The network.
    #[arg(value_name = "NET")]
    pub(crate) network: NetworkName,
    /// Not needed: the CNI project's tool wants one here.
    #[arg(value_name = "NETNS", hide = true)]
    _netns: Option<PathBuf>,
}

/// Bring a network back to its valid attachments: what is stale is detached, and the plugins clean up.
///
/// An attachment is valid as long as its namespace is there. (The CNI project's tool takes none for valid and deletes all, whatever
/// NETNS says; here that is `--all`.)
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cnitool gc dbnet
  cnitool gc dbnet --keep cnitool-3d1f0a9be2c4d5e6f708:eth0
  cnitool gc dbnet --all")]
pub(crate) struct GcArgs {
    /// The network.
    #[arg(value_name = "NET")]
    pub(crate) network: NetworkName,
    /// Not needed: the CNI project's tool wants one here.
    #[arg(value_name = "NETNS", hide = true)]
    _netns: Option<PathBuf>,
    /// The attachments that are valid; no others are then.
    #[arg(long, value_name = "CONTAINER:INTERFACE")]
    pub(crate) keep: Vec<Keep>,
    /// No attachment is valid.
    #[arg(long, conflicts_with = "keep")]
    pub(crate) all: bool,
}

/// A container and its interface.
#[derive(Debug, Clone)]
pub(crate) struct Keep(pub(crate) ContainerId, pub(crate) InterfaceName);

impl FromStr for Keep {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((container, interface)) = text.split_once(':') else {
            bail!("`CONTAINER:INTERFACE` is expected")
        };
        Ok(Self(container.parse()?, interface.parse()?))
    }
}

/// List the networks of the folder.
///
/// Files that are no configurations are told on standard error, and stand in no other's way.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cnitool list
  NETCONFPATH=./net.d cnitool list --output json")]
pub(crate) struct ListArgs {}

/// Print the whole configuration of a network, or what is written down of an attachment to it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cnitool show dbnet
  cnitool show dbnet /run/netns/web")]
pub(crate) struct ShowArgs {
    /// The network.
    #[arg(value_name = "NET")]
    pub(crate) network: NetworkName,
    /// The namespace that was attached.
    #[arg(value_name = "NETNS")]
    netns: Option<PathBuf>,
    /// The interface inside.
    #[arg(long, short, env = "CNI_IFNAME", value_name = "NAME", default_value = "eth0")]
    interface: InterfaceName,
    /// The container's ID.
    #[arg(long, value_name = "ID")]
    container_id: Option<ContainerId>,
}

impl ShowArgs {
    /// The attachment that is asked for, if one is.
    pub(crate) fn key(&self) -> anyhow::Result<Option<AttachmentKey>> {
        let Some(netns) = self.netns.clone() else { return Ok(None) };
        let (interface, container_id) = (self.interface.clone(), self.container_id.clone());
        ContainerArgs { netns, interface, container_id }.key(&self.network).map(Some)
    }
}

/// Prints JSON: laid out as the CNI project's tool does, or as YAML.
pub(crate) fn print_json(output: Option<Format>, json: &Json) -> anyhow::Result<()> {
    match output {
        Some(Format::Yaml) => Format::Yaml.print(&json.decode::<serde_json::Value>()?),
        _ => crate::output::print(&(json.pretty(4) + "\n")),
    }
}
