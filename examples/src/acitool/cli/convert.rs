//! `acitool convert` on the command line.

use std::path::PathBuf;

use clap::Args;
use pod_core::image::Platform;

/// Convert an image of Docker's or OCI's formats into an App Container image, or back.
///
/// SOURCE is an OCI layout directory, or an archive of `docker save`, `podman save` or `skopeo copy`. Its layers become one, checked by all
/// digests that there are, and OUT is a plain tar. With `--to-oci` SOURCE is an App Container image, and OUT an OCI layout that it is added
/// to. What the other format cannot say is told on standard error.
#[derive(Debug, Args)]
#[command(
    override_usage = "acitool convert [OPTIONS] SOURCE OUT\n       acitool convert --to-oci [--name NAME] FILE LAYOUT",
    after_help = "Examples:
  podman save docker.io/library/busybox:1 -o busybox.tar && acitool convert busybox.tar busybox.aci
  acitool convert --image r.example/app:1 --platform linux/arm64 ./layout app.aci
  acitool convert --to-oci --name app:1 app.aci ./layout && skopeo copy oci:./layout:app:1 docker://r.example/app:1"
)]
pub(crate) struct ConvertArgs {
    /// Which image of SOURCE: by its name there or by its digest. Needless where there is only one.
    #[arg(long, value_name = "NAME", conflicts_with = "to_oci")]
    pub(crate) image: Option<String>,
    /// For which machine, os/architecture[/variant]; this one by default.
    #[arg(long, conflicts_with = "to_oci")]
    pub(crate) platform: Option<Platform>,
    /// Write over OUT when it is there.
    #[arg(long, conflicts_with = "to_oci")]
    pub(crate) overwrite: bool,
    /// From an App Container image to an OCI layout.
    #[arg(long)]
    pub(crate) to_oci: bool,
    /// What the image is called in the layout.
    #[arg(long, value_name = "NAME", requires = "to_oci")]
    pub(crate) name: Option<String>,
    /// What is converted.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: PathBuf,
    /// What it becomes.
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
}
