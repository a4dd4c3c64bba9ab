//! The command line of `acitool patch-manifest`.

use std::path::PathBuf;

use appc_spec::{AcIdentifier, AppString, Isolator, MountPoint, Port};
use clap::Args;

/// Copy an image with another manifest.
///
/// What has a name (labels, annotations, variables, mount points, ports, isolators) replaces what has the same name, or is added. Changes are
/// made in the order of this list, removals first. The result is held to the specification; what it breaks is said, and nothing is written.
#[derive(Debug, Args)]
#[command(
    override_usage = "acitool patch-manifest [OPTIONS] FILE OUT\n       acitool patch-manifest [OPTIONS] --replace FILE",
    after_help = "Examples:
  acitool patch-manifest --exec '/bin/app --debug' --user www app.aci debug.aci
  acitool patch-manifest --replace --label version=1.1 --env LOG=info app.aci
  acitool patch-manifest --isolators resource/cpu,limit=500m:resource/memory,limit=1G app.aci small.aci
  acitool patch-manifest --capability CAP_CHOWN,CAP_KILL --seccomp-mode remove,errno=EPERM --seccomp-set mount,reboot app.aci safe.aci"
)]
pub(crate) struct PatchManifestArgs {
    /// Take the whole manifest from this file, before all other changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Remove these labels.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) remove_label: Vec<String>,
    /// Remove these annotations.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) remove_annotation: Vec<String>,
    /// Remove these environment variables.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) remove_env: Vec<String>,
    /// Remove these mount points.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) remove_mount: Vec<String>,
    /// Remove these ports.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) remove_port: Vec<String>,
    /// Remove the isolators of these names.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) remove_isolator: Vec<String>,
    /// Remove all dependencies.
    #[arg(long)]
    pub(crate) remove_dependencies: bool,
    /// The image's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<AcIdentifier>,
    /// Set labels.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) label: Vec<Pair>,
    /// Set annotations.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) annotation: Vec<Pair>,
    /// Add dependencies, each over those before it.
    #[arg(long, value_name = "NAME[:VERSION][,LABEL=VALUE…]")]
    pub(crate) dependency: Vec<AppString>,
    /// Replace the whitelist of paths; an empty one keeps everything.
    #[arg(long, value_name = "PATH,…")]
    pub(crate) path_whitelist: Option<String>,
    /// Replace the command, words with blanks between. An image without an app gets one.
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true)]
    pub(crate) exec: Option<String>,
    /// Replace the command by the words of all `--exec-word`, which may have blanks.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true, conflicts_with = "exec")]
    pub(crate) exec_word: Vec<String>,
    /// Replace the user.
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Replace the group.
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Replace the supplementary groups.
    #[arg(long, value_name = "GID,…", value_delimiter = ',')]
    pub(crate) supplementary_groups: Vec<i64>,
    /// Replace the working directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) working_dir: Option<String>,
    /// Set environment variables.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) env: Vec<Pair>,
    /// Set mount points.
    #[arg(long, value_name = "NAME,path=PATH[,readOnly=BOOL][:…]", value_delimiter = ':')]
    pub(crate) mounts: Vec<MountPoint>,
    /// Set ports.
    #[arg(long, value_name = "NAME,protocol=TEXT,port=NUMBER[,count=NUMBER][:…]", value_delimiter = ':')]
    pub(crate) ports: Vec<Port>,
    /// The capabilities that the app keeps.
    #[arg(long, value_name = "CAP,…", value_delimiter = ',', conflicts_with = "revoke_capability")]
    pub(crate) capability: Vec<String>,
    /// The capabilities that the app loses.
    #[arg(long, value_name = "CAP,…", value_delimiter = ',')]
    pub(crate) revoke_capability: Vec<String>,
    /// Which system calls `--seccomp-set` names, those that are kept or those that are removed, and the error of the others.
    #[arg(long, value_name = "remove|retain[,errno=NAME]", requires = "seccomp_set")]
    pub(crate) seccomp_mode: Option<String>,
    /// System calls.
    #[arg(long, value_name = "CALL,…", value_delimiter = ',', requires = "seccomp_mode")]
    pub(crate) seccomp_set: Vec<String>,
    /// Set isolators.
    #[arg(long, value_name = "NAME,KEY=VALUE…[:…]", value_delimiter = ':')]
    pub(crate) isolators: Vec<Isolator>,
    /// The program that runs before the app starts, words with blanks between.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) pre_start: Option<String>,
    /// The program that runs after the app has ended, words with blanks between.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) post_stop: Option<String>,
    /// Do not compress the copy. Without it the copy is compressed as the image is (zstd, which the specification does not
    /// have, becomes gzip).
    #[arg(long)]
    pub(crate) no_compression: bool,
    /// Write over OUT when it is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Put the copy in the place of the image.
    #[arg(long, conflicts_with = "out")]
    pub(crate) replace: bool,
    /// The image.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The file to write.
    #[arg(value_name = "OUT", required_unless_present = "replace")]
    pub(crate) out: Option<PathBuf>,
}

/// A name and a value.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl std::str::FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`"))?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}
