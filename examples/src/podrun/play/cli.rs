//! The arguments of `podrun play`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use k8s_model::generate::ImageChange;
use k8s_model::meta::DeletionPropagation;
use k8s_model::selector::{FieldSelector, Selector};

use crate::kubetool::cli::objects::{CreateWhat, ServiceArgs};
use crate::podrun::cli::ExecOptions;
use crate::podrun::logs::LogsOptions;

/// Run Kubernetes objects on this machine, with Kubernetes' own meaning: no cluster, no daemon.
///
/// `play up` takes manifests in, and makes this machine what they say, for as long as it runs; with -d it does so in the background.
/// Meanwhile any terminal can ask and change: the other commands are kubectl's, with its words, tables and formats.
///
/// Objects are kept in the data directory. Whoever changes one while nobody reconciles has it kept, and `play up` goes on with it; pods
/// run on by themselves.
///
/// Exit status: 0; 254 when something could not be done.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play up -d web.yaml
  podrun play get pods -o wide
  podrun play get pods -w -l 'env in (production)'
  podrun play delete pod web
  podrun play down --all")]
pub(crate) struct PlayArgs {
    /// The namespace of objects that name none, and of those that are asked for.
    #[arg(long, short, global = true, value_name = "NAME", default_value = "default")]
    pub(super) namespace: String,
    #[command(subcommand)]
    pub(super) command: PlayCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum PlayCommand {
    Up(UpArgs),
    Down(DownArgs),
    Apply(FilesArgs),
    Create(CreateArgs),
    Delete(DeleteArgs),
    Get(GetArgs),
    Describe(DescribeArgs),
    Ps(PsArgs),
    Scale(ScaleArgs),
    Expose(ExposeArgs),
    /// Change something of objects.
    Set {
        #[command(subcommand)]
        what: SetWhat,
    },
    /// See, hold, and take back new versions of Deployments.
    Rollout {
        #[command(subcommand)]
        command: RolloutCommand,
    },
    Logs(PodLogsArgs),
    Exec(PodExecArgs),
    Events(ObjectEventsArgs),
    /// Reconcile in the background, for a podrun that waits until this has begun.
    #[command(hide = true)]
    Reconcile,
}

impl PlayCommand {
    /// Whether pods may be made or removed by it.
    pub(super) const fn makes_pods(&self) -> bool {
        matches!(self, Self::Up(_) | Self::Down(_) | Self::Delete(_) | Self::Exec(_) | Self::Reconcile)
    }
}

/// Apply manifests, and run what they say until Ctrl-C; then it is taken down again.
///
/// With -d it goes on in the background, and this returns once the objects are kept and somebody reconciles.
///
/// It ends by itself when all pods of the files have ended.
///
/// Exit status: 0; 1 when it ended by itself and a pod has failed; 254 when a manifest is wrong or cannot be run here, and then nothing
/// of it has been begun.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play up web.yaml
  podrun play up -d --wait 30s web.yaml db.yaml
  podrun play up                          go on with what is kept")]
pub(super) struct UpArgs {
    /// Go on in the background.
    #[arg(long, short)]
    pub(super) detach: bool,
    /// With -d: return when everything of the files is ready; after that time it is a failure.
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1year",
        requires = "detach",
        value_parser = humantime::parse_duration
    )]
    pub(super) wait: Option<Duration>,
    /// Manifests, or directories with some; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

/// Delete what manifests say, or everything, and wait until nothing of it is left.
///
/// Exit status: 0; 254 when something stays.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play down web.yaml
  podrun play down --all")]
pub(super) struct DownArgs {
    /// Everything that is kept, in all namespaces.
    #[arg(long, required_unless_present = "files", conflicts_with = "files")]
    pub(super) all: bool,
    /// How many seconds pods have to end, instead of what they say.
    #[arg(long, value_name = "SECONDS")]
    pub(super) grace_period: Option<i64>,
    /// Manifests, or directories with some; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

/// Make the objects that are kept what manifests say: each is created, configured or unchanged.
///
/// Nothing is kept when one of the manifests is wrong.
///
/// Exit status: 0; 254 when a manifest is wrong or cannot be run here.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play apply -f web.yaml
  podrun play apply web.yaml")]
pub(super) struct FilesArgs {
    #[command(flatten)]
    pub(super) files: Files,
}

/// Manifests.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// Manifests, or directories with some; `-` is standard input.
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub(super) named: Vec<PathBuf>,
    /// The same.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

impl Files {
    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.named.iter().chain(&self.files)
    }
}

