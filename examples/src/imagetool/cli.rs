//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use pod_core::image::Platform;

use crate::registry::RegistryArgs;

/// Reads image names, and moves images between registries and OCI layouts.
///
/// A name is what Docker and Kubernetes take: `nginx`, `quay.io/team/web:1.2`, `localhost:5000/a@sha256:…`. A layout is a directory of
/// images as the OCI image specification has it; skopeo, umoci and podrun read the same.
///
/// Exit status: 0; 1 when a name is none, or something could not be done; 2 when the command line makes no sense.
#[derive(Debug, Parser)]
#[command(
    name = "imagetool",
    version,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = "Examples:
  imagetool parse nginx:1.27 | jq .normalized
  imagetool pull --plain-http localhost:5000 localhost:5000/team/web:2 ./images

`imagetool COMMAND --help` says more about each command."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the parts of each name, one JSON object a line.
    ///
    /// A name that reads has the members `input`, `ok` (true), `domain`, `path`, `tag`, `digest`, `familiar` and `normalized`; another one
    /// `input`, `ok` (false) and `error`, which names the byte and the rule.
    ///
    /// Exit status: 0 only when all names read, else 1.
    #[command(after_help = "Examples:
  imagetool parse nginx quay.io/team/web:1.2
  kubectl get pods -o jsonpath='{..image}' | tr ' ' '\\n' | imagetool parse -")]
    Parse(NameArgs),
    /// Print each name in full: `nginx` is `docker.io/library/nginx`.
    Normalize(NameArgs),
    /// Print the pull policy that a container of that image has when its manifest says none: Always or IfNotPresent.
    Policy(NameArgs),
    /// Print the keys of a credentials file that match an image, in the order in which they are tried, and never a secret.
    ///
    /// Entries of the file that cannot be used are told of on standard error; the others count all the same.
    #[command(after_help = "Examples:
  imagetool match-credentials --config ~/.docker/config.json quay.io/team/web:1.2")]
    MatchCredentials(MatchArgs),
    /// Pull an image into a layout, and print the digest that the name stands for.
    ///
    /// What the layout has is not fetched again, and a pull that was cut off goes on where it ended. All that comes is checked by size and
    /// digest.
    #[command(after_help = "Examples:
  imagetool pull docker.io/library/busybox:1.37 ./images
  imagetool pull --platform linux/arm64 quay.io/team/web:2 ./images
  imagetool pull --all --auth-file ~/.docker/config.json registry.example.com/app:1 ./images")]
    Pull(PullArgs),
    /// Push an image from a layout, and print its digest.
    #[command(after_help = "Examples:
  imagetool push --plain-http localhost:5000 ./images localhost:5000/team/web:2
  imagetool push --from docker.io/library/busybox:1.37 ./images registry.example.com/busybox:1.37")]
    Push(PushArgs),
    /// Print what a registry says of an image, without its layers, as JSON.
    #[command(after_help = "Examples:
  imagetool inspect docker.io/library/busybox | jq .config.config.Env")]
    Inspect(InspectArgs),
    /// Copy an image from one name to another, and print its digest.
    #[command(after_help = "Examples:
  imagetool copy docker.io/library/busybox:1.37 registry.example.com/busybox:1.37")]
    Copy(CopyArgs),
}

#[derive(Debug, Args)]
pub(super) struct NameArgs {
    /// The names; `-` reads them from standard input, one a line.
    #[arg(required = true, value_name = "REF")]
    pub(super) names: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct MatchArgs {
    /// The credentials file: config.json, or `.dockercfg` by that name.
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Let a `*` stand for several parts of a host, as the Kubernetes documentation of 2020 has it.
    #[arg(long)]
    pub(super) whole_hosts: bool,
    /// The image.
    #[arg(value_name = "IMAGE")]
    pub(super) image: String,
}

#[derive(Debug, Args)]
pub(super) struct PlatformArgs {
    /// For which machine: os/architecture[/variant]; this one by default.
    #[arg(long, conflicts_with = "all")]
    pub(super) platform: Option<Platform>,
    /// All images of an index.
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, Args)]
pub(super) struct PullArgs {
    #[command(flatten)]
    pub(super) platform: PlatformArgs,
    /// The image.
    #[arg(value_name = "IMAGE")]
    pub(super) image: String,
    /// The layout, which is made if there is none.
    pub(super) layout: PathBuf,
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
}

#[derive(Debug, Args)]
pub(super) struct PushArgs {
    /// The name under which the image is in the layout; the same as the image's by default.
    #[arg(long, value_name = "NAME")]
    pub(super) from: Option<String>,
    /// The layout.
    pub(super) layout: PathBuf,
    /// The image.
    #[arg(value_name = "IMAGE")]
    pub(super) image: String,
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
}

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// For which machine: os/architecture[/variant]; this one by default.
    #[arg(long)]
    pub(super) platform: Option<Platform>,
    /// The image.
    #[arg(value_name = "IMAGE")]
    pub(super) image: String,
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
}

#[derive(Debug, Args)]
pub(super) struct CopyArgs {
    #[command(flatten)]
    pub(super) platform: PlatformArgs,
    /// The image.
    #[arg(value_name = "FROM")]
    pub(super) from: String,
    /// Its new name.
    pub(super) to: String,
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
}
