//! The command line.

pub(crate) mod cluster;
pub(crate) mod controllers;
pub(crate) mod meaning;
pub(crate) mod objects;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use k8s_model::service::ChainPrefix;

use crate::output::{Color, Format};

/// Reads Kubernetes manifests, YAML or JSON, and says what is wrong with them. It asks no cluster.
///
/// Problems go to standard error, one a line: `file:line:column: field.path: what is wrong`; on a terminal with the part of the text
/// that is meant. `-` is standard input.
///
/// Exit status: 0; 1 when a manifest is wrong or something could not be done; 2 when the command line makes no sense.
#[derive(Debug, Parser)]
#[command(
    name = "kubetool",
    version,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = "Examples:
  kubetool decode -o json deployment.yaml | jq .spec.replicas
  kubectl get deployment web -o yaml | kubetool decode --lenient -

`kubetool COMMAND --help` says more about each command."
)]
pub(crate) struct Cli {
    /// When colours are used.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Decode(DecodeArgs),
    Convert(ConvertArgs),
    Validate(meaning::ValidateArgs),
    Default(meaning::DefaultArgs),
    Select(meaning::SelectArgs),
    Patch(meaning::PatchArgs),
    Diff(meaning::DiffArgs),
    Apply(meaning::ApplyArgs),
    Hash(meaning::HashArgs),
    Quantity(meaning::QuantityArgs),
    Get(objects::GetArgs),
    Describe(objects::DescribeArgs),
    Create(objects::CreateArgs),
    Expose(objects::ExposeArgs),
    Kustomize(objects::KustomizeArgs),
    Fmt(FmtArgs),
    Split(SplitArgs),
    Kinds(KindsArgs),
    Explain(ExplainArgs),
    Iptables(IptablesArgs),
    Plan(controllers::PlanArgs),
    Simulate(controllers::SimulateArgs),
    Schedule(cluster::ScheduleArgs),
    Bind(cluster::BindArgs),
    Route(cluster::RouteArgs),
}

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Written {
    /// YAML documents.
    #[default]
    Yaml,
    /// JSON documents, one after the other.
    Json,
    /// A line for each: `deployment.apps/web`.
    Name,
}

/// Read manifests strictly, and write their objects: fields in the order of the API, nothing empty.
///
/// An unknown field, a key that stands twice, or a value of the wrong type is an error, as for the API server. A document with an error
/// is not written; the others are.
///
/// Exit status: 0 only when nothing is an error, else 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool decode pod.yaml
  kubetool decode --unfold -o name list.yaml")]
pub(crate) struct DecodeArgs {
    /// Only warn about unknown fields, double keys and wrong types, and leave them out.
    #[arg(long)]
    pub(crate) lenient: bool,
    /// How objects are written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Written,
    /// Write the objects of a list instead of the list.
    #[arg(long)]
    pub(crate) unfold: bool,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Write the objects of manifests in another version of their kinds: `apps/v1` or an old one.
///
/// Lists are unfolded. Objects that have no version in that group are written as they are. What has another meaning in the other
/// version is written out, and told as a warning; so is what the other version cannot say.
///
/// Exit status: 0; 1 when a manifest is wrong, or a kind has no such version.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool convert old.yaml
  kubetool convert --to extensions/v1beta1 web.yaml")]
pub(crate) struct ConvertArgs {
    /// The version; the newest one when it is left out.
    #[arg(long, value_name = "GROUP/VERSION")]
    pub(crate) to: Option<String>,
    /// How objects are written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Written,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Write manifests in one form: fields in the order of the API, nothing empty, quotes only where they are needed.
///
/// Versions stay as they are. Comments are not kept, so nothing is written in place.
///
/// Exit status: 0; 1 when a manifest is wrong, or with `--check` not in that form.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool fmt web.yaml
  kubetool fmt --check *.yaml")]
pub(crate) struct FmtArgs {
    /// Write nothing, and name the files that are not in this form.
    #[arg(long)]
    pub(crate) check: bool,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Write each object to a file of its own: `kind-name.yaml`, or `namespace-kind-name.yaml` when it names its namespace.
///
/// Lists are unfolded. Nothing is written when something is wrong, or when two objects would have the same file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool split --dir parts all.yaml
  kubectl get all -o yaml | kubetool split --dir dump -")]
pub(crate) struct SplitArgs {
    /// Where the files are written; it is made when it is not there.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Write over files that are there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// List the kinds that are known: their versions, the names of their resources, and where their objects live.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool kinds
  kubetool kinds deploy --output json")]
pub(crate) struct KindsArgs {
    /// How they are printed.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Format,
    /// Only those that the word names: by kind, plural or short name.
    #[arg(value_name = "WORD")]
    pub(crate) word: Option<String>,
}

/// Say what a kind or a field is, and which fields it has.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool explain deployment
  kubetool explain pod.spec.containers.livenessProbe")]
pub(crate) struct ExplainArgs {
    /// Print the names and types of all fields below.
    #[arg(long)]
    pub(crate) recursive: bool,
    /// The version of the kind, when there are several.
    #[arg(long, value_name = "GROUP/VERSION")]
    pub(crate) api_version: Option<String>,
    /// A kind, and after dots the fields on the way.
    #[arg(value_name = "KIND[.FIELD]…")]
    pub(crate) path: String,
}

/// Print the rules that kube-proxy writes for Services and their EndpointSlices, for `iptables-restore --noflush`.
///
/// Other kinds are passed over, and Endpoints count as slices. A Service without an address or a node port gets one that follows from its
/// name. Nothing is run: with a prefix other than KUBE, what is loaded touches no kube-proxy on the same machine.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool iptables --prefix PODKIT services.yaml | iptables-restore --noflush
  iptables-save | kubetool iptables --prefix PODKIT --saved - services.yaml | iptables-restore --noflush
  iptables-save | kubetool iptables --prefix PODKIT --saved - --remove | iptables-restore --noflush")]
pub(crate) struct IptablesArgs {
    /// The first part of the chains' names: 1 to 7 upper-case letters and digits.
    #[arg(long, value_name = "PREFIX", default_value = "KUBE")]
    pub(crate) prefix: ChainPrefix,
    /// What `iptables-save` printed: links that are there are not made again, chains without a service are deleted.
    #[arg(long, value_name = "FILE")]
    pub(crate) saved: Option<PathBuf>,
    /// Print what takes all rules under the prefix away that `--saved` shows.
    #[arg(long, requires = "saved", conflicts_with = "files")]
    pub(crate) remove: bool,
    /// The node's name: its endpoints are the local ones.
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// The network of the pods: what comes from elsewhere gets an address of the node.
    #[arg(long, value_name = "CIDR")]
    pub(crate) pod_network: Option<ipnet::IpNet>,
    /// A network that addresses are given out from, once for each family; 10.96.0.0/12 where none is named.
    #[arg(long, value_name = "CIDR")]
    pub(crate) service_network: Vec<ipnet::IpNet>,
    /// The rules of IPv6.
    #[arg(long)]
    pub(crate) ipv6: bool,
    /// The manifests.
    #[arg(value_name = "FILE", required_unless_present = "remove")]
    pub(crate) files: Vec<PathBuf>,
}
