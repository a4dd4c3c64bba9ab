//! The command line.

mod convert;
mod patch;
mod trust;

pub(crate) use convert::ConvertArgs;
pub(crate) use patch::PatchManifestArgs;
pub(crate) use trust::{
    DiscoverArgs, FetchArgs, KeysArgs, NetworkArgs, PublishArgs, ScopeArgs, SignArgs, TrustArgs,
    TrustCommand, VerifyArgs,
};

use std::path::PathBuf;

use appc_spec::AppString;
use clap::{Args, Parser, Subcommand};

use crate::output::Format;

/// Makes, checks and unpacks App Container images (ACI).
///
/// An image file may be plain or compressed by gzip, bzip2, xz or zstd: its first bytes say which.
///
/// Exit status: 0; 1 when a file is not as it should be or something could not be done; 2 when the command line makes no sense.
#[derive(Debug, Parser)]
#[command(
    name = "acitool",
    version,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = "Examples:
  acitool build --copy-exec /bin/sh,/bin/cat --name example.com/hello:1.0 hello.aci
  acitool validate *.aci

`acitool COMMAND --help` says more about each command."
)]
pub(crate) struct Cli {
    /// How results are printed.
    #[arg(long, short, global = true, value_enum, default_value_t)]
    pub(crate) output: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Build(BuildArgs),
    Validate(ValidateArgs),
    Id(IdArgs),
    CatManifest(CatManifestArgs),
    PatchManifest(Box<PatchManifestArgs>),
    Convert(ConvertArgs),
    Ls(LsArgs),
    Diff(DiffArgs),
    Extract(ExtractArgs),
    Render(RenderArgs),
    Discover(DiscoverArgs),
    Fetch(FetchArgs),
    Publish(PublishArgs),
    Trust(TrustArgs),
    Verify(VerifyArgs),
    Sign(SignArgs),
}

/// Make an image, from a layout directory or from programs of this machine.
///
/// A layout directory holds the file `manifest` and the directory `rootfs`. With `--copy-exec` the image holds the named programs,
/// and the shared libraries and the loader that their ELF headers name, each at its own path. A script is refused: name its
/// interpreter, and bring the script some other way.
///
/// The files of a layout directory keep their times and owners; copied programs are root's, and of the year 1970. The same files
/// make the same bytes.
#[derive(Debug, Args)]
#[command(
    override_usage = "acitool build [OPTIONS] LAYOUT-DIR OUT\n       acitool build [OPTIONS] --copy-exec PROGRAM,… --name NAME[:VERSION] OUT",
    after_help = "Examples:
  acitool build ./layout app.aci
  acitool build --copy-exec /bin/sh,/bin/cat --name example.com/hello:1.0 --exec /bin/sh hello.aci"
)]
pub(crate) struct BuildArgs {
    /// Programs of this machine, absolute paths with commas between.
    #[arg(long, value_name = "PROGRAM,…", value_delimiter = ',', requires = "name")]
    pub(crate) copy_exec: Vec<PathBuf>,
    /// The image's name, after a colon its version, after commas further labels.
    #[arg(long, value_name = "NAME[:VERSION]", requires = "copy_exec")]
    pub(crate) name: Option<AppString>,
    /// The command that the image runs, one word for each `--exec`.
    #[arg(long, value_name = "WORD", requires = "copy_exec", allow_hyphen_values = true)]
    pub(crate) exec: Vec<String>,
    /// Write over OUT when it is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// A layout directory, unless there is `--copy-exec`; and the file to write.
    #[arg(value_names = ["LAYOUT-DIR", "OUT"], num_args = 1..=2, required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

/// Check images: prints one line a file, with the first rule that is broken.
///
/// Exit status: 0 only when all are valid, else 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool validate hello.aci
  acitool validate --output json *.aci | jq '.[] | select(.valid | not)'")]
pub(crate) struct ValidateArgs {
    /// The images.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Print the image ID, `sha512-` and 128 hexadecimal digits: the hash of the image before its compression.
///
/// Of several files each line is followed by two blanks and the file's name.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool id hello.aci
  acitool id a.aci b.aci")]
pub(crate) struct IdArgs {
    /// The images.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Print the manifest of an image as JSON.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool cat-manifest hello.aci | jq .labels
  acitool cat-manifest --compat old.aci")]
pub(crate) struct CatManifestArgs {
    /// Read and print it as the Go implementation does, which takes more than the specification allows.
    #[arg(long)]
    pub(crate) compat: bool,
    /// The image.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// List what is in an image: mode, owner, size and path.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool ls hello.aci
  acitool ls --output json hello.aci | jq -r '.[].path'")]
pub(crate) struct LsArgs {
    /// The image.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Unpack an image: makes DIR/manifest and DIR/rootfs.
///
/// DIR is made, or is there and empty. Whatever the image says, nothing is written outside of it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool extract hello.aci ./hello
  acitool extract hello.aci ./layout && acitool build ./layout again.aci")]
pub(crate) struct ExtractArgs {
    /// The image.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where it is unpacked.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

/// Show what differs between two images: members of the manifest, paths, and what of them.
///
/// How they are compressed and in which order their files stand does not matter.
///
/// Exit status: 0 when they are the same, else 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool diff old.aci new.aci
  acitool diff --output json old.aci new.aci | jq '.[].path'")]
pub(crate) struct DiffArgs {
    /// One image.
    #[arg(value_name = "FILE")]
    pub(crate) first: PathBuf,
    /// The other image.
    #[arg(value_name = "FILE")]
    pub(crate) second: PathBuf,
}

/// Make the root file system of an image and of those that it depends on: DIR/manifest and DIR/rootfs.
///
/// The dependencies are files too; each that the image or another dependency needs must be named. With `--plan` nothing is made: the
/// images are listed in the order in which each is laid over those before it, then each path with the image that it comes from.
#[derive(Debug, Args)]
#[command(
    override_usage = "acitool render [OPTIONS] FILE DIR\n       acitool render [OPTIONS] --plan FILE",
    after_help = "Examples:
  acitool render --with base.aci --with libs.aci app.aci ./app
  acitool render --plan --with base.aci app.aci"
)]
pub(crate) struct RenderArgs {
    /// An image that may fulfil a dependency; of several that do, the first.
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Vec<PathBuf>,
    /// Print what would be made.
    #[arg(long, conflicts_with = "dir")]
    pub(crate) plan: bool,
    /// The image.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where it is made: a directory that is made, or is there and empty.
    #[arg(value_name = "DIR", required_unless_present = "plan")]
    pub(crate) dir: Option<PathBuf>,
}
