//! The command line.

mod image;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process;
use std::time::Duration;

use anyhow::Context;
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use pod_core::backoff::Backoff;
use pod_engine::{DetachKeys, Engine};
use tracing_subscriber::EnvFilter;

pub(crate) use image::{
    FetchArgs, ImageCatManifestArgs, ImageCommand, ImageExportArgs, ImageExtractArgs, ImageGcArgs,
    ImageImportArgs, ImageRmArgs, ImageVerifyArgs,
};

use super::events::EventsArgs;
use super::front::FrontArgs;
use super::gate::GateArgs;
use super::image_args::ImageArgs;
use super::images::Supply;
use super::logs::LogsArgs;
use super::network::{NetworkArgs, NetworkPaths, Networks};
use super::play::PlayArgs;
use super::pod_args::PodArgs;
use super::stats::StatsArgs;
use super::user;
use crate::discovery::DiscoveryArgs;
use crate::output::{Color, Format};
use crate::registry::RegistryArgs;
use crate::shape::Shape;

/// Runs pods: groups of containers that share a network, a host name and volumes, and live and end together.
///
/// podrun takes Kubernetes Pod YAML as it is, App Container images and those of Docker and OCI, and runs them on this machine: there is no
/// daemon, no cluster and no container tool behind it. The command itself watches the pod, and is done when the pod is; with `-d` it
/// does so in the background.
///
/// Exit status: of `run`, the first exit code that is not 0, in the order of the pod's containers, else 0; 254 for
/// everything that podrun itself could not do.
#[derive(Debug, Parser)]
#[command(
    name = "podrun",
    version,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = "Examples:
  podrun run examples/pods/hello.yaml    run the demo pod, and wait for its end
  podrun run image.tar -- echo hello     run an image, here of `docker save`
  podrun gc --grace-period 0             remove what ended pods have left

`podrun COMMAND --help` says more about each command."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 100)]
pub(crate) struct Global {
    /// Where pods and images are kept. An ordinary user has them in `$XDG_DATA_HOME/podkit`.
    #[arg(long, global = true, env = "PODKIT_DIR", default_value_os_t = user::data_dir(), value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// How results are printed: `table`, `json`, `yaml`; those of `podrun play` also `wide`, `name`, `jsonpath=TEMPLATE` and
    /// `custom-columns=HEADING:PATH,…`.
    #[arg(id = "output", long, short, global = true, default_value = "table", value_name = "FORMAT")]
    pub(crate) shape: Shape,
    /// When colours are used.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Tell what is being done, on standard error; twice: tell more. Events then carry their time.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(flatten)]
    pub(crate) networks: NetworkPaths,
    #[command(flatten)]
    pub(crate) registries: RegistryArgs,
    #[command(flatten)]
    pub(crate) discovery: DiscoveryArgs,
}

impl Global {
    /// Shows what the crates trace, as far as `-v` or `RUST_LOG` asks for it.
    pub(crate) fn start_tracing(&self) {
        let level = match self.verbose {
            0 => "warn",
            1 => "info",
            _ => "debug",
        };
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .with_ansi(self.color.paint(&io::stderr()).is_on())
            .with_target(self.verbose > 1)
            .init();
    }

    /// How results are printed that are no objects of Kubernetes.
    pub(crate) const fn output(&self) -> Format {
        match self.shape {
            Shape::Json => Format::Json,
            Shape::Yaml => Format::Yaml,
            Shape::Table | Shape::Wide | Shape::Name | Shape::JsonPath(_) | Shape::Columns(_) => {
                Format::Table
            }
        }
    }

    /// Sees that the format is one that every result has.
    pub(crate) fn check_output(&self) -> anyhow::Result<()> {
        match self.shape {
            Shape::Table | Shape::Json | Shape::Yaml => Ok(()),
            Shape::Wide | Shape::Name | Shape::JsonPath(_) | Shape::Columns(_) => {
                let message = "this command prints `table`, `json` or `yaml`; the other formats are those of `podrun play`\n";
                Err(Cli::command().error(ErrorKind::InvalidValue, message).into())
            }
        }
    }