/// Create objects, from manifests or from flags.
///
/// Exit status: 0; 254 when an object is wrong or there already.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  podrun play create -f web.yaml
  podrun play create deployment web --image nginx:1.27 --replicas 2
  podrun play create secret docker-registry pull --docker-server registry.example --docker-username u --docker-password p"
)]
pub(super) struct CreateArgs {
    /// Manifests, or directories with some; `-` is standard input.
    #[arg(short = 'f', long = "filename", value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(subcommand)]
    pub(super) what: Option<CreateWhat>,
}

/// Delete objects: those of manifests, those that are named, or those that a selector means.
///
/// What belongs to an object goes with it. Returns when the objects that were named are gone.
///
/// Exit status: 0; 254 when one of them is not there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play delete pod web
  podrun play delete pods -l app=web
  podrun play delete deployment/web service/web
  podrun play delete -f web.yaml --grace-period 2")]
pub(super) struct DeleteArgs {
    /// Manifests, or directories with some; `-` is standard input.
    #[arg(short = 'f', long = "filename", value_name = "FILE", conflicts_with = "what")]
    pub(super) files: Vec<PathBuf>,
    /// Only objects that this label selector means.
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub(super) selector: Option<Selector>,
    /// All objects of the kinds, in the namespace.
    #[arg(long, conflicts_with = "selector")]
    pub(super) all: bool,
    /// How many seconds pods have to end, instead of what they say.
    #[arg(long, value_name = "SECONDS")]
    pub(super) grace_period: Option<i64>,
    /// End pods within a second.
    #[arg(long, conflicts_with = "grace_period")]
    pub(super) now: bool,
    /// What becomes of what belongs to the objects: it goes after them (`background`), before them (`foreground`), or stays (`orphan`).
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(super) cascade: Cascade,
    /// Whether to wait until the objects are gone.
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(super) wait: bool,
    /// What is not there is no failure.
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(super) ignore_not_found: bool,
    /// Kinds and names: `pod web`, `pod/web service/web`, `pods,services`.
    #[arg(value_name = "WHAT")]
    pub(super) what: Vec<String>,
}

/// What becomes of what belongs to a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Cascade {
    #[default]
    Background,
    Foreground,
    Orphan,
}

impl Cascade {
    pub(super) const fn propagation(self) -> DeletionPropagation {
        match self {
            Self::Background => DeletionPropagation::Background,
            Self::Foreground => DeletionPropagation::Foreground,
            Self::Orphan => DeletionPropagation::Orphan,
        }
    }
}

/// Which objects are shown.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Only objects that this label selector means.
    #[arg(long, short = 'l', value_name = "SELECTOR", default_value = "")]
    pub(super) selector: Selector,
    /// Objects of all namespaces.
    #[arg(long, short = 'A')]
    pub(super) all_namespaces: bool,
    /// Kinds and names: `pods`, `pods,services`, `pod web`, `pod/web`, `all`.
    #[arg(value_name = "WHAT", required = true)]
    pub(super) what: Vec<String>,
}

/// Show objects as `kubectl get` does.
///
/// Formats (--output): a table; `wide`, one with more columns; `yaml`, `json`, `name`, `jsonpath=TEMPLATE`,
/// `custom-columns=HEADING:PATH,…`.
///
/// Exit status: 0; 254 when an object that was named is not there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play get pods
  podrun play get pods,deployments -o wide
  podrun play get pods -w
  podrun play get pod web -o jsonpath='{.status.podIP}'")]
pub(super) struct GetArgs {
    #[command(flatten)]
    pub(super) which: Which,
    /// Only objects that this field selector means.
    #[arg(long, value_name = "SELECTOR", default_value = "")]
    pub(super) field_selector: FieldSelector,
    /// Labels that get a column.
    #[arg(long, short = 'L', value_name = "LABEL", value_delimiter = ',')]
    pub(super) label_columns: Vec<String>,
    /// A column with all labels.
    #[arg(long)]
    pub(super) show_labels: bool,
    /// The kind before each name.
    #[arg(long)]
    pub(super) show_kind: bool,
    /// No headings.
    #[arg(long)]
    pub(super) no_headers: bool,
    /// Go on with each change.
    #[arg(long, short)]
    pub(super) watch: bool,
    /// Only changes from now on.
    #[arg(long)]
    pub(super) watch_only: bool,
}

/// Show objects as `kubectl describe` does, with their events.
///
/// Exit status: 0; 254 when an object that was named is not there, or its kind is not described.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play describe pod web
  podrun play describe deployments -l app=web")]
pub(super) struct DescribeArgs {
    #[command(flatten)]
    pub(super) which: Which,
}

