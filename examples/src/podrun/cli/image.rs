//! The command line of what has to do with images.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::podrun::pod_args::Pull;

/// Take images into the store, from registries, App Container discovery, files and layout directories.
///
/// IMAGE is what `podrun run` takes. Prints the images' IDs. A name is asked for even if the store has it, and nothing is fetched that
/// the store has already. Of an App Container name the signature is checked, over the bytes as they come, by the keys that are believed for
/// the name that you ask for; what it depends on is fetched along.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun fetch docker://docker.io/library/busybox:1.37
  podrun fetch --plain-http localhost:5000 localhost:5000/team/web:2 ./other.tar
  podrun fetch appc://example.com/reduce-worker:1.0.0
  podrun fetch --insecure-options=image appc://example.com/unsigned,os=linux")]
pub(crate) struct FetchArgs {
    /// When an image is fetched: `never`; `new`, if it is not in the store; `update`, always.
    #[arg(long, value_enum, default_value = "update", value_name = "WHEN", hide_possible_values = true)]
    pub(crate) pull_policy: Pull,
    /// Take of App Container files what the Go implementation takes, which is more than the specification allows.
    #[arg(long)]
    pub(crate) compat: bool,
    /// The images.
    #[arg(value_name = "IMAGE", required = true)]
    pub(crate) images: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    List(ImageListArgs),
    Import(ImageImportArgs),
    Export(ImageExportArgs),
    CatManifest(ImageCatManifestArgs),
    Extract(ImageExtractArgs),
    /// Unpack an image over the images that it depends on: makes DIR/manifest and DIR/rootfs.
    ///
    /// As `extract`, but the root file system is whole.
    #[command(after_help = "Examples:
  podrun image render example.com/hello ./hello
  podrun image render --rootfs-only sha512-f56d1f88b5a0 ./root")]
    Render(ImageExtractArgs),
    Verify(ImageVerifyArgs),
    Rm(ImageRmArgs),
    Gc(ImageGcArgs),
}

/// List the images in the store.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun image list
  podrun image list --output json | jq -r '.[].id'")]
pub(crate) struct ImageListArgs {}

/// Take images into the store: App Container image files, archives of Docker's and OCI's formats, OCI layout directories.
///
/// A pod finds an App Container image by the name and the version in its manifest: `image: example.com/hello:1.0` is the image
/// `example.com/hello` whose label `version` is 1.0; the others by the names that they have in their archives. Prints the images' IDs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun image import hello.aci
  podrun image import --compat old.aci")]
pub(crate) struct ImageImportArgs {
    /// Take what the Go implementation takes, which is more than the specification allows.
    #[arg(long)]
    pub(crate) compat: bool,
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Write an image to a file: a plain tar, whose SHA-512 is the image's ID.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun image export example.com/hello:1.0 hello.aci
  podrun image export sha512-f56d1f88b5a0 hello.aci --overwrite")]
pub(crate) struct ImageExportArgs {
    /// Its name or ID.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// The file to write.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write over FILE when it is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// Print the manifest of an image.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun image cat-manifest example.com/hello | jq .app.exec
  podrun image cat-manifest --output yaml sha512-f56d1f88b5a0")]
pub(crate) struct ImageCatManifestArgs {
    /// Its name or ID.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
}

/// Unpack an image alone: makes DIR/manifest and DIR/rootfs.
///
/// DIR is made, or is there and empty.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun image extract example.com/hello ./hello
  podrun image extract --rootfs-only sha512-f56d1f88b5a0 ./root")]
pub(crate) struct ImageExtractArgs {
    /// Put the files of the image in DIR itself, without its manifest.
    #[arg(long)]
    pub(crate) rootfs_only: bool,
    /// Its name or ID.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// Where it is unpacked.
    #[arg(value_name = "DIR")]
    pub(crate) target: PathBuf,
}

/// Check that images, and the trees that they were unpacked to, are what they were.
///
/// Exit status: 0 only when all are, or are again; else 254.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun image verify
  podrun image verify --repair example.com/hello")]
pub(crate) struct ImageVerifyArgs {
    /// Unpack anew what is not what it was, if no pod uses it.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Their names or IDs; without any, all images.
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
}

/// Remove images from the store, unless a pod uses them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun image rm sha512-f56d1f88b5a0
  podrun image rm example.com/hello:1.0 3ad780af1d11")]
pub(crate) struct ImageRmArgs {
    /// Their names or IDs; of an ID as much of the beginning as no other image has.
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
}

/// Remove images that no pod has used for a while.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun image gc
  podrun image gc --grace-period 0     remove all that no pod uses now")]
pub(crate) struct ImageGcArgs {
    /// How long an image stays after its last use.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = humantime::parse_duration)]
    pub(crate) grace_period: Duration,
}