    /// The engine on the data directory; what that stands in, such as `~/.local/share`, may not be there yet.
    pub(crate) fn engine(&self) -> anyhow::Result<Engine> {
        if let Some(parent) = self.dir.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot make `{}`", parent.display()))?;
        }
        Ok(Engine::open(&self.dir)?)
    }

    /// Gives another podrun the options that matter for a pod's life.
    pub(crate) fn pass_on(&self, command: &mut process::Command, engine: &Engine) -> anyhow::Result<()> {
        command.arg("--dir").arg(engine.data_dir()).args((0..self.verbose).map(|_| "--verbose"));
        self.networks.pass_on(command)?;
        self.registries.pass_on(command)?;
        self.discovery.pass_on(command)
    }

    /// Where images come from.
    pub(crate) fn supply(&self, engine: &Engine) -> anyhow::Result<Supply> {
        Supply::open(engine.data_dir(), &self.registries, &self.discovery)
    }

    /// The networks that pods join.
    pub(crate) fn networks(&self) -> Networks {
        Networks::new(&self.dir, &self.networks)
    }

    /// What a command needs that makes or removes something of a pod: an ordinary user gets a namespace in which it is root.
    pub(crate) fn require_root(&self, command: &str) -> anyhow::Result<()> {
        user::become_root(command)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Prepare(PrepareArgs),
    RunPrepared(RunPreparedArgs),
    Stop(StopArgs),
    Rm(RmArgs),
    Exec(ExecArgs),
    Attach(AttachArgs),
    Wait(WaitArgs),
    Gate(GateArgs),
    Logs(LogsArgs),
    Events(EventsArgs),
    Stats(StatsArgs),
    Gc(GcArgs),
    List(ListArgs),
    Status(StatusArgs),
    Fetch(FetchArgs),
    /// Look at, import, export and remove the images of this machine.
    Image {
        #[command(subcommand)]
        command: ImageCommand,
    },
    Play(PlayArgs),
    Completions(CompletionsArgs),
}