/// Show the pods with the UUIDs that podrun's other commands know them by, and their containers.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play ps -A")]
pub(super) struct PsArgs {
    /// Pods of all namespaces.
    #[arg(long, short = 'A')]
    pub(super) all_namespaces: bool,
}

/// Say how many pods are wanted.
///
/// Exit status: 0; 254 when the object is not there or cannot be scaled.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play scale deployment web --replicas 3
  podrun play scale --replicas 0 rs/web-5d4f")]
pub(super) struct ScaleArgs {
    /// How many.
    #[arg(long, value_name = "COUNT")]
    pub(super) replicas: i32,
    /// Only when there are so many now.
    #[arg(long, value_name = "COUNT")]
    pub(super) current_replicas: Option<i32>,
    /// Kinds and names: `deployment web`, `rs/web`.
    #[arg(value_name = "WHAT", required = true)]
    pub(super) what: Vec<String>,
}

/// Create a Service for the pods of an object.
///
/// Nothing serves Services yet, so each is refused.
///
/// Exit status: 0; 254 when the object is not there or cannot be exposed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play expose deployment web --port 8000 --target-port 80 --type NodePort")]
pub(super) struct ExposeArgs {
    #[command(flatten)]
    pub(super) service: ServiceArgs,
    /// A kind and a name: `deployment web`, `rc/web`.
    #[arg(value_name = "WHAT", required = true)]
    pub(super) what: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum SetWhat {
    /// Give containers other images: `deployment/web main=nginx:1.28`.
    Image {
        /// A kind and a name.
        #[arg(value_name = "WHAT")]
        what: String,
        /// Containers and their images; `*` is every container.
        #[arg(value_name = "CONTAINER=IMAGE", required = true)]
        images: Vec<ImageChange>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum RolloutCommand {
    /// Wait until the new version is through.
    Status {
        /// How long to wait.
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
        timeout: Option<Duration>,
        /// Whether to wait, or only say how far it is.
        #[arg(long, short, default_value_t = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)]
        watch: bool,
        /// A kind and a name.
        #[arg(value_name = "WHAT", required = true)]
        what: Vec<String>,
    },
    /// Show the versions that there were.
    History {
        /// Kinds and names.
        #[arg(value_name = "WHAT", required = true)]
        what: Vec<String>,
    },
    /// Take the last version back.
    Undo {
        /// The revision to go back to; without it, the one before.
        #[arg(long, value_name = "REVISION")]
        to_revision: Option<i64>,
        /// Kinds and names.
        #[arg(value_name = "WHAT", required = true)]
        what: Vec<String>,
    },
    /// Make all pods new ones.
    Restart {
        /// Kinds and names.
        #[arg(value_name = "WHAT", required = true)]
        what: Vec<String>,
    },
    /// Hold what is being rolled out.
    Pause {
        /// Kinds and names.
        #[arg(value_name = "WHAT", required = true)]
        what: Vec<String>,
    },
    /// Go on with what was held.
    Resume {
        /// Kinds and names.
        #[arg(value_name = "WHAT", required = true)]
        what: Vec<String>,
    },
}

/// Show what a container of a pod has printed.
///
/// Exit status: 0; 254 when there is no such pod, or the container has not started.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play logs web
  podrun play logs -f deployment/web -c main")]
pub(super) struct PodLogsArgs {
    #[command(flatten)]
    pub(super) options: LogsOptions,
    /// A pod, or an object that has some: `web`, `pod/web`, `deployment/web`.
    #[arg(value_name = "POD")]
    pub(super) pod: String,
}

/// Run a command in a container of a pod, beside the container's own program.
///
/// Exit status: the command's (128 + N when signal N ended it); 254 when podrun itself failed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play exec web -- ls -l /
  podrun play exec -it deployment/web -- sh")]
pub(super) struct PodExecArgs {
    #[command(flatten)]
    pub(super) options: ExecOptions,
    /// A pod, or an object that has some: `web`, `pod/web`, `deployment/web`.
    #[arg(value_name = "POD")]
    pub(super) pod: String,
    /// The program and its arguments; no shell is involved.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) command: Vec<String>,
}

/// Show what has happened to objects.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun play events
  podrun play events --for pod/web")]
pub(super) struct ObjectEventsArgs {
    /// Events of all namespaces.
    #[arg(long, short = 'A')]
    pub(super) all_namespaces: bool,
    /// Only those of one object: `pod/web`.
    #[arg(long = "for", value_name = "OBJECT")]
    pub(super) of: Option<String>,
}
