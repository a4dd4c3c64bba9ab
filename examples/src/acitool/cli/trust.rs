//! The command lines of `acitool discover`, `fetch`, `publish`, `trust`, `verify` and `sign`.

use std::path::PathBuf;

use appc_spec::trust::Fingerprint;
use appc_spec::{AcIdentifier, AppString};
use clap::{Args, Subcommand};

/// How servers are spoken to.
#[derive(Debug, Args)]
pub(crate) struct NetworkArgs {
    /// Allow plain http to this host, with its port where it is not 80 (may be repeated).
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) allow_http: Vec<String>,
    /// The port of discovery pages.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Believe the certificate authorities of this PEM file, and not the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// Which keys are believed.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    /// The administrator's directory of keys, in rkt's layout: `trustedkeys/{root.d,prefix.d}` in it.
    #[arg(long, value_name = "DIR", default_value = "/etc/rkt")]
    pub(crate) keys: PathBuf,
    /// The system's directory of keys.
    #[arg(long, value_name = "DIR", default_value = "/usr/lib/rkt")]
    pub(crate) system_keys: PathBuf,
}

/// Ask where an image is: the pages of its name, from the name upwards, until one tells.
///
/// Prints the URL of the image and its signature for each place, then the URLs of the keys.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool discover example.com/app:1.0,os=linux,arch=amd64
  acitool discover --output json example.com/app | jq -r '.endpoints[0].image'")]
pub(crate) struct DiscoverArgs {
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// The image.
    #[arg(value_name = "NAME[:VERSION][,LABEL=VALUE…]")]
    pub(crate) app: AppString,
}

/// Fetch an image: discover it, fetch its signature and the image, check both, and only then keep it.
///
/// The keys that are believed for the name that was asked for decide; what the file says of itself has no say. The signature is checked over the
/// bytes as they came. Labels os and arch are those of this machine unless the name has others.
///
/// Exit status: 0; 1 when it cannot be had, or is not believed. Nothing is written then.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool fetch example.com/app:1.0 app.aci
  acitool fetch --insecure-no-signature --allow-http localhost:8080 --port 8080 localhost/app app.aci")]
pub(crate) struct FetchArgs {
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) keys: KeysArgs,
    /// Do without a signature.
    #[arg(long)]
    pub(crate) insecure_no_signature: bool,
    /// Write over OUT when it is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The image.
    #[arg(value_name = "NAME[:VERSION][,LABEL=VALUE…]")]
    pub(crate) app: AppString,
    /// The file to write.
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
}

/// Lay out images for a static web server: DIR gets the images, their signatures, the keys, and a page for each name that leads there.
///
/// Signatures stand beside the images, as FILE.asc; an image without one is refused unless `--unsigned` is given. Put DIR at the root of the
/// host whose name the images begin with, or at --url.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool publish --pubkeys me.gpg ./site app.aci base.aci
  acitool publish --url https://me.github.io/images --pubkeys me.gpg ./site app.aci")]
pub(crate) struct PublishArgs {
    /// Where DIR will be; `https://` and the host of the image's name by default.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A file of public keys, armored or not.
    #[arg(long, value_name = "FILE")]
    pub(crate) pubkeys: Option<PathBuf>,
    /// Take images without a signature.
    #[arg(long)]
    pub(crate) unsigned: bool,
    /// The directory; what is there already stays, but for what is written anew.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The images.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Decide which keys are believed for which images.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    #[command(flatten)]
    pub(crate) keys: KeysArgs,
    #[command(subcommand)]
    pub(crate) command: TrustCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Believe the keys of a file from now on, or those that the pages of a prefix tell of.
    ///
    /// Look at their fingerprints first: `acitool trust show FILE` prints them. Keys that come from the network are believed only by the
    /// fingerprints that you give, which you have from elsewhere; without any, they are printed and nothing is believed.
    #[command(after_help = "Examples:
  acitool trust add --prefix example.com me.gpg
  acitool trust add --prefix example.com/app
  acitool trust add --prefix example.com/app --fingerprint 18ad5014c99ef7e3ba5f6ce950bdd3e0fc8a365e")]
    Add {
        #[command(flatten)]
        network: NetworkArgs,
        #[command(flatten)]
        scope: ScopeArgs,
        /// Believe only the keys with these fingerprints.
        #[arg(long, value_name = "FINGERPRINT")]
        fingerprint: Vec<Fingerprint>,
        /// A file of public keys, armored or not; without one, the keys come from where the pages of the prefix say.
        #[arg(value_name = "FILE", required_unless_present = "prefix")]
        file: Option<PathBuf>,
    },
    /// Take a key back; one of the system is masked by an empty file.
    Remove {
        #[command(flatten)]
        scope: ScopeArgs,
        /// The key.
        #[arg(value_name = "FINGERPRINT")]
        fingerprint: Fingerprint,
    },
    /// List the keys that are believed, in the order in which they are read.
    List,
    /// Print the fingerprints and owners of the keys of a file, and whether they may sign.
    Show {
        /// A file of public keys, armored or not.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// For which images a key is believed.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ScopeArgs {
    /// Images whose names are, or are below, this one.
    #[arg(long, value_name = "NAME")]
    pub(crate) prefix: Option<AcIdentifier>,
    /// All images.
    #[arg(long)]
    pub(crate) root: bool,
}

/// Check the signature of an image file, over its bytes as they are.
///
/// Exit status: 0 when somebody who is believed for NAME has signed exactly this file, else 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  acitool verify --name example.com/app app.aci
  acitool verify --name example.com/app --signature ./app.sig app.aci")]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) keys: KeysArgs,
    /// The name that the image was asked for by: it chooses the keys, and the manifest must have it.
    #[arg(long, value_name = "NAME[:VERSION][,LABEL=VALUE…]")]
    pub(crate) name: AppString,
    /// Only the keys with these fingerprints count.
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) pin: Vec<Fingerprint>,
    /// The signature; FILE.asc by default.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    /// The image.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Sign image files: makes FILE.asc for each, a detached signature in armor by SHA-512.
///
/// The secret key is a file, as `gpg --export-secret-keys` writes it. The first line of standard input is its password, unless it has none.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gpg --export-secret-keys me@example.com > me.key && acitool sign --no-password --key me.key app.aci")]
pub(crate) struct SignArgs {
    /// The secret key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The secret key is under no password.
    #[arg(long)]
    pub(crate) no_password: bool,
    /// Write over signatures that are there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The images.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}