/// Run a pod, and wait for its end.
///
/// A pod is one Kubernetes manifest, or images:
///
///   FILE.yaml            a Kubernetes Pod, and beside it, as further YAML documents, the
///                        ConfigMaps and Secrets that it uses; `-` is standard input
///   NAME[:VERSION]       an image of that name: in the store, or else in its registry
///   docker://NAME[:TAG]  the same, by the word that rkt and skopeo have for it
///   appc://NAME[:VERSION][,LABEL=VALUE…]
///                        an App Container image that somebody who is believed for the name has
///                        signed: in the store, or else where discovery finds it. So are names for
///                        which you believe a key (`acitool trust add --prefix`), also in manifests
///   sha512-…             an image that the store has, by its ID or the beginning of it
///   FILE.aci, FILE.tar   an image file: an App Container image, or an archive of `docker save`,
///                        `podman save` or skopeo; docker-archive:FILE[:NAME] says which image in it
///   DIR, oci:DIR[:TAG]   a directory that is an OCI image layout
///
/// Several images are one pod: they share a network, and volumes if you say so. What belongs to an
/// image stands behind it: its options, and behind `--` the arguments of its program, up to `---`.
///
/// What the containers print arrives live, each line behind its container's name: their standard
/// output on standard output, their standard error on standard error. Events go to standard error,
/// and so does the table at the end. An image that runs alone is as if it ran here: its lines are
/// bare, and there is no table. With `--output json` or `yaml`, standard output has one document
/// only, the status of the pod after its end, and what the containers print goes to standard error.
///
/// Ctrl-C asks the pod to stop, with its grace period; a second Ctrl-C kills it.
///
/// With `-i` or `-t` the program of an image that runs alone has your input, or a terminal: the pod's monitor is in the background
/// then, ctrl-p ctrl-q leaves it, and `podrun attach` comes back.
///
/// Without root the pod runs in a user namespace: with --net=none or --net=host, with the users that
/// /etc/subuid and /etc/subgid give you (else as user 0 only), and with those limits whose control
/// groups were delegated to you. Pods and images are then in `$XDG_DATA_HOME/podkit`.
///
/// Annotations of a Kubernetes Pod that podrun knows:
///
///   podkit.dev/net                    the networks that the pod joins, as with --net
///   podkit.dev/copy-exec.CONTAINER    make that container's image from these programs of this
///                                     machine, absolute paths with commas between;
///                                     imagePullPolicy says when
///
/// Exit status: the first exit code that is not 0, in the order of the pod's containers (128 + N for
/// a process that signal N ended), else 0; 254 when podrun itself failed, and then no container has
/// been started, or its end was not seen.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    override_usage = "podrun run [OPTIONS] FILE.yaml
       podrun run [OPTIONS] IMAGE [OPTIONS OF THE IMAGE] [-- ARGUMENT…] [---] [IMAGE …]…
       podrun run [OPTIONS] --pod-manifest FILE.json",
    after_help = "Examples:
  podrun run examples/pods/hello.yaml
  podrun run --net=default --port=http:8080 pod.yaml
  podrun run --rm docker://docker.io/library/busybox -- echo hello
  podrun run -it --rm docker://docker.io/library/busybox -- sh
  podrun run tools.aci --exec /bin/sh -- -c 'echo hello'
  podrun run --volume work,kind=empty example.com/make --mount volume=work,target=/out \\
             example.com/serve --memory 64Mi -- /out
  podrun run --output json - <pod.yaml 2>/dev/null | jq .status.phase"
)]
pub(crate) struct RunArgs {
    /// Remove what is left of the pod when it has ended, its logs too; its images stay.
    #[arg(long, conflicts_with = "detach")]
    pub(crate) rm: bool,
    #[command(flatten)]
    pub(crate) pod: PodWhat,
    #[command(flatten)]
    pub(crate) background: BackgroundArgs,
    #[command(flatten)]
    pub(crate) front: FrontArgs,
    #[command(flatten)]
    pub(crate) restarts: RestartArgs,
}

/// Where the pod's monitor is.
#[derive(Debug, Args)]
pub(crate) struct BackgroundArgs {
    /// Run the pod in the background, and print its UUID once it runs: the terminal may go. `podrun logs` has what it prints.
    #[arg(long, short)]
    pub(crate) detach: bool,
}

/// How long a container that ends again and again waits.
#[derive(Debug, Args)]
pub(crate) struct RestartArgs {
    /// The longest wait between restarts of a container, 1s to 5m (the kubelet's maxContainerRestartPeriod). It begins at 10s, or at this.
    #[arg(long, value_name = "DURATION", value_parser = restart_period)]
    max_restart_period: Option<Duration>,
}

impl RestartArgs {
    pub(crate) fn apply(&self, engine: Engine) -> Engine {
        match self.max_restart_period {
            Some(max) => engine.with_restarts(Backoff::restarts_within(max)),
            None => engine,
        }
    }

    /// Gives another podrun the same.
    pub(crate) fn pass_on(&self, command: &mut process::Command) {
        if let Some(max) = self.max_restart_period {
            command.args(["--max-restart-period", &humantime::format_duration(max).to_string()]);
        }
    }
}

fn restart_period(text: &str) -> anyhow::Result<Duration> {
    let period = humantime::parse_duration(text)?;
    let bounds = Duration::from_secs(1)..=Duration::from_secs(300);
    anyhow::ensure!(bounds.contains(&period), "1s to 5m is wanted");
    Ok(period)
}

