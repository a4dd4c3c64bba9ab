//! How App Container images are had by their names, on the command line.

use std::path::{PathBuf, absolute};
use std::process::Command;
use std::str::FromStr;

use anyhow::Context as _;
use appc_spec::fetch::{Client, Settings};
use appc_spec::trust::Keystore;
use clap::Args;

use crate::registry::RegistryArgs;

/// How App Container images are had by their names.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "App Container images by name", next_display_order = 210)]
pub(crate) struct DiscoveryArgs {
    /// What is done without: `image`, the signatures of App Container images; `none`.
    #[arg(
        long,
        global = true,
        value_delimiter = ',',
        value_name = "WHAT,…",
        default_value = "none",
        hide_short_help = true
    )]
    insecure_options: Vec<Insecure>,
    /// The administrator's directory of keys that sign App Container images, in rkt's layout: `trustedkeys/{root.d,prefix.d}` in it.
    #[arg(
        long,
        global = true,
        env = "PODKIT_KEYS",
        value_name = "DIR",
        default_value = "/etc/rkt",
        hide_short_help = true
    )]
    keys: PathBuf,
    /// The system's directory of such keys.
    #[arg(long, global = true, value_name = "DIR", default_value = "/usr/lib/rkt", hide_short_help = true)]
    system_keys: PathBuf,
    /// The port of the pages that tell where such images are.
    #[arg(long, global = true, value_name = "PORT", hide_short_help = true)]
    discovery_port: Option<u16>,
}

/// Something that is done without, in rkt's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Insecure {
    Nothing,
    Image,
}

impl FromStr for Insecure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instead = match text {
            "none" => return Ok(Self::Nothing),
            "image" => return Ok(Self::Image),
            "tls" => "`--authorities` says which certificates are believed",
            "http" => "`--plain-http` names the hosts that are asked so",
            "pubkey" => "podrun fetches no keys: `acitool trust add` believes those of a file",
            "ondisk" => "what is in the store is not checked at each start: `podrun image verify` does it",
            "capabilities" | "paths" | "seccomp" => {
                "an image's options and a manifest's securityContext say what a process may do"
            }
            "all" | "all-fetch" | "all-run" => "each thing is named by itself",
            _ => return Err("`none` and `image` are known".to_owned()),
        };
        Err(format!("podrun does not do without it as a whole: {instead}"))
    }
}

impl DiscoveryArgs {
    /// Gives another podrun the same options; it may run elsewhere, so paths become absolute.
    pub(crate) fn pass_on(&self, command: &mut Command) -> anyhow::Result<()> {
        for (option, directory) in [("--keys", &self.keys), ("--system-keys", &self.system_keys)] {
            let directory =
                absolute(directory).with_context(|| format!("cannot find `{}`", directory.display()))?;
            command.arg(option).arg(directory);
        }
        if let Some(port) = self.discovery_port {
            command.arg("--discovery-port").arg(port.to_string());
        }
        if !self.checks_signatures() {
            command.arg("--insecure-options=image");
        }
        Ok(())
    }

    /// Whether an image needs a signature.
    pub(crate) fn checks_signatures(&self) -> bool {
        !self.insecure_options.contains(&Insecure::Image)
    }

    /// The keys that are believed.
    pub(crate) fn keystore(&self) -> Keystore {
        Keystore::new(Some(self.system_keys.clone()), Some(self.keys.clone()))
    }

    /// A client that trusts and distrusts whom that of the registries does.
    pub(crate) fn client(&self, registries: &RegistryArgs) -> anyhow::Result<Client> {
        let mut settings = Settings::new();
        if let Some(pem) = registries.authorities()? {
            settings = settings.with_authorities(&pem)?;
        }
        settings.plain_http.clone_from(&registries.plain_http);
        settings.port = self.discovery_port;
        Ok(Client::new(settings))
    }
}
