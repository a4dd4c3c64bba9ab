//! How registries are asked, on the command line.

use std::path::{PathBuf, absolute};
use std::process::Command;

use anyhow::Context as _;
use clap::Args;
use pod_core::image::{ConfigFormat, DockerConfig, Keyring};
use pod_core::registry::Client;

use crate::output::eprint;

/// How registries are asked.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Registries", next_display_order = 200)]
pub(crate) struct RegistryArgs {
    /// A file with credentials for registries, as `docker login` and `podman login` write it; may be given several times.
    #[arg(
        long = "auth-file",
        visible_alias = "config",
        global = true,
        env = "REGISTRY_AUTH_FILE",
        value_name = "FILE",
        hide_short_help = true
    )]
    pub(crate) config: Vec<PathBuf>,
    /// A registry or token server that may be asked without TLS.
    #[arg(
        long,
        global = true,
        env = "PODKIT_PLAIN_HTTP",
        value_delimiter = ',',
        value_name = "HOST[:PORT]",
        hide_short_help = true
    )]
    pub(crate) plain_http: Vec<String>,
    /// A mirror to ask before the registry of a domain.
    #[arg(long, global = true, value_name = "DOMAIN=HOST[:PORT]", hide_short_help = true)]
    mirror: Vec<String>,
    /// A token server that may see the credentials for a registry.
    #[arg(long, global = true, value_name = "REGISTRY=HOST[:PORT]", hide_short_help = true)]
    trust_realm: Vec<String>,
    /// Certificate authorities (PEM) to believe instead of the system's.
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    authorities: Option<PathBuf>,
}

impl RegistryArgs {
    /// Gives another program the same options; it may run elsewhere, so paths become absolute.
    pub(crate) fn pass_on(&self, command: &mut Command) -> anyhow::Result<()> {
        let files = self.config.iter().map(|file| ("--auth-file", file));
        for (option, file) in files.chain(self.authorities.iter().map(|file| ("--authorities", file))) {
            let file = absolute(file).with_context(|| format!("cannot find `{}`", file.display()))?;
            command.arg(option).arg(file);
        }
        let lists = [
            ("--plain-http", &self.plain_http),
            ("--mirror", &self.mirror),
            ("--trust-realm", &self.trust_realm),
        ];
        for (option, values) in lists {
            values.iter().for_each(|value| {
                command.args([option, value]);
            });
        }
        Ok(())
    }

    /// A client that asks so; it tries `first` before the credentials of the options.
    pub(crate) fn client(&self, program: &str, first: Keyring) -> anyhow::Result<Client> {
        let mut builder = Client::builder().keyring(first.then(keyring(program, &self.config)?));
        builder = self.plain_http.iter().fold(builder, |builder, host| builder.plain_http(host));
        for (option, pairs) in [("mirror", &self.mirror), ("trust-realm", &self.trust_realm)] {
            for pair in pairs {
                let (left, right) =
                    pair.split_once('=').with_context(|| format!("--{option}: `{pair}` has no `=`"))?;
                builder = if option == "mirror" {
                    builder.mirror(left, right)
                } else {
                    builder.trust_realm(left, right)
                };
            }
        }
        if let Some(pem) = self.authorities()? {
            builder = builder.authorities(&pem)?;
        }
        Ok(builder.build())
    }

    /// The certificate authorities that are believed instead of the system's, as PEM.
    pub(crate) fn authorities(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let read =
            |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()));
        self.authorities.as_ref().map(read).transpose()
    }
}

/// A keyring of credentials files.
pub(crate) fn keyring(program: &str, files: &[PathBuf]) -> anyhow::Result<Keyring> {
    let mut keyring = Keyring::new();
    for path in files {
        let doing = || format!("cannot read the credentials file `{}`", path.display());
        let bytes = std::fs::read(path).with_context(doing)?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let config = DockerConfig::read(ConfigFormat::of_file(name), &bytes).with_context(doing)?;
        for problem in config.problems() {
            eprint(&format!("{program}: `{}`: {problem}\n", path.display()));
        }
        keyring.add(config);
    }
    Ok(keyring)
}