/// Make a pod ready to run, and print its UUID: `podrun run-prepared` runs it.
///
/// Its images are had and unpacked, and stay until the pod is gone. Arguments and options are those of `podrun run`.
///
/// Exit status: 0; 254 when the pod cannot be prepared, and then nothing of it is left.
#[derive(Debug, Args)]
#[command(
    override_usage = "podrun prepare [OPTIONS] FILE.yaml
       podrun prepare [OPTIONS] IMAGE [OPTIONS OF THE IMAGE] [-- ARGUMENT…] [---] [IMAGE …]…
       podrun prepare [OPTIONS] --pod-manifest FILE.json",
    after_help = "Examples:
  podrun prepare examples/pods/hello.yaml
  podrun run-prepared $(podrun prepare tools.aci --exec /bin/true)"
)]
pub(crate) struct PrepareArgs {
    #[command(flatten)]
    pub(crate) pod: PodWhat,
}

/// Run a pod that `podrun prepare` has made ready, and wait for its end.
///
/// What is said here of its network comes before what was said when it was prepared.
///
/// Output and exit status are those of `podrun run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun run-prepared 5f7b0c3a
  podrun run-prepared --net=none 5f7b0c3a
  podrun run-prepared $(podrun prepare pod.yaml)")]
pub(crate) struct RunPreparedArgs {
    #[command(flatten)]
    pub(crate) background: BackgroundArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) restarts: RestartArgs,
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    pub(crate) uuid: String,
}

/// What is to run.
#[derive(Debug, Args)]
pub(crate) struct PodWhat {
    /// A manifest, or images.
    #[arg(
        value_name = "FILE|IMAGE",
        required_unless_present = "pod_manifest",
        conflicts_with = "pod_manifest"
    )]
    pub(crate) what: Vec<OsString>,
    /// A pod manifest of App Container, whose images are in the store.
    #[arg(long, value_name = "FILE")]
    pub(crate) pod_manifest: Option<PathBuf>,
    /// Write the pod's UUID to this file, once it is prepared.
    #[arg(long, value_name = "FILE")]
    pub(crate) uuid_file_save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) of_images: PodArgs,
    /// Those before the first image.
    #[command(flatten)]
    pub(crate) options: ImageArgs,
}

/// Remove what pods have left: their directories, mounts, namespaces, cgroups.
///
/// A pod that ended is marked when gc first sees it, and removed when its grace period has passed. What a killed podrun left
/// behind is ended and cleaned up. Pods that run are never touched, and neither are images.
///
/// Durations read as in `30m`, `1h30m`, `0`.
///
/// Exit status: 0; 254 when something could not be removed. Run it again: it goes on where it stopped.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun gc                      remove pods that ended half an hour ago
  podrun gc --grace-period 0     remove every pod that has ended")]
pub(crate) struct GcArgs {
    /// How long an ended pod stays after it was marked.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = humantime::parse_duration)]
    pub(crate) grace_period: Duration,
    /// How long a prepared pod may wait to be run.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = humantime::parse_duration)]
    pub(crate) expire_prepared: Duration,
    /// Only mark what has ended; remove nothing.
    #[arg(long)]
    pub(crate) mark_only: bool,
}

/// List the pods of this machine.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun list
  podrun list --output json | jq -r '.[].uuid'")]
pub(crate) struct ListArgs {}

/// Stop pods: each container is asked to end, has the pod's grace period, and then is killed. Returns when they have ended.
///
/// Exit status: 0; 254 when one of them does not run, or could not be stopped.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun stop 5f7b0c3a
  podrun stop --grace-period 2s 5f7b0c3a 0b1d
  podrun stop --force 5f7b0c3a              kill it at once")]
pub(crate) struct StopArgs {
    /// Kill at once.
    #[arg(long, conflicts_with = "grace_period")]
    pub(crate) force: bool,
    /// How long the containers have to end by themselves, instead of what the pod says.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) grace_period: Option<Duration>,
    /// The pods: their UUIDs, or as much of the beginning as no other pod has.
    #[arg(value_name = "UUID", required = true)]
    pub(crate) uuids: Vec<String>,
}

