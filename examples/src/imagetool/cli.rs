//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use pod_core::image::Platform;

use crate::registry::RegistryArgs;

/// Reads image names, and moves images between registries and OCI layouts.
#[derive(Debug, Parser)]
#[command(name = "imagetool", version)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the parts of each name, one JSON object a line
    Parse(NameArgs),
    /// Print each name in full
    Normalize(NameArgs),
    /// Print the pull policy that a container of that image has by default
    Policy(NameArgs),
    /// Print the keys of a credentials file that match an image, in the order in which they are tried
    MatchCredentials(MatchArgs),
    /// Pull an image into a layout
    Pull(PullArgs),
    /// Push an image from a layout
    Push(PushArgs),
    /// Print what a registry says of an image, without its layers
    Inspect(InspectArgs),
    /// Copy an image from one name to another
    Copy(CopyArgs),
}

#[derive(Debug, Args)]
pub(super) struct NameArgs {
    /// The names; `-` reads them from standard input, one a line
    #[arg(required = true, value_name = "REF")]
    pub(super) names: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct MatchArgs {
    /// The credentials file: config.json, or `.dockercfg` by that name
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Let a `*` stand for several parts of a host, as the Kubernetes documentation of 2020 has it
    #[arg(long)]
    pub(super) whole_hosts: bool,
    /// The image
    pub(super) image: String,
}

#[derive(Debug, Args)]
pub(super) struct PlatformArgs {
    /// For which machine: os/architecture[/variant]; this one by default
    #[arg(long, conflicts_with = "all")]
    pub(super) platform: Option<Platform>,
    /// All images of an index
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, Args)]
pub(super) struct PullArgs {
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
    #[command(flatten)]
    pub(super) platform: PlatformArgs,
    /// The image
    pub(super) image: String,
    /// The layout, which is made if there is none
    pub(super) layout: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct PushArgs {
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
    /// The name under which the image is in the layout; the same as the image's by default
    #[arg(long, value_name = "NAME")]
    pub(super) from: Option<String>,
    /// The layout
    pub(super) layout: PathBuf,
    /// The image
    pub(super) image: String,
}

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
    /// For which machine: os/architecture[/variant]; this one by default
    #[arg(long)]
    pub(super) platform: Option<Platform>,
    /// The image
    pub(super) image: String,
}

#[derive(Debug, Args)]
pub(super) struct CopyArgs {
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
    #[command(flatten)]
    pub(super) platform: PlatformArgs,
    /// The image
    pub(super) from: String,
    /// Its new name
    pub(super) to: String,
}
