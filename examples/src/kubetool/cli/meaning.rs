//! The arguments of the commands that say what objects mean.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use k8s_model::patch::PatchType;
use k8s_model::selector::{FieldSelector, Selector};

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Objects {
    /// YAML documents.
    #[default]
    Yaml,
    /// JSON documents, one after the other.
    Json,
}

/// How verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Verdicts {
    /// A line for each problem.
    #[default]
    Text,
    /// An array for each document, one a line.
    Json,
}

/// Say what an API server would refuse, with its own field paths and words.
///
/// One line each: `file:line:column: kind/name: field.path: Type: message`. Defaults are filled in before, as the server does. Manifests
/// are read strictly; what does not decode goes to standard error. Lists are unfolded.
///
/// With `-o json` there is an array for each document, one a line, of `{"field", "type", "detail"}`; it is empty when the document is
/// valid. There objects are looked at as they stand, unless `--default` says otherwise.
///
/// Exit status: 0 when everything is valid, else 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool validate deploy/*.yaml
  kubetool validate -o json --default pod.yaml | jq length")]
pub(crate) struct ValidateArgs {
    /// How verdicts are written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Verdicts,
    /// With `-o json`: fill in defaults before.
    #[arg(long)]
    pub(crate) default: bool,
    /// Only warn about unknown fields, double keys and wrong types, and leave them out.
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Also say what an API server only warns about, on standard error.
    #[arg(long)]
    pub(crate) warnings: bool,
    /// Objects of the cluster that is to take the manifests: what its admission refuses is told too (limits, quotas, accounts, classes).
    #[arg(long, value_name = "FILE")]
    pub(crate) cluster: Vec<PathBuf>,
    /// The objects that those of the files are to replace: changes that are not allowed are told too.
    #[arg(long, value_name = "FILE")]
    pub(crate) replaces: Option<PathBuf>,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Fill in what an API server fills in where nothing was said.
///
/// With `--cluster` also what its admission fills in from other objects, and what it refuses goes to standard error: limits, quotas,
/// accounts, classes of priority, runtime and storage. The objects of the files are taken in one after the other.
///
/// Exit status: 0; 1 when a manifest is wrong or an object is refused. What is refused is not written.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool default deployment.yaml
  kubectl get limitranges,resourcequotas,namespaces -A -o yaml | kubetool default --cluster - pod.yaml
  kubetool default -o json pod.yaml | jq .spec.dnsPolicy")]
pub(crate) struct DefaultArgs {
    /// Objects of the cluster that is to take the manifests.
    #[arg(long, value_name = "FILE")]
    pub(crate) cluster: Vec<PathBuf>,
    /// How objects are written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Objects,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Print the names of the objects that selectors mean, one a line.
///
/// Exit status: 0, also when nothing is meant; 1 when a manifest or a selector is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool select -l 'env in (production), tier != web, !canary' all.yaml
  kubetool select --field-selector status.phase=Running pods.json")]
pub(crate) struct SelectArgs {
    /// A label selector, as `kubectl -l` takes it.
    #[arg(long, short = 'l', value_name = "SELECTOR", default_value = "")]
    pub(crate) selector: Selector,
    /// A field selector.
    #[arg(long, value_name = "SELECTOR", default_value = "")]
    pub(crate) field_selector: FieldSelector,
    /// Print `kind.group/name` instead of the name.
    #[arg(long)]
    pub(crate) kinds: bool,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Apply a patch to the objects of a file, and print what they become.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool patch --patch '{\"spec\": {\"replicas\": 3}}' deployment.yaml
  kubetool patch --type json --patch '[{\"op\": \"remove\", \"path\": \"/spec/paused\"}]' -o json deployment.yaml")]
pub(crate) struct PatchArgs {
    /// The language of the patch.
    #[arg(long = "type", value_name = "json|merge|strategic", default_value = "strategic")]
    pub(crate) patch_type: PatchType,
    /// The patch: JSON or YAML, or `@FILE`.
    #[arg(long, short, value_name = "PATCH")]
    pub(crate) patch: String,
    /// How objects are written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Objects,
    /// The manifest.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Print the patch that makes one object from another.
///
/// Exit status: 0 when there is nothing to change, 1 when there is, or when something is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool diff old.yaml new.yaml
  kubetool diff --type json -o json old.yaml new.yaml")]
pub(crate) struct DiffArgs {
    /// The language of the patch.
    #[arg(long = "type", value_name = "json|merge|strategic", default_value = "strategic")]
    pub(crate) patch_type: PatchType,
    /// How the patch is written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Objects,
    /// The manifest with the object of before.
    pub(crate) from: PathBuf,
    /// The manifest with the object that is wanted.
    pub(crate) to: PathBuf,
}

/// What of an application is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Outcomes {
    /// What became of each object: `deployment.apps/web configured`.
    #[default]
    Name,
    /// The objects as they are then, as YAML.
    Yaml,
    /// The objects as they are then, as JSON.
    Json,
    /// The patches that would be sent, as JSON.
    Patch,
}

/// Say what `kubectl apply` would do to live objects.
///
/// What was last applied is in an annotation of the live objects; what it had and the manifest has not is deleted.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubectl get deployment web -o yaml > live.yaml
  kubetool apply --live live.yaml web.yaml")]
pub(crate) struct ApplyArgs {
    /// The live objects; one that is not there is created.
    #[arg(long, value_name = "FILE")]
    pub(crate) live: Option<PathBuf>,
    /// What is written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Outcomes,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Print the hash of each pod template, as a label would hold it: `name hash`.
///
/// It has the shape of a cluster's `pod-template-hash`, but not its value: that one is made of Go's memory.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool hash deployment.yaml")]
pub(crate) struct HashArgs {
    /// How many times the hash collided.
    #[arg(long, value_name = "COUNT")]
    pub(crate) collisions: Option<i32>,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Say what quantities are: one JSON object a line with `canonical`, `as_written`, `value` and `milli`.
///
/// `value` and `milli` are rounded up; null where they exceed 64 bits.
///
/// Exit status: 0; 1 when one is no quantity.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool quantity -- 1.5Gi 100m -1")]
pub(crate) struct QuantityArgs {
    /// The quantities.
    #[arg(value_name = "QUANTITY", required = true, allow_negative_numbers = true)]
    pub(crate) quantities: Vec<String>,
}