/// Remove pods that have ended, or that were prepared and never run, whatever their age.
///
/// Exit status: 0; 254 when one of them still runs, or something of it could not be removed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun rm 5f7b0c3a 0b1d")]
pub(crate) struct RmArgs {
    /// The pods: their UUIDs, or as much of the beginning as no other pod has.
    #[arg(value_name = "UUID", required = true)]
    pub(crate) uuids: Vec<String>,
}

/// Run a command in a container that runs, beside the container's own program and confined as it is.
///
/// When podrun is killed, so is the command.
///
/// Exit status: the command's (128 + N when signal N ended it); 254 when podrun itself failed.
#[derive(Debug, Args)]
#[command(
    visible_alias = "enter",
    after_help = "Examples:
  podrun exec 5f7b0c3a -- ls -l /
  podrun exec -it -c web 5f7b0c3a -- sh
  echo SELECT 1 | podrun exec -i 5f7b0c3a -- psql"
)]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) options: ExecOptions,
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    pub(crate) uuid: String,
    /// The program and its arguments; no shell is involved.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<String>,
}

/// How a command is run in a container.
#[derive(Debug, Args)]
pub(crate) struct ExecOptions {
    /// Pass standard input on to the command.
    #[arg(long, short = 'i')]
    pub(crate) stdin: bool,
    /// Give the command a terminal.
    #[arg(long, short)]
    pub(crate) tty: bool,
    /// The container; else the first that is neither an init container nor a sidecar.
    #[arg(long, short, visible_alias = "app", value_name = "NAME")]
    pub(crate) container: Option<String>,
    /// Set an environment variable of the command.
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = env_var)]
    pub(crate) env: Vec<(String, String)>,
    /// Where the command runs: an absolute path in the container.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) workdir: Option<String>,
}

/// A variable and its value.
fn env_var(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a name, `=` and a value are wanted".to_owned()),
    }
}

/// Show what a container prints from now on, and pass standard input on to it if it takes any.
///
/// The detach keys leave it without ending it. A container has an input when its manifest says `stdin: true`; with
/// `stdinOnce: true` only the first who attaches has it.
///
/// Exit status: 0 when the container has ended or was left; 254 when podrun itself failed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun attach 5f7b0c3a
  podrun attach -i --detach-keys ctrl-] -c shell 5f7b0c3a")]
pub(crate) struct AttachArgs {
    /// Pass standard input on to the container.
    #[arg(long, short = 'i')]
    pub(crate) stdin: bool,
    /// The keys that leave the container, with commas between; empty for none.
    #[arg(long, value_name = "KEYS", default_value_t)]
    pub(crate) detach_keys: DetachKeys,
    /// The container; else the first that is neither an init container nor a sidecar.
    #[arg(long, short, visible_alias = "app", value_name = "NAME")]
    pub(crate) container: Option<String>,
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    pub(crate) uuid: String,
}

/// Wait until a pod is ready, or has ended.
///
/// Exit status: with `--for=exited` that of `podrun run`; with `--for=ready` 0 once the pod is ready; 254 when the time is over
/// first, or the pod has ended without being ready.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun wait 5f7b0c3a
  podrun wait --for=ready --timeout 30s 5f7b0c3a")]
pub(crate) struct WaitArgs {
    /// What to wait for.
    #[arg(long = "for", value_enum, default_value_t = WaitFor::Exited, value_name = "GOAL")]
    pub(crate) goal: WaitFor,
    /// How long to wait.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    pub(crate) uuid: String,
}

/// What `podrun wait` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitFor {
    /// All that must be ready is ready.
    Ready,
    /// Nothing of the pod runs any more.
    Exited,
}

/// Show what is known of a pod, and of each of its containers.
///
/// Exit status: 0; 254 when there is no such pod.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun status 5f7b0c3a
  podrun status --output yaml 5f7b0c3a-3c7e-4c52-9d0b-0a1d5a1b7c11")]
pub(crate) struct StatusArgs {
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    pub(crate) uuid: String,
}

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun completions bash >/etc/bash_completion.d/podrun
  podrun completions fish >~/.config/fish/completions/podrun.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}
